"""The registered sources: who owns which name, where it is, and what the last refresh left behind for the next."""

import json
import re
from dataclasses import dataclass

from sqlalchemy import Row, insert, select, update

from assets.documents.sources.base import SourceSpec
from assets.lineage import ledger, schema
from assets.lineage.catalogue import Catalogue
from assets.lineage.moments import now

KINDS = ("regulation", "handbook", "policy")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def without_secrets(address: str) -> str:
    """A location or address as it may be shown: a password, or a token in its place, is masked."""
    masked = re.sub(r"(://[^:/@\s]*):[^@/\s]*@", r"\1:***@", address)
    return re.sub(r"(https?://)[^:/@\s]+@", r"\1***@", masked)


class SourceProblem(Exception):
    """A source can't be registered or found; the message says what to do."""


@dataclass(frozen=True, slots=True)
class RegisteredSource:
    """A source with what the served generation was built from. Moments as in `assets.lineage.moments`."""

    spec: SourceSpec
    state: str | None
    fingerprint: str | None
    refreshed_at: int | None
    full_look_at: int | None
    documents: int
    rows: int
    removed: bool
    look_seconds: int | None

    @property
    def is_watched(self) -> bool:
        """Whether there is something to refresh: a removed source counts until its documents have been ended."""
        return not self.removed or self.documents > 0 or bool(self.state)


def add(catalogue: Catalogue, spec: SourceSpec, *, look_seconds: int | None = None) -> None:
    """Registers a source. The same again changes nothing; a name that was removed can be taken anew. `look_seconds` is how
    often it is looked at, where that is to differ from the settings.

    Raises SourceProblem for a name, kind or jurisdiction that can't be used, or a name that is in use for something else.
    """
    check(spec)
    table = schema.sources
    with catalogue.write() as connection:
        found = connection.execute(select(table).where(table.c.name == spec.name)).first()
        if found is not None and found.removed_at is None:
            if _spec(found) == spec and found.look_seconds == look_seconds:
                return
            raise SourceProblem(
                f"there is a source '{spec.name}' already, at {without_secrets(found.location)}: take another name, or"
                f" remove it first (hrdp source remove {spec.name})"
            )
        values = {
            "kind": spec.kind,
            "location": spec.location,
            "jurisdiction": spec.jurisdiction,
            "ref": spec.ref,
            "include": json.dumps(spec.include),
            "added_at": now(),
            "removed_at": None,
            "look_seconds": look_seconds,
            "state": None,
            "fingerprint": None,
        }
        still_served = found is not None and (found.documents > 0 or bool(found.state))
        if found is not None and still_served and (found.kind, found.jurisdiction) != (spec.kind, spec.jurisdiction):
            raise SourceProblem(
                f"the documents of the removed source '{spec.name}' are still served with its earlier kind and"
                " jurisdiction: run hrdp refresh, which ends them, then add it again"
            )
        if found is None:
            connection.execute(insert(table).values(name=spec.name, documents=0, rows=0, **values))
        else:
            connection.execute(update(table).where(table.c.name == spec.name).values(**values))
        ledger.append(
            connection, "source.added", spec.name, {"kind": spec.kind, "location": without_secrets(spec.location)}
        )


def check(spec: SourceSpec) -> None:
    """Raises SourceProblem for a name or a kind that can't be used."""
    if not _NAME.fullmatch(spec.name):
        raise SourceProblem(
            f"'{spec.name}' can't be a source's name: use small letters, digits, - and _, beginning with a letter or digit"
        )
    if spec.kind not in KINDS:
        raise SourceProblem(f"'{spec.kind}' is not a kind of source: write one of {', '.join(KINDS)}")


def remove(catalogue: Catalogue, name: str) -> None:
    """Marks a source as removed: the next refresh ends its documents. Raises SourceProblem for an unknown name."""
    get(catalogue, name)
    with catalogue.write() as connection:
        connection.execute(update(schema.sources).where(schema.sources.c.name == name).values(removed_at=now()))
        ledger.append(connection, "source.removed", name, {})


def get(catalogue: Catalogue, name: str) -> RegisteredSource:
    """A source that is in use. Raises SourceProblem, with the names that there are."""
    known = listed(catalogue)
    for source in known:
        if source.spec.name == name:
            return source
    names = ", ".join(source.spec.name for source in known) or "none yet; add one with hrdp source add"
    raise SourceProblem(f"there is no source '{name}' (there are: {names})")


def find(catalogue: Catalogue, name: str) -> RegisteredSource:
    """A source, also one that was removed and whose documents are still to be ended. Raises SourceProblem."""
    for source in listed(catalogue, with_removed=True):
        if source.spec.name == name:
            return source
    return get(catalogue, name)


def listed(catalogue: Catalogue, *, with_removed: bool = False) -> list[RegisteredSource]:
    """The sources, by name; with those too that were removed but whose documents may still be served."""
    query = select(schema.sources).order_by(schema.sources.c.name)
    if not with_removed:
        query = query.where(schema.sources.c.removed_at.is_(None))
    with catalogue.read() as connection:
        return [
            RegisteredSource(
                spec=_spec(row),
                state=row.state,
                fingerprint=row.fingerprint,
                refreshed_at=row.refreshed_at,
                full_look_at=row.full_look_at,
                documents=row.documents,
                rows=row.rows,
                removed=row.removed_at is not None,
                look_seconds=row.look_seconds,
            )
            for row in connection.execute(query)
        ]


def _spec(row: "Row[tuple[object, ...]]") -> SourceSpec:
    return SourceSpec(
        name=row.name,
        kind=row.kind,
        location=row.location,
        jurisdiction=row.jurisdiction,
        ref=row.ref,
        include=tuple(json.loads(row.include)),
    )
