"""``talaia export``."""

import csv
import sys
from enum import StrEnum
from typing import Annotated

import typer

from api.pages.lists import csv_cell
from collector.elasticsearch.templates import component_templates, index_templates
from collector.queries.findings import FindingFilter, each_finding
from talaia.cli import findings
from talaia.cli.chosen import chosen
from talaia.cli.languages import LanguageOption
from talaia.cli.output import json_line, print_lines


class What(StrEnum):
    FINDINGS_CSV = "findings-csv"
    FINDINGS_JSON = "findings-json"
    ELASTICSEARCH_TEMPLATES = "elasticsearch-templates"


COLUMNS = (
    "rule", "title", "state", "band", "risk", "severity", "asset", "address", "port", "transport", "name", "department_id",
    "service_id", "zone", "vantage", "first_seen", "last_seen", "last_evaluated", "due", "id",
)  # fmt: skip


def command(
    context: typer.Context,
    *,
    what: Annotated[What, typer.Argument(help="What to write to standard output.")],
    language: LanguageOption,
) -> None:
    """Write findings, or Elasticsearch's index templates."""
    if what is What.ELASTICSEARCH_TEMPLATES:
        typer.echo(json_line({"component_templates": component_templates(), "index_templates": index_templates()}))
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
