"""labelled resumes, datasets and answers"""

import sqlalchemy as sa
from alembic import op

from assets.lineage.columns import AutomaticKey, OrderedString, OrderedText

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "answers",
        sa.Column("answer_id", OrderedString, nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("question", OrderedText, nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=True),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("index_version", OrderedString, nullable=False),
        sa.Column("filters", OrderedText, nullable=False),
        sa.Column("evidence", OrderedText, nullable=False),
        sa.Column("answer", OrderedText, nullable=False),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.Column("reason", OrderedText, nullable=False),
        sa.Column("citations", OrderedText, nullable=False),
        sa.Column("dropped", OrderedText, nullable=False),
        sa.Column("generator", OrderedString, nullable=False),
        sa.Column("settings", OrderedText, nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("answer_id", name=op.f("pk_answers")),
    )
    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_answers_asked_at"), ["asked_at"], unique=False)

    op.create_table(
        "datasets",
        sa.Column("version", OrderedString, nullable=False),
        sa.Column("task", OrderedString, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("run_id", OrderedString, nullable=False),
        sa.Column("summary", OrderedText, nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_datasets")),
        sa.UniqueConstraint("sequence", name=op.f("uq_datasets_sequence")),
    )
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_datasets_task_sequence"), ["task", "sequence"], unique=False)

    op.create_table(
        "label_batches",
        sa.Column("batch_id", OrderedString, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("task", OrderedString, nullable=False),
        sa.Column("source", OrderedString, nullable=False),
        sa.Column("rows_blob", OrderedString, nullable=False),
        sa.Column("originals_blob", OrderedString, nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("unique_resumes", sa.Integer(), nullable=False),
        sa.Column("options", OrderedText, nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_label_batches")),
        sa.UniqueConstraint("sequence", name=op.f("uq_label_batches_sequence")),
    )
    with op.batch_alter_table("label_batches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_label_batches_task_sequence"), ["task", "sequence"], unique=False)

    op.create_table(
        "label_files",
        sa.Column("source", OrderedString, nullable=False),
        sa.Column("path_hash", OrderedString, nullable=False),
        sa.Column("fingerprint", OrderedString, nullable=False),
        sa.Column("batch_id", OrderedString, nullable=False),
        sa.PrimaryKeyConstraint("source", "path_hash", name=op.f("pk_label_files")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "label_quarantine",
        sa.Column("quarantine_id", AutomaticKey, autoincrement=True, nullable=False),
        sa.Column("batch_id", OrderedString, nullable=False),
        sa.Column("task", OrderedString, nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("reason", OrderedString, nullable=False),
        sa.Column("advice", OrderedText, nullable=False),
        sa.Column("noticed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("quarantine_id", name=op.f("pk_label_quarantine")),
    )
    with op.batch_alter_table("label_quarantine", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_label_quarantine_batch_id"), ["batch_id"], unique=False)

    op.create_table(
        "label_rows",
        sa.Column("batch_id", OrderedString, nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("task", OrderedString, nullable=False),
        sa.Column("person_id", OrderedString, nullable=False),
        sa.Column("text_hash", OrderedString, nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "row", name=op.f("pk_label_rows")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("label_rows", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_label_rows_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_label_rows_task_text_hash"), ["task", "text_hash"], unique=False)

    op.create_table(
        "label_sources",
        sa.Column("name", OrderedString, nullable=False),
        sa.Column("task", OrderedString, nullable=False),
        sa.Column("location", OrderedString, nullable=False),
        sa.Column("options", OrderedText, nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_label_sources")),
    )
    op.create_table(
        "persons",
        sa.Column("person_id", OrderedString, nullable=False),
        sa.Column("wrapped_key", OrderedString, nullable=True),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("erased_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_persons")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "vault_keys",
        sa.Column("only", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("check", OrderedString, nullable=False),
        sa.Column("wrapped", OrderedString, nullable=True),
        sa.PrimaryKeyConstraint("only", name=op.f("pk_vault_keys")),
    )


def downgrade() -> None:
    op.drop_table("vault_keys")
    op.drop_table("persons")
    op.drop_table("label_sources")
    with op.batch_alter_table("label_rows", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_label_rows_task_text_hash"))
        batch_op.drop_index(batch_op.f("ix_label_rows_person_id"))

    op.drop_table("label_rows")
    with op.batch_alter_table("label_quarantine", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_label_quarantine_batch_id"))

    op.drop_table("label_quarantine")
    op.drop_table("label_files")
    with op.batch_alter_table("label_batches", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_label_batches_task_sequence"))

    op.drop_table("label_batches")
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_datasets_task_sequence"))

    op.drop_table("datasets")
    with op.batch_alter_table("answers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_answers_asked_at"))

    op.drop_table("answers")
