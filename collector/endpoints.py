"""The places of an asset that answer, from each vantage; and when one is proved gone."""

from collections.abc import Callable, Mapping

from collector.batch import Batch
from collector.events import Action
from collector.findings import Because, LifeCycle, Proof
from collector.occasion import HOST, Seen
from collector.records import AssetRecord, CoverageRecord, EndpointRecord
from scanners.observation import Facts
from scanners.passive.facts import PassiveFacts
from scanners.ports import parse_ports
from scanners.service_facts import HostFacts, ServiceFacts

CLOSED_LOOKS_THAT_PROVE = 2

Applies = Callable[[str, ServiceFacts], bool]
"""Whether the scanner of that name has anything to ask a service; True for a name that is no scanner's."""


class Endpoints:
    """Works on one batch."""

    def __init__(self, batch: Batch, life: LifeCycle, applies: Applies) -> None:
        self._batch = batch
        self._life = life
        self._applies = applies

    def see_open(self, asset: AssetRecord, seen: Seen) -> EndpointRecord:
        """Something answered there."""
        row = self._batch.endpoints[asset.id].get((seen.place, seen.vantage))
        if row is None:
            row = EndpointRecord(
                asset_id=asset.id,
                place=seen.place,
                vantage=seen.vantage,
                address=seen.address,
                port=seen.port,
                transport=seen.transport,
                name=seen.name,
                zone=seen.zone,
                first_seen=seen.at,
                last_seen=seen.at,
            )
            if seen.name is None:
                self._happened(Action.PORT_NEW, asset, row, seen)
        elif row.state != "open" and seen.at >= row.last_seen:
            self._happened(Action.PORT_REOPENED, asset, row, seen)
        if seen.at >= row.last_seen:
            row.state, row.closed_looks, row.closed_in = "open", 0, None
            row.address, row.zone, row.last_seen = seen.address, seen.zone, seen.at
        row.first_seen = min(row.first_seen, seen.at)
        self._batch.change_endpoint(row)
        return row

    def describe(self, asset: AssetRecord, seen: Seen, service: ServiceFacts) -> None:
        """Put down what answers there; what rules of other protocols said of the place no longer applies."""
        row = self._batch.endpoints[asset.id][seen.place, seen.vantage]
        same = (row.service, row.tls) == (service.name, service.tls)
        row.service, row.product, row.version, row.tls = service.name, service.product, service.version, service.tls
        self._batch.change_endpoint(row)
        if same or service.name in {None, "unknown"}:
            return
        replaced = [
            pair
            for key, pair in self._batch.coverage[asset.id].items()
            if _is_at(key[0], seen.place) and pair.vantage == seen.vantage and pair.evaluated_at < seen.at
            if not self._applies(pair.scanner, service)
        ]
        self._no_longer(asset, replaced, Proof(Because.NOT_APPLICABLE, seen.at, seen.cause))

    def hear(self, asset: AssetRecord, seen: Seen, facts: PassiveFacts) -> None:
        """Put down what was overheard there, where no look of ours has told it better."""
        row = self._batch.endpoints[asset.id][seen.place, seen.vantage]
        if row.service is None and (facts.service or facts.tls is not None):
            row.service, row.tls = facts.service, facts.tls
            self._batch.change_endpoint(row)

    def reported(self, asset: AssetRecord, seen: Seen, facts: Facts | None) -> None:
        """Put down what somebody else's scanner found there, unless a look of ours told it: theirs never overrides one, opens no
        finding and closes none."""
        own = any(
            scanner != seen.scanner and vantage == seen.vantage
            for place, scanner, vantage in self._batch.looks[asset.id]
            if place in {seen.place, HOST}
        )
        known = self._batch.endpoints[asset.id].get((seen.place, seen.vantage))
        if own or (known is not None and known.last_seen > seen.at):
            return
        row = self.see_open(asset, seen)
        if isinstance(facts, ServiceFacts):
            row.service, row.product, row.version, row.tls = facts.name, facts.product, facts.version, facts.tls

    def sweep(self, asset: AssetRecord, seen: Seen, facts: HostFacts) -> None:
        """Open ports are open, closed ones (a RST) count towards the proof that they are gone; silence says nothing."""
        for port in facts.tcp_open or ():
            self.see_open(asset, _at_port(seen, port, "tcp"))
        for port in facts.udp_open or ():
            self.see_open(asset, _at_port(seen, port, "udp"))
        known = {row.port for row in self._batch.endpoints[asset.id].values() if row.vantage == seen.vantage and row.port}
        if not facts.tcp_closed or not known:
            return
        for port in sorted(known & parse_ports(facts.tcp_closed)):
            self.see_closed(asset, _at_port(seen, port, "tcp"))

    def see_closed(self, asset: AssetRecord, seen: Seen) -> None:
        """The host said no at ``seen.port``. Two scans in a row that hear so prove every place on that port gone."""
        for row in list(self._batch.endpoints[asset.id].values()):
            if (row.port, row.transport, row.vantage) != (seen.port, seen.transport, seen.vantage):
                continue
            elsewhere = row.address != seen.address and row.address in asset.addresses
            if row.state != "open" or elsewhere or row.last_seen >= seen.at or row.closed_in == seen.round_:
                continue
            row.closed_looks += 1
            row.closed_in = seen.round_
            self._batch.change_endpoint(row)
            if row.closed_looks >= CLOSED_LOOKS_THAT_PROVE:
                self._close(asset, row, seen, Because.ENDPOINT_GONE)

    def asset_gone(self, asset: AssetRecord, seen: Seen) -> None:
        """The asset is proved gone: every place of it is."""
        asset.gone_since = seen.at
        self._batch.change_asset(asset)
        self._batch.happened(Action.ASSET_GONE, seen.at, seen.cause, asset, detail={"address": seen.address})
        for row in list(self._batch.endpoints[asset.id].values()):
            if row.state == "open":
                self._close(asset, row, seen, Because.ASSET_GONE)
        self._no_longer(asset, list(self._batch.coverage[asset.id].values()), Proof(Because.ASSET_GONE, seen.at, seen.cause))

    def _close(self, asset: AssetRecord, row: EndpointRecord, seen: Seen, because: Because) -> None:
        row.state = "closed"
        self._batch.change_endpoint(row)
        if row.name is None:
            self._happened(Action.PORT_CLOSED, asset, row, seen)
        pairs = [pair for key, pair in self._batch.coverage[asset.id].items() if key[:2] == (row.place, row.vantage)]
        self._no_longer(asset, pairs, Proof(because, seen.at, seen.cause))

    def _no_longer(self, asset: AssetRecord, pairs: list[CoverageRecord], proof: Proof) -> None:
        for pair in pairs:
            self._batch.drop_coverage(pair)
            finding = self._batch.findings[asset.id].get((pair.rule, pair.place))
            if finding is not None:
                finding.last_evaluated = max(finding.last_evaluated, proof.at)
                self._life.settle(self._batch, asset, finding, proof)

    def _happened(self, action: Action, asset: AssetRecord, row: EndpointRecord, seen: Seen) -> None:
        detail: Mapping[str, object] = {"place": row.place, "vantage": row.vantage, "address": seen.address}
        self._batch.happened(action, seen.at, seen.cause, asset, detail=detail)


def _is_at(place: str, port_place: str) -> bool:
    return place == port_place or place.startswith(port_place + "/")


def _at_port(seen: Seen, port: int, transport: str) -> Seen:
    return Seen(
        place=f"{transport}/{port}",
        vantage=seen.vantage,
        scanner=seen.scanner,
        zone=seen.zone,
        address=seen.address,
        at=seen.at,
        cause=seen.cause,
        round_=seen.round_,
        port=port,
        transport=transport,
    )
