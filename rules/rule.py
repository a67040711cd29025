"""One rule as its YAML file says it: what it judges, why it matters, what to do, and the examples that prove it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from typing_extensions import TypedDict

from rules.verdict import Confidence, Result, Severity

LANGUAGES = ("ca", "es", "en")
PROFILES = ("modern", "ccn-807-strict")
EXPRESSION_LIMIT = 2_000  # characters of one expression

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000)]
Expression = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=EXPRESSION_LIMIT)]
RuleId = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]{1,15}-[0-9]{3,4}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Uuid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Base = Annotated[float, Field(ge=0, le=100)]
Values = Mapping[Name, Any]


class Texts(TypedDict):
    """One text in Catalan, Castilian and English; all three or the rule is refused."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]

    ca: Text
    es: Text
    en: Text


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CcnGuide(_Part):
    """A CCN-STIC guide by number. ``unverified``: number or title is from memory, not seen in a source."""

    id: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z/]{1,12}$")]
    unverified: bool = False


class Mappings(_Part):
    """Ids in the frameworks a city answers to; ids only, no text of theirs."""

    ens: tuple[Annotated[str, StringConstraints(pattern=r"^(org|op|mp)(\.[a-z]+)?\.[0-9]{1,2}$")], ...]
    ccn_stic: tuple[CcnGuide, ...]
    cis_v8_1: tuple[Annotated[str, StringConstraints(pattern=r"^[0-9]{1,2}\.[0-9]{1,2}$")], ...]
    nis2_21_2: tuple[Annotated[str, StringConstraints(pattern=r"^[a-j]$")], ...]
    iso_27001_2022: tuple[Annotated[str, StringConstraints(pattern=r"^A\.[5-8]\.[0-9]{1,2}$")], ...]
    cwe: tuple[Annotated[str, StringConstraints(pattern=r"^CWE-[0-9]{1,5}$")], ...]


class ParameterType(StrEnum):
    BOOL = "bool"
    INT = "int"
    NUMBER = "number"
    TEXT = "text"
    TIME = "time"
    TEXTS = "texts"
    INTS = "ints"
    TABLE = "table"  # text to text


class Parameter(_Part):
    """A value that a profile, a zone or a service may set without editing the rule; ``param.<name>`` in expressions."""

    type: ParameterType
    default: Any
    about: Text


class ProfileSetting(_Part):
    """What one profile changes: switches the rule off or gives parameters other values."""

    enabled: bool = True
    parameters: Values = {}


class Escalation(_Part):
    """Another base score when ``when`` holds; the first that holds counts. May lower as well as raise."""

    when: Expression
    base: Base


class Doubt(_Part):
    """How sure a verdict is when ``when`` holds; the first that holds counts, else the rule's own confidence."""

    when: Expression
    confidence: Confidence


class Check(_Part):
    """How the rule judges one kind of facts.

    ``when``: does the rule say anything here (else *not_applicable*). ``known``: are the facts enough to judge (else
    *unknown*). ``expect``: what a good system fulfils. ``observed`` and ``expected``: in each, a text is an expression and
    anything else is the value itself.
    """

    judges: Name
    when: Expression = "true"
    known: Expression = "true"
    expect: Expression
    observed: Values
    expected: Values
    escalate: tuple[Escalation, ...] = ()
    doubts: tuple[Doubt, ...] = ()


class Example(_Part):
    """Facts in, verdict out. ``facts`` are of kind ``judges`` (needed where the rule has several checks); fields that are left
    out were not determined. ``base``, ``confidence`` and ``observed`` are compared where given."""

    name: Text
    result: Result
    profile: str = PROFILES[0]
    judges: Name | None = None
    facts: Mapping[str, Any] = {}
    endpoint: Mapping[str, Any] = {}
    asset: Mapping[str, Any] = {}
    parameters: Values = {}
    base: Base | None = None
    confidence: Confidence | None = None
    observed: Mapping[str, Any] | None = None


class KnownFlaw(_Part):
    """A CVE that a failure shows: where the observed value ``observed`` is true, or, with ``package``, where it lists
    ``package VERSION`` with a version from ``since`` on and before ``below``."""

    cve: Annotated[str, StringConstraints(pattern=r"^CVE-[0-9]{4}-[0-9]{4,7}$")]
    observed: Name
    package: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")] | None = None
    since: Annotated[str, StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)*$")] = "0"
    below: Annotated[str, StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)*$")] | None = None

    @model_validator(mode="after")
    def _a_package_has_versions(self) -> Self:
        if (self.package is None) != (self.below is None):
            raise ValueError(f"{self.cve}: give `package` and `below`, or neither")
        return self


class NamedCves(_Part):
    """Where the evidence itself names CVEs: ``observed`` is a list of texts with CVE ids, one for each item of the list ``of``
    that has any."""

    observed: Name
    of: Name


def severity_of(base: float) -> Severity:
    """The band of a base score: info < 10, low 10-30, medium 30-55, high 55-80, critical >= 80 (`mappings.md`).

    A border itself may be either side in the table (WEB-002 is medium at 30, HOST-014 low): a rule says which it is.
    """
    bounds = ((80, Severity.CRITICAL), (55, Severity.HIGH), (30, Severity.MEDIUM), (10, Severity.LOW))
    return next((severity for least, severity in bounds if base >= least), Severity.INFO)


class Rule(_Part):
    """One expectation. ``title``, ``rationale`` and ``remediation`` are read as ``rule.title["ca"]``."""

    id: RuleId
    uuid: Uuid
    title: Texts
    rationale: Texts
    remediation: Texts
    severity: Severity
    base: Base
    confidence: Confidence = Confidence.CONFIRMED
    parameters: Mapping[Name, Parameter] = {}
    profiles: Mapping[str, ProfileSetting] = {}
    mappings: Mappings
    checks: Annotated[tuple[Check, ...], Field(min_length=1)]
    flaws: tuple[KnownFlaw, ...] = ()
    names_cves: NamedCves | None = None
    examples: Annotated[tuple[Example, ...], Field(min_length=1)]

    @property
    def family(self) -> str:
        """``TLS`` of ``TLS-001``."""
        return self.id.partition("-")[0]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of facts it judges, mostly one."""
        return tuple(check.judges for check in self.checks)

    @property
    def kind(self) -> str:
        """The first of ``kinds``."""
        return self.checks[0].judges

    def enabled(self, profile: str) -> bool:
        setting = self.profiles.get(profile)
        return setting is None or setting.enabled

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        at_the_border = {severity_of(self.base), severity_of(max(0.0, self.base - 0.001))}
        if self.severity not in at_the_border:
            raise ValueError(f"severity {self.severity} does not belong to base {self.base:g}: that is {severity_of(self.base)}")
        observed = {name for check in self.checks for name in check.observed}
        for flaw in self.flaws:
            if flaw.observed not in observed:
                raise ValueError(f"{flaw.cve}: no check observes {flaw.observed!r}")
        for name in (self.names_cves.observed, self.names_cves.of) if self.names_cves else ():
            if name not in observed:
                raise ValueError(f"names_cves: no check observes {name!r}")
        return self
