"""The only door to the network (law 1).

Every packet, connection, DNS query and child process that reaches the network asks here first, at the moment of sending
and with the address it will really use. ``ruff`` bans the socket calls everywhere else (pyproject, TID251).
"""

import asyncio
import errno
import ipaddress
import math
import random
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psutil

from scanners.contact import Contact, Refusal, RefusedByScope
from scanners.devices import DeviceClass, KnownDevices
from scanners.pace import Pace, Turnstile, deadline, queueing
from scanners.stop import Stop
from scanners.target import Address, AddressError, Target, Transport, parse_address
from scanners.wire import Wire, WireLimits
from scanners.zone import Intrusiveness, Zone, special_block

PACKETS_PER_CONNECTION = 3  # SYN, ACK, FIN: what a connection that says nothing sends
BYTES_PER_ACKNOWLEDGEMENT = 2896  # every second full segment is acknowledged (RFC 9293 section 3.8.6.3)


__all__ = ["Door", "Loan", "Refusal", "RefusedByScope", "own_addresses"]


@dataclass(frozen=True)
class Loan:
    """What a child process may use of the network: one address, so many packets a second, so many connections at once."""

    address: Address
    packets_per_second: float
    connections: int


class Door:
    """Checks and makes every contact with the network.

    ``zones`` are what may be looked at; ``own_addresses`` the addresses of this machine, refused unless a zone names them
    (an exact address in ``networks``, or ``allow_own_host``); ``clock`` returns the aware time now.
    """

    def __init__(
        self,
        zones: Sequence[Zone],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        stop: Stop | None = None,
        own_addresses: Iterable[Address] = (),
    ) -> None:
        self.zones = tuple(zones)
        self.clock = clock
        self.stop = stop or Stop()
        self.own_addresses = frozenset(own_addresses)
        self._paces: dict[str, Pace] = {}
        self._turnstile = Turnstile()
        self._contacts: dict[Contact, None] = {}
        self._devices = KnownDevices()
        self.stop.listen(self._review)

    def replace(self, zones: Sequence[Zone]) -> None:
        """Put changed zones in force at once: what they no longer allow is cut, from whichever thread this is called.

        Connections under way, handshakes, datagrams waiting for an answer and packets waiting for their turn all end with
        :class:`RefusedByScope`. A changed rate holds from the next packet on.
        """
        self.zones = tuple(zones)
        for zone in self.zones:
            if zone.id in self._paces:
                self._paces[zone.id].rate = float(zone.packets_per_second)
        self._review()

    def spare(self, address: str | Address, device: DeviceClass) -> None:
        """Take ``address`` for a fragile device from now on.

        Where its zone does not say otherwise, only gentle looks are admitted to it, one connection at a time; where the zone
        leaves such devices alone, none. What is under way and harder than that is cut.
        """
        if self._devices.note(address, device, self.clock()):
            self._review()

    def device_at(self, address: str | Address) -> DeviceClass | None:
        """What fragile device is known to be at ``address``."""
        return self._devices.at(address, self.clock())

    def _review(self) -> None:
        """Cut every contact that the door would not make now."""
        for contact in list(self._contacts):
            try:
                contact.check()
            except RefusedByScope as refused:
                contact.cut(refused)

    @contextmanager
    def _contact(self, check: Callable[[], object]) -> Iterator[Contact]:
        """Something that reaches the network, or is about to, as long as ``check`` does not raise."""
        contact = Contact(check)
        self._contacts[contact] = None
        try:
            check()  # it may have been forbidden since the last look, and nobody would review it again
            yield contact
        finally:
            del self._contacts[contact]

    async def _turn(self, contact: Contact, zone: Zone, packets: int = 1) -> None:
        """Wait for the zone's pace; the door is asked again after the wait."""
        if not self.pace(zone).take_now(packets):
            await contact.run(self.pace(zone).take(packets))
        contact.check()

    def admit(self, address: str | Address, *, zone_id: str | None = None, needs: Intrusiveness = Intrusiveness.GENTLE) -> Zone:
        """The zone that allows looking at ``address`` now, as it is for it. Raises :class:`RefusedByScope` with the reason.

        ``zone_id`` narrows the search to one zone; ``needs`` is how hard the look is. Where several zones name the
        address, an exclusion in any of them wins, and the first that is open now is returned.
        """
        if self.stop.pressed:
            raise RefusedByScope(Refusal.STOPPED, f"looking was stopped: {self.stop.reason}")
        ip = parse_address(address) if isinstance(address, str) else address
        self._refuse_excluded(ip)
        zones = [zone for zone in self.zones if zone_id in (None, zone.id) and zone.names_address(ip)]
        if not zones:
            where = f"zone {zone_id}" if zone_id else "any zone"
            raise RefusedByScope(Refusal.OUTSIDE, f"{ip} is not in {where}")
        zones = self._named_enough(ip, zones)
        device = self.device_at(ip)
        if device is not None and any(device in zone.left_alone for zone in zones):
            raise RefusedByScope(Refusal.LEFT_ALONE, f"{ip} is a fragile device ({device.value}), which its zone leaves alone")
        shut = [zone.closed_because(self.clock()) for zone in zones]
        for zone, reason in zip(zones, shut, strict=True):
            if reason is None and zone.as_for(device).intrusiveness.allows(needs):
                return zone.as_for(device)
        closed = next((reason for reason in shut if reason), None)
        if closed:
            raise RefusedByScope(Refusal.NOT_NOW, closed)
        what = f" for a fragile device ({device.value})" if device else ""
        raise RefusedByScope(Refusal.TOO_HARD, f"{ip}: a {needs.value} look is more than its zone allows{what}")

    def _still(self, address: str, zone: Zone, needs: Intrusiveness) -> None:
        """Raises :class:`RefusedByScope` unless what began in ``zone`` may go on as it began."""
        now = self.admit(address, zone_id=zone.id, needs=needs)
        device = self.device_at(address)
        if device is not None and now.is_gentle and not zone.is_gentle:
            raise RefusedByScope(Refusal.FRAGILE, f"{address} turned out to be a fragile device ({device.value})")

    def _refuse_excluded(self, ip: Address) -> None:
        for zone in self.zones:
            if any(ip.version == network.version and ip in network for network in zone.exclude):
                raise RefusedByScope(Refusal.EXCLUDED, f"{ip} is excluded by zone {zone.id}")

    def _named_enough(self, ip: Address, zones: list[Zone]) -> list[Zone]:
        if special_block(ip) is not None:
            named = [zone for zone in zones if zone.names_specially(ip)]
            if not named:
                raise RefusedByScope(Refusal.SPECIAL, f"{ip} is a special address that no zone names")
            zones = named
        if ip in self.own_addresses:
            exact = ipaddress.ip_network(str(ip))
            named = [zone for zone in zones if zone.allow_own_host or exact in zone.networks]
            if not named:
                raise RefusedByScope(Refusal.OWN_HOST, f"{ip} is this machine and no zone names it")
            zones = named
        return zones

    def pace(self, zone: Zone) -> Pace:
        """The zone's one pace, shared by everything that sends into it from this process."""
        if zone.id not in self._paces:
            current = next((other for other in self.zones if other.id == zone.id), zone)
            self._paces[zone.id] = Pace(current.packets_per_second)
        return self._paces[zone.id]

    @asynccontextmanager
    async def open(
        self,
        target: Target,
        *,
        zone_id: str | None = None,
        needs: Intrusiveness = Intrusiveness.GENTLE,
        limits: WireLimits | None = None,
        tls: ssl.SSLContext | None = None,
        reserved_port: bool = False,
    ) -> AsyncIterator[Wire]:
        """A TCP connection to ``target`` under a total deadline and a byte limit; closed when the context ends.

        With ``tls`` the handshake is made at once (server name: ``target.name``). ``reserved_port`` connects from a local port
        below 1024, as rsh's clients do (``PermissionError`` where this process may not). Raises :class:`RefusedByScope`,
        ``ConnectionRefusedError``, ``TimeoutError``, ``ssl.SSLError`` or ``OSError``.
        """
        limits = limits or WireLimits()
        if target.port is None:
            raise AddressError(f"{target} has no port to connect to")
        zone = self.admit(target.address, zone_id=zone_id, needs=needs)
        async with self._turnstile.through(target.address, zone.connections_per_host):
            with self._contact(lambda: self._still(target.address, zone, needs)) as contact:
                await self._turn(contact, zone)
                async with deadline(limits.deadline_seconds):
                    wire = await self._connect(contact, target, zone, limits, reserved_port)
                    try:
                        if tls is not None:
                            await contact.run(wire.start_tls(tls, target.name))
                        yield wire
                    except Exception as error:
                        if contact.refused is not None and not isinstance(error, RefusedByScope):
                            raise contact.refused from error
                        raise
                    finally:
                        wire.abort()

    async def _connect(self, contact: Contact, target: Target, zone: Zone, limits: WireLimits, reserved_port: bool) -> Wire:
        local = _reserved_place(target.ip) if reserved_port else None
        pace = self.pace(zone)
        started = time.monotonic()
        try:
            async with asyncio.timeout(zone.connect_timeout_seconds):
                opening = asyncio.open_connection(target.address, target.port, limit=limits.buffer_bytes, local_addr=local)
                reader, writer = await contact.run(opening)
        except TimeoutError:
            pace.book(_repeated_syns(time.monotonic() - started))
            raise
        pace.book(PACKETS_PER_CONNECTION - 1)

        async def before_write() -> None:
            contact.check()
            await self._turn(contact, zone)

        wire = Wire(reader, writer, limits, before_write, lambda count: pace.book(count / BYTES_PER_ACKNOWLEDGEMENT))
        contact.on_cut = wire.cut
        return wire

    async def datagram(
        self,
        target: Target,
        payload: bytes,
        *,
        zone_id: str | None = None,
        needs: Intrusiveness = Intrusiveness.GENTLE,
        timeout_seconds: float = 2.0,
        replies: int = 1,
        any_port: bool = False,
    ) -> list[bytes]:
        """Send one UDP datagram and collect up to ``replies`` answers of at most 64 KiB from that very endpoint.

        With ``any_port`` answers from other ports of that address count as well (TFTP answers so, RFC 1350 section 4); a
        closed port is then not told from a silent one. Returns an empty list when nobody answered in time. Raises
        :class:`RefusedByScope`, ``ConnectionRefusedError`` (ICMP port unreachable) or ``OSError``.
        """
        zone = self.admit(target.address, zone_id=zone_id, needs=needs)
        async with self._turnstile.through(target.address, zone.connections_per_host):
            with self._contact(lambda: self._still(target.address, zone, needs)) as contact:
                await self._turn(contact, zone)
                return await contact.run(_exchange(target, payload, timeout_seconds, replies, any_port=any_port))

    @asynccontextmanager
    async def lend(
        self, address: str, *, zone_id: str, needs: Intrusiveness = Intrusiveness.GENTLE, share: float = 0.2
    ) -> AsyncIterator[Loan]:
        """Part of a zone's pace and of a host's connections, for a child process that reaches that one address.

        Whoever starts the child asks :meth:`admit` again while it runs, and ends it when the stop button is pressed. Raises
        :class:`RefusedByScope`.
        """
        zone = self.admit(address, zone_id=zone_id, needs=needs)
        connections = max(1, zone.connections_per_host // 4)
        async with AsyncExitStack() as slots:
            async with self._turnstile.through(f"loan of {address}", 1):  # two with half of the slots each would wait for ever
                for _ in range(connections):
                    await slots.enter_async_context(self._turnstile.through(address, zone.connections_per_host))
            while self.pace(zone).lendable < share / 2:
                self.admit(address, zone_id=zone_id, needs=needs)
                with queueing():
                    await asyncio.sleep(0.05)
            self.admit(address, zone_id=zone_id, needs=needs)
            with self.pace(zone).lend(share) as packets_per_second:
                yield Loan(parse_address(address), packets_per_second, connections)

    async def ask_resolver(self, zone: Zone, question: bytes, *, timeout_seconds: float = 3.0) -> bytes:
        """One DNS message to the zone's resolver and its answer; TCP when the answer is truncated (RFC 7766).

        The resolver is part of its zone, even where its address lies in no network of it: only this method reaches it,
        on the zone's ``resolver_port``. Raises :class:`RefusedByScope`, ``TimeoutError``, ``OSError``.
        """
        if zone.resolver is None:
            raise RefusedByScope(Refusal.OUTSIDE, f"zone {zone.id} has no resolver")
        target = Target(address=str(zone.resolver), port=zone.resolver_port, transport=Transport.UDP)
        with self._contact(lambda: self._admit_resolver(zone)) as contact:
            await self._turn(contact, zone)
            answers = await contact.run(_exchange(target, question, timeout_seconds, 1))
            if not answers:
                raise TimeoutError(f"the resolver of zone {zone.id} did not answer within {timeout_seconds:g} s")
            if not (len(answers[0]) > 2 and answers[0][2] & 0x02):
                return answers[0]
            await self._turn(contact, zone, PACKETS_PER_CONNECTION + 1)
            async with asyncio.timeout(timeout_seconds):
                return await contact.run(_ask_over_tcp(target, question))

    def _admit_resolver(self, zone: Zone) -> None:
        if self.stop.pressed:
            raise RefusedByScope(Refusal.STOPPED, f"looking was stopped: {self.stop.reason}")
        place = (zone.id, zone.resolver, zone.resolver_port)
        if place not in [(now.id, now.resolver, now.resolver_port) for now in self.zones]:
            raise RefusedByScope(Refusal.OUTSIDE, f"zone {zone.id} is no longer in force as it was")
        closed = zone.closed_because(self.clock())
        if closed:
            raise RefusedByScope(Refusal.NOT_NOW, closed)


async def _ask_over_tcp(target: Target, question: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(target.address, target.port)
    try:
        writer.write(len(question).to_bytes(2, "big") + question)
        length = int.from_bytes(await reader.readexactly(2), "big")
        return await reader.readexactly(length)
    except asyncio.IncompleteReadError as error:
        raise ConnectionResetError("the resolver closed the connection") from error
    finally:
        writer.transport.abort()


def _repeated_syns(seconds: float) -> int:
    """How many times the kernel repeats a SYN that stays unanswered for so long (after 1, 3, 7, … seconds)."""
    return int(math.log2(seconds + 1)) if seconds > 0 else 0


def _reserved_place(peer: Address) -> tuple[str, int]:
    """A free local port from 512 to 1023 (what rcmd(3) uses). Raises ``PermissionError`` or ``OSError`` when there is none."""
    family, anywhere = (socket.AF_INET6, "::") if peer.version == 6 else (socket.AF_INET, "0.0.0.0")
    for port in random.sample(range(512, 1024), 32):
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            try:
                trial.bind((anywhere, port))
            except PermissionError:
                raise
            except OSError:
                continue
            return anywhere, port
    raise OSError(errno.EADDRINUSE, "no reserved port is free")


class _Answers(asyncio.DatagramProtocol):
    def __init__(self, wanted: int, peer: str) -> None:
        self.received: list[bytes] = []
        self.peer = peer
        self.wanted = wanted
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        if addr[0] != self.peer:  # a connected socket lets nobody else in, one for any port does
            return
        if len(self.received) < self.wanted:
            self.received.append(data)
        if len(self.received) >= self.wanted and not self.done.done():
            self.done.set_result(None)

    def error_received(self, exc: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(exc)


async def _exchange(
    target: Target, payload: bytes, timeout_seconds: float, replies: int, *, any_port: bool = False
) -> list[bytes]:
    loop = asyncio.get_running_loop()
    place = (target.address, target.port or 0)
    anywhere = ("::" if ":" in target.address else "0.0.0.0", 0)
    transport, answers = await loop.create_datagram_endpoint(
        lambda: _Answers(replies, str(target.ip)),
        remote_addr=None if any_port else place,
        local_addr=anywhere if any_port else None,
    )
    try:
        transport.sendto(payload, place if any_port else None)
        async with asyncio.timeout(timeout_seconds):
            await answers.done
    except TimeoutError:
        pass
    finally:
        transport.close()
    return answers.received


def own_addresses() -> frozenset[Address]:
    """The addresses of this machine's interfaces, and its loopback addresses."""
    found = {parse_address("127.0.0.1"), parse_address("::1")}
    for entries in psutil.net_if_addrs().values():
        for entry in entries:
            if entry.family in (socket.AF_INET, socket.AF_INET6):
                found.add(ipaddress.ip_address(entry.address.partition("%")[0]))
    return frozenset(found)
