"""What stands is weighed by the feeds that were loaded: some hundreds of assets at once, each time in one transaction with its
events and all that must leave. A kill leaves the rest pending; the next load, or the refresh of ``talaia serve``, does it."""

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING

from sqlalchemy import select

from collector.batch import Batch
from collector.feeds.keeping import pending, weighed
from collector.findings import LifeCycle, State
from collector.store import Store
from collector.tables import finding

if TYPE_CHECKING:
    from collector.ingest import Ingest

ASSETS_AT_ONCE = 500


def weigh_findings(store: Store, ingest: "Ingest", flawed: Collection[str]) -> int | None:
    """Weigh the standing findings of the rules ``flawed`` (those that name CVEs) again; returns how many are others now, None
    when nothing was pending."""
    with store.read() as connection:
        waiting = pending(connection)
    if not waiting:
        return None
    assets: list[str] = []

    def look(batch: Batch, life: LifeCycle) -> None:  # in the writers' turn: whoever wrote with the old feeds has ended
        of = finding.c
        wanted = select(of.asset_id).where(of.rule.in_(sorted(flawed)), of.state != State.RESOLVED.value).distinct()
        assets.extend(batch.connection.execute(wanted.order_by(of.asset_id)).scalars())

    ingest.change(look, groups=False)
    changed = sum(len(ingest.change(_weighing(part), groups=False).findings) for part in _parts(assets))
    with store.write() as connection:
        weighed(connection, waiting)
    if changed:
        ingest.change(lambda batch, life: None)
    return changed


def _parts(assets: list[str]) -> Iterator[list[str]]:
    return (assets[start : start + ASSETS_AT_ONCE] for start in range(0, len(assets), ASSETS_AT_ONCE))


def _weighing(assets: list[str]) -> Callable[[Batch, LifeCycle], None]:
    def weigh(batch: Batch, life: LifeCycle) -> None:
        batch.load(assets)
        life.announce(one for key in assets for one in batch.findings[key].values())
        for asset in (batch.assets[key] for key in assets if key in batch.assets):
            for found in list(batch.findings[asset.id].values()):
                if found.state != State.RESOLVED and life.shows_cves(found):
                    life.weigh_anew(batch, asset, found)

    return weigh
