"""Brings a database's tables up to date, in one transaction: after a kill it is either as before or as it should be."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from collector.store import Store, StoreError

_LOCK = 7_231_944_051  # an advisory lock's number on PostgreSQL: any, as long as it is always the same


def migrate(store: Store) -> str:
    """Create or upgrade every table; safe to call at each start and from several processes at once.

    Returns the revision that the database has afterwards. Raises :class:`~collector.store.StoreError` when the database cannot
    be reached, or was written by a newer Talaia.
    """
    try:
        with store.write() as connection:
            if store.dialect == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
            _refuse_newer(connection)
            command.upgrade(_config(connection), "head")
            return current(connection) or ""
    except SQLAlchemyError as error:
        said = f"the database {store.shown} could not be opened or brought up to date; nothing in it was changed: {error}"
        raise StoreError(said) from error


def current(connection: Connection) -> str | None:
    """The revision of the database; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """The revision that this program needs."""
    return ScriptDirectory(str(Path(__file__).parent)).get_current_head() or ""


def _refuse_newer(connection: Connection) -> None:
    found = current(connection)
    if found is None:
        return
    known = {script.revision for script in ScriptDirectory(str(Path(__file__).parent)).walk_revisions()}
    if found not in known:
        raise StoreError(f"the database is at revision {found}, which this version does not know: install the newer Talaia again")


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
