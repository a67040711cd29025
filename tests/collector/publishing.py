"""A collector that publishes: real rules, real ingest, documents in the outbox of the same transaction."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from collector.ecs import EcsDocuments, Publisher
from collector.ingest import Ingest, IngestSettings
from collector.outbox import put
from collector.records import Changes
from collector.store import Store
from collector.tables import outbox
from rules.rulebook import Rulebook, load_rules, our_rules
from scanners.observation import Facts, Observation, Outcome, Vantage, new_id
from scanners.protocols.redis import RedisFacts
from scanners.protocols.ssh import HostKeyFacts, SshFacts
from scanners.service_facts import HostFacts, ServiceFacts
from scanners.target import Target

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
PUBLISHER = Publisher(
    namespace="vilamar",
    organization_id="l01099999",
    organization_name="Ajuntament de Vilamar",
    observer_name="talaia-1",
    version="0.1.0",
    language="ca",
    url="https://talaia.vilamar.example",
)


@cache
def rulebook() -> Rulebook:
    return load_rules([our_rules()])


class City:
    """What the tests publish about. Every look of it is a new observation."""

    def __init__(self, store: Store, at: datetime = START, namespace: str = "vilamar", **settings: Any) -> None:
        self.store = store
        self.now = at
        self.documents = EcsDocuments(msgspec.structs.replace(PUBLISHER, namespace=namespace), rulebook())
        self.use(**settings)

    def use(self, **settings: Any) -> None:
        """Take in by these settings from now on."""
        self.ingest = Ingest(self.store, rulebook(), IngestSettings(clock=lambda: self.now, **settings), self.deliver)

    def deliver(self, connection: Connection, changes: Changes) -> None:
        put(connection, self.documents.of_changes(connection, changes, at=self.now), at=self.now)

    def later(self, **spent: float) -> None:
        self.now += timedelta(**spent)

    def seen(self, scanner: str, address: str, port: int | None, facts: Facts | None, **more: Any) -> Observation:
        return Observation(
            id=new_id(),
            zone="dmz",
            vantage=Vantage.INTERNAL,
            target=Target(address=address, port=port, name=more.get("name")),
            scanner=scanner,
            scanner_version="1",
            observed_at=self.now,
            outcome=Outcome.OBSERVED if facts is not None else more.get("outcome", Outcome.TIMEOUT),
            facts=facts,
        )

    def host(self, address: str, *ports: int, mac: str | None = None) -> Observation:
        facts = HostFacts(alive=True, tcp_open=ports, tcp_covered="1-65535", mac=mac)
        return self.seen("host", address, None, facts)

    def service(self, address: str, port: int, name: str) -> Observation:
        return self.seen("service", address, port, ServiceFacts(name=name, tls=False))

    def redis(self, address: str, *, password: bool | None, port: int = 6379) -> Observation:
        return self.seen("redis", address, port, RedisFacts(auth_required=password, version="7.0.15"))

    def silence(self, address: str) -> Observation:
        return self.seen("host", address, None, HostFacts(alive=False, tcp_open=(), tcp_covered="1-65535"))

    def ssh(self, address: str, *, protocol: str = "2.0", name: str | None = None, key_of: str | None = None) -> Observation:
        """``key_of``: the address at which the host key was seen before."""
        key = HostKeyFacts(algorithm="ssh-ed25519", bits=256, sha256=f"SHA256:{key_of or address}")
        return self.seen("ssh", address, 22, SshFacts(protocol=protocol, host_keys=(key,)), name=name)

    def look(self, address: str, *, password: bool = False) -> Changes:
        """A whole look at one host: an SSH server and a Redis."""
        return self.ingest.take(
            [
                self.host(address, 22, 6379, mac="00:00:5e:00:53:23" if address.endswith(".7") else None),
                self.service(address, 22, "ssh"),
                self.service(address, 6379, "redis"),
                self.ssh(address),
                self.redis(address, password=password),
            ]
        )


def waiting(store: Store) -> list[tuple[str, str, dict[str, Any] | None]]:
    """The outbox as (stream, id, body), oldest first."""
    with store.read() as connection:
        rows = connection.execute(select(outbox.c.stream, outbox.c.id, outbox.c.body).order_by(outbox.c.seq)).all()
    return [(row.stream, row.id, msgspec.json.decode(row.body) if row.body else None) for row in rows]
