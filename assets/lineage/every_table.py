"""All tables of the catalogue together, for those who handle it as a whole: migrations and backups."""

from assets.lineage import answer_tables, label_tables, model_tables, schema  # noqa: F401
from assets.lineage.columns import metadata

__all__ = ["metadata"]
