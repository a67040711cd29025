"""The stop button that every scanner obeys."""

import threading
from collections.abc import Callable


class Stop:
    """A latch that may be pressed from any thread. Listeners are called once a press, in the pressing thread."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []
        self.reason = ""

    @property
    def pressed(self) -> bool:
        return self._event.is_set()

    def press(self, reason: str) -> None:
        """Stop everything. ``reason`` is a sentence for people.

        Every listener is called; raises ``ExceptionGroup`` with what those raised that failed.
        """
        with self._lock:
            if self._event.is_set():
                return
            self.reason = reason
            self._event.set()
            listeners = tuple(self._listeners)
        failures = []
        for listener in listeners:
            try:
                listener()
            except Exception as error:  # noqa: BLE001 - the next must be stopped all the same
                failures.append(error)
        if failures:
            raise ExceptionGroup("the stop button was obeyed, but not by all", failures)

    def release(self) -> None:
        """Let looking go on. Listeners stay and are called again at the next press."""
        with self._lock:
            self.reason = ""
            self._event.clear()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call ``listener`` when the button is pressed (at once if it is). Returns the function that ends listening."""
        with self._lock:
            pressed = self._event.is_set()
            if not pressed:
                self._listeners.append(listener)
        if pressed:
            listener()
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def wait(self, timeout_seconds: float) -> bool:
        """Block this thread until pressed or timed out; returns whether it was pressed."""
        return self._event.wait(timeout_seconds)
