"""The one tree of settings, read once from ``talaia.yaml``. Other rooms take plain arguments."""

import os
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from collector.grants import Role
from collector.rescans import RescanPolicy
from collector.secret_files import is_reference
from collector.slots import Schedule
from collector.webhooks.target import Targets
from scanners import located_yaml
from scanners.located_yaml import FileError
from scanners.secret_reference import open_to_others
from talaia.deadline_settings import DeadlinesText
from talaia.mail_settings import MailText
from talaia.ticketing_settings import TicketingText

PLACES = (Path("talaia.yaml"), Path("/etc/talaia/talaia.yaml"))


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _http(url: str) -> str:
    if "@" in url:  # first of all: no other sentence may repeat it
        raise ValueError("the address must not hold a password: name a file in api_key_file or password_file")
    if not url.startswith(("http://", "https://")):
        raise ValueError(f"{url!r} must begin with https:// or http://")
    return url.rstrip("/")


class Elasticsearch(_Written):
    """Where documents go. A secret is named by its file (or systemd credential), never written here."""

    hosts: tuple[Annotated[str, AfterValidator(_http)], ...] = Field(min_length=1, examples=[["https://127.0.0.1:9200"]])
    api_key_file: Path | None = None
    username: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None

    @model_validator(mode="after")
    def _one_way_in(self) -> "Elasticsearch":
        if self.api_key_file and self.username:
            raise ValueError("give api_key_file, or username with password_file, not both")
        if bool(self.username) != bool(self.password_file):
            raise ValueError("username and password_file belong together")
        return self


class Listen(_Written):
    """Where the API and the dashboard answer. ``hosts`` are the names by which browsers may ask; others are refused."""

    address: str = "127.0.0.1"
    port: int = Field(default=8600, ge=1, le=65535)
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    public_url: Annotated[str, AfterValidator(_http)] | None = None


class Rules(_Written):
    """``folders`` are custom rules that load beside ours; ``profile`` is ``modern`` or ``ccn-807-strict``."""

    profile: str = "modern"
    folders: tuple[Path, ...] = ()


Span = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,5}(m|h|d)$", examples=["12h"])]


def seconds_of(span: str) -> int:
    """How long ``5m``, ``6h`` or ``7d`` is."""
    return int(span[:-1]) * {"m": 60, "h": 3600, "d": 86400}[span[-1]]


class ScheduleText(_Written):
    """When a zone is looked at by itself: five cron fields on the clock of the zone, or an interval such as ``6h``."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    zone: str
    cron: str | None = None
    every: Span | None = None
    enabled: bool = True

    @model_validator(mode="after")
    def _one_of_two(self) -> "ScheduleText":
        if (self.cron is None) == (self.every is None):
            raise ValueError(f"schedule {self.id}: give either cron or every")
        return self

    def as_schedule(self, timezone: str) -> Schedule:
        seconds = seconds_of(self.every) if self.every else None
        return Schedule(
            id=self.id,
            zone=self.zone,
            cron=self.cron,
            interval_seconds=seconds,
            timezone=timezone,
            enabled=self.enabled,
            from_settings=True,
        )


class RescansText(_Written):
    """How long a host may go unlooked at, by its worst open finding; ``clean`` without one, ``dark`` for whole zones."""

    enabled: bool = True
    critical: Span = "12h"
    high: Span = "1d"
    medium: Span = "4d"
    clean: Span = "7d"
    dark: Span = "90d"

    def as_policy(self) -> RescanPolicy:
        words = ("critical", "high", "medium", "clean", "dark")
        return RescanPolicy(**{word: timedelta(seconds=seconds_of(getattr(self, word))) for word in words})


class WhatItIsWorth(_Written):
    """The role that a word of the identity provider stands for: in a department (its id), else in the whole city."""

    role: Role
    department: str | None = None


class OidcText(_Written):
    """The city's identity provider. ``claim`` is the path to the list of a person's roles in the ID token."""

    issuer: Annotated[str, AfterValidator(_http)]
    client_id: str = Field(min_length=1, max_length=200)
    client_secret_file: Path
    claim: str = "realm_access.roles"
    scope: str = Field(default="openid profile", pattern=r"^openid( [!-~]+)*$")
    grace: str = Field(default="5m", pattern=r"^[0-9]{1,4}(m|h)$", description="how long sessions outlive its silence")
    roles: dict[str, WhatItIsWorth] = Field(min_length=1)


class LocalText(_Written):
    """Accounts of Talaia's own. ``totp``: codes of the person's device, for who wants or for everybody."""

    enabled: bool = True
    totp: Literal["optional", "required"] = "optional"


Net = Annotated[IPv4Network | IPv6Network, Field(examples=["10.0.5.0/28"])]


class WebhooksText(_Written):
    """Where webhooks may go. ``hosts``: only these names (none: any); ``networks``: private addresses that may be told all the
    same; a receiver that fails for ``give_up_after`` is disabled, and a notice given."""

    hosts: tuple[str, ...] = ()
    networks: tuple[Net, ...] = ()
    http_on_loopback: bool = False
    give_up_after: Span = "3d"

    def as_targets(self) -> Targets:
        return Targets(frozenset(host.lower() for host in self.hosts), self.networks, self.http_on_loopback)

    @property
    def patience(self) -> timedelta:
        return timedelta(seconds=seconds_of(self.give_up_after))


class SignIn(_Written):
    """``key_file`` seals what Talaia must keep and read again: secrets of second steps, refresh tokens of the provider."""

    key_file: Path | None = None
    local: LocalText = LocalText()
    oidc: OidcText | None = None

    @model_validator(mode="after")
    def _a_key_and_a_way_in(self) -> "SignIn":
        if self.local.enabled and self.local.totp == "required" and self.key_file is None:
            raise ValueError("sign_in.local.totp: required needs sign_in.key_file")
        if self.oidc and self.key_file is None:
            raise ValueError("sign_in.oidc needs sign_in.key_file: it seals what the identity provider is asked again with")
        if not self.local.enabled and self.oidc is None:
            raise ValueError("sign_in.local.enabled: false leaves no way in without sign_in.oidc")
        return self


class Settings(_Written):
    """Everything a Talaia is told. Relative paths are relative to the settings file's folder."""

    database: str = "sqlite:///talaia.db"
    database_password_file: Path | None = Field(default=None, description="PostgreSQL's password: read at each connection")
    zones: Path = Path("zones.yaml")
    catalogue: Path | None = Path("catalogue.yaml")
    rules: Rules = Rules()
    schedules: tuple[ScheduleText, ...] = ()
    rescans: RescansText = RescansText()
    deadlines: DeadlinesText = DeadlinesText()
    elasticsearch: Elasticsearch | None = None
    listen: Listen = Listen()
    sign_in: SignIn = SignIn()
    webhooks: WebhooksText = WebhooksText()
    mail: MailText | None = None
    ticketing: TicketingText | None = None
    trusted_authorities: tuple[Path, ...] = Field(default=(), description="PEM files of the city's own authorities")
    nmap: bool = Field(default=True, description="ask nmap about services that stay unknown, where the zone allows it")
    workers: int = Field(default=64, ge=1, le=1024, description="looks under way at once")
    source: Path = Field(default=Path("talaia.yaml"), exclude=True)

    @model_validator(mode="after")
    def _schedule_ids_differ(self) -> "Settings":
        ids = [schedule.id for schedule in self.schedules]
        twice = next((name for name in ids if ids.count(name) > 1), None)
        if twice:
            raise ValueError(f"two schedules have the id {twice}")
        return self

    @model_validator(mode="after")
    def _one_password(self) -> "Settings":
        if self.database_password_file and not self.database.startswith("postgresql"):
            raise ValueError("database_password_file is for PostgreSQL")
        if self.database_password_file and _holds_a_password(self.database):
            raise ValueError("give the database's password in database_password_file, not in its address too")
        return self

    @property
    def folder(self) -> Path:
        return self.source.parent

    def path(self, written: Path) -> Path:
        """Where it is. A reference to a secret (``env:NAME``, ``credential:NAME``, ``file:/path``) stays as it is."""
        return written if written.is_absolute() or is_reference(written) else self.folder / written

    @property
    def database_url(self) -> str:
        """The database's URL with a relative SQLite path made absolute. ``TALAIA_DATABASE`` overrides the file."""
        url = os.environ.get("TALAIA_DATABASE") or self.database
        prefix = "sqlite:///"
        if url.startswith(prefix) and not url.startswith("sqlite:////"):
            return f"sqlite:///{(self.folder / url.removeprefix(prefix)).absolute()}"
        return url


class NoSettings(FileError):
    """There is no settings file where one was looked for."""

    def __init__(self, looked: str) -> None:
        super().__init__(looked, [(0, "there is no such settings file: `talaia init` writes one")])


def find_settings(given: Path | None, environment: Mapping[str, str] = os.environ) -> Path:
    """``--config``, then ``TALAIA_CONFIG``, then ``./talaia.yaml``, then ``/etc/talaia/talaia.yaml``.

    Raises :class:`NoSettings`.
    """
    if given is None and environment.get("TALAIA_CONFIG"):
        given = Path(environment["TALAIA_CONFIG"])
    if given is not None:
        if not given.is_file():
            raise NoSettings(str(given))
        return given
    for place in PLACES:
        if place.is_file():
            return place
    raise NoSettings(" or ".join(str(place) for place in PLACES))


def load_settings(path: Path) -> Settings:
    """Read a settings file. Raises :class:`~scanners.located_yaml.FileError` with file and line of every problem."""
    document = located_yaml.read(path)
    data: dict[str, Any] = document.data or {}
    if not isinstance(data, dict):
        raise document.error((), "must be a list of settings, such as `zones: zones.yaml`")
    if "source" in data:
        raise document.error(("source",), "source: this key is not known here")
    settings = located_yaml.validated(document, Settings, {**data, "source": path.absolute()})
    if _holds_a_password(settings.database) and open_to_others(path):
        said = "holds a password, and everybody on this machine can read this file: chmod 640, or name database_password_file"
        raise document.error(("database",), f"database: {said}")
    return settings


def _holds_a_password(url: str) -> bool:
    """Also where one stands in the wrong place."""
    before, at, _ = url.partition("://")[2].rpartition("@")
    return bool(at) and ":" in before
