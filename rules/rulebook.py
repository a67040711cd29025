"""The rules of one profile, ready to judge. This is what other rooms use of this one."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from rules.cel_engine import plain
from rules.compiling import ReadCheck, activation, ready, variables_of
from rules.context import AssetFacts, EndpointFacts
from rules.flaws import ShownCves, shown_cves
from rules.judging import judged, unknown, values_seen
from rules.loading import read_rules
from rules.parameters import ParameterError, check_value, values_of
from rules.plan import Plan
from rules.rule import Rule
from rules.verdict import Verdict
from scanners.observation import Facts

_PARAMETER_SETS = 256  # of zones and services; a set that is asked for again is not compiled again


def our_rules() -> Path:
    """The folder of the rules that come with Talaia."""
    return Path(__file__).parent / "library"


class Rulebook:
    """Checked and compiled rules of one profile. Pure: the same facts and parameters give the same verdicts.

    ``rules`` are the enabled ones by id, in order; ``disabled`` those that the profile switches off. Safe to share between
    threads. Made by :func:`load_rules`.
    """

    def __init__(self, profile: str, checks: Iterable[ReadCheck], disabled: Iterable[Rule] = ()) -> None:
        self.profile = profile
        self._checks: dict[str, list[ReadCheck]] = {}
        for check in sorted(checks, key=lambda item: item.rule.id):
            self._checks.setdefault(check.check.judges, []).append(check)
        found = {check.rule.id: check.rule for checks_ in self._checks.values() for check in checks_}
        self.rules: Mapping[str, Rule] = dict(sorted(found.items()))
        self.disabled: Mapping[str, Rule] = {rule.id: rule for rule in sorted(disabled, key=lambda item: item.id)}
        every = {**self.disabled, **self.rules}
        self._flawed = {rule.id: rule for rule in every.values() if rule.flaws or rule.names_cves}
        self._sources = {kind: variables_of(checks_) for kind, checks_ in self._checks.items()}
        self._plan = lru_cache(maxsize=_PARAMETER_SETS)(self._compile_plan)
        self._plans = {kind: self._plan(kind, "{}") for kind in self._checks}

    def rules_for(self, kind: str) -> Sequence[Rule]:
        """The enabled rules that judge facts of ``kind`` (``tls``, ``http``, …), in order of id; empty when none does."""
        return tuple(check.rule for check in self._checks.get(kind, ()))

    @property
    def flawed(self) -> Collection[str]:
        """The ids of the rules that name CVEs, or whose evidence does, the disabled ones too: their findings may still stand."""
        return self._flawed.keys()

    @property
    def cves(self) -> Collection[str]:
        """Every CVE that a rule names."""
        return {flaw.cve for rule in self._flawed.values() for flaw in rule.flaws}

    def shown_cves(self, rule: str, observed: Any, expected: Any) -> ShownCves | None:
        """The CVEs that a finding of the rule shows; None when it shows none."""
        found = self._flawed.get(rule)
        return None if found is None else shown_cves(found, observed, expected)

    def judge(
        self,
        facts: Facts,
        endpoint: EndpointFacts,
        asset: AssetFacts,
        parameters: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> list[Verdict]:
        """Judge one successful look: one verdict for each rule of ``facts.kind``, not applicable and unknown ones included.

        What the inventory says of an asset is judged like a look: ``facts`` are then the :class:`AssetFacts` themselves.
        ``parameters`` are a zone's or service's values, by rule id and parameter name: ``{"CERT-002": {"days": 45}}``.
        Raises :class:`ParameterError` when they name a rule or parameter that there is not, or have another type.
        A missing fact or an evaluation that fails gives *unknown*, never an exception.
        """
        kind = facts.kind
        if kind not in self._checks:
            return []
        plan = self._plans[kind] if not parameters else self._plan(kind, self._parameter_key(kind, parameters))
        try:
            values = values_seen(self._sources[kind], {"endpoint": endpoint, "asset": asset, kind: facts})
            seen = activation(kind, values)
        except Exception as error:  # noqa: BLE001 - facts that the runtime cannot take must not stop a scan
            return [unknown(check, {"error": f"{type(error).__name__}: {error}"[:300]}) for check in plan.checks]
        shown: dict[str, Any] = {}
        states = plan.states(seen, values)
        return [judged(check, state, seen, values, shown) for check, state in zip(plan.checks, states, strict=True)]

    def unjudged(self, kind: str, reason: str) -> list[Verdict]:
        """For a look that failed: *unknown* for each rule of ``kind``, with ``observed`` ``{"outcome": reason}``."""
        plan = self._plans.get(kind)
        return [unknown(check, {"outcome": str(plain(reason))}) for check in plan.checks] if plan else []

    def check_parameters(self, parameters: Mapping[str, Mapping[str, Any]]) -> None:
        """Raise :class:`ParameterError` unless each rule, parameter and value is fit for :meth:`judge`."""
        for rule_id, values in parameters.items():
            rule = self.rules.get(rule_id) or self.disabled.get(rule_id)
            if rule is None:
                raise ParameterError(f"parameters are set for {rule_id}, and there is no such rule")
            for name, value in values.items():
                check_value(rule, name, value)

    def _parameter_key(self, kind: str, parameters: Mapping[str, Mapping[str, Any]]) -> str:
        self.check_parameters(parameters)
        own = {check.rule.id for check in self._checks[kind]}
        return json.dumps({name: dict(values) for name, values in parameters.items() if name in own}, sort_keys=True, default=str)

    def _compile_plan(self, kind: str, key: str) -> Plan:
        overrides = json.loads(key)
        checks = (
            ready(check, values_of(check.rule, self.profile, overrides.get(check.rule.id, {}))) for check in self._checks[kind]
        )
        return Plan(kind, tuple(checks))


def load_rules(folders: Sequence[Path], *, profile: str = "modern") -> Rulebook:
    """Read every ``*.yaml`` below ``folders``, check all of it, and compile.

    ``profile`` is ``modern`` or ``ccn-807-strict``. Raises :class:`~rules.loading.RuleErrors`, a
    :class:`~scanners.located_yaml.FileError`, with every problem of every file, each with file and line.
    """
    checks, disabled = read_rules(folders, profile)
    return Rulebook(profile, checks, disabled)
