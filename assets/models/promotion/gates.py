"""The gates that no measurement gives: what became of the model, of whom it learned from, and of the champion meanwhile."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from assets.labels.erased import erased_from
from assets.models.artifacts import storing
from assets.models.artifacts.finding import NoModel, Packaged, find
from assets.models.artifacts.signing_key import trusted_keys
from assets.models.artifacts.verifying import ModelDamaged
from assets.models.model import Gate
from assets.models.promotion.decisions import Decision, is_withdrawn
from assets.models.promotion.pointer import Pointer

if TYPE_CHECKING:
    from assets.platform import Platform

SIGNED, NOT_WITHDRAWN, CHAMPION_UNCHANGED, NOBODY_ERASED = (
    "signed",
    "not_withdrawn",
    "champion_unchanged",
    "nobody_erased",
)


def verified(platform: "Platform", known: Packaged) -> Gate:
    """Raises ModelDamaged."""
    with platform.catalogue.read() as connection:
        keys = trusted_keys(connection)
    found = storing.verify(platform.objects, known.task, known.version, keys)
    return Gate(
        SIGNED, True, None, None, f"every file is what was packaged and signed with the key {found.key_id[:12]}"
    )


def signed(platform: "Platform", known: Packaged) -> Gate:
    """The same for one that nobody asked for by name: damage is a reason to refuse it."""
    try:
        return verified(platform, known)
    except ModelDamaged as problem:
        return Gate(SIGNED, False, None, None, str(problem))


def not_withdrawn(decisions: Sequence[Decision], version: str) -> Gate:
    """`decisions` are the task's, the last one first."""
    if is_withdrawn(decisions, version):
        return Gate(NOT_WITHDRAWN, False, None, None, "it was served before, and somebody rolled back from it")
    return Gate(NOT_WITHDRAWN, True, None, None, "nobody rolled back from it")


def unchanged(present: Pointer | None, champion: str | None) -> Gate:
    """`champion` is the version that was weighed against."""
    version = present.version if present else None
    if version == champion:
        told = f"it was weighed against the champion {champion[:12]}" if champion else "there was no champion"
        return Gate(CHAMPION_UNCHANGED, True, None, None, told)
    served = version[:12] if version else "none"
    told = f"another promotion came first: the champion is {served} by now, and this was weighed against "
    return Gate(CHAMPION_UNCHANGED, False, None, None, told + (champion[:12] if champion else "none"))


def nobody_erased(platform: "Platform", known: Packaged, present: Pointer | None) -> Gate:
    """Whether serving it brings nobody back: its dataset held no person who was erased since, but for those from whom the
    champion has learned as well. The value counts the others."""
    with platform.catalogue.read() as connection:
        served = _dataset(connection, present)
        erased = erased_from(connection, {known.dataset_version, *([served] if served else [])})
    back = erased[known.dataset_version] - (erased[served] if served else frozenset())
    if not back:
        return Gate(NOBODY_ERASED, True, 0.0, 0.0, "it learned from nobody who was erased, unless the champion did too")
    whom = f"{len(back)} persons" if len(back) > 1 else "a person"
    told = f"it learned from {whom} erased since, from whom what is served now did not learn"
    return Gate(NOBODY_ERASED, False, float(len(back)), 0.0, told)


def _dataset(connection: Connection, present: Pointer | None) -> str | None:
    """What the champion was trained on; None where there is none, or another installation packaged it."""
    if present is None:
        return None
    try:
        return find(connection, present.version).dataset_version
    except NoModel:
        return None
