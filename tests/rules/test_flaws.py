"""The CVEs that a failure shows: from what the rules' own examples observe, and only in the versions that have them."""

from typing import Any

import pytest
from pydantic import ValidationError

from rules.flaws import ShownFlaw, shown_flaws
from rules.rule import Rule
from rules.rulebook import load_rules, our_rules

RULES = load_rules([our_rules()])


def shown(rule: str, **observed: Any) -> set[tuple[str, str | None, str | None]]:
    return {(flaw.cve, flaw.package, flaw.version) for flaw in shown_flaws(RULES.rules[rule], observed)}


def test_what_was_seen_in_behaviour() -> None:
    assert shown("SSH-008", terrapin=True) == {("CVE-2023-48795", None, None)}
    assert shown("SSH-008", terrapin=False) == shown("SSH-008", terrapin=None) == shown("SSH-008", terrapin="true") == set()
    assert shown("TLS-009", heartbleed=True, ccs_injection=True) == {("CVE-2014-0160", None, None), ("CVE-2014-0224", None, None)}
    assert shown("TLS-009", robot=True, secure_renegotiation=False) == set()


@pytest.mark.parametrize(
    ("library", "cve"),
    [
        ("jquery 3.4.1", "CVE-2020-11022"),
        ("jquery 1.12.4", "CVE-2020-11022"),
        ("jquery 1.1.4", None),
        ("jquery 3.5.0", None),
        ("bootstrap 3.3.7", "CVE-2024-6485"),
        ("bootstrap 4.1.0", None),
        ("moment 2.17.1", None),
        ("moment 2.29.3", "CVE-2022-31129"),
        ("joomla 3.10.12", None),
        ("joomla 4.2.7", "CVE-2023-23752"),
        ("wordpress 6.4.0", None),
        ("jquery git", None),
        ("jquery", None),
        ("not-jquery 3.4.1", None),
    ],
)
def test_what_a_version_betrays(library: str, cve: str | None) -> None:
    name, _, version = library.rpartition(" ")
    assert shown("WEB-016", libraries=[library]) == ({(cve, name, version)} if cve else set())


def test_nothing_from_what_is_not_as_a_rule_observes() -> None:
    for observed in (None, [], "terrapin", {"libraries": "jquery 3.4.1"}, {"libraries": [3, None]}):
        assert shown_flaws(RULES.rules["WEB-016"], observed) == ()


def test_one_cve_is_told_once_for_each_package_and_version() -> None:
    found = shown_flaws(RULES.rules["WEB-016"], {"libraries": ["jquery 3.4.1", "jquery 3.4.1", "jquery 1.12.4"]})
    assert found == (ShownFlaw("CVE-2020-11022", "jquery", "3.4.1"), ShownFlaw("CVE-2020-11022", "jquery", "1.12.4"))


@pytest.mark.parametrize(
    "flaw",
    [
        {"cve": "CVE-2020-1", "observed": "terrapin"},
        {"cve": "CVE-2020-11022", "observed": "nothing"},
        {"cve": "CVE-2020-11022", "observed": "terrapin", "package": "jquery"},
        {"cve": "CVE-2020-11022", "observed": "terrapin", "below": "3.5.0"},
    ],
)
def test_a_flaw_that_cannot_be_shown_is_refused(flaw: dict[str, Any]) -> None:
    whole = RULES.rules["SSH-008"].model_dump()
    with pytest.raises(ValidationError):
        Rule.model_validate({**whole, "flaws": [flaw]})


def cves(rule: str, expected: Any = None, **observed: Any) -> tuple[tuple[str, ...], bool] | None:
    found = RULES.shown_cves(rule, observed, expected)
    return None if found is None else (found.cves, found.whole)


def test_whether_the_cves_are_all_that_is_wrong() -> None:
    tls = {"secure_renegotiation": True, "compression": False, "heartbleed": False, "robot": False, "ccs_injection": False}
    assert cves("TLS-009", tls, heartbleed=True, robot=None, secure_renegotiation=True) == (("CVE-2014-0160",), True)
    assert cves("TLS-009", tls, heartbleed=True, robot=True) == (("CVE-2014-0160",), False)
    assert cves("TLS-009", tls, compression=True, secure_renegotiation=False) == (("CVE-2012-4929",), False)
    assert cves("TLS-009", tls, robot=True) is None
    assert cves("WEB-016", {"at_least": {}}, libraries=["jquery 3.4.1"], server="nginx") == (("CVE-2020-11022",), True)
    assert cves("WEB-016", {"at_least": {}}, libraries=["jquery 3.4.1", "angularjs 1.8.0"]) == (("CVE-2020-11022",), False)
    assert cves("WEB-016", None, libraries=["jquery 3.4.1", "moment 2.29.3"]) == (("CVE-2020-11022", "CVE-2022-31129"), True)
    assert cves("SSH-001", None, terrapin=True) is None


def test_the_rules_that_name_cves_are_known() -> None:
    assert {"TLS-009", "WEB-016", "SSH-008"} <= set(RULES.flawed)
    assert "CVE-2014-0160" in RULES.cves
    named = [RULES.rules[rule] for rule in RULES.flawed if rule in RULES.rules]
    assert all(rule.flaws or rule.names_cves for rule in named)


def test_evidence_that_names_cves_itself() -> None:
    many = ["CVE-2023-46118 CVE-2024-6387", "CVE-2023-46118"]
    assert cves("EXT-001", {}, results=["a", "b"], cves=many) == (("CVE-2023-46118", "CVE-2024-6387"), True)
    assert cves("EXT-001", {}, results=["a", "b", "c"], cves=many) == (("CVE-2023-46118", "CVE-2024-6387"), False)
    assert cves("EXT-001", {}, results=["a"], cves=["CVE-23-1 CAN-2001-0001"]) is None
    for nothing in (None, [], "CVE-2023-46118", [7]):
        assert cves("EXT-001", {}, results=["a"], cves=nothing) is None
