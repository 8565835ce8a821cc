"""A served installation with dated, long and hostile documents, and `hrdp serve` on it in a process of its own."""

import json
import os
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assets.documents import registry
from assets.documents.sources.base import SourceSpec
from assets.platform import Platform, Settings
from orchestration.demo.repository import make_repository

PROJECT = Path(__file__).parents[2]
SECTIONS = 1_000
JURISDICTION = "\"><img src=x onerror='window.hit=1'>"


def manual(days: int) -> str:
    """A document of a thousand sections, of which one says how many days something takes."""
    sections = "".join(
        f"## Machine {number}\n\nThe guard of machine {number} is checked every {number % 7 + 2} weeks.\n\n"
        for number in range(SECTIONS)
        if number != 777
    )
    return (
        f"# Machine manual\n\n{sections}## Decalcifying\n\nThe tank is decalcified within {days} days of a warning.\n"
    )


def leave(days: int) -> str:
    return (
        f"# Leave\n\n## Vacation\n\nFull-time employees earn {days} days of vacation in a calendar year. 🌴\n\n"
        "## Carry-over\n\nUp to 8 unused days are carried over into the next year.\n\n"
        "## Sick leave\n\nEmployees may use sick leave for:\n\n- their own illness or injury; or\n"
        "- the care of a child under 12 years of age.\n"
    )


REVISIONS = {
    "2023-01-01": {"leave.md": leave(18), "manual.md": manual(14)},
    "2024-04-01": {"leave.md": leave(21), "manual.md": manual(10)},
}

HOSTILE = """Visitors <script>window.hit = 1</script>

Visitors <img src=x onerror="window.hit=1"> sign the book at the gate <a href="javascript:window.hit=1">before</a>
9:00 </mark></p>
<script>window.hit = 1</script> and wear a badge.
"""

MASKS = """---
valid_from: 2020-04-01
valid_to: 2022-04-01
---
# Mask order

Every employee wears a medical mask in closed rooms of the plant.
"""


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Platform:
    """The documents, served. Tests ask and change nothing else."""
    from assets.index import refresh

    folder = tmp_path_factory.mktemp("service")
    for date, files in REVISIONS.items():
        for path, text in files.items():
            target = folder / "revisions" / date / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
    rules = folder / "rules"
    rules.mkdir()
    (rules / "visitors.txt").write_text(HOSTILE, encoding="utf-8")
    (rules / "masks.md").write_text(MASKS, encoding="utf-8")
    repository = make_repository(folder / "revisions", folder / "handbook.git")
    platform = Platform(Settings(home=folder / "home"))
    registry.add(platform.catalogue, SourceSpec("handbook", "handbook", str(repository)))
    registry.add(platform.catalogue, SourceSpec("rules", "regulation", str(rules), jurisdiction=JURISDICTION))
    for name in ("handbook", "rules"):
        refresh.stage_documents(platform, name, f"run-{name}", full=False)
        refresh.stage_chunks(platform, name, f"run-{name}")
        refresh.embed(platform, name, f"run-{name}")
        refresh.write_and_serve(platform, name, f"run-{name}")
        platform.release()
    return platform


class Service:
    """`hrdp serve`, running; what it prints goes to files."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HRDP_", "DAGSTER_"))}
        self.errors = folder / "errors.txt"
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "orchestration.command_line.main", "serve", "--port", "0", "--json", *arguments],
                env={**kept, "PYTHONPATH": str(PROJECT), **environment},
                cwd=PROJECT,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        assert self.process.stdout is not None
        self.output = b""
        while not self.output.endswith(b"}\n"):
            assert select.select([self.process.stdout], [], [], 120)[0], "the service did not start"
            part = os.read(self.process.stdout.fileno(), 4096)
            assert part, self.errors.read_text()
            self.output += part
        self.url: str = json.loads(self.output)["url"]

    def stop(self) -> str:
        """Stops it as Ctrl+C does, and gives back all that it printed."""
        self.process.send_signal(2)
        rest, _ = self.process.communicate(timeout=60)
        return (self.output + rest).decode() + self.errors.read_text()


@pytest.fixture(scope="session")
def service(served: Platform, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service on its own machine, without a key."""
    running = Service(tmp_path_factory.mktemp("running"), HRDP_HOME=str(served.home))
    yield running
    running.stop()


@pytest.fixture
def start(served: Platform, tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Starts further services on the same documents."""
    started: list[Service] = []

    def begin(*arguments: str, **environment: str) -> Service:
        started.append(Service(tmp_path, *arguments, **{"HRDP_HOME": str(served.home), **environment}))
        return started[-1]

    yield begin
    for each in started:
        if each.process.poll() is None:
            each.stop()
