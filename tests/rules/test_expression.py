"""Reading expressions: the three agreements on top of CEL, and the bounds."""

import time

import pytest

from rules.cel_engine import STRING, CompileError, Failed, compiled, evaluated, new_environment
from rules.expression import LOOP_LIMIT, NESTING_LIMIT, ExpressionError, read, split

FACTS = {
    "tls.versions": None,
    "tls.certificate.not_after": None,
    "http.cookies": frozenset({"name", "secure"}),
    "asset.owner": None,
}


def test_facts_parameters_and_has_are_told_apart() -> None:
    read_ = read('has(asset.owner) && param.days > 3 && "x" in tls.versions', FACTS)
    assert (read_.facts, read_.asked, read_.parameters) == ({"tls.versions"}, {"asset.owner"}, {"days"})
    assert read_.with_parameters({"param.days": "(45)"}) == 'given.asset.owner && (45) > 3 && "x" in tls.versions'


def test_what_stands_in_quotes_is_left_alone() -> None:
    text = r"""tls.versions.exists(v, v == "param.days has(asset.owner) \" tls.x" || v == 'it''s' || v.matches(r"\d+\.c.name"))"""
    read_ = read(text, FACTS)
    assert not read_.asked | read_.parameters
    assert r'"param.days has(asset.owner) \" tls.x"' in read_.tokens
    assert r'r"\d+\.c.name"' in read_.tokens


def test_members_of_structs_are_typed_wherever_the_list_goes() -> None:
    read_ = read("http.cookies.filter(c, c.secure).exists(d, d.name == tls.versions[0])", FACTS)
    assert "http.cookies.item.secure" in read_.typed
    assert "http.cookies.item.name" in read_.typed
    assert "item" not in read_.with_parameters({})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tls.version == 1", "tls.version is not known here"),
        ("http.cookies.exists(c, c.colour == 1)", "have no 'colour'"),
        ("http.cookies.filter(c, true).all(d, d.colour == 1)", "have no 'colour'"),
        ("has(tls.versions.x)", "asks whether one fact"),
        ("has(1)", "asks whether one fact"),
        ("has(", "asks whether one fact"),
        ("tls.versions.exists(v)", "needs a variable and a condition"),
        ("tls.versions.all(1, true)", "needs a variable and a condition"),
        ("(1]", "closes nothing"),
        (")", "closes nothing"),
        ("a # b", "is not understood"),
        ('"open', "is not understood"),
        ("tls.versions ; 1", "is not understood"),
        ("(" * (NESTING_LIMIT + 1) + "1" + ")" * (NESTING_LIMIT + 1), "brackets deep"),
        ("[1].all(a, [1].all(b, [1].all(c, true)))", "loops nested"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(ExpressionError, match=said.replace("(", r"\(")):
        read(text, FACTS)


def test_a_group_of_facts_can_be_asked_for() -> None:
    assert read("has(tls.certificate)", FACTS).asked == {"tls.certificate"}


def test_a_near_name_is_suggested() -> None:
    with pytest.raises(ExpressionError, match="did you mean x"):
        read("tls.version == 1", FACTS, lambda _: "; did you mean x?")


# --- H7: no regular expression backtracks; H8: no rule is a bomb -------------------------------------------------------


def test_matches_is_linear_on_what_makes_others_backtrack() -> None:
    environment = new_environment({"text": STRING})
    program, _ = compiled(environment, 'text.matches("(a+)+$")')
    began = time.process_time()
    assert evaluated(program, environment.Activation({"text": "a" * 200_000 + "!"})) is False
    assert time.process_time() - began < 60  # a backtracking search would not end in this life


@pytest.mark.parametrize(
    "text", ['"' + "a" * 200_000, "(" * 200_000, "!" * 200_000, "a." * 100_000, "r" * 200_000, "0x" * 99_999]
)
def test_reading_is_linear_on_hostile_text(text: str) -> None:
    try:
        assert split(text)
    except ExpressionError:
        assert text.startswith('"')


BIG = "[" + ",".join(["1"] * 100) + "]"
BOMBS = {
    "cube": f"{BIG}.map(a, {BIG}.map(b, {BIG}.map(c, a + b + c))).size() > 0",
    "square of long lists": f"{BIG}.all(a, {BIG}.all(b, {BIG}.filter(c, c > 0).size() > 0))",
    "deep": "!" * 5_000 + "true",
    "overflow": "9223372036854775807 + 1 > 0",
    "division": "1 / 0 == 1",
    "modulo": "1 % 0 == 1",
    "index": "[1][7] == 1",
    "no key": '{"a": 1}["b"] == 1',
    "bad time": 'timestamp("yesterday") > timestamp("2026-01-01T00:00:00Z")',
    "bad pattern": '"a".matches("(")',
    "bad version": 'version_below("git", "1")',
    "bad number": 'int("x") == 1',
    "doubling": "[1,1].map(a, [1,1].map(b, [a,b])).size() == 2 && " + " && ".join(["[1,2,3].all(x, x > 0)"] * 40),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_or_stopped_or_cheap_and_never_true_by_error(name: str) -> None:
    environment = new_environment({})
    try:
        read_ = read(BOMBS[name], FACTS)
        program, _ = compiled(environment, read_.with_parameters({}))
        value = evaluated(program, environment.Activation({}))
    except (ExpressionError, CompileError, Failed):
        return
    assert name in ("deep", "doubling"), f"{name} gave {value}"
    assert value is True


def test_the_nesting_that_is_allowed_is_also_evaluated() -> None:
    environment = new_environment({})
    text = "(" * NESTING_LIMIT + "true" + ")" * NESTING_LIMIT
    assert evaluated(compiled(environment, read(text, FACTS).with_parameters({}))[0], environment.Activation({})) is True
    assert LOOP_LIMIT == 2
