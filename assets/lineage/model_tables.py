"""The catalogue's tables of trained models: what was packaged, with which keys, what was decided, what was predicted.

No column holds text of a resume. The embedding models of the search index have a table of their own, `models` (see `schema`).
"""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Table

from assets.lineage.columns import AutomaticKey, OrderedString, OrderedText, metadata

trained_models = Table(
    "trained_models",
    metadata,
    Column("version", OrderedString, primary_key=True, doc="hash of the manifest"),
    Column("task", OrderedString, nullable=False),
    Column("dataset_version", OrderedString, nullable=False, doc="the dataset that it was trained on"),
    Column("sequence", BigInteger, nullable=False, unique=True, doc="the order in which they were packaged, from 1"),
    Column("created_at", BigInteger, nullable=False),
    Column("run_id", OrderedString, nullable=False),
    Column("summary", OrderedText, nullable=False, doc="JSON: metrics, gates, base model, served form, bytes"),
    Index(None, "task", "sequence"),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("key_id", OrderedString, primary_key=True, doc="hash of the public key (SubjectPublicKeyInfo, DER)"),
    Column("public_key", OrderedString, nullable=False, doc="in base64: the 32 bytes of the Ed25519 public key"),
    Column("sequence", BigInteger, nullable=False, unique=True, doc="from 1; the highest is the one that signs now"),
    Column("accepted_at", BigInteger, nullable=False),
)

promotions = Table(
    "promotions",
    metadata,
    Column("decision", BigInteger, primary_key=True, autoincrement=False, doc="the order of decisions, from 1"),
    Column("task", OrderedString, nullable=False),
    Column("kind", OrderedString, nullable=False, doc="gates, hand or rollback: what the decision came from"),
    Column("version", OrderedString, nullable=False, doc="the model that was decided about"),
    Column("champion", OrderedString, doc="the champion that it was weighed against; None: there was none"),
    Column("outcome", OrderedString, nullable=False, doc="promoted, refused, or overtaken by another promotion"),
    Column("gates", OrderedText, nullable=False, doc="JSON list: name, passed, value, limit, told"),
    Column("despite_gates", Boolean, nullable=False, doc="whether it was promoted although a gate had failed"),
    Column("decided_by", OrderedString, doc="the name that was given; None: the gates decided"),
    Column("why", OrderedText, nullable=False, doc="the reason that was given; empty where none was"),
    Column("run_id", OrderedString, doc="None: decided outside of a run"),
    Column("decided_at", BigInteger, nullable=False),
    Column("moved_at", BigInteger, doc="when the champion's pointer was found moved; None: not, or not yet"),
    Index(None, "task", "decision"),
    Index(None, "version"),
)

predictions = Table(
    "predictions",
    metadata,
    Column("prediction_id", AutomaticKey, primary_key=True, autoincrement=True),
    Column("task", OrderedString, nullable=False),
    Column("model_version", OrderedString, nullable=False),
    Column(
        "input_hash", OrderedString, nullable=False, doc="keyed hash of what was given: tells equal inputs, not what"
    ),
    Column("output", OrderedText, nullable=False, doc="JSON: labels, spans by offset, or ranked ids; never text"),
    Column("probability", Float, doc="of the best label; None where the task gives none"),
    Column("abstained", Boolean, nullable=False),
    Column("predicted_at", BigInteger, nullable=False),
    Index(None, "model_version"),
    Index(None, "input_hash"),
    Index(None, "predicted_at"),
)
