"""The parts that documents are put together from. Field names and allowed values: ECS 9.4.0 and Elastic's posture extension."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from collector.records import AssetRecord, FindingRecord
from rules.rule import Rule
from rules.verdict import Result

ECS_VERSION = "9.4.0"
LATEST = "security_solution-posture.misconfiguration_latest-v1"
BENCHMARK = {
    "id": "ens_rd311_2022",
    "name": "Esquema Nacional de Seguridad (RD 311/2022)",
    "version": "2022-05-04",
    "posture_type": "municipal",
}

_EVALUATION = {Result.PASS: "passed", Result.FAIL: "failed", Result.UNKNOWN: "unknown"}
_OUTCOME = {Result.PASS: "success", Result.FAIL: "failure", Result.UNKNOWN: "unknown"}
_LEVELS = ((90.0, "Critical"), (70.0, "High"), (40.0, "Moderate"), (20.0, "Low"))  # Kibana's, for host.risk


class Publisher(msgspec.Struct, frozen=True, kw_only=True):
    """Who publishes: ``namespace`` is the city's (lower case, no hyphen), ``organization_id`` its DIR3 code.

    ``language`` is that of names and remediation texts; ``url`` the address at which people open Talaia, empty when none.
    """

    namespace: str
    organization_id: str
    organization_name: str
    observer_name: str
    version: str
    language: str = "ca"
    url: str = ""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How one rule stands at one place of one asset."""

    rule: Rule
    asset: AssetRecord
    place: str
    vantage: str
    result: Result
    observed: Mapping[str, Any]
    expected: Mapping[str, Any]
    looked_at: datetime
    scanner: str
    address: str | None = None
    finding: FindingRecord | None = None

    def as_failed(self, found: FindingRecord) -> "Standing":
        """The state that the open finding stands for."""
        return msgspec.structs.replace(
            self, result=Result.FAIL, observed=found.observed or {}, expected=found.expected or {}, vantage=found.vantage
        )


def said(publisher: Publisher, texts: Mapping[str, Any]) -> str:
    """One of a rule's texts in the publisher's language."""
    return str(texts[publisher.language])


def moment(at: datetime) -> str:
    """A time as Elasticsearch's ``date`` reads it, in UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def entity_id(publisher: Publisher, asset_id: str) -> str:
    return f"asset:{publisher.namespace}:{asset_id}"


def resource_id(publisher: Publisher, asset_id: str, place: str) -> str:
    """A place of an asset: two ports of one host are two resources."""
    return f"{entity_id(publisher, asset_id)}/{place}" if place else entity_id(publisher, asset_id)


def place_of(place: str) -> tuple[str | None, int | None, str | None]:
    """Transport, port and name of ``tcp/443`` or ``tcp/443/sede.example``; None for what it has not."""
    parts = place.split("/", 2)
    if len(parts) >= 2 and parts[0] in ("tcp", "udp") and parts[1].isdigit():
        return parts[0], int(parts[1]), parts[2] if len(parts) == 3 else None
    return None, None, None


def head(publisher: Publisher, dataset: str, kind: str, at: datetime) -> dict[str, Any]:
    """What every document begins with."""
    stream = "metrics" if kind == "metric" else "logs"
    organization = {"id": publisher.organization_id, "name": publisher.organization_name}
    return {
        "@timestamp": moment(at),
        "data_stream": {"type": stream, "dataset": f"posture.{dataset}", "namespace": publisher.namespace},
        "ecs": {"version": ECS_VERSION},
        "event": {
            "kind": kind,
            "module": "posture",
            "dataset": f"posture.{dataset}",
            "provider": "talaia",
            "ingested": moment(at),
        },
        "organization": {key: value for key, value in organization.items() if value},
        "observer": {
            "vendor": "talaia",
            "product": "talaia",
            "name": publisher.observer_name,
            "hostname": publisher.observer_name,
            "type": "scanner",
            "version": publisher.version,
        },
    }


def asset_parts(publisher: Publisher, record: AssetRecord, macs: list[str], *, whole: bool) -> dict[str, Any]:
    """``host``, ``entity``, ``service``, ``related``, ``labels`` and ``posture.asset``; ``whole`` for the inventory."""
    key = entity_id(publisher, record.id)
    host: dict[str, Any] = {"id": key, "name": record.name}
    if record.addresses:
        host["ip"] = list(record.addresses)
    parts: dict[str, Any] = {"host": host, "entity": {"id": key, "name": record.name}, "related": _related(record)}
    if whole:
        hostname, _, domain = record.name.partition(".")
        if domain and not _is_address(record):
            host |= {"hostname": hostname, "domain": domain}
        host |= {"mac": macs} if macs else {}
        host |= {"os": {"full": record.os}} if record.os else {}
        host |= {"risk": _risk(record.risk)} if record.risk is not None else {}
        parts["entity"] |= {"type": ["host"], "source": "posture"}
        parts["entity"] |= {"last_seen_timestamp": moment(record.last_seen)} if record.last_seen else {}
    if record.service_id:
        parts["service"] = {"name": record.service_id}
    labels = {
        "department": record.department_id,
        "service": record.service_id,
        "exposure": record.exposure,
        "ens_category": record.ens_category,
        "owner": record.owner,
    }
    known = {name: value for name, value in labels.items() if value}
    parts |= {"labels": known, "posture": {"asset": dict(known)}} if known else {}
    return parts


def _is_address(record: AssetRecord) -> bool:
    return record.name in record.addresses or record.name.replace(".", "").isdigit() or ":" in record.name


def _related(record: AssetRecord) -> dict[str, list[str]]:
    hosts = list(dict.fromkeys([*([] if _is_address(record) else [record.name]), *record.names]))
    return {name: values for name, values in (("ip", list(record.addresses)), ("hosts", hosts)) if values}


def _risk(value: float) -> dict[str, Any]:
    level = next((word for least, word in _LEVELS if value >= least), "Unknown")
    return {"calculated_level": level, "calculated_score": round(value * 10, 2), "calculated_score_norm": round(value, 2)}


def rule_part(publisher: Publisher, rule: Rule) -> dict[str, Any]:
    """``rule.*``: ECS, and Elastic's ``benchmark``, ``section``, ``tags``, ``remediation`` and ``rationale``."""
    found = rule.mappings
    code = found.ens[0] if found.ens else rule.id
    tags = ["ENS", *found.ens] if found.ens else []
    tags += [f"CCN-STIC {guide.id}" for guide in found.ccn_stic]
    tags += [f"CIS {control}" for control in found.cis_v8_1]
    tags += [f"NIS2 21.2.{letter}" for letter in found.nis2_21_2]
    tags += [f"ISO 27001 {control}" for control in found.iso_27001_2022]
    part: dict[str, Any] = {
        "id": rule.id,
        "uuid": rule.uuid,
        "name": said(publisher, rule.title),
        "description": said(publisher, rule.rationale),
        "rationale": said(publisher, rule.rationale),
        "remediation": said(publisher, rule.remediation),
        "category": rule.family.lower(),
        "ruleset": f"talaia-{rule.family.lower()}",
        "version": publisher.version,
        "license": "EUPL-1.2",
        "author": ["talaia"],
        "benchmark": {**BENCHMARK, "rule_number": code},
        "section": ".".join(code.split(".")[:2]) if found.ens else rule.family.lower(),
        "tags": [*tags, *found.cwe],
    }
    if publisher.url:
        part["reference"] = f"{publisher.url}/rules/{rule.id}"
    return part


def evaluation_body(publisher: Publisher, standing: Standing, event_id: str, at: datetime) -> dict[str, Any]:
    """One document of the misconfiguration stream, or of its latest index."""
    body = head(publisher, "misconfiguration", "state", at)
    found = standing.finding
    transport, port, named = place_of(standing.place)
    name = named or standing.asset.name
    where = f"{name}:{port}" if port is not None else name
    body["event"] |= {
        "category": ["configuration"],
        "type": ["info"],
        "outcome": _OUTCOME[standing.result],
        "provider": standing.scanner,
        "id": event_id,
        "code": standing.rule.id,
        "severity": round(found.base if found is not None else standing.rule.base),
        "created": moment(standing.looked_at),
        "end": moment(standing.looked_at),
    }
    if found is not None:
        body["event"] |= {"start": moment(found.first_seen)}
        if standing.result is Result.FAIL:
            body["event"] |= {"risk_score": round(found.risk, 2), "risk_score_norm": round(found.risk, 2)}
        if publisher.url:
            body["event"]["url"] = f"{publisher.url}/findings/{found.id}"
    body["message"] = f"{said(publisher, standing.rule.title)}: {_EVALUATION[standing.result]} ({where})"
    body["rule"] = rule_part(publisher, standing.rule)
    body["result"] = {
        "evaluation": _EVALUATION[standing.result],
        "evidence": dict(standing.observed),
        "expected": dict(standing.expected),
    }
    kind = f"{standing.scanner}-endpoint" if port is not None else "host"
    key = resource_id(publisher, standing.asset.id, standing.place)
    body["resource"] = {"id": key, "name": where, "type": "host", "sub_type": kind}
    body |= asset_parts(publisher, standing.asset, [], whole=False)
    if port is not None:
        body["network"] = {"transport": transport, "protocol": standing.scanner}
        body["server"] = {"port": port}
        if standing.address:
            body["server"] |= {"address": standing.address, "ip": standing.address}
    body["tags"] = ["posture", "ens"] if standing.rule.mappings.ens else ["posture"]
    posture = body.setdefault("posture", {})
    posture["vantage"] = standing.vantage
    if found is not None:
        posture["finding"] = _finding_part(found)
        posture["score"] = {"value": round(found.risk, 2), "factors": found.factors}
    return body


def _finding_part(found: FindingRecord) -> dict[str, Any]:
    part: dict[str, Any] = {
        "id": found.id,
        "status": found.state,
        "first_seen": moment(found.first_seen),
        "last_seen": moment(found.last_seen),
        "last_result": found.last_result,
        "reopened": found.reopened,
    }
    part |= {"due": moment(found.due)} if found.due else {}
    part |= {"resolved_at": moment(found.resolved_at)} if found.resolved_at else {}
    return part
