"""An index made again from catalogue and objects alone is the one that was lost."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assets.index.generation import Served, served
from assets.index.recreating import RecreationFailed, open_or_create, recreate
from assets.index.refresh import RefreshResult
from assets.index.searching import search
from assets.index.store import BEGINNING, OPEN, IndexRow, IndexStore, RowState
from assets.index.verification import verify
from assets.platform import Platform

Refreshed = Callable[..., RefreshResult]


@pytest.fixture
def history(platform: Platform, handbook: Path, refreshed: Refreshed) -> Platform:
    """Five generations with edits, a deletion, and a document that goes and comes back."""
    refreshed(platform, "handbook")
    leave, travel = handbook / "leave.md", handbook / "travel.md"
    leave.write_text(leave.read_text().replace("twenty", "twenty-five"))
    refreshed(platform, "handbook")
    kept = travel.read_text()
    travel.unlink()
    (handbook / "pay.md").write_text("# Pay\n\nWages are paid on the last working day of the month.\n")
    refreshed(platform, "handbook")
    travel.write_text(kept)
    refreshed(platform, "handbook")
    leave.write_text("# Leave\n\n## Sick leave\n\nSick leave is paid for eight weeks.\n")
    refreshed(platform, "handbook")
    return platform


def current(platform: Platform) -> Served:
    with platform.catalogue.read() as connection:
        found = served(connection)
    assert found is not None
    return found


def states(index: IndexStore) -> list[RowState]:
    return sorted(index.rows(), key=lambda row: row.row_id)


def again(platform: Platform, *, without_index: bool = True) -> Platform:
    """The same installation, opened anew as by another process."""
    if without_index:
        shutil.rmtree(platform.home / "index")
    return Platform(platform.settings)


def stranger(dimension: int) -> IndexRow:
    """A row that the catalogue does not know."""
    return IndexRow(
        row_id="00000000-0000-5000-8000-000000000000",
        chunk_id="11111111-0000-5000-8000-000000000000",
        document_id="handbook/strange.md",
        source="handbook",
        kind="handbook",
        jurisdiction="",
        title="Strange",
        heading_path=(),
        body="A passage of no document.",
        vector=np.eye(dimension, dtype=np.float32)[0],
        valid_from=BEGINNING,
        valid_to=OPEN,
        from_generation=2,
    )


class Dying:
    """An index whose process is killed after some writes."""

    def __init__(self, index: IndexStore, writes: int) -> None:
        self._index = index
        self._left = writes
        self.written: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)

    def add(self, rows: Sequence[IndexRow]) -> None:
        self._die()
        self.written += [row.row_id for row in rows]
        self._index.add(rows)

    def close(self, row_ids: Sequence[str], generation: int) -> None:
        self._die()
        self._index.close(row_ids, generation)

    def _die(self) -> None:
        if self._left == 0:
            raise KeyboardInterrupt
        self._left -= 1


def test_a_lost_index_is_made_again_with_the_same_rows_and_checksum(history: Platform) -> None:
    now = current(history)
    index = history.indexes.open(now.index_version)
    before, checksum, found = states(index), index.checksum(now.generation), search(history, "sick leave")
    assert any(row.to_generation < OPEN for row in before)
    assert now.generation == 5
    platform = again(history)
    target = open_or_create(platform.indexes, now)
    heard: list[int] = []
    assert recreate(platform, now, target, heard.append) == len(before) == sum(heard)
    assert states(target) == before
    assert target.checksum(now.generation) == checksum
    assert search(platform, "sick leave") == found
    assert verify(platform).ok


def test_every_earlier_generation_is_made_again_too(history: Platform) -> None:
    now = current(history)
    index = history.indexes.open(now.index_version)
    earlier = [index.checksum(generation) for generation in range(1, 6)]
    assert len(set(earlier)) == 5
    platform = again(history)
    target = open_or_create(platform.indexes, now)
    recreate(platform, now, target)
    assert [target.checksum(generation) for generation in range(1, 6)] == earlier


def test_a_refresh_goes_on_from_an_index_that_was_made_again(
    history: Platform, handbook: Path, refreshed: Refreshed
) -> None:
    platform = again(history)
    now = current(platform)
    recreate(platform, now, open_or_create(platform.indexes, now))
    (handbook / "hours.md").write_text("# Working hours\n\nThe week has thirty-five hours.\n")
    assert refreshed(platform, "handbook").generation == 6
    assert verify(platform).ok


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_what_a_killed_call_has_written_is_not_written_again(
    history: Platform, writes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assets.index.recreating._ROWS_A_WRITE", 3)
    now = current(history)
    checksum = history.indexes.open(now.index_version).checksum(now.generation)
    platform = again(history)
    first = Dying(open_or_create(platform.indexes, now), writes)
    with pytest.raises(KeyboardInterrupt):
        recreate(platform, now, first)
    platform = again(history, without_index=False)
    second = Dying(open_or_create(platform.indexes, now), 100)
    recreate(platform, now, second)
    assert not set(first.written) & set(second.written)
    assert second.checksum(now.generation) == checksum
    assert verify(platform).ok


def test_rows_that_do_not_belong_go_and_wrong_ones_are_put_right(history: Platform) -> None:
    now = current(history)
    index = history.indexes.open(now.index_version)
    checksum, before = index.checksum(now.generation), states(index)
    index.close([row.row_id for row in before if row.to_generation == OPEN][:1], 3)
    index.erase([row.row_id for row in before if row.to_generation < OPEN][:1])
    index.add([stranger(now.dimension)])
    recreate(history, now, index)
    assert states(index) == before
    assert index.checksum(now.generation) == checksum


def test_a_text_that_differs_in_the_index_is_noticed(history: Platform) -> None:
    """What is there with the right state is not written again, so the checksum has to tell."""
    now = current(history)

    class Changed(Dying):
        def checksum(self, generation: int) -> str:
            return "0" * 64

    with pytest.raises(RecreationFailed, match="run the command again"):
        recreate(history, now, Changed(history.indexes.open(now.index_version), 100))
