"""What one sweep is about: fixed when it starts, and carried by its checkpoints."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from scanners.discovery.ledger import CheckpointError, Ledger, pack, unpack
from scanners.discovery.parts import Part, parts_of
from scanners.discovery.scope import Interval, Scope, merge

_VERSION = 1


@dataclass
class Plan:
    """``found`` are the neighbours that made themselves known on wide IPv6 links; None: they were not asked for yet."""

    tcp: tuple[int, ...]
    udp: tuple[int, ...]
    scope: Scope
    found: tuple[int, ...] | None = None
    part: int = 0
    position: dict[str, int] | None = None
    parts: list[Part] = field(default_factory=list)

    def cut(self) -> None:
        """Work out the parts, once what is found is known."""
        most = max(len(self.tcp), len(self.udp))
        ipv6 = merge([*self.scope.ipv6, *((address, address) for address in self.found or ())])
        self.parts = [*parts_of(4, self.scope.ipv4, most), *parts_of(6, ipv6, most)]

    def checkpoint(self, ledger: Ledger | None) -> bytes:
        """Everything that is needed to go on. ``ledger`` is of the current part."""
        data: dict[str, Any] = {
            "version": _VERSION,
            "tcp": self.tcp,
            "udp": self.udp,
            "ipv4": self.scope.ipv4,
            "ipv6": [[str(first), str(last)] for first, last in self.scope.ipv6],
            "found": None if self.found is None else [str(address) for address in self.found],
            "part": self.part,
            "position": self.position,
            "ledger": ledger.written() if ledger is not None else None,
        }
        return pack(json.dumps(data).encode()).encode("ascii")


def resumed(checkpoint: bytes, fresh: Plan) -> tuple[Plan, dict[str, Any] | None]:
    """The plan of a checkpoint and what it knows of its part. Raises :class:`CheckpointError` unless ``fresh`` asks the same."""
    try:
        data = json.loads(unpack(checkpoint.decode("ascii")))
        if data["version"] != _VERSION or (tuple(data["tcp"]), tuple(data["udp"])) != (fresh.tcp, fresh.udp):
            raise CheckpointError("the checkpoint is of a sweep of other ports")
        scope = Scope(ipv4=_pairs(data["ipv4"]), ipv6=_pairs(data["ipv6"]), links=fresh.scope.links)
        found = None if data["found"] is None else tuple(int(address) for address in data["found"])
        plan = Plan(fresh.tcp, fresh.udp, scope, found, int(data["part"]), data["position"])
        ledger: dict[str, Any] | None = data["ledger"]
    except CheckpointError:
        raise
    except (UnicodeError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"this is not a checkpoint of a sweep: {error}") from error
    return plan, ledger


def _pairs(values: Sequence[Any]) -> tuple[Interval, ...]:
    return tuple((int(first), int(last)) for first, last in values)
