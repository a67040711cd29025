"""``talaia export``."""

import csv
import sys
from enum import StrEnum
from importlib.metadata import version
from typing import Annotated

import typer

from api.exports.csv_lines import csv_cell
from api.exports.ens import catalogue
from api.exports.extract import Extract, Publisher
from api.exports.formats import FORMS, Format
from api.exports.pieces import joined
from collector.elasticsearch.templates import component_templates, index_templates
from collector.queries.findings import FindingFilter, each_finding
from collector.refusal import ActionRefused
from talaia.cli import findings
from talaia.cli.chosen import Chosen, chosen
from talaia.cli.findings import State
from talaia.cli.languages import LanguageOption
from talaia.cli.output import Exit, end, json_line, print_lines
from talaia.parts import Parts, now


class What(StrEnum):
    FINDINGS = "findings"
    FINDINGS_CSV = "findings-csv"
    FINDINGS_JSON = "findings-json"
    ENS_CATALOG = "ens-catalog"
    ELASTICSEARCH_TEMPLATES = "elasticsearch-templates"


COLUMNS = (
    "rule", "title", "state", "band", "risk", "severity", "asset", "address", "port", "transport", "name", "department_id",
    "service_id", "zone", "vantage", "first_seen", "last_seen", "last_evaluated", "due", "id",
)  # fmt: skip


def command(
    context: typer.Context,
    *,
    what: Annotated[What, typer.Argument(help="What to write to standard output.")],
    form: Annotated[Format, typer.Option("--format", help="Of `findings`: for which program.")] = Format.CSV,
    state: Annotated[State, typer.Option(help="Of `findings`: which ones.")] = State.ALL,
    rule: Annotated[list[str] | None, typer.Option(help="Of `findings`: only this rule; may be repeated.")] = None,
    department: Annotated[str | None, typer.Option(help="Of `findings`: only this department.")] = None,
    service: Annotated[str | None, typer.Option(help="Of `findings`: only this service.")] = None,
    language: LanguageOption,
) -> None:
    """Write findings for other programs, the measures of the ENS (OSCAL), or Elasticsearch's index templates.

    `talaia export findings --format sarif` writes SARIF; `findings-csv` and `findings-json` write the lines of `talaia findings`.
    """
    if what is What.ELASTICSEARCH_TEMPLATES:
        typer.echo(json_line({"component_templates": component_templates(), "index_templates": index_templates()}))
        return
    if what is What.ENS_CATALOG:
        parts = chosen(context).judging
        typer.echo(json_line(catalogue(parts.rulebook, _publisher(parts), language.value, now())))
        return
    if what is What.FINDINGS:
        states = () if state is State.ALL else (state.value,)
        wanted = FindingFilter(state=states, rule=tuple(rule or ()), department=department, service=service, now=now())
        _write(chosen(context), form, wanted, language.value)
        return
    words = chosen(context)
    parts = words.judging
    with words.reading() as connection:
        lines = (findings.line(row, parts, language.value) for row in each_finding(connection, FindingFilter()))
        if what is What.FINDINGS_JSON:
            print_lines(lines)
            return
        writer = csv.writer(sys.stdout, lineterminator="\r\n")
        writer.writerow(COLUMNS)
        for item in lines:
            writer.writerow([csv_cell(item[name]) for name in COLUMNS])


def _write(words: Chosen, form: Format, wanted: FindingFilter, language: str) -> None:
    parts = words.judging
    with words.reading() as connection:
        extract = Extract(connection, wanted, parts.rulebook, language, now(), _publisher(parts))
        try:
            for piece in joined(FORMS[form].write(extract)):
                sys.stdout.buffer.write(piece)
        except ActionRefused as error:
            end(Exit.NOT_FOUND, str(error))


def _publisher(parts: Parts) -> Publisher:
    return Publisher(parts.city_names, parts.url, version("talaia"))
