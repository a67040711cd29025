"""What a rulebook says of facts: unknown for what is missing, parameters, escalation, and never an exception."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.compiling import ReadCheck
from rules.context import AssetFacts, EndpointFacts
from rules.examples import facts_of, judge_example
from rules.parameters import ParameterError
from rules.rule import Example
from rules.rulebook import load_rules
from rules.verdict import Confidence, Result, Severity, Verdict
from rules.vocabulary import LIST_LIMIT, kinds
from scanners.protocols.http.facts import CookieFacts, HttpFacts, LibraryFacts
from scanners.protocols.tls.facts import CertificateFacts, TlsFacts
from scanners.service_facts import ServiceFacts
from tests.rules.library import checks, examples, name_of, rulebook
from tests.rules.rule_text import write

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
INTERNET = EndpointFacts(address="192.0.2.10", port=443, transport="tcp", exposure="internet", observed_at=NOW)
NOBODY = AssetFacts()


def verdict_of(rule: str, found: list[Verdict]) -> Verdict:
    return next(verdict for verdict in found if verdict.rule == rule)


def certificate(**fields: Any) -> TlsFacts:
    return TlsFacts(certificate=CertificateFacts(**fields))


def test_every_rule_of_the_kind_gives_one_verdict() -> None:
    found = rulebook().judge(TlsFacts(versions=("TLSv1.3",)), INTERNET, NOBODY)
    assert [verdict.rule for verdict in found] == [rule.id for rule in rulebook().rules_for("tls")]
    assert len(found) == 19


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_a_look_that_saw_nothing_passes_nothing(kind: str) -> None:
    found = rulebook("ccn-807-strict").judge(kinds()[kind](), EndpointFacts(), NOBODY)
    # has() asks whether a fact is there: of nothing at all it can only say that the rule has nothing to apply to
    allowed = {"INV-004": Result.NOT_APPLICABLE, "CERT-003": Result.NOT_APPLICABLE}
    assert all(verdict.result is allowed.get(verdict.rule, Result.UNKNOWN) for verdict in found)
    assert all(verdict.missing for verdict in found if verdict.result is Result.UNKNOWN)


def test_a_failed_look_makes_every_rule_of_its_kind_unknown() -> None:
    found = rulebook().unjudged("ssh", "timeout")
    assert [verdict.rule for verdict in found] == [rule.id for rule in rulebook().rules_for("ssh")]
    assert {verdict.result for verdict in found} == {Result.UNKNOWN}
    assert all(verdict.observed == {"outcome": "timeout"} for verdict in found)
    assert rulebook().unjudged("nothing", "timeout") == []


def test_an_explained_failure() -> None:
    verdict = verdict_of("TLS-002", rulebook().judge(TlsFacts(versions=("TLSv1.0", "TLSv1.2")), INTERNET, NOBODY))
    assert verdict == Verdict(
        rule="TLS-002",
        result=Result.FAIL,
        observed={"versions": ["TLSv1.0", "TLSv1.2"]},
        expected={"versions": ["TLSv1.2", "TLSv1.3"]},
        base=60.0,
        severity=Severity.HIGH,
    )


def test_a_verdict_is_json() -> None:
    for check in checks():
        for example in examples(check):
            msgspec.json.encode(judge_example(check.rule, check, example))


@pytest.mark.parametrize(
    ("days", "base", "severity"), [(3, 60, Severity.HIGH), (10, 35, Severity.MEDIUM), (20, 20, Severity.LOW)]
)
def test_severity_follows_an_escalated_base(days: int, base: float, severity: Severity) -> None:
    facts = certificate(
        not_after=NOW.replace(day=1, month=12).replace(day=23 + days - 30) if days > 7 else NOW.replace(day=23 + days),
        validity_days=365,
    )
    verdict = verdict_of("CERT-002", rulebook().judge(facts, INTERNET, NOBODY))
    assert (verdict.result, verdict.base, verdict.severity) == (Result.FAIL, base, severity)


def test_what_was_read_from_a_version_is_inferred() -> None:
    facts = HttpFacts(libraries=(LibraryFacts(name="jquery", version="1.12.4"),))
    assert verdict_of("WEB-016", rulebook().judge(facts, INTERNET, NOBODY)).confidence is Confidence.INFERRED


def test_how_sure_a_verdict_is_may_hang_on_the_facts(tmp_path: Path) -> None:
    doubts = "    doubts:\n      - {when: http.status == 201, confidence: potential}\n    observed:\n"
    write(tmp_path, ("    observed:\n", doubts), ("    result: fail\n", "    result: fail\n    confidence: confirmed\n"))
    book = load_rules([tmp_path])
    for status, expected in ((201, Confidence.POTENTIAL), (200, Confidence.CONFIRMED)):
        facts = HttpFacts(
            status=status, cookies=(CookieFacts(name="a", secure=False, http_only=True, same_site="", session=True),)
        )
        verdict = verdict_of("TST-001", book.judge(facts, INTERNET, NOBODY))
        assert (verdict.result, verdict.confidence) == (Result.FAIL, expected)


# --- parameters --------------------------------------------------------------------------------------------------------


def test_a_zone_sets_parameters_without_editing_a_rule() -> None:
    facts = certificate(not_after=NOW.replace(year=2027, month=1), validity_days=365)
    assert verdict_of("CERT-002", rulebook().judge(facts, INTERNET, NOBODY)).result is Result.PASS
    verdict = verdict_of("CERT-002", rulebook().judge(facts, INTERNET, NOBODY, {"CERT-002": {"days": 90}}))
    assert (verdict.result, verdict.expected) == (Result.FAIL, {"days_left_at_least": 90})
    assert verdict_of("CERT-002", rulebook().judge(facts, INTERNET, NOBODY)).result is Result.PASS


def test_parameters_of_other_kinds_are_checked_and_change_nothing() -> None:
    facts = TlsFacts(versions=("TLSv1.3",))
    plain = rulebook().judge(facts, INTERNET, NOBODY)
    assert rulebook().judge(facts, INTERNET, NOBODY, {"INV-004": {"ports": [22]}}) == plain
    assert rulebook().judge(facts, INTERNET, NOBODY, {"SSH-009": {"macs": []}}) == plain  # off in this profile, and known


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"CERT-999": {"days": 3}}, "there is no such rule"),
        ({"CERT-002": {"dais": 3}}, "has no parameter 'dais'"),
        ({"CERT-002": {"days": "3"}}, "must be a whole number, not '3'"),
        ({"CERT-002": {"days": True}}, "must be a whole number, not True"),
        ({"CERT-002": {"days": 2**60}}, "must be a whole number"),
        ({"INV-004": {"ports": [22, "http"]}}, "must be a list of whole numbers"),
        ({"INV-004": {"ports": list(range(501))}}, "must be a list of whole numbers"),
        ({"INV-003": {"days": float("nan")}}, "must be a number"),
        ({"TLS-006": {"legacy_until": "tomorrow"}}, "must be a time with its zone"),
        ({"TLS-006": {"legacy_until": "2026-01-01T00:00:00"}}, "must be a time with its zone"),
        ({"TLS-010": {"always": "yes"}}, "must be true or false"),
        ({"WEB-016": {"floors": {"jquery": 3}}}, "must be a table of texts"),
        ({"NET-006": {"services": "finger"}}, "must be a list of texts"),
        ({"NET-006": {"services": ["x" * 501]}}, "must be a list of texts"),
        ({"NET-006": {"services": ["a\nb"]}}, "must be a list of texts"),
        ({"NET-006": {"services": ["a\x00b"]}}, "must be a list of texts"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(parameters: dict[str, dict[str, Any]], said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        rulebook().check_parameters(parameters)
    with pytest.raises(ParameterError, match=said):
        rulebook().judge(TlsFacts(), INTERNET, NOBODY, parameters)


@pytest.mark.parametrize("text", ['"', "\\", '"]) || true || ("', "param.services", "é😀", "\u2028", "$(id)"])
def test_a_parameter_is_a_value_and_never_an_expression(text: str) -> None:
    """Whatever a zone file says stays inside its quotes."""
    parameters = {"NET-006": {"services": [text]}}
    named = verdict_of("NET-006", rulebook().judge(ServiceFacts(name=text), INTERNET, NOBODY, parameters))
    other = verdict_of("NET-006", rulebook().judge(ServiceFacts(name="ssh"), INTERNET, NOBODY, parameters))
    assert (named.result, other.result) == (Result.FAIL, Result.PASS)
    assert named.expected == {"none_of": [text]}


# --- missing facts -----------------------------------------------------------------------------------------------------


def _without(example: Example, check: ReadCheck, name: str) -> Example:
    """The example with one fact not determined."""
    root, *path = name.split(".")
    part = "facts" if root == check.check.judges else root
    given_ = {"facts": example.facts, "endpoint": example.endpoint, "asset": example.asset}[part]

    def cut(value: Any, keys: list[str]) -> dict[str, Any]:
        inner = dict(value or {})
        inner[keys[0]] = cut(inner.get(keys[0]), keys[1:]) if len(keys) > 1 else None
        return inner

    return example.model_copy(update={part: cut(given_, path)})


@pytest.mark.parametrize("check", checks(), ids=name_of)
def test_a_fact_that_is_taken_away_never_makes_a_rule_pass(check: ReadCheck) -> None:
    for example in examples(check):
        for name in sorted(set().union(*(item.facts | item.asked for item in (check.when, check.known, check.expect)))):
            before = judge_example(check.rule, check, example).result
            after = judge_example(check.rule, check, _without(example, check, name))
            if before is not Result.PASS:
                assert after.result is not Result.PASS, f"{example.name}: without {name}"
            if after.result is Result.UNKNOWN and before is not Result.UNKNOWN:
                assert name in after.missing


@pytest.mark.parametrize("check", checks(), ids=name_of)
def test_a_rule_whose_facts_are_all_missing_is_unknown_or_does_not_apply(check: ReadCheck) -> None:
    facts, _, _ = facts_of(Example(name="nothing", result=Result.UNKNOWN), check.check.judges)
    found = rulebook("ccn-807-strict").judge(facts, EndpointFacts(), NOBODY)
    assert verdict_of(check.rule.id, found).result in (Result.UNKNOWN, Result.NOT_APPLICABLE)


def test_a_flood_counts_as_not_determined() -> None:
    facts = TlsFacts(versions=("SSLv3",) * (LIST_LIMIT + 1))
    verdict = verdict_of("TLS-001", rulebook().judge(facts, INTERNET, NOBODY))
    assert (verdict.result, verdict.missing) == (Result.UNKNOWN, ("tls.versions",))


def test_what_explains_a_verdict_is_bounded() -> None:
    paths = tuple("/" + "x" * 5_000 for _ in range(1_000))
    verdict = verdict_of("WEB-009", rulebook().judge(HttpFacts(directory_listing=paths), INTERNET, NOBODY))
    assert verdict.result is Result.FAIL
    assert len(verdict.observed["paths"]) == 101
    assert max(len(path) for path in verdict.observed["paths"]) == 1_000


def test_an_evaluation_that_fails_is_unknown_and_says_why() -> None:
    facts = HttpFacts(server="nginx", libraries=(LibraryFacts(name="jquery", version="latest"),))
    verdict = verdict_of("WEB-016", rulebook().judge(facts, INTERNET, NOBODY))
    assert (verdict.result, verdict.missing) == (Result.UNKNOWN, ())
    assert "latest" in verdict.observed["error"]


# --- anything at all ---------------------------------------------------------------------------------------------------


_SEEN = st.one_of(
    st.none(), st.integers(-(2**70), 2**70), st.text(max_size=20), st.booleans(), st.lists(st.text(max_size=5), max_size=3)
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), kind=st.sampled_from(sorted(kinds())))
def test_no_facts_whatever_make_it_raise(data: st.DataObject, kind: str) -> None:
    """Even facts of types that no scanner may state: the verdicts are there, and JSON."""
    facts_type = kinds()[kind]
    facts = facts_type(**{name: data.draw(_SEEN) for name in facts_type.__struct_fields__ if name != "certificate"})
    found = rulebook().judge(facts, INTERNET, NOBODY)
    assert [verdict.rule for verdict in found] == [rule.id for rule in rulebook().rules_for(kind)]
    msgspec.json.encode(found)


def test_the_same_facts_give_the_same_verdicts() -> None:
    for check in checks():
        for example in examples(check):
            assert judge_example(check.rule, check, example) == judge_example(check.rule, check, example)
