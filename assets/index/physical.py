"""The physical indexes of an installation, one for every index version, behind the one store that it is set to use."""

from pathlib import Path
from typing import TYPE_CHECKING

from assets.index.store import IndexStore

if TYPE_CHECKING:
    from assets.index.lancedb_store import LanceIndex


class PhysicalIndexes:
    """Creates, opens and drops physical indexes. An opened one is kept, since opening costs more than searching."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opened: dict[str, LanceIndex] = {}

    def create(self, index_version: str, dimension: int) -> IndexStore:
        """A new, empty index."""
        from assets.index.lancedb_store import LanceIndex

        self._opened[index_version] = LanceIndex.create(self._folder, _name(index_version), dimension)
        return self._opened[index_version]

    def open(self, index_version: str) -> IndexStore:
        """An index that was created before. Raises IndexUnavailable."""
        from assets.index.lancedb_store import LanceIndex

        if index_version not in self._opened:
            self._opened[index_version] = LanceIndex.open(self._folder, _name(index_version))
        return self._opened[index_version]

    def drop(self, index_version: str) -> None:
        """Removes an index, if it is there."""
        from assets.index.lancedb_store import LanceIndex

        self._opened.pop(index_version, None)
        if LanceIndex.exists(self._folder, _name(index_version)):
            LanceIndex.drop(self._folder, _name(index_version))


def _name(index_version: str) -> str:
    return f"chunks_{index_version.replace('-', '_')}"
