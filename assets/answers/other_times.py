"""Where a question is not answered now: whether a rule that is no longer, or not yet, in force answers it."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from assets.answers.model import Scope
from assets.lineage import schema
from assets.lineage.moments import OPEN, iso
from assets.platform import Platform

if TYPE_CHECKING:
    from assets.answers.answering import Looked

_MOST_TIMES = 2
"""How many moments are looked at before now, and how many after it."""


def applied_at_another_time(
    platform: Platform, scope: Scope, generation: int, look: "Callable[[Scope], Looked]"
) -> str:
    """One sentence on the rule that answers the question at another time, with its dates; empty where none does."""
    with platform.catalogue.read() as connection:
        moments = [(moment, "past") for moment in _ended(connection, scope.moment, generation)]
        moments += [(moment, "future") for moment in _coming(connection, scope.moment, generation)]
    for moment, when in moments:
        looked = look(replace(scope, moment=moment))
        if not looked.answers_it:
            continue
        best = looked.ranked[0][1]
        if best.valid_from <= scope.moment < best.valid_to:
            continue
        if when == "past":
            day = (iso(best.valid_to) or "")[:10]
            return f"{best.document_id} answered this until {day} and is no longer in force; ask as of a day before"
        day = (iso(best.valid_from) or "")[:10]
        return f"{best.document_id} will answer this from {day} on and is not yet in force; ask as of a day after"
    return ""


def _ended(connection: Connection, moment: int, generation: int) -> list[int]:
    """The last moments of the documents that ended most lately without a successor, newest first."""
    table, later = schema.versions, schema.versions.alias("later")
    successor = (
        select(later.c.version_key)
        .where(
            later.c.document_id == table.c.document_id,
            later.c.from_generation <= generation,
            later.c.to_generation > generation,
            later.c.valid_to > moment,
        )
        .exists()
    )
    query = (
        select(table.c.valid_to)
        .where(
            table.c.from_generation <= generation,
            table.c.to_generation > generation,
            table.c.valid_to <= moment,
            ~successor,
        )
        .distinct()
        .order_by(table.c.valid_to.desc())
        .limit(_MOST_TIMES)
    )
    ends: list[int] = list(connection.execute(query).scalars())
    return [end - 1 for end in ends]


def _coming(connection: Connection, moment: int, generation: int) -> list[int]:
    """The first moments of the versions that will apply, soonest first."""
    table = schema.versions
    query = (
        select(table.c.valid_from)
        .where(
            table.c.from_generation <= generation,
            table.c.to_generation > generation,
            table.c.valid_from > moment,
            table.c.valid_from < OPEN,
        )
        .distinct()
        .order_by(table.c.valid_from)
        .limit(_MOST_TIMES)
    )
    return list(connection.execute(query).scalars())
