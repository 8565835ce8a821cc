"""Decisions about models: recorded with every value, the pointer after them, and back again."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from assets.lineage import ledger
from assets.models.artifacts.finding import NoModel
from assets.models.artifacts.packaging import package
from assets.models.artifacts.verifying import ModelDamaged
from assets.models.model import Gate
from assets.models.promotion.champion import champion, load_champion
from assets.models.promotion.decisions import PROMOTED, Decision, Hand, Proposal, decided, record
from assets.models.promotion.pointer import PointerDamaged
from assets.models.promotion.promoting import (
    MEASURED,
    PromotionRefused,
    promote,
    promote_by_hand,
    rollback,
)
from assets.platform import Platform, Settings
from tests.conftest import PROJECT
from tests.models.candidates import write_candidate

TASK = "job-category"
GATES = tuple(Gate(name, True, 0.01, 0.05, "it is fine") for name in MEASURED)
HAND = Hand("Ada Lovelace", "the committee chose it")

Made = Callable[..., str]


@pytest.fixture
def made(platform: Platform, tmp_path: Path) -> Made:
    """Packages a small model, and gives its version."""
    count = 0

    def make(failed: Sequence[str] = ()) -> str:
        nonlocal count
        count += 1
        candidate = write_candidate(tmp_path / f"candidate-{count}", seed=count, failed=tuple(failed))
        return package(platform, candidate, f"run-{count}").version

    return make


def served(platform: Platform) -> str | None:
    present = champion(platform, TASK)
    return present.version if present else None


def by_gates(platform: Platform, version: str, gates: Sequence[Gate] = GATES, against: str | None = None) -> Decision:
    return promote(platform, TASK, version, gates, champion=against, run_id="run")


def by_hand(platform: Platform, version: str, against: str | None = None, **options: bool) -> Decision:
    return promote_by_hand(platform, TASK, version, HAND, champion=against, **options)


def recorded(platform: Platform) -> list[Decision]:
    with platform.catalogue.read() as connection:
        return decided(connection, TASK)


def test_a_model_that_passes_every_gate_is_served_and_the_decision_holds_every_value(
    platform: Platform, made: Made
) -> None:
    version = made()
    assert served(platform) is None
    with pytest.raises(NoModel, match="hrdp train"):
        load_champion(platform, TASK)
    decision = by_gates(platform, version)
    assert (decision.outcome, decision.moved_at is not None) == ("promoted", True)
    assert load_champion(platform, TASK).name == served(platform) == version
    with platform.catalogue.read() as connection:
        entries = ledger.entries(connection, subject=f"model/{version}")
        assert ledger.check(connection).intact
    assert [entry["kind"] for entry in entries] == ["model.packaged", "model.promoted", "champion.moved"]
    weighed = entries[1]["payload"]["gates"]
    assert weighed["fair"] == [True, 0.01, 0.05]
    assert {"signed", "nobody_erased", "not_withdrawn", "champion_unchanged"} | set(MEASURED) == set(weighed)


@pytest.mark.parametrize("name", MEASURED)
def test_a_model_that_fails_one_gate_is_refused_by_its_name_and_recorded(
    platform: Platform, made: Made, name: str
) -> None:
    gates = [replace(gate, passed=gate.name != name, value=0.2) for gate in GATES]
    decision = by_gates(platform, made(), gates)
    assert decision.outcome == "refused"
    assert [(gate.name, gate.value, gate.limit) for gate in decision.failed] == [(name, 0.2, 0.05)]
    assert served(platform) is None
    assert recorded(platform) == [decision]


def test_a_gate_that_nobody_measured_counts_as_failed(platform: Platform, made: Made) -> None:
    decision = by_gates(platform, made(), GATES[1:])
    assert [gate.name for gate in decision.failed] == [GATES[0].name]


def test_a_damaged_model_is_refused_by_the_gate_signed(platform: Platform, made: Made) -> None:
    version = made()
    key = f"models/{TASK}/{version}/head.safetensors"
    data = platform.objects.get(key)
    platform.objects.put(key, data[:-1] + b"\0")
    decision = by_gates(platform, version)
    assert [gate.name for gate in decision.failed] == ["signed"]
    with pytest.raises(ModelDamaged):
        by_hand(platform, version, despite_gates=True)
    assert served(platform) is None


def test_what_was_weighed_against_another_champion_is_refused(platform: Platform, made: Made) -> None:
    first, second, third = made(), made(), made()
    by_gates(platform, first)
    by_gates(platform, second, against=first)
    decision = by_gates(platform, third, against=first)
    assert [gate.name for gate in decision.failed] == ["champion_unchanged"]
    assert by_hand(platform, third, against=first).outcome == "refused"
    assert served(platform) == second


def test_asked_again_for_the_same_it_is_the_same_decision(platform: Platform, made: Made) -> None:
    version, worse = made(), made()
    gates = [replace(gate, passed=gate.name != "fair") for gate in GATES]
    assert by_gates(platform, version) == by_gates(platform, version)
    refused = by_gates(platform, worse, gates, against=version)
    assert by_gates(platform, worse, gates, against=version) == refused
    assert len(recorded(platform)) == 2


def test_by_hand_who_and_why_are_recorded_and_the_ledger_keeps_no_name(platform: Platform, made: Made) -> None:
    decision = by_hand(platform, made())
    assert (decision.kind, decision.decided_by, decision.why) == ("hand", HAND.by, HAND.why)
    with platform.catalogue.read() as connection:
        entries = ledger.entries(connection)
    text = json.dumps(entries)
    assert HAND.by not in text
    assert HAND.why not in text
    payload = next(entry["payload"] for entry in entries if entry["kind"] == "model.promoted")
    assert payload["by"] == platform.vault.keyed("decider", HAND.by)


def test_by_hand_a_model_with_failed_gates_needs_a_flag_that_is_recorded(platform: Platform, made: Made) -> None:
    version = made(failed=["fair", "private"])
    with pytest.raises(PromotionRefused, match=r"fair, private.*--despite-gates"):
        by_hand(platform, version)
    assert recorded(platform) == []
    decision = by_hand(platform, version, despite_gates=True)
    assert (decision.outcome, decision.despite_gates) == ("promoted", True)
    assert [gate.name for gate in decision.failed] == ["fair", "private"]


def test_rolled_back_step_by_step_and_what_was_withdrawn_comes_back_only_by_hand(
    platform: Platform, made: Made
) -> None:
    first, second, third = made(), made(), made()
    by_gates(platform, first)
    by_gates(platform, second, against=first)
    by_gates(platform, third, against=second)
    assert rollback(platform, TASK, HAND, champion=third).version == second
    assert served(platform) == second
    assert rollback(platform, TASK, HAND, champion=second).version == first
    with pytest.raises(PromotionRefused, match="no champion"):
        rollback(platform, TASK, HAND, champion=first)
    assert [gate.name for gate in by_gates(platform, third, against=first).failed] == ["not_withdrawn"]
    assert by_hand(platform, third, against=first).outcome == "promoted"
    assert rollback(platform, TASK, HAND, champion=third).version == first
    assert load_champion(platform, TASK).name == first


def test_a_champion_that_is_damaged_is_not_rolled_back_to(platform: Platform, made: Made) -> None:
    first, second = made(), made()
    by_gates(platform, first)
    by_gates(platform, second, against=first)
    platform.objects.delete(f"models/{TASK}/{first}/tokenizer.json")
    with pytest.raises(ModelDamaged):
        rollback(platform, TASK, HAND, champion=second)
    assert served(platform) == second


def test_a_pointer_that_no_decision_moved_is_refused(platform: Platform, made: Made) -> None:
    first, second = made(), made()
    by_gates(platform, first)
    key = f"models/{TASK}/champion.json"
    data = platform.objects.get(key)
    for place in range(len(data)):
        platform.objects.put(key, data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with pytest.raises(PointerDamaged):
            load_champion(platform, TASK)
    platform.objects.put(key, data.replace(first.encode(), second.encode()))
    with pytest.raises(PointerDamaged, match="no decision"):
        load_champion(platform, TASK)
    assert by_hand(platform, first, against=second).outcome == "promoted"
    assert load_champion(platform, TASK).name == first


KILLED = """
import os, signal, sys
from pathlib import Path
from assets.models.promotion import pointer
from assets.models.promotion.decisions import Hand
from assets.models.promotion.promoting import promote_by_hand
from assets.platform import Platform, Settings
home, version, against, when = sys.argv[1:]
move = pointer.move
def killed(*arguments):
    if when == "after":
        move(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
pointer.move = killed
promote_by_hand(Platform(Settings(home=Path(home))), "job-category", version, Hand("A", "b"), champion=against or None)
"""


def killed_promotion(platform: Platform, version: str, against: str, when: str) -> None:
    command = [sys.executable, "-c", KILLED, str(platform.home), version, against, when]
    done = subprocess.run(command, cwd=PROJECT, env={**os.environ, "PYTHONPATH": str(PROJECT)}, timeout=120)
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_promotion_killed_around_the_pointers_move_is_finished_by_the_next_decision(
    platform: Platform, made: Made, when: str
) -> None:
    first, second, third = made(), made(), made()
    by_gates(platform, first)
    killed_promotion(platform, second, first, when)
    assert served(platform) == (first if when == "before" else second)
    assert recorded(platform)[0].moved_at is None
    assert by_gates(platform, third, against=second).outcome == "promoted"
    assert [each.moved_at is not None for each in recorded(platform)] == [True, True, True]
    assert rollback(platform, TASK, HAND, champion=third).version == second


def test_a_killed_promotion_that_is_repeated_is_one_decision(platform: Platform, made: Made) -> None:
    version = made()
    killed_promotion(platform, version, "", "before")
    assert by_hand(platform, version).outcome == "promoted"
    assert served(platform) == version
    assert len(recorded(platform)) == 1


def test_a_killed_promotion_that_was_overtaken_is_noted_so(tmp_path: Path) -> None:
    objects, key = f"file://{tmp_path / 'objects'}", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    one, other = (Platform(Settings(home=tmp_path / name, objects=objects, signing_key=key)) for name in "ab")
    versions = []
    for seed in (1, 2):
        candidate = write_candidate(tmp_path / f"candidate-{seed}", seed=seed)
        versions = [*versions, *{package(each, candidate, "run").version for each in (one, other)}]
    first, second = versions
    vault = one.vault
    with one.catalogue.write() as connection:
        # What a process leaves that is killed before it moves the pointer.
        record(connection, Proposal(TASK, "hand", first, None, (), HAND), PROMOTED, vault)
    assert by_hand(other, second).outcome == "promoted"
    assert by_hand(one, first, against=None).outcome == "refused"
    assert [each.outcome for each in recorded(one)] == ["refused", "overtaken"]
