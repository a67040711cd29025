"""Puts the parts together: the only place that knows them all. Nothing is opened until it is asked for."""

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, partial
from importlib.metadata import version
from pathlib import Path

from elasticsearch import Elasticsearch
from sqlalchemy import Connection

from collector.catalogue import Catalogue, apply_catalogue, load_catalogue
from collector.deadlines import DeadlinePolicy
from collector.ecs import EcsDocuments, Publisher
from collector.elasticsearch.client import Destination, connect
from collector.ingest import Ingest, IngestSettings
from collector.migrations import migrate
from collector.outbox import put
from collector.records import Changes, Deliver
from collector.runner import Runner
from collector.schedules import sync_schedules
from collector.sealing import Seal
from collector.secret_files import read_secret
from collector.store import Store, open_store
from rules.rulebook import Rulebook, load_rules, our_rules
from scanners.door import Door, own_addresses
from scanners.probe import Probe
from scanners.protocols.mail_domain import SCANNER as MAIL_DOMAIN
from scanners.protocols.tls import SCANNER as TLS
from scanners.scanner import Scanner, scanners_by_name
from scanners.stop import Stop
from scanners.zone import Zone, load_zones
from talaia.settings import Settings


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Parts:
    """The parts of one process, each made from the settings when it is first used.

    Making one raises :class:`~scanners.located_yaml.FileError` for a file with a mistake and
    :class:`~collector.store.StoreError` for a database that cannot be used.
    """

    settings: Settings

    @cached_property
    def zones(self) -> dict[str, Zone]:
        """The zones in force by id: as the file says at this moment, until :meth:`put_in_force` gives others."""
        return {zone.id: zone for zone in load_zones(self.settings.path(self.settings.zones))}

    def put_in_force(self, zones: Sequence[Zone]) -> None:
        """Make ``zones`` those that everybody who was handed :attr:`zones` sees."""
        wanted = {zone.id: zone for zone in zones}
        for gone in self.zones.keys() - wanted.keys():
            del self.zones[gone]
        self.zones.update(wanted)

    @cached_property
    def catalogue(self) -> Catalogue | None:
        written = self.settings.catalogue
        return load_catalogue(self.settings.path(written)) if written else None

    @property
    def city_names(self) -> Mapping[str, str]:
        """The city's name by language; ours where no catalogue says it."""
        return self.catalogue.city.name if self.catalogue else {"ca": "Talaia", "es": "Talaia", "en": "Talaia"}

    @property
    def url(self) -> str:
        """The address at which people open it."""
        listen = self.settings.listen
        return listen.public_url or f"http://{listen.address}:{listen.port}"

    @cached_property
    def rulebook(self) -> Rulebook:
        folders = [our_rules(), *(self.settings.path(folder) for folder in self.settings.rules.folders)]
        return load_rules(folders, profile=self.settings.rules.profile)

    @cached_property
    def deadlines(self) -> DeadlinePolicy:
        """Until when findings are to be fixed; reads the city's own table where the settings name one."""
        return self.settings.deadlines.as_policy(self.settings.folder)

    @cached_property
    def store(self) -> Store:
        """The database, its tables brought up to date."""
        written = self.settings.database_password_file
        password = None if written is None else partial(read_secret, self.settings.path(written))
        store = open_store(self.settings.database_url, password)
        migrate(store)
        return store

    @property
    def seal(self) -> Seal | None:
        """What seals secrets that are kept; its key is read each time it is used."""
        written = self.settings.sign_in.key_file
        if written is None:
            return None
        key_file = self.settings.path(written)
        return Seal(lambda: read_secret(key_file))

    @cached_property
    def documents(self) -> EcsDocuments:
        return EcsDocuments(self.publisher, self.rulebook)

    @property
    def publisher(self) -> Publisher:
        city = self.catalogue.city if self.catalogue else None
        return Publisher(
            namespace=city.namespace if city else "city",
            organization_id=(city.dir3 or "").lower() if city else "",
            organization_name=city.name["es"] if city else "",
            observer_name=socket.gethostname(),
            version=version("talaia"),
            language="es",
            url=self.settings.listen.public_url or "",
        )

    def elasticsearch(self) -> Elasticsearch:
        """A client for the cluster of the settings. Raises ``DestinationError`` when a secret's file cannot be read."""
        written = self.settings.elasticsearch
        if written is None:
            raise LookupError("the settings name no Elasticsearch")

        def place(path: Path | None) -> Path | None:
            return None if path is None else self.settings.path(path)

        return connect(
            Destination(
                hosts=written.hosts,
                api_key_file=place(written.api_key_file),
                username=written.username,
                password_file=place(written.password_file),
                ca_file=place(written.ca_file),
            )
        )

    @cached_property
    def ingest(self) -> Ingest:
        networks = self.catalogue.network_defaults() if self.catalogue else ()
        settings = IngestSettings(clock=now, zones=self.zones, networks=networks, deadlines=self.deadlines)
        return Ingest(self.store, self.rulebook, settings, self._delivery)

    @property
    def _delivery(self) -> Deliver | None:
        return self._deliver if self.settings.elasticsearch else None

    def _deliver(self, connection: Connection, changes: Changes) -> None:
        at = now()
        put(connection, self.documents.of_changes(connection, changes, at=at), at=at)

    @cached_property
    def door(self) -> Door:
        return Door(tuple(self.zones.values()), clock=now, stop=Stop(), own_addresses=own_addresses())

    @cached_property
    def runner(self) -> Runner:
        probe = Probe(self.door, scanners=self.scanners, workers=self.settings.workers, nmap=self.settings.nmap)
        return Runner(self.store, self.ingest, self.door, probe=probe, clock=now, deliver=self._delivery)

    @property
    def scanners(self) -> Mapping[str, Scanner]:
        """Every protocol scanner; those that judge certificates trust the city's own authorities too."""
        authorities = tuple(self.settings.path(path) for path in self.settings.trusted_authorities)
        trusting = (replace(TLS, authorities=authorities), replace(MAIL_DOMAIN, authorities=authorities))
        return {**scanners_by_name(), **{scanner.name: scanner for scanner in trusting}}

    def write_down(self) -> None:
        """Put the catalogue's and the settings' words into the database. Repeating it changes nothing."""
        with self.store.write() as connection:
            if self.catalogue:
                apply_catalogue(connection, self.catalogue, now, self.deadlines, self.rulebook, deliver=self._delivery)
            wanted = [text.as_schedule(self.zones[text.zone].timezone) for text in self.settings.schedules]
            sync_schedules(connection, wanted, at=now())
