"""Feeds taken in, and what stands weighed by them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from collector.feeds.content import Content
from collector.feeds.keeping import Outcome, Taken, keep
from collector.feeds.weighing import weigh_findings
from collector.ingest import Ingest


@dataclass(frozen=True)
class Loaded:
    """What became of each feed, and how many findings are others now; None when nothing was to be weighed."""

    taken: tuple[Taken, ...]
    weighed: int | None

    @property
    def detail(self) -> Mapping[str, Any]:
        """For the audit log: empty when nothing was changed."""
        return {
            one.feed.value: {"entries": one.entries, "changed": one.changed} for one in self.taken if one.outcome is Outcome.TAKEN
        }


def load(
    ingest: Ingest,
    contents: Sequence[Content],
    flawed: Collection[str],
    noting: Callable[[Connection, Loaded], None],
    *,
    at: datetime,
    may_shrink: bool = False,
) -> Loaded:
    """Keep all of them in one transaction, with what ``noting`` writes down; then weigh the findings of the rules ``flawed``.

    Raises :class:`~collector.refusal.ActionRefused` (``feed-ahead``, ``feed-shrinks``) and then has changed nothing. A kill in
    between is made up for by the next load, or the next refresh.
    """
    with ingest.store.write() as connection:
        taken = tuple(keep(connection, content, at, may_shrink=may_shrink) for content in contents)
        noting(connection, Loaded(taken, None))
    return Loaded(taken, weigh_findings(ingest.store, ingest, flawed))
