"""What a suite's IANA name says about it. Pure."""

import re
from collections.abc import Iterable

from scanners.protocols.tls.hello import SSL3, TLS12, TLS13
from scanners.protocols.tls.suites import SUITES

_ONLY_TLS12 = re.compile(r"_(SHA256|SHA384|CCM|CCM_8|SHA256_OLD)$")
_BROKEN = re.compile(r"RC4|RC2|(?<!3)DES_|_DES40|3DES|IDEA|SEED|_MD5$|_28147_CNT_MD5|_56_MD5")
_NOTHING = re.compile(r"NULL|anon|EXPORT|EXP1024|_DES40_|_40_")


def is_tls13(name: str) -> bool:
    """Whether the suite is one of TLS 1.3: it names no key exchange (RFC 8446, B.4; RFC 9367)."""
    return "_MGM_" in name or ("_WITH_" not in name and name.startswith("TLS_"))


def suites_for(version: int) -> list[int]:
    """The codes worth offering in ``version``, in the order of the registry."""
    if version >= TLS13:
        return [code for code, name in SUITES.items() if is_tls13(name)]
    older = [code for code, name in SUITES.items() if not is_tls13(name)]
    if version == TLS12:
        return older
    return [code for code in older if not _ONLY_TLS12.search(SUITES[code]) and not (version == SSL3 and 0xC100 <= code <= 0xC106)]


def name_of(code: int) -> str:
    return SUITES.get(code, f"0x{code:04X}")


def is_null_anonymous_or_export(name: str) -> bool:
    return bool(_NOTHING.search(name))


def is_broken(name: str) -> bool:
    """RC4, DES, 3DES, IDEA, SEED, RC2 or MD5."""
    return bool(_BROKEN.search(name)) or name.startswith("SSL_CK_")


def lacks_forward_secrecy(name: str) -> bool:
    """Neither TLS 1.3 nor an ephemeral key exchange. Anonymous Diffie-Hellman is ephemeral; the SSL 2.0 kinds are not."""
    return not is_tls13(name) and not re.search(r"_(EC)?DHE?_anon|_(EC)?DHE_", name)


def is_cbc(name: str) -> bool:
    return "_CBC_" in name


def is_cbc_sha1(name: str) -> bool:
    return is_cbc(name) and name.endswith("_SHA")


def is_dhe(name: str) -> bool:
    return "_DHE_" in name or "_DH_anon" in name


def is_ecdhe(name: str) -> bool:
    return "_ECDHE_" in name or "_ECDH_anon" in name


def is_rsa_key_exchange(name: str) -> bool:
    return name.startswith(("TLS_RSA_", "SSL_RSA_"))


def names(codes: Iterable[int]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name_of(code) for code in codes))
