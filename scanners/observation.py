"""The one thing this room hands on: what was looked at, how the look ended, and what was seen."""

import hashlib
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

import msgspec

from scanners.target import Target

EVIDENCE_LIMIT_BYTES = 64 * 1024


class Outcome(StrEnum):
    """How a look ended. Only ``observed`` carries facts."""

    OBSERVED = "observed"
    CLOSED = "closed"  # the host said no: RST, ICMP port unreachable
    FILTERED = "filtered"  # something on the way said no: ICMP prohibited
    TIMEOUT = "timeout"  # nobody answered, or not to the end, within the deadline
    PROTOCOL_ERROR = "protocol_error"  # it answered, but not in this protocol
    REFUSED_BY_SCOPE = "refused_by_scope"  # the door did not let us look; nothing was sent
    ERROR = "error"  # our own fault


class Vantage(StrEnum):
    """From where a look is made."""

    INTERNET = "internet"
    PARTNER = "partner"
    INTERNAL = "internal"
    WORKPLACE = "workplace"
    INDUSTRIAL = "industrial"
    ISOLATED = "isolated"
    AUTHENTICATED = "authenticated"


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What one scanner saw. Subclasses name their ``kind`` and have one typed field a fact.

    Every field must have a default. ``None`` means *could not be determined*, never *no*. Field types are bool, int,
    float, str, datetime (aware), ``tuple``/``list`` of those, a further frozen Struct, or a list of such Structs. Rules
    see a field as ``<kind>.<field>`` and a Struct's fields as ``<kind>.<field>.<inner>``.
    """

    kind: ClassVar[str]


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """One look at one target by one scanner from one vantage.

    ``detail`` says in a sentence why the outcome is not *observed*; it is clean text. ``evidence`` is what came over
    the wire, bounded to 64 KiB and kept apart from the facts; ``evidence_sha256`` is its digest (hexadecimal, or
    None when there is none). ``observed_at`` is aware.
    """

    id: str
    zone: str
    vantage: Vantage
    target: Target
    scanner: str
    scanner_version: str
    observed_at: datetime
    outcome: Outcome
    detail: str = ""
    facts: Facts | None = None
    evidence: bytes = b""
    evidence_sha256: str | None = None


class ObservationError(ValueError):
    """A line is no observation, or its facts are not those of its scanner."""


_NO_FACTS = msgspec.Raw(b"null")


class _Wire(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An observation on the wire: the facts still raw, because their type depends on ``scanner``."""

    id: str
    zone: str
    vantage: Vantage
    target: Target
    scanner: str
    scanner_version: str
    observed_at: datetime
    outcome: Outcome
    detail: str = ""
    facts: msgspec.Raw = _NO_FACTS
    evidence: bytes = b""
    evidence_sha256: str | None = None


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(_Wire)


def new_id() -> str:
    """A fresh observation id (UUID version 4, hexadecimal)."""
    return uuid.uuid4().hex


def digest(evidence: bytes) -> str | None:
    return hashlib.sha256(evidence).hexdigest() if evidence else None


def encode(observation: Observation) -> bytes:
    """One JSON line, without its newline."""
    return _ENCODER.encode(observation)


def decode(line: bytes | str, facts_types: Mapping[str, type[Facts]]) -> Observation:
    """Read one JSON line. ``facts_types`` maps a scanner's name to the type of its facts (`scanners.scanner.facts_types`).

    Raises :class:`ObservationError` for anything else than a complete, well-typed observation.
    """
    try:
        wire = _DECODER.decode(line)
        facts = _facts(wire, facts_types)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise ObservationError(f"this line is not an observation: {error}") from error
    fields = {name: getattr(wire, name) for name in wire.__struct_fields__ if name != "facts"}
    return Observation(facts=facts, **fields)


def _facts(wire: _Wire, facts_types: Mapping[str, type[Facts]]) -> Facts | None:
    if wire.facts == _NO_FACTS:
        return None
    facts_type = facts_types.get(wire.scanner)
    if facts_type is None:
        raise ObservationError(f"no scanner is named {wire.scanner!r}")
    return msgspec.json.decode(wire.facts, type=facts_type)


def fields_of(facts: msgspec.Struct, prefix: str) -> Iterator[tuple[str, Any]]:
    """Each determined fact as ``(dotted name, value)``; Structs are walked into, undetermined facts (None) left out."""
    for name in facts.__struct_fields__:
        value = getattr(facts, name)
        if value is None:
            continue
        if isinstance(value, msgspec.Struct):
            yield from fields_of(value, f"{prefix}.{name}")
        else:
            yield f"{prefix}.{name}", value
