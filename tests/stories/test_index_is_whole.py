"""Promises 1, 2, 3 and 5 on a small source: what is embedded, what is served, and what a bad file or a failed read does."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from assets.documents import registry
from assets.documents.quarantine import standing
from assets.documents.sources.base import SourceSpec, SourceUnavailable
from assets.index.generation import served
from assets.index.planning import plan
from assets.index.rebuild import rebuild
from assets.index.refresh import RebuildNeeded, RefreshResult, rebuild_reasons
from assets.index.searching import search
from assets.index.verification import verify
from assets.lineage import schema
from assets.lineage.moments import OPEN, now, parse_as_of
from assets.platform import Platform

Refreshed = Callable[..., RefreshResult]


def test_a_second_refresh_embeds_nothing_and_serves_the_same(
    platform: Platform, handbook: Path, refreshed: Refreshed
) -> None:
    first = refreshed(platform, "handbook")
    second = refreshed(platform, "handbook")
    assert first.result.embedded == 4
    assert second.result.embedded == 0
    assert second.generation == first.generation
    assert second.result.documents.unchanged == 3
    assert verify(platform).ok


def test_an_edit_embeds_only_the_passage_that_it_touched(
    platform: Platform, handbook: Path, refreshed: Refreshed
) -> None:
    refreshed(platform, "handbook")
    text = (handbook / "leave.md").read_text()
    (handbook / "leave.md").write_text(text.replace("twenty", "twenty-five"))
    planned = plan(platform, "handbook")
    result = refreshed(platform, "handbook").result
    assert (planned.chunks_add, planned.chunks_close, planned.to_embed) == (1, 1, 1)
    assert (result.chunks_added, result.chunks_closed, result.embedded) == (1, 1, 1)
    assert "twenty-five" in search(platform, "how much annual leave do I get", k=1)[0].text


def test_a_renamed_file_embeds_nothing(platform: Platform, handbook: Path, refreshed: Refreshed) -> None:
    refreshed(platform, "handbook")
    (handbook / "time").mkdir()
    (handbook / "hours.md").rename(handbook / "time" / "working-hours.md")
    result = refreshed(platform, "handbook").result
    assert result.documents.renamed == 1
    assert result.embedded == 0
    assert search(platform, "hours of the week", k=1)[0].document_id == "handbook/time/working-hours.md"


@pytest.mark.parametrize("replacement", ["thirty-nine", "thirty-eighty"])
def test_an_edit_that_keeps_the_modification_time_is_noticed(
    platform: Platform, handbook: Path, refreshed: Refreshed, replacement: str
) -> None:
    refreshed(platform, "handbook")
    path = handbook / "hours.md"
    before = path.stat()
    path.write_text(path.read_text().replace("thirty-eight", replacement))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    refreshed(platform, "handbook")
    assert replacement in search(platform, "hours of the week", k=1)[0].text


def test_a_deleted_document_answers_no_longer_but_did_before(
    platform: Platform, handbook: Path, refreshed: Refreshed
) -> None:
    refreshed(platform, "handbook")
    before = now()
    (handbook / "travel.md").unlink()
    result = refreshed(platform, "handbook").result
    assert result.documents.removed == 1
    assert (result.chunks_added, result.chunks_closed) == (0, 1)
    assert all(each.document_id != "handbook/travel.md" for each in search(platform, "train tickets"))
    assert search(platform, "train tickets", k=1, as_of=before)[0].document_id == "handbook/travel.md"
    assert verify(platform).ok


def test_a_failed_read_is_not_an_empty_source(platform: Platform, handbook: Path, refreshed: Refreshed) -> None:
    refreshed(platform, "handbook")
    handbook.rename(handbook.with_name("unmounted"))
    with pytest.raises(SourceUnavailable):
        refreshed(platform, "handbook")
    assert len(search(platform, "leave hours travel")) == 4
    handbook.with_name("unmounted").rename(handbook)
    assert refreshed(platform, "handbook").result.documents.unchanged == 3


def test_a_bad_file_is_quarantined_and_the_good_ones_go_on(
    platform: Platform, handbook: Path, refreshed: Refreshed
) -> None:
    (handbook / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing that follows is one")
    result = refreshed(platform, "handbook").result
    assert result.documents.added == 3
    with platform.catalogue.read() as connection:
        [problem] = standing(connection, "handbook")
    assert problem.document_id == "handbook/broken.pdf"
    assert problem.advice
    (handbook / "broken.pdf").unlink()
    refreshed(platform, "handbook")
    with platform.catalogue.read() as connection:
        assert standing(connection, "handbook") == []


def test_a_version_that_can_not_be_read_leaves_the_served_one(
    platform: Platform, handbook: Path, refreshed: Refreshed
) -> None:
    refreshed(platform, "handbook")
    (handbook / "hours.md").write_bytes(b"\x00\x01\x02" * 100)
    result = refreshed(platform, "handbook").result
    assert result.documents.quarantined == 1
    assert search(platform, "hours of the week", k=1)[0].document_id == "handbook/hours.md"


def test_another_chunk_size_is_noticed_and_rebuilt_beside_the_served_index(
    platform: Platform, handbook: Path, refreshed: Refreshed
) -> None:
    (handbook / "long.md").write_text("# Long\n\n" + "\n\n".join(f"Rule {n} holds for {n} days." for n in range(60)))
    first = refreshed(platform, "handbook")
    other = Platform(replace(platform.settings, chunk_tokens=64))
    assert rebuild_reasons(other) == ["chunker"]
    assert len(search(platform, "rule", k=50)) == first.result.chunks_added
    planned = plan(other, "handbook")
    built = rebuild(other, "rebuild-1")
    other.release()
    assert built is not None
    assert built.results[0].chunks_added == planned.chunks_add > first.result.chunks_added
    assert built.results[0].embedded == planned.to_embed
    assert rebuild_reasons(other) == []
    assert verify(other).ok
    assert refreshed(other, "handbook").result.embedded == 0
    back = rebuild(platform, "rebuild-2")
    assert back is not None
    assert back.results[0].embedded == 0
    platform.release()
    with platform.catalogue.read() as connection:
        versions = list(connection.execute(select(schema.index_versions.c.index_version)).scalars())
    # The one before the last switch may still be searched; those before it can be made again.
    assert sorted(platform.indexes.exists(version) for version in versions) == [False, True, True]
    assert verify(platform).ok


def test_a_rule_that_has_expired_stays_expired_when_its_file_is_touched(
    platform: Platform, handbook: Path, refreshed: Refreshed
) -> None:
    path = handbook / "wage.md"
    path.write_text(
        "---\neffective_from: 2023-01-01\neffective_to: 2024-07-01\n---\n# Wage\n\nThe minimum wage is nine dollars.\n"
    )
    refreshed(platform, "handbook")
    os.utime(path)
    result = refreshed(platform, "handbook").result
    assert result.documents.added == 0
    assert all(each.document_id != "handbook/wage.md" for each in search(platform, "minimum wage"))
    then = parse_as_of("2024-06-30")
    assert search(platform, "minimum wage", k=1, as_of=then)[0].document_id == "handbook/wage.md"


def test_a_document_that_fails_validation_in_a_rebuild_goes_on_being_served(
    platform: Platform, handbook: Path, refreshed: Refreshed, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assets.chunks import cutting

    refreshed(platform, "handbook")
    monkeypatch.setattr(cutting, "quarantine", lambda _result, _rows: {"handbook/hours.md": "printable_text"})
    other = Platform(replace(platform.settings, chunk_tokens=64))
    rebuild(other, "rebuild-1")
    other.release()
    assert search(other, "hours of the week", k=1)[0].document_id == "handbook/hours.md"
    with other.catalogue.read() as connection:
        assert [each.document_id for each in standing(connection)] == ["handbook/hours.md"]
    assert verify(other).ok


def test_a_removed_source_answers_no_longer(platform: Platform, handbook: Path, refreshed: Refreshed) -> None:
    refreshed(platform, "handbook")
    registry.remove(platform.catalogue, "handbook")
    refreshed(platform, "handbook")
    assert search(platform, "annual leave") == []
    assert verify(platform).ok
    registry.add(platform.catalogue, SourceSpec("handbook", "handbook", str(handbook)))
    assert refreshed(platform, "handbook").result.embedded == 0
    assert search(platform, "annual leave")


def test_an_index_that_is_lost_is_made_again_as_it_was(
    platform: Platform, handbook: Path, refreshed: Refreshed
) -> None:
    refreshed(platform, "handbook")
    (handbook / "travel.md").unlink()
    before = refreshed(platform, "handbook")
    found = [(each.chunk_id, each.text) for each in search(platform, "annual leave")]
    for lost in range(2):
        other = Platform(platform.settings)
        with other.catalogue.read() as connection:
            current = served(connection)
        assert current is not None
        other.indexes.drop(current.index_version)
        assert plan(other, "handbook").rebuild == ("index",)
        assert plan(other, "handbook").to_embed == 0
        assert verify(other).missing == 5
        with pytest.raises(RebuildNeeded, match="gone"):
            refreshed(other, "handbook")
        built = rebuild(other, f"rebuild-{lost}")
        other.release()
        assert built is not None
        assert [(each.chunks_added, each.chunks_kept, each.embedded) for each in built.results] == [(0, 4, 0)]
        assert built.generation == before.generation
        assert rebuild_reasons(other) == []
        assert [(each.chunk_id, each.text) for each in search(other, "annual leave")] == found
        assert verify(other).ok
    (handbook / "hours.md").unlink()
    assert refreshed(other, "handbook").result.chunks_closed == 1
    assert verify(other).ok


def test_a_closed_row_that_the_index_still_serves_is_told(
    platform: Platform, handbook: Path, refreshed: Refreshed
) -> None:
    refreshed(platform, "handbook")
    (handbook / "travel.md").unlink()
    refreshed(platform, "handbook")
    with platform.catalogue.write() as connection:
        rows = schema.rows
        closed = connection.execute(update(rows).where(rows.c.to_generation < OPEN).values(to_generation=OPEN))
    assert closed.rowcount == 1
    assert verify(platform).mismatched > 0


def test_a_verification_beside_a_refresh_finds_nothing_wrong(
    platform: Platform, handbook: Path, refreshed: Refreshed
) -> None:
    refreshed(platform, "handbook")
    (handbook / "hours.md").write_text("# Working hours\n\nThe week has forty hours.\n")
    other = Platform(platform.settings)
    # What the verification read of the catalogue is a generation older than the index that it then reads.
    report = verify(platform, progress=lambda what: refreshed(other, "handbook") if what == "index" else None)
    assert report.ok
    assert verify(platform).generation == report.generation + 1


def test_a_verification_counts_what_a_killed_refresh_left(
    platform: Platform, handbook: Path, refreshed: Refreshed, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assets.index import serving

    refreshed(platform, "handbook")
    (handbook / "hours.md").write_text("# Working hours\n\nThe week has forty hours.\n")

    def killed(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(serving, "_commit", killed)
        with pytest.raises(KeyboardInterrupt):
            refreshed(platform, "handbook")
    left = verify(Platform(platform.settings))
    # The old passage as it is until now, and the new one; the old one gets its end only after the switch.
    assert (left.missing, left.orphans) == (0, 2)
    refreshed(platform, "handbook")
    assert verify(Platform(platform.settings)).ok


def test_a_refresh_killed_right_after_its_switch_is_seen_whole_and_finished_by_the_next(
    platform: Platform, handbook: Path, refreshed: Refreshed, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assets.index import serving

    refreshed(platform, "handbook")
    edited = "# Leave\n\n" + "".join(f"## Leave {number}\n\nLeave of kind {number}.\n\n" for number in range(30))
    (handbook / "leave.md").write_text(edited)
    refreshed(platform, "handbook")
    (handbook / "leave.md").write_text("# Leave\n\n## Annual leave\n\nEveryone earns thirty days of leave a year.\n")

    def killed(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(serving, "end_superseded", killed)
        with pytest.raises(KeyboardInterrupt):
            refreshed(platform, "handbook")
    reader = Platform(platform.settings)
    found = search(reader, "leave of kind", k=3)
    assert [each.text for each in found if each.document_id == "handbook/leave.md"] == [
        "Leave\n\nAnnual leave\n\nEveryone earns thirty days of leave a year."
    ]
    assert len(found) == 3, "what is superseded takes nobody's place"
    report = verify(reader)
    assert (report.missing, report.orphans, report.duplicates) == (0, 0, 0)
    assert report.mismatched == 30
    refreshed(platform, "handbook")
    assert verify(reader).ok


def test_a_search_during_a_switch_answers_from_one_generation(
    platform: Platform, handbook: Path, refreshed: Refreshed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that is given its end may be missing from a server's index for that moment: who searched in the generation
    before begins again."""
    index_version = refreshed(platform, "handbook").index_version
    (handbook / "hours.md").write_text("# Working hours\n\nThe week has forty hours.\n")
    reader = Platform(platform.settings)
    asked: list[int] = []
    backend = type(reader.indexes.open(str(index_version)))
    whole = backend.search

    def without_what_is_ended(index, query, vector, k, where):  # type: ignore[no-untyped-def]
        asked.append(where.generation)
        hits = whole(index, query, vector, k, where)
        if len(asked) > 1:
            return hits
        refreshed(Platform(platform.settings), "handbook")
        return [hit for hit in hits if "thirty-eight" not in hit.body]

    monkeypatch.setattr(backend, "search", without_what_is_ended)
    texts = [each.text for each in search(reader, "how many hours has the week", k=5)]
    assert asked == [1, 2]
    # What held when the question was asked: a new row says so, since it ended meanwhile.
    assert "Working hours\n\nThe week has thirty-eight hours." in texts
