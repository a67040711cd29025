"""All checks of one kind of facts, evaluated together where that is safe."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rules.cel_engine import CompileError, Program
from rules.compiling import ReadyCheck, together

_GROUPS = 64  # shapes of observations that are remembered: which facts were determined, and which not


@dataclass(frozen=True)
class _Group:
    """Checks whose facts are all there, as one program that gives their states in a list; ``alone`` are the others."""

    program: Program | None
    joined: tuple[int, ...]
    alone: tuple[int, ...]


@dataclass(frozen=True)
class Plan:
    """The checks of ``kind`` for one set of parameters.

    One evaluation costs more than what it evaluates, so the checks whose facts were all determined are one expression. Where
    it fails, for whatever reason, each check is evaluated on its own: the result is the same, only later.
    """

    kind: str
    checks: tuple[ReadyCheck, ...]
    _groups: dict[frozenset[str], _Group] = field(default_factory=dict)

    def states(self, seen: Any, values: Mapping[str, Any]) -> list[Any]:
        """The state of each check: a number of :mod:`rules.compiling`, or the text of an error."""
        key = frozenset(values)
        group = self._groups.get(key) or self._group(key)
        found = _joined(group, seen)
        if found is None:
            return [state_of(check, seen) for check in self.checks]
        states: list[Any] = [None] * len(self.checks)
        for index, state in zip(group.joined, found, strict=True):
            states[index] = state
        for index in group.alone:
            states[index] = state_of(self.checks[index], seen)
        return states

    def _group(self, known: frozenset[str]) -> _Group:
        joined = tuple(index for index, check in enumerate(self.checks) if known.issuperset(check.needed))
        alone = tuple(index for index in range(len(self.checks)) if index not in joined)
        try:
            program = together(self.kind, [self.checks[index] for index in joined])
        except CompileError:
            program, joined, alone = None, (), tuple(range(len(self.checks)))
        group = _Group(program, joined, alone)
        if len(self._groups) >= _GROUPS:
            self._groups.clear()
        self._groups[known] = group
        return group


def state_of(check: ReadyCheck, seen: Any) -> Any:
    """The state of one check: a number of :mod:`rules.compiling`, or the text of an error."""
    try:
        state = check.state.eval(seen).value()
    except Exception as error:  # noqa: BLE001 - a rule that cannot be evaluated is unknown, whatever the reason
        return str(error)
    return state if state.__class__ is int else str(state)  # an error is a value too, and a truthy one


def _joined(group: _Group, seen: Any) -> list[Any] | None:
    if group.program is None:
        return []
    try:
        found = group.program.eval(seen).plain_value()
    except Exception:  # noqa: BLE001 - which of them failed is seen when each is evaluated on its own
        return None
    if found.__class__ is not list or any(state.__class__ is not int for state in found):
        return None
    return list(found)
