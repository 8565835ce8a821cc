"""A refresh loses its locks while the server has yet to carry out its last write; another one serves meanwhile."""

from pathlib import Path
from typing import Any

import pytest

from assets.documents import registry
from assets.documents.sources.base import SourceSpec
from assets.index import weaviate_writing
from assets.index.refresh import embed, stage_chunks, stage_documents, write_and_serve
from assets.index.searching import search
from assets.index.verification import verify
from assets.lineage.catalogue import CatalogueUnavailable
from assets.platform import Platform, Settings
from deploy.services.weaviate import WeaviateNode
from tests.services.faults.conftest import Proxies, Refreshed, check_whole

EDITED = 20
PARENTAL = "parental leave of whoever has served 27 months"


@pytest.fixture
def other(environment: dict[str, str], postgresql_url: str, weaviate_server: WeaviateNode) -> Platform:
    """Another process of the same installation, in effect: with connections of its own, which no proxy holds up or cuts."""
    return Platform(
        Settings.from_environment(
            environment
            | {
                "HRDP_CATALOGUE": postgresql_url,
                "HRDP_WEAVIATE_URL": weaviate_server.url,
                "HRDP_WEAVIATE_GRPC_PORT": str(weaviate_server.grpc_port),
            }
        )
    )


@pytest.fixture
def notes(tmp_path: Path, other: Platform) -> Path:
    """Another source of the installation."""
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "note.md").write_text("# Note\n\nThe canteen opens at noon.\n")
    registry.add(other.catalogue, SourceSpec("notes", "handbook", str(folder)))
    return folder


@pytest.mark.parametrize("late", ["additions", "closings"])
def test_what_arrives_late_does_no_harm_and_is_taken_back_by_the_next_refresh(
    platform: Platform,
    other: Platform,
    guide: Path,
    notes: Path,
    proxies: Proxies,
    refreshed: Refreshed,
    monkeypatch: pytest.MonkeyPatch,
    late: str,
) -> None:
    refreshed(platform, "guide")
    for path in sorted(guide.iterdir())[18 : 18 + EDITED]:
        path.write_text(path.read_text().replace("leave", "parental leave"))
    stage_documents(platform, "guide", "first")
    stage_chunks(platform, "guide", "first")
    embed(platform, "guide", "first")
    write, writes = weaviate_writing.Writer._insert, 0
    # What is superseded gets its end once the new text is served.
    served = 2 if late == "additions" else 3

    def serve_another() -> None:
        # The write that is held up meanwhile goes on to the server when this has ended.
        proxies.sql.break_connections()
        assert refreshed(other, "notes").generation == served

    def hold_up(writer: Any, batch: Any) -> None:
        nonlocal writes
        writes += 1
        if writes == ("additions", "closings").index(late) + 1:
            proxies.grpc.after_upload(0, serve_another)
        write(writer, batch)

    monkeypatch.setattr(weaviate_writing.Writer, "_insert", hold_up)
    with pytest.raises(CatalogueUnavailable, match="run the command again"):
        write_and_serve(platform, "guide", "first")
    platform.release()
    report = verify(other)
    found = search(other, PARENTAL, k=10)
    assert len(found) == 10
    if late == "additions":
        # An edit adds the new text, and the old one once more with an end of its validity.
        assert report.orphans == 2 * EDITED
        assert not any("parental" in result.text for result in found), "nothing of it was ever served"
    else:
        assert report.ok, "an end that the catalogue names comes late as well as in time"
        assert "parental" in found[0].text

    assert refreshed(other, "notes").generation == served, "there is nothing new"
    assert verify(other).ok
    assert refreshed(platform, "guide").result.documents.changed == (EDITED if late == "additions" else 0)
    assert "parental" in search(platform, PARENTAL, k=1)[0].text
    (notes / "note.md").unlink()
    refreshed(other, "notes")
    check_whole(platform, guide)
