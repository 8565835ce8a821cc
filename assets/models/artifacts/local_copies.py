"""The copies of models on this machine, under `served/TASK/` in the home: where they lie, and how those that are out of use go.

Beside a copy's folder lie a file with the etags that it was fetched with, whose time of change is that of its last use, and for
as long as it is fetched or removed a folder that is not whole.
"""

import os
import shutil
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from assets.lineage.locks import Busy

if TYPE_CHECKING:
    from assets.platform import Platform

_UNUSED_SECONDS = 3600
"""Longer than any process takes from being told a copy's folder to having its files open."""


def place_of(home: Path, task: str, version: str) -> Path:
    """The folder of a copy."""
    return _folder(home, task) / version


def unfinished_of(place: Path) -> Path:
    """Where a copy lies while it is not whole."""
    return place.with_name(f"{place.name}.unfinished")


def etags_of(place: Path) -> Path:
    """The file that tells what a copy was fetched as."""
    return place.with_name(f"{place.name}.json")


def lock_of(version: str) -> str:
    """The lock under which a copy is fetched, verified or removed."""
    return f"models/fetching/{version}"


def note_use(place: Path) -> None:
    """Notes that a copy is used now."""
    etags_of(place).touch()


def unused(home: Path, task: str) -> set[str]:
    """The versions of a task of which there is a copy, or what is left of one, that nobody was given for an hour."""
    with suppress(FileNotFoundError):
        versions = {each.name.partition(".")[0] for each in _folder(home, task).iterdir()}
        return {version for version in versions if _is_unused(place_of(home, task, version))}
    return set()


def remove(platform: "Platform", task: str, versions: Collection[str]) -> None:
    """Removes copies, but none that somebody fetches, verifies or was given meanwhile; those, and what can't be removed, the next
    call looks at again."""
    for version in versions:
        place = place_of(platform.home, task, version)
        with suppress(Busy, OSError), platform.locks.hold(lock_of(version)):
            if _is_unused(place):
                shutil.rmtree(unfinished_of(place), ignore_errors=True)
                if place.is_dir():
                    # At once gone under its name, so that nobody finds half of it.
                    os.replace(place, unfinished_of(place))
                    shutil.rmtree(unfinished_of(place))
                etags_of(place).unlink(missing_ok=True)


def _is_unused(place: Path) -> bool:
    used = [each.stat().st_mtime for each in (place, unfinished_of(place), etags_of(place)) if each.exists()]
    return time.time() - max(used, default=0.0) > _UNUSED_SECONDS


def _folder(home: Path, task: str) -> Path:
    return home / "served" / task
