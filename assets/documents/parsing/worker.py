"""A parser process: takes files on its standard input, answers with documents on its standard output.

A frame is two lengths of 4 and 8 bytes, big-endian, then JSON of the first length and bytes of the second.
"""

import json
import os
import resource
import select
import signal
import struct
import sys
import threading
from typing import Any, BinaryIO

from assets.documents.model import Block, BlockKind, ParsedDocument, UnreadableDocument

LENGTHS = struct.Struct(">IQ")
_LOOK_SECONDS = 1.0


def frame(head: dict[str, Any], body: bytes) -> bytes:
    """One message as bytes."""
    encoded = json.dumps(head).encode()
    return LENGTHS.pack(len(encoded), len(body)) + encoded + body


def answer(raw: bytes, path: str, media_type: str | None) -> bytes:
    """The framed outcome of parsing one file: a document or a refusal."""
    from assets.documents.parsing.parse import parse

    try:
        document = parse(raw, path, media_type)
    except UnreadableDocument as error:
        return frame({"reason": error.reason, "advice": error.advice}, b"")
    head = {
        "title": document.title,
        "media_type": document.media_type,
        "valid_from": document.valid_from.isoformat() if document.valid_from else None,
        "valid_to": document.valid_to.isoformat() if document.valid_to else None,
        "blocks": [[block.kind.value, block.start, block.end, block.level] for block in document.blocks],
    }
    return frame(head, document.text.encode())


def outcome(head: dict[str, Any], body: bytes) -> ParsedDocument | UnreadableDocument:
    """What a worker's answer says."""
    from datetime import datetime

    if "reason" in head:
        return UnreadableDocument(head["reason"], head["advice"])
    valid_from, valid_to = (
        datetime.fromisoformat(head[key]) if head[key] else None for key in ("valid_from", "valid_to")
    )
    blocks = tuple(Block(BlockKind(kind), start, end, level) for kind, start, end, level in head["blocks"])
    return ParsedDocument(body.decode(), blocks, head["title"], head["media_type"], valid_from, valid_to)


def main() -> None:
    """Serve until standard input ends. Arguments: seconds of processor time a file, bytes of memory."""
    seconds, memory_bytes = float(sys.argv[1]), int(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory(memory_bytes)
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    # Whatever a library prints must not end up between the frames.
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while (lengths := requests.read(LENGTHS.size)) and len(lengths) == LENGTHS.size:
        _limit_processor(seconds)
        reply = _serve(requests, *LENGTHS.unpack(lengths))
        answers.write(reply)
        answers.flush()


def _serve(requests: BinaryIO, head_length: int, body_length: int) -> bytes:
    try:
        head = json.loads(requests.read(head_length))
        return answer(requests.read(body_length), head["path"], head["media_type"])
    except MemoryError:
        from assets.documents.parsing.refusals import ADVICE

        return frame({"reason": "too_much_memory", "advice": ADVICE["too_much_memory"]}, b"")


def _limit_memory(memory_bytes: int) -> None:
    try:
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    except (ValueError, OSError):
        # Some systems have no such limit; the limits on size, growth and time hold there all the same.
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_processor(seconds: float) -> None:
    # The pool kills a slow worker itself; this ends one that computes on after its parent was killed.
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _end_with_parent(parent: int) -> None:
    # Linux can signal a child when its parent dies, but means the parent's thread, which may end long before the pool
    # does.
    poll = select.poll()
    poll.register(0, 0)
    while not poll.poll(_LOOK_SECONDS * 1000) and os.getppid() == parent:
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
