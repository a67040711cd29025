"""How exposed a place is: by the vantage that sees it, and by what the city says of the service."""

from collections.abc import Iterable, Mapping

from collector.score import EXPOSURE
from scanners.observation import Vantage

_OF_VANTAGE: Mapping[str, str] = {
    Vantage.INTERNET: "internet",
    Vantage.PARTNER: "partner",
    Vantage.INTERNAL: "internal",
    Vantage.WORKPLACE: "internal",
    Vantage.INDUSTRIAL: "internal",
    Vantage.ISOLATED: "isolated",
    Vantage.AUTHENTICATED: "unknown",  # a look from inside the host tells nothing about who can reach it
}


def exposure_of(vantage: str, stated: str | None) -> str:
    """A word of :data:`collector.score.EXPOSURE`.

    What the city states counts, but for a place that answered to the internet: then it is *internet*, or *authenticated* when
    that is stated.
    """
    seen = _OF_VANTAGE.get(vantage, "unknown")
    if seen == "internet":
        return "authenticated" if stated == "authenticated" else "internet"
    return stated if stated is not None and stated in EXPOSURE else seen


def most_exposed(vantages: Iterable[str], stated: str | None) -> tuple[str, str]:
    """The vantage that weighs most and its exposure; ties in order of name, so that the answer never depends on an order."""
    ranked = sorted((-EXPOSURE[exposure_of(vantage, stated)], vantage) for vantage in vantages)
    return ranked[0][1], exposure_of(ranked[0][1], stated)
