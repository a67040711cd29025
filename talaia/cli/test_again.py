"""``talaia test-again``."""

import getpass
from typing import Annotated

import typer

from collector.audit import note
from collector.looking_again import look_again
from collector.queries.findings import get_finding
from collector.runs import ScanState, TargetRefused
from collector.stopping import StopIsPressed
from talaia.cli.audit import said_here
from talaia.cli.chosen import chosen, explained
from talaia.cli.findings import found, line, where
from talaia.cli.languages import LanguageOption
from talaia.cli.output import Exit, end, out, print_lines, say
from talaia.cli.scan import look
from talaia.parts import now


def command(
    context: typer.Context,
    *,
    identities: Annotated[list[str], typer.Argument(metavar="ID...", help="Findings; the first characters of each are enough.")],
    language: LanguageOption,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines, for programs.")] = False,
) -> None:
    """Look again where findings were seen, and nowhere else. What the look proves fixed is closed."""
    with explained():
        parts = chosen(context).parts
        parts.write_down()
        with parts.store.read() as connection:
            ids = [found(connection, identity).id for identity in identities]
        try:
            with parts.store.write() as connection:
                asked = look_again(connection, parts.zones, ids, asked_by=f"{getpass.getuser()} (command line)", at=now())
                for finding in ids:
                    note(connection, said_here(now(), "test_finding_again", subject="finding", subject_id=finding))
        except (TargetRefused, StopIsPressed) as error:
            end(Exit.STOPPED if isinstance(error, StopIsPressed) else Exit.REFUSED, str(error))
        states = look(parts, list(asked.values()))
        with parts.store.read() as connection:
            rows = [row for identity in ids if (row := get_finding(connection, identity)) is not None]
    if as_json:
        print_lines([line(row, parts, language.value) for row in rows])
    else:
        for row in rows:
            what = f"{row.state}, last looked at {row.last_evaluated.astimezone():%Y-%m-%d %H:%M:%S}: {row.last_result}"
            out().print(f"{row.rule}  {row.asset_name}  {where(row)}  {what}")
        say("Next: `talaia findings`; what is still open failed again, or could not be told (`unknown`).")
    if any(state is not ScanState.FINISHED for state in states):
        raise typer.Exit(int(Exit.INCOMPLETE))
