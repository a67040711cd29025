"""Reading the text of an expression: what it names, how deep it goes, and how it is handed to CEL.

CEL (Common Expression Language, cel-spec) is left as it is, with three agreements that this module carries out on the
tokens, so that texts inside quotes are never touched:

* ``has(tls.compression)`` asks whether a fact was determined; it becomes the variable ``given.tls.compression``.
* ``param.days`` is a parameter; when the rule runs, its value stands there.
* in ``http.cookies.all(c, c.secure)`` the member ``c.secure`` is looked up in the Struct of the list, so that a wrong
  name or type is found when the rule is loaded.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

NESTING_LIMIT = 24
LOOP_LIMIT = 2  # a loop inside a loop; a third level is refused
MACROS = frozenset({"all", "exists", "exists_one", "filter", "map"})

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    |(?P<text>[rR]?(?:"[^"\\\r\n]*(?:\\.[^"\\\r\n]*)*"|'[^'\\\r\n]*(?:\\.[^'\\\r\n]*)*'))
    |(?P<number>[0-9][0-9a-fA-FxXuU]*(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>&&|\|\||[<>=!]=|[-+*/%<>!?:.,()\[\]{}])""",
    re.VERBOSE,
)


class ExpressionError(ValueError):
    """An expression that cannot be used, said in a sentence."""


@dataclass(frozen=True)
class Expression:
    """A read expression. ``facts`` are those whose value it needs, ``asked`` those it only asks ``has()`` of."""

    text: str
    tokens: tuple[str, ...]  # as CEL runs them; a parameter is still ``param.<name>``
    typed: str  # as CEL type-checks it: members of Structs stand as variables
    facts: frozenset[str]
    asked: frozenset[str]
    parameters: frozenset[str]
    plain_fact: str | None  # the whole expression is this one fact

    def with_parameters(self, literals: Mapping[str, str]) -> str:
        """The text that runs: each parameter replaced by its literal."""
        return "".join(literals.get(word, word) if word.startswith("param.") else word for word in self.tokens)


@dataclass
class _Frame:
    """An open bracket; of a loop: its variable, and the list of Structs it walks over (None for any other list)."""

    closes: str
    variable: str | None = None
    structs: str | None = None
    keeps: bool = False  # the result is again such a list (filter)


@dataclass
class _Reading:
    facts: Mapping[str, frozenset[str] | None]  # variable -> members of its Structs, None for anything else
    branches: frozenset[str]
    run: list[str] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    parameters: set[str] = field(default_factory=set)
    frames: list[_Frame] = field(default_factory=list)
    structs: str | None = None  # the list of Structs that the value just read is

    def emit(self, text: str, typed: str | None = None) -> None:
        self.run.append(text)
        self.typed.append(text if typed is None else typed)


def split(text: str) -> list[str]:
    """The tokens of ``text``, spaces included. Raises :class:`ExpressionError` at the first sign that is none."""
    tokens: list[str] = []
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise ExpressionError(f"{text[place : place + 10]!r} is not understood (character {place + 1})")
        tokens.append(match.group())
        place = match.end()
    return [" " if word.isspace() else word for word in tokens]


def read(text: str, facts: Mapping[str, frozenset[str] | None], suggest: Callable[[str], str] = str) -> Expression:
    """Read ``text``; ``facts`` are the variables it may name. ``suggest`` says what may have been meant by an unknown name.

    Raises :class:`ExpressionError` for an unknown fact, a wrong use of ``has`` or too deep a nesting.
    """
    tokens = [word for word in split(text) if word != " "]
    branches = frozenset(name.rsplit(".", cut)[0] for name in facts for cut in range(1, name.count(".") + 1))
    reading = _Reading(facts, branches)
    place = 0
    while place < len(tokens):
        place = _step(reading, tokens, place, suggest)
    plain = text if text in facts else None
    return Expression(
        text,
        tuple(_spaced(reading.run)),
        "".join(_spaced(reading.typed)),
        frozenset(reading.used),
        frozenset(reading.asked),
        frozenset(reading.parameters),
        plain,
    )


def _spaced(tokens: list[str]) -> list[str]:
    """Tokens with a space between, but for those that hug their neighbour: error messages then show the text as written."""
    spaced: list[str] = []
    for word in tokens:
        if spaced and word not in (".", ",", ")", "]", "(", "[") and spaced[-1] not in (".", "(", "[", "!"):
            spaced.append(" ")
        spaced.append(word)
    return spaced


def _step(reading: _Reading, tokens: list[str], place: int, suggest: Callable[[str], str]) -> int:
    word = tokens[place]
    if word in "([{":
        _open(reading, _Frame({"(": ")", "[": "]", "{": "}"}[word]))
        reading.emit(word)
    elif word in ")]}":
        _close(reading, word)
    elif word == "." and tokens[place + 1 : place + 2] and tokens[place + 1] in MACROS and tokens[place + 2 : place + 3] == ["("]:
        return _loop(reading, tokens, place)
    elif word == ".":  # a method or a member of something computed
        reading.emit(word)
        reading.emit("".join(tokens[place + 1 : place + 2]))
        reading.structs = None
        return place + 2
    elif (word[0].isalpha() and word[-1] not in "\"'") or word[0] == "_":
        return _name(reading, tokens, place, suggest)
    else:
        reading.emit(word)
        reading.structs = None
    return place + 1


def _open(reading: _Reading, frame: _Frame) -> None:
    reading.frames.append(frame)
    reading.structs = None
    if len(reading.frames) > NESTING_LIMIT:
        raise ExpressionError(f"is nested more than {NESTING_LIMIT} brackets deep")
    if sum(frame.variable is not None for frame in reading.frames) > LOOP_LIMIT:
        raise ExpressionError(f"has loops nested more than {LOOP_LIMIT} deep")


def _close(reading: _Reading, word: str) -> None:
    if not reading.frames or reading.frames[-1].closes != word:
        raise ExpressionError(f"has a {word!r} that closes nothing")
    frame = reading.frames.pop()
    reading.emit(word)
    reading.structs = frame.structs if frame.keeps else None


def _loop(reading: _Reading, tokens: list[str], place: int) -> int:
    macro, variable, comma = tokens[place + 1], "".join(tokens[place + 3 : place + 4]), tokens[place + 4 : place + 5]
    if not variable.isidentifier() or comma != [","]:
        raise ExpressionError(f"{macro}(…) needs a variable and a condition: {macro}(x, x > 0)")
    for text in (".", macro, "(", variable, ","):
        reading.emit(text)
    _open(reading, _Frame(")", variable, reading.structs, keeps=macro == "filter"))
    return place + 5


def _name(reading: _Reading, tokens: list[str], place: int, suggest: Callable[[str], str]) -> int:
    chain, end = _chain(tokens, place)
    name = ".".join(chain)
    reading.structs = None
    if tokens[end : end + 1] == ["("] and name == "has":
        return _has(reading, tokens, end, suggest)
    loop = next((frame for frame in reversed(reading.frames) if frame.variable == chain[0]), None)
    if loop is not None:
        typed = f"{loop.structs}.item.{chain[1]}" if loop.structs and len(chain) > 1 else ".".join(chain[:2])
        if loop.structs and len(chain) > 1 and chain[1] not in (reading.facts[loop.structs] or ()):
            raise ExpressionError(f"{name}: the items of {loop.structs} have no {chain[1]!r}")
        reading.emit(name, ".".join([typed, *chain[2:]]))
    elif chain[0] == "param":
        reading.parameters.add(name.removeprefix("param."))
        reading.emit(name)
    elif name in reading.facts:
        reading.used.add(name)
        reading.emit(name)
        reading.structs = name if reading.facts[name] is not None else None
    elif len(chain) > 1:
        raise ExpressionError(f"the fact {name} is not known here{suggest(name)}")
    else:
        reading.emit(name)  # a function, true, false, in, null: CEL says when it is none of these
    return end


def _chain(tokens: list[str], place: int) -> tuple[list[str], int]:
    """Names joined by dots from ``place`` on, without the method that may end them."""
    chain, end = [tokens[place]], place + 1
    while tokens[end : end + 1] == ["."] and tokens[end + 1 : end + 2] and tokens[end + 1].isidentifier():
        if tokens[end + 2 : end + 3] == ["("]:
            break
        chain.append(tokens[end + 1])
        end += 2
    return chain, end


def _has(reading: _Reading, tokens: list[str], place: int, suggest: Callable[[str], str]) -> int:
    chain, end = _chain(tokens, place + 1) if place + 1 < len(tokens) else ([], place)
    name = ".".join(chain)
    if tokens[end : end + 1] != [")"] or (name not in reading.facts and name not in reading.branches):
        raise ExpressionError(f"has({name}): has() asks whether one fact was determined{suggest(name)}")
    reading.asked.add(name)
    reading.emit(f"given.{name}")
    return end + 1
