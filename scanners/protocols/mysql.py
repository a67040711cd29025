"""MySQL and MariaDB (client/server protocol 10)."""

from typing import ClassVar

from scanners.observation import Facts


class MysqlFacts(Facts, frozen=True, kw_only=True):
    """``host_allowed`` is False when the server refuses this address before any login. ``without_password``: root got in empty-handed."""

    kind: ClassVar[str] = "mysql"

    version: str | None = None
    product: str | None = None
    host_allowed: bool | None = None
    tls_offered: bool | None = None
    without_password: bool | None = None
