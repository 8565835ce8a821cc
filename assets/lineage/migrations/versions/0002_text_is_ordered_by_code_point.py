"""text is ordered by code point"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = (
    "chunks",
    "files",
    "generations",
    "index_versions",
    "layouts",
    "ledger",
    "models",
    "passages",
    "quarantine",
    "refreshes",
    "rows",
    "segments",
    "served",
    "sources",
    "staged_documents",
    "staged_files",
    "staged_looks",
    "staged_quarantine",
    "staged_rows",
    "staged_versions",
    "unfinished",
    "vectors",
    "versions",
)


def upgrade() -> None:
    _collate("C")


def downgrade() -> None:
    _collate("default")


def _collate(collation: str) -> None:
    """SQLite compares text by code point without being told."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    inspector = sa.inspect(connection)
    for table in _TABLES:
        changes = ", ".join(
            f'ALTER COLUMN "{column["name"]}" TYPE {column["type"].compile(connection.dialect).split()[0]}'
            f' COLLATE "{collation}"'
            for column in inspector.get_columns(table)
            if isinstance(column["type"], sa.String)
        )
        op.execute(f'ALTER TABLE "{table}" {changes}')
