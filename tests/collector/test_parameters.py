"""Zones and services set parameters of rules; a service's counts more than its zone's."""

from datetime import UTC, date, datetime, timedelta

from collector.catalogue import apply_catalogue
from collector.catalogue_file import Catalogue
from collector.ingest import Ingest, IngestSettings
from collector.store import Store
from rules.rulebook import load_rules, our_rules
from scanners.observation import Observation, Outcome, Vantage, new_id
from scanners.protocols.tls.facts import CertificateFacts, TlsFacts
from scanners.target import Target
from scanners.zone import Zone

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
CATALOGUE = Catalogue.model_validate(
    {
        "city": {"name": {"ca": "V", "es": "V", "en": "V"}},
        "departments": {"it": {"en": "IT"}},
        "services": {"office": {"department": "it", "en": "Office", "parameters": {"CERT-002": {"days": 10}}}},
        "assets": [{"id": "own", "name": "own", "services": ["office"], "addresses": ["192.0.2.10"]}],
    }
)


def zone(**parameters: dict[str, object]) -> Zone:
    return Zone.model_validate(
        {
            "id": "dmz",
            "networks": ("192.0.2.0/24",),
            "authorised_by": "the tests",
            "valid_from": date(2026, 1, 1),
            "valid_until": date(2026, 12, 31),
            "parameters": {name.replace("_", "-"): values for name, values in parameters.items()},
        }
    )


def certificate(address: str, days_left: int, at: datetime) -> Observation:
    ends = at + timedelta(days=days_left)
    facts = TlsFacts(certificate=CertificateFacts(not_before=ends - timedelta(days=365), not_after=ends, validity_days=365.0))
    return Observation(
        id=new_id(),
        zone="dmz",
        vantage=Vantage.INTERNAL,
        target=Target(address=address, port=443),
        scanner="tls",
        scanner_version="1",
        observed_at=at,
        outcome=Outcome.OBSERVED,
        facts=facts,
    )


def verdicts(store: Store, given: Zone, at: datetime) -> dict[str, str]:
    """The result of CERT-002 by address, for certificates with twenty days left."""
    with store.write() as connection:
        apply_catalogue(connection, CATALOGUE, lambda: at)
    ingest = Ingest(store, load_rules([our_rules()]), IngestSettings(clock=lambda: at, zones={given.id: given}))
    changes = ingest.take([certificate("192.0.2.10", 20, at), certificate("192.0.2.20", 20, at)])
    return {
        one.observation.target.address: one.verdict.result.value
        for one in changes.evaluations
        if one.verdict.rule == "CERT-002" and one.observation
    }


def test_a_zone_sets_a_parameter_and_a_service_wins(store: Store) -> None:
    assert verdicts(store, zone(CERT_002={"days": 15}), NOW) == {"192.0.2.10": "pass", "192.0.2.20": "pass"}
    assert verdicts(store, zone(CERT_002={"days": 45}), NOW + timedelta(hours=1)) == {"192.0.2.10": "pass", "192.0.2.20": "fail"}
