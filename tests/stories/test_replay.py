"""Promises 1 and 9 on a real Dagster instance and daemon: a law's revisions, one by one, as the sensor notices them."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from assets.lineage.catalogue import Catalogue
from tests.conftest import PROJECT, Installation

REVISIONS = int(os.environ.get("HRDP_REPLAY_REVISIONS", "4"))
"""How many revisions are replayed, the newest ones; the whole history takes `make replay`."""


@contextmanager
def daemon(
    installation: Installation, module: str = "orchestration.definitions", settings: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Dagster's daemon on this project's definitions, with the sensors and schedules running; gone at the end."""
    home = installation.run("dagster-home").stdout.strip()
    environment = {
        **installation.environment,
        "DAGSTER_HOME": home,
        "HRDP_LOOK_SECONDS": "1",
        "HRDP_RETRY_SECONDS": "5",
        **(settings or {}),
    }
    with (installation.home / "daemon.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "dagster._daemon", "run", "-m", module],
            env=environment,
            cwd=PROJECT,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def fingerprint(installation: Installation) -> str | None:
    """The commit that the served generation was built from."""
    with sqlite3.connect(installation.home / "catalogue.db", timeout=60) as connection:
        [found] = connection.execute("SELECT fingerprint FROM sources WHERE name = 'law'").fetchone()
    return None if found is None else str(found)


def git(repository: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(repository), *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_each_revision_is_noticed_once_and_no_text_is_embedded_twice(
    installation: Installation, tmp_path: Path, shared_data: Path
) -> None:
    repository = tmp_path / "law.git"
    bundle = shared_data / "regulations" / "dc-code-title-32.bundle"
    subprocess.run(["git", "clone", "--quiet", "--bare", "-b", "main", str(bundle), str(repository)], check=True)
    commits = git(repository, "rev-list", "--first-parent", "--reverse", "main").splitlines()
    replayed = commits[-REVISIONS:] if len(commits) > REVISIONS else commits
    first = commits[-REVISIONS - 1] if len(commits) > REVISIONS else commits[0]
    git(repository, "update-ref", "refs/heads/main", first)
    installation.home.mkdir()
    Catalogue(f"sqlite:///{installation.home / 'catalogue.db'}").close()
    installation.json("source", "add", "law", str(repository), "--kind", "regulation")
    with daemon(installation):
        for commit in [first, *(commit for commit in replayed if commit != first)]:
            git(repository, "update-ref", "refs/heads/main", commit)
            deadline = time.monotonic() + 300
            while fingerprint(installation) != commit:
                assert time.monotonic() < deadline, (installation.home / "daemon.log").read_text()[-4000:]
                time.sleep(0.2)
        # Ticks that find nothing new have to launch nothing.
        time.sleep(15)
    with sqlite3.connect(installation.home / "catalogue.db") as connection:
        results = [json.loads(row[0]) for row in connection.execute("SELECT result FROM refreshes ORDER BY at")]
        [texts] = connection.execute("SELECT count(DISTINCT text_hash) FROM chunks").fetchone()
        [vectors] = connection.execute("SELECT sum(vectors) FROM segments").fetchone()
    assert len(results) == len({first, *replayed})
    assert sum(result["embedded"] for result in results) == texts == vectors
    report = installation.json("verify")
    assert report["ok"]
