"""``talaia serve``."""

import typer

from talaia import service
from talaia.cli.chosen import chosen, explained
from talaia.cli.output import say


def command(context: typer.Context) -> None:
    """Run API, dashboard, scheduler and workers.

    One process; with Elasticsearch in the settings it delivers there too.
    """
    with explained():
        parts = chosen(context).parts
        parts.write_down()
        listen = parts.settings.listen
        say(f"Talaia answers on http://{listen.address}:{listen.port}; `talaia token NAME` makes the token to sign in with.")
        service.serve(parts)
