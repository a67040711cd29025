"""The SSH scanner: one quiet connection after the other, each ended before anybody would have to log in."""

import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from scanners.clean_text import clean_bytes, clean_text
from scanners.observation import Facts
from scanners.pace import deadline
from scanners.protocols.ssh import host_keys
from scanners.protocols.ssh.authentication import methods_for
from scanners.protocols.ssh.facts import HostKeyFacts, SshFacts
from scanners.protocols.ssh.packets import (
    OUR_IDENTIFICATION,
    Busy,
    Identification,
    KexInit,
    parse_kexinit,
    read_identification,
    read_packet,
)
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from scanners.wire import ProtocolError, Wire, WireLimits
from scanners.zone import Intrusiveness

_MARKERS = frozenset(
    {b"ext-info-s", b"ext-info-c", b"kex-strict-s-v00@openssh.com", b"kex-strict-c-v00@openssh.com"}
)  # RFC 8308 §2.1 and the strict key exchange: said in the list of key exchanges, but none
_STRICT = b"kex-strict-s-v00@openssh.com"
_CHACHA = b"chacha20-poly1305@openssh.com"
_NAMES = 200  # of one kind, that are worth keeping
_KEY_FORMATS = 8


@dataclass(frozen=True)
class SshScanner:
    """``deadline_seconds`` bounds the whole look, ``connection_seconds`` each of its connections (about six, one at a time)."""

    name: str = "ssh"
    version: str = "1"
    facts_type: type[Facts] = SshFacts
    intrusiveness: Intrusiveness = Intrusiveness.GENTLE
    deadline_seconds: float = 45.0
    connection_seconds: float = 8.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "ssh"

    async def look(self, target: Target, occasion: Occasion) -> Look:
        visit = _Visit(target, occasion, WireLimits(deadline_seconds=self.connection_seconds))
        await visit.introduce()
        if visit.server is None:
            return Look(SshFacts(**visit.said()), visit.evidence)
        keys = await visit.fetch_keys(visit.server)
        methods = await visit.ask_methods(f"talaia-{secrets.token_hex(4)}")
        root = None
        if methods is not None and occasion.zone.intrusiveness.allows(Intrusiveness.NORMAL):
            root = await visit.ask_methods("root")
        return Look(
            SshFacts(
                **visit.said(),
                **_offered(visit.server),
                host_keys=keys,
                rsa_bits_min=_smallest_rsa(keys),
                auth_methods=None if methods is None else tuple(clean_text(method, 64) for method in methods[:_NAMES]),
                none_accepted=None if methods is None else methods == ("none",),
                root_login=True if root == ("none",) else None,
            ),
            visit.evidence,
        )


@dataclass
class _Visit:
    """The connections of one look. ``server`` is None when the server speaks only SSH 1."""

    target: Target
    occasion: Occasion
    limits: WireLimits
    identification: Identification | None = None
    server: KexInit | None = None
    evidence: bytes = b""
    _blobs: dict[bytes, bytes] = field(default_factory=dict)

    async def introduce(self) -> None:
        """Read identification and algorithms, and on the same connection the first host key where that works."""
        async with self.occasion.door.open(self.target, zone_id=self.occasion.zone.id, limits=self.limits) as wire:
            try:
                await wire.write(OUR_IDENTIFICATION)
                self.identification = await read_identification(wire)
                if not self.identification.protocol.startswith("1.") or self.identification.protocol == "1.99":
                    self.server = parse_kexinit(await read_packet(wire))
                    await self._first_key(wire, self.server)
            except ConnectionError as error:
                raise Busy("the server dropped the connection") from error
            finally:
                self.evidence = wire.evidence

    async def _first_key(self, wire: Wire, server: KexInit) -> None:
        kex, formats = host_keys.choose_kex(server.kex), host_keys.key_formats(server.host_key)
        if kex is not None and formats:
            key_format, algorithm = next(iter(formats.items()))
            with suppress(TimeoutError):  # what was read so far must not be lost with this connection
                async with deadline(self.limits.deadline_seconds / 2):
                    blob = await _fetched(wire, server, kex, algorithm)
                    if blob is not None:  # else asked for again on a connection of its own
                        self._blobs[key_format] = blob

    async def fetch_keys(self, server: KexInit) -> tuple[HostKeyFacts, ...] | None:
        """Every host key of a format we can read; None when it cannot be told whether these are all.

        A server that breaks off twice when a format is asked for has no key of it, whatever it offers (dropbear does so).
        """
        kex = host_keys.choose_kex(server.kex)
        if kex is None:
            return None
        wanted = list(host_keys.key_formats(server.host_key).items())[:_KEY_FORMATS]
        try:
            for key_format, algorithm in wanted:
                if key_format in self._blobs:
                    continue
                blob = await self._fetch_key(kex, algorithm) or await self._fetch_key(kex, algorithm)
                if blob is not None:
                    self._blobs[key_format] = blob
            keys = tuple(host_keys.describe(blob) for blob in self._blobs.values())
        except (ProtocolError, OSError):
            self.occasion.door.admit(self.target.address, zone_id=self.occasion.zone.id)  # refused, or only failed?
            return None
        return keys if keys or not wanted else None

    async def _fetch_key(self, kex: bytes, algorithm: bytes) -> bytes | None:
        async with self.occasion.door.open(self.target, zone_id=self.occasion.zone.id, limits=self.limits) as wire:
            await wire.write(OUR_IDENTIFICATION)
            await read_identification(wire)
            server = parse_kexinit(await read_packet(wire))
            return await _fetched(wire, server, kex, algorithm)

    async def ask_methods(self, user: str) -> tuple[str, ...] | None:
        """The methods offered to ``user``; None when that could not be found out."""
        try:
            async with self.occasion.door.open(self.target, zone_id=self.occasion.zone.id, limits=self.limits) as wire:
                return await methods_for(wire, user, self._algorithms())
        except (ProtocolError, OSError):
            self.occasion.door.admit(self.target.address, zone_id=self.occasion.zone.id)  # refused, or only failed?
            return None

    def _algorithms(self) -> list[str]:
        """What to ask the server to sign with: only keys that it was seen to have."""
        offered = self.server.host_key if self.server else ()
        usable = (name for name in offered if set(host_keys.key_formats([name])) & set(self._blobs))
        return [name.decode("ascii") for name in usable]

    def said(self) -> dict[str, Any]:
        if self.identification is None:
            return {}
        product, version = self.identification.product
        return {
            "protocol": self.identification.protocol,
            "software": self.identification.software,
            "comments": self.identification.comments,
            "product": product,
            "version": version,
        }


async def _fetched(wire: Wire, server: KexInit, kex: bytes, algorithm: bytes) -> bytes | None:
    try:
        return await host_keys.fetch(wire, server, kex, algorithm)
    except (ProtocolError, ConnectionError):
        return None


def _offered(server: KexInit) -> dict[str, Any]:
    return {
        "kex_algorithms": _texts(name for name in server.kex if name not in _MARKERS),
        "host_key_algorithms": _texts(server.host_key),
        "ciphers": _texts(server.ciphers_to_client),
        "macs": _texts(server.macs_to_client),
        "compression": _texts(server.compression_to_client),
        "strict_kex": _STRICT in server.kex,
        "terrapin": terrapin(server),
    }


def _texts(names: Iterable[bytes]) -> tuple[str, ...]:
    return tuple(clean_bytes(name, 100) for name in list(names)[:_NAMES])


def terrapin(server: KexInit) -> bool:
    """Whether CVE-2023-48795 applies: ChaCha20-Poly1305, or CBC with encrypt-then-MAC in one direction, without strict kex."""
    if _STRICT in server.kex:
        return False
    directions = (
        (server.ciphers_to_server, server.macs_to_server),
        (server.ciphers_to_client, server.macs_to_client),
    )
    return any(
        _CHACHA in ciphers
        or (any(name.endswith(b"-cbc") for name in ciphers) and any(name.endswith(b"-etm@openssh.com") for name in macs))
        for ciphers, macs in directions
    )


def _smallest_rsa(keys: tuple[HostKeyFacts, ...] | None) -> int | None:
    return min((key.bits for key in keys or () if key.algorithm.startswith("ssh-rsa")), default=None)


SCANNER = SshScanner()
