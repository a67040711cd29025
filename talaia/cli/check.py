"""``talaia check``."""

from collections.abc import Mapping
from typing import Any

import typer

from api.ticketing.trouble import TicketingError
from collector.schedules import ScheduleError, next_due
from collector.sealing import SealError
from rules.parameters import ParameterError
from scanners.located_yaml import FileError
from talaia.cli.chosen import Chosen, chosen
from talaia.cli.output import Exit, say
from talaia.parts import now
from talaia.settings import Settings
from talaia.ticket_systems import ticket_system


def command(context: typer.Context) -> None:
    """Validate settings, zones, catalogue, rules. Looks at nothing.

    Every mistake is named with its file and line.
    """
    words = chosen(context)
    try:
        settings = words.settings
    except FileError as error:
        say(str(error))
        raise typer.Exit(int(Exit.WRONG_FILES)) from error
    problems = [*_files(words), *_references(words, settings)]
    for problem in problems:
        say(problem)
    if problems:
        raise typer.Exit(int(Exit.WRONG_FILES))
    parts = words.parts
    assets = len(parts.catalogue.assets) if parts.catalogue else 0
    rules = f"{len(parts.rulebook.rules)} rules ({settings.rules.profile})"
    say(f"{settings.source}: {len(parts.zones)} zones, {rules}, {assets} assets")
    for zone in parts.zones.values():
        closed = zone.closed_because(now())
        say(f"  {zone.id}: {closed or 'open now'}; authorised by {zone.authorised_by} until {zone.valid_until}")
    say("Everything is in order. Next: `talaia scan`.")


def _files(words: Chosen) -> list[str]:
    found = []
    for part in ("zones", "catalogue", "rulebook", "deadlines"):
        try:
            getattr(words.parts, part)
        except FileError as error:
            found.append(str(error))
    try:
        if words.parts.seal:
            words.parts.seal.check()
    except SealError as error:
        found.append(f"{words.settings.source}: {error}")
    if words.settings.ticketing:
        try:
            ticket_system(words.settings.ticketing, words.settings.path)
        except TicketingError as error:
            found.append(f"{words.settings.source}: ticketing: {error}")
    return found


def _references(words: Chosen, settings: Settings) -> list[str]:
    """What one file says of another. Only judged where both can be read."""
    parts, found = words.parts, []
    try:
        zones, rulebook, catalogue = parts.zones, parts.rulebook, parts.catalogue
    except FileError:
        return []
    for text in settings.schedules:
        if text.zone not in zones:
            found.append(f"{settings.source}: schedule {text.id}: there is no zone {text.zone}")
            continue
        try:
            next_due(text.as_schedule(zones[text.zone].timezone), now())
        except ScheduleError as error:
            found.append(f"{settings.source}: {error}")
    if settings.ticketing and catalogue:
        named = settings.ticketing.queues.keys() | settings.ticketing.languages.keys()
        for unknown in sorted(named - catalogue.departments.keys()):
            found.append(f"{settings.source}: ticketing: the catalogue has no department {unknown}")
    parameters: list[tuple[str, Mapping[str, Mapping[str, Any]]]] = [
        (f"{settings.path(settings.zones)}: zone {zone.id}", zone.parameters) for zone in zones.values()
    ]
    if catalogue:
        parameters += [(f"the catalogue: service {name}", service.parameters) for name, service in catalogue.services.items()]
    for place, values in parameters:
        try:
            rulebook.check_parameters(values)
        except ParameterError as error:
            found.append(f"{place}: {error}")
    for path in settings.trusted_authorities:
        if not settings.path(path).is_file():
            found.append(f"{settings.source}: trusted_authorities: {path} does not exist")
    return found
