"""One byte changed in any file of a model, in the store or in the local copy, and it is refused."""

from pathlib import Path

import pytest

from assets.models.artifacts.loading import load
from assets.models.artifacts.packaging import Version, package, verify
from assets.models.artifacts.verifying import ModelDamaged
from assets.platform import Platform
from tests.models.candidates import write_candidate


@pytest.fixture
def made(platform: Platform, tmp_path: Path) -> Version:
    return package(platform, write_candidate(tmp_path / "candidate"), "run")


def flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def places(data: bytes) -> list[int]:
    """The first, some between and the last."""
    return sorted({0, len(data) // 3, len(data) // 2, len(data) - 2, len(data) - 1})


def test_one_byte_of_any_stored_file_changed_is_refused_and_put_back_is_accepted(
    platform: Platform, made: Version
) -> None:
    load(platform, made.version)
    keys = [info.key for info in platform.objects.list(made.address)]
    assert len(keys) == 15
    for key in keys:
        data = platform.objects.get(key)
        for place in places(data):
            platform.objects.put(key, flipped(data, place))
            with pytest.raises(ModelDamaged):
                verify(platform, made.version)
            with pytest.raises(ModelDamaged):
                load(platform, made.version)
        platform.objects.put(key, data)
    assert verify(platform, made.version).version == made.version
    assert load(platform, made.version).name == made.version


def test_every_byte_of_the_signature_counts(platform: Platform, made: Version) -> None:
    key = made.address + "signature.json"
    data = platform.objects.get(key)
    for place in range(0, len(data), 7):
        platform.objects.put(key, flipped(data, place))
        with pytest.raises(ModelDamaged, match=r"signature\.json"):
            verify(platform, made.version)
    for other in (data + b"\n", b" " + data, data.replace(b",", b", ", 1)):
        platform.objects.put(key, other)
        with pytest.raises(ModelDamaged, match=r"signature\.json"):
            verify(platform, made.version)


def test_one_byte_of_any_local_file_changed_is_refused(platform: Platform, made: Version) -> None:
    folder = load(platform, made.version)
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    assert len(files) == 15
    for file in files:
        data = file.read_bytes()
        for place in places(data):
            file.write_bytes(flipped(data, place))
            with pytest.raises(ModelDamaged, match="remove the folder"):
                load(platform, made.version)
        file.write_bytes(data)
    assert load(platform, made.version) == folder


def test_a_file_too_many_or_too_few_is_refused(platform: Platform, made: Version) -> None:
    folder = load(platform, made.version)
    (folder / "served" / "more.onnx").write_bytes(b"more")
    with pytest.raises(ModelDamaged, match="does not belong to it"):
        load(platform, made.version)
    (folder / "served" / "more.onnx").unlink()
    platform.objects.put(made.address + "more.py", b"more")
    for refused in (load, verify):
        with pytest.raises(ModelDamaged, match="does not belong to it"):
            refused(platform, made.version)
    platform.objects.delete(made.address + "more.py")
    platform.objects.delete(made.address + "plots/confusion_matrix.png")
    for refused in (load, verify):
        with pytest.raises(ModelDamaged, match="is missing"):
            refused(platform, made.version)


def test_a_model_with_another_ones_signature_is_refused(platform: Platform, made: Version, tmp_path: Path) -> None:
    other = package(platform, write_candidate(tmp_path / "other", seed=2), "run")
    platform.objects.put(made.address + "signature.json", platform.objects.get(other.address + "signature.json"))
    with pytest.raises(ModelDamaged, match="not about this model"):
        verify(platform, made.version)


def test_a_model_signed_with_a_key_that_is_not_known_here_is_refused(
    platform: Platform, made: Version, tmp_path: Path
) -> None:
    stranger = Platform(type(platform.settings)(home=tmp_path / "elsewhere"))
    same = package(stranger, write_candidate(tmp_path / "same"), "run")
    assert same.version == made.version
    platform.objects.put(made.address + "signature.json", stranger.objects.get(same.address + "signature.json"))
    with pytest.raises(ModelDamaged, match="not known here"):
        load(platform, made.version)


def test_what_a_killed_fetch_left_is_replaced_and_a_removed_copy_fetched_again(
    platform: Platform, made: Version
) -> None:
    place = platform.home / "served" / made.task
    (place / f"{made.version}.unfinished" / "served").mkdir(parents=True)
    (place / f"{made.version}.unfinished" / "served" / "stray.onnx").write_bytes(b"half")
    folder = load(platform, made.version)
    assert sorted(each.name for each in place.iterdir()) == [made.version, f"{made.version}.json"]
    (folder / "tokenizer.json").write_bytes(b"other")
    for file in sorted(folder.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    folder.rmdir()
    assert load(platform, made.version) == folder
