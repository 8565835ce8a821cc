"""No model is served unproven: only what was decided on record and is to the byte what was packaged, and it moves back."""

import base64
import json
import random
from pathlib import Path

import pytest

from assets.models.artifacts.packaging import package
from assets.platform import Platform, Settings
from tests.conftest import Installation
from tests.models.candidates import write_candidate

TASK = "job-category"


@pytest.fixture
def packaged(installation: Installation, tmp_path: Path) -> list[str]:
    """Two models; a gate of the second failed."""
    platform = Platform(Settings(home=installation.home))
    made = [
        package(platform, write_candidate(tmp_path / str(seed), seed=seed, failed=failed), f"run-{seed}").version
        for seed, failed in ((1, ()), (2, ("fair",)))
    ]
    platform.catalogue.close()
    return made


def test_a_model_is_promoted_by_hand_verified_and_rolled_back_on_record(
    installation: Installation, packaged: list[str]
) -> None:
    first, second = packaged
    promote = ("models", "promote")
    done = installation.json(*promote, first[:8], "--by", "Ada", "--why", "the first")
    assert (done["outcome"], done["champion"], done["decided_by"], done["why"]) == (
        "promoted",
        None,
        "Ada",
        "the first",
    )
    refused = installation.run(*promote, second, "--by", "Ada", "--why", "for a trial")
    assert refused.returncode == 1
    assert "did not pass fair" in refused.stderr
    unreasoned = installation.run(*promote, second)
    assert unreasoned.returncode == 2
    trial = installation.json(*promote, second, "--by", "Ada", "--why", "for a trial", "--despite-gates")
    assert (trial["outcome"], trial["despite_gates"], trial["champion"]) == ("promoted", True, first)

    listed = installation.json("models", "list", "--task", TASK)["models"]
    assert {each["version"]: each["champion"] for each in listed} == {first: False, second: True}
    back = installation.json("models", "rollback")
    assert (back["version"], back["kind"], back["outcome"]) == (first, "rollback", "promoted")
    shown = installation.json("models", "show", first[:8])
    assert shown["champion"] is True
    assert [each["kind"] for each in shown["decisions"]] == ["rollback", "hand"]
    assert shown["metrics"]["accuracy"] == 0.82
    assert installation.run("models", "rollback").returncode == 1
    people = (installation.run("models", "list"), installation.run("models", "show", first))
    assert all(each.returncode == 0 and first[:12] in each.stdout for each in people)


def test_one_byte_changed_in_any_artifact_is_refused_in_one_sentence(
    installation: Installation, packaged: list[str]
) -> None:
    version = packaged[0]
    found = installation.json("models", "verify", version[:8])
    assert (found["ok"], found["files"]) == (True, 13)
    assert len(base64.b64decode(found["signing_key"]["public_key"])) == 32
    place = installation.home / "objects" / "models" / TASK / version
    files = sorted(path for path in place.rglob("*") if path.is_file())
    chance = random.Random(20261123)
    for file in chance.sample(files, 2):
        data = file.read_bytes()
        byte = chance.randrange(len(data))
        file.write_bytes(data[:byte] + bytes([data[byte] ^ 1]) + data[byte + 1 :])
        for command in (("verify", version), ("promote", version, "--by", "Ada", "--why", "why not")):
            done = installation.run("models", *command)
            assert done.returncode == 1
            assert done.stderr.startswith(f"Error: the model {version[:12]} is refused (")
            assert "Traceback" not in done.stderr
        told = installation.run("models", "verify", version, "--json")
        assert json.loads(told.stdout)["ok"] is False
        file.write_bytes(data)
    assert installation.json("models", "verify", version)["ok"] is True
