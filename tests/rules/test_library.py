"""What holds of every rule of the library."""

import json
import re
from pathlib import Path

import pytest

from rules.compiling import ReadCheck, read_check
from rules.examples import example_problems, judge_example
from rules.expression import split
from rules.planned import planned_rules
from rules.rule import LANGUAGES, PROFILES, Rule
from tests.rules.library import checks, examples, name_of, rulebook

TABLE = {row["id"]: row for row in json.loads((Path(__file__).parent / "data/rules_table.json").read_text("utf-8"))}
BEYOND_THE_TABLE = frozenset({"EXT-001", "EXT-002", "EXT-003", "EXT-004"})  # what scanners of other makers report
RULES = sorted({check.rule.id: check.rule for check in checks()}.items())
FAMILIES = {
    "AMP": 2, "CERT": 8, "DB": 9, "DNS": 5, "HOST": 26, "INV": 5, "IOT": 7, "LDAP": 1, "MAIL": 8, "NET": 6,
    "NETD": 1, "RDP": 3, "SEG": 1, "SMB": 4, "SNMP": 2, "SSH": 10, "TLS": 11, "VNC": 1, "VPN": 1, "VULN": 1,
    "WEB": 18, "EXT": 4,
}  # fmt: skip

every_check = pytest.mark.parametrize("check", checks(), ids=name_of)
every_rule_of_the_table = pytest.mark.parametrize(
    "rule", [rule for name, rule in RULES if name in TABLE], ids=[name for name, _ in RULES if name in TABLE]
)
every_rule = pytest.mark.parametrize("rule", [rule for _, rule in RULES], ids=[name for name, _ in RULES])


def test_the_families_of_the_first_watch_are_complete() -> None:
    found = [rule.family for _, rule in RULES]
    assert {family: found.count(family) for family in set(found)} == FAMILIES
    assert "WEB-015" not in dict(RULES)  # it needs a login and an authorisation


def test_every_id_of_the_table_is_judged_or_planned_and_none_is_both() -> None:
    planned = {item.id: item for item in planned_rules()}
    assert planned.keys() | dict(RULES).keys() == TABLE.keys() | BEYOND_THE_TABLE
    assert not planned.keys() & dict(RULES).keys()
    for rule_id, item in planned.items():
        assert (item.severity, item.base) == (TABLE[rule_id]["severity"], TABLE[rule_id]["base_score"])


@every_rule_of_the_table
def test_a_rule_says_what_the_table_says(rule: Rule) -> None:
    row = TABLE[rule.id]
    assert (rule.uuid, rule.severity, rule.base) == (row["uuid"], row["severity"], row["base_score"])
    maps = rule.mappings.model_dump(mode="json")
    guides = [{"id": guide["id"], "unverified": guide.get("unverified", False)} for guide in row["maps"]["ccn_stic"]]
    assert maps == {**row["maps"], "ccn_stic": guides}


@every_rule_of_the_table
def test_a_rule_of_the_internet_does_not_apply_inside(rule: Rule) -> None:
    """Mode E of the table: a fault only when seen from the internet."""
    asked = [check for check in rule.checks if '["internet", "authenticated"]' in check.when + check.expect]
    if TABLE[rule.id]["mode"] == ["E"]:
        assert len(asked) == len(rule.checks)
    else:
        assert not asked


@every_rule
def test_the_texts_are_three_different_texts(rule: Rule) -> None:
    for texts in (rule.title, rule.rationale, rule.remediation):
        assert len({texts[language] for language in LANGUAGES}) == len(LANGUAGES)  # type: ignore[literal-required]
    for language in LANGUAGES:
        title = rule.title[language]  # type: ignore[literal-required]
        assert len(title) <= 110
        assert not title.endswith(".")
        assert rule.rationale[language].endswith(".")  # type: ignore[literal-required]


# Small words that one of the languages has and the others have not.
MARKS = {
    "ca": "i els amb és qui sense seva també més només tot hi ho cap feu deixeu traieu poseu quan pot ningú les d l",
    "es": "y los con quien sin su también más solo todo el hay haga deje quite ponga cuando puede nadie del al las pero",
    "en": "the and of or with who whoever nobody in to an it is are that on can when from only",
}


@every_rule
def test_the_texts_are_in_the_language_they_claim(rule: Rule) -> None:
    for language in LANGUAGES:
        text = f"{rule.rationale[language]} {rule.remediation[language].splitlines()[0]}"  # type: ignore[literal-required]
        words = re.findall(r"[^\W\d_]+", text.lower())
        score = {name: sum(word in marks.split() for word in words) for name, marks in MARKS.items()}
        assert max(score, key=lambda name: score[name]) == language, (text, score)


@every_check
def test_the_examples_give_what_they_say(check: ReadCheck) -> None:
    assert list(examples(check))
    assert example_problems(check.rule, [item for item in checks() if item.rule.id == check.rule.id]) == []


@every_check
def test_the_observed_values_explain_the_verdict(check: ReadCheck) -> None:
    for example in examples(check):
        verdict = judge_example(check.rule, check, example)
        if verdict.result in ("pass", "fail"):
            assert verdict.expected.keys() == check.expected.keys()
            assert verdict.observed
        if verdict.result == "unknown":
            assert verdict.missing or verdict.observed


SWAPS = {"&&": "||", "||": "&&", ">=": "<", "<=": ">", "==": "!=", "!=": "==", "<": ">=", ">": "<=", "!": ""}


def _mutants(text: str) -> list[str]:
    """``text`` negated, and with each operator and each word in quotes exchanged in turn."""
    words = split(text)
    mutants = [f"!({text})"]
    for index, word in enumerate(words):
        other = SWAPS.get(word) if word in SWAPS else '"another"' if re.fullmatch(r'"[A-Za-z][^"]*"', word) else None
        if other is not None:
            mutants.append("".join([*words[:index], other, *words[index + 1 :]]))
    return mutants


@every_check
def test_the_examples_notice_every_change_of_the_rule(check: ReadCheck) -> None:
    for part in ("when", "known", "expect"):
        text = getattr(check.check, part)
        if text == "true":
            continue
        for mutant in _mutants(text):
            changed, _ = read_check(check.rule, check.check.model_copy(update={part: mutant}), ())
            if changed is not None:
                results = [judge_example(check.rule, changed, example).result for example in examples(check)]
                assert results != [example.result for example in examples(check)], f"{part}: {mutant}"


@every_check
def test_the_examples_notice_every_change_of_a_base_or_of_a_doubt(check: ReadCheck) -> None:
    """Each ``escalate`` and each ``doubts`` decides the base, or the confidence, that some example states."""
    for part, stated in (("escalate", "base"), ("doubts", "confidence")):
        steps = getattr(check.check, part)
        telling = [example for example in examples(check) if getattr(example, stated) is not None]
        for index, step in enumerate(steps):
            for mutant in _mutants(step.when):
                changed_step = step.model_copy(update={"when": mutant})
                changed_steps = (*steps[:index], changed_step, *steps[index + 1 :])
                changed, _ = read_check(check.rule, check.check.model_copy(update={part: changed_steps}), ())
                if changed is not None:
                    given = [getattr(judge_example(check.rule, changed, example), stated) for example in telling]
                    assert given != [getattr(example, stated) for example in telling], f"{part} {index}: {mutant}"


def test_the_profiles_differ_where_they_should() -> None:
    assert set(rulebook("modern").disabled) == {"SSH-009"}
    assert not rulebook("ccn-807-strict").disabled
    changed = {rule.id for _, rule in RULES for profile in PROFILES if profile in rule.profiles}
    assert changed == {"TLS-008", "TLS-010", "CERT-005", "SSH-002", "SSH-005", "SSH-009", "NET-002"}
