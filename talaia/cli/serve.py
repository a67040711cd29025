"""``talaia serve``."""

import typer

from talaia import service
from talaia.cli.chosen import chosen, explained
from talaia.cli.output import say


def command(context: typer.Context) -> None:
    """Run the API, the dashboard, the scheduler, the workers and the delivery to Elasticsearch in one process."""
    with explained():
        parts = chosen(context).parts
        parts.write_down()
        listen = parts.settings.listen
        say(f"Talaia answers on http://{listen.address}:{listen.port}; `talaia token NAME` makes the token to sign in with.")
        service.serve(parts)
