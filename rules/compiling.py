"""From a rule's texts to programs: every expression read, type-checked and compiled, every problem with its place."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from rules.cel_engine import BOOL, CompileError, Failed, Program, compiled, evaluated, new_environment
from rules.expression import Expression, ExpressionError, read
from rules.parameters import declared_type, literals
from rules.rule import Check, Rule
from rules.verdict import Confidence
from rules.vocabulary import Variable, cel_type, kinds, suggestion, vocabulary

Place = tuple[str | int, ...]
NOT_APPLICABLE, PASS, FAIL, UNKNOWN = range(4)  # what the program of a check gives


@dataclass(frozen=True)
class ReadCheck:
    """A check whose expressions were read and type-checked; parameters still open."""

    rule: Rule
    check: Check
    when: Expression
    known: Expression
    expect: Expression
    observed: Mapping[str, Expression | Any]
    expected: Mapping[str, Expression | Any]
    escalate: tuple[tuple[Expression, float], ...]
    doubts: tuple[tuple[Expression, Confidence], ...]

    @property
    def expressions(self) -> Iterator[Expression]:
        yield from (self.when, self.known, self.expect)
        yield from (item for item in (*self.observed.values(), *self.expected.values()) if isinstance(item, Expression))
        yield from (expression for expression, _ in self.escalate)
        yield from (expression for expression, _ in self.doubts)

    @property
    def needed(self) -> tuple[str, ...]:
        """The facts on which the result may hang, in order of name."""
        return tuple(sorted(self.when.facts | self.known.facts | self.expect.facts))


@dataclass(frozen=True)
class Explanation:
    """A value beside a verdict: a constant, a fact as it is, or a program."""

    name: str
    constant: Any = None
    fact: str | None = None
    program: Program | None = None


@dataclass(frozen=True)
class ReadyCheck:
    """A check with its parameters set: ``state`` gives one of the four numbers above."""

    rule: Rule
    needed: tuple[str, ...]
    text: str
    state: Program
    observed: tuple[Explanation, ...]
    expected: tuple[Explanation, ...]
    escalate: tuple[tuple[Program, float], ...]
    doubts: tuple[tuple[Program, Confidence], ...]


def read_check(rule: Rule, check: Check, place: Place) -> tuple[ReadCheck | None, list[tuple[Place, str]]]:
    """Read and type-check one check. ``place`` is its path in the file; the problems found carry theirs."""
    if check.judges not in kinds():
        return None, [
            ((*place, "judges"), f"no scanner states facts of kind {check.judges!r}{suggestion(check.judges, kinds())}")
        ]
    reader = _Reader(rule, check.judges)
    when = reader.read(check.when, (*place, "when"), "BOOL")
    known = reader.read(check.known, (*place, "known"), "BOOL")
    expect = reader.read(check.expect, (*place, "expect"), "BOOL")
    values = {
        part: {
            name: reader.read(value, (*place, part, name), None) if isinstance(value, str) else value
            for name, value in getattr(check, part).items()
        }
        for part in ("observed", "expected")
    }
    escalate = [
        (reader.read(item.when, (*place, "escalate", index, "when"), "BOOL"), item.base)
        for index, item in enumerate(check.escalate)
    ]
    doubts = [
        (reader.read(item.when, (*place, "doubts", index, "when"), "BOOL"), item.confidence)
        for index, item in enumerate(check.doubts)
    ]
    if reader.problems or not (when and known and expect):
        return None, reader.problems
    steps = tuple((expression, base) for expression, base in escalate if expression)
    unsure = tuple((expression, confidence) for expression, confidence in doubts if expression)
    return ReadCheck(rule, check, when, known, expect, values["observed"], values["expected"], steps, unsure), []


class _Reader:
    def __init__(self, rule: Rule, kind: str) -> None:
        self.problems: list[tuple[Place, str]] = []
        self.variables = vocabulary(kind)
        self.members = {name: frozenset(item.members) if item.members else None for name, item in self.variables.items()}
        self.rule = rule
        parameters = {f"param.{name}": declared_type(parameter) for name, parameter in rule.parameters.items()}
        self.environment = new_environment({**_typed(kind), **parameters})

    def read(self, text: str, place: Place, type_name: str | None) -> Expression | None:
        try:
            expression = read(text, self.members, lambda name: suggestion(name, self.variables))
            unknown = sorted(expression.parameters - set(self.rule.parameters))
            if unknown:
                raise ExpressionError(
                    f"the parameter param.{unknown[0]} is not declared{suggestion(unknown[0], self.rule.parameters)}"
                )
            _, found = compiled(self.environment, expression.typed)
            if type_name is not None and found != type_name:
                raise ExpressionError(f"must say true or false, and gives {found}")
        except (ExpressionError, CompileError) as error:
            self.problems.append((place, f"{'.'.join(map(str, place))}: {error}"))
            return None
        return expression


@cache
def _typed(kind: str) -> Mapping[str, Any]:
    """Every variable for type-checking: facts, ``given.*``, and the members of Structs in lists as ``<list>.item.<member>``."""
    types: dict[str, Any] = {}
    for name, variable in vocabulary(kind).items():
        types[name] = variable.cel_type
        for cut in range(name.count(".") + 1):
            types["given." + name.rsplit(".", cut)[0]] = BOOL
        for member, type_name in (variable.members or {}).items():
            types[f"{name}.item.{member}"] = cel_type(type_name)
    return types


@cache
def _environment(kind: str) -> Any:
    return new_environment(_typed(kind))


def activation(kind: str, values: Mapping[str, Any]) -> Any:
    """The values of one observation in the runtime's form."""
    return _environment(kind).Activation(values)


def ready(read_: ReadCheck, parameters: Mapping[str, Any]) -> ReadyCheck:
    """Compile a check for these values of its parameters. Raises :class:`CompileError` when they do not fit."""
    set_ = literals(read_.rule, parameters)
    environment = _environment(read_.check.judges)

    def program(text: str) -> Program:
        return compiled(environment, text)[0]

    def explained(values: Mapping[str, Expression | Any]) -> tuple[Explanation, ...]:
        return tuple(_explanation(name, value, set_, environment) for name, value in values.items())

    text = state_text(read_, set_)
    return ReadyCheck(
        read_.rule,
        read_.needed,
        text,
        program(text),
        explained(read_.observed),
        explained(read_.expected),
        tuple((program(expression.with_parameters(set_)), base) for expression, base in read_.escalate),
        tuple((program(expression.with_parameters(set_)), confidence) for expression, confidence in read_.doubts),
    )


def together(kind: str, checks: Sequence[ReadyCheck]) -> Program:
    """One program that gives the states of all ``checks`` as a list. Raises :class:`CompileError`."""
    return compiled(_environment(kind), "[" + ", ".join(check.text for check in checks) + "]")[0]


def state_text(read_: ReadCheck, set_: Mapping[str, str]) -> str:
    """One expression for the whole check: it gives NOT_APPLICABLE, UNKNOWN, PASS or FAIL, or an error when a fact is missing."""
    state = f"({read_.expect.with_parameters(set_)}) ? {PASS} : {FAIL}"
    for guard, otherwise in ((read_.known, UNKNOWN), (read_.when, NOT_APPLICABLE)):
        if guard.text != "true":
            state = f"({guard.with_parameters(set_)}) ? ({state}) : {otherwise}"
    return state


def _explanation(name: str, value: Expression | Any, set_: Mapping[str, str], environment: Any) -> Explanation:
    if not isinstance(value, Expression):
        return Explanation(name, constant=value)
    if value.plain_fact is not None:
        return Explanation(name, fact=value.plain_fact)
    program, _ = compiled(environment, value.with_parameters(set_))
    if value.facts or value.asked:
        return Explanation(name, program=program)
    try:
        return Explanation(name, constant=evaluated(program, environment.Activation({})))
    except Failed as error:
        raise CompileError(f"{name}: {error}") from error


def variables_of(checks: list[ReadCheck]) -> tuple[tuple[Variable, ...], tuple[str, ...]]:
    """The facts whose values these checks need, and the names they ask ``has()`` of."""
    if not checks:
        return (), ()
    words = vocabulary(checks[0].check.judges)
    expressions = [expression for check in checks for expression in check.expressions]
    facts = sorted(set().union(*(expression.facts for expression in expressions)))
    asked = sorted(set().union(*(expression.asked for expression in expressions)))
    return tuple(words[name] for name in facts), tuple(asked)
