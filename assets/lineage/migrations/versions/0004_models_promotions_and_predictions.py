"""models, promotions and predictions"""

import sqlalchemy as sa
from alembic import op

from assets.lineage.columns import AutomaticKey, OrderedString, OrderedText

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "predictions",
        sa.Column("prediction_id", AutomaticKey, autoincrement=True, nullable=False),
        sa.Column("task", OrderedString, nullable=False),
        sa.Column("model_version", OrderedString, nullable=False),
        sa.Column("input_hash", OrderedString, nullable=False),
        sa.Column("output", OrderedText, nullable=False),
        sa.Column("probability", sa.Float(), nullable=True),
        sa.Column("abstained", sa.Boolean(), nullable=False),
        sa.Column("predicted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("prediction_id", name=op.f("pk_predictions")),
    )
    with op.batch_alter_table("predictions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_predictions_input_hash"), ["input_hash"], unique=False)
        batch_op.create_index(batch_op.f("ix_predictions_model_version"), ["model_version"], unique=False)
        batch_op.create_index(batch_op.f("ix_predictions_predicted_at"), ["predicted_at"], unique=False)

    op.create_table(
        "promotions",
        sa.Column("decision", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("task", OrderedString, nullable=False),
        sa.Column("kind", OrderedString, nullable=False),
        sa.Column("version", OrderedString, nullable=False),
        sa.Column("champion", OrderedString, nullable=True),
        sa.Column("outcome", OrderedString, nullable=False),
        sa.Column("gates", OrderedText, nullable=False),
        sa.Column("despite_gates", sa.Boolean(), nullable=False),
        sa.Column("decided_by", OrderedString, nullable=True),
        sa.Column("why", OrderedText, nullable=False),
        sa.Column("run_id", OrderedString, nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("moved_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("decision", name=op.f("pk_promotions")),
    )
    with op.batch_alter_table("promotions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_promotions_task_decision"), ["task", "decision"], unique=False)
        batch_op.create_index(batch_op.f("ix_promotions_version"), ["version"], unique=False)

    op.create_table(
        "signing_keys",
        sa.Column("key_id", OrderedString, nullable=False),
        sa.Column("public_key", OrderedString, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_signing_keys")),
        sa.UniqueConstraint("sequence", name=op.f("uq_signing_keys_sequence")),
    )
    op.create_table(
        "trained_models",
        sa.Column("version", OrderedString, nullable=False),
        sa.Column("task", OrderedString, nullable=False),
        sa.Column("dataset_version", OrderedString, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("run_id", OrderedString, nullable=False),
        sa.Column("summary", OrderedText, nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_trained_models")),
        sa.UniqueConstraint("sequence", name=op.f("uq_trained_models_sequence")),
    )
    with op.batch_alter_table("trained_models", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_trained_models_task_sequence"), ["task", "sequence"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("trained_models", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_trained_models_task_sequence"))

    op.drop_table("trained_models")
    op.drop_table("signing_keys")
    with op.batch_alter_table("promotions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_promotions_version"))
        batch_op.drop_index(batch_op.f("ix_promotions_task_decision"))

    op.drop_table("promotions")
    with op.batch_alter_table("predictions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_predictions_predicted_at"))
        batch_op.drop_index(batch_op.f("ix_predictions_model_version"))
        batch_op.drop_index(batch_op.f("ix_predictions_input_hash"))

    op.drop_table("predictions")
