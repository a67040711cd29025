"""A city in which every page has something to show, a person who administers it, and one in which nothing is yet."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import Page
from sqlalchemy import insert, update
from starlette.testclient import TestClient

from collector import accounts, tables, tally
from collector.grants import Grant, Role
from collector.passwords import Passwords
from collector.store import Store
from tests.api.people.test_accounts import PASSWORD, QUICK
from tests.api.seed import NOW
from tests.api.world import (
    RecordedActions,
    World,
    ask_for_exceptions,
    make_world,
    open_tickets,
    open_world,
    propose_a_change,
    save_filters,
    see_exploited,
    sqlite_url,
    subscribe_webhooks,
)

LOGIN = "montserrat"
OWN_PAGES = {"account": "/account", "second_step": "/account/second-step"}
"""Pages of a person's own account, by name: a token has none."""


def full_city(folder: Path, hostile: str | None = None, **more: Any) -> World:
    """Every list has lines, in every state that is drawn apart; an administrator (:data:`LOGIN`) has a long name."""
    made = make_world(sqlite_url(folder), zone_file=folder / "zones.yaml", hostile=hostile, **more)
    for fill in (
        propose_a_change,
        ask_for_exceptions,
        save_filters,
        open_tickets,
        subscribe_webhooks,
        see_exploited,
        _schedule,
        _past,
    ):
        fill(made)
    made.app.state.passwords = Passwords(QUICK)
    with made.store.write() as connection:
        account = accounts.create_account(connection, LOGIN, "Montserrat Puigdengolas-Casademont i Vallespinosa", NOW)
        accounts.set_grants(connection, account, [Grant(Role.ADMINISTRATOR)])
        accounts.set_password(connection, account, made.app.state.passwords.hashed(PASSWORD))
        other = accounts.create_account(connection, "gone", "Jordi Vallmitjana", NOW)
        accounts.set_grants(connection, other, [Grant(Role.DEPARTMENT, "citizens"), Grant(Role.VIEWER, "innovation")])
        accounts.set_disabled(connection, other, NOW)
    return made


def empty_city(folder: Path) -> World:
    """A city on its first day: no asset, no scan, nothing asked for."""
    store = Store(sqlite_url(folder))
    tables.metadata.create_all(store.engine)
    return open_world(store, RecordedActions(store))


def sign_in_as_person(page: Page, base: str, login: str = LOGIN) -> None:
    page.goto(f"{base}/sign-in")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{base}/")


def _schedule(world: World) -> None:
    client = TestClient(world.app, headers=world.bearer())
    for key, when in (("weekly", {"cron": "0 4 * * 1"}), ("hourly", {"interval_seconds": 21_600})):
        made = client.post("/api/v1/schedules", json={"id": key, "zone": "dmz", **when})
        assert made.status_code == 201, made.text
    assert client.post("/api/v1/schedules/hourly/pause").status_code < 300
    world.schedule_id = "weekly"


def _past(world: World) -> None:
    """What has ended: a finding that was resolved, an exception that expired, an asset that is gone, a token that is used up."""
    finding, asset, past = tables.finding.c, tables.asset.c, NOW - timedelta(days=3)
    gone = {"id": "past", "state": "expired", "rule": "TLS-002", "kind": "finding", "key": world.finding_ids[-1], "until": past}
    whose = {"requested_by": "test analyst", "requested_by_id": "token:x", "requested_at": past - timedelta(days=60)}
    with world.store.write() as connection:
        resolved = {"state": "resolved", "resolved_at": past, "resolved_because": "passed", "reopened": 2}
        connection.execute(update(tables.finding).where(finding.id == world.finding_ids[-1]).values(**resolved))
        connection.execute(update(tables.asset).where(asset.id == world.asset_ids[2]).values(gone_since=past))
        connection.execute(
            insert(tables.exception).values(**gone, **whose, reason="until the new firewall", control="", strength=0)
        )
        tally.rebuild(connection)
