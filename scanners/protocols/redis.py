"""Redis (RESP)."""

from typing import ClassVar

from scanners.observation import Facts


class RedisFacts(Facts, frozen=True, kw_only=True):
    """``auth_required``: PING without credentials is refused with NOAUTH (or protected mode says no)."""

    kind: ClassVar[str] = "redis"

    auth_required: bool | None = None
    protected_mode: bool | None = None
    version: str | None = None
