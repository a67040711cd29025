"""What was found, gathered and told about twenty times a second."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

ARP, NDP, ICMP, TCP, UDP = "arp", "ndp", "icmp", "tcp", "udp"
_BITS = {ARP: 1, NDP: 2, ICMP: 4, TCP: 8, UDP: 16}
_STATES = {1: "open", 2: "closed", 3: "filtered"}


class Report:
    """``alive`` has a byte an index: 0 as long as it gave no answer of any kind."""

    def __init__(self, count: int, say: Callable[..., None]) -> None:
        self.alive = bytearray(count)
        self.macs: dict[int, bytes] = {}
        self._say = say
        self._alive: dict[str, list[int]] = defaultdict(list)
        self._ports: dict[tuple[str, int], list[int]] = defaultdict(list)
        self._new_macs: dict[int, str] = {}

    def answered(self, index: int, by: str, mac: bytes | None = None) -> None:
        if not self.alive[index] & _BITS[by]:
            self.alive[index] |= _BITS[by]
            self._alive[by].append(index)
            if mac is not None:
                self.macs[index] = mac
                self._new_macs[index] = mac.hex()

    def port(self, transport: str, number: int, state: int) -> None:
        """``number`` is index × ports + place of the port."""
        self._ports[transport, state].append(number)

    def flush(self) -> None:
        for (transport, state), numbers in self._ports.items():
            self._say(transport, **{_STATES[state]: numbers})
        for by, hosts in self._alive.items():
            macs: dict[str, Any] = {str(host): self._new_macs[host] for host in hosts if host in self._new_macs}
            self._say("alive", by=by, hosts=hosts, macs=macs if by in (ARP, NDP) else {})
        self._ports.clear()
        self._alive.clear()
        self._new_macs.clear()
