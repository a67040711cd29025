"""Why a finding is due when it is, and what is known of its CVEs: for programs and on pages, in three languages."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.schema import DropIndex
from starlette.testclient import TestClient

from api.pages.deadline_words import deadline_short, deadline_text, tongue_without_clock
from collector import tables
from collector.deadlines import DeadlinePolicy
from collector.queries.findings import FindingFilter, count_findings
from collector.store import Store
from collector.threats import Threat, Vulnerability
from tests.api.seed import Seed
from tests.api.world import World, see_exploited

WHOLE = {
    "en": "CVE-2014-0160: in the catalogue of the exploited (KEV), public, automatable, partial impact. "
    "3 days from 4 May 2022 on, by row 11 of cisa:BOD2604:1.0.0.",
    "ca": "CVE-2014-0160: és al catàleg de les explotades (KEV), és pública, automatitzable, impacte parcial. "
    "3 dies a partir del 4 de maig del 2022, per la fila 11 de cisa:BOD2604:1.0.0.",
    "es": "CVE-2014-0160: está en el catálogo de las explotadas (KEV), es pública, automatizable, impacto parcial. "
    "3 días a partir del 4 de mayo de 2022, por la fila 11 de cisa:BOD2604:1.0.0.",
}
ASSUMED = {
    "en": ("total impact (assumed, for nobody said it)", "With the next upgrade"),
    "ca": ("impacte total (se suposa, perquè ningú no ho ha dit)", "Amb la pròxima actualització"),
    "es": ("impacto total (se supone, porque nadie lo ha dicho)", "Con la próxima actualización"),
}
FORENSIC = {"en": "Forensic triage", "ca": "triatge forense", "es": "triaje forense"}
SEVERITY = {"en": "its severity", "ca": "la gravetat", "es": "la gravedad"}


@pytest.fixture
def exploited(fresh: World) -> World:
    see_exploited(fresh)
    return fresh


def _get(world: World, path: str) -> Any:
    return TestClient(world.app, headers=world.bearer()).get(f"/api/v1/{path}").json()


@pytest.mark.parametrize("language", ["en", "ca", "es"])
def test_the_finding_says_which_row_decided(exploited: World, language: str) -> None:
    found = _get(exploited, f"findings/{exploited.exploited_id}?language={language}")
    assert found["known_exploited"] is True
    assert found["due"] == "2022-05-07T00:00:00Z"
    assert found["deadline"] == {
        "policy": "cisa:BOD2604:1.0.0",
        "text": WHOLE[language],
        "row": 11,
        "cve": "CVE-2014-0160",
        "since": "2022-05-04T00:00:00Z",
        "days": 3,
        "forensic": False,
        "in_kev": True,
        "exposed": True,
        "automatable": True,
        "total_impact": False,
        "assumed": [],
    }
    assert found["feeds"]["kev"] == "2026.11.20 2026-11-20"
    (known,) = found["vulnerabilities"]
    assert (known["cve"], known["listed"], known["epss"]) == ("CVE-2014-0160", "2022-05-04T00:00:00Z", 0.94464)
    assert (known["exploitation"], known["automatable"], known["total_impact"]) == ("active", True, False)
    page = exploited.browser()
    page.headers["accept-language"] = language
    assert WHOLE[language] in page.get(f"/findings/{exploited.exploited_id}").text


def test_other_findings_are_due_by_their_severity(exploited: World) -> None:
    found = _get(exploited, f"findings/{exploited.finding_ids[0]}?language=en")
    assert (found["known_exploited"], found["vulnerabilities"], found["feeds"]) == (False, [], {})
    assert found["deadline"]["policy"] == "severity"
    assert found["deadline"]["text"] == "By the severity of the finding."
    page = exploited.browser().get(f"/findings/{exploited.finding_ids[0]}").text
    assert "By the severity of the finding." in page
    assert "What is known of its vulnerabilities" not in page


def test_the_overdue_list_says_what_set_the_day(exploited: World) -> None:
    items = _get(exploited, "overdue?limit=500")["items"]
    assert items[0]["id"] == exploited.exploited_id  # due for years
    assert items[0]["deadline"]["row"] == 11
    assert {one["deadline"]["policy"] for one in items[1:]} == {"severity"}
    page = exploited.browser().get("/overdue").text
    assert page.count("CVE-2014-0160, row 11 of cisa:BOD2604:1.0.0") == 1
    assert "its severity" in page


def test_the_list_is_narrowed_to_what_is_exploited(exploited: World) -> None:
    only = _get(exploited, "findings?known_exploited=true")
    assert [one["id"] for one in only["items"]] == [exploited.exploited_id]
    assert (only["total"], only["total_is_exact"]) == (1, True)
    assert _get(exploited, "findings?known_exploited=true&state=resolved")["total"] == 0
    assert _get(exploited, "findings?known_exploited=true&rule=NET-001")["total"] == 0
    page = exploited.browser().get("/findings?state=open&known_exploited=true").text
    assert f"/findings/{exploited.exploited_id}" in page
    assert f"/findings/{exploited.finding_ids[0]}" not in page


def test_its_index_is_used(store: Store) -> None:
    Seed().write(store)
    with store.write() as connection:
        some = connection.execute(tables.finding.select().limit(1)).one().id
        connection.execute(update(tables.finding).where(tables.finding.c.id == some).values(known_exploited=True, state="open"))
    with store.read() as connection:
        assert count_findings(connection, FindingFilter(state=("open",), known_exploited=True)) == (1, True)
    with store.write() as connection:
        if store.dialect == "postgresql":  # with so few rows any other index would do as well
            connection.execute(text("SET LOCAL enable_seqscan = off"))
            for other in tables.finding.indexes:
                if other.name != "ix_finding_exploited":
                    connection.execute(DropIndex(other))
        condition = "known_exploited = 1" if store.dialect == "sqlite" else "known_exploited"
        explain = "EXPLAIN QUERY PLAN" if store.dialect == "sqlite" else "EXPLAIN"
        asked = f"{explain} SELECT * FROM finding WHERE state = 'open' AND {condition} ORDER BY risk DESC, id DESC"
        assert "ix_finding_exploited" in str(connection.execute(text(asked)).all())


@pytest.mark.parametrize("language", ["en", "ca", "es"])
def test_what_was_assumed_and_what_triage_asks_for_is_said(language: str) -> None:
    opened, tongue = datetime(2026, 11, 23, tzinfo=UTC), tongue_without_clock(language)

    def said(one: Vulnerability, exposure: str) -> str:
        return deadline_text(tongue, DeadlinePolicy().deadline(opened, "low", exposure, Threat((one,), True, {"kev": "1"})).why)

    quiet = said(Vulnerability(cve="CVE-2026-0001"), "internal")
    assert all(words in quiet for words in ASSUMED[language])
    listed = opened - timedelta(days=1)
    loud = said(Vulnerability(cve="CVE-2026-0001", listed=listed, automatable=True, total_impact=True), "internet")
    assert FORENSIC[language] in loud
    assert "%" not in quiet + loud
    assert deadline_short(tongue, None) == SEVERITY[language]
