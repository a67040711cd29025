"""The stop button across processes: a row that every running process obeys within a second.

``talaia stop`` and the API write the row; each process that looks at the network runs a :class:`StopWatch`, which presses the
process's :class:`scanners.stop.Stop`. The button is a latch: nothing is looked at, and no new scan is taken, until
somebody releases it.
"""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

import msgspec
from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import SQLAlchemyError

from collector.tables import control
from scanners.clean_text import clean_text
from scanners.stop import Stop

POLL_SECONDS = 0.2
_KEY = "stop"


class Reads(Protocol):
    """What is needed of the store here: connections to read with."""

    def read(self) -> AbstractContextManager[Connection]: ...


class Pressed(msgspec.Struct, frozen=True, kw_only=True):
    """Who pressed the button, when and why."""

    by: str
    at: datetime
    reason: str

    @property
    def sentence(self) -> str:
        return f"{self.reason} ({self.by}, {self.at:%Y-%m-%d %H:%M} UTC)"


class StopIsPressed(Exception):
    """Looking was stopped and nobody has released the button. Nothing was started."""

    def __init__(self, pressed: Pressed) -> None:
        self.pressed = pressed
        super().__init__(f"looking is stopped: {pressed.sentence}; release it first (talaia stop --release)")


def request_stop(connection: Connection, *, by: str, reason: str, at: datetime) -> Pressed:
    """Press the button for every process on this store. Returns the press in force: the first one, if it was pressed already."""
    found = stop_state(connection)
    if found is not None:
        return found
    pressed = Pressed(by=clean_text(by, 200), at=at, reason=clean_text(reason, 300) or "no reason given")
    connection.execute(insert(control).values(key=_KEY, value={"by": pressed.by, "reason": pressed.reason}, at=at))
    return pressed


def release_stop(connection: Connection) -> Pressed | None:
    """Let looking go on. Returns the press that was in force, None when there was none."""
    found = stop_state(connection)
    connection.execute(delete(control).where(control.c.key == _KEY))
    return found


def stop_state(connection: Connection) -> Pressed | None:
    """The press in force, None when looking is allowed."""
    row = connection.execute(select(control.c.value, control.c.at).where(control.c.key == _KEY)).one_or_none()
    return None if row is None else Pressed(by=row.value["by"], at=row.at, reason=row.value["reason"])


def request_scan_stop(connection: Connection, scan_id: str, *, by: str, at: datetime) -> None:
    """Ask whoever runs this one scan to end it."""
    forget_scan_stop(connection, scan_id)
    connection.execute(insert(control).values(key=f"{_KEY}:{scan_id}", value={"by": clean_text(by, 200)}, at=at))


def scan_stop_by(connection: Connection, scan_id: str) -> str | None:
    """Who asked to end this one scan; None when nobody did."""
    value = connection.execute(select(control.c.value).where(control.c.key == f"{_KEY}:{scan_id}")).scalar_one_or_none()
    return None if value is None else str(value["by"])


def forget_scan_stop(connection: Connection, scan_id: str) -> None:
    """The scan has ended, or may go on."""
    connection.execute(delete(control).where(control.c.key == f"{_KEY}:{scan_id}"))


class StopWatch:
    """A thread that carries the row over to this process's ``stop``, both ways, within a quarter of a second.

    A store that cannot be read presses nothing: a stop that was pressed stays pressed, and ``problem`` is called once with
    a sentence until the store can be read again.
    """

    def __init__(self, store: Reads, stop: Stop, *, problem: Callable[[str], None] = lambda sentence: None) -> None:
        self._store = store
        self._stop = stop
        self._problem = problem
        self._ours = False
        self._told = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stop-watch", daemon=True)

    def __enter__(self) -> "StopWatch":
        self.look()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def look(self) -> None:
        """Read the row once and press or release accordingly."""
        with self._store.read() as connection:
            pressed = stop_state(connection)
        if pressed is not None and not self._stop.pressed:
            self._ours = True
            self._stop.press(pressed.sentence)
        elif pressed is None and self._ours:
            self._ours = False
            self._stop.release()

    def _run(self) -> None:
        while not self._ended.wait(POLL_SECONDS):
            try:
                self.look()
                self._told = False
            except SQLAlchemyError as error:
                if not self._told:
                    self._told = True
                    self._problem(f"the stop button cannot be read: {type(error).__name__}")
