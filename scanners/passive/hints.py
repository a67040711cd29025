"""One thing that one frame tells of one host."""

import msgspec

from scanners.clean_text import clean_bytes

TEXT_LIMIT = 200
NAMES_LIMIT = 16


class Hint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``address`` is canonical text; without one it is the host with this ``mac`` (``00-00-5E-00-53-23``). Texts are clean.

    With ``port`` the hint is of a service that speaks there: ``service`` its name where the frame tells it.
    """

    by: str
    address: str | None = None
    mac: str | None = None
    names: tuple[str, ...] = ()
    vendor_class: str | None = None
    system: str | None = None
    port: int | None = None
    transport: str = "tcp"
    service: str | None = None
    banner: str | None = None
    tls: bool | None = None


def text(raw: bytes) -> str | None:
    """A short clean text; None when nothing is left."""
    return clean_bytes(raw.strip(b"\0 \t\r\n"), TEXT_LIMIT).strip() or None


def name(raw: bytes) -> str | None:
    """A host name as it was said, in lower case and without a trailing dot; None when it cannot be one."""
    said = raw.strip(b"\0 .").decode("ascii", "replace").lower()
    fine = 0 < len(said) <= 253 and all(char.isalnum() or char in "-_." for char in said) and said.isascii() and said[0] != "-"
    return said if fine and not said.replace(".", "").isdigit() else None


def mac_text(raw: bytes) -> str | None:
    """Six bytes in ECS form; None for multicast, broadcast and nothing."""
    if len(raw) != 6 or raw[0] & 1 or not any(raw):
        return None
    return raw.hex("-").upper()
