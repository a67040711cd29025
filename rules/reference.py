"""The reference page of one rule: what it looks for, why, how to fix it, what it is mapped to, and the examples that prove it."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import yaml

from rules.rule import Check, Example, Rule
from rules.verdict import Confidence

_SURE = {
    Confidence.CONFIRMED: "confirmed: seen in behaviour",
    Confidence.INFERRED: "inferred: read from a version",
    Confidence.POTENTIAL: "potential: possible, not shown",
}
_LANGUAGES = (  # code, name, the headings of why and of what to do
    ("en", "English", "Why it matters", "How to fix it"),
    ("ca", "Català", "Per què importa", "Com s'arregla"),
    ("es", "Castellano", "Por qué importa", "Cómo se arregla"),
)


def page(rule: Rule) -> str:
    """Markdown, with its final line feed."""
    parts = [
        f"# {rule.id} {rule.title['en']}\n",
        f"*{rule.title['ca']}* · *{rule.title['es']}*\n",
        f"**Severity:** {rule.severity} (base {rule.base:g}). **Confidence:** {_SURE[rule.confidence]}.\n",
        *(_texts(rule, *words) for words in _LANGUAGES),
        "## What it looks for\n",
        *(_check(check) for check in rule.checks),
        *_parameters(rule),
        _mappings(rule),
        "## Examples\n",
        "Facts, and what the rule says of them; a fact that is not named was not determined. The tests run every one.\n",
        "| Example | Verdict | Facts |\n|---|---|---|",
        *(_example(example) for example in rule.examples),
        "\n[All rules](../rules.md)",
    ]
    return "\n".join(parts) + "\n"


def _texts(rule: Rule, code: str, language: str, why: str, how: str) -> str:
    texts: Any = {part: getattr(rule, part)[code] for part in ("rationale", "remediation")}
    sentence, _, commands = texts["remediation"].partition("\n")
    lines = [f"## {language}\n", f"**{why}.** {texts['rationale']}\n", f"**{how}.** {sentence}\n"]
    if commands.strip():
        lines.append(f"```text\n{commands.strip(chr(10))}\n```\n")
    return "\n".join(lines)


def _check(check: Check) -> str:
    lines = [f"judges: {check.judges}"]
    lines += [f"{word}: {text}" for word, text in (("when", check.when), ("known", check.known)) if text != "true"]
    lines.append(f"expect: {check.expect}")
    lines += [f"base {step.base:g} when: {step.when}" for step in check.escalate]
    lines += [f"{doubt.confidence} when: {doubt.when}" for doubt in check.doubts]
    return "\n".join(["```yaml", *lines, "```\n"])


def _parameters(rule: Rule) -> Iterator[str]:
    for name, parameter in rule.parameters.items():
        default = json.dumps(parameter.default, ensure_ascii=False, default=str)
        yield f"- `{name}` ({parameter.type}, default `{default}`): {parameter.about}"
    for profile, setting in rule.profiles.items():
        given = ", ".join(f"`{name}` = `{json.dumps(value)}`" for name, value in setting.parameters.items())
        yield f"- profile `{profile}`: {given or ('on' if setting.enabled else 'off')}"
    if rule.parameters or rule.profiles:
        yield ""


def _mappings(rule: Rule) -> str:
    found = rule.mappings
    rows: tuple[tuple[str, Iterable[str]], ...] = (
        ("ENS (RD 311/2022)", found.ens),
        ("CCN-STIC", (guide.id + ("?" if guide.unverified else "") for guide in found.ccn_stic)),
        ("CIS Controls v8.1", found.cis_v8_1),
        ("NIS2, art. 21(2)", found.nis2_21_2),
        ("ISO/IEC 27001:2022", found.iso_27001_2022),
        ("CWE", found.cwe),
        *((("CVE, where it is observed", dict.fromkeys(flaw.cve for flaw in rule.flaws)),) if rule.flaws else ()),
    )
    lines = [f"| {name} | {', '.join(ids) or '–'} |" for name, ids in rows]
    return "\n".join(["## Mappings\n", "| Framework | Ids |\n|---|---|", *lines, ""])


def _example(example: Example) -> str:
    said = str(example.result)
    said += f", base {example.base:g}" if example.base is not None else ""
    said += f", {example.confidence}" if example.confidence is not None else ""
    given: dict[str, Any] = {"facts": dict(example.facts), "endpoint": dict(example.endpoint), "asset": dict(example.asset)}
    given |= {"parameters": dict(example.parameters), "profile": example.profile if example.profile != "modern" else None}
    shown = yaml.safe_dump(
        {name: value for name, value in given.items() if value}, default_flow_style=True, allow_unicode=True, width=10_000
    )
    return f"| {_cell(example.name)} | {_cell(said)} | `{_cell(shown.strip())}` |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'")
