"""Runs migrations on the connection that `assets.lineage.catalogue.migrate` hands over."""

from alembic import context

from assets.lineage.every_table import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
