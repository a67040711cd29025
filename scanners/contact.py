"""One contact with the network, that can be cut at any moment and from any thread."""

import asyncio
from collections.abc import Callable, Coroutine
from enum import StrEnum
from typing import Any, TypeVar

Result = TypeVar("Result")


class Refusal(StrEnum):
    """Why the door stayed shut."""

    OUTSIDE = "outside"
    EXCLUDED = "excluded"
    SPECIAL = "special"
    OWN_HOST = "own_host"
    NOT_NOW = "not_now"
    TOO_HARD = "too_hard"
    LEFT_ALONE = "left_alone"
    FRAGILE = "fragile"
    STOPPED = "stopped"


class RefusedByScope(Exception):
    """No zone authorises this look, or none does any longer. Nothing was sent after that."""

    def __init__(self, reason: Refusal, sentence: str) -> None:
        self.reason = reason
        super().__init__(sentence)


class Contact:
    """``check`` raises :class:`RefusedByScope` when the contact may not (any longer) be made.

    ``refused`` is set once it was cut. ``on_cut`` is then called in the event loop.
    """

    def __init__(self, check: Callable[[], object]) -> None:
        self.refused: RefusedByScope | None = None
        self.on_cut: Callable[[RefusedByScope], None] | None = None
        self._check = check
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[Any] | None = None

    def check(self) -> None:
        """Raises :class:`RefusedByScope`."""
        if self.refused is not None:
            raise self.refused
        self._check()

    async def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Await ``work``; ended with :class:`RefusedByScope` when the contact is cut meanwhile."""
        self._task = task = asyncio.create_task(work)
        try:
            return await task
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if self.refused is not None and not (current and current.cancelling()):
                raise self.refused from None
            raise
        finally:
            self._task = None

    def cut(self, refused: RefusedByScope) -> None:
        """End it now. From any thread."""
        self.refused = refused
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end, refused)

    def _end(self, refused: RefusedByScope) -> None:
        if self._task is not None:
            self._task.cancel()
        if self.on_cut is not None:
            self.on_cut(refused)
