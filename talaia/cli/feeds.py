"""``talaia feeds``."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection

from collector.audit import note
from collector.feeds.files import read_feeds
from collector.feeds.keeping import Outcome, feeds, is_stale
from collector.feeds.loading import Loaded, load
from collector.refusal import ActionRefused
from talaia.cli.audit import said_here
from talaia.cli.chosen import chosen, explained
from talaia.cli.output import Exit, end, print_lines, print_table, say
from talaia.parts import now

_SAID = {
    Outcome.TAKEN: "loaded, {changed} of {entries} entries are new, changed or gone",
    Outcome.SAME: "loaded already, with {entries} entries",
    Outcome.OLDER: "a newer one is loaded, with {entries} entries: it stays",
}


class What(StrEnum):
    SHOW = "show"
    LOAD = "load"


def command(
    context: typer.Context,
    *,
    what: Annotated[What, typer.Argument(help="show what is loaded, or load files.")] = What.SHOW,
    files: Annotated[list[Path] | None, typer.Argument(help="With load: files, or folders of them.")] = None,
    may_shrink: Annotated[bool, typer.Option("--may-shrink", help="Let a feed lose most of its entries at once.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines, for programs.")] = False,
) -> None:
    """What the world knows of vulnerabilities: CISA's catalogue of the exploited ones (KEV), EPSS, and SSVC in CVE records.

    Nothing is fetched: load takes files that you fetched, all of them or, if one is broken, none.
    """
    if (what is What.LOAD) != bool(files):
        end(Exit.USAGE, "load needs files, and show takes none")
    if files:
        _load(context, files, may_shrink)
        return
    with chosen(context).reading() as connection:
        rows = feeds(connection)
    at = now()
    if as_json:
        plain = ("name", "version", "published", "loaded_at", "entries")
        print_lines({**{name: getattr(row, name) for name in plain}, "stale": is_stale(row, at)} for row in rows)
        return
    columns = [("feed", "left"), ("version", "left"), ("of", "left"), ("loaded", "left"), ("entries", "right"), ("", "left")]
    cells = (
        (row.name.upper(), row.version, row.published, row.loaded_at, row.entries, "stale" if is_stale(row, at) else "")
        for row in rows
    )
    print_table(columns, cells, empty="No feed is loaded. Next: `talaia feeds load FILE…`.")


def _load(context: typer.Context, files: list[Path], may_shrink: bool) -> None:
    with explained():
        contents = read_feeds(files)
        if not contents:
            end(Exit.WRONG_FILES, "no file says anything of a vulnerability")
        parts = chosen(context).judging
        try:
            loaded = load(parts.ingest, contents, parts.rulebook.flawed, _noted, at=now(), may_shrink=may_shrink)
        except ActionRefused as error:
            end(Exit.WRONG_FILES, f"{error}: --may-shrink" if error.code == "feed-shrinks" else str(error))
    for one in loaded.taken:
        say(f"{one.feed.upper()}: {_SAID[one.outcome].format(changed=one.changed, entries=one.entries)}")
    if loaded.weighed is not None:
        say(f"{loaded.weighed} findings weigh otherwise now, or have another deadline")


def _noted(connection: Connection, loaded: Loaded) -> None:
    if loaded.detail:
        note(connection, said_here(now(), "load_feeds", detail=loaded.detail))
