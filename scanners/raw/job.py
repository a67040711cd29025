"""One job: its addresses, its ports, what was already answered, and where it stood."""

import base64
import binascii
import re
import zlib
from dataclasses import dataclass
from typing import Any

from scanners.raw.field import Field, Interval

MOST_PROBES = 1 << 26  # a byte each, here and in the process that asked
_ANSWERED = re.compile(rb"[^\x00]")


class JobError(ValueError):
    """The order cannot be carried out as it is."""


@dataclass(frozen=True)
class Job:
    """``answered`` has a byte for each (index × TCP port): 0 is still to be asked. ``position`` is where to go on."""

    version: int
    intervals: tuple[Interval, ...]
    allowed: tuple[Interval, ...]
    excluded: tuple[Interval, ...]
    tcp: tuple[int, ...]
    udp: tuple[int, ...]
    rate: float
    retries: int
    timeout_seconds: float
    answered: bytes
    position: dict[str, int]

    @classmethod
    def read(cls, order: dict[str, Any]) -> "Job":
        """Raises :class:`JobError`."""
        try:
            job = cls(
                version=int(order["version"]),
                intervals=intervals(order["intervals"]),
                allowed=intervals(order["allowed"]),
                excluded=intervals(order["excluded"]),
                tcp=tuple(int(port) for port in order.get("tcp", ())),
                udp=tuple(int(port) for port in order.get("udp", ())),
                rate=float(order["rate"]),
                retries=int(order.get("retries", 1)),
                timeout_seconds=float(order.get("timeout", 2.0)),
                answered=unpack(order.get("answered") or ""),
                position=dict(order.get("position") or {}),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise JobError(f"this order cannot be read: {error}") from error
        count = sum(last - first + 1 for first, last in job.intervals)
        if count * max(1, len(job.tcp), len(job.udp)) > MOST_PROBES:
            raise JobError(f"{count} addresses at {len(job.tcp)} ports are more than one job may have")
        return job

    def field(self) -> Field:
        field = Field(self.version, self.intervals)
        field.allow(self.allowed, self.excluded)
        return field

    def known(self) -> list[tuple[int, int, int]]:
        """What was already answered: index, place of the port, state."""
        ports = len(self.tcp)
        return [(*divmod(found.start(), ports), found[0][0]) for found in _ANSWERED.finditer(self.answered)] if ports else []


def intervals(pairs: Any) -> tuple[Interval, ...]:
    return tuple((int(first), int(last)) for first, last in pairs)


def unpack(text: str) -> bytes:
    """Base64 of zlib, at most a byte a probe. Raises ``ValueError``."""
    if not text:
        return b""
    try:
        return zlib.decompressobj().decompress(base64.b64decode(text, validate=True), MOST_PROBES)
    except (binascii.Error, zlib.error) as error:
        raise ValueError(f"what was answered cannot be unpacked: {error}") from error
