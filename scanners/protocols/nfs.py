"""NFS by way of its helpers: rpcbind (RFC 1833) says what is there, mountd (RFC 1813, appendix I) what it exports and to whom."""

from typing import ClassVar

import msgspec

from scanners.observation import Facts
from scanners.protocols.sun_rpc import MOUNT, NFS, PORTMAPPER, Unavailable, ask, call, listed, text
from scanners.protocols.tls.octets import Octets
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.target import Target, Transport
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness

_DUMP, _EXPORT = 4, 5
_PROGRAMS, _EXPORTS, _GROUPS = 512, 256, 256
_TRANSPORTS = {6: Transport.TCP, 17: Transport.UDP}
_EVERYBODY = frozenset({"*", "(everyone)", "everyone", "0.0.0.0/0", "0.0.0.0/0.0.0.0", "0.0.0.0", "::/0"})


class Program(msgspec.Struct, frozen=True):
    """One line of rpcbind's table."""

    number: int
    version: int
    transport: Transport
    port: int


class Export(msgspec.Struct, frozen=True):
    """A path and the names of those it is exported to; none of them means everybody."""

    path: str
    groups: tuple[str, ...]

    @property
    def to_everybody(self) -> bool:
        return not self.groups or not _EVERYBODY.isdisjoint(group.lower() for group in self.groups)


class NfsFacts(Facts, frozen=True, kw_only=True):
    """``programs`` as ``number vVersion transport/port``, from rpcbind. ``nfs_versions`` answered a call that does nothing.

    ``exports`` are the paths that mountd lists, ``open_exports`` those that it lists for everybody. They are empty where rpcbind
    knows neither mountd nor NFS, and None where they could not be asked: behind NFSv4 alone nobody lists exports. Nothing is
    mounted, no file is looked up.
    """

    kind: ClassVar[str] = "nfs"

    programs: tuple[str, ...] | None = None
    nfs_versions: tuple[int, ...] | None = None
    exports: tuple[str, ...] | None = None
    open_exports: tuple[str, ...] | None = None


class NfsScanner:
    """DUMP of rpcbind, EXPORT of mountd, and NULL of NFS 3 and 4: five calls at most, all without credentials."""

    name = "nfs"
    version = "1"
    facts_type = NfsFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 30.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name in ("rpcbind", "nfs")

    async def look(self, target: Target, occasion: Occasion) -> Look:
        if occasion.service is not None and occasion.service.name == "nfs":
            return Look(NfsFacts(nfs_versions=await _versions(target, occasion)))
        programs = read_programs(await ask(target, occasion, call(PORTMAPPER, 2, _DUMP)))
        facts = NfsFacts(
            programs=tuple(f"{each.number} v{each.version} {each.transport}/{each.port}" for each in programs[:64]),
        )
        served = _place(programs, NFS, target)
        if served is not None:
            facts = msgspec.structs.replace(facts, nfs_versions=await _versions(served, occasion))
        mount = _place(programs, MOUNT, target)
        exports = await _exports(mount, programs, occasion) if mount is not None else () if served is None else None
        if exports is not None:
            shown = tuple(dict.fromkeys(export.path for export in exports))
            to_all = tuple(dict.fromkeys(export.path for export in exports if export.to_everybody))
            facts = msgspec.structs.replace(facts, exports=shown, open_exports=to_all)
        return Look(facts)


def _place(programs: list[Program], number: int, target: Target) -> Target | None:
    """Where a program answers, over TCP when it can."""
    found = sorted((each.transport is not Transport.TCP, each.port) for each in programs if each.number == number)
    if not found or not 0 < found[0][1] < 65536:
        return None
    return Target(address=target.address, port=found[0][1], transport=Transport.UDP if found[0][0] else Transport.TCP)


async def _versions(place: Target, occasion: Occasion) -> tuple[int, ...] | None:
    answered: list[int] = []
    for version in (3, 4):
        try:
            await ask(place, occasion, call(NFS, version, 0))
            answered.append(version)
        except Unavailable:
            continue
        except (TimeoutError, ProtocolError, OSError):
            return None
    return tuple(answered)


async def _exports(place: Target, programs: list[Program], occasion: Occasion) -> tuple[Export, ...] | None:
    version = max((each.version for each in programs if each.number == MOUNT and each.version in (1, 2, 3)), default=3)
    try:
        return read_exports(await ask(place, occasion, call(MOUNT, version, _EXPORT)))
    except (Unavailable, TimeoutError, ProtocolError, OSError):
        return None


def read_programs(octets: Octets) -> list[Program]:
    """The results of DUMP (RFC 1833, 3.2). Raises :class:`~scanners.wire.ProtocolError`."""
    found: list[Program] = []
    while listed(octets, _PROGRAMS - len(found)):
        number, version, protocol, port = (octets.number(4) for _ in range(4))
        if protocol in _TRANSPORTS:
            found.append(Program(number, version, _TRANSPORTS[protocol], port))
    return found


def read_exports(octets: Octets) -> tuple[Export, ...]:
    """The results of EXPORT (RFC 1813, 5.2.5). Raises :class:`~scanners.wire.ProtocolError`."""
    found: list[Export] = []
    while listed(octets, _EXPORTS - len(found)):
        path = text(octets, 1024)
        groups: list[str] = []
        while listed(octets, _GROUPS - len(groups)):
            groups.append(text(octets, 255))
        found.append(Export(path, tuple(groups)))
    return tuple(found)


SCANNER = NfsScanner()
