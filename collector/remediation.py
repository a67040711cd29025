"""CISA's BOD 26-04 as data: until when a vulnerability is to be fixed, by four answers about it.

The table is that of the CERT/CC's SSVC repository (``cisa:BOD2604:1.0.0``, sixteen rows); a city may give another of that form.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

from scanners.located_yaml import FileError

BOD_26_04 = "cisa:BOD2604:1.0.0"
_INPUTS = ("In KEV", "Publicly Exposed", "Automatable", "Technical Impact")
_WORDS: Mapping[str, bool] = {"no": False, "yes": True, "partial": False, "total": True}
_OUTCOME = re.compile(r"([1-9][0-9]{0,3}) days?( & forensic investigation)?|fix on system upgrade")
_LIMIT_BYTES = 64 * 1024


class Answers(NamedTuple):
    """The four inputs of the table; True is the worse answer."""

    in_kev: bool
    exposed: bool
    automatable: bool
    total_impact: bool


@dataclass(frozen=True)
class Timeline:
    """A row of the table, by its ``number`` there. ``days`` None: with the next upgrade."""

    number: int
    days: int | None
    forensic: bool


@dataclass(frozen=True)
class RemediationTable:
    """Sixteen rows, one for each combination of answers; a worse answer never gives more time."""

    name: str
    rows: Mapping[Answers, Timeline]


@cache
def bod_26_04() -> RemediationTable:
    """The directive's own table."""
    return read_table(Path(__file__).with_name("cisa_bod_26_04_1_0_0.csv"), BOD_26_04)


def read_table(path: Path, name: str) -> RemediationTable:
    """A decision table in SSVC's CSV form: a row number, the four inputs, the outcome (``3 days``, ``3 days & forensic
    investigation``, ``fix on system upgrade``). Raises :class:`~scanners.located_yaml.FileError` naming the line."""
    try:
        with path.open("rb") as opened:
            text = opened.read(_LIMIT_BYTES).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise FileError(str(path), [(0, f"cannot be read: {error}")]) from error
    rows: dict[Answers, Timeline] = {}
    for line, answers, row in _rows(str(path), text):
        if answers in rows or row.number in {one.number for one in rows.values()}:
            raise FileError(str(path), [(line, "this combination, or the number of its row, was there before")])
        rows[answers] = row
    if len(rows) != 2 ** len(_INPUTS):
        raise FileError(str(path), [(0, f"has {len(rows)} of the {2 ** len(_INPUTS)} combinations of answers")])
    for answers, row in rows.items():
        for worse in map(rows.__getitem__, _worse(answers)):
            if _days(worse) > _days(row):
                said = f"row {worse.number} gives more time than row {row.number}, whose answers are better"
                raise FileError(str(path), [(0, said)])
    return RemediationTable(name, rows)


def _rows(source: str, text: str) -> Iterator[tuple[int, Answers, Timeline]]:
    lines = list(csv.reader(text.splitlines()))
    head = lines[0] if lines else []
    if len(head) != len(_INPUTS) + 2 or not all(cell.startswith(word) for cell, word in zip(head[1:], _INPUTS, strict=False)):
        raise FileError(source, [(1, f"the columns are not: row, {', '.join(_INPUTS)}, and the outcome")])
    for line, cells in enumerate(lines[1:], 2):
        outcome = _OUTCOME.fullmatch(cells[-1].strip()) if len(cells) == len(head) else None
        answers = [_WORDS.get(cell.strip()) for cell in cells[1:-1]]
        if outcome is None or None in answers or not cells[0].strip().isdecimal():
            raise FileError(source, [(line, "is not a row number, four answers and days (or `fix on system upgrade`)")])
        days = int(outcome[1]) if outcome[1] else None
        yield line, Answers(*(bool(one) for one in answers)), Timeline(int(cells[0]), days, bool(outcome[2]))


def _worse(answers: Answers) -> Iterator[Answers]:
    for other in product((False, True), repeat=len(_INPUTS)):
        if all(mine <= theirs for mine, theirs in zip(answers, other, strict=True)):
            yield Answers(*other)


def _days(row: Timeline) -> float:
    return float("inf") if row.days is None else row.days
