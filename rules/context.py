"""Facts that rules may use besides what the scanner saw: where, and whose.

They are Facts like any other, so a rule names them ``endpoint.port`` or ``asset.ens_category`` and a missing one makes
the verdict *unknown*. The collector fills them from the observation and from the inventory.
"""

from datetime import datetime
from typing import ClassVar

from scanners.observation import Facts


class EndpointFacts(Facts, frozen=True, kw_only=True):
    """Where the look was made. ``exposure`` is a word of scoring.md: internet, authenticated, partner, internal, isolated."""

    kind: ClassVar[str] = "endpoint"

    address: str | None = None
    port: int | None = None
    transport: str | None = None
    name: str | None = None
    names: tuple[str, ...] | None = None  # every name by which the asset is asked: the target's and the catalogue's
    vantage: str | None = None
    exposure: str | None = None
    observed_at: datetime | None = None


class AssetFacts(Facts, frozen=True, kw_only=True):
    """What the inventory says of the asset. ``ens_category`` is BASICA, MEDIA or ALTA."""

    kind: ClassVar[str] = "asset"

    in_inventory: bool | None = None
    department: str | None = None
    service: str | None = None
    owner: str | None = None
    ens_category: str | None = None
    authorised_ports: tuple[int, ...] | None = None
    days_unseen: float | None = None
