"""What the script printed, cut into its sections."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from scanners.wire import ProtocolError

_END = re.compile(r"end ([0-9]{1,3})")
_NAME = re.compile(r"begin ([a-z_]{1,32})")
LONGEST_LINE = 4096


@dataclass(frozen=True)
class Section:
    """``status`` is the exit status of what was run; None when its output was cut."""

    text: str
    status: int | None

    @property
    def lines(self) -> list[str]:
        return [line[:LONGEST_LINE] for line in self.text.split("\n") if line.strip()]


class Sections(Mapping[str, Section]):
    """The sections by name. :meth:`lines` is what the readers use."""

    def __init__(self, found: dict[str, Section]) -> None:
        self._found = found

    def __getitem__(self, name: str) -> Section:
        return self._found[name]

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def lines(self, name: str) -> list[str] | None:
        """The lines that are not blank; None when the command failed, was not allowed, or printed more than could be taken."""
        section = self._found.get(name)
        return section.lines if section is not None and section.status == 0 else None


def cut(output: bytes, mark: str) -> Sections:
    """Cut ``output`` at the lines that begin with ``mark``. A section that comes twice counts once, the first time.

    Raises :class:`~scanners.wire.ProtocolError` when not a single section is there: no shell read the script.
    """
    found: dict[str, Section] = {}
    name, lines = "", list[str]()
    for line in output.decode("utf-8", "backslashreplace").split("\n"):
        if not line.startswith(f"{mark} "):
            lines.append(line)
            continue
        said = line[len(mark) + 1 :]
        begins, ends = _NAME.fullmatch(said), _END.fullmatch(said)
        if name:
            text = "\n".join(lines[:-1] if ends and lines and not lines[-1] else lines)
            found.setdefault(name, Section(text, int(ends[1]) if ends else None))
        name, lines = begins[1] if begins else "", []
    if name:
        found.setdefault(name, Section("\n".join(lines), None))
    if not found:
        raise ProtocolError("it let us log in, but no POSIX shell read the script")
    return Sections(found)
