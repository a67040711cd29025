"""The rules of one profile, ready to judge. This is what other rooms use of this one."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rules.context import AssetFacts, EndpointFacts
from rules.rule import Rule
from rules.verdict import Verdict
from scanners.observation import Facts


def our_rules() -> Path:
    """The folder of the rules that come with Talaia."""
    return Path(__file__).parent / "library"


class Rulebook:
    """Checked and compiled rules of one profile. Pure: the same facts and parameters give the same verdicts.

    ``rules`` are the enabled ones by id, in order; ``disabled`` those that the profile switches off. Safe to share between
    threads.
    """

    profile: str
    rules: Mapping[str, Rule]
    disabled: Mapping[str, Rule]

    def rules_for(self, kind: str) -> Sequence[Rule]:
        """The enabled rules that judge facts of ``kind`` (``tls``, ``http``, …), in order of id; empty when none does."""
        raise NotImplementedError

    def judge(
        self,
        facts: Facts,
        endpoint: EndpointFacts,
        asset: AssetFacts,
        parameters: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> list[Verdict]:
        """Judge one successful look: one verdict for each rule of ``facts.kind``, not applicable and unknown ones included.

        ``parameters`` are a zone's or service's values, by rule id and parameter name: ``{"CERT-002": {"days": 45}}``.
        Raises :class:`ParameterError` when they name a rule or parameter that there is not, or have another type.
        A missing fact or an evaluation that fails gives *unknown*, never an exception.
        """
        raise NotImplementedError

    def unjudged(self, kind: str, reason: str) -> list[Verdict]:
        """For a look that failed: *unknown* for each rule of ``kind``, with ``observed`` ``{"outcome": reason}``."""
        raise NotImplementedError

    def check_parameters(self, parameters: Mapping[str, Mapping[str, Any]]) -> None:
        """Raise :class:`ParameterError` unless each rule, parameter and value is fit for :meth:`judge`."""
        raise NotImplementedError


class ParameterError(ValueError):
    """A zone or service sets a parameter that no rule has, or to a value of another type."""


def load_rules(folders: Sequence[Path], *, profile: str = "modern") -> Rulebook:
    """Read every ``*.yaml`` below ``folders``, check all of it, and compile.

    ``profile`` is ``modern`` or ``ccn-807-strict``. Raises :class:`~scanners.located_yaml.FileError` when anything is wrong,
    with every problem of every file (several files: ``ExceptionGroup`` of them, :class:`RuleErrors`).
    """
    raise NotImplementedError
