"""A small city in a store, written straight into the tables, and the application that shows it."""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from sqlalchemy import Connection, insert, select
from starlette.testclient import TestClient

from api.app import create_app
from api.parts import AppParts, RateLimits
from collector import tables
from collector import ticket_work as work
from collector.feeds.files import read_feeds
from collector.feeds.keeping import keep
from collector.feeds.loading import Loaded, load
from collector.grants import Role
from collector.imports.taking import Result, Wanted, take
from collector.ingest import Ingest, IngestSettings
from collector.refusal import ActionRefused
from collector.sealing import Seal
from collector.store import Store
from collector.tokens import create_token
from rules.rulebook import Rulebook, load_rules, our_rules
from scanners.observation import Observation, Outcome, Vantage
from scanners.protocols.tls.facts import TlsFacts
from scanners.target import Target
from scanners.zone import Zone
from tests.api.audit_watch import Named, watch_transactions
from tests.api.seed import NOW, Seed
from tests.collector.feeds import samples

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="  # of what is sealed in tests
_RULEBOOK: list[Rulebook] = []
ZONES = """zones:
  - id: dmz
    networks: [192.0.2.0/24]
    authorised_by: Responsable de la Seguretat
    valid_from: 2026-01-01
    valid_until: 2027-12-31
"""


def rulebook() -> Rulebook:
    if not _RULEBOOK:
        _RULEBOOK.append(load_rules([our_rules()]))
    return _RULEBOOK[0]


def zone(zone_id: str = "dmz", networks: Sequence[str] = ("192.0.2.0/24",)) -> Zone:
    return Zone(
        id=zone_id,
        name="Servers seen by citizens",
        networks=tuple(networks),  # type: ignore[arg-type]
        authorised_by="Responsable de la Seguretat",
        valid_from=date(2026, 1, 1),
        valid_until=date(2027, 12, 31),
        vantage=Vantage.INTERNET,
    )


@dataclass
class RecordedActions:
    """Writes down what it is asked; a scan is a row that waits."""

    store: Store
    done: list[tuple[Any, ...]] = field(default_factory=list)

    def start_scan(self, connection: Connection, zone_id: str | None, targets: Sequence[str] | None, by: str) -> str:
        if zone_id not in (None, "dmz"):
            raise ActionRefused("unknown-zone", f"there is no zone {zone_id!r}")
        self.done.append(("start", zone_id, tuple(targets or ()), by))
        scan_id = str(uuid.uuid4())
        connection.execute(
            insert(tables.scan).values(
                id=scan_id,
                zone=zone_id or "dmz",
                targets=list(targets) if targets else None,
                asked_by=by,
                state="waiting",
                created_at=NOW,
            )
        )
        return scan_id

    def look_again(self, connection: Connection, findings: Sequence[str], by: str) -> list[str]:
        return [self.start_scan(connection, "dmz", findings, by)]

    def stop_scan(self, connection: Connection, scan_id: str, by: str) -> bool:
        self.done.append(("stop", scan_id, by))
        changed = connection.execute(
            tables.scan.update()
            .where(tables.scan.c.id == scan_id, tables.scan.c.ended_at.is_(None))
            .values(state="stopped", ended_at=NOW)
        )
        return bool(changed.rowcount)

    def change(self, work: Any, connection: Connection) -> None:
        Ingest(self.store, rulebook(), IngestSettings(clock=lambda: NOW)).change(work, connection)

    def take_in(self, document: bytes, wanted: Wanted, noting: Any) -> Result:
        ingest = Ingest(self.store, rulebook(), IngestSettings(clock=lambda: NOW, zones={"dmz": zone()}))
        return take(self.store, ingest, document, wanted, noting)

    def load_feeds(self, contents: Any, rules: Any, noting: Any, *, may_shrink: bool) -> Loaded:
        ingest = Ingest(self.store, rulebook(), IngestSettings(clock=lambda: NOW))
        return load(ingest, contents, rules.flawed, noting, at=NOW, may_shrink=may_shrink)

    def press_stop(self, connection: Connection, reason: str, by: str) -> None:
        self.done.append(("press", reason, by))

    def release_stop(self, connection: Connection, by: str) -> bool:
        self.done.append(("release", by))
        return True


@dataclass
class World:
    """The store, the application on it, and a secret for each role."""

    store: Store
    app: FastAPI
    actions: RecordedActions
    secrets: Mapping[str, str]
    finding_ids: list[str]
    asset_ids: list[str]
    scan_id: str = ""
    schedule_id: str = ""
    ticket_ids: list[str] = field(default_factory=list)
    exploited_id: str = ""

    def bearer(self, role: str = "administrator") -> dict[str, str]:
        return {"authorization": f"Bearer {self.secrets[role]}"}

    def browser(self, role: str = "administrator", secret: str | None = None) -> TestClient:
        """A browser that signed in, in English."""
        opened = TestClient(self.app, headers={"accept-language": "en"})
        opened.post("/sign-in", data={"token": secret or self.secrets[role]})
        return opened

    def confined(self, *departments: str, role: Role = Role.DEPARTMENT) -> str:
        """The secret of a new token that is confined to these departments."""
        with self.store.write() as connection:
            name = f"{role.value} of {' '.join(departments)} {uuid.uuid4()}"[:100]
            return create_token(connection, name, role, NOW, timedelta(days=3650), departments=departments)[1]


def make_world(
    url: str,
    *,
    hostile: str | None = None,
    base_url: str = "http://127.0.0.1:8600",
    clock: Any = None,
    zone_file: Path | None = None,
    **more: Any,
) -> World:
    """Create the tables at ``url`` and seed them. ``hostile`` replaces every text that comes from the network.
    Zones can be changed when there is a ``zone_file``, which is written. ``more`` are further parts of the application."""
    store = Store(url)
    tables.metadata.create_all(store.engine)
    seeded = Seed(hostile)
    seeded.write(store)
    if zone_file is not None:
        zone_file.write_text(ZONES)
    more = {"base_url": base_url, "zone_file": zone_file, **({"clock": clock} if clock else {}), **more}
    made = open_world(store, RecordedActions(store), **more)
    made.finding_ids, made.asset_ids, made.scan_id = seeded.finding_ids, seeded.asset_ids, seeded.scan_id
    return made


def open_world(store: Store, actions: Any, **more: Any) -> World:
    """The application on a store that has its tables, and a token for each role. ``more`` are further parts."""
    secrets = {}
    with store.write() as connection:
        for role in Role:
            _, secrets[role.value] = create_token(connection, f"test {role.value}", role, NOW, timedelta(days=3650))
    parts = AppParts(
        store=store,
        rules=rulebook(),
        zones=lambda: {"dmz": zone()},
        actions=actions,
        city_names={"ca": "Ajuntament de Vilamar", "es": "Ayuntamiento de Vilamar", "en": "Vilamar City Council"},
        allowed_hosts=("127.0.0.1", "localhost", "testserver"),
        version="0.1.0",
        ticket_city="vila",
        clock=lambda: NOW,
        limits=RateLimits(per_token=1_000_000, per_address=1_000_000, refused_per_address=1_000_000),
        seal=Seal(lambda: KEY),
    )
    app = create_app(replace(parts, **more))
    app.add_middleware(Named)
    watch_transactions(store)
    return World(store, app, actions, secrets, [], [])


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'talaia.db'}"


def propose_a_change(world: World) -> None:
    """An administrator proposes that the zone may be looked at for a year more."""
    client = TestClient(world.app, headers=world.bearer("administrator"))
    etag = client.get("/api/v1/zone-file").headers["etag"]
    wanted = {"text": ZONES.replace("2027-12-31", "2028-12-31"), "reason": "renewed for a year"}
    made = client.post("/api/v1/zone-changes", json=wanted, headers={"if-match": etag})
    assert made.status_code == 201, made.text


def ask_for_exceptions(world: World) -> None:
    """An analyst asks for two exceptions; an approver approves one of them."""
    client, judge = (TestClient(world.app, headers=world.bearer(role)) for role in ("analyst", "approver"))
    standing = client.get("/api/v1/findings?state=open&sort=seen").json()["items"][-2:]
    for finding in standing:
        wanted = {"rule": finding["rule"], "covers": "finding", "key": finding["id"], "until": "2026-12-15T23:00:00Z"}
        made = client.post("/api/v1/exceptions", json={**wanted, "reason": "the supplier replaces it before the holidays"})
        assert made.status_code == 201, made.text
    assert judge.post(f"/api/v1/exceptions/{made.json()['id']}/approve").status_code == 200


def subscribe_webhooks(world: World) -> None:
    """Two receivers are told; one of them has trouble and would not take an event."""
    client = TestClient(world.app, headers=world.bearer("administrator"))
    wanted = {"kinds": ["finding-opened", "finding-resolved"], "departments": ["citizens"]}
    client.post("/api/v1/webhooks", json={"url": "https://tickets.vilamar.example/hooks/talaia", **wanted})
    made = client.post("/api/v1/webhooks", json={"url": "https://siem.vilamar.example/talaia"})
    assert made.status_code == 201, made.text
    this, hook, event = made.json()["id"], tables.webhook, tables.event.c
    trouble = {"last_error": "ConnectTimeout: timed out", "failing_since": NOW - timedelta(hours=3), "attempts": 9}
    with world.store.write() as connection:
        connection.execute(hook.update().where(hook.c.id == this).values(delivered_at=NOW - timedelta(hours=4), **trouble))
        told = connection.execute(select(event.seq, event.id).limit(1)).one()
        letter = {"webhook_id": this, "seq": told.seq, "event_id": told.id, "at": NOW, "reason": "it answered 422"}
        connection.execute(insert(tables.webhook_letter).values(**letter, again=False))


def see_exploited(world: World, clock: Any = None, **more: Any) -> Ingest:
    """The feeds are loaded, and a look from the internet finds Heartbleed, which they know to be exploited."""
    with world.store.write() as connection:
        for content in read_feeds([samples.FOLDER]):
            keep(connection, content, NOW)
    ingest = Ingest(world.store, rulebook(), IngestSettings(clock=clock or (lambda: NOW), zones={"dmz": zone()}), **more)
    facts = TlsFacts(versions=("TLSv1.2",), secure_renegotiation=True, compression=False, heartbleed=True, robot=False)
    look = Observation(
        id=uuid.uuid4().hex,
        zone="dmz",
        vantage=Vantage.INTERNET,
        target=Target(address="192.0.2.150", port=443),
        scanner="tls",
        scanner_version="1",
        observed_at=NOW - timedelta(minutes=5),
        outcome=Outcome.OBSERVED,
        facts=facts,
    )
    changes = ingest.take([look])
    (world.exploited_id,) = [key for key, row in changes.findings.items() if row.known_exploited]
    return ingest


def save_filters(world: World) -> None:
    """An analyst shares two filters with the city; one of them can no longer be asked."""
    client = TestClient(world.app, headers=world.bearer("analyst"))
    for name, query in (("Old TLS", {"rule": ["TLS-002"], "state": ["open"]}), ("Revenue", {"department": "citizens"})):
        made = client.post("/api/v1/filters", json={"name": name, "query": query, "audience": "city"})
        assert made.status_code == 201, made.text
    with world.store.write() as connection:
        gone = tables.saved_filter.c.id == made.json()["id"]
        connection.execute(tables.saved_filter.update().where(gone).values(query={"department": "revenue"}))


def csrf_in(page: str) -> str:
    """The mark of its session that the forms of a page carry."""
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert found
    return found[1]


def open_tickets(world: World) -> None:
    """An analyst opens three tickets; the ticket system holds two of them, and disagrees about one."""
    client = TestClient(world.app, headers=world.bearer("analyst"))
    made = []
    for finding in client.get("/api/v1/findings?state=open&limit=40").json()["items"]:
        key = client.post("/api/v1/tickets", json={"finding": finding["id"]}).json()["id"]
        made += [key] if key not in made else []
        if len(made) == 3:
            break
    world.ticket_ids = made
    there = {"status": "open", "raw_status": "open", "assignee": "operator1", "owner": "Posture", "raw_priority": "25"}
    with world.store.write() as connection:
        for number, key in enumerate(made[:2]):
            remote = {**there, "due": "2026-12-07", "updated_at": "2026-11-23T09:00:00+00:00"}
            place = {"remote_id": f"47{number}", "remote_url": f"https://tickets.vilamar.example/47{number}"}
            work.set_ticket(connection, key, remote=remote, read_at=NOW, state="open", **place)
        values = {"kept": ["priority"], "wanted": {"priority": "high"}, "state": "review", "review": "rejected"}
        work.set_ticket(connection, made[0], **values)
        work.keep_remark(connection, made[0], "operator1", "The supplier says no.\nWe ask again in spring.", NOW)
