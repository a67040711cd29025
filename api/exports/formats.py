"""The forms that findings are exported in, by name."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from api.exports import csaf, csv_lines, ocsf, oscal, sarif
from api.exports.extract import Extract


class Format(StrEnum):
    CSV = "csv"
    OCSF = "ocsf"
    OSCAL = "oscal"
    SARIF = "sarif"
    CSAF = "csaf"


@dataclass(frozen=True)
class Form:
    """How one format is written, and what it is called: its media type and the name of its file."""

    write: Callable[[Extract], Iterator[str]]
    media_type: str
    file: str


FORMS: Mapping[Format, Form] = MappingProxyType(
    {
        Format.CSV: Form(csv_lines.write, "text/csv; charset=utf-8", "findings.csv"),
        Format.OCSF: Form(ocsf.write, ocsf.MEDIA_TYPE, "findings.ocsf.jsonl"),
        Format.OSCAL: Form(oscal.write, "application/json", "findings.oscal.json"),
        Format.SARIF: Form(sarif.write, sarif.MEDIA_TYPE, "findings.sarif"),
        Format.CSAF: Form(csaf.write, "application/json", "findings.csaf.json"),
    }
)
