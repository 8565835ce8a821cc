"""Copies the served index to the other index backend, from the catalogue and the objects: nothing is embedded."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from assets.index.closing import end_superseded
from assets.index.generation import NothingServed, any_refreshed, served
from assets.index.recreating import RecreationFailed, open_or_create, recreate
from assets.platform import Platform


@dataclass(frozen=True, slots=True)
class CopyReport:
    """An index that was copied; `rows` with the closed ones, `served_rows` without, `checksum` of the served ones."""

    to: str
    generation: int
    index_version: str
    rows: int
    served_rows: int
    checksum: str


def copy_index(platform: Platform, to: str, progress: Callable[[int], None] = lambda _: None) -> CopyReport:
    """Makes the served index in another backend (a value of HRDP_INDEX), and compares count and checksum with the present one.

    Can be repeated: what is there from an earlier copy stays, and is brought up to date. `progress` hears of the rows done
    since it was last told. Raises Busy while a refresh is being served, NothingServed, IndexUnavailable, RecreationFailed.
    """
    with platform.locks.hold("serve"):
        with platform.catalogue.read() as connection:
            current = served(connection)
            if current is None:
                raise NothingServed(looked=any_refreshed(connection))
        present = platform.indexes.open(current.index_version)
        # A refresh that was killed after its switch may have left this to the next one.
        end_superseded(platform.catalogue, present, current)
        other = Platform(replace(platform.settings, index=to))
        target = open_or_create(other.indexes, current)
        rows = recreate(platform, current, target, progress)
        expected = (present.count(current.generation), present.checksum(current.generation))
        found = (target.count(current.generation), target.checksum(current.generation))
        if found == expected:
            other.indexes.announce(current.index_version)
    if found != expected:
        raise RecreationFailed(
            f"the copy serves {found[0]} rows with the checksum {found[1][:16]}… and the present index {expected[0]} with"
            f" {expected[1][:16]}…: run hrdp verify, which says what is wrong with the present one"
        )
    return CopyReport(to, current.generation, current.index_version, rows, *found)
