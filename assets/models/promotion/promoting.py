"""Decides which model is served: weighed, recorded with every value, and only then followed by the pointer.

A process that dies between record and pointer leaves a decision that says promoted and a pointer that has not moved. The next
decision about the task finishes it first: the pointer follows where it is still what it was, and otherwise the decision is
noted as overtaken. Until then the pointer is what counts.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from assets.models.artifacts.finding import NoModel, Packaged, find
from assets.models.model import Gate
from assets.models.promotion import pointer
from assets.models.promotion.decisions import (
    GATES,
    HAND,
    PROMOTED,
    REFUSED,
    ROLLBACK,
    Decision,
    Hand,
    Proposal,
    champions,
    decided,
    follow,
    record,
    unfinished,
)
from assets.models.promotion.gates import SIGNED, nobody_erased, not_withdrawn, signed, unchanged, verified
from assets.models.promotion.pointer import Pointer

if TYPE_CHECKING:
    from assets.platform import Platform

MEASURED = (
    "no_leak",
    "better_than_baseline",
    "better_than_champion",
    "calibrated",
    "fair",
    "private",
    "served_as_trained",
)
"""The gates that evaluation has to give; one that is missing counts as failed."""
_WAIT_SECONDS = 600


class PromotionRefused(Exception):
    """A person's wish that can't be followed as it is; the message says why and what to do."""


def promote(
    platform: "Platform", task: str, version: str, gates: Sequence[Gate], *, champion: str | None, run_id: str
) -> Decision:
    """Decides about a packaged model by what was measured: promoted where every gate passes, refused otherwise, recorded both
    ways. `champion` is the version that it was weighed against.

    Added to the gates are: signed, learned from nobody who was erased, not withdrawn by a rollback before, and the champion is
    still the same. Asked again for the
    same, it gives the same decision. Raises NoModel, PointerDamaged, Busy, StorageError, CatalogueUnavailable.
    """
    with _deciding(platform, task) as present:
        known = _known(platform, task, version)
        with platform.catalogue.read() as connection:
            decisions = decided(connection, task)
        standing = _standing(decisions, present)
        if standing is not None and standing.version == known.version:
            return standing
        measured = {gate.name: gate for gate in gates}
        weighed = (
            *(measured.get(name) or Gate(name, False, None, None, "it was not measured") for name in MEASURED),
            *(gate for name, gate in measured.items() if name not in {*MEASURED, SIGNED}),
            signed(platform, known),
            nobody_erased(platform, known, present),
            not_withdrawn(decisions, known.version),
            unchanged(present, champion),
        )
        proposal = Proposal(task, GATES, known.version, champion, weighed, run_id=run_id)
        latest = decisions[0] if decisions else None
        if latest is not None and (latest.kind, latest.version, latest.champion, latest.gates) == (
            GATES,
            known.version,
            champion,
            weighed,
        ):
            return latest
        return _decide(platform, proposal, present, all(gate.passed for gate in weighed))


def promote_by_hand(
    platform: "Platform",
    task: str,
    version: str,
    hand: Hand,
    *,
    champion: str | None,
    despite_gates: bool = False,
) -> Decision:
    """Promotes a packaged model because a person says so. `champion` is the version that they saw served.

    A model that does not verify is never promoted, one with failed gates only `despite_gates`, which is recorded. Where the
    champion is another one by now, the decision is recorded as refused. Raises PromotionRefused, ModelDamaged, and what
    `promote` raises.
    """
    with _deciding(platform, task) as present:
        known = _known(platform, task, version)
        with platform.catalogue.read() as connection:
            decisions = decided(connection, task)
        standing = _standing(decisions, present)
        if standing is not None and standing.version == known.version:
            return standing
        gates = (
            *(Gate(**gate) for gate in known.summary["metrics"]["gates"]),
            nobody_erased(platform, known, present),
        )
        failed = [gate.name for gate in gates if not gate.passed]
        if failed and not despite_gates:
            raise PromotionRefused(
                f"the model {known.version[:12]} did not pass {', '.join(failed)}: choose another one, or add --despite-gates,"
                " which is recorded with your name and reason"
            )
        weighed = (*gates, verified(platform, known), unchanged(present, champion))
        proposal = Proposal(task, HAND, known.version, champion, weighed, hand, despite_gates=bool(failed))
        return _decide(platform, proposal, present, weighed[-1].passed)


def rollback(platform: "Platform", task: str, hand: Hand, *, champion: str | None) -> Decision:
    """Moves the pointer back to the champion before the present one, which the gates do not promote again. `champion` is the
    version that the person saw served. Raises PromotionRefused, ModelDamaged, and what `promote` raises.
    """
    with _deciding(platform, task) as present:
        if present is None:
            raise PromotionRefused(f"no model of {task} is served, so that there is nothing to go back from")
        with platform.catalogue.read() as connection:
            versions = champions(decided(connection, task))
        if versions[-1:] != [present.version] or len(versions) < 2:
            raise PromotionRefused(
                f"no champion of {task} before {present.version[:12]} is known: choose a model with hrdp models promote"
            )
        known = _known(platform, task, versions[-2])
        forgets = nobody_erased(platform, known, present)
        if not forgets.passed:
            raise PromotionRefused(
                f"the model {known.version[:12]} would bring back what was erased, because {forgets.told}: train a model on what"
                f" is left with hrdp train --task {task}, or choose it with hrdp models promote and --despite-gates, which is"
                " recorded with your name and reason"
            )
        weighed = (verified(platform, known), forgets, unchanged(present, champion))
        proposal = Proposal(task, ROLLBACK, known.version, champion, weighed, hand)
        return _decide(platform, proposal, present, weighed[-1].passed)


@contextmanager
def _deciding(platform: "Platform", task: str) -> Iterator[Pointer | None]:
    """One decision at a time; what a killed process left is finished. Gives the pointer as it is then."""
    with platform.locks.hold(f"models/deciding/{task}", wait_seconds=_WAIT_SECONDS):
        present = pointer.read(platform.objects, task)
        with platform.catalogue.read() as connection:
            left = unfinished(decided(connection, task))
        for decision in left:
            if present is not None and (present.decision, present.version) == (decision.decision, decision.version):
                _follow(platform, decision, moved=True)
            elif (present.version if present else None) == decision.champion:
                _move(platform, decision, present)
                present = pointer.read(platform.objects, task)
            else:
                _follow(platform, decision, moved=False)
        yield present


def _decide(platform: "Platform", proposal: Proposal, present: Pointer | None, is_promoted: bool) -> Decision:
    vault = platform.vault if proposal.hand else None
    with platform.catalogue.write() as connection:
        decision = record(connection, proposal, PROMOTED if is_promoted else REFUSED, vault)
    return _move(platform, decision, present) if is_promoted else decision


def _move(platform: "Platform", decision: Decision, before: Pointer | None) -> Decision:
    moved = pointer.move(platform.objects, decision.task, decision.version, decision.decision, before)
    return _follow(platform, decision, moved=moved)


def _follow(platform: "Platform", decision: Decision, *, moved: bool) -> Decision:
    with platform.catalogue.write() as connection:
        return follow(connection, decision, moved=moved)


def _known(platform: "Platform", task: str, version: str) -> Packaged:
    with platform.catalogue.read() as connection:
        known = find(connection, version)
    if known.task != task:
        raise NoModel(f"the model {known.version[:12]} is one of {known.task}, not of {task}")
    return known


def _standing(decisions: Sequence[Decision], present: Pointer | None) -> Decision | None:
    """The decision by which the champion is it; None where there is no champion, or no such decision is recorded here."""
    said = (present.decision, present.version, PROMOTED) if present else None
    return next((each for each in decisions if (each.decision, each.version, each.outcome) == said), None)
