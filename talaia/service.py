"""``talaia serve``: the API, the scheduler, the workers and the delivery, each in a thread of one process."""

import asyncio
import gc
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from importlib.metadata import version

import uvicorn
from sqlalchemy import Connection

from api.app import create_app
from api.oidc import Provider
from api.parts import AppParts, LocalSignIn, StoreActions
from api.ticketing.desk import Desk, following
from api.ticketing.writing import DeskPolicy
from collector.elasticsearch.shipper import shipping
from collector.grants import Grant
from collector.rescans import Rescans
from collector.schedules import Scheduler
from collector.sealing import SealError
from collector.secret_files import read_secret
from collector.stopping import StopWatch
from collector.tokens import Token, issue_entry_code
from collector.webhooks.sender import sending
from collector.zone_watch import ZoneWatch
from scanners.located_yaml import FileError
from scanners.zone import Zone
from talaia.parts import Parts, now
from talaia.settings import seconds_of
from talaia.telling import digests, sender
from talaia.ticket_systems import ticket_system

log = logging.getLogger("talaia")

DIGESTS_LOOKED_AT = timedelta(seconds=30)
REFRESH_EVERY = timedelta(hours=6)  # overdue findings weigh more by the day; Kibana's pages show 26 hours


def app_parts(parts: Parts) -> AppParts:
    """What the web application is made of, from the settings."""
    listen, sign_in = parts.settings.listen, parts.settings.sign_in

    def zones() -> Mapping[str, Zone]:
        return {zone.id: zone for zone in parts.door.zones}

    return AppParts(
        store=parts.store,
        rules=parts.rulebook,
        zones=zones,
        actions=StoreActions(zones, parts.ingest, now),
        city_names=parts.city_names,
        base_url=base_url(parts),
        allowed_hosts=listen.hosts,
        version=version("talaia"),
        zone_file=parts.settings.path(parts.settings.zones),
        ticket_city=parts.publisher.namespace if parts.settings.ticketing else None,
        clock=now,
        provider=_provider(parts),
        local=LocalSignIn(sign_in.local.enabled, sign_in.local.totp == "required"),
        seal=parts.seal,
        targets=parts.settings.webhooks.as_targets(),
    )


def _provider(parts: Parts) -> Provider | None:
    """The identity provider; its secret is read from the file each time it is used."""
    written = parts.settings.sign_in.oidc
    if written is None:
        return None
    secret_file = parts.settings.path(written.client_secret_file)
    roles = {word: Grant(worth.role, worth.department) for word, worth in written.roles.items()}
    grace = timedelta(seconds=seconds_of(written.grace))
    return Provider(
        written.issuer, written.client_id, lambda: read_secret(secret_file), written.claim, roles, written.scope, grace
    )


def check_seal(parts: Parts) -> None:
    """Raises :class:`~scanners.located_yaml.FileError` when the settings name a key that cannot be used."""
    try:
        if parts.seal:
            parts.seal.check()
    except SealError as error:
        raise FileError(str(parts.settings.source), [(0, str(error))]) from error


def ticket_desk(parts: Parts) -> Desk:
    """What keeps the ticket system and the findings in step. Raises ``LookupError`` where the settings name none, and
    :class:`~api.ticketing.trouble.TicketingError` for an address that is none."""
    written = parts.settings.ticketing
    if written is None:
        raise LookupError("the settings name no ticket system: see `ticketing` in talaia.yaml")
    policy = DeskPolicy(
        city=parts.publisher.namespace,
        base_url=base_url(parts),
        language=written.language,
        languages=written.languages,
        queues=written.queues,
        open_for=frozenset(written.open_for),
        poll_every=timedelta(seconds=written.poll_seconds),
    )
    actions = StoreActions(lambda: parts.zones, parts.ingest, now)
    return Desk(parts.store, ticket_system(written, parts.settings.path), parts.rulebook, policy, actions, clock=now)


def base_url(parts: Parts) -> str:
    return parts.url


def entry_link(connection: Connection, parts: Parts, token: Token) -> str:
    """A link that signs one browser in, once, within the hour."""
    return f"{base_url(parts)}/enter/{issue_entry_code(connection, token, now())}"


def serve(parts: Parts) -> None:
    """Serve until SIGTERM or Ctrl-C; what runs then is taken up again by the next start."""
    listen = parts.settings.listen
    check_seal(parts)
    config = uvicorn.Config(
        create_app(app_parts(parts)),
        host=listen.address,
        port=listen.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=3,
    )
    gc.collect()
    gc.freeze()  # rules, routes and models live as long as the process: looking for garbage in them held answers up by 100 ms
    with ExitStack() as stack:
        stack.enter_context(StopWatch(parts.store, parts.door.stop, problem=log.warning))
        zone_file = parts.settings.path(parts.settings.zones)
        stack.enter_context(ZoneWatch(zone_file, parts.door, parts.store, clock=now, changed=parts.put_in_force))
        stack.enter_context(_working(parts))
        stack.enter_context(_scheduling(parts))
        stack.enter_context(_every(REFRESH_EVERY, lambda: _refresh(parts)))
        if parts.settings.ticketing:
            stack.enter_context(following(ticket_desk(parts)))
        if parts.settings.elasticsearch:
            stack.enter_context(shipping(parts.store, parts.elasticsearch))
        if parts.seal:
            stack.enter_context(sending(sender(parts, parts.seal, base_url(parts))))
        if parts.settings.mail:
            stack.enter_context(_every(DIGESTS_LOOKED_AT, digests(parts, parts.settings.mail, base_url(parts)).round))
        uvicorn.Server(config).run()


def _refresh(parts: Parts) -> None:
    parts.ingest.refresh()
    if parts.settings.elasticsearch:
        parts.documents.republish_all(parts.store, at=now())


@contextmanager
def _working(parts: Parts) -> Iterator[None]:
    """The runner, in an event loop of its own thread."""
    ended = threading.Event()

    def work() -> None:
        asyncio.run(parts.runner.work(ended))

    thread = threading.Thread(target=work, name="runner")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=10)


@contextmanager
def _scheduling(parts: Parts) -> Iterator[None]:
    written = parts.settings.rescans
    rescans = Rescans(written.as_policy()) if written.enabled else None
    scheduler = Scheduler(parts.store, lambda: {zone.id: zone for zone in parts.door.zones}, clock=now, rescans=rescans)
    scheduler.start()
    try:
        yield
    finally:
        scheduler.stop()


@contextmanager
def _every(interval: timedelta, task: Callable[[], object]) -> Iterator[None]:
    """Run ``task`` now and at each interval in a thread; a failure is logged and the next turn tries again."""
    ended = threading.Event()

    def turns() -> None:
        while True:
            try:
                task()
            except Exception:
                log.exception("the periodic refresh failed; nothing was lost, the next turn tries again")
            if ended.wait(interval.total_seconds()):
                return

    thread = threading.Thread(target=turns, name="refresh", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(timeout=5)
