"""The catalogue's tables of labelled resumes: what came in, whom it belongs to, which datasets were made of it.

No column holds text of a resume, a name or an id as it was given: persons and labellers are keyed hashes (see the vault).
"""

from sqlalchemy import BigInteger, Column, Index, Integer, Table

from assets.lineage.columns import AutomaticKey, OrderedString, OrderedText, metadata

label_batches = Table(
    "label_batches",
    metadata,
    Column(
        "batch_id", OrderedString, primary_key=True, doc="hash of task, file and options: the same file comes in once"
    ),
    Column("sequence", BigInteger, nullable=False, unique=True, doc="the order in which batches came in, from 1"),
    Column("task", OrderedString, nullable=False),
    Column("source", OrderedString, nullable=False, doc="the watched place it came from, or `upload`"),
    Column(
        "rows_blob",
        OrderedString,
        nullable=False,
        doc="hash of the object with the anonymized rows; erasing replaces it",
    ),
    Column("originals_blob", OrderedString, nullable=False, doc="hash of the object with the encrypted originals"),
    Column("rows", Integer, nullable=False, doc="read, of which accepted, duplicates and quarantined are parts"),
    Column("accepted", Integer, nullable=False),
    Column("duplicates", Integer, nullable=False, doc="rows whose resume was there already"),
    Column("quarantined", Integer, nullable=False),
    Column("unique_resumes", Integer, nullable=False, doc="different texts among the rows that were not quarantined"),
    Column("options", OrderedText, nullable=False, doc="JSON: how the file was read"),
    Column("added_at", BigInteger, nullable=False),
    Index(None, "task", "sequence"),
)

label_rows = Table(
    "label_rows",
    metadata,
    Column("batch_id", OrderedString, primary_key=True),
    Column("row", Integer, primary_key=True, autoincrement=False, doc="its number in the file, from 1"),
    Column("task", OrderedString, nullable=False),
    Column("person_id", OrderedString, nullable=False),
    Column("text_hash", OrderedString, nullable=False, doc="hash of the anonymized, normalized text"),
    Index(None, "person_id"),
    Index(None, "task", "text_hash"),
    sqlite_with_rowid=False,
)

label_quarantine = Table(
    "label_quarantine",
    metadata,
    Column("quarantine_id", AutomaticKey, primary_key=True, autoincrement=True),
    Column("batch_id", OrderedString, nullable=False),
    Column("task", OrderedString, nullable=False),
    Column("row", Integer, nullable=False, doc="its number in the file, from 1; 0: the file as a whole"),
    Column("reason", OrderedString, nullable=False),
    Column("advice", OrderedText, nullable=False),
    Column("noticed_at", BigInteger, nullable=False),
    Index(None, "batch_id"),
)

label_sources = Table(
    "label_sources",
    metadata,
    Column("name", OrderedString, primary_key=True),
    Column("task", OrderedString, nullable=False),
    Column("location", OrderedString, nullable=False, doc="a folder or an object-store prefix that is watched"),
    Column("options", OrderedText, nullable=False, doc="JSON: how its files are read"),
    Column("added_at", BigInteger, nullable=False),
    Column("removed_at", BigInteger),
)

label_files = Table(
    "label_files",
    metadata,
    Column("source", OrderedString, primary_key=True),
    Column("path_hash", OrderedString, primary_key=True, doc="a file's name may be a person's"),
    Column("fingerprint", OrderedString, nullable=False, doc="the look of the file that was taken in"),
    Column("batch_id", OrderedString, nullable=False),
    sqlite_with_rowid=False,
)

persons = Table(
    "persons",
    metadata,
    Column("person_id", OrderedString, primary_key=True, doc="keyed hash of the id that was given"),
    Column("wrapped_key", OrderedString, doc="in base64: this person's key under the master key; None: destroyed"),
    Column("added_at", BigInteger, nullable=False),
    Column("erased_at", BigInteger),
    sqlite_with_rowid=False,
)

vault_keys = Table(
    "vault_keys",
    metadata,
    Column("only", Integer, primary_key=True, autoincrement=False, doc="always 1: there is one master key"),
    Column(
        "check", OrderedString, nullable=False, doc="in base64: a known value under the master key, to tell a wrong one"
    ),
    Column(
        "wrapped",
        OrderedString,
        doc="in base64: the master key under the key service's key; None: it is given from outside",
    ),
)

datasets = Table(
    "datasets",
    metadata,
    Column("version", OrderedString, primary_key=True, doc="hash of the manifest"),
    Column("task", OrderedString, nullable=False),
    Column("sequence", BigInteger, nullable=False, unique=True, doc="the order in which they were last built, from 1"),
    Column("created_at", BigInteger, nullable=False),
    Column("run_id", OrderedString, nullable=False),
    Column("summary", OrderedText, nullable=False, doc="JSON: rows and groups by split, classes, checks"),
    Index(None, "task", "sequence"),
)
