"""Names of a zone: where they lead, who may certify them. Asked from the zone's resolver."""

from typing import ClassVar

from scanners.observation import Facts


class NamesFacts(Facts, frozen=True, kw_only=True):
    """One DNS name. ``cname`` the chain followed; ``dangling_cname``: the chain ends in a name that does not exist
    (NXDOMAIN). ``caa`` are the issuers of the closest CAA set (RFC 8659), empty when there is none."""

    kind: ClassVar[str] = "names"

    addresses: tuple[str, ...] | None = None
    cname: tuple[str, ...] | None = None
    dangling_cname: bool | None = None
    caa: tuple[str, ...] | None = None
    caa_present: bool | None = None
