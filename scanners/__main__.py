"""``python -m scanners``: look at a target and print what was seen, one observation a line, as JSON.

    python -m scanners tls 192.0.2.1:443
    python -m scanners service 192.0.2.1:22
    python -m scanners host 192.0.2.0/28 --ports 22,80,443
    python -m scanners --list

Without ``--zones`` whoever types the target authorises the look: the zone is that target and nothing else, for today. With a
zone file the door rules as it does for the service. Exit codes: 0 looked (however the look ended), 1 the door refused, 2 the
command or the zone file cannot be understood, 130 interrupted.
"""

import argparse
import asyncio
import ipaddress
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scanners import resolver
from scanners.clean_text import clean_text
from scanners.door import Door, RefusedByScope, own_addresses
from scanners.located_yaml import FileError
from scanners.observation import Observation, Outcome, Vantage, encode
from scanners.plan import sweep_units
from scanners.ports import parse_ports
from scanners.probe import Probe
from scanners.scanner import Occasion, Scanner, observe, scanners_by_name
from scanners.service_facts import ServiceFacts
from scanners.services import SERVICE
from scanners.target import Address, AddressError, Network, Target, Transport, parse_address, parse_endpoint, parse_network
from scanners.wire import ProtocolError
from scanners.zone import Intrusiveness, Zone, load_zones

LOOKED, REFUSED, NOT_UNDERSTOOD, INTERRUPTED = 0, 1, 2, 130
_HOST, _SERVICE, _NAMES = "host", "service", "names"


class CommandError(Exception):
    """The command cannot be carried out as it was written. The message is a sentence for people."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    arguments = _parser().parse_args(argv)
    if arguments.list:
        _print_list()
        return LOOKED
    try:
        return asyncio.run(_run(arguments))
    except (CommandError, AddressError, FileError, LookupError, ProtocolError, OSError) as error:
        print(f"talaia scanners: {clean_text(str(error) or type(error).__name__, 2000)}", file=sys.stderr)  # noqa: T201
        return NOT_UNDERSTOOD
    except RefusedByScope as refusal:
        print(f"talaia scanners: {clean_text(str(refusal), 500)}. Nothing was sent.", file=sys.stderr)  # noqa: T201
        return REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scanners", description="Look at a target; print observations as JSON lines.")
    parser.add_argument("scanner", nargs="?", help="host, service, or a protocol scanner (see --list)")
    parser.add_argument("target", nargs="?", help="192.0.2.1:443, [2001:db8::1]:443, name:443; for host also 192.0.2.0/28")
    parser.add_argument("--list", action="store_true", help="list the scanners and what they state")
    parser.add_argument("--zones", type=Path, metavar="FILE", help="a zone file that must allow the look")
    parser.add_argument("--name", help="the DNS name by which to ask (SNI, Host)")
    parser.add_argument("--udp", action="store_true", help="the port is a UDP port")
    parser.add_argument("--ports", default="common", help="ports for host: 22,80 or common, web, privileged, all")
    parser.add_argument("--vantage", type=Vantage, default=Vantage.INTERNAL, choices=list(Vantage), help="from where it is seen")
    parser.add_argument("--deep", action="store_true", help="allow requests that a fragile device may not survive")
    parser.add_argument("--rate", type=int, default=500, metavar="N", help="packets per second at most (without --zones)")
    return parser


def _print_list() -> None:
    rows = [(_HOST, "gentle", "which hosts answer, on which ports"), (_SERVICE, "gentle", "what answers on a port")]
    for name, scanner in scanners_by_name().items():
        text = (type(scanner).__doc__ or scanner.facts_type.__doc__ or "").strip().partition("\n")[0]
        rows.append((name, scanner.intrusiveness.value, text))
    for name, how_hard, text in rows:
        print(f"{name:12} {how_hard:8} {text}")  # noqa: T201


async def _run(arguments: argparse.Namespace) -> int:
    if not arguments.scanner or not arguments.target:
        raise CommandError("name a scanner and a target, as in: python -m scanners tls 192.0.2.1:443 (or --list)")
    if arguments.scanner not in (_HOST, _SERVICE) and arguments.scanner not in scanners_by_name():
        known = ", ".join((_HOST, _SERVICE, *scanners_by_name()))
        raise CommandError(f"no scanner is named {clean_text(arguments.scanner, 60)!r}; there are {known}")
    if arguments.rate < 1:
        raise CommandError("--rate must be at least 1 packet per second")
    refused = True
    looks = _sweep(arguments) if arguments.scanner == _HOST else _look(arguments)
    async for observation in looks:
        sys.stdout.buffer.write(encode(observation) + b"\n")
        sys.stdout.buffer.flush()
        refused = refused and observation.outcome is Outcome.REFUSED_BY_SCOPE
        if observation.outcome is not Outcome.OBSERVED:
            print(f"talaia scanners: {observation.target}: {observation.detail}", file=sys.stderr)  # noqa: T201
    return REFUSED if refused else LOOKED


def _door(arguments: argparse.Namespace, networks: Sequence[Network], names: Sequence[str] = ()) -> tuple[Door, Zone]:
    """The door, and the zone of the target: the file's, or one of the target alone."""
    if arguments.zones is not None:
        door = Door(load_zones(arguments.zones), own_addresses=own_addresses())
        if networks:
            return door, door.admit(networks[0].network_address)
        zone = next((zone for zone in door.zones if zone.names_domain(names[0])), None)
        if zone is None:
            raise CommandError(f"{names[0]} is not a domain of any zone in {arguments.zones}")
        return door, zone
    today = datetime.now(UTC).date()
    zone = Zone(
        id="command-line",
        networks=tuple(networks),
        authorised_by="whoever typed the target",
        valid_from=today - timedelta(days=1),
        valid_until=today + timedelta(days=1),
        packets_per_second=arguments.rate,
        intrusiveness=Intrusiveness.DEEP if arguments.deep else Intrusiveness.NORMAL,
        vantage=arguments.vantage,
        allow_own_host=True,
    )
    return Door([zone]), zone


async def _sweep(arguments: argparse.Namespace) -> AsyncIterator[Observation]:
    network = parse_network(arguments.target)
    door, zone = _door(arguments, [network])
    ports = parse_ports(arguments.ports)
    for unit in sweep_units(zone, networks=[network], domains=(), ports=ports):
        async for item in Probe(door, scanners={}).sweep(unit):
            if isinstance(item, Observation):
                yield item


async def _look(arguments: argparse.Namespace) -> AsyncIterator[Observation]:
    host, port = parse_endpoint(arguments.target)
    address, name = _plain_address(host), arguments.name
    if address is None:
        door, zone = _door(arguments, (), (host,)) if arguments.zones else (None, None)
        if door is None or zone is None:
            raise CommandError(f"{host} is a name: give an address and --name {host}, or a zone file with a resolver")
        address, name = (await resolver.resolve(door, host, zone))[0], host
    else:
        door, zone = _door(arguments, [ipaddress.ip_network(str(address))])
    scanner = SERVICE if arguments.scanner == _SERVICE else scanners_by_name()[arguments.scanner]
    if port is None and arguments.scanner != _NAMES:
        raise CommandError(f"{arguments.target} has no port: write {arguments.target}:PORT")
    transport = Transport.UDP if arguments.udp or arguments.scanner == "tftp" else Transport.TCP
    target = Target(address=str(address), port=port, transport=transport, name=name)
    yield await _observe(scanner, target, door, zone)


async def _observe(scanner: Scanner, target: Target, door: Door, zone: Zone) -> Observation:
    """One look; protocol scanners are told first what answers there (TLS or not), as the probe tells them."""
    service = None
    if scanner is not SERVICE and target.port is not None:
        seen = await observe(SERVICE, target, Occasion(door=door, zone=zone))
        service = seen.facts if isinstance(seen.facts, ServiceFacts) else None
    return await observe(scanner, target, Occasion(door=door, zone=zone, service=service))


def _plain_address(host: str) -> Address | None:
    try:
        return parse_address(host)
    except AddressError:
        return None


if __name__ == "__main__":
    sys.exit(main())
