"""What nmap, testssl.sh, ssh-audit, sslscan and sslyze say of a place, in the words of our rules.

Each reader takes a tool's own output and gives ``(address, port, rule)``. A tool is given credit for every rule that its output
lets a person conclude without doubt, even where the tool itself only lists a fact.
"""

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from xml.etree import ElementTree

Place = tuple[str, int, str]

# What the cipher lists of three tools say, by IANA or OpenSSL name.
_NO_SECRECY = re.compile(r"^(TLS_RSA_|AES\d|CAMELLIA|DES-CBC3|RC4|SEED|IDEA)")
_BROKEN = re.compile(r"RC4|(?<!3)DES|3DES|IDEA|SEED|MD5", re.IGNORECASE)
_NOTHING = re.compile(r"NULL|anon|ADH|AECDH|EXP(?:ORT)?[-_1]", re.IGNORECASE)
_CBC = re.compile(r"CBC|^(?:ECDHE|DHE|AES|CAMELLIA)(?!.*(?:GCM|CCM|CHACHA|POLY))")


def of_suites(version: str, suites: list[str]) -> Iterator[str]:
    """The TLS rules that a version with its accepted suites breaks."""
    yield from {"SSLv2": ["TLS-001"], "SSLv3": ["TLS-001"], "TLSv1.0": ["TLS-002"], "TLSv1.1": ["TLS-002"]}.get(version, [])
    for suite in suites:
        if _NOTHING.search(suite):
            yield "TLS-004"
        elif _BROKEN.search(suite):
            yield "TLS-005"
        if version != "TLSv1.3" and _NO_SECRECY.search(suite):
            yield "TLS-006"
        if version == "TLSv1.2" and _CBC.search(suite):
            yield "TLS-007"
            if not re.search(r"SHA(?:256|384)$", suite):
                yield "TLS-011"


def nmap(xml: str) -> set[Place]:
    """``nmap -sV --script … -oX``. What was cut off is read as far as it goes."""
    found: set[Place] = set()
    parser = ElementTree.XMLPullParser(["end"])
    with contextlib.suppress(ElementTree.ParseError):
        parser.feed(xml)
    for _, element in parser.read_events():
        if element.tag == "host":
            address = element.find("address").get("addr", "")  # type: ignore[union-attr]
            for port in element.iter("port"):
                found |= {(address, int(port.get("portid", "0")), rule) for rule in _nmap_port(port)}
            found |= {
                (address, 445, rule) for script in element.iter("hostscript") for rule in _nmap_scripts(script)
            }  # of SMB, all
    return found


def _nmap_port(port: ElementTree.Element) -> Iterator[str]:
    service = port.find("service")
    name = service.get("name", "") if service is not None else ""
    state = port.find("state")
    if state is None or state.get("state") != "open":
        return
    yield from _BY_SERVICE.get(name, ())
    yield from _nmap_scripts(port)


def _nmap_scripts(element: ElementTree.Element) -> Iterator[str]:
    for script in element.iter("script"):
        reader = _BY_SCRIPT.get(script.get("id", ""))
        if reader is not None:
            yield from reader(script.get("output", ""))


_BY_SERVICE: dict[str, tuple[str, ...]] = {
    "telnet": ("NET-001",),
    "login": ("NET-004",),
    "shell": ("NET-004",),
    "exec": ("NET-004",),
    "tftp": ("NET-005",),
    "echo": ("NET-006",),
    "daytime": ("NET-006",),
    "chargen": ("NET-006",),
    "finger": ("NET-006",),
    "rpcbind": ("NET-006",),
}
_LINE = re.compile(r"^\s+(\S+)(?: \(([^)]*)\))? - ([A-F])$", re.MULTILINE)


def _ssl_enum(text: str) -> Iterator[str]:
    versions = re.split(r"^\s+(SSLv3|TLSv1\.[0-3]): ?$", text, flags=re.MULTILINE)[1:]
    for version, body in zip(versions[::2], versions[1::2], strict=False):
        lines = _LINE.findall(body)
        yield from of_suites(version, [suite for suite, _, _ in lines])
        if any(re.search(r"dh (512|768|1024)\b", size) for _, size, _ in lines):
            yield "TLS-008"
        if "cipher preference: client" in body and version == "TLSv1.2":
            yield "TLS-010"
    if versions and "TLSv1.3" not in versions:
        yield "TLS-003"


def _ssl_cert(text: str) -> Iterator[str]:
    after = re.search(r"Not valid after:\s+(\S+)", text)
    if after and datetime.fromisoformat(after[1][:19]).replace(tzinfo=UTC) < datetime.now(UTC):
        yield "CERT-001"
    bits = re.search(r"Public Key type: rsa\s+Public Key bits: (\d+)", text)
    if bits and int(bits[1]) < 2048:
        yield "CERT-005"
    if re.search(r"Signature Algorithm: (?:sha1|md5)", text):
        yield "CERT-006"
    subject, issuer = (re.search(rf"{word}: (.+)", text) for word in ("Subject", "Issuer"))
    if subject and issuer and subject[1] == issuer[1]:
        yield "CERT-004"


_SSH_WEAK = {
    "SSH-002": re.compile(r"diffie-hellman-group1-|group-exchange-sha1|group14-sha1"),
    "SSH-003": re.compile(r"3des|arcfour|blowfish|cast128|-cbc"),
    "SSH-004": re.compile(r"hmac-md5|hmac-sha1|umac-64"),
    "SSH-005": re.compile(r"ssh-dss"),
}


def _ssh_algos(text: str) -> Iterator[str]:
    yield from (rule for rule, weak in _SSH_WEAK.items() if weak.search(text))


def _headers(text: str) -> Iterator[str]:
    yield from () if "Strict_Transport_Security" in text or "X_Frame_Options" in text else ("WEB-004",)
    yield from () if "Content_Security_Policy" in text else ("WEB-003",)
    yield from () if "X_Content_Type_Options" in text else ("WEB-005",)
    if "HSTS not configured" in text:
        yield "WEB-002"


def _says(*rules: str, when: str = ".", unless: str = r"(?!)") -> Callable[[str], Iterator[str]]:
    """A reader: these rules, when the output says ``when`` and not ``unless``."""

    def read(text: str) -> Iterator[str]:
        if re.search(when, text, re.IGNORECASE | re.DOTALL) and not re.search(unless, text, re.IGNORECASE):
            yield from rules

    return read


_REFUSED = "ERROR|requires authentication|Access denied|not authorized|Unauthorized|authentication required|NOAUTH"
_BY_SCRIPT: dict[str, Callable[[str], Iterator[str]]] = {
    "ssl-enum-ciphers": _ssl_enum,
    "ssl-cert": _ssl_cert,
    "ssh2-enum-algos": _ssh_algos,
    "http-security-headers": _headers,
    "sslv2": _says("TLS-001", when="SSLv2 supported"),
    "ssl-heartbleed": _says("TLS-009", when="VULNERABLE"),
    "ssl-ccs-injection": _says("TLS-009", when="VULNERABLE"),
    "ssl-dh-params": _says("TLS-008", when="VULNERABLE"),
    "ssh-auth-methods": _says("SSH-006", when="password"),
    "sshv1": _says("SSH-001", when="supports SSHv1"),
    "http-cookie-flags": _says("WEB-006"),
    "http-git": _says("WEB-010", when="Git repository found"),
    "http-server-header": _says("WEB-017", when=r"/\d"),
    "http-cors": _says("WEB-007", when="credentials"),
    "http-enum": _says("WEB-009", when="directory w/ listing"),
    "http-config-backup": _says("WEB-011"),
    "http-title": _says("WEB-013", when="Welcome to nginx|Apache2 Debian Default Page"),
    "ftp-anon": _says("NET-003", when="Anonymous FTP login allowed"),
    "x11-access": _says("NET-006", when="granted"),
    "redis-info": _says("DB-001", when="Version", unless=_REFUSED),
    "mongodb-databases": _says("DB-002", unless=_REFUSED),
    "memcached-info": _says("DB-004", unless=_REFUSED),
    "couchdb-databases": _says("DB-005", unless=_REFUSED),
    "mysql-empty-password": _says("DB-006", when="empty password"),
    "docker-version": _says("DB-007"),
    "mqtt-subscribe": _says("IOT-001", unless=_REFUSED),
    "modbus-discover": _says("IOT-002"),
    "bacnet-info": _says("IOT-002"),
    "s7-info": _says("IOT-002"),
    "enip-info": _says("IOT-002"),
    "iec-identify": _says("IOT-002"),
    "cups-info": _says("IOT-004"),
    "upnp-info": _says("IOT-006"),
    "ipmi-cipher-zero": _says("IOT-007", when="VULNERABLE"),
    "smb-protocols": _says("SMB-001", when="NT LM 0.12"),
    "smb2-security-mode": _says("SMB-002", when="not required"),
    "smb-enum-shares": _says("SMB-003", when="Anonymous access: READ|account_used: (?:guest|<blank>)"),
    "rdp-enum-encryption": _says("RDP-002", when=r"Native RDP: SUCCESS|SSL: SUCCESS"),
    "vnc-info": _says("VNC-001", when=r"None \(1\)|does not require authentication"),
    "snmp-sysdescr": _says("SNMP-001", "SNMP-002"),
    "ntp-monlist": _says("AMP-001"),
    "ntp-info": _says("AMP-001", when="version|system"),
    "dns-recursion": _says("DNS-001", when="appears to be enabled"),
    "dns-zone-transfer": _says("DNS-002", when="SOA"),
    "smtp-open-relay": _says("MAIL-007", when="is an open relay", unless="isn't"),
    "ldap-rootdse": _says("LDAP-001", when="namingContexts"),
    "imap-capabilities": _says("MAIL-008", when="AUTH=PLAIN|LOGIN-REFERRALS", unless="LOGINDISABLED"),
    "pop3-capabilities": _says("MAIL-008", when="USER|SASL", unless="(?!)"),
    "smtp-commands": _says("MAIL-006", unless="STARTTLS"),
}


SCRIPTS = frozenset(_BY_SCRIPT)


def nmap_services(xml: str, kind: str) -> list[tuple[str, int]]:
    """Addresses and ports of the ``ssh`` or ``tls`` services that an nmap run named."""
    found = []
    for host in re.findall(r"<host .*?</host>", xml, re.DOTALL):
        address = re.search(r'<address addr="([^"]+)" addrtype="ipv', host)
        for port, body in re.findall(r'<port protocol="tcp" portid="(\d+)">(.*?)</port>', host, re.DOTALL):
            tls = 'tunnel="ssl"' in body or 'id="ssl-cert"' in body or 'id="ssl-enum-ciphers"' in body
            if address and (tls if kind == "tls" else f'<service name="{kind}"' in body):
                found.append((address[1], int(port)))
    return found


def ssh_audit(text: str) -> set[str]:
    """``ssh-audit -j``: rules by the algorithms it lists."""
    try:
        said = json.loads(text)
    except json.JSONDecodeError:
        return set()
    names = {part: " ".join(item["algorithm"] for item in said.get(part, [])) for part in ("kex", "enc", "mac", "key")}
    pairs = (("SSH-002", "kex"), ("SSH-003", "enc"), ("SSH-004", "mac"), ("SSH-005", "key"))
    found = {rule for rule, part in pairs if _SSH_WEAK[rule].search(names[part])}
    short = any(item.get("keysize", 4096) < 2048 for item in said.get("key", []) if "rsa" in item["algorithm"])
    terrapin = any("CVE-2023-48795" in json.dumps(item) for item in said.get("enc", []))
    return found | ({"SSH-005"} if short else set()) | ({"SSH-008"} if terrapin else set())


_SSLSCAN_VERSION = {"TLSv1.0": "TLSv1.0", "TLSv1.1": "TLSv1.1", "TLSv1.2": "TLSv1.2", "TLSv1.3": "TLSv1.3", "SSLv3": "SSLv3"}


def sslscan(xml: str) -> set[str]:
    """``sslscan --xml``."""
    try:
        tree = ElementTree.fromstring(xml)
    except ElementTree.ParseError:
        return set()
    suites: dict[str, list[str]] = {}
    for cipher in tree.iter("cipher"):
        suites.setdefault(cipher.get("sslversion", ""), []).append(cipher.get("cipher", ""))
    found = {rule for version, names in suites.items() for rule in of_suites(version, names)}
    enabled = {
        f"{item.get('type', '').upper()}v{item.get('version')}" for item in tree.iter("protocol") if item.get("enabled") == "1"
    }
    found |= {"TLS-001"} if {"SSLv2", "SSLv3"} & enabled else set()
    found |= {"TLS-003"} if enabled and "TLSv1.3" not in enabled else set()
    found |= {"TLS-009"} if any(item.get("vulnerable") == "1" for item in tree.iter("heartbleed")) else set()
    for bits in tree.iter("pk"):
        found |= {"CERT-005"} if bits.get("type") == "RSA" and int(bits.get("bits", "4096")) < 2048 else set()
    for word, rule in (("expired", "CERT-001"), ("self-signed", "CERT-004")):
        found |= {rule} if any((item.text or "").strip() == "true" for item in tree.iter(word)) else set()
    signed = " ".join(item.text or "" for item in tree.iter("signature-algorithm"))
    return found | ({"CERT-006"} if re.search("sha1|md5", signed, re.IGNORECASE) else set())


def sslyze(text: str) -> set[str]:
    """``sslyze --json_out=-``."""
    try:
        results = json.loads(text)["server_scan_results"]
    except (json.JSONDecodeError, KeyError):
        return set()
    found: set[str] = set()
    for result in results:
        looks = result.get("scan_result") or {}
        spoken = {}
        for key, version in (("ssl_2_0", "SSLv2"), ("ssl_3_0", "SSLv3"), ("tls_1_0", "TLSv1.0"), ("tls_1_1", "TLSv1.1"),
                             ("tls_1_2", "TLSv1.2"), ("tls_1_3", "TLSv1.3")):  # fmt: skip
            accepted = ((looks.get(f"{key}_cipher_suites") or {}).get("result") or {}).get("accepted_cipher_suites") or []
            spoken[version] = [item["cipher_suite"]["name"] for item in accepted]
        found |= {rule for version, names in spoken.items() if names for rule in of_suites(version, names)}
        found |= {"TLS-003"} if any(spoken.values()) and not spoken["TLSv1.3"] else set()
        said = json.dumps(looks)
        found |= {"TLS-009"} if '"is_vulnerable_to_heartbleed": true' in said or "VULNERABLE_STRONG_ORACLE" in said else set()
        found |= {"CERT-006"} if '"verified_chain_has_sha1_signature": true' in said else set()
        found |= {"CERT-004"} if "self-signed" in said or "self signed" in said else set()
        found |= {"CERT-001"} if "certificate has expired" in said else set()
    return found


_TESTSSL = {
    "SSLv2": "TLS-001",
    "SSLv3": "TLS-001",
    "TLS1": "TLS-002",
    "TLS1_1": "TLS-002",
    "cipherlist_NULL": "TLS-004",
    "cipherlist_aNULL": "TLS-004",
    "cipherlist_EXPORT": "TLS-004",
    "cipherlist_3DES_IDEA": "TLS-005",
    "cipherlist_LOW": "TLS-005",
    "RC4": "TLS-005",
    "heartbleed": "TLS-009",
    "CCS": "TLS-009",
    "ROBOT": "TLS-009",
    "CRIME_TLS": "TLS-009",
    "secure_renego": "TLS-009",
    "cert_expirationStatus": "CERT-001",
    "cert_chain_of_trust": "CERT-004",
    "cert_keySize": "CERT-005",
    "cert_signatureAlgorithm": "CERT-006",
    "HSTS": "WEB-002",
    "LOGJAM": "TLS-008",
    "fallback_SCSV": "TLS-010",
    "cipher_order": "TLS-010",
}


def testssl(text: str) -> set[str]:
    """``testssl.sh --jsonfile``. A finding counts from severity MEDIUM on; the fact of TLS 1.3 missing by what it says."""
    try:
        rows = json.loads(text)
    except json.JSONDecodeError:
        return set()
    found = set()
    for row in rows:
        identity, bad = row["id"], row["severity"] in ("MEDIUM", "HIGH", "CRITICAL")
        if bad and identity in _TESTSSL:
            found.add(_TESTSSL[identity])
        if identity == "TLS1_3" and "not offered" in row["finding"]:
            found.add("TLS-003")
        if identity.startswith("cipher-") and (parts := row["finding"].split()):
            version = "TLSv1.2" if "tls1_2" in identity else ""
            found |= {rule for rule in of_suites(version, [parts[-1]]) if version}
    return found
