"""How this process waits for the database that Dagster keeps its state in."""

import selectors
import time
from typing import Any

from assets.lineage.postgresql import NO_ANSWER

_CONNECT_SECONDS, _SILENCE_SECONDS = 10.0, 60.0
"""How long the server may say nothing. What Dagster asks during a run takes milliseconds; it connects again up to five times."""
_INTERVAL_SECONDS = 0.5


def bound_waiting() -> None:
    """From now on psycopg2, by which Dagster reaches PostgreSQL, gives up on a server that fell silent; by itself it would wait
    without end."""
    from psycopg2.extensions import set_wait_callback

    set_wait_callback(_wait)


def _wait(connection: Any) -> None:
    import psycopg2
    from psycopg2.extensions import POLL_OK, POLL_READ, STATUS_SETUP

    patience = _CONNECT_SECONDS if connection.status == STATUS_SETUP else _SILENCE_SECONDS
    heard = time.monotonic()
    while (state := connection.poll()) != POLL_OK:
        with selectors.DefaultSelector() as selector:
            selector.register(connection, selectors.EVENT_READ if state == POLL_READ else selectors.EVENT_WRITE)
            if selector.select(_INTERVAL_SECONDS):
                heard = time.monotonic()
        if time.monotonic() - heard > patience:
            # By which psycopg2 closes the connection; to close it here would wait for the statement.
            raise psycopg2.OperationalError(NO_ANSWER)
