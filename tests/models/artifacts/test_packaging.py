"""A candidate's folder becomes a version: the same bytes the same one, described, signed, and found again."""

import base64
import json
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from assets.lineage import ledger
from assets.models.artifacts.finding import NoModel, find, packaged
from assets.models.artifacts.manifest import CandidateIncomplete
from assets.models.artifacts.packaging import package, verify
from assets.models.artifacts.signing_key import SigningKeyWrong, accept, trusted_keys
from assets.platform import BadSetting, Platform, Settings
from assets.storage.hashing import content_hash
from tests.models.candidates import write_candidate

SEED = base64.b64encode(bytes(range(32))).decode()
OTHER = base64.b64encode(bytes(32)).decode()


def test_the_same_files_are_the_same_version_in_any_installation(tmp_path: Path) -> None:
    one, other = (Platform(Settings(home=tmp_path / name)) for name in ("one", "other"))
    first = package(one, write_candidate(tmp_path / "a", seed=1), "run-1")
    second = package(other, write_candidate(tmp_path / "b", seed=1), "run-2")
    assert first.version == second.version
    assert package(one, write_candidate(tmp_path / "c", seed=2), "run-3").version != first.version


def test_the_version_is_the_hash_of_a_manifest_that_names_every_file(platform: Platform, tmp_path: Path) -> None:
    candidate = write_candidate(tmp_path / "candidate")
    made = package(platform, candidate, "run")
    stored = {info.key.removeprefix(made.address) for info in platform.objects.list(made.address)}
    manifest = platform.objects.get(made.address + "manifest.json")
    named = json.loads(manifest)["files"]
    assert content_hash(manifest) == made.version
    assert stored == {*named, "manifest.json", "signature.json"}
    assert {"model_card.md", "bill_of_materials.json", "plots/confusion_matrix.png", "calibration.json"} <= stored
    for name, file in named.items():
        data = platform.objects.get(made.address + name)
        assert (content_hash(data), len(data)) == (file["sha256"], file["size"])


def test_packaged_again_nothing_is_added(platform: Platform, tmp_path: Path) -> None:
    candidate = write_candidate(tmp_path / "candidate")
    first, again = (package(platform, candidate, run) for run in ("run-1", "run-2"))
    assert (first.is_new, again.is_new) == (True, False)
    with platform.catalogue.read() as connection:
        (known,) = packaged(connection)
        (entry,) = ledger.entries(connection, subject=f"model/{first.version}")
    assert (known.run_id, entry["kind"]) == ("run-1", "model.packaged")


def test_what_a_killed_call_left_half_is_completed(platform: Platform, tmp_path: Path) -> None:
    candidate = write_candidate(tmp_path / "candidate")
    made = package(platform, candidate, "run")
    platform.objects.delete(made.address + "signature.json")
    platform.objects.put(made.address + "head.safetensors", b"half")
    package(platform, candidate, "run")
    assert verify(platform, made.version).version == made.version


def test_a_model_is_found_by_its_first_eight_characters(platform: Platform, tmp_path: Path) -> None:
    made = package(platform, write_candidate(tmp_path / "candidate"), "run")
    with platform.catalogue.read() as connection:
        assert find(connection, made.version[:8].upper()).version == made.version
        for wrong in ("abc", "zzzzzzzz", "0" * 64):
            with pytest.raises(NoModel):
                find(connection, wrong)


def test_the_bill_of_materials_holds_against_the_standards_strict_schema(platform: Platform, tmp_path: Path) -> None:
    candidate = write_candidate(tmp_path / "candidate")
    package(platform, candidate, "run")
    text = (candidate / "bill_of_materials.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    model = json.loads(text)["metadata"]["component"]
    metrics = {each["type"]: each for each in model["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]}
    assert metrics["accuracy"]["confidenceInterval"] == {"lowerBound": "0.78", "upperBound": "0.86"}
    hashes = {each["name"]: each["hashes"][0]["content"] for each in model["components"]}
    assert hashes["head.safetensors"] == content_hash((candidate / "head.safetensors").read_bytes())


def test_the_card_says_what_the_model_is_not_for_and_calls_a_counterfactual_test_one(
    platform: Platform, tmp_path: Path
) -> None:
    candidate = write_candidate(tmp_path / "candidate", failed=("fair",))
    package(platform, candidate, "run")
    card = (candidate / "model_card.md").read_text()
    assert "| accuracy | 0.82 | 0.78 to 0.86 |" in card
    assert "| accuracy | 0.63 | 0.58 to 0.68 |" in card
    assert "| CHEF | 0.9 | 0.8 | 0.85 | 12 |" in card
    assert "| name | 50 | 0.01 |" in card
    assert "deciding about a person" in card
    assert "ONNX, int8. Its eight-bit weights hold no text: what they keep of the training texts follows from" in card
    assert "counterfactual test" in card
    assert "It is no audit" in card
    assert "| fair | **no** | 0.2 | 0.05 |" in card
    assert "![confusion matrix](plots/confusion_matrix.png)" in card


def test_the_signature_is_an_in_toto_statement_that_others_can_verify(platform: Platform, tmp_path: Path) -> None:
    candidate = write_candidate(tmp_path / "candidate")
    made = package(platform, candidate, "run")
    envelope: dict[str, Any] = json.loads((candidate / "signature.json").read_bytes())
    payload = base64.b64decode(envelope["payload"])
    (entry,) = envelope["signatures"]
    with platform.catalogue.read() as connection:
        public_key = trusted_keys(connection)[entry["keyid"]]
    kind = envelope["payloadType"]
    signed = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
    Ed25519PublicKey.from_public_bytes(public_key).verify(base64.b64decode(entry["sig"]), signed)
    digests = {each["name"]: each["digest"]["sha256"] for each in json.loads(payload)["subject"]}
    assert digests["manifest.json"] == made.version
    assert digests["served/encoder.onnx"] == content_hash((candidate / "served" / "encoder.onnx").read_bytes())


def test_a_key_is_made_once_for_its_owner_alone(platform: Platform, tmp_path: Path) -> None:
    package(platform, write_candidate(tmp_path / "a", seed=1), "run")
    file = platform.home / "signing.key"
    made = file.read_bytes()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    package(Platform(platform.settings), write_candidate(tmp_path / "b", seed=2), "run")
    assert file.read_bytes() == made


def test_another_key_is_noticed_until_it_is_accepted_and_old_signatures_stay_valid(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = package(Platform(Settings(home=home, signing_key=SEED)), write_candidate(tmp_path / "a", seed=1), "run")
    platform = Platform(Settings(home=home, signing_key=OTHER))
    candidate = write_candidate(tmp_path / "b", seed=2)
    with pytest.raises(SigningKeyWrong, match="accept-key"):
        package(platform, candidate, "run")
    accept(platform.catalogue, home / "signing.key", OTHER)
    second = package(platform, candidate, "run")
    assert verify(platform, first.version).key_id != verify(platform, second.version).key_id
    with pytest.raises(SigningKeyWrong):
        package(Platform(Settings(home=home, signing_key=SEED)), candidate, "run")


def test_a_key_that_is_gone_is_missed(platform: Platform, tmp_path: Path) -> None:
    made = package(platform, write_candidate(tmp_path / "a", seed=1), "run")
    (platform.home / "signing.key").unlink()
    again = Platform(platform.settings)
    assert verify(again, made.version).version == made.version
    with pytest.raises(SigningKeyWrong, match="is gone"):
        package(again, write_candidate(tmp_path / "b", seed=2), "run")


def test_a_setting_that_is_no_key_is_told() -> None:
    with pytest.raises(BadSetting, match="HRDP_SIGNING_KEY"):
        Settings.from_environment({"HRDP_SIGNING_KEY": "short"})


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda folder: (folder / "head.safetensors").unlink(), "head.safetensors is missing"),
        (lambda folder: shutil.rmtree(folder / "served"), "served/encoder.onnx"),
        (lambda folder: (folder / "served" / "encoder.onnx").write_bytes(b"other"), "not the one that"),
        (lambda folder: (folder / "metrics.json").write_text("{}"), "does not say gates"),
        (lambda folder: (folder / "settings.json").write_text("["), "no JSON object"),
    ],
)
def test_a_candidate_that_is_not_whole_is_not_packaged(
    platform: Platform, tmp_path: Path, spoil: Any, told: str
) -> None:
    candidate = write_candidate(tmp_path / "candidate")
    spoil(candidate)
    with pytest.raises(CandidateIncomplete, match=told):
        package(platform, candidate, "run")
    assert list(platform.objects.list("models/")) == []
