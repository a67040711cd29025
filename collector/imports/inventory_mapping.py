"""Which column of a table is what, written by a person in YAML; and the ready-made one for GLPI."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from collector.catalogue_file import EnsCategory, Exposure, Word
from collector.imports.tables_of_text import folded
from scanners import located_yaml
from scanners.located_yaml import Document, FileError

Header = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Headers = Header | Annotated[tuple[Header, ...], Field(min_length=1, max_length=40)]
Source = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
READY_MADE = ("glpi",)
LIMIT_MAPPING_BYTES = 256 * 1024


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Columns(_Written):
    """The header of each thing. Of a list of headers those are used that the table has: all of them where several values are
    possible, else the first cell that is not empty. A single header has to be there."""

    id: Headers
    name: Headers | None = None
    addresses: Headers | None = None
    macs: Headers | None = None
    names: Headers | None = None
    department: Headers | None = None
    services: Headers | None = None
    owner: Headers | None = None
    criticality: Headers | None = None
    exposure: Headers | None = None


class Values(_Written):
    """What a cell's text stands for, where it is no id (or name) of ours."""

    department: Mapping[str, Word] = Field(default_factory=dict)
    services: Mapping[str, Word] = Field(default_factory=dict)
    criticality: Mapping[str, EnsCategory] = Field(default_factory=dict)
    exposure: Mapping[str, Exposure] = Field(default_factory=dict)

    @field_validator("*")
    @classmethod
    def _as_compared(cls, given: Mapping[str, str]) -> Mapping[str, str]:
        return {folded(text): word for text, word in given.items()}


class InventoryMapping(_Written):
    """``source`` names the inventory: an import adds, changes and retires the assets of its own source only."""

    source: Source
    encoding: Literal["utf-8", "utf-8-sig", "latin-1", "cp1252"] | None = None
    delimiter: Literal[";", ",", "|", "tab"] | None = None
    namespace: Annotated[str, StringConstraints(max_length=64)] = ""
    columns: Columns
    values: Values = Values()

    def headers(self) -> dict[str, tuple[str, ...]]:
        """The folded headers of each thing that has a column."""
        given = {name: getattr(self.columns, name) for name in Columns.model_fields}
        return {
            name: tuple(folded(one) for one in ((text,) if isinstance(text, str) else text))
            for name, text in given.items()
            if text is not None
        }


def load_mapping(path: Path) -> InventoryMapping:
    """Read a mapping; with ``like: glpi`` it changes the ready-made one. Raises :class:`FileError` with every line."""
    return _mapping(located_yaml.read(path))


def read_mapping(content: bytes, source: str) -> InventoryMapping:
    """The same of a file's content; ``source`` is the name that errors carry."""
    if len(content) > LIMIT_MAPPING_BYTES:
        raise FileError(source, [(0, f"is larger than {LIMIT_MAPPING_BYTES} bytes and was not read")])
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise FileError(source, [(0, f"is not UTF-8 text (byte {error.start})")]) from error
    return _mapping(located_yaml.parse(text, source))


def _mapping(document: Document) -> InventoryMapping:
    data = document.data
    if not isinstance(data, dict) or "like" not in data:
        return located_yaml.validated(document, InventoryMapping)
    if data["like"] not in READY_MADE:
        raise document.error(("like",), f"like: there is no ready-made mapping of that name; there is {', '.join(READY_MADE)}")
    made = _ready_made(data["like"]).data
    own = {key: value for key, value in data.items() if key != "like"}
    columns = own.get("columns") if own.get("columns") is not None else {}
    if isinstance(columns, dict):
        own["columns"] = {**made["columns"], **columns}
    return located_yaml.validated(document, InventoryMapping, {**made, **own})


def ready_made(name: str) -> InventoryMapping:
    """The mapping that comes with Talaia for ``name``."""
    return located_yaml.validated(_ready_made(name), InventoryMapping)


def _ready_made(name: str) -> Document:
    return located_yaml.read(Path(__file__).parent / "mappings" / f"{name}.yaml")
