"""PostgreSQL (frontend/backend protocol 3.0)."""

from typing import ClassVar

from scanners.observation import Facts


class PostgresqlFacts(Facts, frozen=True, kw_only=True):
    """``auth`` is what the server asks of user ``postgres``: trust, password, md5, scram-sha-256, gss, sspi, refused, other.
    ``tls_offered``: SSLRequest was answered S."""

    kind: ClassVar[str] = "postgresql"

    auth: str | None = None
    tls_offered: bool | None = None
    without_password: bool | None = None
