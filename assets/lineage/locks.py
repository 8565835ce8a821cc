"""Locks between processes that the operating system or the database gives back by itself when their holder dies."""

import fcntl
import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import OperationalError, PendingRollbackError

from assets.lineage.catalogue import Catalogue


class Busy(Exception):
    """Somebody else holds the lock."""


class Locks:
    """Named exclusive locks: files beside an embedded catalogue, advisory locks in a PostgreSQL one."""

    def __init__(self, catalogue: Catalogue, folder: Path) -> None:
        self._catalogue = catalogue
        self._folder = folder

    @contextmanager
    def hold(self, name: str, *, wait_seconds: float = 0.0) -> Iterator[None]:
        """Holds a lock for the length of a block. Raises Busy when it isn't free within `wait_seconds`, and
        CatalogueUnavailable.
        """
        held = (
            self._hold_file(name, wait_seconds) if self._catalogue.embedded else self._hold_advisory(name, wait_seconds)
        )
        with held:
            yield

    def is_free(self, name: str) -> bool:
        """Whether nobody holds a lock at this moment."""
        try:
            with self.hold(name):
                return True
        except Busy:
            return False

    @contextmanager
    def _hold_file(self, name: str, wait_seconds: float) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{hashlib.sha256(name.encode()).hexdigest()[:16]}.lock"
        deadline = time.monotonic() + wait_seconds
        with path.open("w") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= deadline:
                        raise Busy(_held(name)) from None
                    time.sleep(0.02)
            yield

    @contextmanager
    def _hold_advisory(self, name: str, wait_seconds: float) -> Iterator[None]:
        key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
        deadline = time.monotonic() + wait_seconds
        with self._catalogue.session() as connection:
            while not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar():
                if time.monotonic() >= deadline:
                    raise Busy(_held(name))
                time.sleep(0.05)
            try:
                with self._catalogue.relying_on(connection):
                    yield
            finally:
                # A server that was restarted meanwhile has given the lock back itself.
                with suppress(OperationalError, PendingRollbackError):
                    connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})


def _held(name: str) -> str:
    return f"another process still works on '{name}': wait until it has ended, or stop it, and run the command again"
