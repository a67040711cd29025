"""``talaia incident-report``."""

from typing import Annotated

import typer

from api.incident_report import incident_report
from api.texts import name_of
from api.ticket_text import same_ticket
from collector.queries.assets import get_service
from talaia.cli.chosen import chosen
from talaia.cli.findings import found
from talaia.cli.languages import LanguageOption
from talaia.cli.output import Exit, end
from talaia.service import app_parts, base_url


def command(
    context: typer.Context,
    *,
    identity: Annotated[str, typer.Argument(metavar="ID", help="A finding; the first characters are enough.")],
    language: LanguageOption,
) -> None:
    """A pre-filled notification for the national CERT (LUCIA) about a finding, for a person to complete and send.

    Talaia sends nothing. A finding is a weakness and no incident: whether it has to be notified is for a person to decide.
    """
    parts = chosen(context).judging
    with parts.store.read() as connection:
        rows = same_ticket(connection, found(connection, identity))
        service = get_service(connection, rows[0].service_id) if rows and rows[0].service_id else None
    if not rows:
        end(Exit.NOT_FOUND, "this finding is not open: there is nothing to report")
    report = incident_report(
        rows,
        parts.rulebook,
        language.value,
        organisation=name_of(app_parts(parts).city_names, "", language.value),
        base_url=base_url(parts),
        category=service.ens_category if service else None,
    )
    typer.echo(report.text, nl=False)
