"""The catalogue's table of answers and refusals, with all that each was made of."""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Table

from assets.lineage.columns import OrderedString, OrderedText, metadata

answers = Table(
    "answers",
    metadata,
    Column("answer_id", OrderedString, primary_key=True),
    Column("asked_at", BigInteger, nullable=False),
    Column("question", OrderedText, nullable=False),
    Column("as_of", BigInteger, doc="the moment of validity that was asked for; None: now"),
    Column("generation", BigInteger, nullable=False),
    Column("index_version", OrderedString, nullable=False),
    Column("filters", OrderedText, nullable=False, doc="JSON: kind, jurisdiction, known at"),
    Column("evidence", OrderedText, nullable=False, doc="JSON list: chunk, document, version, span, score"),
    Column("answer", OrderedText, nullable=False, doc="empty where it is refused"),
    Column("refused", Boolean, nullable=False),
    Column("reason", OrderedText, nullable=False, doc="why it was refused, or what the asker should mind"),
    Column("citations", OrderedText, nullable=False, doc="JSON list"),
    Column(
        "dropped",
        OrderedText,
        nullable=False,
        doc="JSON list: sentences that failed a check, by the check's name and hash",
    ),
    Column("generator", OrderedString, nullable=False),
    Column("settings", OrderedText, nullable=False, doc="JSON: of generator and checks"),
    Column("seconds", Float, nullable=False),
    Index(None, "asked_at"),
)
