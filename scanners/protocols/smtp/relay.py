"""Whether a server takes mail of strangers for strangers, told before any mail is given (RFC 5321, 3.6.2; RFC 2505).

Each attempt is MAIL FROM, RCPT TO and RSET: DATA is never said. All names are reserved for such use (RFC 2606), so that even a
mail could reach nobody. A server may refuse later, at DATA; one that takes an address that is none takes everything, and its
yes says little: both are why the facts tell how the yes came about.
"""

import ipaddress
import re
import secrets
from dataclasses import dataclass

from scanners.protocols.smtp.replies import Reply, say
from scanners.wire import ProtocolError, Wire

STRANGER, FOREIGN = "talaia-check@stranger.example", "elsewhere.example"
IMPOSSIBLE = "talaia-check@elsewhere.example@.."
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]$")
_ADDRESS = re.compile(r"<[^<>]{0,400}>")
_ABOUT_RELAYING = re.compile(r"relay|denied|not permitted|not allowed|prohibited|authenticat|credential|login", re.IGNORECASE)
_ABOUT_THE_NAME = re.compile(
    r"(?:domain|host|name|address|mx|dns|sender|recipient).{0,40}"
    r"(?:not found|not exist|unresolv|unknown|lookup|cannot be resolved|can't)"
    r"|(?:unknown|unrout|unresolv|no such|invalid|null).{0,20}(?:domain|host|name|mx|address)|\b5\.1\.(?:2|8|10)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Form:
    """One way to ask. ``local_twin``: a recipient of the same shape that nobody has at the server itself. Where the server takes
    that one too, it takes any name of its own and the form proves nothing."""

    name: str
    sender: str
    recipient: str
    local_twin: str | None = None


def own_name(greeting: str) -> str | None:
    """The host name at the beginning of the greeting (RFC 5321, 4.2), if it is one."""
    first = greeting.split(maxsplit=1)[0] if greeting.split() else ""
    return first if _HOST.match(first) and len(first) <= 200 else None


def forms(name: str | None, address: str) -> list[Form]:
    """The forms that relays have been seen to fall for; ``name`` is the server's, where it says one."""
    ip = ipaddress.ip_address(address)
    literal = f"[{address}]" if ip.version == 4 else f"[IPv6:{address}]"
    own = name or literal
    domain = own.partition(".")[2] if name and name.count(".") > 1 else own
    foreign = f"talaia-check@{FOREIGN}"
    nobody = f"talaia-{secrets.token_hex(4)}"
    return [
        Form("plain", STRANGER, foreign),
        Form("null sender", "", foreign),
        Form("own sender", f"postmaster@{domain}", foreign),
        Form("own address as sender", f"talaia-check@{literal}", foreign),
        Form("percent", STRANGER, f"talaia-check%{FOREIGN}@{own}", f"{nobody}@{own}"),
        Form("percent at the address", STRANGER, f"talaia-check%{FOREIGN}@{literal}", f"{nobody}@{literal}"),
        Form("source route", STRANGER, f"@{own}:{foreign}"),
        Form("quoted", STRANGER, f'"{foreign}"', f'"{nobody}"'),
        Form("quoted at the name", STRANGER, f'"{foreign}"@{own}', f'"{nobody}"@{own}'),
        Form("bang path", STRANGER, f"{FOREIGN}!talaia-check", nobody),
    ]


@dataclass
class RelayFacts:
    """``open``: some form was accepted; False when at least one was refused for what it is; None when nothing could be told.
    ``form``: the name of that form. ``accepts_anything``: an address that is none was accepted as well (asked where a
    form without a local twin was). ``untold``: what the server said where that said nothing of relaying."""

    open: bool | None = None
    form: str | None = None
    accepts_anything: bool | None = None
    untold: str | None = None
    wants_tls: bool = False


async def try_relaying(wire: Wire, asked: list[Form]) -> RelayFacts:
    """Ask in each form until one is accepted. ``wire`` is where EHLO was answered.

    A connection that ends on the way leaves what is known until then. Raises ``OSError`` and
    :class:`~scanners.door.RefusedByScope` as the wire does.
    """
    found = RelayFacts()
    try:
        for form in asked:
            accepted = await _attempt(wire, form, found)
            if accepted and form.local_twin is not None:
                accepted = not await _takes(wire, form.sender, form.local_twin)
            elif accepted:
                found.accepts_anything = await _takes(wire, form.sender, IMPOSSIBLE)
            if accepted:
                found.open, found.form = True, form.name
                break
            if found.wants_tls:
                break
        await say(wire, "QUIT")
    except (ProtocolError, TimeoutError):
        return found
    return found


async def _attempt(wire: Wire, form: Form, found: RelayFacts) -> bool:
    mail = await say(wire, f"MAIL FROM:<{form.sender}>")
    reply = await say(wire, f"RCPT TO:<{form.recipient}>") if mail.code == 250 else mail
    await say(wire, "RSET")
    if reply is not mail and reply.code in (250, 251):
        return True
    if reply.code == 530 and "starttls" in reply.text.lower():
        found.wants_tls = True
    elif refuses(reply, of_sender=reply is mail):
        found.open = False if found.open is None else found.open
    else:
        found.untold = found.untold or f"{reply.code} {reply.text}"[:200]
    return False


def refuses(reply: Reply, *, of_sender: bool) -> bool:
    """Whether the reply refuses to relay, and not just a name that does not exist or the hour (greylisting)."""
    text = _ADDRESS.sub("", reply.text)
    if _ABOUT_THE_NAME.search(text):
        return False
    if 500 <= reply.code < 600:
        return not of_sender or bool(_ABOUT_RELAYING.search(text))
    return reply.code == 454 and bool(_ABOUT_RELAYING.search(text))


async def _takes(wire: Wire, sender: str, recipient: str) -> bool:
    mail = await say(wire, f"MAIL FROM:<{sender}>")
    taken = mail.code == 250 and (await say(wire, f"RCPT TO:<{recipient}>")).code in (250, 251, 252)
    await say(wire, "RSET")
    return taken
