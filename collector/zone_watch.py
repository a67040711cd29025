"""The zone file while Talaia runs: a change is in force within a second, a mistake changes nothing."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from collector.events import tell
from collector.records import EventRecord
from collector.store import Store
from scanners.clean_text import clean_text
from scanners.door import Door
from scanners.located_yaml import FileError
from scanners.observation import new_id
from scanners.zone import Zone, load_zones

POLL_SECONDS = 0.4

log = logging.getLogger("talaia.zones")

Seen = tuple[int, int, int] | None


class ZoneWatch:
    """A thread that puts a changed zone file in force: the door cuts at once what the new zones no longer allow.

    A file that is broken or gone keeps the old zones in force; an event (``zones-refused``) and the log say why, once for
    each state of the file. ``changed`` is called with the new zones after the door has them. Until a change is seen the
    zones are those that the door was made with.
    """

    def __init__(
        self,
        path: Path,
        door: Door,
        store: Store | None = None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        changed: Callable[[tuple[Zone, ...]], None] = lambda zones: None,
    ) -> None:
        self._path = path
        self._door = door
        self._store = store
        self._clock = clock
        self._changed = changed
        self._seen = self._stamp()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="zone-watch", daemon=True)

    def __enter__(self) -> "ZoneWatch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def look(self) -> bool:
        """Read the file if it has changed since the last look; whether new zones are in force."""
        stamp = self._stamp()
        if stamp == self._seen:
            return False
        self._seen = stamp
        try:
            zones = load_zones(self._path)
        except (FileError, OSError) as error:
            said = clean_text(f"{error}", 2_000)
            log.error("the changed zone file is not used, the zones before it stay in force: %s", said)
            self._tell("zones-refused", {"file": str(self._path), "problem": said})
            return False
        self._door.replace(zones)
        self._changed(zones)
        log.info("the changed zone file is in force: %s", ", ".join(zone.id for zone in zones))
        self._tell("zones-changed", {"file": str(self._path), "zones": [zone.id for zone in zones]})
        return True

    def _stamp(self) -> Seen:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _tell(self, action: str, detail: dict[str, object]) -> None:
        if self._store is None:
            return
        try:
            with self._store.write() as connection:
                tell(connection, EventRecord(id=new_id(), at=self._clock(), action=action, detail=detail))
        except SQLAlchemyError as error:
            log.error("the event %s could not be stored: %s", action, type(error).__name__)

    def _run(self) -> None:
        while not self._ended.wait(POLL_SECONDS):
            self.look()
