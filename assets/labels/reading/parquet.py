"""The rows of a Parquet file, read in a process of its own with bounds on memory and time.

Its sizes are what the file claims: a small file may unpack to any memory, and a damaged one may end the process.
"""

import contextlib
import json
import os
import selectors
import shutil
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from assets.labels.reading.columns import Columns
from assets.labels.reading.content import Content
from assets.labels.reading.limits import FREE_BYTES, MAX_RATIO, PIECE
from assets.labels.reading.refusals import Unusable

MAGIC = b"PAR1"
_PROJECT = Path(__file__).resolve().parents[3]
# It reads files of unknown origin: it gets none of the secrets that the environment may hold.
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "PYTHONPATH")
_MEMORY_BYTES = 3 * 1024**3
_SECONDS_A_ROW = 60.0
_LONGEST_LINE = 64 * 1024 * 1024


def parquet_rows(content: Content, columns: Columns) -> Iterator[tuple[str, ...] | dict[str, Any] | Unusable]:
    """The names of the columns first, then each row, or why it can't be taken. Raises Unusable for the file as a whole."""
    with content.open() as file:
        packed = file.seek(0, os.SEEK_END)
        file.seek(max(0, packed - len(MAGIC)))
        if file.read() != MAGIC:
            raise Unusable("truncated", "The file ends too early, so that no row can be read: write or copy it again.")
    lines = _lines(content, columns)
    unpacked = 0
    try:
        for line in lines:
            unpacked += len(line)
            if unpacked > FREE_BYTES and unpacked > MAX_RATIO * packed:
                raise Unusable("zip_bomb")
            value = json.loads(line)
            if isinstance(value, list):
                yield tuple(value)
            elif isinstance(value, str):
                yield Unusable(value)
            elif "fault" in value:
                raise Unusable(value["fault"])
            else:
                yield value["row"]
    finally:
        lines.close()


def _lines(content: Content, columns: Columns) -> Generator[bytes, None, None]:
    environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(_PROJECT), environment.get("PYTHONPATH"))))
    # Threads of libraries reserve address space, which is what the memory limit counts.
    environment |= {"MALLOC_ARENA_MAX": "2", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "assets.labels.reading.parquet_worker", str(_MEMORY_BYTES)]
    with content.open() as file:
        process = subprocess.Popen(
            [*command, json.dumps(asdict(columns))],
            # The file itself rather than its name, which may be a person's and would be seen in the list of processes.
            stdin=file if _has_descriptor(file) else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        assert process.stdout is not None
        try:
            if process.stdin is not None:
                # It takes all of it before it answers; where it has died, that is seen when nothing is answered.
                with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
                    shutil.copyfileobj(file, pipe)
            yield from _split(process.stdout.fileno())
            if process.wait() != 0:
                raise Unusable("corrupt")
        finally:
            process.kill()
            process.stdout.close()
            process.wait()


def _has_descriptor(file: IO[bytes]) -> bool:
    try:
        file.fileno()
    except OSError:
        return False
    return True


def _split(descriptor: int) -> Iterator[bytes]:
    waiting = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        deadline = time.monotonic() + _SECONDS_A_ROW
        while True:
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise Unusable("too_slow")
            piece = os.read(descriptor, PIECE)
            if not piece:
                return
            *lines, rest = piece.split(b"\n")
            for line in lines:
                yield bytes(waiting) + line
                waiting.clear()
                # What is done with a row takes its own time.
                deadline = time.monotonic() + _SECONDS_A_ROW
            waiting += rest
            if len(waiting) > _LONGEST_LINE:
                raise Unusable("too_large")
