"""How a PostgreSQL catalogue is connected to, so that a server or network that falls silent is not waited for without end."""

import time
from collections.abc import Generator
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy.engine import URL

if TYPE_CHECKING:
    import psycopg

NO_ANSWER = "the server does not answer"

_CONNECT_SECONDS = 10
_SILENCE_SECONDS = 20
"""How long an answer is waited for before the server is asked whether it is there at all."""
_VANISHED_SECONDS = 30
"""How long what was sent may stay without the other machine's receipt."""


def connection_settings(url: URL, lock_seconds: int) -> dict[str, str]:
    """That each side notices within a minute that the other machine is gone, so that the server gives back the locks of those
    who worked there, and that nobody waits longer than `lock_seconds` for a lock. What the address itself says stays."""
    settings = {
        "connect_timeout": f"{_CONNECT_SECONDS}",
        "keepalives_idle": "30",
        "keepalives_interval": "10",
        "keepalives_count": "3",
        "tcp_user_timeout": f"{_VANISHED_SECONDS * 1000}",
        "options": "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
        f" -c tcp_user_timeout={_VANISHED_SECONDS}s -c lock_timeout={lock_seconds}s",
    }
    return {name: value for name, value in settings.items() if name not in url.query}


def connect(*arguments: Any, **settings: Any) -> "psycopg.Connection[Any]":
    """A connection with libpq's parameters. While it waits for an answer that takes long, it asks the server now and then
    whether it still takes connections; it raises OperationalError, with NO_ANSWER, where it does not. So a query may take
    its time, and a server that hangs is told within half a minute."""
    connection: Any = _watched_connection().connect(*arguments, **settings)
    connection.address = arguments, settings
    return cast("psycopg.Connection[Any]", connection)


@cache
def _watched_connection() -> Any:
    import psycopg

    class Watched(psycopg.Connection[Any]):
        address: tuple[tuple[Any, ...], dict[str, Any]] | None = None

        def wait(self, gen: Generator[Any, Any, Any], *arguments: Any, **named: Any) -> Any:
            return super().wait(self._watched(gen), *arguments, **named)

        def _watched(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
            """The same waiting, with a look at the time whenever nothing has come for a moment."""
            heard = time.monotonic()
            try:
                wanted = next(gen)
                while True:
                    ready = yield wanted
                    if ready:
                        heard = time.monotonic()
                    elif time.monotonic() - heard > _SILENCE_SECONDS:
                        if not self._is_server_there():
                            self.pgconn.finish()
                            raise psycopg.OperationalError(NO_ANSWER)
                        heard = time.monotonic()
                    wanted = gen.send(ready)
            except StopIteration as done:
                return done.value

        def _is_server_there(self) -> bool:
            arguments, settings = self.address or ((), {})
            try:
                psycopg.connect(*arguments, **settings).close()
            except psycopg.OperationalError as error:
                # It answers where it says that it can't take another connection.
                return "FATAL" in str(error)
            return True

    return Watched
