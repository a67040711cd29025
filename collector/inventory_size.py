"""N of the score: the size of the inventory, frozen when a period starts so that nobody improves by adding clean assets."""

from datetime import datetime

from sqlalchemy import Connection, func, select, update

from collector import tables

KEY = "inventory_size"


def freeze_when_due(connection: Connection, now: datetime) -> None:
    """Count the assets of city, departments and services when a calendar year (UTC) starts, or nobody counted yet.

    A department or service that had none when the period started is counted as soon as it has some.
    """
    control, asset = tables.control, tables.asset.c
    living = asset.gone_since.is_(None)
    total = connection.execute(select(func.count()).where(living)).scalar_one()
    if not total:
        return
    frozen = connection.execute(select(control.c.value).where(control.c.key == KEY)).scalar()
    fresh = not isinstance(frozen, dict) or frozen.get("year") != now.year
    if fresh:
        connection.execute(control.delete().where(control.c.key == KEY))
        connection.execute(control.insert().values(key=KEY, value={"year": now.year, "city": total}, at=now))
    link = tables.asset_service.c
    of_department = select(func.count()).where(asset.department_id == tables.department.c.id, living).scalar_subquery()
    of_service = (
        select(func.count())
        .select_from(tables.asset_service.join(tables.asset, asset.id == link.asset_id))
        .where(link.service_id == tables.service.c.id, living)
        .scalar_subquery()
    )
    for table, counted in ((tables.department, of_department), (tables.service, of_service)):
        statement = update(table).values(inventory_size=counted)
        connection.execute(statement if fresh else statement.where(table.c.inventory_size == 0))


def city_size(connection: Connection) -> int:
    """The city's frozen N; 0 when nobody counted yet."""
    found = connection.execute(select(tables.control.c.value).where(tables.control.c.key == KEY)).scalar()
    return int(found.get("city", 0)) if isinstance(found, dict) else 0
