"""The only module that knows which CEL runtime runs the expressions (`cel-expr-python`, the official one).

Its errors are values: an evaluation that fails *returns* a value of type ERROR, and that value is truthy. So nothing here
ever asks a value for its truth: a result counts only when it has the class it must have.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cel_expr_python import cel

from rules.versions import version_below

VALUE_ITEMS_LIMIT = 100  # of a list that explains a verdict
VALUE_TEXT_LIMIT = 1_000  # characters
VALUE_DEPTH_LIMIT = 4

_FUNCTIONS: Mapping[str, Callable[[str, str], bool]] = {"version_below": version_below}

BOOL, INT, DOUBLE, STRING, TIMESTAMP = cel.Type.BOOL, cel.Type.INT, cel.Type.DOUBLE, cel.Type.STRING, cel.Type.TIMESTAMP
STRUCT = cel.Type.Map(STRING, cel.Type.DYN)  # one item of a list of Structs; its members are type-checked on their own
TABLE = cel.Type.Map(STRING, STRING)

Program = Any  # a compiled expression of the runtime
Activation = Any  # the values of one observation, in the runtime's form


def list_of(item: Any) -> Any:
    return cel.Type.List(item)


class CompileError(ValueError):
    """CEL refuses an expression: it cannot be read, names what is not declared, or mixes types."""


class Failed(Exception):
    """An evaluation that gave no value."""


def new_environment(variables: Mapping[str, Any]) -> Any:
    """A CEL environment that knows ``variables`` (name to type) and our function, and nothing else."""
    functions = [
        cel.FunctionDecl(name, [cel.Overload(f"{name}_text_text", BOOL, [STRING, STRING], False, function)])
        for name, function in _FUNCTIONS.items()
    ]
    return cel.NewEnv(variables=dict(variables), functions=functions)


def compiled(environment: Any, text: str) -> tuple[Program, str]:
    """Compile and type-check ``text``: the program and the name of its type (``BOOL``, ``LIST<STRING>``, …).

    Raises :class:`CompileError` with the runtime's reason on one line.
    """
    try:
        program = environment.compile(text)
        return program, str(program.return_type().name())
    except Exception as error:
        raise CompileError(_reason(error)) from error


def evaluated(program: Program, activation: Activation) -> Any:
    """The value as plain JSON data, bounded. Raises :class:`Failed` when there is none."""
    try:
        value = program.eval(activation)
        if value.type() == cel.Type.ERROR or value.type() == cel.Type.UNKNOWN:
            raise Failed(_reason(value.value()))
        return plain(value.plain_value())
    except Failed:
        raise
    except Exception as error:
        raise Failed(_reason(error)) from error


def plain(value: Any, depth: int = 0) -> Any:
    """``value`` as JSON data: times in RFC 3339 (UTC), durations in seconds, long texts and lists cut with ``…``."""
    kind = value.__class__
    if value is None or kind is bool or kind is int or kind is float or isinstance(value, int | float):
        return value
    if kind is str or isinstance(value, str):
        return value if len(value) <= VALUE_TEXT_LIMIT else value[: VALUE_TEXT_LIMIT - 1] + "…"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return value.total_seconds()
    if depth >= VALUE_DEPTH_LIMIT:
        return "…"
    if kind is dict or (kind is not list and isinstance(value, Mapping)):
        return {str(key): plain(item, depth + 1) for key, item in list(value.items())[:VALUE_ITEMS_LIMIT]}
    if isinstance(value, list | tuple):
        items = [
            item if item.__class__ is str and len(item) <= VALUE_TEXT_LIMIT else plain(item, depth + 1)
            for item in value[:VALUE_ITEMS_LIMIT]
        ]
        return items if len(value) <= VALUE_ITEMS_LIMIT else [*items, "…"]
    return str(value)[:VALUE_TEXT_LIMIT]


def _reason(error: Any) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip() and not line.lstrip().startswith("|")]
    said = "; ".join(line.partition("<input>:")[2].partition(": ")[2] or line for line in lines)
    for noise in ("INVALID_ARGUMENT: ", "ERROR: ", " [INVALID_ARGUMENT]", " (in container '')"):
        said = said.replace(noise, "")
    return said[:300] or "it gave no value"
