"""The catalogue file: what the city says of itself. YAML, checked to the line, with a published JSON Schema."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from collector.inventory import NetworkDefault
from scanners import located_yaml
from scanners.located_yaml import Document, FileError
from scanners.zone import AddressText, NameText, NetworkText, Ports

LANGUAGES = ("ca", "es", "en")
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Exposure = Literal["internet", "authenticated", "partner", "internal", "isolated"]
EnsCategory = Literal["BASICA", "MEDIA", "ALTA"]
Mac = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}$"),
    AfterValidator(lambda text: text.upper().replace(":", "-")),
]
Fingerprint = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
HostKey = Annotated[str, StringConstraints(pattern=r"^[a-z0-9@.-]+ SHA256:[A-Za-z0-9+/]{43}$")]


class EnsLevel(StrEnum):
    """Level of one dimension (RD 311/2022, anexo I); ``-``: the dimension is not affected and has no level."""

    NONE = "-"
    BAJO = "bajo"
    MEDIO = "medio"
    ALTO = "alto"


_CATEGORY: Mapping[EnsLevel, str] = {EnsLevel.ALTO: "ALTA", EnsLevel.MEDIO: "MEDIA", EnsLevel.BAJO: "BASICA"}


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Named(_Written):
    """Something with a name in Catalan, Castilian and English, at least one of them."""

    ca: Text | None = None
    es: Text | None = None
    en: Text | None = None

    @model_validator(mode="after")
    def _has_a_name(self) -> Self:
        if not any((self.ca, self.es, self.en)):
            raise ValueError("give a name in ca, es or en")
        return self

    @property
    def names(self) -> dict[str, str]:
        """The name in each language; one that is not given is taken from another."""
        given = {language: name for language in LANGUAGES if (name := getattr(self, language)) is not None}
        return {language: given.get(language) or next(iter(given.values())) for language in LANGUAGES}


class CityName(_Named):
    """The city's name."""


class City(_Written):
    """``dir3``: its code in the directory of public administrations; ``namespace``: that of its data streams in Elasticsearch."""

    name_: CityName = Field(alias="name")
    dir3: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]{8}$")] | None = None
    timezone: str = "Europe/Madrid"
    namespace: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}$")] = Field(
        default="city", description="lower case, no hyphen: the last part of the names of data streams"
    )

    @property
    def name(self) -> dict[str, str]:
        return self.name_.names


class StrategicLine(_Named):
    """A line of the city's plan for its digital transformation."""


class Project(_Named):
    """A funded project (NGEU, PRTR)."""

    line: Word | None = None


class Department(_Named):
    """A department (*gerencia*, *àrea*)."""


class Service(_Named):
    """A municipal service. ``assets`` are words for what it consists of; real assets are listed at the end of the file."""

    department: Word
    audience: Literal["citizens", "internal"] | None = None
    plan: Word | None = None
    line: Word | None = None
    project: Word | None = None
    supplier: Text | None = None
    ens: Mapping[Literal["D", "A", "I", "C", "T"], EnsLevel] = Field(default_factory=dict)
    exposure: Exposure | None = None
    parameters: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict, description="rule id: {parameter: value}")
    assets: tuple[str, ...] = ()

    @property
    def ens_category(self) -> str | None:
        """BASICA, MEDIA or ALTA: the highest level of the dimensions that are affected; None when nobody valued it."""
        levels = set(self.ens.values())
        return next((name for level, name in _CATEGORY.items() if level in levels), None)


class DeclaredAsset(_Written):
    """An asset that the city knows it has, and by what it may be recognised."""

    id: Word
    name: Text | None = None
    services: tuple[Word, ...] = ()
    department: Word | None = None
    owner: Text | None = None
    namespace: str = ""
    addresses: tuple[AddressText, ...] = ()
    names: tuple[NameText, ...] = ()
    macs: tuple[Mac, ...] = ()
    ssh_host_keys: tuple[HostKey, ...] = ()
    certificates: tuple[Fingerprint, ...] = ()
    authorised_ports: Ports | None = None
    exposure: Exposure | None = None
    ens_category: EnsCategory | None = Field(default=None, description="where it is higher than that of its services")


class DeclaredNetwork(_Written):
    """Whose the machines of a network are that no line names, and whether their addresses are leased (DHCP)."""

    network: NetworkText
    service: Word
    namespace: str = ""
    dynamic: bool = False


class Catalogue(_Written):
    """The whole file."""

    city: City
    strategic_lines: Mapping[Word, StrategicLine] = Field(default_factory=dict)
    projects: Mapping[Word, Project] = Field(default_factory=dict)
    plans: tuple[Word, ...] = ()
    departments: Mapping[Word, Department] = Field(min_length=1)
    services: Mapping[Word, Service] = Field(default_factory=dict)
    networks: tuple[DeclaredNetwork, ...] = ()
    assets: tuple[DeclaredAsset, ...] = ()
    vantages: tuple[Word, ...] = ()

    def network_defaults(self) -> tuple[NetworkDefault, ...]:
        """The networks as :class:`collector.ingest.IngestSettings` takes them."""
        return tuple(NetworkDefault(item.network, item.service, item.namespace, item.dynamic) for item in self.networks)


def load_catalogue(path: Path) -> Catalogue:
    """Read a catalogue. Raises :class:`~scanners.located_yaml.FileError` naming file and line of every problem."""
    document = located_yaml.read(path)
    catalogue = located_yaml.validated(document, Catalogue)
    problems = sorted(_problems(catalogue, document))
    if problems:
        raise FileError(document.source, problems)
    return catalogue


def catalogue_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the file, for editors; also published as ``docs/schemas/catalogue.json``."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Catalogue.model_json_schema(by_alias=True)}


def _problems(catalogue: Catalogue, document: Document) -> list[tuple[int, str]]:
    """What each line may say, but not together: references to nothing, and things that stand twice."""
    found: list[tuple[int, str]] = []

    def note(path: tuple[str | int, ...], sentence: str) -> None:
        found.append((document.line(path), sentence))

    for key, service in catalogue.services.items():
        for name, value, known in (
            ("department", service.department, catalogue.departments),
            ("line", service.line, catalogue.strategic_lines),
            ("project", service.project, catalogue.projects),
            ("plan", service.plan, catalogue.plans),
        ):
            if value is not None and value not in known:
                note(("services", key, name), f"services.{key}.{name}: {value!r} is not in this file")
    for number, network in enumerate(catalogue.networks):
        if network.service not in catalogue.services:
            note(("networks", number, "service"), f"networks.{number}.service: {network.service!r} is not in this file")
    for number, asset in enumerate(catalogue.assets):
        for service_id in asset.services:
            if service_id not in catalogue.services:
                note(("assets", number, "services"), f"asset {asset.id}: the service {service_id!r} is not in this file")
        if asset.department is not None and asset.department not in catalogue.departments:
            note(("assets", number, "department"), f"asset {asset.id}: the department {asset.department!r} is not in this file")
    found += _repeated(catalogue, document)
    return found


def _repeated(catalogue: Catalogue, document: Document) -> list[tuple[int, str]]:
    first: dict[tuple[str, str, str], str] = {}
    found = []
    for number, asset in enumerate(catalogue.assets):
        shown = [
            ("id", asset.id),
            *(("address", str(address)) for address in asset.addresses),
            *(("mac", mac) for mac in asset.macs),
        ]
        for kind, value in shown:
            key = (kind, "" if kind == "id" else asset.namespace, value)
            if key in first:
                sentence = f"asset {asset.id}: the {kind} {value} is that of asset {first[key]} already"
                found.append((document.line(("assets", number)), sentence))
            first.setdefault(key, asset.id)
    return found
