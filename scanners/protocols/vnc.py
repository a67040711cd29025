"""VNC (RFB, RFC 6143, and the rfbproto registry of security types): what it asks of whoever comes.

No password is ever sent. A security type is chosen only to read what it says next: "None" is proved by the server's own
"ok", and the connection ends before a session would begin.
"""

import re
from dataclasses import dataclass
from typing import ClassVar

from scanners.observation import Facts
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.services.tls_context import lenient_context
from scanners.target import Target
from scanners.wire import ProtocolError, Wire, WireLimits
from scanners.zone import Intrusiveness

_LIMITS = WireLimits(deadline_seconds=8.0, read_bytes=16 * 1024)
_VERSION = re.compile(rb"RFB ([0-9]{3})\.([0-9]{3})\n")
_MOST_REASON, _MOST_SUBTYPES = 1024, 64
_NONE, _VNC_AUTH, _TIGHT, _VENCRYPT = 1, 2, 16, 19
_TYPES = {
    _NONE: "none",
    _VNC_AUTH: "vncauth",
    5: "ra2",
    6: "ra2ne",
    _TIGHT: "tight",
    17: "ultra",
    18: "tls",
    _VENCRYPT: "vencrypt",
    20: "sasl",
    21: "md5",
    22: "xvp",
    30: "apple-dh",
    33: "apple-kerberos",
    35: "apple-system",
    36: "apple-srp",
    113: "mslogon2",
    129: "ra2-256",
    130: "ra2ne-256",
    133: "rsa-aes-unix",
}
_SUBTYPES = {
    256: "plain",
    257: "tls-none",
    258: "tls-vncauth",
    259: "tls-plain",
    260: "x509-none",
    261: "x509-vncauth",
    262: "x509-plain",
    263: "tls-sasl",
    264: "x509-sasl",
}
_OPEN = frozenset(("none", "tls-none", "x509-none"))
# a challenge enciphered in DES with a password of eight characters at most, or a password in clear, without TLS around it
_WEAK = frozenset(("vncauth", "plain", "ultra", "mslogon2"))


class VncFacts(Facts, frozen=True, kw_only=True):
    """``version`` is the server's own (3.8). ``security_types`` are its types by name; those inside VeNCrypt and TightVNC
    stand after a slash (``vencrypt/x509-plain``), a number where the registry has no name.

    ``without_password``: somebody gets in without any. ``weak_auth``: VNC's own password (DES, eight characters) or one in
    clear is taken without TLS.
    """

    kind: ClassVar[str] = "vnc"

    version: str | None = None
    security_types: tuple[str, ...] | None = None
    without_password: bool | None = None
    weak_auth: bool | None = None


@dataclass
class _Seen:
    version: str
    types: list[str]
    open: bool = False


class VncScanner:
    """One connection for the list of types, and one more for each of TightVNC and VeNCrypt, which have lists of their own.

    Three at most: TigerVNC shuts the door to an address after five that end without a login.
    """

    name = "vnc"
    version = "1"
    facts_type = VncFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 30.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "vnc"

    async def look(self, target: Target, occasion: Occasion) -> Look:
        context = lenient_context() if occasion.service and occasion.service.tls else None
        async with occasion.door.open(target, zone_id=occasion.zone.id, limits=_LIMITS, tls=context) as wire:
            version, offered = await _offered(wire)
            seen = _Seen(".".join(map(str, version)), [_name(number) for number in offered])
            if _NONE in offered:
                seen.open = version < (3, 7) or await _chosen_none(wire, version)
            evidence = wire.evidence
        for number, inside in ((_TIGHT, _inside_tight), (_VENCRYPT, _inside_vencrypt)):
            if number in offered and not seen.open:
                async with occasion.door.open(target, zone_id=occasion.zone.id, limits=_LIMITS, tls=context) as wire:
                    await _offered(wire)
                    await wire.write(bytes((number,)))
                    seen.types += [f"{_name(number)}/{name}" for name in await inside(wire)]
                    evidence += wire.evidence
        return Look(_facts(seen), evidence)


def _name(number: int) -> str:
    return _TYPES.get(number, str(number))


async def _offered(wire: Wire) -> tuple[tuple[int, int], list[int]]:
    """Versions exchanged, and the security types that the server names. Raises :class:`~scanners.wire.ProtocolError`."""
    greeting = await wire.read_exactly(12)
    found = _VERSION.fullmatch(greeting)
    if found is None:
        raise ProtocolError("its greeting is none of RFB")
    version = int(found[1]), int(found[2])
    ours = b"RFB 003.008\n" if version >= (3, 8) else b"RFB 003.007\n" if version == (3, 7) else b"RFB 003.003\n"
    await wire.write(ours)
    if version < (3, 7):
        number = int.from_bytes(await wire.read_exactly(4), "big")
        offered = [number] if 0 < number < 256 else []
    else:
        offered = list(await wire.read_exactly((await wire.read_exactly(1))[0]))
    if not offered:
        raise ProtocolError(f"it lets nobody begin: {await _reason(wire)!r}")
    return version, offered


async def _reason(wire: Wire) -> str:
    length = int.from_bytes(await wire.read_exactly(4), "big")
    text = await wire.read_exactly(min(length, _MOST_REASON))
    return text.decode("utf-8", "replace")


async def _chosen_none(wire: Wire, version: tuple[int, int]) -> bool:
    """Whether type None, chosen, is answered with "ok" (7.1.3); 3.7 goes on without a word, and that is the answer too."""
    await wire.write(bytes((_NONE,)))
    return version == (3, 7) or await wire.read_exactly(4) == bytes(4)


async def _inside_tight(wire: Wire) -> list[str]:
    """The authentications of the TightVNC type: capabilities of 16 bytes, number first; none at all means no password."""
    tunnels = int.from_bytes(await wire.read_exactly(4), "big")
    if tunnels > _MOST_SUBTYPES:
        raise ProtocolError("it names too many tunnels")
    if tunnels:
        await wire.read_exactly(16 * tunnels)
        await wire.write(bytes(4))
    count = int.from_bytes(await wire.read_exactly(4), "big")
    if count > _MOST_SUBTYPES:
        raise ProtocolError("it names too many authentications")
    capabilities = [await wire.read_exactly(16) for _ in range(count)]
    return [_name(int.from_bytes(one[:4], "big")) for one in capabilities] or ["none"]


async def _inside_vencrypt(wire: Wire) -> list[str]:
    """The subtypes of VeNCrypt 0.2."""
    version = await wire.read_exactly(2)
    if version < b"\0\x02":
        return []
    await wire.write(b"\0\x02")
    if await wire.read_exactly(1) != b"\0":
        raise ProtocolError("it declines VeNCrypt 0.2")
    count = (await wire.read_exactly(1))[0]
    if count > _MOST_SUBTYPES:
        raise ProtocolError("it names too many subtypes")
    numbers = [int.from_bytes(await wire.read_exactly(4), "big") for _ in range(count)]
    return [_SUBTYPES.get(number, str(number)) for number in numbers]


def _facts(seen: _Seen) -> VncFacts:
    last = {name.rpartition("/")[2] for name in seen.types}
    return VncFacts(
        version=seen.version,
        security_types=tuple(dict.fromkeys(seen.types)),
        without_password=seen.open or bool(last & (_OPEN - {"none"})) or "tight/none" in seen.types,
        weak_auth=bool(last & _WEAK),
    )


SCANNER = VncScanner()
