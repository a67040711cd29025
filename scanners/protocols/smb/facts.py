"""What is known of a file server that speaks SMB."""

from datetime import datetime
from typing import ClassVar

from scanners.observation import Facts


class SmbFacts(Facts, frozen=True, kw_only=True):
    """What one look at an SMB server says; every text is clean.

    ``dialects`` are those it accepts, each asked for alone: ``NT LM 0.12`` (SMB 1), ``2.0.2``, ``2.1``, ``3.0``, ``3.0.2``,
    ``3.1.1``. ``signing_required`` holds for all of them: one that lets unsigned clients in makes it False.
    ``null_session``: an anonymous login (no user, no password) is let in; that alone is what Windows does and says little.
    ``guest_session``: a user that nobody has, without password, is let in (asked in zones that allow a deep look only).
    ``shares_listed``: the anonymous or guest session was given the list of shares; ``shares`` are their names, at most 64.
    ``open_shares`` are the disk shares among them (at most 16 asked) that such a session may connect to; ``writable_shares``
    those of them whose maximal access holds the right to write. No folder of a share is opened.
    ``domain_controller``: it shares SYSVOL and NETLOGON. ``encryption``: it offers encryption of SMB 3; ``cipher`` the one that
    it chose of all four of SMB 3.1.1. Names and ``os_build`` are from the NTLM challenge (MS-NLMP 2.2.1.2),
    ``native_os`` and ``native_lan_manager`` (Samba's version) from a login over SMB 1.
    """

    kind: ClassVar[str] = "smb"

    smb1: bool | None = None
    dialects: tuple[str, ...] | None = None
    signing_enabled: bool | None = None
    signing_required: bool | None = None
    encryption: bool | None = None
    cipher: str | None = None
    null_session: bool | None = None
    guest_session: bool | None = None
    shares_listed: bool | None = None
    shares: tuple[str, ...] | None = None
    open_shares: tuple[str, ...] | None = None
    writable_shares: tuple[str, ...] | None = None
    domain_controller: bool | None = None
    host_name: str | None = None
    domain_name: str | None = None
    dns_host_name: str | None = None
    dns_domain_name: str | None = None
    os_build: str | None = None
    native_os: str | None = None
    native_lan_manager: str | None = None
    server_guid: str | None = None
    server_time: datetime | None = None
