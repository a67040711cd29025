"""What is seen of domains, from the observation to the finding, by the rules of the library: each is an asset of its own."""

import msgspec

from collector import tables
from collector.ingest import Ingest, IngestSettings
from collector.store import Store
from rules.rulebook import load_rules, our_rules
from scanners.door import Door
from scanners.observation import Facts, Observation, Vantage
from scanners.plan import NO_ADDRESS, LookUnit
from scanners.probe import Probe
from scanners.protocols.mail_domain import SCANNER as MAIL
from scanners.protocols.mail_domain import MailDomainFacts
from scanners.protocols.names import SCANNER as NAMES
from scanners.protocols.names import NamesFacts
from scanners.scanner import Look, Occasion, scanners_by_name
from scanners.target import Target
from tests.collector.watching import Watch
from tests.scanners.looking import NOW, loopback_zone

GOOD = MailDomainFacts(
    in_use=True, mx=(), receives=False, sends_nothing=True, spf="v=spf1 -all", spf_records=1, spf_all="-", spf_lookups=0,
    spf_void_lookups=0, spf_error="", dmarc_present=True, dmarc_policy="reject", dmarc_subdomain_policy="reject", dmarc_pct=100,
)  # fmt: skip
BAD = msgspec.structs.replace(GOOD, spf="v=spf1 +all", spf_all="+", dmarc_policy="none", dmarc_subdomain_policy="none")


def watch_of(store: Store) -> Watch:
    watch = Watch(store)
    watch.ingest = Ingest(store, load_rules([our_rules()]), IngestSettings(clock=lambda: watch.now))
    return watch


def said(watch: Watch, name: str, facts: Facts) -> Observation:
    scanner = "names" if isinstance(facts, NamesFacts) else "mail_domain"
    return watch.seen(scanner, NO_ADDRESS, None, facts, name=name, vantage=Vantage.INTERNET)


def mail_findings(watch: Watch) -> set[tuple[str, str, str]]:
    names = {row.id: row.name for row in watch.rows(tables.asset)}
    rows = [row for row in watch.rows(tables.finding) if row.rule.startswith("MAIL")]
    return {(names[row.asset_id], row.rule, row.state) for row in rows}


def test_the_mail_of_each_domain_is_judged_on_an_asset_of_its_own(store: Store) -> None:
    watch = watch_of(store)
    watch.take(watch.host("192.0.2.10", open_=(443,)))  # both names lead here, which is not asked
    watch.take(said(watch, "bo.example", GOOD), said(watch, "dolent.example", BAD))
    assert mail_findings(watch) == {("dolent.example", "MAIL-001", "open"), ("dolent.example", "MAIL-003", "open")}
    watch.later(days=1)
    watch.take(said(watch, "dolent.example", MailDomainFacts()))  # a resolver that fails proves nothing
    assert {state for _, _, state in mail_findings(watch)} == {"open"}
    watch.later(days=1)
    watch.take(said(watch, "dolent.example", GOOD), said(watch, "dolent.example", NamesFacts(caa_present=False)))
    assert {state for _, _, state in mail_findings(watch)} == {"resolved"}
    assets = {row.name: row.addresses for row in watch.rows(tables.asset)}
    assert assets == {"192.0.2.10": ["192.0.2.10"], "bo.example": [], "dolent.example": []}
    watch.check()


async def test_a_probe_asks_every_scanner_of_domains_about_the_name_alone() -> None:
    """Whatever address the name has: an asset would change its identity with it."""

    class Told:
        """A scanner of domains that has its answer already."""

        def __init__(self, real: object, facts: Facts) -> None:
            self.__dict__.update({name: getattr(real, name) for name in ("name", "version", "facts_type", "intrusiveness")})
            self.deadline_seconds, self._facts = 5.0, facts

        def applies(self, service: object) -> bool:
            return False

        def applies_to_domain(self, domain: str, zone: object) -> bool:
            return True

        async def look(self, target: Target, occasion: Occasion) -> Look:
            return Look(self._facts)

    zone = loopback_zone(domains=("bo.example",))
    told = {"names": Told(NAMES, NamesFacts()), "mail_domain": Told(MAIL, GOOD)}
    probe = Probe(Door([zone], clock=lambda: NOW), scanners={**scanners_by_name(), **told}, nmap=False)  # type: ignore[dict-item]
    unit = LookUnit(id="1", zone_id=zone.id, domains=("bo.example",))
    seen = [observation async for observation in probe.look(unit)]
    assert {(each.scanner, each.target.address, each.target.name) for each in seen} == {
        ("names", NO_ADDRESS, "bo.example"),
        ("mail_domain", NO_ADDRESS, "bo.example"),
    }
