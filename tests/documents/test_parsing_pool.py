"""The pool: order, bounds on time and memory, crashes that cost one document, and no process left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from assets.documents.model import ParsedDocument, UnreadableDocument
from assets.documents.parsing.parse import parse
from assets.documents.parsing.pool import ParserPool

SLOW = b"- *a* [b](c) `d`\n" * 250_000
PROJECT = Path(__file__).resolve().parents[2]


def workers() -> list[psutil.Process]:
    def is_worker(process: psutil.Process) -> bool:
        try:
            return "assets.documents.parsing.worker" in process.cmdline()
        except psutil.Error:
            return False

    return [process for process in psutil.Process().children() if is_worker(process)]


def reason(outcome: ParsedDocument | UnreadableDocument) -> str:
    return outcome.reason if isinstance(outcome, UnreadableDocument) else "read"


def test_a_worker_gives_what_the_parser_gives() -> None:
    raw = "---\ntitle: Leave\nvalid_from: 2024-01-01\n---\n\n- Ünïcode\n\n| a | b |\n|-|-|\n| 1 | 2 |\n".encode()
    with ParserPool() as pool:
        assert pool.parse(raw, "a.md") == parse(raw, "a.md")
        with pytest.raises(UnreadableDocument) as caught:
            pool.parse(b"", "a.md", "text/markdown")
    assert caught.value.reason == "empty"


def test_many_documents_come_in_order_while_files_are_read_only_a_little_ahead() -> None:
    taken = 0

    def files() -> Iterator[tuple[int, bytes, str, None]]:
        nonlocal taken
        for number in range(200):
            taken = number
            # Every third is a hundred times the work of the others, so that workers finish out of turn.
            yield (
                number,
                b"# Rule %d\n\n" % number + b"word " * (20_000 if number % 3 == 0 else 200),
                f"{number}.md",
                None,
            )

    with ParserPool(workers=2) as pool:
        for expected, (number, document) in enumerate(pool.parse_many(files())):
            assert number == expected
            assert isinstance(document, ParsedDocument)
            assert document.title == f"Rule {number}"
            assert taken - number < 100
        assert len(workers()) == 2
    assert not workers()


def test_a_document_that_takes_too_long_costs_only_itself() -> None:
    with ParserPool(workers=1, seconds=0.5) as pool:
        outcomes = dict(
            pool.parse_many([("a", b"one", "a.txt", None), ("b", SLOW, "b.md", None), ("c", b"three", "c.txt", None)])
        )
    assert {key: reason(outcome) for key, outcome in outcomes.items()} == {"a": "read", "b": "too_slow", "c": "read"}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds a process's address space")
def test_a_document_that_needs_too_much_memory_costs_only_itself() -> None:
    files = [("a", b"one", "a.txt", None), ("b", SLOW * 5, "b.md", None), ("c", b"three", "c.txt", None)]
    with ParserPool(workers=1, memory_bytes=400 * 1024 * 1024) as pool:
        outcomes = dict(pool.parse_many(files))
    assert {key: reason(outcome) for key, outcome in outcomes.items()} == {
        "a": "read",
        "b": "too_much_memory",
        "c": "read",
    }


def test_a_worker_that_is_killed_costs_only_the_document_it_was_at() -> None:
    def files() -> Iterator[tuple[str, bytes, str, None]]:
        yield "a", SLOW, "a.md", None
        workers()[0].kill()
        yield "b", b"two", "b.txt", None

    with ParserPool(workers=2, seconds=20) as pool:
        outcomes = dict(pool.parse_many(files()))
    assert {key: reason(outcome) for key, outcome in outcomes.items()} == {"a": "parser_crashed", "b": "read"}


def test_a_worker_that_died_between_two_documents_costs_none() -> None:
    with ParserPool() as pool:
        assert pool.parse(b"one", "a.txt").text == "one"
        (worker,) = workers()
        worker.kill()
        worker.wait(5)
        assert pool.parse(b"two", "a.txt").text == "two"


def test_leaving_early_leaves_the_pool_usable() -> None:
    with ParserPool(workers=2, seconds=20) as pool:
        for _ in pool.parse_many([(1, b"one", "a.txt", None), (2, SLOW, "b.md", None), (3, SLOW, "c.md", None)]):
            break
        assert pool.parse(b"two", "a.txt").text == "two"
    assert not workers()


def test_a_second_series_in_the_midst_of_a_first_is_refused() -> None:
    with ParserPool(workers=2, seconds=20) as pool:
        for _ in pool.parse_many([(1, b"one", "a.txt", None), (2, SLOW, "b.md", None)]):
            with pytest.raises(RuntimeError, match="one series of files at a time"):
                pool.parse(b"two", "a.txt")
            break


def test_no_worker_outlives_a_killed_parent() -> None:
    program = (
        "import json, psutil, sys, time\n"
        "from assets.documents.parsing.pool import ParserPool\n"
        "pool = ParserPool(workers=2)\n"
        "files = iter([(1, b'one', 'a.txt', None), (2, b'- *a* [b](c)\\n' * 600_000, 'b.md', None)])\n"
        "def watched():\n"
        "    yield next(files)\n"
        "    yield next(files)\n"
        "    print(json.dumps([child.pid for child in psutil.Process().children()]), flush=True)\n"
        "    time.sleep(60)\n"
        "list(pool.parse_many(watched()))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment)
    assert parent.stdout is not None
    pids = json.loads(parent.stdout.readline())
    assert len(pids) == 2
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 15
    while any(_runs(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_worker_is_light_and_sees_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-for-parsers")
    with ParserPool() as pool:
        pool.parse(b"one", "a.txt")
        (worker,) = workers()
        assert "AWS_SECRET_ACCESS_KEY" not in worker.environ()
    listing = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, assets.documents.parsing.worker, assets.documents.parsing.parse; print(*sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )
    heavy = {"dagster", "torch", "numpy", "pandas", "lxml", "pypdfium2", "docx", "sqlalchemy", "markdown_it"}
    assert not heavy & {name.split(".")[0] for name in listing.stdout.split()}


def _runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
