"""The object store in a directory: one file an object, safe between processes of one machine."""

import errno
import fcntl
import os
import threading
import time
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from assets.storage.objects import (
    RESERVED_PART,
    ObjectInfo,
    ObjectMissing,
    PreconditionFailed,
    StoreUnavailable,
    checked_condition,
    checked_key,
    checked_prefix,
)

_LOCKS = 256
_LEFTOVER_SECONDS = 3600
_FEW_FILES = 64
_REFUSALS = (errno.EACCES, errno.EPERM, errno.EROFS)


class DirectoryObjectStore:
    """Objects as files below `root`, which is made at the first write.

    A write goes to a temporary file that then takes the object's name, so that a killed writer leaves the object as
    it was. Conditional writes exclude every other write of the same key by a lock that the operating system drops
    with its process; unconditional ones share it. The folder `.store` below `root` holds locks and temporary files.
    """

    def __init__(self, root: Path | str) -> None:
        self._root = Path(root).absolute()
        if self._root.exists() and not self._root.is_dir():
            raise StoreUnavailable(f"{self._root} is a file: name a folder for the object store.")
        self._temporary = self._root / RESERVED_PART / "temporary"
        self._locks = self._root / RESERVED_PART / "locks"
        self._unflushed: set[Path] | None = set()
        self._guard = threading.Lock()
        self._remove_leftovers()

    def put(self, key: str, data: bytes, *, if_absent: bool = False, if_match: str | None = None) -> str:
        path = self._path(key)
        checked_condition(if_absent, if_match)
        with self._understood():
            temporary = self._written(data)
            try:
                with self._locked(key, exclusive=if_absent or if_match is not None):
                    self._check(key, if_absent, if_match)
                    etag = _etag(temporary.stat())
                    _replace(temporary, path)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise
        self._changed(path)
        return etag

    def get(self, key: str) -> bytes:
        path = self._path(key)
        with self._understood():
            try:
                return path.read_bytes()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                raise ObjectMissing(key) from None

    def head(self, key: str) -> ObjectInfo | None:
        path = self._path(key)
        with self._understood():
            try:
                status = path.stat()
            except (FileNotFoundError, NotADirectoryError):
                return None
        return None if path.is_dir() else _info(key, status)

    def exists(self, key: str) -> bool:
        return self.head(key) is not None

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        folder, _, beginning = checked_prefix(prefix).rpartition("/")
        with self._understood():
            yield from self._below(self._root / folder, f"{folder}/" if folder else "", beginning)

    def delete(self, key: str) -> None:
        path = self._path(key)
        with self._understood():
            try:
                with self._locked(key, exclusive=False):
                    path.unlink()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                return
        self._changed(path)

    def flush(self) -> None:
        with self._guard:
            paths, self._unflushed = self._unflushed, set()
        try:
            with self._understood():
                if paths is None:
                    os.sync()
                    return
                for path in paths:
                    _synchronize(path)
                for folder in {folder for path in paths for folder in self._folders(path)}:
                    _synchronize(folder)
        except BaseException:
            with self._guard:
                self._unflushed = None
            raise

    def _path(self, key: str) -> Path:
        return self._root / checked_key(key)

    def _folders(self, path: Path) -> Iterator[Path]:
        """The folders whose entries changed at most when the file was written, up to the one that holds the store."""
        for folder in path.parents:
            yield folder
            if folder == self._root.parent:
                return

    def _changed(self, path: Path) -> None:
        with self._guard:
            if self._unflushed is not None:
                self._unflushed.add(path)
                if len(self._unflushed) > _FEW_FILES:
                    # From here on one call that writes out the file systems costs less than one for each file.
                    self._unflushed = None

    def _written(self, data: bytes) -> Path:
        """A new temporary file with that content. Its time is set by the clock in nanoseconds, because file systems
        keep time in steps of milliseconds and two contents of one size have to differ in their etags.
        """
        path = self._temporary / f"{os.getpid()}-{uuid.uuid4().hex}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            descriptor = os.open(path, flags, 0o666)
        except FileNotFoundError:
            self._temporary.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, flags, 0o666)
        try:
            try:
                view = memoryview(data)
                while view:
                    view = view[os.write(descriptor, view) :]
                now = time.time_ns()
                os.utime(descriptor, ns=(now, now))
            finally:
                os.close(descriptor)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return path

    def _check(self, key: str, if_absent: bool, if_match: str | None) -> None:
        if if_absent or if_match is not None:
            present = self.head(key)
            if (if_absent and present) or (if_match is not None and (present is None or present.etag != if_match)):
                raise PreconditionFailed(key)

    @contextmanager
    def _locked(self, key: str, *, exclusive: bool) -> Iterator[None]:
        """Holds the lock of the key's share of all keys. Each holder opens the file anew, so that threads exclude each
        other as processes do."""
        path = self._locks / f"{zlib.crc32(key.encode()) % _LOCKS:02x}"
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        try:
            descriptor = os.open(path, flags, 0o666)
        except FileNotFoundError:
            self._locks.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, flags, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
            yield
        finally:
            os.close(descriptor)

    def _below(self, folder: Path, key: str, beginning: str = "") -> Iterator[ObjectInfo]:
        """The objects in a folder, in the order of their keys: a folder sorts as its name with the slash behind it."""
        try:
            with os.scandir(folder) as entries:
                found = [(f"{entry.name}/" if entry.is_dir() else entry.name, entry) for entry in entries]
        except (FileNotFoundError, NotADirectoryError):
            return
        for name, entry in sorted(found, key=lambda pair: pair[0]):
            if not name.startswith(beginning) or (not key and name == f"{RESERVED_PART}/"):
                continue
            if name.endswith("/"):
                yield from self._below(folder / entry.name, key + name)
                continue
            try:
                yield _info(key + name, entry.stat())
            except FileNotFoundError:
                continue

    def _remove_leftovers(self) -> None:
        """Removes what killed writers left behind long ago; a store that may only be read is left as it is."""
        try:
            with os.scandir(self._temporary) as entries:
                for entry in entries:
                    if time.time() - entry.stat().st_mtime > _LEFTOVER_SECONDS:
                        os.unlink(entry.path)
        except OSError:
            return

    @contextmanager
    def _understood(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreUnavailable(self._sentence(error)) from error

    def _sentence(self, error: OSError) -> str:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return f"The disk of the object store {self._root} is full: free some space and run this again."
        if error.errno in _REFUSALS:
            return (
                f"The object store {self._root} is read-only or forbidden for this user: "
                "allow this user to read and write there, or choose another folder."
            )
        if error.errno in (errno.EISDIR, errno.ENOTDIR, errno.EEXIST):
            return f"In the object store {self._root} a key is an object and a folder of others at once: rename one."
        return f"The object store {self._root} failed ({error.strerror}): check the disk and run this again."


def _replace(temporary: Path, path: Path) -> None:
    try:
        os.replace(temporary, path)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(temporary, path)


def _synchronize(path: Path) -> None:
    """Makes a file or a folder's entries durable; what was removed meanwhile needs nothing."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _etag(status: os.stat_result) -> str:
    return f"{status.st_mtime_ns:x}-{status.st_ino:x}-{status.st_size:x}"


def _info(key: str, status: os.stat_result) -> ObjectInfo:
    return ObjectInfo(key, status.st_size, _etag(status), datetime.fromtimestamp(status.st_mtime, UTC))
