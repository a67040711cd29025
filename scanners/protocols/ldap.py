"""LDAP (RFC 4511 to 4513): what a directory shows to people without a name, and whether it lets passwords come in clear."""

import re
from typing import ClassVar

import msgspec

from scanners.clean_text import clean_bytes
from scanners.observation import Facts
from scanners.protocols import ldap_messages as ldap
from scanners.protocols.mail_talk import secured, speaks_tls_at_once, talking
from scanners.protocols.tls.starttls import upgrade
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.services.asn1 import STARTTLS_OID
from scanners.target import Target
from scanners.wire import ProtocolError, Wire
from scanners.zone import Intrusiveness

_ROOT = (
    *(b"namingContexts", b"defaultNamingContext", b"supportedSASLMechanisms", b"supportedExtension", b"supportedCapabilities"),
    *(b"vendorName", b"vendorVersion", b"supportedLDAPVersion", b"objectClass"),
)
_ACTIVE_DIRECTORY = b"1.2.840.113556.1.4.800"  # MS-ADTS 3.1.1.3.4.3.1
_NO_ATTRIBUTE = (b"1.1",)  # RFC 4511, 4.5.1.8
_CONTEXTS = 4
_WANTS_TLS = re.compile(r"confidential|\b(?:tls|ssl)\b|encrypt|secure|integrity|signing", re.IGNORECASE)
_SCHEMA = re.compile(rb"cn=(?:schema|subschema|config|monitor)\b", re.IGNORECASE)


class LdapFacts(Facts, frozen=True, kw_only=True):
    """``implicit_tls``: TLS from the first byte. ``vendor`` as the root DSE says it; ``active_directory`` by its capability.

    ``naming_contexts`` are those of the root DSE (at most eight), ``sasl_mechanisms`` and ``starttls_offered`` what it lists;
    None where it is not shown. ``starttls_works``: the extended operation and a handshake of TLS 1.0 to 1.3 went well.
    ``anonymous_bind``: a bind without name and password succeeds. ``anonymous_read``: without a name an entry of a naming
    context is to be seen (the context itself, or one below it: counted, no attribute asked for; configuration and schema do not
    count); asked inside TLS where the server wants that. ``confidentiality_required``: it refused for want of encryption
    what we asked in clear. ``clear_bind``: a simple bind can only come in clear, for it offers no encryption and asks for none;
    False where TLS comes first or is required. None in between: with StartTLS on offer, a server that asks it of named users
    alone (OpenLDAP's ``security simple_bind=128``) answers anonymous binds as any other, and no other is ever sent.
    ``bind_result`` is the code of the anonymous bind in clear (0 success, 13 and 48 are refusals).
    """

    kind: ClassVar[str] = "ldap"

    implicit_tls: bool | None = None
    vendor: str | None = None
    active_directory: bool | None = None
    naming_contexts: tuple[str, ...] | None = None
    sasl_mechanisms: tuple[str, ...] | None = None
    starttls_offered: bool | None = None
    starttls_works: bool | None = None
    anonymous_bind: bool | None = None
    anonymous_read: bool | None = None
    confidentiality_required: bool | None = None
    clear_bind: bool | None = None
    bind_result: int | None = None


class LdapScanner:
    """Root DSE, anonymous bind, two searches of a naming context that may give one name; again in TLS where that is wanted."""

    name = "ldap"
    version = "1"
    facts_type = LdapFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 40.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name in ("ldap", "ldaps", "ldapssl", "globalcatldap", "globalcatldapssl")

    async def look(self, target: Target, occasion: Occasion) -> Look:
        facts = LdapFacts(implicit_tls=speaks_tls_at_once(occasion))
        async with talking(target, occasion) as wire:
            facts = await _asked_in(wire, facts, in_tls=bool(facts.implicit_tls))
            evidence = wire.evidence
        if not facts.implicit_tls and facts.starttls_offered is not False:
            facts = await _through_starttls(target, occasion, facts)
        return Look(msgspec.structs.replace(facts, clear_bind=_clear_bind(facts)), evidence)


def _clear_bind(facts: LdapFacts) -> bool | None:
    if facts.implicit_tls or facts.confidentiality_required:
        return False
    return True if facts.starttls_offered is False and facts.bind_result is not None else None


async def _asked_in(wire: Wire, facts: LdapFacts, *, in_tls: bool) -> LdapFacts:
    """``facts`` with everything that one connection tells; a server that hangs up on the way leaves the rest untold."""
    await wire.write(ldap.search(1, b"", ldap.BASE, _ROOT, size_limit=1, types_only=False))
    root, shown = await ldap.answer_to_search(wire, 1)
    wanting = _wants_tls(shown)
    if root:
        facts = _of_root(facts, root[0])
    contexts = _contexts(root[0]) if root else []
    try:
        await wire.write(ldap.anonymous_bind(2))
        bound = await ldap.answer_to_bind(wire, 2)
        wanting = wanting or _wants_tls(bound)
        facts = msgspec.structs.replace(facts, anonymous_bind=None if _wants_tls(bound) else bound.code == ldap.SUCCESS)
        if not in_tls:
            facts = msgspec.structs.replace(facts, bind_result=bound.code)
        if contexts:
            read, told = await _reads(wire, contexts)
            wanting = wanting or told
            facts = msgspec.structs.replace(facts, anonymous_read=None if told and not read else read)
        elif facts.anonymous_bind is False or _wants_a_name(shown):
            facts = msgspec.structs.replace(facts, anonymous_read=False)
        await wire.write(ldap.unbind(9))
    except ProtocolError:
        pass
    return facts if in_tls else msgspec.structs.replace(facts, confidentiality_required=wanting)


def _wants_tls(result: ldap.Result) -> bool:
    if result.code == ldap.CONFIDENTIALITY:
        return True
    return result.code == ldap.STRONGER_AUTH and bool(_WANTS_TLS.search(result.text))


def _wants_a_name(result: ldap.Result) -> bool:
    """Refused to all who have not said who they are: strongerAuthRequired, or OpenLDAP's ``require authc``."""
    if _wants_tls(result):
        return False
    return result.code == ldap.STRONGER_AUTH or (result.code == ldap.UNWILLING and "authentication required" in result.text)


def _of_root(facts: LdapFacts, root: ldap.Attributes) -> LdapFacts:
    vendor = " ".join(clean_bytes(value, 100) for key in ("vendorname", "vendorversion") for value in root.get(key, ())[:1])
    is_openldap = b"OpenLDAProotDSE" in root.get("objectclass", ())
    active = _ACTIVE_DIRECTORY in root.get("supportedcapabilities", ())
    extensions = root.get("supportedextension")
    return msgspec.structs.replace(
        facts,
        vendor=vendor or ("OpenLDAP" if is_openldap else "Microsoft" if active else None),
        active_directory=active,
        naming_contexts=tuple(clean_bytes(name, 200) for name in root.get("namingcontexts", ())[:8]),
        sasl_mechanisms=tuple(clean_bytes(name, 40) for name in root.get("supportedsaslmechanisms", ())[:32]),
        starttls_offered=None if facts.implicit_tls else STARTTLS_OID in (extensions or ()),
    )


def _contexts(root: ldap.Attributes) -> list[bytes]:
    """What to look into: the default context first, without those that hold schema or configuration."""
    named = [*root.get("defaultnamingcontext", ()), *root.get("namingcontexts", ())]
    return [name for name in dict.fromkeys(named) if 0 < len(name) <= 1000 and not _SCHEMA.match(name)][:_CONTEXTS]


async def _reads(wire: Wire, contexts: list[bytes]) -> tuple[bool, bool]:
    """Whether an entry is to be seen in one of ``contexts``; and whether encryption was asked for instead."""
    wanting = False
    for at, name in enumerate(contexts):
        for scope in (ldap.BASE, ldap.ONE_LEVEL):
            number = 10 + 2 * at + scope
            await wire.write(ldap.search(number, name, scope, _NO_ATTRIBUTE, size_limit=1, types_only=True))
            entries, result = await ldap.answer_to_search(wire, number)
            if entries:
                return True, wanting
            wanting = wanting or _wants_tls(result)
    return False, wanting


async def _through_starttls(target: Target, occasion: Occasion, facts: LdapFacts) -> LdapFacts:
    """StartTLS tried; what was not to be told in clear is asked inside."""
    try:
        async with talking(target, occasion) as wire:
            try:
                await upgrade(wire, "ldap", None)
            except ProtocolError:
                offered = bool(facts.starttls_offered)
                return msgspec.structs.replace(facts, starttls_offered=offered, starttls_works=False if offered else None)
            facts = msgspec.structs.replace(facts, starttls_offered=True, starttls_works=await secured(wire))
            if facts.starttls_works and None in (facts.anonymous_read, facts.naming_contexts):
                facts = await _asked_in(wire, facts, in_tls=True)
    except (TimeoutError, ProtocolError, OSError):
        return facts
    return facts


SCANNER = LdapScanner()
