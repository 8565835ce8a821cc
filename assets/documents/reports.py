"""What a person is shown of a staged refresh: tables of what changed and of what could not be read, a plot of its dates."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from assets.lineage import schema
from assets.lineage.moments import BEGINNING, iso
from assets.platform import Platform
from assets.plots import bars

_ROWS = 50
_VERSIONS_WORTH_A_PLOT = 20


@dataclass(frozen=True, slots=True)
class DocumentReport:
    """Tables as lists of records, at most fifty rows each; `plot` is Markdown with a picture, or empty."""

    changes: list[dict[str, str | int | float]]
    quarantine: list[dict[str, str | int | float]]
    plot: str
    data_version: str


def staged_documents(platform: Platform, source_name: str) -> DocumentReport:
    """The report on a source's staged refresh."""
    documents, problems, versions = schema.staged_documents, schema.staged_quarantine, schema.staged_versions
    looks = schema.staged_looks
    with platform.catalogue.read() as connection:
        changes = connection.execute(
            select(documents.c.document_id, documents.c.outcome)
            .where(documents.c.source == source_name, documents.c.outcome != "unchanged")
            .order_by(documents.c.document_id)
            .limit(_ROWS)
        ).all()
        quarantine = connection.execute(
            select(problems).where(problems.c.source == source_name).order_by(problems.c.document_id).limit(_ROWS)
        ).all()
        dates: Iterable[int] = connection.execute(
            select(versions.c.valid_from).where(
                versions.c.source == source_name, versions.c.kept_key.is_(None), versions.c.valid_from != BEGINNING
            )
        ).scalars()
        months = Counter(str(iso(date))[:7] for date in dates)
        fingerprint: str | None = connection.execute(
            select(looks.c.fingerprint).where(looks.c.source == source_name)
        ).scalar_one()
    return DocumentReport(
        changes=[{"document": row.document_id, "outcome": row.outcome} for row in changes],
        quarantine=[
            {"document": row.document_id, "reason": row.reason, "what to do": row.advice} for row in quarantine
        ],
        plot=bars(sorted(months.items()), "month", "versions that begin")
        if months.total() >= _VERSIONS_WORTH_A_PLOT
        else "",
        data_version=fingerprint or "",
    )
