"""docs/rules.md, a page for each rule and docs/schemas/rule.json, written from the rules: they cannot say anything else."""

import json
from collections.abc import Iterable, Mapping

from rules.planned import Planned, planned_rules
from rules.reference import page
from rules.rule import Rule
from rules.rulebook import Rulebook
from rules.vocabulary import Variable, kinds, vocabulary

_HEAD = """# The rules

Written by `python -m rules docs`; do not edit. Each rule is one file in `rules/library`, with its texts in Catalan, Castilian
and English and with the examples that prove it; each has a page of its own. Which rule was seen to work against which real
server stands in [coverage.md](coverage.md).

A verdict is *pass*, *fail*, *not applicable* or *unknown*. A fact that could not be determined, a look that failed and an
expression that cannot be evaluated give *unknown*, never *pass*. The base score is for an exposed production asset; exposure
and ENS category change the risk, not the severity. Mappings carry identifiers only: the texts of the CCN-STIC guides, of the
CIS Controls and of ISO/IEC 27001 belong to their owners. A guide marked `?` was not seen in a source. NIS2 is a reference
mapping, not a legal obligation of a municipality.

Two profiles: `modern` (the default) and `ccn-807-strict`, which reads the tables of CCN-STIC-807 (May 2022) to the letter.
Its legacy mechanisms were admitted until 2025-12-31; where a newer edition says another date, set `legacy_until` for the zone.
"""

_WRITING = """## Writing a rule

Put `<ID>.yaml` into a folder of your own, name the folder in the settings, and run `python -m rules check FOLDER`. The format is
`docs/schemas/rule.json`. `judges` names the kind of facts; `when`, `known` and `expect` are
[CEL](https://github.com/google/cel-spec) expressions over the facts listed below, over `endpoint.*` (where the look was made)
and `asset.*` (what the inventory says). `has(tls.compression)` asks whether a fact was determined. `param.<name>` is one of the
rule's parameters; zones and services set others without editing the rule:

```yaml
parameters:
  CERT-002: {days: 45}
  INV-004: {ports: [22, 443]}
```

In `observed` and `expected` a text is an expression and anything else is the value itself. One function is added to CEL:
`version_below(version, floor)`. An expression has at most 2,000 characters, 24 nested brackets and two
nested loops. A finding's `observed` should hold still while nothing changes: no counters, no days left.

`flaws` names the CVEs that an observed value shows; `names_cves` names the observed list whose texts hold CVE ids. The scores and
deadlines of such findings follow the vulnerability feeds.
"""


def generated(rulebook: Rulebook) -> Mapping[str, str]:
    """The text of each file, by its path inside ``docs``."""
    rules = dict(sorted({**rulebook.rules, **rulebook.disabled}.items()))
    parts = [_HEAD, _overview(rules.values()), _planned(planned_rules(), rules), _WRITING, _facts()]
    pages = {f"rules/{rule.id}.md": page(rule) for rule in rules.values()}
    return {"rules.md": "\n".join(parts).rstrip() + "\n", "schemas/rule.json": schema(), **pages}


def schema() -> str:
    """The JSON Schema (2020-12) of a rule file."""
    found = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Rule.model_json_schema()}
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _overview(rules: Iterable[Rule]) -> str:
    rows = [
        "## Judged now\n",
        "| Rule | Says | Severity (base) | Judges | ENS | CCN-STIC | CIS v8.1 | NIS2 21(2) | ISO 27001 | CWE |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for rule in rules:
        found = rule.mappings
        guides = (guide.id + ("?" if guide.unverified else "") for guide in found.ccn_stic)
        cells = [
            f"[{rule.id}](rules/{rule.id}.md)",
            rule.title["en"],
            f"{rule.severity} ({rule.base:g})",
            ", ".join(rule.kinds),
            *(
                ", ".join(ids) or "–"
                for ids in (found.ens, guides, found.cis_v8_1, found.nis2_21_2, found.iso_27001_2022, found.cwe)
            ),
        ]
        rows.append(_row(cells))
    return "\n".join(rows) + "\n"


def _planned(planned: Iterable[Planned], rules: Mapping[str, Rule]) -> str:
    waiting = [item for item in planned if item.id not in rules]
    rows = [f"## To come: {len(waiting)} more\n", "| Rule | Says | Severity (base) | Waits for |", "|---|---|---|---|"]
    rows += [_row([item.id, item.title, f"{item.severity} ({item.base:g})", item.waits_for]) for item in waiting]
    return "\n".join(rows) + "\n"


def _facts() -> str:
    rows = ["### Facts\n"]
    for kind in (*kinds(), "endpoint"):
        words = vocabulary("asset") if kind == "endpoint" else vocabulary(kind)
        own = [word for word in words.values() if word.root == kind]
        rows.append(f"**{kind}**: " + ", ".join(f"`{word.name}` {_type(word)}" for word in own) + "\n")
    return "\n".join(rows)


def _type(word: Variable) -> str:
    if word.members is not None:
        return "list of {" + ", ".join(f"{name}: {type_name}" for name, type_name in word.members.items()) + "}"
    return f"list of {word.type_name}" if word.is_list else word.type_name


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
