"""Copies of models on this machine: the champion's and the one before stay, what is out of use goes and can be fetched again."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from assets.models.artifacts import local_copies
from assets.models.artifacts.loading import load
from assets.models.artifacts.packaging import package
from assets.models.promotion.champion import champion, load_champion
from assets.models.promotion.decisions import Hand
from assets.models.promotion.promoting import promote_by_hand, rollback
from assets.platform import Platform
from tests.models.candidates import write_candidate

TASK = "job-category"
HAND = Hand("Ada Lovelace", "the committee chose it")


@pytest.fixture
def served(platform: Platform, tmp_path: Path) -> list[str]:
    """Three models that were the champion one after another, each with a copy here."""
    versions = []
    for number in range(3):
        versions.append(package(platform, write_candidate(tmp_path / str(number), seed=number), "run").version)
        before = champion(platform, TASK)
        promote_by_hand(platform, TASK, versions[-1], HAND, champion=before.version if before else None)
        load_champion(platform, TASK)
    return versions


@pytest.fixture
def later(platform: Platform) -> Callable[[float], None]:
    """Lets seconds pass for all copies."""

    def pass_by(seconds: float) -> None:
        for each in (platform.home / "served" / TASK).iterdir():
            moment = each.stat().st_mtime - seconds
            os.utime(each, (moment, moment))

    return pass_by


Later = Callable[[float], None]


def copies(platform: Platform) -> set[str]:
    return {each.name for each in (platform.home / "served" / TASK).iterdir()}


def names(*versions: str) -> set[str]:
    return {name for version in versions for name in (version, f"{version}.json")}


def test_the_champion_and_the_one_before_stay_and_others_go_an_hour_after_their_last_use(
    platform: Platform, served: list[str], later: Later
) -> None:
    first, second, third = served
    later(3000)
    # Somebody uses the first one by its version.
    load(platform, first)
    later(3000)
    load_champion(platform, TASK)
    assert copies(platform) == names(first, second, third)
    later(1000)
    load_champion(platform, TASK)
    assert copies(platform) == names(second, third)
    assert load(platform, first).name == first


def test_after_a_rollback_the_model_that_was_given_up_goes(platform: Platform, served: list[str], later: Later) -> None:
    first, second, third = served
    rollback(platform, TASK, HAND, champion=third)
    later(4000)
    assert load_champion(platform, TASK).name == second
    assert copies(platform) == names(first, second)


def test_what_is_being_loaded_stays_and_what_a_killed_removal_left_goes(
    platform: Platform, served: list[str], later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = served
    later(4000)
    with platform.locks.hold(local_copies.lock_of(first)):
        load_champion(platform, TASK)
    assert copies(platform) == names(first, second, third)

    removed = local_copies.shutil.rmtree

    def killed(path: Path, **options: bool) -> None:
        if path.exists():
            raise KeyboardInterrupt
        removed(path, **options)

    with monkeypatch.context() as patched:
        patched.setattr(local_copies.shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            load_champion(platform, TASK)
    # Under its own name it is whole or gone.
    assert not (platform.home / "served" / TASK / first).exists()
    assert copies(platform) == {f"{first}.unfinished", f"{first}.json"} | names(second, third)
    load_champion(platform, TASK)
    assert copies(platform) == names(second, third)


def test_a_copy_that_was_asked_for_between_looking_and_removing_stays(
    platform: Platform, served: list[str], later: Later
) -> None:
    first, _, _ = served
    later(4000)
    unused = local_copies.unused(platform.home, TASK)
    assert first in unused
    load(platform, first)
    local_copies.remove(platform, TASK, unused - {served[1], served[2]})
    assert copies(platform) == names(*served)
    assert time.time() - local_copies.etags_of(platform.home / "served" / TASK / first).stat().st_mtime < 60
