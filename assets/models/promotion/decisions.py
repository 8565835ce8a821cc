"""Decisions about which model is served, as the catalogue keeps them: each with every value, its limit, and who decided and why.

The catalogue keeps a person's name and reason as they were given, because somebody has to answer for a decision. The ledger,
from which nothing can be taken out again, keeps keyed hashes of both, by which they can be proven.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, func, insert, select, update

from assets.lineage import ledger
from assets.lineage.model_tables import promotions
from assets.lineage.moments import now
from assets.models.model import Gate

if TYPE_CHECKING:
    from assets.labels.vault.vault import Vault

GATES, HAND, ROLLBACK = "gates", "hand", "rollback"
PROMOTED, REFUSED, OVERTAKEN = "promoted", "refused", "overtaken"


@dataclass(frozen=True, slots=True)
class Hand:
    """The person who decides, and why, in their own words."""

    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision. `champion` is the version that it was weighed against; `moved_at` is None while the pointer has not followed
    it, and where it never will."""

    decision: int
    task: str
    kind: str
    version: str
    champion: str | None
    outcome: str
    gates: tuple[Gate, ...]
    despite_gates: bool
    decided_by: str | None
    why: str
    run_id: str | None
    decided_at: int
    moved_at: int | None

    @property
    def failed(self) -> tuple[Gate, ...]:
        return tuple(gate for gate in self.gates if not gate.passed)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is to be decided: who or what it comes from, about which version, against which champion, with which gates."""

    task: str
    kind: str
    version: str
    champion: str | None
    gates: tuple[Gate, ...]
    hand: Hand | None = None
    despite_gates: bool = False
    run_id: str | None = None


def record(connection: Connection, proposal: Proposal, outcome: str, vault: "Vault | None") -> Decision:
    """Writes a decision, with the ledger's entry of it. `vault` is needed where a person decided."""
    number = (connection.execute(select(func.max(promotions.c.decision))).scalar() or 0) + 1
    hand = proposal.hand
    connection.execute(
        insert(promotions).values(
            decision=number,
            task=proposal.task,
            kind=proposal.kind,
            version=proposal.version,
            champion=proposal.champion,
            outcome=outcome,
            gates=json.dumps([asdict(gate) for gate in proposal.gates], ensure_ascii=False, sort_keys=True),
            despite_gates=proposal.despite_gates,
            decided_by=hand.by if hand else None,
            why=hand.why if hand else "",
            run_id=proposal.run_id,
            decided_at=now(),
        )
    )
    payload: dict[str, Any] = {
        "decision": number,
        "task": proposal.task,
        "kind": proposal.kind,
        "champion": proposal.champion,
        "gates": {gate.name: [gate.passed, gate.value, gate.limit] for gate in proposal.gates},
        "despite_gates": proposal.despite_gates,
        "run_id": proposal.run_id,
    }
    if hand and vault:
        payload |= {"by": vault.keyed("decider", hand.by), "why": vault.keyed("reason", hand.why)}
    ledger.append(connection, f"model.{outcome}", f"model/{proposal.version}", payload)
    return _decision(connection.execute(select(promotions).where(promotions.c.decision == number)).one())


def follow(connection: Connection, decision: Decision, *, moved: bool) -> Decision:
    """Notes what became of the pointer after a decision to promote: it moved, or another promotion was faster."""
    values: dict[str, Any] = {"moved_at": now()} if moved else {"outcome": OVERTAKEN}
    number = promotions.c.decision == decision.decision
    connection.execute(update(promotions).where(number).values(**values))
    payload = {"task": decision.task, "decision": decision.decision}
    kind = "champion.moved" if moved else "model.overtaken"
    ledger.append(connection, kind, f"model/{decision.version}", payload)
    return _decision(connection.execute(select(promotions).where(number)).one())


def decided(connection: Connection, task: str | None = None, version: str | None = None) -> list[Decision]:
    """The decisions, of a task or about a version only, the last one first."""
    query = select(promotions).order_by(promotions.c.decision.desc())
    if task is not None:
        query = query.where(promotions.c.task == task)
    if version is not None:
        query = query.where(promotions.c.version == version)
    return [_decision(row) for row in connection.execute(query)]


def unfinished(decisions: Sequence[Decision]) -> list[Decision]:
    """Those that say promoted and that the pointer has not followed, the first one first."""
    return [each for each in reversed(decisions) if each.outcome == PROMOTED and each.moved_at is None]


def champions(decisions: Sequence[Decision]) -> list[str]:
    """The champions that a task went through, the present one last, without those that were taken back. `decisions` are the
    task's, the last one first."""
    versions: list[str] = []
    for each in reversed(decisions):
        if each.moved_at is None:
            continue
        if each.kind == ROLLBACK and each.version in versions:
            del versions[len(versions) - versions[::-1].index(each.version) :]
        else:
            versions.append(each.version)
    return versions


def is_withdrawn(decisions: Sequence[Decision], version: str) -> bool:
    """Whether a version was the champion, was rolled back from, and was not chosen again since."""
    for each in decisions:
        if each.moved_at is not None and each.version == version:
            return False
        if each.moved_at is not None and each.kind == ROLLBACK and each.champion == version:
            return True
    return False


def _decision(row: Row[Any]) -> Decision:
    return Decision(
        **{**row._mapping, "gates": tuple(Gate(**gate) for gate in json.loads(row.gates))},
    )
