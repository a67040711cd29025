"""Run by Alembic, on the connection and inside the transaction that :func:`collector.migrations.migrate` opened."""

from alembic import context

from collector.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
