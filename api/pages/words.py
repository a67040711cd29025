"""Words of the data as people read them. ``N_`` marks a text for translation; templates say ``word("band", value)``."""

from collections.abc import Mapping


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for "translate this later"
    return text


WORDS: Mapping[str, Mapping[str, str]] = {
    "band": {
        "critical": N_("critical"),
        "high": N_("high"),
        "medium": N_("medium"),
        "low": N_("low"),
        "info": N_("minimal"),
        "unknown": N_("unknown"),
    },
    "state": {"open": N_("open"), "waived": N_("waived"), "resolved": N_("resolved")},
    "result": {
        "pass": N_("holds"),
        "fail": N_("fails"),
        "not_applicable": N_("does not apply"),
        "unknown": N_("unknown"),
    },
    "confidence": {"confirmed": N_("seen in behaviour"), "inferred": N_("read from a version"), "potential": N_("possible")},
    "because": {
        "passed": N_("a later look proved it fixed"),
        "endpoint_gone": N_("the place no longer answers"),
        "asset_gone": N_("the asset is gone"),
        "not_applicable": N_("the rule no longer applies"),
    },
    "scan": {
        "waiting": N_("waiting"),
        "running": N_("running"),
        "finished": N_("finished"),
        "stopped": N_("stopped"),
        "failed": N_("not completed"),
    },
    "phase": {
        "waiting": N_("waiting"),
        "discovery": N_("finding hosts and ports"),
        "looking": N_("looking at services"),
        "closing": N_("closing"),
        "done": N_("done"),
    },
    "vantage": {
        "internet": N_("the internet"),
        "partner": N_("a partner's network"),
        "internal": N_("the internal network"),
        "workplace": N_("the workplace network"),
        "industrial": N_("the industrial network"),
        "isolated": N_("an isolated network"),
        "authenticated": N_("inside, authenticated"),
        "unknown": N_("unknown"),
    },
    "intrusiveness": {
        "passive": N_("listens only"),
        "gentle": N_("gentle"),
        "normal": N_("normal"),
        "deep": N_("deep"),
    },
    "identifier": {
        "mac": N_("network card"),
        "ssh_host_key": N_("SSH host key"),
        "certificate": N_("certificate"),
        "name": N_("name"),
        "address": N_("address"),
        "catalogue": N_("catalogue"),
    },
    "factor": {
        "base": N_("What the rule weighs"),
        "threat": N_("How easily it is abused"),
        "exposure": N_("From where it can be reached"),
        "ens_category": N_("What the service is worth (ENS)"),
        "confidence": N_("How sure the look is"),
        "compensation": N_("Compensating control"),
        "overdue": N_("Past its day"),
        "floor": N_("Known to be exploited: at least"),
        "worst_asset": N_("The most exposed asset"),
        "spread": N_("How many others there are"),
        "unscanned": N_("What was not looked at"),
    },
    "event": {
        "finding-opened": N_("Found"),
        "finding-resolved": N_("Resolved"),
        "finding-reopened": N_("Found again"),
        "finding-changed": N_("What is observed changed"),
        "finding-moved": N_("Moved with its asset"),
        "asset-new": N_("Seen for the first time"),
        "asset-gone": N_("Proved gone"),
        "asset-retired": N_("Taken out of the catalogue"),
        "asset-back": N_("Back again"),
        "asset-moved": N_("Moved to another address"),
        "asset-merged": N_("Proved to be the same as another"),
        "asset-address-lost": N_("Another machine answers at its address"),
        "asset-identity-changed": N_("New network card or host key"),
        "port-new": N_("A port began to answer"),
        "port-closed": N_("A port closed"),
        "port-reopened": N_("A port answers again"),
    },
    "source": {
        "the rule's base score": N_("the rule's base score"),
        "base score": N_("the base score"),
        "internet": N_("the internet"),
        "authenticated": N_("the internet, behind authentication"),
        "partner": N_("a partner's network"),
        "internal": N_("the internal network"),
        "isolated": N_("an isolated network"),
        "unknown": N_("unknown"),
        "ALTA": N_("high (ALTA)"),
        "MEDIA": N_("medium (MEDIA)"),
        "BASICA": N_("basic (BÁSICA)"),
        "confirmed": N_("seen in behaviour"),
        "inferred": N_("read from a version"),
        "potential": N_("possible"),
        "approved compensating control": N_("an approved compensating control"),
    },
    "category": {"ALTA": N_("high (ALTA)"), "MEDIA": N_("medium (MEDIA)"), "BASICA": N_("basic (BÁSICA)")},
    "audience": {"citizens": N_("citizens"), "internal": N_("internal")},
    "sort": {"risk": N_("risk"), "due": N_("due date"), "seen": N_("last seen"), "name": N_("name")},
}
BANDS = ("critical", "high", "medium", "low", "info")
"""From the worst."""
