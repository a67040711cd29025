"""Reading the JSON that strangers send, and what an answer means for who asked it without credentials."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scanners.clean_text import clean_text
from scanners.protocols.http.client import Answer


@dataclass(frozen=True)
class Verdict:
    """``entered``: True when the answer is what only users should get, False when credentials are asked for, else None."""

    entered: bool | None = None
    counted: int | None = None
    version: str | None = None


Judge = Callable[[Answer], Verdict]


def read_json(answer: Answer) -> Any:
    """The body as JSON; None where it is none, was cut, or nests too deep for the parser."""
    if not answer.whole:
        return None
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None


def within(value: Any, *names: str) -> Any:
    """``value[a][b]`` for ``within(value, "a", "b")``; None where one of them is missing or no object."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def version_of(value: Any) -> str | None:
    """A version as texts give it, clean and short; None for anything that does not look like one."""
    return clean_text(value, 40) if isinstance(value, str) and any(letter.isdigit() for letter in value[:40]) else None


def refused(answer: Answer) -> bool:
    """Credentials are wanted, or these (none) are not enough."""
    return answer.status in (401, 403)


def has(*names: str, kind: type | tuple[type, ...] = object, version: tuple[str, ...] = ()) -> Judge:
    """Judges an answer by JSON: open when ``names`` leads to a value of ``kind``; a list or an object is counted."""

    def judge(answer: Answer) -> Verdict:
        if refused(answer):
            return Verdict(entered=False)
        document = read_json(answer) if answer.status == 200 else None
        value = within(document, *names) if names else document
        if value is None or not isinstance(value, kind):
            return Verdict()
        counted = len(value) if isinstance(value, list) else None
        return Verdict(entered=True, counted=counted, version=version_of(within(document, *version)) if version else None)

    return judge


def says(*words: str) -> Judge:
    """Judges an answer by its text: open when it has every one of ``words`` (lower case)."""

    def judge(answer: Answer) -> Verdict:
        if refused(answer):
            return Verdict(entered=False)
        return Verdict(entered=True) if answer.status == 200 and all(word in answer.lower for word in words) else Verdict()

    return judge
