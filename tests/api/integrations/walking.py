"""Reads a page of commands and what they print, and walks through it: every block is run, and what it prints is compared.

A ``sh`` block goes to one shell that lasts the whole page; a ``text`` block after it is what it has to print. A ``python`` block
whose first line names a file (``# desk.py``) is written there; the next one of the same name goes on behind it. A comment
``<!-- here: NAME -->`` calls what the test does at that place. What is another thing each time (ids, times, days, cursors) may be
another one than on the page, but each always stands for the same one: the page has to be consistent.
"""

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from tests.processes import stop

_PIECES = re.compile(r"^<!-- here: (?P<hook>\w+) -->$|^```(?P<language>sh|text|python)\n(?P<text>.*?)^```$", re.M | re.S)
_MOVING = {
    "id": re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"),
    "time": re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z|\b\d{4}-\d\d-\d\d \d\d:\d\d UTC"),
    "day": re.compile(r"\b\d{4}-\d\d-\d\d\b"),
    "cursor": re.compile(r"\be\d+\b"),
}
_END = "--- end of block ---"


@dataclass(frozen=True)
class Piece:
    """``kind`` is here, sh, text or python."""

    kind: str
    text: str
    line: int


def pieces_of(page: str) -> Iterator[Piece]:
    for found in _PIECES.finditer(page):
        line = page.count("\n", 0, found.start()) + 1
        if found["hook"]:
            yield Piece("here", found["hook"], line)
        else:
            yield Piece(found["language"], found["text"], line)


def write_program(folder: Path, text: str) -> None:
    """Put a block of Python into the file that its first line names, behind what is there."""
    name = re.match(r"# (\w+\.py)\n", text)
    assert name, f"a block of Python names its file in its first line: {text[:80]}"
    with (folder / name[1]).open("a", encoding="utf-8") as file:
        file.write(("\n\n" if file.tell() else "") + text)


class Shell:
    """One bash, given block after block."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            ["bash"],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def __enter__(self) -> "Shell":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        stop(self.process)  # and what it left in the background

    def run(self, block: str) -> str:
        """What it prints, on both outputs."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{block}\necho '{_END}'\n".encode())
        self.process.stdin.flush()
        said: list[str] = []
        for raw in self.process.stdout:
            line = raw.decode()
            if line == f"{_END}\n":
                return "".join(said)
            said.append(line)
        raise AssertionError(f"the shell ended: {''.join(said)}")


class Same:
    """What stands for what, on the page and in this run."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[str, str], str] = {}

    def check(self, page: str, said: str, line: int) -> None:
        bare, really = (self._bare(text) for text in (page, said))
        assert really == bare, f"line {line} of the page:\n{page}\nbut what is printed is\n{said}"
        for kind, pattern in _MOVING.items():
            if kind in ("time", "day"):
                continue  # two things may happen within one second
            for here, there in zip(pattern.findall(page), pattern.findall(said), strict=True):
                for pair in ((f"page {kind}", here, there), (f"run {kind}", there, here)):
                    assert self._pairs.setdefault(pair[:2], pair[2]) == pair[2], (line, here, there)

    @staticmethod
    def _bare(text: str) -> str:
        for kind, pattern in _MOVING.items():
            text = pattern.sub(f"<{kind}>", text)
        return text.strip()


@dataclass
class Walk:
    """``places`` are names on the page and what they are here: addresses of servers."""

    shell: Shell
    folder: Path
    places: Mapping[str, str]
    hooks: Mapping[str, Callable[[], None]]

    def through(self, page: str) -> int:
        """Walk through the page; how many outputs were compared."""
        same, said, compared = Same(), "", 0
        for piece in pieces_of(page):
            if piece.kind == "here":
                self.hooks[piece.text]()
            elif piece.kind == "python":
                write_program(self.folder, self._here(piece.text))
            elif piece.kind == "sh":
                assert not said.strip(), f"before line {piece.line} this is printed, and the page does not say so:\n{said}"
                said = self._there(self.shell.run(self._here(piece.text)))
            else:
                same.check(piece.text, said, piece.line)
                said, compared = "", compared + 1
        assert not said.strip(), said
        return compared

    def _here(self, text: str) -> str:
        for page, here in self.places.items():
            text = text.replace(page, here)
        return text

    def _there(self, text: str) -> str:
        for page, here in self.places.items():
            text = text.replace(here, page)
        return text
