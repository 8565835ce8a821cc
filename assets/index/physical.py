"""The physical indexes of an installation, one for every index version, behind the one store that it is set to use."""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from assets.index.store import IndexStore

if TYPE_CHECKING:
    from assets.index.weaviate_client import Server
    from assets.index.weaviate_schema import Deployment


class Backend(Protocol):
    """Where physical indexes are kept. Every method raises IndexUnavailable."""

    def create(self, index_version: str, dimension: int) -> IndexStore: ...

    def open(self, index_version: str) -> IndexStore: ...

    def exists(self, index_version: str) -> bool: ...

    def drop(self, index_version: str) -> None: ...

    def announce(self, index_version: str) -> None: ...


class PhysicalIndexes:
    """Creates, opens and drops physical indexes. An opened one is kept, since opening costs more than searching."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._opened: dict[str, IndexStore] = {}

    def create(self, index_version: str, dimension: int) -> IndexStore:
        """A new, empty index."""
        self._opened[index_version] = self._backend.create(index_version, dimension)
        return self._opened[index_version]

    def open(self, index_version: str) -> IndexStore:
        """An index that was created before. Raises IndexUnavailable."""
        if index_version not in self._opened:
            self._opened[index_version] = self._backend.open(index_version)
        return self._opened[index_version]

    def exists(self, index_version: str) -> bool:
        """Whether the index is there."""
        return self._backend.exists(index_version)

    def drop(self, index_version: str) -> None:
        """Removes an index, if it is there."""
        self._opened.pop(index_version, None)
        self._backend.drop(index_version)

    def announce(self, index_version: str) -> None:
        """Tells those who look from outside which index is served; safe to repeat. The platform itself asks the catalogue."""
        self._backend.announce(index_version)


class EmbeddedBackend:
    """LanceDB tables in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self, index_version: str, dimension: int) -> IndexStore:
        from assets.index.lancedb_store import LanceIndex

        return LanceIndex.create(self._folder, self._name(index_version), dimension)

    def open(self, index_version: str) -> IndexStore:
        from assets.index.lancedb_store import LanceIndex

        return LanceIndex.open(self._folder, self._name(index_version))

    def exists(self, index_version: str) -> bool:
        from assets.index.lancedb_store import LanceIndex

        return LanceIndex.exists(self._folder, self._name(index_version))

    def drop(self, index_version: str) -> None:
        from assets.index.lancedb_store import LanceIndex

        if self.exists(index_version):
            LanceIndex.drop(self._folder, self._name(index_version))

    def announce(self, index_version: str) -> None:
        """Nobody looks into the folder but the platform."""

    @staticmethod
    def _name(index_version: str) -> str:
        return f"chunks_{index_version.replace('-', '_')}"


class WeaviateBackend:
    """Collections on a Weaviate server or cluster, and an alias that leads to the one that is served."""

    def __init__(self, server: "Server", deployment: "Deployment") -> None:
        self._server = server
        self._deployment = deployment

    def create(self, index_version: str, dimension: int) -> IndexStore:
        from assets.index.weaviate_store import WeaviateIndex

        return WeaviateIndex.create(self._server, self._deployment, index_version, dimension)

    def open(self, index_version: str) -> IndexStore:
        from assets.index.weaviate_store import WeaviateIndex

        return WeaviateIndex.open(self._server, self._deployment, index_version)

    def exists(self, index_version: str) -> bool:
        from assets.index.weaviate_store import WeaviateIndex

        return WeaviateIndex.exists(self._server, self._deployment, index_version)

    def drop(self, index_version: str) -> None:
        from assets.index.weaviate_store import WeaviateIndex

        WeaviateIndex.drop(self._server, self._deployment, index_version)

    def announce(self, index_version: str) -> None:
        from assets.index.weaviate_cluster import point_alias

        point_alias(self._server, self._deployment.prefix, self._deployment.collection(index_version))
