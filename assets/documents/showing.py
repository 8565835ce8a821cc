"""One document as it is served: the version that applies at a moment, its text, and all its versions."""

from dataclasses import dataclass

from sqlalchemy import select

from assets.documents.model import ParsedDocument
from assets.documents.structure import load
from assets.lineage import schema
from assets.lineage.moments import OPEN, iso, now
from assets.platform import Platform


class DocumentMissing(Exception):
    """No such document, or none of its versions is the wanted one; the message says what there is."""


@dataclass(frozen=True, slots=True)
class DocumentVersion:
    """A version in a document's timeline; moments as ISO 8601, None for an open end."""

    version: str
    valid_from: str | None
    valid_to: str | None
    recorded_at: str | None
    title: str
    uri: str


@dataclass(frozen=True, slots=True)
class ShownDocument:
    """A document version with its canonical text, and the timeline that it stands in."""

    document_id: str
    shown: DocumentVersion
    text: str
    versions: tuple[DocumentVersion, ...]
    structure: str
    """Hash of the shown version's stored structure."""


def show(
    platform: Platform, document_id: str, *, version: str | None = None, as_of: int | None = None
) -> ShownDocument:
    """The named version (a prefix of its hash will do), or the one that applies at a moment; by default the present one,
    or the last where the document has ended. Of the times at which a named version applied, `as_of` picks one. A version that
    was corrected since, which an earlier answer may cite, is still found by its name. Raises DocumentMissing."""
    table = schema.versions
    query = (
        select(table).where(table.c.document_id == document_id).order_by(table.c.valid_from, table.c.from_generation)
    )
    with platform.catalogue.read() as connection:
        recorded = connection.execute(query).all()
    timeline = [row for row in recorded if row.to_generation == OPEN]
    if not timeline:
        raise DocumentMissing(f"there is no document '{document_id}': hrdp search shows ids, as SOURCE/path")
    if version is not None:
        chosen = [row for row in timeline if row.version.startswith(version)]
        chosen = chosen or [row for row in recorded if row.version.startswith(version)]
        if as_of is not None:
            chosen = [row for row in chosen if row.valid_from <= as_of < row.valid_to] or chosen
        missing = f"'{document_id}' has no version {version}"
    else:
        moment = now() if as_of is None else as_of
        chosen = [row for row in timeline if row.valid_from <= moment < row.valid_to]
        if not chosen and as_of is None:
            chosen = [row for row in timeline if row.valid_from <= moment]
        missing = f"no version of '{document_id}' was valid then"
    if not chosen:
        dates = ", ".join(f"{iso(row.valid_from) or 'always'} to {iso(row.valid_to) or 'now'}" for row in timeline)
        raise DocumentMissing(f"{missing}; its versions are valid from {dates}")
    row = chosen[-1]
    return ShownDocument(
        document_id=document_id,
        shown=_version(row),
        text=platform.blobs.get_text(row.version),
        versions=tuple(_version(other) for other in timeline),
        structure=row.structure,
    )


def parsed(platform: Platform, found: ShownDocument) -> ParsedDocument:
    """The shown version with its structure. Raises StorageError."""
    return load(found.text, platform.blobs.get(found.structure), found.shown.title, "text/plain")


def _version(row) -> DocumentVersion:  # type: ignore[no-untyped-def]
    return DocumentVersion(
        version=row.version,
        valid_from=iso(row.valid_from),
        valid_to=iso(row.valid_to),
        recorded_at=iso(row.recorded_at),
        title=row.title,
        uri=row.uri,
    )
