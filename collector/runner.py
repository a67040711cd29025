"""The runner: takes scans that wait, works through their units, and survives being killed at any instant."""

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING

from collector.runs import RunProgress, ScanState
from scanners.door import Door
from scanners.probe import Probe

if TYPE_CHECKING:
    from collector.ingest import Ingest
    from collector.store import Store

Watch = Callable[[RunProgress], None]


class Runner:
    """Works through scans, one whole zone at a time and targeted ones beside it.

    ``door`` knows the zones in force and holds the stop button; ``probe`` looks through that door (``Probe(door)`` when None).
    ``holder`` names this process in leases. A zone is looked at by one process at a time (lease ``zone:<id>``), so that
    its packet rate is kept; a second process waits, and takes over within 15 s of a kill.
    """

    def __init__(
        self,
        store: "Store",
        ingest: "Ingest",
        door: Door,
        *,
        probe: Probe | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        holder: str | None = None,
        looks_at_once: int = 4,
    ) -> None: ...

    async def run(self, scan_id: str, watch: Watch | None = None) -> ScanState:
        """Carry one scan to its end and return the state it ended in.

        ``watch`` is called with the progress at most twice a second. When another process is at work in that zone, this waits
        and watches until the scan has ended there. Raises ``LookupError`` for an unknown scan.
        """
        raise NotImplementedError

    async def work(self, ended: Event) -> None:
        """Service mode: take scans as they come until ``ended`` is set; what runs then is left to be taken up again."""
        raise NotImplementedError
