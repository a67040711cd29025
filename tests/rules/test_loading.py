"""Rules are checked when they are loaded; every problem is told with file and line."""

from pathlib import Path

import pytest

from rules.loading import RuleErrors
from rules.rulebook import load_rules, our_rules
from scanners.located_yaml import FileError
from tests.rules.rule_text import RULE, write

# what is changed, into what, the line that must be named, and what must be said of it
WRONG = {
    "malformed YAML": ("severity: medium", "severity: [medium", 10, "not valid YAML"),
    "key twice": ("base: 40", "base: 40\nbase: 41", 11, "stands twice"),
    "anchor": ("base: 40", "base: &x 40", 10, "anchors and aliases"),
    "unknown key": ("base: 40", "base: 40\nweight: 3", 11, "weight: this key is not known"),
    "no title": ("title:\n  ca: Prova de cookie\n  es: Prueba de cookie\n  en: Test of a cookie\n", "", 1, "title: is missing"),
    "missing translation": ("  es: Prueba de cookie\n", "", 3, "title.es: is missing"),
    "empty translation": ("es: Por qué", 'es: " "', 7, "rationale.es"),
    "a fourth language": ("es: Cómo,", "es: Cómo, fr: Comment,", 8, "remediation.fr"),
    "severity of another base": ("severity: medium", "severity: high", 1, "severity high does not belong to base 40"),
    "base out of range": ("base: 40", "base: 140", 10, "base"),
    "id of no shape": ("id: TST-001", "id: tst1", 1, "id"),
    "uuid of no shape": ("uuid: 1111", "uuid: x111", 2, "uuid"),
    "ENS measure of no shape": ("[mp.com.3]", "[mp.com]", 16, "mappings.ens"),
    "CWE of no shape": ("[CWE-298]", "['298']", 21, "mappings.cwe"),
    "no such kind": ("judges: http", "judges: htpp", 23, "no scanner states facts of kind 'htpp'; did you mean http?"),
    "unknown fact": ("http.status <", "http.statsu <", 24, "http.statsu is not known here; did you mean http.status?"),
    "fact of another kind": ("http.status <", "tls.status <", 24, "tls.status is not known here"),
    "unknown member": ("c.secure)\n    observed", "c.secur)\n    observed", 25, "the items of http.cookies have no 'secur'"),
    "wrong type": ("http.status <", "http.title <", 24, "found no matching overload"),
    "member of a wrong type": ("c.secure)\n    observed", "c.name)\n    observed", 25, "no matching overload"),
    "not a boolean": (
        "expect: http.cookies.all(c, c.secure)",
        "expect: http.status",
        25,
        "must say true or false, and gives INT",
    ),
    "unknown function": ("http.status <", "now() > http.status || http.status <", 24, "undeclared reference to 'now'"),
    "unknown parameter": ("param.days", "param.dais", 24, "param.dais is not declared; did you mean days?"),
    "syntax": ("http.status <", "http.status < <", 24, "Syntax error"),
    "wrong observed": ("names: http.cookies.filter", "names: http.cokies.filter", 27, "http.cokies is not known"),
    "too long": ("expect: http", "expect: " + "true && " * 260 + "http", 25, "2000 characters"),
    "too deep": ("expect: http", "expect: " + "(" * 30 + "true" + ")" * 30 + " && http", 25, "brackets deep"),
    "expression that is no text": ("when: http.status < param.days * 20", "when: 5", 24, "when"),
    "default of a wrong type": ("default: 30", "default: soon", 12, "days must be a whole number, not 'soon'"),
    "parameter type that is none": ("type: int", "type: integer", 12, "parameters.days.type"),
    "profile value of a wrong type": ("{days: 60}", "{days: 6.5}", 14, "days must be a whole number"),
    "profile value of no parameter": ("{days: 60}", "{weeks: 6}", 14, "has no parameter 'weeks'"),
    "no such profile": ("ccn-807-strict:", "paranoid:", 14, "profiles.paranoid: is no profile"),
    "no good example": (
        "name: none, result: pass, facts",
        "name: none, result: unknown, facts",
        31,
        "says unknown and gives pass",
    ),
    "no example at all": (RULE[RULE.index("examples:") :], "examples: []\n", 30, "examples"),
    "no example of unknown": (
        "  - {name: missing, result: unknown, facts: {status: 200}}\n",
        "",
        30,
        "none that gives unknown on http",
    ),
    "no example of not applicable": (
        "  - {name: error page, result: not_applicable, facts: {status: 600, cookies: []}}\n",
        "",
        30,
        "none that gives not_applicable",
    ),
    "example with an unknown fact": (
        "{status: 200, cookies: []}",
        "{stauts: 200, cookies: []}",
        31,
        "facts have no 'stauts'; did you mean status?",
    ),
    "example with an unknown member": ("secure: false,", "secur: false,", 34, "facts have no 'secur'"),
    "example with a wrong type": (
        "{status: 200, cookies: []}",
        '{status: "200", cookies: []}',
        31,
        "Expected `int | null`, got `str`",
    ),
    "example of another profile": ("{name: none,", "{name: none, profile: lax,", 31, "profile must name one"),
    "example of another kind": ("{name: none,", "{name: none, judges: tls,", 31, "judges must name one"),
    "example with a wrong parameter": ("{name: none,", "{name: none, parameters: {days: x},", 31, "days must be a whole number"),
    "example of another base": ("name: bare\n", "name: bare\n    base: 10\n", 34, "says base 10 and gives 40"),
    "example of other values": ("name: bare\n", "name: bare\n    observed: {names: [b]}\n", 34, "and gives {'names': ['a']}"),
}


def test_the_rule_that_is_broken_below_is_sound(tmp_path: Path) -> None:
    write(tmp_path)
    assert list(load_rules([tmp_path]).rules) == ["TST-001"]


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_told_with_file_and_line(name: str, tmp_path: Path) -> None:
    old, new, line, said = WRONG[name]
    path = write(tmp_path, (old, new))
    with pytest.raises(FileError) as caught:
        load_rules([tmp_path])
    found = str(caught.value).splitlines()
    assert any(text.startswith(f"{path}:{line}:") and said in text for text in found), found


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    one = write(tmp_path, ("http.status <", "http.statsu <"), ("c.secure)\n    observed", "c.secur)\n    observed"))
    two = write(tmp_path / "more", ("base: 40", "base: 400"), ("  es: Prueba de cookie\n", ""), name="TST-002.yaml")
    with pytest.raises(RuleErrors) as caught:
        load_rules([tmp_path])
    places = [line.split(": ")[0] for line in str(caught.value).splitlines()]
    assert places == [f"{one}:24", f"{one}:25", f"{two}:3", f"{two}:9"]
    assert [error.source for error in caught.value.errors] == [str(one), str(two)]


def test_the_file_is_named_for_the_rule(tmp_path: Path) -> None:
    write(tmp_path, name="cookies.yaml")
    with pytest.raises(FileError, match=r"cookies.yaml:1: id: TST-001 stands in a file named cookies.yaml; name it TST-001.yaml"):
        load_rules([tmp_path])


def test_rules_do_not_share_id_uuid_or_title(tmp_path: Path) -> None:
    write(tmp_path / "ours")
    write(tmp_path / "theirs")
    with pytest.raises(FileError) as caught:
        load_rules([tmp_path / "ours", tmp_path / "theirs"])
    said = str(caught.value)
    for line, what in ((1, "the id"), (2, "the uuid"), (4, "the title in ca"), (5, "the title in es"), (6, "the title in en")):
        assert f"theirs/TST-001.yaml:{line}: {what} is that of {tmp_path}/ours/TST-001.yaml already" in said


def test_two_checks_of_one_rule_judge_different_kinds(tmp_path: Path) -> None:
    text = RULE[RULE.index("  - judges: http") : RULE.index("examples:")]
    write(tmp_path, ("examples:", text + "examples:"))
    with pytest.raises(FileError, match=r"TST-001.yaml:30: checks.1: http facts are judged by an earlier check already"):
        load_rules([tmp_path])


def test_folders_of_a_city_load_beside_ours(tmp_path: Path) -> None:
    write(tmp_path / "city" / "web")
    rulebook = load_rules([our_rules(), tmp_path])
    assert {"TST-001", "WEB-006"} <= rulebook.rules.keys()
    assert "TST-001" in [rule.id for rule in rulebook.rules_for("http")]


def test_an_id_of_ours_is_not_taken_over(tmp_path: Path) -> None:
    write(tmp_path, ("id: TST-001", "id: TLS-001"), name="TLS-001.yaml")
    with pytest.raises(FileError, match="the id is that of"):
        load_rules([our_rules(), tmp_path])


def test_a_folder_that_is_not_there_and_a_profile_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        load_rules([tmp_path / "gone"], profile="lax")
    assert "'lax' is no profile (there are: modern, ccn-807-strict)" in str(caught.value)
    assert f"{tmp_path / 'gone'}: is no folder of rules" in str(caught.value)


def test_an_empty_folder_is_no_mistake(tmp_path: Path) -> None:
    assert not load_rules([tmp_path]).rules


def test_an_empty_or_huge_or_binary_file_is_a_mistake_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "A-001.yaml").write_text("")
    (tmp_path / "B-001.yaml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "C-001.yaml").write_bytes(b"#" * (16 * 1024 * 1024 + 1))
    (tmp_path / "D-001.yaml").write_text("- a list\n")
    with pytest.raises(RuleErrors) as caught:
        load_rules([tmp_path])
    assert [Path(error.source).name for error in caught.value.errors] == ["A-001.yaml", "B-001.yaml", "C-001.yaml", "D-001.yaml"]
