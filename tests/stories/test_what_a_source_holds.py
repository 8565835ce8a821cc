"""Promises 4 and 5 over many looks: what a document says of its own dates, what is gone, what was mended."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from assets.documents import registry
from assets.documents.quarantine import standing
from assets.documents.registry import SourceProblem
from assets.documents.showing import show
from assets.documents.sources.base import SourceSpec
from assets.index.generation import NothingServed
from assets.index.planning import plan
from assets.index.refresh import RefreshResult
from assets.index.searching import search
from assets.index.verification import verify
from assets.lineage.moments import parse_as_of
from assets.platform import Platform

Refreshed = Callable[..., RefreshResult]

EXPIRED = (
    "---\nvalid_from: 2020-01-01\nvalid_to: 2021-12-31\n---\n# Old travel rule\n\nTen a day are paid for travel.\n"
)


def in_quarantine(platform: Platform) -> list[str]:
    with platform.catalogue.read() as connection:
        return [each.document_id for each in standing(connection)]


def test_a_rule_that_says_when_it_ended_does_not_apply_again_after_a_full_look(
    platform: Platform, handbook: Path, refreshed: Refreshed
) -> None:
    (handbook / "old.md").write_text(EXPIRED)
    first = refreshed(platform, "handbook")
    (handbook / "old.md").touch()
    refreshed(platform, "handbook")
    third = refreshed(platform, "handbook", full=True)
    assert third.generation == first.generation
    assert [version.valid_to for version in show(platform, "handbook/old.md").versions] == ["2021-12-31T00:00:00Z"]
    assert all(each.document_id != "handbook/old.md" for each in search(platform, "travel paid a day"))


def test_a_document_that_applies_no_longer_counts_as_long_as_the_source_holds_it(
    platform: Platform, handbook: Path, refreshed: Refreshed
) -> None:
    (handbook / "old.md").write_text(EXPIRED)
    assert refreshed(platform, "handbook").result.documents.added == 4
    assert verify(platform).documents == 4
    (handbook / "old.md").unlink()
    assert plan(platform, "handbook").documents.removed == 1
    assert refreshed(platform, "handbook").result.documents.removed == 1
    (handbook / "old.md").write_text(EXPIRED)
    assert refreshed(platform, "handbook").result.documents.added == 1
    assert verify(platform).documents == 4
    assert verify(platform).ok


def test_what_could_not_be_read_leaves_the_quarantine_when_it_is_gone(
    platform: Platform, handbook: Path, refreshed: Refreshed
) -> None:
    (handbook / "link.md").symlink_to("nowhere")
    refreshed(platform, "handbook")
    refreshed(platform, "handbook")
    assert in_quarantine(platform) == ["handbook/link.md"]
    (handbook / "link.md").unlink()
    refreshed(platform, "handbook")
    assert in_quarantine(platform) == []


def test_a_mended_line_of_a_file_of_records_leaves_the_quarantine(
    platform: Platform, tmp_path: Path, refreshed: Refreshed
) -> None:
    records = tmp_path / "records.jsonl"
    good = [json.dumps({"id": f"rule-{number}", "text": f"Rule {number} holds."}) for number in range(3)]
    registry.add(platform.catalogue, SourceSpec("records", "policy", str(tmp_path / "records.jsonl")))
    records.write_text("\n".join([good[0], "{no json", good[1]]) + "\n")
    refreshed(platform, "records")
    assert in_quarantine(platform) == ["records/unreadable line 2"]
    records.write_text("\n".join([good[0], good[2], good[1]]) + "\n")
    assert refreshed(platform, "records").result.documents.added == 1
    assert in_quarantine(platform) == []


def test_removing_a_source_empties_its_quarantine(platform: Platform, tmp_path: Path, refreshed: Refreshed) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "only.pdf").write_bytes(b"%PDF-1.7\nnothing that follows is one")
    registry.add(platform.catalogue, SourceSpec("broken", "policy", str(folder)))
    refreshed(platform, "broken")
    registry.remove(platform.catalogue, "broken")
    [source] = registry.listed(platform.catalogue, with_removed=True)
    assert source.is_watched
    refreshed(platform, "broken")
    assert in_quarantine(platform) == []
    [source] = registry.listed(platform.catalogue, with_removed=True)
    assert not source.is_watched


def test_a_source_does_not_change_its_kind_under_what_is_served(
    platform: Platform, handbook: Path, refreshed: Refreshed
) -> None:
    refreshed(platform, "handbook")
    registry.remove(platform.catalogue, "handbook")
    spec = SourceSpec("handbook", "policy", str(handbook))
    with pytest.raises(SourceProblem, match="hrdp refresh"):
        registry.add(platform.catalogue, spec)
    refreshed(platform, "handbook")
    registry.add(platform.catalogue, spec)
    refreshed(platform, "handbook")
    assert len(search(platform, "leave", kind="policy")) == 4
    assert search(platform, "leave", kind="handbook") == []


def test_a_secret_in_a_location_is_in_no_ledger(platform: Platform) -> None:
    from assets.lineage import ledger

    for number, location in enumerate(("https://name:s3cret@host/rules.git", "https://s3cret@host/rules.git")):
        registry.add(platform.catalogue, SourceSpec(f"rules-{number}", "policy", location))
    with platform.catalogue.read() as connection:
        assert "s3cret" not in json.dumps(ledger.entries(connection))


def test_a_full_look_puts_back_objects_that_were_lost(platform: Platform, handbook: Path, refreshed: Refreshed) -> None:
    before = refreshed(platform, "handbook")
    for stored in list(platform.objects.list()):
        platform.objects.delete(stored.key)
    assert verify(platform).missing > 0
    after = refreshed(platform, "handbook", full=True)
    assert verify(platform).ok
    assert after.generation == before.generation
    (handbook / "leave.md").write_text("# Leave\n\nEveryone earns thirty days of annual leave a year.\n")
    refreshed(platform, "handbook")
    assert verify(platform).ok


def test_what_a_force_push_took_back_was_never_there(platform: Platform, tmp_path: Path, refreshed: Refreshed) -> None:
    folder = tmp_path / "repository"

    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        date = {"GIT_AUTHOR_DATE": "2023-05-01T00:00:00Z", "GIT_COMMITTER_DATE": "2023-05-01T00:00:00Z"}
        subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, env={**os.environ, **date})

    folder.mkdir()
    git("init", "--quiet", "-b", "main")
    (folder / "leave.md").write_text("# Leave\n\nTwenty days of annual leave a year.\n")
    git("add", ".")
    git("commit", "--quiet", "-m", "leave")
    (folder / "gold.md").write_text("# Gold\n\nA gold watch is given after a year.\n")
    git("add", ".")
    git("commit", "--quiet", "-m", "gold")
    registry.add(platform.catalogue, SourceSpec("law", "policy", str(folder)))
    refreshed(platform, "law")
    then = parse_as_of("2024-01-01")
    assert search(platform, "gold watch", k=1, as_of=then)[0].document_id == "law/gold.md"
    git("reset", "--quiet", "--hard", "HEAD~1")
    assert refreshed(platform, "law").result.documents.removed == 1
    assert {each.document_id for each in search(platform, "gold watch", as_of=then)} == {"law/leave.md"}
    assert verify(platform).ok


def test_a_search_says_whether_anything_was_looked_at(platform: Platform, tmp_path: Path, refreshed: Refreshed) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "only.pdf").write_bytes(b"%PDF-1.7\nnothing that follows is one")
    registry.add(platform.catalogue, SourceSpec("broken", "policy", str(tmp_path / "broken")))
    with pytest.raises(NothingServed, match="run hrdp refresh"):
        search(platform, "leave")
    refreshed(platform, "broken")
    with pytest.raises(NothingServed, match="hrdp quarantine"):
        search(platform, "leave")
