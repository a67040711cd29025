"""Telnet (RFC 854): whether it answers, what it shows before a login, and whether it could encrypt."""

from typing import ClassVar

from scanners.clean_text import clean_bytes
from scanners.observation import Facts
from scanners.protocols.network_gear import says_network_gear
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.services.greeting import recognise_greeting, without_negotiation
from scanners.services.heard import listen
from scanners.services.tls_context import lenient_context
from scanners.target import Target
from scanners.wire import ProtocolError, Wire
from scanners.zone import Intrusiveness

_IAC, _DONT, _DO, _WONT, _WILL = 255, 254, 253, 252, 251
_ENCRYPT, _START_TLS = 38, 46  # options (RFC 2946; draft-altman-telnet-starttls, as IANA lists it)
_ROUNDS = 4
_BANNER = 400


class TelnetFacts(Facts, frozen=True, kw_only=True):
    """``banner`` is the text shown before a login; ``login_prompt``: it asks for a user or a password. ``network_device``: the
    banner is that of a router, a switch or a firewall. ``encryption_offered``: it negotiates the ENCRYPT or START_TLS option,
    or the port speaks TLS at once."""

    kind: ClassVar[str] = "telnet"

    banner: str | None = None
    network_device: bool | None = None
    login_prompt: bool | None = None
    encryption_offered: bool | None = None


class TelnetScanner:
    """Connects, refuses every option, and reads what is shown. Nothing is typed."""

    name = "telnet"
    version = "1"
    facts_type = TelnetFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 15.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "telnet"

    async def look(self, target: Target, occasion: Occasion) -> Look:
        in_tls = bool(occasion.service and occasion.service.tls)
        context = lenient_context() if in_tls else None
        async with occasion.door.open(target, zone_id=occasion.zone.id, tls=context) as wire:
            data = await _read(wire)
        text = clean_bytes(without_negotiation(data).strip(), _BANNER)
        prompt = b"ogin:" in data or b"ssword:" in data or b"sername:" in data
        offers = {data[at + 2] for at in range(len(data) - 2) if data[at] == _IAC and data[at + 1] in (_DO, _WILL)}
        encryption = in_tls or bool(offers & {_ENCRYPT, _START_TLS})
        facts = TelnetFacts(
            banner=text or None,
            network_device=says_network_gear(text) if text else None,
            login_prompt=prompt or None,
            encryption_offered=encryption,
        )
        return Look(facts, data)


async def _read(wire: Wire) -> bytes:
    """All that is said in a few rounds of negotiation. Raises :class:`~scanners.wire.ProtocolError` when it is no Telnet."""
    data = b""
    for _ in range(_ROUNDS):
        heard = await listen(wire, first_seconds=2.0)
        data += heard.data
        if not heard.data or heard.ended:
            break
        refusals = refuse_all(heard.data)
        if not refusals:
            break
        await wire.write(refusals)
    greeting = recognise_greeting(heard if not data else type(heard)(data))
    if greeting is None or greeting.name != "telnet":
        raise ProtocolError("it neither negotiates Telnet options nor asks for a login")
    return data


def refuse_all(data: bytes) -> bytes:
    """WONT for each DO and DONT for each WILL (RFC 1143): the answers of a client that can do nothing."""
    answers = bytearray()
    for at in range(len(data) - 2):
        if data[at] == _IAC and data[at + 1] in (_DO, _WILL) and (at == 0 or data[at - 1] != _IAC):
            answers += bytes((_IAC, _WONT if data[at + 1] == _DO else _DONT, data[at + 2]))
    return bytes(answers[:300])


SCANNER = TelnetScanner()
