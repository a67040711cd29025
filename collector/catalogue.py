"""The catalogue, put into the store: idempotent, and without losing a finding of what leaves the file."""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Connection, Table, delete, select, update

from collector import tables, tally
from collector.catalogue_file import Catalogue, catalogue_schema, load_catalogue
from collector.deadlines import DeadlinePolicy
from collector.declaring import Declaring
from collector.findings import LifeCycle
from collector.inventory_size import freeze_when_due
from collector.records import Deliver
from collector.threats import Flaws, Threats

__all__ = ["Catalogue", "apply_catalogue", "catalogue_schema", "load_catalogue"]


def apply_catalogue(
    connection: Connection,
    catalogue: Catalogue,
    clock: Callable[[], datetime],
    deadlines: DeadlinePolicy | None = None,
    flaws: Flaws | None = None,
    *,
    deliver: Deliver | None = None,
) -> None:
    """Make the store say what the catalogue says. Applying it again changes nothing. ``flaws`` None: no rule names a CVE.
    ``deliver`` is called with what changed.

    A declared asset takes over what was already found at its addresses, and what an imported inventory declares there. One that
    left the file stays as an asset nobody declares, with its findings; one that was never seen is removed; those of imported
    inventories stay as they are. What nobody declares follows its service to another department, category or exposure. The size
    of the inventory is frozen when a period (a year) starts.
    """
    now = clock()
    _departments(connection, catalogue)
    _services(connection, catalogue)
    threats = Threats(connection, flaws) if flaws is not None else None
    life = LifeCycle(now=now, deadlines=deadlines or DeadlinePolicy(), threats=threats)
    work = Declaring(connection, catalogue.assets, life)
    work.declare()
    work.retire()
    work.follow_services()
    services, departments = (_left(connection, table, known) for table, known in _known(catalogue))
    work.release(services, departments)
    changes = work.finish()
    _forget(connection, services, departments)
    tally.rebuild(connection)
    freeze_when_due(connection, now)
    if deliver is not None and (changes.assets or changes.events):
        deliver(connection, changes)


def _departments(connection: Connection, catalogue: Catalogue) -> None:
    table = tables.department
    known = set(connection.execute(select(table.c.id)).scalars())
    for key, department in catalogue.departments.items():
        if key in known:
            connection.execute(update(table).where(table.c.id == key).values(names=department.names))
        else:
            connection.execute(table.insert().values(id=key, names=department.names, inventory_size=0))


def _services(connection: Connection, catalogue: Catalogue) -> None:
    table = tables.service
    known = set(connection.execute(select(table.c.id)).scalars())
    for key, service in catalogue.services.items():
        values = {
            "department_id": service.department,
            "names": service.names,
            "audience": service.audience,
            "plan": service.plan,
            "strategic_line": service.line,
            "project": service.project,
            "supplier": service.supplier,
            "ens": {dimension: level.value for dimension, level in service.ens.items()},
            "ens_category": service.ens_category,
            "exposure": service.exposure,
            "parameters": {rule: dict(given) for rule, given in service.parameters.items()},
        }
        if key in known:
            connection.execute(update(table).where(table.c.id == key).values(**values))
        else:
            connection.execute(table.insert().values(id=key, inventory_size=0, **values))


def _known(catalogue: Catalogue) -> tuple[tuple[Table, Mapping[str, object]], ...]:
    return (tables.service, catalogue.services), (tables.department, catalogue.departments)


def _left(connection: Connection, table: Table, known: Mapping[str, object]) -> frozenset[str]:
    """The ids of services or departments that left the file."""
    return frozenset(set(connection.execute(select(table.c.id)).scalars()) - set(known))


def _forget(connection: Connection, services: frozenset[str], departments: frozenset[str]) -> None:
    """Nothing is theirs any more."""
    service, department, link = tables.service, tables.department, tables.asset_service
    connection.execute(delete(link).where(link.c.service_id.in_(sorted(services))))
    connection.execute(delete(service).where(service.c.id.in_(sorted(services))))
    connection.execute(delete(department).where(department.c.id.in_(sorted(departments))))
