"""What tests of several rooms share: an installation in a folder of its own, the command line, and the real data."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from assets.documents import registry
from assets.documents.sources.base import SourceSpec
from assets.index import refresh
from assets.platform import Platform, Settings

if TYPE_CHECKING:
    import dagster as dg

    Tick = Callable[..., dg.SensorResult]

_NOBODY = 65534
PROJECT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("HRDP_SHARED_DATA") or PROJECT.parent / "shared" / "data")


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    """A fresh installation."""
    return Platform(Settings(home=tmp_path / "home"))


class Installation:
    """A fresh installation that is used as its users do, through `hrdp` in a process of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("HRDP_", "DAGSTER_"))},
            "HRDP_HOME": str(home),
            "PYTHONPATH": str(PROJECT),
        }

    def start(self, *arguments: str, **options: Any) -> "subprocess.Popen[str]":
        """Starts a command and returns at once."""
        command = [sys.executable, "-m", "orchestration.command_line.main", *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        return subprocess.Popen(command, env=self.environment, cwd=PROJECT, text=True, **pipes)

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Runs a command to its end."""
        process = self.start(*arguments)
        output, errors = process.communicate(timeout=900)
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    def json(self, *arguments: str) -> Any:
        """The JSON that a command prints; it has to end well."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, f"hrdp {' '.join(arguments)}: {done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        return json.loads(done.stdout)


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """A fresh installation for the command line."""
    return Installation(tmp_path / "home")


@pytest.fixture
def shared_data() -> Path:
    """The folder of real data; a test that needs it is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"the real data is not at {SHARED} (set HRDP_SHARED_DATA)")
    return SHARED


@pytest.fixture
def ordinary_folder() -> Iterator[Path]:
    """A folder of a user for whom permissions hold: root's tests run as `nobody` meanwhile."""
    folder = Path(tempfile.mkdtemp())
    is_root = os.geteuid() == 0
    if is_root:
        os.chown(folder, _NOBODY, _NOBODY)
        os.seteuid(_NOBODY)
    try:
        yield folder
    finally:
        if is_root:
            os.seteuid(0)
        shutil.rmtree(folder)


@pytest.fixture
def refreshed() -> Callable[..., refresh.RefreshResult]:
    """Refreshes a source step by step in this process, as the Dagster job does."""
    count = 0

    def run(platform: Platform, source_name: str, *, full: bool = False) -> refresh.RefreshResult:
        nonlocal count
        count += 1
        run_id = f"run-{count}"
        try:
            refresh.stage_documents(platform, source_name, run_id, full=full)
            refresh.stage_chunks(platform, source_name, run_id)
            refresh.embed(platform, source_name, run_id)
            return refresh.write_and_serve(platform, source_name, run_id)
        finally:
            platform.release()

    return run


@pytest.fixture
def instance() -> "Iterator[dg.DagsterInstance]":
    """A Dagster instance of the test's own."""
    import dagster as dg

    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def tick_of(
    platform: Platform, instance: "dg.DagsterInstance", monkeypatch: pytest.MonkeyPatch
) -> "Callable[[Any], Tick]":
    """Makes a sensor one that is evaluated on the fixture's platform; its partition requests are applied as the daemon does."""
    import dagster as dg

    from orchestration.definitions import definitions

    monkeypatch.setenv("HRDP_HOME", str(platform.home))
    repository = definitions().get_repository_def()

    def of(sensor: Any) -> "Tick":
        def run(cursor: str | None = None) -> dg.SensorResult:
            context = dg.build_sensor_context(instance=instance, cursor=cursor, repository_def=repository)
            result: Any = sensor(context)
            for request in result.dynamic_partitions_requests or []:
                if isinstance(request, dg.AddDynamicPartitionsRequest):
                    instance.add_dynamic_partitions(request.partitions_def_name, request.partition_keys)
                else:
                    for key in request.partition_keys:
                        instance.delete_dynamic_partition(request.partitions_def_name, key)
            return result  # type: ignore[no-any-return]

        return run

    return of


@pytest.fixture
def handbook(tmp_path: Path, platform: Platform) -> Path:
    """A registered source `handbook`: a folder of three small documents."""
    folder = tmp_path / "handbook"
    folder.mkdir()
    (folder / "leave.md").write_text(
        "# Leave\n\n## Annual leave\n\nEveryone earns twenty days of annual leave a year.\n\n"
        "## Sick leave\n\nSick leave is paid for six weeks.\n"
    )
    (folder / "hours.md").write_text("# Working hours\n\nThe week has thirty-eight hours.\n")
    (folder / "travel.md").write_text("# Travel\n\nTrains are booked in second class.\n")
    registry.add(platform.catalogue, SourceSpec("handbook", "handbook", str(folder)))
    return folder
