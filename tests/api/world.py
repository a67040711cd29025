"""A small city in a store, written straight into the tables, and the application that shows it."""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from sqlalchemy import Connection, insert
from starlette.testclient import TestClient

from api.app import create_app
from api.parts import AppParts, RateLimits
from collector import tables
from collector.grants import Role
from collector.ingest import Ingest, IngestSettings
from collector.refusal import ActionRefused
from collector.store import Store
from collector.tokens import create_token
from rules.rulebook import Rulebook, load_rules, our_rules
from scanners.observation import Vantage
from scanners.zone import Zone
from tests.api.seed import NOW, Seed

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

    def start_scan(self, zone_id: str | None, targets: Sequence[str] | None, by: str) -> str:
        if zone_id not in (None, "dmz"):
            raise ActionRefused("unknown-zone", f"there is no zone {zone_id!r}")
        self.done.append(("start", zone_id, tuple(targets or ()), by))
        scan_id = str(uuid.uuid4())
        with self.store.write() as connection:
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

    def look_again(self, findings: Sequence[str], by: str) -> list[str]:
        return [self.start_scan("dmz", findings, by)]

    def stop_scan(self, scan_id: str, by: str) -> bool:
        self.done.append(("stop", scan_id, by))
        with self.store.write() as connection:
            changed = connection.execute(
                tables.scan.update()
                .where(tables.scan.c.id == scan_id, tables.scan.c.ended_at.is_(None))
                .values(state="stopped", ended_at=NOW)
            )
            return bool(changed.rowcount)

    def change(self, work: Any, connection: Connection) -> None:
        Ingest(self.store, rulebook(), IngestSettings(clock=lambda: NOW)).change(work, connection)

    def press_stop(self, reason: str, by: str) -> None:
        self.done.append(("press", reason, by))

    def release_stop(self, by: str) -> bool:
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

    def bearer(self, role: str = "administrator") -> dict[str, str]:
        return {"authorization": f"Bearer {self.secrets[role]}"}

    def browser(self, role: str = "administrator") -> TestClient:
        """A browser that signed in, in English."""
        opened = TestClient(self.app, headers={"accept-language": "en"})
        opened.post("/sign-in", data={"token": self.secrets[role]})
        return opened


def make_world(
    url: str,
    *,
    hostile: str | None = None,
    base_url: str = "http://127.0.0.1:8600",
    clock: Any = None,
    zone_file: Path | None = None,
) -> World:
    """Create the tables at ``url`` and seed them. ``hostile`` replaces every text that comes from the network. Zones can be
    changed when there is a ``zone_file``, which is written."""
    store = Store(url)
    tables.metadata.create_all(store.engine)
    seeded = Seed(hostile)
    seeded.write(store)
    secrets = {}
    with store.write() as connection:
        for role in Role:
            _, secrets[role.value] = create_token(connection, f"test {role.value}", role, NOW, timedelta(days=3650))
    if zone_file is not None:
        zone_file.write_text(ZONES)
    actions = RecordedActions(store)
    parts = AppParts(
        store=store,
        rules=rulebook(),
        zones=lambda: {"dmz": zone()},
        actions=actions,
        city_names={"ca": "Ajuntament de Vilamar", "es": "Ayuntamiento de Vilamar", "en": "Vilamar City Council"},
        base_url=base_url,
        allowed_hosts=("127.0.0.1", "localhost", "testserver"),
        version="0.1.0",
        zone_file=zone_file,
        clock=clock or (lambda: NOW),
        limits=RateLimits(per_token=1_000_000, per_address=1_000_000, refused_per_address=1_000_000),
    )
    return World(store, create_app(parts), actions, secrets, seeded.finding_ids, seeded.asset_ids, seeded.scan_id)


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


def csrf_in(page: str) -> str:
    """The mark of its session that the forms of a page carry."""
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert found
    return found[1]
