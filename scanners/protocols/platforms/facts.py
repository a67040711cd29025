"""What is known of a platform that speaks HTTP."""

from typing import ClassVar

from scanners.observation import Facts


class PlatformsFacts(Facts, frozen=True, kw_only=True):
    """``product`` is a name of :data:`~scanners.protocols.platforms.table.PLATFORMS`, the empty text when it is none of them.

    ``unauthenticated``: a request without credentials got what only users should get; ``proof`` is its path, ``counted`` how many
    things its answer named (databases, indices, pods), never which.
    """

    kind: ClassVar[str] = "platforms"

    product: str | None = None
    version: str | None = None
    unauthenticated: bool | None = None
    proof: str | None = None
    counted: int | None = None
    tls: bool | None = None
