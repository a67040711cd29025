"""What the web application is made of. The front door builds these; tests build others."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from api.oidc import Provider
from collector import looking_again, runs, stopping
from collector.batch import Batch
from collector.feeds.content import Content
from collector.feeds.loading import Loaded, load
from collector.findings import LifeCycle
from collector.imports.taking import Result, Wanted, take
from collector.ingest import Ingest
from collector.refusal import ActionRefused
from collector.sealing import Seal
from collector.store import Store
from collector.webhooks.target import Targets
from rules.rule import Rule
from scanners.zone import Zone

Work = Callable[[Batch, LifeCycle], Any]


class Rules(Protocol):
    """What is asked of the rules here (:class:`rules.rulebook.Rulebook`)."""

    @property
    def rules(self) -> Mapping[str, Rule]: ...

    @property
    def disabled(self) -> Mapping[str, Rule]: ...

    @property
    def flawed(self) -> Collection[str]: ...


class Actions(Protocol):
    """What the application may set in motion, in the transaction of ``connection``: what is noted there is kept with it, or
    neither. ``by`` is the name of who asked. All may raise :class:`ActionRefused`."""

    def start_scan(self, connection: Connection, zone_id: str | None, targets: Sequence[str] | None, by: str) -> str:
        """Ask for a scan of a zone, or of targets (in it; or in the one zone they lie in when None). Returns its id."""
        ...

    def look_again(self, connection: Connection, findings: Sequence[str], by: str) -> list[str]:
        """Test findings (ids) again: one scan for each zone they lie in. Returns the scans' ids."""
        ...

    def stop_scan(self, connection: Connection, scan_id: str, by: str) -> bool:
        """Stop one scan; False when it had ended."""
        ...

    def change(self, work: Work, connection: Connection) -> None:
        """Do ``work`` on findings with all that follows from it."""
        ...

    def press_stop(self, connection: Connection, reason: str, by: str) -> None:
        """Stop all looking until it is released."""
        ...

    def release_stop(self, connection: Connection, by: str) -> bool:
        """Let looking go on; False when it was not stopped."""
        ...

    def take_in(self, document: bytes, wanted: Wanted, noting: Callable[[Connection, Result], None]) -> Result:
        """Take in what another program knows, in a transaction of its own with what ``noting`` writes down. Raises
        :class:`~scanners.located_yaml.FileError` too."""
        ...

    def load_feeds(
        self, contents: Sequence[Content], rules: Rules, noting: Callable[[Connection, Loaded], None], *, may_shrink: bool
    ) -> Loaded:
        """Take in what the world knows of vulnerabilities, and weigh the findings of ``rules`` by it."""
        ...


@dataclass(frozen=True)
class RateLimits:
    """How many requests a minute are answered."""

    per_token: int = 1_200
    per_address: int = 2_400
    sign_ins_per_account: int = 5  # tries from places that never signed in to it; each known place has as many of its own
    codes_per_account_an_hour: int = 20  # of the second step, from places that never signed in to it
    refused_per_address: int = 60  # unknown tokens, sign-ins that failed
    denials_noted: int = 60  # denied attempts of one caller that the audit log keeps


@dataclass(frozen=True)
class LocalSignIn:
    """Signing in with an account of our own: whether it may be done, and whether it needs a second step."""

    enabled: bool = True
    second_step_required: bool = False


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class AppParts:
    """The parts of one application.

    ``zones`` gives the zones in force by id; ``zone_file`` is where they are written, None where they cannot be changed.
    ``city_names`` by language. ``base_url`` is how people reach it (``https://talaia.vilamar.example``): with ``https`` cookies
    are marked Secure. ``allowed_hosts`` are further names that it answers to besides that of ``base_url`` (``*`` for any).
    """

    store: Store
    rules: Rules
    zones: Callable[[], Mapping[str, Zone]]
    actions: Actions
    city_names: Mapping[str, str]
    base_url: str = "http://127.0.0.1:8600"
    allowed_hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    version: str = "0"
    zone_file: Path | None = None
    ticket_city: str | None = None  # the middle of tickets' external ids; None where no ticket system is set up
    default_language: str = "ca"
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Madrid"))
    clock: Callable[[], datetime] = _now
    limits: RateLimits = field(default_factory=RateLimits)
    session_lifetime: timedelta = timedelta(hours=12)
    session_idle: timedelta = timedelta(hours=1)  # of a person who does nothing
    provider: Provider | None = None  # of people's identity
    local: LocalSignIn = LocalSignIn()
    targets: Targets = field(default_factory=Targets)  # where webhooks may go
    seal: Seal | None = None  # for what is kept and must be read again; without it nobody enrols a second step
    body_limit_bytes: int = 64 * 1024
    import_limit_bytes: int = 16 * 1024 * 1024  # of a file that is taken in, with what surrounds it

    @property
    def over_tls(self) -> bool:
        """Whether people reach it over TLS: cookies are Secure and bound to the host then."""
        return self.base_url.startswith("https:")


@dataclass(frozen=True)
class StoreActions:
    """The real actions: rows that the runner and every scanning process obey."""

    zones: Callable[[], Mapping[str, Zone]]
    ingest: Ingest
    clock: Callable[[], datetime] = _now

    def start_scan(self, connection: Connection, zone_id: str | None, targets: Sequence[str] | None, by: str) -> str:
        zones = self.zones()
        try:
            zone = zones[zone_id] if zone_id is not None else runs.zone_of_targets(zones.values(), targets or ())
            return runs.start_scan(connection, zone, targets, asked_by=by, at=self.clock())
        except KeyError:
            raise ActionRefused("unknown-zone", f"there is no zone {zone_id!r}") from None
        except runs.TargetRefused as error:
            raise ActionRefused("target-refused", str(error)) from error
        except stopping.StopIsPressed as error:
            raise ActionRefused("stopped", str(error)) from error

    def look_again(self, connection: Connection, findings: Sequence[str], by: str) -> list[str]:
        try:
            asked = looking_again.look_again(connection, self.zones(), findings, asked_by=by, at=self.clock())
        except runs.TargetRefused as error:
            raise ActionRefused("nothing-to-test", str(error)) from error
        except stopping.StopIsPressed as error:
            raise ActionRefused("stopped", str(error)) from error
        return list(asked.values())

    def stop_scan(self, connection: Connection, scan_id: str, by: str) -> bool:
        return runs.stop_scan(connection, scan_id, by=by, at=self.clock())

    def change(self, work: Work, connection: Connection) -> None:
        self.ingest.change(work, connection)

    def press_stop(self, connection: Connection, reason: str, by: str) -> None:
        stopping.request_stop(connection, by=by, reason=reason, at=self.clock())

    def release_stop(self, connection: Connection, by: str) -> bool:
        return stopping.release_stop(connection) is not None

    def take_in(self, document: bytes, wanted: Wanted, noting: Callable[[Connection, Result], None]) -> Result:
        return take(self.ingest.store, self.ingest, document, wanted, noting)

    def load_feeds(
        self, contents: Sequence[Content], rules: Rules, noting: Callable[[Connection, Loaded], None], *, may_shrink: bool
    ) -> Loaded:
        return load(self.ingest, contents, rules.flawed, noting, at=self.clock(), may_shrink=may_shrink)
