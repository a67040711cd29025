"""The codes in the table of ``docs/api.md`` are those that the API's code gives, no more and no fewer."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from api.problems import _CODES
from api.repeats import _REFUSALS

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"[a-z]+(-[a-z]+)*")
# What only a person is told, by a page or at the command line.
ELSEWHERE = ("pages", "oidc.py")
AT = {"Problem": 1, "problem_response": 1, "_refused": 1, "answer": 2, "ActionRefused": 0, "NothingToSay": 0}


def _given() -> Iterator[str]:
    """The code of each refusal that is raised or answered, wherever it stands as text."""
    for path in [*(ROOT / "api").rglob("*.py"), *(ROOT / "collector").rglob("*.py")]:
        if not set(ELSEWHERE) & set(path.relative_to(ROOT).parts):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                yield from _of(node)


def _of(node: ast.AST) -> Iterator[str]:
    if not isinstance(node, ast.Call):
        return
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    place = AT.get(name, 0 if name.endswith("Refused") else None)
    if name == "__init__" and len(node.args) == 2:  # a refusal of its own class: its code, and what it says
        place = 0
    if place is not None and len(node.args) > place:
        code = node.args[place]
        if isinstance(code, ast.Constant) and isinstance(code.value, str) and CODE.fullmatch(code.value):
            yield code.value


def test_the_table_has_every_code_and_no_other() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| [0-9, ]+ \| (.*?) \|", page, re.MULTILINE)
    told = [code for row in rows for code in re.findall(r"`([a-z-]+)`", row)]
    assert len(told) == len(set(told)) > 50
    assert set(told) == {*_given(), *_CODES.values(), *(code for _, code, _ in _REFUSALS.values())}
