"""SSH (RFC 4253, RFC 4252): banner, algorithms, host keys, authentication methods, Terrapin."""

from typing import ClassVar

import msgspec

from scanners.observation import Facts


class HostKeyFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One host key: ``algorithm`` is its public key format, ``bits`` its size, ``sha256`` the fingerprint in OpenSSH's form."""

    algorithm: str
    bits: int
    sha256: str


class SshFacts(Facts, frozen=True, kw_only=True):
    """What an SSH server offers before anybody logs in.

    ``protocol`` is the protoversion of the banner (``2.0``, ``1.99``, ``1.5``); ``software`` the softwareversion,
    ``product`` and ``version`` what it names (OpenSSH 9.2p1), ``comments`` the rest of that line (a distribution names its
    package there). Algorithm names as sent in KEXINIT, server to client, extension
    markers left out. ``host_keys`` are fetched for each host key algorithm (None unless all could be fetched);
    ``rsa_bits_min`` the smallest RSA key among them, None without one. ``auth_methods`` as answered to a ``none`` request
    for a made-up user; ``none_accepted``: that request was accepted. ``root_login``: root was seen to get in without a
    credential (None else: a server does not tell). ``strict_kex``: the Terrapin counter-measure is offered;
    ``terrapin``: CVE-2023-48795 applies (a vulnerable mode without it).
    """

    kind: ClassVar[str] = "ssh"

    protocol: str | None = None
    software: str | None = None
    product: str | None = None
    version: str | None = None
    comments: str | None = None
    kex_algorithms: tuple[str, ...] | None = None
    host_key_algorithms: tuple[str, ...] | None = None
    ciphers: tuple[str, ...] | None = None
    macs: tuple[str, ...] | None = None
    compression: tuple[str, ...] | None = None
    host_keys: tuple[HostKeyFacts, ...] | None = None
    rsa_bits_min: int | None = None
    auth_methods: tuple[str, ...] | None = None
    none_accepted: bool | None = None
    root_login: bool | None = None
    strict_kex: bool | None = None
    terrapin: bool | None = None
