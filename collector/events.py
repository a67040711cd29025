"""What happened, in words that never change: the change stream, a finding's history, an asset's history."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from collector.records import EventRecord

_NAMESPACE = uuid.UUID("5b1d3b9e-6f5e-5c53-9a57-3f1f0d6c8c11")


class Action(StrEnum):
    """``event.action`` of the change stream."""

    FINDING_OPENED = "finding-opened"
    FINDING_RESOLVED = "finding-resolved"
    FINDING_REOPENED = "finding-reopened"
    FINDING_CHANGED = "finding-changed"  # severity, or what is observed, is another now
    FINDING_WAIVED = "finding-waived"  # an exception was approved
    FINDING_UNWAIVED = "finding-unwaived"  # its exception ended, expired or is void: it is open again
    FINDING_MOVED = "finding-moved"  # its asset was merged into another
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
