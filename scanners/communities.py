"""SNMP communities that a zone lists: those that everybody knows by their name, the city's own by where they are kept."""

from collections.abc import Iterable

from scanners.secret_reference import SecretError, is_reference, parse_reference, read_secret

_WELL_KNOWN = (
    "public private community cisco admin manager default snmp snmpd snmptrap read write monitor security system internal ilmi "
    "secret hp_admin network tivoli openview proxy rmon agent all canon_admin cable-docsis mngt netman password test guest "
    "regional core router switch c0de c0nfig apc xerox zabbix nagios cacti observium librenms"
)
WELL_KNOWN = frozenset(_WELL_KNOWN.split(" "))
"""Communities that makers ship or that stand first in every list of guesses, in lower case."""


def parse_community(text: str) -> str:
    """``text`` when it is well known, or a reference (:mod:`scanners.secret_reference`). Raises ``ValueError``, which does not
    repeat it: it may be a secret."""
    if text.lower() in WELL_KNOWN:
        return text
    try:
        return parse_reference(text)
    except ValueError:
        said = "a community of your own is a secret: write where it is (file:/path, env:NAME or credential:NAME), not what it is"
        raise ValueError(said) from None


def read_communities(listed: Iterable[str]) -> tuple[str, ...]:
    """What the zone lists, with what the references lead to in their place. Raises :class:`SecretError`."""
    return tuple(_read(text) if is_reference(text) else text for text in listed)


def _read(reference: str) -> str:
    try:
        found = read_secret(reference).decode("utf-8").strip()
    except UnicodeDecodeError:
        found = ""
    if not 1 <= len(found) <= 255:
        raise SecretError(f"{reference} holds no SNMP community: one line of text is expected")
    return found
