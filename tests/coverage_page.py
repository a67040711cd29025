"""docs/coverage.md: which rule was seen to work against which real server. ``python -m tests.coverage_page`` writes it.

What the page says comes from the rules themselves, from the truth of the tests' city (``tests/city``), and from
``tests/evidence.yaml``, where each kind of facts names the servers that its tests really start, and what they only replay. A test
holds that each of them is named in the test it points to.
"""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from rules.rule import Rule
from tests.city.hosts import HOSTS
from tests.rules.library import rulebook

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/coverage.md"
EVIDENCE = ROOT / "tests/evidence.yaml"
SORTS = ("real", "recorded", "simulated")  # what a test talks to; each maps a name to the file that names it

_HEAD = """# What each rule was tested against

Written by `python -m tests.coverage_page` from the rules, the truth of the tests' city and `tests/evidence.yaml`; do not edit.

- **Real** servers are programs of Debian, PyPI, npm or Maven Central that the tests start and look at over the network.
- **Recorded** answers are bytes or texts of such systems, kept or written after their makers' documentation, and replayed.
- **Simulated**: a small server of ours that behaves as the protocol's document says, because no real one can be had here.
- **City**: how many hosts of the tests' city have the fault and were found out by a whole scan. Their hardened twins stand beside
  them, and no rule may accuse those.
"""


def evidence() -> dict[str, dict[str, Any]]:
    """``kinds`` and ``rules``: for each, the sorts of what its tests talk to. A rule's own entry stands before its kind's."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(EVIDENCE.read_text("utf-8"))
    return found


def all_rules() -> dict[str, Rule]:
    return dict(sorted({**rulebook().rules, **rulebook().disabled}.items()))


def written() -> str:
    """The whole page."""
    said = evidence()
    hosts = _hosts_by_rule()
    rows = [_row(rule, kind, said, hosts) for rule in all_rules().values() for kind in dict.fromkeys(rule.kinds)]
    tested = {rule for rule, _, cells in rows if cells[0] != "–" or cells[3] != "–"}
    only_replayed = sorted({rule for rule, _, cells in rows if rule not in tested and (cells[1], cells[2]) != ("–", "–")})
    neither = sorted({rule for rule, _, _ in rows} - tested - set(only_replayed))
    lines = [_HEAD, f"The tests read the facts of {len(tested)} of {len(all_rules())} rules from real servers;"]
    lines.append(f"from recorded or simulated ones only: {_listed(only_replayed)}; from neither: {_listed(neither)}.\n")
    lines += ["| Rule | Protocol (facts) | Real | Recorded | Simulated | City |", "|---|---|---|---|---|---|"]
    lines += [f"| [{rule}](rules/{rule}.md) | {kind} | {' | '.join(cells)} |" for rule, kind, cells in rows]
    return "\n".join(lines) + "\n"


def _row(rule: Rule, kind: str, said: Mapping[str, Any], hosts: Mapping[str, int]) -> tuple[str, str, list[str]]:
    own = said["rules"].get(rule.id, said["kinds"].get(kind, {}))
    cells = [", ".join(sorted(own.get(sort) or {}, key=str.casefold)) or "–" for sort in SORTS]
    return rule.id, kind, [*cells, str(hosts[rule.id]) if rule.id in hosts else "–"]


def _hosts_by_rule() -> dict[str, int]:
    faulty: dict[str, set[str]] = {}
    for host in HOSTS:
        for _, _, rule in host.truth:
            faulty.setdefault(rule, set()).add(host.name)
    return {rule: len(names) for rule, names in faulty.items()}


def _listed(rules: Iterable[str]) -> str:
    return ", ".join(rules) or "none"


if __name__ == "__main__":
    PAGE.write_text(written(), "utf-8")
    sys.stdout.write(f"wrote {PAGE.relative_to(ROOT)}\n")
