"""One bulk request: what is sent, and what each item's answer means."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import msgspec
from elasticsearch import Elasticsearch
from sqlalchemy import Row

from scanners.clean_text import clean_text

OLDER_INDICES = 3  # backing indices that an unanswered request can have reached: rollovers are days apart, retries minutes

_JSON = msgspec.json.Encoder()


class Fate(StrEnum):
    """What became of one document."""

    STORED = "stored"  # there now, or there already
    LATER = "later"  # the cluster is busy or broken: the same again later
    REFUSED = "refused"  # not as it is


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    fate: Fate
    reason: str = ""


def is_data_stream(stream: str) -> bool:
    """Data streams take each document once (``create``); of an index the newest state is kept (``index``)."""
    return stream.startswith(("logs-", "metrics-"))


def lines(rows: Sequence[Row[Any]]) -> list[bytes]:
    """The request's lines: an action for each row, and its document unless it is to be deleted."""
    written: list[bytes] = []
    for row in rows:
        verb = "create" if is_data_stream(row.stream) else ("index" if row.body else "delete")
        written.append(_JSON.encode({verb: {"_index": row.stream, "_id": row.id}}))
        if row.body:
            written.append(bytes(row.body))
    return written


def send(client: Elasticsearch, rows: Sequence[Row[Any]]) -> list[Answer]:
    """Send rows and return an answer for each, in order. Raises what the client raises when the request as a whole failed."""
    operations: Any = lines(rows)  # written already; the client sends lines of bytes as they are
    answer = client.bulk(operations=operations, filter_path="items.*.status,items.*.error.type,items.*.error.reason")
    items = answer.body.get("items") or []
    if len(items) != len(rows):
        raise ValueError(f"{len(rows)} documents were sent and {len(items)} answered")
    return [_answer(next(iter(item.items()))) for item in items]


def _answer(item: tuple[str, dict[str, Any]]) -> Answer:
    verb, said = item
    status = int(said.get("status", 500))
    if status < 300 or (verb == "create" and status == 409) or (verb == "delete" and status == 404):
        return Answer(fate=Fate.STORED)
    error = said.get("error") or {}
    reason = clean_text(f"{status} {error.get('type', '')}: {error.get('reason', '')}", 390)
    return Answer(fate=Fate.REFUSED if status in (400, 413) else Fate.LATER, reason=reason)


def stored_before(client: Elasticsearch, rows: Sequence[Row[Any]]) -> set[int]:
    """Of rows that were sent before without an answer, the numbers of those that lie in an older backing index.

    ``create`` finds a repeated document in the index being written to, but not in one that was rolled over since.
    """
    found: set[int] = set()
    streams = {row.stream for row in rows if is_data_stream(row.stream)}
    for stream in sorted(streams):
        older = _older_indices(client, stream)
        mine = [row for row in rows if row.stream == stream] if older else []
        for index in older:
            answer = client.mget(index=index, ids=[row.id for row in mine], source=False, filter_path="docs._id,docs.found")
            there = {item["_id"] for item in answer.body.get("docs", []) if item.get("found")}
            found |= {row.seq for row in mine if row.id in there}
    return found


def _older_indices(client: Elasticsearch, stream: str) -> list[str]:
    """The backing indices before the one that is written to, the newest few."""
    answer = client.options(ignore_status=404).indices.get_settings(index=stream, name="index.creation_date")
    if answer.meta.status == 404:
        return []
    made = sorted((int(said["settings"]["index"]["creation_date"]), name) for name, said in answer.body.items())
    return [name for _, name in made[:-1]][-OLDER_INDICES:]
