"""YAML whose every value remembers its line, so that an error can name the place.

The dialect is the JSON-like core of YAML 1.2: ``no`` and ``on`` are texts, ``1:30`` and ``010`` are texts, dates stay
texts until a model reads them. Anchors, aliases, tags and duplicate keys are refused: none of our files needs them
and each has been used to make a file mean something else than it shows.
"""

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

SIZE_LIMIT_BYTES = 16 * 1024 * 1024
DEPTH_LIMIT = 32

_NUMBER_LIMIT = 40  # characters; longer is no number that anybody means
# The C parser reads a folder of rules in a tenth of the time; both build the same nodes.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"^[-+]?(0|[1-9][0-9]*)$")
_FLOAT = re.compile(r"^[-+]?(0|[1-9][0-9]*)\.[0-9]+([eE][-+]?[0-9]+)?$")
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}

Path_ = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


class FileError(ValueError):
    """A file that people write could not be understood; each problem names file and line.

    ``problems`` is a sequence of ``(line, sentence)``; line 0 means the file as a whole.
    """

    def __init__(self, source: str, problems: Sequence[tuple[int, str]]) -> None:
        self.source = source
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{source}:{line}: {said}" if line else f"{source}: {said}" for line, said in problems))


@dataclass(frozen=True)
class Document:
    """Plain data and, for each path in it, the line it came from (counted from 1)."""

    source: str
    data: Any
    lines: Mapping[Path_, int]

    def line(self, path: Sequence[str | int]) -> int:
        """The line of ``path``, or of the nearest enclosing value that is in the file."""
        place = tuple(path)
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def error(self, path: Sequence[str | int], sentence: str) -> FileError:
        return FileError(self.source, [(self.line(path), sentence)])


def read(path: Path) -> Document:
    """Read one YAML file. Raises :class:`FileError` when it cannot be read, parsed or is over the size limit."""
    try:
        if path.stat().st_size > SIZE_LIMIT_BYTES:
            raise FileError(str(path), [(0, f"is larger than {SIZE_LIMIT_BYTES} bytes and was not read")])
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise FileError(str(path), [(0, f"cannot be read: {error.strerror or error}")]) from error
    except UnicodeDecodeError as error:
        raise FileError(str(path), [(0, f"is not UTF-8 text (byte {error.start})")]) from error
    return parse(text, str(path))


def parse(text: str, source: str) -> Document:
    """Parse YAML text; ``source`` is the name that errors carry."""
    try:
        _refuse_references(text, source)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise FileError(source, [(line, f"is not valid YAML: {error.problem}")]) from None  # its own text quotes the file
    except yaml.YAMLError as error:
        raise FileError(source, [(0, f"is not valid YAML: {type(error).__name__}")]) from None
    except RecursionError as error:
        raise FileError(source, [(0, f"is nested more than {DEPTH_LIMIT} levels deep")]) from error
    lines: dict[Path_, int] = {}
    data = _build(node, (), lines, source) if node is not None else None
    return Document(source, data, lines)


def validated(document: Document, model: type[Model], data: Any = None, at: Path_ = ()) -> Model:
    """``document`` (or the part of it at ``at``) as a model; raises :class:`FileError` with every problem and line."""
    try:
        return model.model_validate(document.data if data is None else data)
    except ValidationError as error:
        found = error.errors()
        if len(found) > 1:  # a list whose items failed is also called too short: that is our noise, not a problem
            found = [item for item in found if item["type"] != "too_short"] or found
        problems = [(document.line(at + _file_path(item["loc"])), _sentence(item)) for item in found]
        raise FileError(document.source, problems) from None  # its own text quotes the file, in which a secret may stand


def _file_path(loc: tuple[str | int, ...]) -> Path_:
    return tuple(part for part in loc if isinstance(part, int) or not part.startswith(("function-", "is-instance")))


def _sentence(item: Mapping[str, Any]) -> str:
    name = ".".join(str(part) for part in item["loc"]) or "the file"
    if item["type"] == "extra_forbidden":
        return f"{name}: this key is not known here"
    if item["type"] == "missing":
        return f"{name}: is missing"
    return f"{name}: {str(item['msg']).removeprefix('Value error, ')}"


def _refuse_references(text: str, source: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise FileError(source, [(line, "anchors and aliases (& and *) are not used here: write the value out")])
        tag = getattr(event, "tag", None)
        if tag and tag != "tag:yaml.org,2002:str":
            raise FileError(source, [(line, "tags (!) are not used here: put quotes around a text that begins so")])
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEPTH_LIMIT:
                raise FileError(source, [(line, f"is nested more than {DEPTH_LIMIT} levels deep")])
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _build(node: yaml.Node, path: Path_, lines: dict[Path_, int], source: str) -> Any:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines, source)
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*path, index), lines, source) for index, item in enumerate(node.value)]
    return _scalar(node)


def _mapping(node: yaml.MappingNode, path: Path_, lines: dict[Path_, int], source: str) -> dict[Hashable, Any]:
    result: dict[Hashable, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise FileError(source, [(line, "a key must be a plain word")])
        key = str(key_node.value)
        if key in result:
            raise FileError(source, [(line, f"the key {key!r} stands twice in the same place")])
        result[key] = _build(value_node, (*path, key), lines, source)
        lines[(*path, key)] = line
    return result


def _scalar(node: yaml.Node) -> Any:
    text = str(node.value)
    if getattr(node, "style", None):  # quoted or block; a plain one has None, or an empty text from the C parser
        return text
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _NUMBER_LIMIT:
        return text
    if _INT.match(text):
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    return text
