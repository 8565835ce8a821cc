"""Of several promotions at once exactly one wins, in one installation and between installations that share an object store."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from assets.models.artifacts.packaging import package
from assets.models.promotion import pointer
from assets.models.promotion.decisions import decided
from assets.platform import Platform, Settings
from tests.conftest import PROJECT
from tests.models.candidates import write_candidate

TASK = "job-category"
KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
PROMOTING = """
import sys
from pathlib import Path
from assets.models.promotion.decisions import Hand
from assets.models.promotion.promoting import promote_by_hand
from assets.platform import Platform, Settings
home, objects, key, version = sys.argv[1:]
platform = Platform(Settings(home=Path(home), objects=objects, signing_key=key))
platform.catalogue, platform.objects, platform.vault
print("ready", flush=True)
sys.stdin.readline()
decision = promote_by_hand(platform, "job-category", version, Hand("A", "b"), champion=None)
print(decision.outcome, flush=True)
"""


def outcomes(promotions: list[tuple[Path, str]], objects: str) -> list[str]:
    """Starts a process for each home and version, lets all go at the same moment, and gives what each was told."""
    processes: list[Any] = []
    for home, version in promotions:
        command = [sys.executable, "-c", PROMOTING, str(home), objects, KEY, version]
        environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        processes.append(subprocess.Popen(command, env=environment, cwd=PROJECT, text=True, **pipes))
    try:
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        told = [process.communicate(timeout=300)[0].strip() for process in processes]
        assert [process.returncode for process in processes] == [0] * len(processes)
        return told
    finally:
        for process in processes:
            process.kill()


def versions_in(homes: list[Path], objects: str, count: int, folder: Path) -> list[str]:
    """Packages so many models, each in every installation; gives their versions."""
    made = []
    for seed in range(count):
        candidate = write_candidate(folder / f"candidate-{seed}", seed=seed)
        for home in homes:
            made.append(
                package(Platform(Settings(home=home, objects=objects, signing_key=KEY)), candidate, "run").version
            )
    return list(dict.fromkeys(made))


def test_of_three_promotions_at_once_one_wins_and_the_others_are_recorded_as_refused(tmp_path: Path) -> None:
    home, objects = tmp_path / "home", (tmp_path / "objects").as_uri()
    versions = versions_in([home], objects, 3, tmp_path)
    assert sorted(outcomes([(home, version) for version in versions], objects)) == ["promoted", "refused", "refused"]
    platform = Platform(Settings(home=home, objects=objects))
    with platform.catalogue.read() as connection:
        decisions = decided(connection, TASK)
    (winner,) = [each for each in decisions if each.outcome == "promoted"]
    served = pointer.read(platform.objects, TASK)
    assert served is not None
    assert (served.version, served.decision) == (winner.version, winner.decision)
    for loser in decisions:
        if loser is not winner:
            assert [gate.name for gate in loser.failed] == ["champion_unchanged"]


def test_installations_that_share_only_the_object_store_cannot_both_win(tmp_path: Path) -> None:
    homes, objects = [tmp_path / "one", tmp_path / "other"], (tmp_path / "objects").as_uri()
    versions = versions_in(homes, objects, 2, tmp_path)
    told = outcomes(list(zip(homes, versions, strict=True)), objects)
    assert told.count("promoted") == 1
    assert set(told) <= {"promoted", "refused", "overtaken"}
    served = json.loads((tmp_path / "objects" / "models" / TASK / "champion.json").read_bytes())
    assert served["version"] == versions[told.index("promoted")]
