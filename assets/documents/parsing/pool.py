"""Parsing in worker processes with bounds on time and memory, so that no file can stop or starve the others."""

import json
import os
import selectors
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from assets.documents.model import ParsedDocument, UnreadableDocument
from assets.documents.parsing.limits import MAX_RAW_BYTES
from assets.documents.parsing.refusals import refusal
from assets.documents.parsing.worker import LENGTHS, frame, outcome

Key = TypeVar("Key")
Outcome = ParsedDocument | UnreadableDocument

_PROJECT = Path(__file__).resolve().parents[3]
# Workers read files of unknown origin: they get none of the secrets that the environment may hold.
_ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "PYTHONPATH")
_AHEAD = 16
_READ_BYTES = 1024 * 1024


class _WorkerDied(Exception):
    pass


@dataclass(slots=True)
class _Job(Generic[Key]):
    key: Key
    outcome: Outcome | None = None


class _Worker:
    """One process and the answer that is coming from it."""

    def __init__(self, seconds: float, memory_bytes: int) -> None:
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(_PROJECT), environment.get("PYTHONPATH"))))
        # Each arena of the allocator reserves address space, which is what the memory limit counts.
        environment["MALLOC_ARENA_MAX"] = "2"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "assets.documents.parsing.worker", str(seconds), str(memory_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            bufsize=0,
        )
        self._seconds = seconds
        self._answer = bytearray()
        self.deadline = 0.0

    def fileno(self) -> int:
        """The descriptor on which the answer comes, for a selector."""
        assert self._process.stdout is not None
        return self._process.stdout.fileno()

    def send(self, raw: bytes, path: str, media_type: str | None) -> None:
        """Start on a file. Raises _WorkerDied."""
        assert self._process.stdin is not None
        self._answer.clear()
        message = memoryview(frame({"path": path, "media_type": media_type}, raw))
        try:
            while message:
                message = message[self._process.stdin.write(message) or 0 :]
        except OSError as error:
            raise _WorkerDied from error
        self.deadline = time.monotonic() + self._seconds

    def receive(self) -> Outcome | None:
        """Read what has come; None while the answer is not whole. Raises _WorkerDied."""
        piece = os.read(self.fileno(), _READ_BYTES)
        if not piece:
            raise _WorkerDied
        self._answer += piece
        if len(self._answer) < LENGTHS.size:
            return None
        head_length, body_length = LENGTHS.unpack_from(self._answer)
        body_start = LENGTHS.size + head_length
        if len(self._answer) < body_start + body_length:
            return None
        head: dict[str, Any] = json.loads(self._answer[LENGTHS.size : body_start])
        return outcome(head, bytes(self._answer[body_start : body_start + body_length]))

    def end(self) -> None:
        """Kill the process and wait until it is gone."""
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process.wait()


@dataclass
class ParserPool:
    """Worker processes that parse; a context manager, to be used by one thread at a time.

    `seconds` bounds each document's time on the clock and `memory_bytes` each worker's address space. A worker that
    goes beyond is replaced, and only the document it was at is lost, as UnreadableDocument too_slow, too_much_memory or
    parser_crashed. Workers end with their pool, and within a second or two when its process is killed.
    """

    workers: int = 1
    seconds: float = 30
    memory_bytes: int = 2 * 1024**3
    _idle: list[_Worker] = field(default_factory=list, init=False, repr=False)
    _busy: dict[_Worker, _Job[Any]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.workers < 1 or self.seconds <= 0:
            raise ValueError("A parser pool needs at least one worker and a time limit above zero seconds.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def prepare(self) -> None:
        """Start a worker ahead of the first file: it takes a tenth of a second to be ready."""
        if not self._idle and not self._busy:
            self._idle.append(_Worker(self.seconds, self.memory_bytes))

    def close(self) -> None:
        """End all workers. The pool may be used again: it then starts new ones."""
        for worker in [*self._idle, *self._busy]:
            worker.end()
        self._idle.clear()
        self._busy.clear()

    def parse(self, raw: bytes, path: str, media_type: str | None = None) -> ParsedDocument:
        """As parsing.parse.parse, in a worker. Raises UnreadableDocument."""
        ((_, result),) = self.parse_many([(None, raw, path, media_type)])
        if isinstance(result, UnreadableDocument):
            raise result
        return result

    def parse_many(self, files: Iterable[tuple[Key, bytes, str, str | None]]) -> Iterator[tuple[Key, Outcome]]:
        """Parse (key, raw, path, media type) and yield (key, outcome) in the same order.

        Streams: `files` is read only as far ahead as keeps the workers busy, so that memory stays bounded. A refused
        file is yielded as its UnreadableDocument. Left before its end, it kills the workers that are still at a file.
        """
        if self._busy:
            raise RuntimeError("A parser pool can be at one series of files at a time: finish or leave the first one.")
        waiting: deque[_Job[Key]] = deque()
        source = iter(files)
        exhausted = False
        try:
            while waiting or not exhausted:
                while not exhausted and len(self._busy) < self.workers and len(waiting) < self.workers * _AHEAD:
                    file = next(source, None)
                    if file is None:
                        exhausted = True
                    else:
                        waiting.append(self._start(*file))
                if waiting and not self._busy and waiting[0].outcome is None:
                    raise RuntimeError("The parser pool was closed while it was at work.")
                while waiting and (result := waiting[0].outcome) is not None:
                    yield waiting.popleft().key, result
                if self._busy and (
                    len(self._busy) == self.workers or exhausted or len(waiting) >= self.workers * _AHEAD
                ):
                    self._step()
        finally:
            for worker in self._busy:
                worker.end()
            self._busy.clear()

    def _start(self, key: Key, raw: bytes, path: str, media_type: str | None) -> _Job[Key]:
        if len(raw) > MAX_RAW_BYTES:
            return _Job(key, refusal("too_large"))
        job = _Job(key)
        worker = self._idle.pop() if self._idle else _Worker(self.seconds, self.memory_bytes)
        try:
            worker.send(raw, path, media_type)
        except _WorkerDied:
            # It died between two files, so that this one is not to blame: a new worker gets it.
            worker.end()
            worker = _Worker(self.seconds, self.memory_bytes)
            try:
                worker.send(raw, path, media_type)
            except _WorkerDied:
                worker.end()
                job.outcome = refusal("parser_crashed")
                return job
        self._busy[worker] = job
        return job

    def _step(self) -> None:
        """Wait until a busy worker has something to say or has used up its time, and act on it."""
        with selectors.DefaultSelector() as selector:
            for worker in self._busy:
                selector.register(worker, selectors.EVENT_READ, worker)
            wait = min(worker.deadline for worker in self._busy) - time.monotonic()
            ready = [key.data for key, _ in selector.select(max(wait, 0))]
        for worker in ready:
            self._hear(worker)
        now = time.monotonic()
        for worker in [worker for worker in self._busy if worker.deadline <= now and worker not in ready]:
            self._replace(worker, refusal("too_slow"))

    def _hear(self, worker: _Worker) -> None:
        try:
            result = worker.receive()
        except _WorkerDied:
            self._replace(worker, refusal("parser_crashed"))
            return
        if result is None:
            return
        if isinstance(result, UnreadableDocument) and result.reason == "too_much_memory":
            # Its memory is full and in pieces; the next file deserves a fresh one.
            self._replace(worker, result)
            return
        self._busy.pop(worker).outcome = result
        self._idle.append(worker)

    def _replace(self, worker: _Worker, result: Outcome) -> None:
        self._busy.pop(worker).outcome = result
        worker.end()
