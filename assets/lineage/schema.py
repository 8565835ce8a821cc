"""The tables of the catalogue. Moments are microseconds since 1970, UTC (see `moments`); hashes are SHA-256 in hexadecimal.

A claim (a document's version in its timeline, a row of the index) carries `from_generation` and `to_generation`: it is seen
in the generations from the first, up to but without the second. Facts that follow from content alone (layouts, chunks,
vectors) carry none, and may be written before the generation that needs them is served.
Tables named `staged_*` hold what a running refresh of a source has prepared; serving empties them.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    UniqueConstraint,
)

from assets.lineage.columns import AutomaticKey, OrderedString, OrderedText, metadata

sources = Table(
    "sources",
    metadata,
    Column("name", OrderedString, primary_key=True),
    Column("kind", OrderedString, nullable=False),
    Column("location", OrderedString, nullable=False),
    Column("jurisdiction", OrderedString),
    Column("ref", OrderedString),
    Column("include", OrderedText, nullable=False, doc="JSON list of globs"),
    Column("added_at", BigInteger, nullable=False),
    Column("removed_at", BigInteger),
    Column("look_seconds", Integer, doc="how often it is looked at; None: as often as the settings say"),
    Column("state", OrderedText, doc="what the source's last complete scan handed over for the next one"),
    Column("fingerprint", OrderedString, doc="the look of the source that the served generation was built from"),
    Column("refreshed_at", BigInteger),
    Column("full_look_at", BigInteger),
    Column("documents", Integer, nullable=False, default=0, doc="documents there now"),
    Column("rows", Integer, nullable=False, default=0, doc="index rows served"),
)

files = Table(
    "files",
    metadata,
    Column("source", OrderedString, primary_key=True),
    Column("path", OrderedString, primary_key=True),
    Column("fingerprint", OrderedString, nullable=False),
    Column("raw", OrderedString, doc="hash of the latest bytes"),
    sqlite_with_rowid=False,
)

versions = Table(
    "versions",
    metadata,
    Column("version_key", AutomaticKey, primary_key=True, autoincrement=True),
    Column("source", OrderedString, nullable=False),
    Column("document_id", OrderedString, nullable=False),
    Column("version", OrderedString, nullable=False, doc="hash of the canonical text"),
    Column("valid_from", BigInteger, nullable=False),
    Column("valid_to", BigInteger, nullable=False),
    Column("from_generation", BigInteger, nullable=False),
    Column("to_generation", BigInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("title", OrderedString, nullable=False),
    Column("title_stated", Boolean, nullable=False, doc="whether the source gave the title, not the text"),
    Column("uri", OrderedString, nullable=False),
    Column("media_type", OrderedString, nullable=False),
    Column("raw", OrderedString, nullable=False, doc="hash of the bytes that it was parsed from"),
    Column("structure", OrderedString, nullable=False, doc="hash of the parsed structure"),
    Column("fingerprint", OrderedString, nullable=False, doc="the source's fingerprint of this revision"),
    Column("layout_id", BigInteger, nullable=False),
    Index(None, "document_id", "to_generation"),
    Index(None, "source", "to_generation"),
)

layouts = Table(
    "layouts",
    metadata,
    Column("layout_id", AutomaticKey, primary_key=True, autoincrement=True),
    Column(
        "identity",
        OrderedString,
        nullable=False,
        unique=True,
        doc="hash of document, text, structure, title and chunker",
    ),
)

passages = Table(
    "passages",
    metadata,
    Column("layout_id", BigInteger, ForeignKey("layouts.layout_id"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("chunk_id", OrderedString, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    sqlite_with_rowid=False,
)

chunks = Table(
    "chunks",
    metadata,
    Column("chunk_id", OrderedString, primary_key=True),
    Column("document_id", OrderedString, nullable=False),
    Column("text_hash", OrderedString, nullable=False),
    Column("title", OrderedString, nullable=False),
    Column("header", OrderedText, nullable=False),
    Column("heading_path", OrderedText, nullable=False, doc="JSON list"),
    Column(
        "version",
        OrderedString,
        nullable=False,
        doc="a version that holds the chunk; its body is text[start:end] of it",
    ),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Index(None, "document_id"),
    sqlite_with_rowid=False,
)

rows = Table(
    "rows",
    metadata,
    Column("row_id", OrderedString, primary_key=True),
    Column("index_version", OrderedString, nullable=False),
    Column("source", OrderedString, nullable=False),
    Column("document_id", OrderedString, nullable=False),
    Column("chunk_id", OrderedString, nullable=False),
    Column("valid_from", BigInteger, nullable=False),
    Column("valid_to", BigInteger, nullable=False),
    Column("from_generation", BigInteger, nullable=False),
    Column("to_generation", BigInteger, nullable=False),
    Index(None, "document_id", "to_generation"),
    Index(None, "index_version", "to_generation"),
    Index(None, "chunk_id"),
)

models = Table(
    "models",
    metadata,
    Column("model_id", Integer, primary_key=True, autoincrement=True),
    Column("model", OrderedString, nullable=False, unique=True, doc="hash of weights, tokenizer, pooling and recipe"),
    Column("dimension", Integer, nullable=False),
    Column("texts_per_second", Float, doc="as last measured on this installation"),
)

segments = Table(
    "segments",
    metadata,
    Column("segment_id", AutomaticKey, primary_key=True, autoincrement=True),
    Column("model_id", Integer, ForeignKey("models.model_id"), nullable=False),
    Column("blob", OrderedString, nullable=False, doc="hash of the object that holds the vectors"),
    Column("vectors", Integer, nullable=False),
)

vectors = Table(
    "vectors",
    metadata,
    Column("model_id", Integer, primary_key=True),
    Column("text_hash", OrderedString, primary_key=True),
    Column("segment_id", BigInteger, ForeignKey("segments.segment_id"), nullable=False),
    Column("position", Integer, nullable=False),
    sqlite_with_rowid=False,
)

index_versions = Table(
    "index_versions",
    metadata,
    Column("index_version", OrderedString, primary_key=True, doc="hash of the recipe"),
    Column("recipe", OrderedText, nullable=False, doc="JSON: parser, chunker, model, schema"),
    Column("model", OrderedString, nullable=False),
    Column("dimension", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

generations = Table(
    "generations",
    metadata,
    Column("generation", BigInteger, primary_key=True, autoincrement=False),
    Column("index_version", OrderedString, ForeignKey("index_versions.index_version"), nullable=False),
    Column("source", OrderedString, doc="None: a rebuild of all"),
    Column("run_id", OrderedString, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("summary", OrderedText, nullable=False, doc="JSON: the counts of the plan that was carried out"),
)

refreshes = Table(
    "refreshes",
    metadata,
    Column("run_id", OrderedString, primary_key=True),
    Column("source", OrderedString, primary_key=True),
    Column("generation", BigInteger, nullable=False, doc="the one that was served after it"),
    Column("at", BigInteger, nullable=False),
    Column("result", OrderedText, nullable=False, doc="JSON: the counts of what was carried out"),
    sqlite_with_rowid=False,
)

served = Table(
    "served",
    metadata,
    Column("only", Integer, primary_key=True, autoincrement=False, doc="always 1: there is one served generation"),
    Column("generation", BigInteger, nullable=False),
    Column("index_version", OrderedString, nullable=False),
)

unfinished = Table(
    "unfinished",
    metadata,
    Column(
        "index_version", OrderedString, primary_key=True, doc="an index that is being written; gone once it is served"
    ),
    Column("begun_at", BigInteger, nullable=False),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("quarantine_id", AutomaticKey, primary_key=True, autoincrement=True),
    Column("source", OrderedString, nullable=False),
    Column("document_id", OrderedString, nullable=False),
    Column("stage", OrderedString, nullable=False, doc="read, parse or validate"),
    Column("reason", OrderedString, nullable=False),
    Column("advice", OrderedText, nullable=False),
    Column("raw", OrderedString, doc="hash of the bytes, where they could be read"),
    Column("noticed_at", BigInteger, nullable=False),
    Column("resolved_at", BigInteger, nullable=False, doc="far future while it stands"),
    Index(None, "source", "resolved_at"),
    Index(None, "document_id"),
)

ledger = Table(
    "ledger",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", OrderedString, nullable=False),
    Column("subject", OrderedString, nullable=False),
    Column("payload", OrderedText, nullable=False, doc="canonical JSON"),
    Column("previous", OrderedString, nullable=False),
    Column("hash", OrderedString, nullable=False, unique=True),
)

staged_files = Table(
    "staged_files",
    metadata,
    Column("source", OrderedString, primary_key=True),
    Column("path", OrderedString, primary_key=True),
    Column("fingerprint", OrderedString, doc="None: the path is gone"),
    Column("raw", OrderedString),
    sqlite_with_rowid=False,
)

staged_documents = Table(
    "staged_documents",
    metadata,
    Column("source", OrderedString, primary_key=True),
    Column("document_id", OrderedString, primary_key=True),
    Column("outcome", OrderedString, nullable=False, doc="added, changed, removed, redated or quarantined"),
    Column("raw", OrderedString, doc="hash of the latest bytes; of the last known ones where it is removed"),
    Column("chunks_added", Integer, nullable=False, default=0),
    Column("chunks_closed", Integer, nullable=False, default=0),
    sqlite_with_rowid=False,
)

staged_versions = Table(
    "staged_versions",
    metadata,
    Column("staged_key", AutomaticKey, primary_key=True, autoincrement=True),
    Column("source", OrderedString, nullable=False),
    Column("document_id", OrderedString, nullable=False),
    Column("version", OrderedString, nullable=False),
    Column("valid_from", BigInteger, nullable=False),
    Column("valid_to", BigInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("title", OrderedString, nullable=False),
    Column("title_stated", Boolean, nullable=False, doc="whether the source gave the title, not the text"),
    Column("uri", OrderedString, nullable=False),
    Column("media_type", OrderedString, nullable=False),
    Column("raw", OrderedString, nullable=False),
    Column("structure", OrderedString, nullable=False),
    Column("fingerprint", OrderedString, nullable=False),
    Column("layout_id", BigInteger, doc="None until it was chunked"),
    Column("kept_key", BigInteger, doc="the served entry that this one is equal to; None: a new entry"),
    Index(None, "source", "document_id"),
)

staged_rows = Table(
    "staged_rows",
    metadata,
    Column("staged_key", AutomaticKey, primary_key=True, autoincrement=True),
    Column("source", OrderedString, nullable=False),
    Column("document_id", OrderedString, nullable=False),
    Column("closes", OrderedString, doc="the served row to close; None: a row to add"),
    Column("chunk_id", OrderedString, nullable=False),
    Column("valid_from", BigInteger, nullable=False),
    Column("valid_to", BigInteger, nullable=False),
    Index(None, "source", "document_id"),
)

staged_quarantine = Table(
    "staged_quarantine",
    metadata,
    Column("staged_key", AutomaticKey, primary_key=True, autoincrement=True),
    Column("source", OrderedString, nullable=False),
    Column("document_id", OrderedString, nullable=False),
    Column("stage", OrderedString, nullable=False),
    Column("reason", OrderedString, nullable=False),
    Column("advice", OrderedText, nullable=False),
    Column("raw", OrderedString),
    UniqueConstraint("source", "document_id", "reason"),
)

staged_looks = Table(
    "staged_looks",
    metadata,
    Column("source", OrderedString, primary_key=True),
    Column("run_id", OrderedString, nullable=False, doc="the run that the staged rows belong to"),
    Column("at", BigInteger, nullable=False),
    Column("full", Integer, nullable=False),
    Column("state", OrderedText),
    Column("fingerprint", OrderedString),
    Column("embedded", Integer, nullable=False, default=0),
)

STAGED = (staged_looks, staged_files, staged_documents, staged_versions, staged_rows, staged_quarantine)
