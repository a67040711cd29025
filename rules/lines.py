"""JSON lines in, JSON lines out: observations judged without a database (``python -m rules judge``)."""

import sys
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

import msgspec

from rules.context import AssetFacts, EndpointFacts
from rules.rulebook import Rulebook
from rules.verdict import Verdict
from scanners.clean_text import clean_text
from scanners.observation import Observation, ObservationError, Outcome, Vantage, decode
from scanners.scanner import facts_types

LINE_LIMIT_BYTES = 4 * 1024 * 1024

_EXPOSURE = {
    Vantage.INTERNET: "internet",
    Vantage.AUTHENTICATED: "authenticated",
    Vantage.PARTNER: "partner",
    Vantage.ISOLATED: "isolated",
}


def exposure_seen_from(vantage: Vantage) -> str:
    """The exposure (scoring.md) of what answers a look from ``vantage``, when no inventory says more."""
    return _EXPOSURE.get(vantage, "internal")


def judge_lines(rulebook: Rulebook, source: BinaryIO, target: BinaryIO) -> int:
    """Judge each observation of ``source`` and write one verdict a line to ``target``; returns how many lines were bad.

    A line that cannot be read is named on standard error and left out; the others are judged. Nothing is known of the asset, so
    rules about it say *unknown* or *not applicable*.
    """
    bad = 0
    for number, line in enumerate(_lines(source), start=1):
        if not line.strip():
            continue
        try:
            if len(line) > LINE_LIMIT_BYTES:
                raise ObservationError(f"it is longer than {LINE_LIMIT_BYTES} bytes")
            observation = decode(line, facts_types())
        except ObservationError as error:
            bad += 1
            sys.stderr.write(f"line {number} was left out: {clean_text(str(error), 300)}\n")
            continue
        for verdict in verdicts(rulebook, observation):
            target.write(msgspec.json.encode(_row(verdict, observation)) + b"\n")
    return bad


def verdicts(rulebook: Rulebook, observation: Observation) -> Iterable[Verdict]:
    """All verdicts of one observation, of which only the vantage tells how exposed the place is."""
    if observation.outcome is not Outcome.OBSERVED or observation.facts is None:
        facts_type = facts_types().get(observation.scanner)
        return rulebook.unjudged(facts_type.kind if facts_type else observation.scanner, observation.outcome.value)
    target = observation.target
    endpoint = EndpointFacts(
        address=target.address,
        port=target.port,
        transport=target.transport,
        name=target.name,
        names=(target.name,) if target.name else (),
        vantage=observation.vantage.value,
        exposure=exposure_seen_from(observation.vantage),
        observed_at=observation.observed_at,
    )
    return rulebook.judge(observation.facts, endpoint, AssetFacts())


def _lines(source: BinaryIO) -> Iterator[bytes]:
    while line := source.readline(LINE_LIMIT_BYTES + 1):
        yield line
        while len(line) > LINE_LIMIT_BYTES and not line.endswith(b"\n"):
            line = source.readline(LINE_LIMIT_BYTES + 1)  # the rest of a line that is too long is thrown away
            if not line:
                return


def _row(verdict: Verdict, observation: Observation) -> dict[str, Any]:
    target = observation.target
    return {
        "rule": verdict.rule,
        "result": verdict.result,
        "severity": verdict.severity,
        "base": verdict.base,
        "confidence": verdict.confidence,
        "address": target.address,
        "port": target.port,
        "transport": target.transport,
        "name": target.name,
        "zone": observation.zone,
        "vantage": observation.vantage,
        "scanner": observation.scanner,
        "observed_at": observation.observed_at,
        "observation": observation.id,
        "observed": verdict.observed,
        "expected": verdict.expected,
        "missing": verdict.missing,
    }
