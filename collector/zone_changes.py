"""Changes of the zone file by the API: proposed by one person, approved by another, then written as a whole.

The file stays the truth (``collector.zone_watch`` puts a changed one in force within a second). A proposal says which file it
was made from, so that nobody overwrites what they have not seen. Where secrets are stands in it, never what they are.
"""

import contextlib
import hashlib
import os
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from collector.grants import Person
from collector.refusal import ActionRefused
from collector.tables import zone_change as table
from scanners.zone import Zone, read_zones

LONGEST = 60_000  # characters of a zone file that the API takes
OPEN_AT_ONCE = 20
_NOT_IN_A_DUMP = ("snmp_communities",)  # places of secrets, no secrets: an approver must see which is to be used


class ChangeState(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class ChangeRefused(ActionRefused):
    """The change is not made; nothing was written. ``code`` is stable."""


@dataclass(frozen=True)
class Proposal:
    """``base`` is the digest of the file that the text was made from."""

    text: str
    reason: str
    base: str


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def file_text(path: Path) -> str:
    """The zone file as it is. Raises :class:`ChangeRefused` when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ChangeRefused("zone-file", "the zone file cannot be read as text on this machine; nothing was changed") from error


def propose(connection: Connection, path: Path, proposal: Proposal, by: Person, now: datetime) -> Row[Any]:
    """Keep a proposal. Raises :class:`~scanners.located_yaml.FileError` for a text that is no zone file, and
    :class:`ChangeRefused` with ``stale`` (the file is another by now), ``nothing-changes`` or ``too-many``."""
    current = file_text(path)
    if proposal.base != digest_of(current):
        raise ChangeRefused("stale", "the zone file was changed since you read it: read it again and propose anew")
    changed = differences(read_zones(current, path.name), read_zones(proposal.text, "the proposal"))
    if not changed and proposal.text == current:
        raise ChangeRefused("nothing-changes", "the proposal is the zone file as it is")
    waiting = connection.execute(select(table.c.id).where(table.c.state == ChangeState.PROPOSED)).all()
    if len(waiting) >= OPEN_AT_ONCE:
        raise ChangeRefused("too-many", f"{len(waiting)} proposals wait for a decision already: decide those first")
    change_id = str(uuid.uuid4())
    connection.execute(
        insert(table).values(
            id=change_id,
            state=ChangeState.PROPOSED.value,
            text=proposal.text,
            base=proposal.base,
            reason=proposal.reason,
            differences=changed,
            proposed_by=by.name,
            proposed_by_id=by.id,
            proposed_at=now,
        )
    )
    return _row(connection, change_id)


def approve(connection: Connection, path: Path, change_id: str, by: Person, now: datetime) -> Row[Any]:
    """Write the proposed file. Raises ``LookupError`` for no such change, and :class:`ChangeRefused` with ``decided``,
    ``own-proposal``, ``stale`` or ``not-written``. Repeating one that was cut off after the file was written completes it."""
    row = _undecided(connection, change_id)
    if by.id == row.proposed_by_id or by.name == row.proposed_by:
        raise ChangeRefused("own-proposal", "another person than the one who proposed it has to approve it")
    current = digest_of(file_text(path))
    if current == row.base:
        read_zones(row.text, "the proposal")  # a newer Talaia may read it otherwise than the one that took it
        _write(path, row.text)
    elif current != digest_of(row.text):
        raise ChangeRefused("stale", "the zone file was changed since this was proposed: refuse it, and have it proposed anew")
    return _decide(connection, change_id, ChangeState.APPROVED, by, now)


def refuse(connection: Connection, change_id: str, by: Person, now: datetime) -> Row[Any]:
    """Raises ``LookupError`` and :class:`ChangeRefused` (``decided``)."""
    _undecided(connection, change_id)
    return _decide(connection, change_id, ChangeState.REFUSED, by, now)


def withdraw(connection: Connection, change_id: str, by: Person, now: datetime) -> Row[Any]:
    """By the one who proposed it. Raises ``LookupError`` and :class:`ChangeRefused` (``decided``, ``not-yours``)."""
    if _undecided(connection, change_id).proposed_by_id != by.id:
        raise ChangeRefused("not-yours", "a proposal is withdrawn by the person who made it; others refuse it")
    return _decide(connection, change_id, ChangeState.WITHDRAWN, by, now)


def list_changes(connection: Connection, limit: int = 100) -> list[Row[Any]]:
    """Proposals, those that wait first, then the latest."""
    waiting = (table.c.state == ChangeState.PROPOSED).desc()
    return list(connection.execute(select(table).order_by(waiting, table.c.proposed_at.desc(), table.c.id).limit(limit)))


def get_change(connection: Connection, change_id: str) -> Row[Any] | None:
    return connection.execute(select(table).where(table.c.id == change_id)).first()


def differences(before: Sequence[Zone], after: Sequence[Zone]) -> list[dict[str, Any]]:
    """What a change does, zone by zone: ``added``, ``removed`` or ``changed`` with what differs."""
    old, new = ({zone.id: _plain(zone) for zone in zones} for zones in (before, after))
    found: list[dict[str, Any]] = []
    for zone_id in sorted(old.keys() | new.keys()):
        was, is_ = old.get(zone_id, {}), new.get(zone_id, {})
        fields = [
            {"field": name, "before": was.get(name), "after": is_.get(name)}
            for name in sorted(was.keys() | is_.keys())
            if was.get(name) != is_.get(name)
        ]
        if fields:
            what = "added" if not was else "removed" if not is_ else "changed"
            found.append({"zone": zone_id, "what": what, "fields": fields if what == "changed" else []})
    return found


def _plain(zone: Zone) -> dict[str, Any]:
    return {**zone.model_dump(mode="json", by_alias=True), **{name: list(getattr(zone, name)) for name in _NOT_IN_A_DUMP}}


def _row(connection: Connection, change_id: str) -> Row[Any]:
    return connection.execute(select(table).where(table.c.id == change_id)).one()


def _undecided(connection: Connection, change_id: str) -> Row[Any]:
    row = connection.execute(select(table).where(table.c.id == change_id).with_for_update()).first()
    if row is None:
        raise LookupError(change_id)
    if row.state != ChangeState.PROPOSED:
        raise ChangeRefused("decided", f"this proposal was {row.state} already")
    return row


def _decide(connection: Connection, change_id: str, state: ChangeState, by: Person, now: datetime) -> Row[Any]:
    decided = {"state": state.value, "text": "", "decided_by": by.name, "decided_by_id": by.id, "decided_at": now}
    connection.execute(update(table).where(table.c.id == change_id).values(**decided))
    return _row(connection, change_id)


def _write(path: Path, text: str) -> None:
    """All of it or nothing: written beside, then put in its place, with the rights that the file had."""
    try:
        mode = path.stat().st_mode & 0o777
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with open(descriptor, "w", encoding="utf-8") as beside:
                beside.write(text)
                beside.flush()
                os.fsync(beside.fileno())
            Path(name).chmod(mode)
            Path(name).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        said = f"the zone file cannot be written ({error.strerror}); it is as it was, and the proposal still waits"
        raise ChangeRefused("not-written", said) from error
