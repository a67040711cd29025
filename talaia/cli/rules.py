"""``talaia rules``."""

from typing import Annotated

import typer

from api.texts import rule_text
from talaia.cli.chosen import chosen, explained
from talaia.cli.languages import LanguageOption
from talaia.cli.output import Exit, end, out, print_lines, print_table


def command(
    context: typer.Context,
    *,
    identity: Annotated[str | None, typer.Argument(metavar="[ID]", help="Show one rule.")] = None,
    language: LanguageOption,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines, for programs.")] = False,
) -> None:
    """What is judged, and by which norm."""
    with explained():
        rulebook = chosen(context).parts.rulebook
    rules = list(rulebook.rules.values())
    if identity:
        rules = [rule for rule in rules if rule.id == identity]
        if not rules:
            end(Exit.NOT_FOUND, f"no rule {identity} is in force in the profile {rulebook.profile}")
    if as_json:
        print_lines({"rule": rule.id, **rule.model_dump(mode="json", exclude={"id", "examples"})} for rule in rules)
        return
    word = language.value
    if identity:
        rule = rules[0]
        screen = out()
        title, why, how = (rule_text(rulebook, rule.id, part, word).strip() for part in ("title", "rationale", "remediation"))
        screen.print(f"{rule.id}  {title}  ({rule.severity.value}, {rule.base:g})\n\n{why}\n\nHow to fix it\n{how}\n")
        screen.print(f"ENS: {', '.join(rule.mappings.ens)}")
        return
    columns = [("rule", "left"), ("severity", "left"), ("title", "left"), ("ENS", "left")]
    print_table(
        columns,
        (
            (rule.id, rule.severity.value, rule_text(rulebook, rule.id, "title", word), ", ".join(rule.mappings.ens))
            for rule in rules
        ),
        empty="",
    )
