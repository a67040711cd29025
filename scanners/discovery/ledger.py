"""What is known so far of one part of a sweep, and how it is written down in a checkpoint."""

import base64
import binascii
import re
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from scanners.discovery.events import HostSeen, Opened
from scanners.discovery.parts import MOST_PROBES, Part
from scanners.ports import format_ports
from scanners.service_facts import Answered, HostFacts
from scanners.target import Transport

OPEN, CLOSED, FILTERED = 1, 2, 3
_STATES = {"open": OPEN, "closed": CLOSED, "filtered": FILTERED}
_OPEN = re.compile(rb"\x01")
_TRANSPORTS = {"tcp": Transport.TCP, "udp": Transport.UDP}


class CheckpointError(ValueError):
    """The bytes are no checkpoint, or one of a sweep of something else."""


class Ledger:
    """``tcp`` and ``udp`` are the ports in the order in which they are asked; a state is kept in one byte an (index × port)."""

    def __init__(self, part: Part, tcp: tuple[int, ...], udp: tuple[int, ...]) -> None:
        self.part = part
        self.ports = {Transport.TCP: tcp, Transport.UDP: udp}
        self.states = {transport: bytearray(part.count * len(ports)) for transport, ports in self.ports.items()}
        self.answered_by: dict[int, set[Answered]] = {}
        self.macs: dict[int, str] = {}
        self.open_ports = 0

    def heard(self, index: int, by: Answered, mac: str | None = None) -> None:
        """An address gave an answer; ``mac`` is hexadecimal."""
        if 0 <= index < self.part.count:
            self.answered_by.setdefault(index, set()).add(by)
            if mac:
                self.macs[index] = "-".join(mac[at : at + 2] for at in range(0, 12, 2)).upper()

    def note(self, transport: Transport, number: int, state: int) -> Opened | None:
        """A port said something; the event when it is open and that is new. ``number`` is index × ports + place."""
        states, ports = self.states[transport], self.ports[transport]
        if not 0 <= number < len(states) or states[number]:
            return None
        states[number] = state
        if state != OPEN:
            return None
        self.open_ports += 1
        index, place = divmod(number, len(ports))
        return Opened(str(self.part.address(index)), ports[place], transport, self.macs.get(index))

    def take(self, line: dict[str, Any]) -> Iterator[Opened]:
        """Put down a line of the raw process; yields what is newly open."""
        said = line.get("say")
        if said == "alive":
            for index in line["hosts"]:
                self.heard(int(index), Answered(line["by"]), line["macs"].get(str(index)))
        elif said in _TRANSPORTS:
            for word, state in _STATES.items():
                for number in line.get(word, ()):
                    opened = self.note(_TRANSPORTS[said], int(number), state)
                    if opened is not None:
                        yield opened

    def opened(self) -> Iterator[Opened]:
        """Every open port known."""
        for transport, states in self.states.items():
            ports = self.ports[transport]
            for found in _OPEN.finditer(states):
                index, place = divmod(found.start(), len(ports))
                yield Opened(str(self.part.address(index)), ports[place], transport, self.macs.get(index))

    def hosts(self, expected: Iterable[int], *, complete: bool, raw: bool, cut: bytes | None = None) -> Iterator[HostSeen]:
        """The facts of each address that answered, and of the ``expected`` ones.

        ``complete``: all ports of all of them were asked, but for the indices that are set in ``cut``.
        """
        for index in sorted({*self.answered_by, *expected}):
            whole = complete and not (cut is not None and cut[index])
            yield HostSeen(str(self.part.address(index)), self._facts(index, whole, raw))

    def _facts(self, index: int, whole: bool, raw: bool) -> HostFacts:
        tcp, udp = self._said(Transport.TCP, index), self._said(Transport.UDP, index)
        by = self.answered_by.get(index, set())
        return HostFacts(
            alive=True if by else False if whole and raw else None,
            answered_by=tuple(sorted(word.value for word in by)) if by or whole else None,
            mac=self.macs.get(index),
            tcp_open=_ports(tcp, OPEN),
            tcp_closed=format_ports({port for port, state in tcp.items() if state == CLOSED}),
            tcp_covered=format_ports(set(self.ports[Transport.TCP] if whole else tcp)),
            udp_open=_ports(udp, OPEN),
            udp_covered=format_ports(set(self.ports[Transport.UDP] if whole else udp)),
            raw_socket=raw,
        )

    def _said(self, transport: Transport, index: int) -> dict[int, int]:
        ports = self.ports[transport]
        row = self.states[transport][index * len(ports) : (index + 1) * len(ports)]
        return {port: state for port, state in zip(ports, row, strict=True) if state}

    def written(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "tcp": pack(self.states[Transport.TCP]),
            "udp": pack(self.states[Transport.UDP]),
            "alive": {by.value: [index for index, words in self.answered_by.items() if by in words] for by in Answered},
            "macs": {str(index): mac.replace("-", "") for index, mac in self.macs.items()},
        }

    def restore(self, data: dict[str, Any]) -> None:
        """Read :meth:`written` back. Raises :class:`CheckpointError`."""
        try:
            for word, transport in _TRANSPORTS.items():
                states = bytearray(unpack(data[word]))
                if len(states) != len(self.states[transport]):
                    raise CheckpointError("the checkpoint is of other ports or addresses")
                self.states[transport] = states
                self.open_ports += states.count(OPEN)
            for by, indices in data["alive"].items():
                for index in indices:
                    self.heard(int(index), Answered(by), data["macs"].get(str(index)))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise CheckpointError(f"this is not a checkpoint of a sweep: {error}") from error


def _ports(said: dict[int, int], wanted: int) -> tuple[int, ...]:
    return tuple(sorted(port for port, state in said.items() if state == wanted))


def pack(data: bytes | bytearray) -> str:
    return base64.b64encode(zlib.compress(data, 1)).decode("ascii")


def unpack(text: str) -> bytes:
    try:
        return zlib.decompressobj().decompress(base64.b64decode(text, validate=True), MOST_PROBES)
    except (binascii.Error, zlib.error) as error:
        raise CheckpointError("the checkpoint cannot be unpacked") from error
