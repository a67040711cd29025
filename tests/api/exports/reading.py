"""Exports as the programs that take them read them: how many findings of each state, and which."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import update

from api.exports.formats import Format
from collector import tables, tally
from tests.api.seed import NOW
from tests.api.world import World

Read = Iterator[tuple[str, str]]  # id and state


def read_csv(text: str) -> Read:
    for line in csv.DictReader(io.StringIO(text)):
        yield line["id"], line["state"]


def read_ocsf(text: str) -> Read:
    states = {1: "open", 3: "waived", 4: "resolved"}
    for line in text.splitlines():
        event = json.loads(line)
        yield event["finding_info"]["uid"], states[event["status_id"]]


def read_sarif(text: str) -> Read:
    (run,) = json.loads(text)["runs"]
    for result in run["results"]:
        failing = result["kind"] == "fail"
        assert failing == (result["level"] != "none") == (result["baselineState"] != "absent")
        suppressed = any(one["status"] == "accepted" for one in result.get("suppressions", ()))
        yield result["guid"], "resolved" if not failing else "waived" if suppressed else "open"


def read_oscal(text: str) -> Read:
    (result,) = json.loads(text)["assessment-results"]["results"]
    states = {"open": "open", "deviation-approved": "waived", "closed": "resolved"}
    for risk in result.get("risks", ()):
        yield next(one["value"] for one in risk["props"] if one["name"] == "finding-id"), states[risk["status"]]


def read_csaf(text: str) -> Read:
    """Each product once, whatever the number of its CVEs: they all stand as its finding does."""
    document = json.loads(text)
    states: dict[str, set[str]] = {one["product_id"]: set() for one in document["product_tree"]["full_product_names"]}
    for one in document["vulnerabilities"]:
        for status in ("fixed", "known_not_affected"):
            for key in one["product_status"].get(status, ()):
                states[key].add("resolved")
        for action in one.get("remediations", ()):
            for key in action["product_ids"]:
                states[key].add({"vendor_fix": "open", "no_fix_planned": "waived"}[action["category"]])
    for key, (state,) in states.items():
        yield key, state


READERS = {
    Format.CSV: read_csv,
    Format.OCSF: read_ocsf,
    Format.OSCAL: read_oscal,
    Format.SARIF: read_sarif,
    Format.CSAF: read_csaf,
}
EVERY_FINDING = tuple(form for form in READERS if form is not Format.CSAF)  # that one is of CVEs alone


def states_in(form: Format, text: str) -> Counter[str]:
    """How many findings of each state it tells; none comes twice."""
    told = list(READERS[form](text))
    assert len({key for key, _ in told}) == len(told)
    return Counter(state for _, state in told)


def set_states(world: World, states: Mapping[str, str], because: str = "passed") -> None:
    """Put findings (by id) in states, as the collector leaves them: waived ones have an approved exception."""
    finding = tables.finding
    with world.store.write() as connection:
        connection.execute(tables.exception.delete())
        for key, state in states.items():
            waived, resolved = state == "waived", state == "resolved"
            values: dict[str, Any] = {"state": state, "exception_id": key if waived else None}
            values |= {"resolved_at": NOW if resolved else None, "resolved_because": because if resolved else None}
            connection.execute(update(finding).where(finding.c.id == key).values(**values))
            if waived:
                connection.execute(tables.exception.insert().values(**_exception(key)))
        tally.rebuild(connection)


def show_flaws(world: World) -> list[str]:
    """Let a third of the findings show CVEs; returns their ids."""
    shown = [
        ("SSH-008", {"terrapin": True}, "confirmed"),
        ("WEB-016", {"libraries": ["jquery 3.4.1", "angularjs 1.8.3", "lodash 4.17.11"]}, "inferred"),
        ("TLS-009", {"heartbleed": True, "ccs_injection": True, "compression": None}, "confirmed"),
        ("WEB-016", {"libraries": ["moment 2.29.1"]}, "inferred"),
    ]
    changed = world.finding_ids[::3]
    with world.store.write() as connection:
        for number, key in enumerate(changed):
            rule, observed, confidence = shown[number % len(shown)]
            values = {"rule": rule, "observed": observed, "confidence": confidence, "place": f"tcp/{number}"}
            connection.execute(update(tables.finding).where(tables.finding.c.id == key).values(**values))
        tally.rebuild(connection)
    return changed


def _exception(key: str) -> dict[str, Any]:
    return {
        "id": key,
        "state": "approved",
        "rule": "TLS-002",
        "kind": "finding",
        "key": key,
        "reason": "the supplier replaces it in spring",
        "control": "",
        "strength": 0.0,
        "requested_by": "one",
        "requested_by_id": "token:one",
        "requested_at": NOW,
        "until": NOW.replace(year=2027),
        "decided_by": "other",
        "decided_by_id": "token:other",
        "decided_at": NOW,
    }
