"""Opens the catalogue: an engine set up for one writer and many readers, migrated to the present schema."""

import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from assets.lineage import postgresql

SCHEMA_REVISION = "0004"
"""The newest migration; a test holds it equal to the newest file under `migrations/versions`."""

_WRITER_SECONDS = 60
_MIGRATIONS = Path(__file__).parent / "migrations"
_DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql+psycopg")
_BROKEN_OFF = (
    "shutting down",
    "starting up",
    "recovery mode",
    "terminating connection",
    "server closed",
    "lost",
    "reset by peer",
    "Broken pipe",
    "connection is closed",
)
_ADDRESSES = "write sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"


class CatalogueUnavailable(Exception):
    """The catalogue can't be opened, read or written; the message says what to do."""


class Catalogue:
    """The platform's memory. Reads see one consistent snapshot; writes are serialized and atomic."""

    def __init__(self, url: str) -> None:
        """Opens and, where needed, migrates the database at `url` (`sqlite:///…` or `postgresql+psycopg://…`).

        Raises CatalogueUnavailable.
        """
        try:
            parsed = make_url(url)
        except ArgumentError:
            raise CatalogueUnavailable(f"HRDP_CATALOGUE is not a database address: {_ADDRESSES}") from None
        self.url = url
        self.embedded = parsed.get_backend_name() == "sqlite"
        self._relied_on: list[Connection] = []
        self._guard = threading.Lock()
        if parsed.drivername not in _DRIVERS or not parsed.database:
            raise CatalogueUnavailable(f"HRDP_CATALOGUE can't be used: {_ADDRESSES}")
        try:
            if self.embedded and parsed.database:
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            self.engine = _open_engine(url, self.embedded)
            # Servers want their connections closed, also by a process that just ends.
            weakref.finalize(self, self.engine.dispose)
            self._migrate()
        except (DBAPIError, OSError) as error:
            raise CatalogueUnavailable(
                f"the catalogue at {parsed.render_as_string()} can't be opened: {why_unavailable(error)}"
            ) from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one snapshot."""
        self._check_relied_on()
        try:
            with self.engine.connect() as connection:
                if not self.embedded:
                    # By default each statement would see a snapshot of its own.
                    connection = connection.execution_options(
                        isolation_level="REPEATABLE READ", postgresql_readonly=True
                    )
                with connection.begin():
                    yield connection
        except DBAPIError as error:
            raise CatalogueUnavailable(f"the catalogue can't be read: {why_unavailable(error)}") from error

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that excludes other writers; committed at the end, rolled back on an exception."""
        try:
            with self.engine.connect() as connection:
                connection = connection.execution_options(exclusive=True)
                with connection.begin():
                    if not self.embedded:
                        # One key for the whole catalogue: the ledger's chain has one end.
                        connection.execute(text("SELECT pg_advisory_xact_lock(728349001)"))
                    self._check_relied_on()
                    yield connection
                    self._check_relied_on()
        except DBAPIError as error:
            raise CatalogueUnavailable(f"the catalogue can't be written: {why_unavailable(error)}") from error

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """A connection outside of any transaction, for what the database keeps for a connection: its locks."""
        try:
            with self.engine.connect() as connection:
                yield connection.execution_options(isolation_level="AUTOCOMMIT")
        except DBAPIError as error:
            raise CatalogueUnavailable(f"the catalogue can't be used: {why_unavailable(error)}") from error

    @contextmanager
    def relying_on(self, session: Connection) -> Iterator[None]:
        """Within the block, a read or write is refused once the session's connection is gone: its locks are gone with it, and
        somebody else may have them by now."""
        with self._guard:
            self._relied_on.append(session)
        try:
            yield
        finally:
            with self._guard:
                self._relied_on.remove(session)

    def _check_relied_on(self) -> None:
        # Threads share the sessions.
        with self._guard:
            for session in self._relied_on:
                try:
                    is_there = not session.invalidated and session.execute(text("SELECT 1")).scalar() == 1
                except DBAPIError:
                    is_there = False
                if not is_there:
                    raise CatalogueUnavailable(
                        "the connection to the catalogue broke off, and with it what this command held against others;"
                        " nothing more was changed, run the command again"
                    )

    def scrub(self, tables: Sequence[str]) -> None:
        """Sees to it that what was deleted from tables is in no file of the database any more, as far as that is in its hands: a
        server's own archives and backups are not.

        Raises CatalogueUnavailable.
        """
        try:
            if self.embedded:
                self._empty_write_ahead_log()
                return
            with self.session() as connection:
                for table in tables:
                    connection.execute(text(f"VACUUM (FULL) {table}"))
        except DBAPIError as error:
            raise CatalogueUnavailable(f"the catalogue can't be cleaned: {why_unavailable(error)}") from error

    def _empty_write_ahead_log(self) -> None:
        deadline = time.monotonic() + _WRITER_SECONDS
        connection = self.engine.raw_connection()
        try:
            # A reader of an earlier state holds it back.
            while connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                if time.monotonic() > deadline:
                    raise CatalogueUnavailable(
                        "other processes have read the catalogue for a minute, so that deleted content could not be overwritten:"
                        " stop them, and run the command again"
                    )
                time.sleep(0.1)
        finally:
            connection.close()

    def close(self) -> None:
        """Gives back every connection."""
        self.engine.dispose()

    def _migrate(self) -> None:
        with self.engine.connect() as connection:
            if inspect(connection).has_table("alembic_version"):
                current = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
                if current == SCHEMA_REVISION:
                    return
                if current is not None and current > SCHEMA_REVISION:
                    raise CatalogueUnavailable(
                        f"the catalogue was written by a newer release (schema {current}, this one knows"
                        f" {SCHEMA_REVISION}): install that release"
                    )
        migrate(self)


def migrate(catalogue: Catalogue) -> None:
    """Brings the schema to SCHEMA_REVISION, in one transaction; two processes at once are serialized by it."""
    from alembic import command
    from alembic.config import Config

    configuration = Config()
    configuration.set_main_option("script_location", str(_MIGRATIONS))
    with catalogue.write() as connection:
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")


def _open_engine(url: str, embedded: bool) -> Engine:
    if not embedded:
        settings = postgresql.connection_settings(make_url(url), _WRITER_SECONDS)
        engine = create_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args=settings)

        @event.listens_for(engine, "do_connect")
        def connect(_dialect, _record, arguments, settings):  # type: ignore[no-untyped-def]
            return postgresql.connect(*arguments, **settings)

        return engine
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": _WRITER_SECONDS})

    @event.listens_for(engine, "connect")
    def set_up(connection, _record) -> None:  # type: ignore[no-untyped-def]
        # SQLAlchemy begins the transactions (below); the driver's own guess would leave reads outside of any.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-32768",
            "temp_store=FILE",
            # What is deleted is overwritten: the key of a person who is erased must not stay in the file.
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        exclusive = connection.get_execution_options().get("exclusive", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if exclusive else "BEGIN")

    return engine


def why_unavailable(error: BaseException, setting: str = "HRDP_CATALOGUE") -> str:
    """Why a database that `setting` names can't be used, and what to do."""
    cause = str(getattr(error, "orig", None) or error).splitlines()[0]
    if "locked" in cause or "lock timeout" in cause:
        return "another process has held it for a minute; wait for it, or stop it"
    if "full" in cause or "No space left" in cause:
        return "the disk is full; free some space and run the command again"
    if any(each in cause for each in ("disk I/O error", "quota", "File too large")):
        return (
            "the disk takes nothing more, because it is full, this user's quota on it is, or it fails; free some space and"
            " run the command again"
        )
    if "readonly" in cause or "read-only" in cause:
        return "it is read-only; give this user the right to write"
    if "Connection refused" in cause or "timeout expired" in cause or "could not translate host name" in cause:
        return f"its server can't be reached; start it, or correct {setting}, and run the command again"
    if postgresql.NO_ANSWER in cause:
        return "its server does not answer; see whether it hangs or its disk does, and run the command again"
    if any(each in cause for each in _BROKEN_OFF):
        return "its server was stopped or restarted; run the command again when it is up"
    if "password" in cause or "permission denied" in cause or (" role " in cause and "does not exist" in cause):
        return f"its server refuses this user; correct the user and password in {setting}, or the user's rights there"
    if "database" in cause and "does not exist" in cause:
        return f"there is no such database; create it (CREATE DATABASE), or correct {setting}"
    if "not a database" in cause or "malformed" in cause:
        return "it is damaged; put a backup of it back in its place"
    return cause
