"""What happened, in words that never change: the change feed, a finding's history, an asset's history."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, text

from collector.records import EventRecord
from collector.tables import event

_NAMESPACE = uuid.UUID("5b1d3b9e-6f5e-5c53-9a57-3f1f0d6c8c11")
PLACES = 0x7A1A  # the first 16 bits of PostgreSQL's advisory locks that running writers hold


class Action(StrEnum):
    """``event.action`` of the change stream."""

    FINDING_OPENED = "finding-opened"
    FINDING_RESOLVED = "finding-resolved"
    FINDING_REOPENED = "finding-reopened"
    FINDING_CHANGED = "finding-changed"  # severity, or what is observed, is another now
    FINDING_WAIVED = "finding-waived"  # an exception was approved
    FINDING_UNWAIVED = "finding-unwaived"  # its exception ended, expired or is void: it is open again
    FINDING_EXPLOITED = "finding-exploited"  # a CVE that it shows is known to be exploited, as was not known before
    FINDING_WEIGHED = "finding-weighed"  # by what became known of its CVEs: its deadline or band is another
    FINDING_MOVED = "finding-moved"  # its asset was merged into another
    FINDING_HANDED_OVER = "finding-handed-over"  # another department's from now on; told to the one that had it
    FINDING_TAKEN_OVER = "finding-taken-over"  # this department's from now on
    ASSET_NEW = "asset-new"
    ASSET_GONE = "asset-gone"
    ASSET_BACK = "asset-back"
    ASSET_MOVED = "asset-moved"  # another address
    ASSET_MERGED = "asset-merged"
    ASSET_ADDRESS_LOST = "asset-address-lost"  # another machine answers there now
    ASSET_IDENTITY_CHANGED = "asset-identity-changed"  # same asset, new network card or host key
    ASSET_RETIRED = "asset-retired"  # the catalogue does not declare it any more
    PORT_NEW = "port-new"
    PORT_CLOSED = "port-closed"
    PORT_REOPENED = "port-reopened"
    EXCEPTION_REQUESTED = "exception-requested"
    EXCEPTION_APPROVED = "exception-approved"
    EXCEPTION_REFUSED = "exception-refused"
    EXCEPTION_WITHDRAWN = "exception-withdrawn"
    EXCEPTION_ENDED = "exception-ended"
    EXCEPTION_EXPIRED = "exception-expired"
    EXCEPTION_VOID = "exception-void"  # what it covered is observed otherwise
    SCAN_FINISHED = "scan-finished"
    SCAN_STOPPED = "scan-stopped"
    SCAN_FAILED = "scan-failed"
    WEBHOOK_DISABLED = "webhook-disabled"  # its receiver failed for days, or is gone
    ZONES_CHANGED = "zones-changed"  # another zone file is in force
    ZONES_REFUSED = "zones-refused"  # a changed zone file has a mistake: the zones before it stay in force


def new_event(
    action: Action,
    at: datetime,
    cause: str,
    *,
    asset_id: str | None = None,
    finding_id: str | None = None,
    department_id: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> EventRecord:
    """An event whose id follows from what happened to whom because of what (``cause``: an observation's id), so that the
    same cause never counts twice."""
    subject = "|".join((action, cause, asset_id or "", finding_id or "", repr(sorted((detail or {}).items()))))
    return EventRecord(
        id=str(uuid.uuid5(_NAMESPACE, subject)),
        at=at,
        action=action.value,
        asset_id=asset_id,
        finding_id=finding_id,
        department_id=department_id,
        detail=detail or {},
    )


def hold_place(connection: Connection) -> None:
    """Called before the events of a transaction are inserted.

    PostgreSQL numbers rows when they are inserted and shows them when they are committed, so a lower number may appear after a
    higher one. A writer therefore holds, until its transaction has ended, a shared lock whose key is the last number given out
    before its own; whoever reads on (:mod:`collector.queries.events`) stops there. Writers never wait for each other.
    """
    if connection.dialect.name == "postgresql":
        place = "(CAST(:places AS bigint) << 48) + coalesce(pg_sequence_last_value('event_seq_seq'), 0)"
        connection.execute(text(f"SELECT pg_advisory_xact_lock_shared({place})"), {"places": PLACES})


def tell(connection: Connection, record: EventRecord) -> None:
    """Write one event in the caller's transaction."""
    hold_place(connection)
    said = {name: getattr(record, name) for name in record.__struct_fields__}
    connection.execute(insert(event).values(**said | {"detail": dict(record.detail)}))
