"""PostgreSQL from the system's packages, with a database for the catalogue and one for Dagster."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deploy.services.ports import LOOPBACK, free_ports
from deploy.services.problems import ServiceProblem
from deploy.services.records import Credentials
from deploy.services.server import Launch, Server, silent

USER = "hrdp"
CATALOGUE = "hrdp"
DAGSTER = "dagster"
MAJOR = 15

_INSTALLED = Path("/usr/lib/postgresql")
_NOBODY = 65534
_ANSWER_SECONDS = 5


class PostgreSQLServer(Server):
    """One server. It refuses to run as root: then it runs as `nobody`, who owns its data."""

    # Ends open sessions; the default would wait for clients to leave.
    stop_signal = signal.SIGINT

    def __init__(self, folder: Path, credentials: Credentials, say: Callable[[str], None] = silent) -> None:
        super().__init__("postgresql", folder / "postgresql", say)
        self.password = credentials.postgresql_password
        self._owned = self.folder / "owned"
        self._data = self._owned / "data"

    def choose_ports(self) -> dict[str, int]:
        return {"sql": free_ports(1)}

    def url(self, database: str = CATALOGUE) -> str:
        """The address of a database, with user and password, as SQLAlchemy with psycopg takes it."""
        return f"postgresql+psycopg://{USER}:{self.password}@{LOOPBACK}:{self.ports['sql']}/{database}"

    def launch(self) -> Launch:
        if not (self._data / "PG_VERSION").exists():
            self._make_data()
        settings = {
            "listen_addresses": LOOPBACK,
            "port": str(self.ports["sql"]),
            "unix_socket_directories": "",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        handles = self._handles()
        arguments = [_program("postgres"), "-D", f"{self._place(handles)}/data"]
        arguments += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Launch(arguments, Path("/"), user=_user(), handles=handles)

    def is_healthy(self) -> bool:
        import psycopg

        try:
            self.connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def set_up(self) -> None:
        for database in (CATALOGUE, DAGSTER):
            self.create_database(database)

    def create_database(self, name: str) -> None:
        """Makes an empty database where there is none of that name."""
        from psycopg import sql

        with self.connect("postgres") as connection:
            connection.autocommit = True
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def connect(self, database: str) -> Any:
        """A connection of psycopg's as the owner."""
        import psycopg

        return psycopg.connect(
            host=LOOPBACK,
            port=self.ports["sql"],
            user=USER,
            password=self.password,
            dbname=database,
            connect_timeout=_ANSWER_SECONDS,
        )

    def _make_data(self) -> None:
        shutil.rmtree(self._owned, ignore_errors=True)
        self._owned.mkdir(mode=0o700)
        self._data.mkdir(mode=0o700)
        password = self._owned / "password"
        password.touch(mode=0o600)
        password.write_text(self.password)
        user = _user()
        if user is not None:
            for path in (self._owned, self._data, password):
                os.chown(path, user, user)
        handles = self._handles()
        place = self._place(handles)
        done = subprocess.run(
            [
                _program("initdb"),
                f"--pgdata={place}/data",
                f"--username={USER}",
                f"--pwfile={place}/password",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                # As on most production servers: text is ordered by a language's rules unless a column says otherwise.
                "--locale=C",
                "--locale-provider=icu",
                "--icu-locale=en",
            ],
            cwd="/",
            pass_fds=handles,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            capture_output=True,
            text=True,
        )
        for handle in handles:
            os.close(handle)
        password.unlink()
        if done.returncode:
            reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            raise ServiceProblem(f"PostgreSQL's data can't be made in {self._data}: {' '.join(reason)}")

    def _handles(self) -> tuple[int, ...]:
        """The open folder, for `nobody`: who may own it and yet not enter the folders above, which root may."""
        return () if _user() is None else (os.open(self._owned, os.O_RDONLY | os.O_DIRECTORY),)

    def _place(self, handles: tuple[int, ...]) -> str:
        """The folder above the data, as the server's programs are told."""
        return f"/proc/self/fd/{handles[0]}" if handles else str(self._owned)


def _user() -> int | None:
    return _NOBODY if os.geteuid() == 0 else None


def _program(name: str) -> str:
    """A program of PostgreSQL's: on the PATH, or where Debian puts it. Raises ServiceProblem."""
    preferred = _INSTALLED / str(MAJOR) / "bin" / name
    if preferred.is_file():
        return str(preferred)
    on_path = shutil.which(name)
    if on_path:
        return on_path
    others = sorted(_INSTALLED.glob(f"*/bin/{name}"), key=lambda path: int(path.parents[1].name))
    if others:
        return str(others[-1])
    raise ServiceProblem(
        f"PostgreSQL's program {name} is not here: install it with `apt-get install postgresql-{MAJOR}` (macOS: `brew"
        f" install postgresql@{MAJOR}`) and run this again"
    )
