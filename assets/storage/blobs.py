"""Content-addressed objects: named by the SHA-256 of their bytes, written once, verified at every read."""

from assets.storage.hashing import content_hash
from assets.storage.objects import ObjectStore, StorageError

_HEXADECIMAL = frozenset("0123456789abcdef")


class ObjectCorrupt(StorageError):
    """A stored object is no longer what was written."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"The object {key!r} does not have the content that it is named by: restore it from a backup, "
            "or delete it and refresh the sources in full."
        )
        self.key = key


class Blobs:
    """Blobs in an object store, under `prefix`, in 256 folders by the first byte of their hash."""

    def __init__(self, store: ObjectStore, prefix: str = "blobs") -> None:
        self._store = store
        self._prefix = prefix

    def put(self, data: bytes) -> str:
        """Stores bytes and returns their SHA-256 in hexadecimal. Nothing is written where they are stored already."""
        name = content_hash(data)
        key = self.key(name)
        present = self._store.head(key)
        if present is None or present.size != len(data):
            self._store.put(key, data)
        return name

    def get(self, name: str) -> bytes:
        """The bytes with that SHA-256. Raises ObjectMissing, or ObjectCorrupt where they no longer have it."""
        key = self.key(name)
        data = self._store.get(key)
        if content_hash(data) != name:
            raise ObjectCorrupt(key)
        return data

    def put_text(self, text: str) -> str:
        """Stores a text as UTF-8, as `put` does."""
        return self.put(text.encode())

    def get_text(self, name: str) -> str:
        """The text of a blob that `put_text` stored, as `get` does."""
        return self.get(name).decode()

    def exists(self, name: str) -> bool:
        """Whether there is a blob with that SHA-256; its content is not read."""
        return self._store.exists(self.key(name))

    def delete(self, name: str) -> None:
        """Removes a blob for good; nothing happens where there is none."""
        self._store.delete(self.key(name))

    def flush(self) -> None:
        """Returns when every blob that was put would survive a loss of power."""
        self._store.flush()

    def key(self, name: str) -> str:
        """The key of a blob in the store. Raises ValueError for what is no SHA-256 in hexadecimal."""
        if len(name) != 64 or not _HEXADECIMAL.issuperset(name):
            raise ValueError("A blob is named by its SHA-256: 64 characters of 0-9 and a-f.")
        return f"{self._prefix}/{name[:2]}/{name}"
