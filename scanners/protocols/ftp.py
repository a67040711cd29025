"""FTP (RFC 959, RFC 4217)."""

from typing import ClassVar

from scanners.observation import Facts


class FtpFacts(Facts, frozen=True, kw_only=True):
    """``tls_offered``: AUTH TLS is accepted, or the port speaks TLS at once. ``tls_required``: USER is refused before TLS.
    ``anonymous``: anonymous may log in; ``anonymous_write``: the server says it would take a file (asked without leaving one)."""

    kind: ClassVar[str] = "ftp"

    banner: str | None = None
    tls_offered: bool | None = None
    tls_required: bool | None = None
    anonymous: bool | None = None
    anonymous_write: bool | None = None
