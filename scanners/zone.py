"""Zones: the authorised pieces of network. What no zone names is not looked at."""

import ipaddress
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)

from scanners import located_yaml
from scanners.communities import parse_community
from scanners.devices import DeviceClass
from scanners.host_access import HostAccess
from scanners.observation import Vantage
from scanners.ports import format_ports, parse_ports
from scanners.target import Address, Network, parse_address, parse_name, parse_network


class Intrusiveness(StrEnum):
    """How hard a look may be, from nothing sent at all to everything a scanner knows. Ordered."""

    PASSIVE = "passive"  # listens only
    GENTLE = "gentle"  # one ordinary connection at a time, what any client would send
    NORMAL = "normal"  # several connections, unusual but well-formed requests
    DEEP = "deep"  # requests that a fragile device may not survive (all of nmap's probes, Heartbleed, ROBOT)

    def allows(self, needed: "Intrusiveness") -> bool:
        order = list(Intrusiveness)
        return order.index(needed) <= order.index(self)


class Day(StrEnum):
    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


def _as_text(value: Any) -> Any:
    return ",".join(str(item) for item in value) if isinstance(value, list) else str(value)


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is not a time zone of the IANA database") from error
    return name


def _text_type(read: Any, example: str) -> Any:
    """Annotations of a field that people write as text and the model keeps parsed."""
    return (
        BeforeValidator(lambda value: read(value) if isinstance(value, str) else value),
        PlainSerializer(str, return_type=str),
        WithJsonSchema({"type": "string", "examples": [example]}),
    )


_network = _text_type(parse_network, "192.0.2.0/24")
_address = _text_type(parse_address, "192.0.2.53")
NetworkText = Annotated[Network, *_network]
AddressText = Annotated[Address, *_address]
NameText = Annotated[str, AfterValidator(parse_name)]
Ports = Annotated[
    frozenset[int],
    BeforeValidator(lambda value: value if isinstance(value, frozenset) else parse_ports(_as_text(value))),
    PlainSerializer(format_ports, return_type=str),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "array"}], "examples": ["common", "22,80"]}),
]


def _written_date(value: Any) -> Any:
    if not isinstance(value, str | date) or (isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value)):
        raise ValueError("write the date as 2026-12-31")
    return value


def _written_time(value: Any) -> Any:
    if not isinstance(value, str | time) or (isinstance(value, str) and not re.fullmatch(r"\d{2}:\d{2}(:00)?", value)):
        raise ValueError("write the hour as 06:00, on the zone's clock")
    return value


Date = Annotated[date, BeforeValidator(_written_date)]
HourText = Annotated[time, BeforeValidator(_written_time), WithJsonSchema({"type": "string", "examples": ["20:00"]})]
Whole = Annotated[int, Field(strict=True)]


class _Written(BaseModel):
    """A part of the zone file: frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Window(_Written):
    """Hours in which looking is allowed, on the clock of the zone's time zone. ``until`` up to ``from`` is the next day."""

    days: tuple[Day, ...] = tuple(Day)
    from_: HourText = Field(alias="from")
    until: HourText

    def contains(self, local: datetime) -> bool:
        clock = local.time().replace(tzinfo=None)
        if self.from_ < self.until:
            return self._on(local) and self.from_ <= clock < self.until
        if clock >= self.from_:
            return self._on(local)
        return clock < self.until and self._on(local - timedelta(days=1))

    def _on(self, local: datetime) -> bool:
        return list(Day)[local.weekday()] in self.days


class Zone(_Written):
    """One authorised piece of network.

    ``packets_per_second`` bounds all that is sent into the zone; ``connections_per_host`` what is open at once to one
    address. ``connect_timeout_seconds`` and ``retries`` are what a silent port is given. Dates are inclusive and, like
    windows, read on the clock of ``timezone``.
    """

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$", examples=["dmz"])
    name: str = ""
    networks: tuple[NetworkText, ...] = ()
    domains: tuple[NameText, ...] = ()
    exclude: tuple[NetworkText, ...] = ()
    authorised_by: str = Field(min_length=1, description="who signed for looking at this zone")
    valid_from: Date
    valid_until: Date
    timezone: Annotated[str, AfterValidator(_timezone)] = "Europe/Madrid"
    windows: tuple[Window, ...] = Field(default=(), description="none: at any hour")
    blackout: tuple[Date, ...] = ()
    packets_per_second: Whole = Field(default=500, ge=1, le=1_000_000)
    connections_per_host: Whole = Field(default=8, ge=1, le=256)
    connect_timeout_seconds: float = Field(default=2.0, gt=0, le=60, strict=True)
    retries: Whole = Field(default=1, ge=0, le=5)
    intrusiveness: Intrusiveness = Intrusiveness.NORMAL
    left_alone: tuple[DeviceClass, ...] = Field(
        default=(), description="devices of these classes receive nothing but the sweep that recognises them"
    )
    not_spared: tuple[DeviceClass, ...] = Field(
        default=(), description="devices of these classes are looked at like any server, at the zone's own risk"
    )
    vantage: Vantage = Vantage.INTERNAL
    identify_industrial: bool = Field(
        default=False,
        strict=True,
        description="allow one lawful identification request to controllers (Modbus, BACnet, S7, DNP3, EtherNet/IP, IEC 104)",
    )
    ports: Ports = parse_ports("common")
    udp_ports: Ports = parse_ports("common_udp")
    resolver: AddressText | None = Field(default=None, description="the DNS server that names of this zone are asked from")
    resolver_port: Whole = Field(default=53, ge=1, le=65535)
    dkim_selectors: tuple[NameText, ...] = Field(
        default=(), description="the DKIM selectors that mail of the zone's domains is signed with; no look can list them"
    )
    snmp_communities: tuple[Annotated[str, AfterValidator(parse_community)], ...] = Field(
        default=(),
        max_length=16,
        exclude=True,
        description="SNMP communities that may be tried, to read: well-known ones by name, others as file:, env: or credential:",
    )
    host_access: HostAccess | None = Field(
        default=None, description="lets Talaia look inside hosts over SSH; none: it never logs in"
    )
    namespace: str = Field(default="", description="networks that overlap have a namespace each; empty: the city's one")
    parameters: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="rule id: {parameter: value}; wins over the rule's own defaults"
    )
    allow_own_host: bool = Field(default=False, description="allow looking at the machine Talaia runs on")

    @model_validator(mode="after")
    def _consistent(self) -> "Zone":
        if not self.networks and not self.domains:
            raise ValueError(f"zone {self.id}: name at least one network or domain")
        if self.valid_until < self.valid_from:
            raise ValueError(f"zone {self.id}: valid_until is before valid_from")
        both = sorted({*self.left_alone} & {*self.not_spared})
        if both:
            raise ValueError(f"zone {self.id}: {', '.join(both)} cannot be in left_alone and in not_spared")
        return self

    @property
    def is_gentle(self) -> bool:
        """Whether nothing in it is looked at harder than a fragile device may be."""
        return Intrusiveness.GENTLE.allows(self.intrusiveness) and self.connections_per_host == 1

    @cached_property
    def gently(self) -> "Zone":
        """The zone as it is for a fragile device: one ordinary connection at a time."""
        if self.is_gentle:
            return self
        hardest = Intrusiveness.GENTLE if self.intrusiveness.allows(Intrusiveness.GENTLE) else self.intrusiveness
        return self.model_copy(update={"intrusiveness": hardest, "connections_per_host": 1})

    def as_for(self, device: DeviceClass | None) -> "Zone":
        """The zone as it is for a host that is such a device, or none that is known."""
        return self if device is None or device in self.not_spared else self.gently

    @cached_property
    def _clock(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def names_address(self, address: Address) -> bool:
        """Whether ``address`` lies in a network of the zone and in no exclusion. Exclusions win."""
        if any(address.version == network.version and address in network for network in self.exclude):
            return False
        return any(address.version == network.version and address in network for network in self.networks)

    def names_domain(self, name: str) -> bool:
        """Whether ``name`` is a domain of the zone or below one."""
        return any(name == domain or name.endswith(f".{domain}") for domain in self.domains)

    def names_specially(self, address: Address) -> bool:
        """Whether some network of the zone lies wholly inside the special block (loopback, link-local) of ``address``."""
        block = special_block(address)
        return block is not None and any(
            network.version == block.version and network.subnet_of(block) and address in network  # type: ignore[arg-type]
            for network in self.networks
        )

    def closed_because(self, at: datetime) -> str | None:
        """Why nobody may look at the aware time ``at``; None when looking is allowed."""
        local = at.astimezone(self._clock)
        if not self.valid_from <= local.date() <= self.valid_until:
            return f"zone {self.id} is authorised from {self.valid_from} until {self.valid_until} only"
        if local.date() in self.blackout:
            return f"{local.date()} is a blackout date of zone {self.id}"
        if self.windows and not any(window.contains(local) for window in self.windows):
            return f"{local:%a %H:%M} is outside the windows of zone {self.id}"
        return None

    def next_opening(self, at: datetime) -> datetime | None:
        """The first moment from ``at`` on (UTC) at which looking is allowed, within the next 400 days; else None."""
        moments = (moment for moment in self._changes(at.astimezone(UTC)) if self.closed_because(moment) is None)
        return next(moments, None)

    def _changes(self, start: datetime) -> Iterator[datetime]:
        """``start`` and, in order, every later moment at which the zone may open: its windows' beginnings and every full hour.

        The hours catch midnight and the end of the hour that the clock change leaves out.
        """
        yield start
        begins = sorted({*(time(hour) for hour in range(24)), *(window.from_ for window in self.windows)})
        today = start.astimezone(self._clock).date()
        for day in (today + timedelta(days=ahead) for ahead in range(401)):
            local = (datetime.combine(day, begin, self._clock).replace(fold=fold) for begin in begins for fold in (0, 1))
            yield from sorted({moment for each in local if (moment := each.astimezone(UTC)) > start})


SPECIAL_BLOCKS: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "127.0.0.0/8",
        "169.254.0.0/16",
        "0.0.0.0/8",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::1/128",
        "::/128",
        "fe80::/10",
        "ff00::/8",
    )
)


@lru_cache(maxsize=4096)
def special_block(address: Address) -> Network | None:
    """The loopback, link-local (cloud metadata lives there), multicast or reserved block that ``address`` is in, if any."""
    return next((block for block in SPECIAL_BLOCKS if block.version == address.version and address in block), None)


class ZoneFile(_Written):
    """The whole zone file."""

    zones: tuple[Zone, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ids_differ(self) -> "ZoneFile":
        seen: set[str] = set()
        for zone in self.zones:
            if zone.id in seen:
                raise ValueError(f"two zones have the id {zone.id}")
            seen.add(zone.id)
        return self


def load_zones(path: Path) -> tuple[Zone, ...]:
    """Read a zone file. Raises :class:`~scanners.located_yaml.FileError` naming file and line of every problem."""
    document = located_yaml.read(path)
    return located_yaml.validated(document, ZoneFile).zones


def read_zones(text: str, source: str) -> tuple[Zone, ...]:
    """The zones of a file's text; ``source`` is the name that errors carry. Raises :class:`~scanners.located_yaml.FileError`."""
    return located_yaml.validated(located_yaml.parse(text, source), ZoneFile).zones


def zone_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the zone file, for editors; also published as ``docs/schemas/zones.json``."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **ZoneFile.model_json_schema(by_alias=True)}


def zone_of(zones: Sequence[Zone], zone_id: str) -> Zone | None:
    return next((zone for zone in zones if zone.id == zone_id), None)
