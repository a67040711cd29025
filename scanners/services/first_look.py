"""The first look at one open port: greeting, TLS hello, HTTP, and the first words of the protocols we know."""

import asyncio
import ssl
from contextlib import AbstractAsyncContextManager

import msgspec

from scanners.door import RefusedByScope
from scanners.ports import LISTEN_ONLY, parse_ports
from scanners.protocols.tls.hello import broad_hello, looks_like_tls
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.services.datagrams import look_at_datagrams
from scanners.services.greeting import named, recognise_greeting
from scanners.services.heard import Heard, banner_of, listen
from scanners.services.industrial import IDENTIFICATIONS
from scanners.services.questions import BSD_QUESTIONS, HTTP, QUESTIONS, Question, recognise_answer
from scanners.services.starttls import which_of_ftp_and_smtp, with_starttls
from scanners.services.tls_context import lenient_context
from scanners.target import Target, Transport
from scanners.wire import ProtocolError, Wire, WireLimits
from scanners.zone import Intrusiveness

GREETING_SECONDS = 0.6  # servers that greet do so at once; one that is late is still heard after our question
USUAL_GREETING_SECONDS = 0.25  # where the port's usual protocol waits for the client
HELLO_SECONDS = 1.5
BSD_SECONDS = 2.0  # rshd and rlogind hang up on strangers only once inetd has started them
AT_ONCE = 8  # questions asked beside each other, each on its own connection
LIMITS = WireLimits(deadline_seconds=8.0, read_bytes=64 * 1024)

WEB_PORTS = parse_ports("web,631,8006,8880")


class FirstLook:
    """The scanner ``service``: its facts are :class:`~scanners.service_facts.ServiceFacts`.

    An open TCP port always gives facts: ``name`` None when nothing was said. A gentle zone is asked by a greeting, a TLS hello,
    HTTP and the question usual for the port, one connection at a time; others by every question.
    """

    name = "service"
    version = "1"
    facts_type = ServiceFacts
    intrusiveness = Intrusiveness.GENTLE
    deadline_seconds = 30.0

    def applies(self, service: ServiceFacts) -> bool:
        return True

    async def look(self, target: Target, occasion: Occasion) -> Look:
        """Raises ``ConnectionRefusedError``, ``TimeoutError``, ``OSError`` and :class:`~scanners.door.RefusedByScope`."""
        if target.transport is Transport.UDP:
            return await look_at_datagrams(target, occasion)
        conversation = _Conversation(target, occasion)
        facts = await conversation.facts()
        return Look(facts, conversation.evidence)


SERVICE = FirstLook()


class _Conversation:
    """All connections of one first look. ``evidence`` is the first that anybody said."""

    def __init__(self, target: Target, occasion: Occasion) -> None:
        self.target = target
        self.occasion = occasion
        self.port = target.port or 0
        self.host = target.name or (f"[{target.address}]" if ":" in target.address else target.address)
        self.evidence = b""
        self.hello = Question(name="tls", payload=broad_hello(target.name), read=_read_tls, seconds=HELLO_SECONDS)
        self.in_tls: ssl.SSLContext | None = None

    async def facts(self) -> ServiceFacts:
        usual, others = self._questions()
        first = usual[0] if usual else self.hello
        facts, over = await self._begin(first)
        if self.port in LISTEN_ONLY:
            return facts or self._nobody()  # whatever it said, nothing more is said to it here
        if facts is None and not over:
            facts = await self._go_on(first, usual if self._spoken_to_as_usual() else [*usual, self.hello, HTTP], others)
        if facts is not None and facts.name == "http":
            facts = await self._rather(facts, first)
        if facts is not None and facts.tls and self.in_tls is None:
            return await self._inside()
        return facts or self._nobody()

    def _listens_only(self) -> bool:
        """Whether nothing is said on this port: it takes words for orders, or belongs to a device that never hears such words."""
        if self.port in LISTEN_ONLY:
            return not self._allowed_here()
        return self.occasion.device is not None and not (self.port in WEB_PORTS or self._usual())

    def _spoken_to_as_usual(self) -> bool:
        """Whether only the port's own protocol is spoken: a device gets no HTTP on its print queue."""
        return self.occasion.device is not None and self.port not in WEB_PORTS

    def _usual(self) -> list[Question]:
        usual = [question for question in (HTTP, *QUESTIONS) if self.port in question.usual]
        return usual + ([BSD_QUESTIONS[self.port]] if self.port in BSD_QUESTIONS else [])

    def _questions(self) -> tuple[list[Question], list[Question]]:
        """The questions usual for this port, and the others that the zone allows."""
        if self.port in LISTEN_ONLY:
            return self._allowed_here(), []
        if self._listens_only():
            return [], []
        usual = self._usual()
        normal = self.occasion.zone.intrusiveness.allows(Intrusiveness.NORMAL)
        return usual, [question for question in QUESTIONS if question not in usual] if normal else []

    def _allowed_here(self) -> list[Question]:
        """What may be said to a port where others only listen: one lawful identification request, where the zone allows it."""
        question = IDENTIFICATIONS.get(self.port) if self.occasion.zone.identify_industrial else None
        return [question] if question else []

    async def _begin(self, first: Question) -> tuple[ServiceFacts | None, bool]:
        """Listen on a first connection, then say something on it. True: there is nothing more to ask.

        A connection that cannot be made is the caller's to know.
        """
        listening = self._listens_only()
        usual = self.port in first.usual
        async with self._open() as wire:
            try:
                waits = BSD_SECONDS if self.port in BSD_QUESTIONS else USUAL_GREETING_SECONDS if usual else GREETING_SECONDS
                heard = await self._hear(wire, waits)
                if heard.data:
                    return await self._greeted(wire, heard), True
                if listening or (heard.ended and self.port not in BSD_QUESTIONS):
                    return None, True
                if heard.ended:
                    return await self._from_reserved_port(first), True
                return await self._put(wire, first), False
            except (OSError, ProtocolError, TimeoutError):
                return None, False

    async def _from_reserved_port(self, question: Question) -> ServiceFacts | None:
        """rshd and rlogind hang up on clients of unreserved ports, and wait for the others to speak: both together is proof.

        Where this process may not use such a port, nothing can be told.
        """
        try:
            async with self._open(reserved_port=True) as wire:
                heard = await self._hear(wire, BSD_SECONDS)
                return None if heard.ended and not heard.data else ServiceFacts(name=question.name, tls=False, said_by="probe")
        except RefusedByScope:
            raise
        except (OSError, ProtocolError, TimeoutError):
            return None

    async def _greeted(self, wire: Wire, heard: Heard) -> ServiceFacts | None:
        facts = recognise_greeting(heard)
        if self.port in LISTEN_ONLY:
            return facts
        try:
            if facts is None and heard.data.startswith(b"220") and not heard.ended:
                name = await which_of_ftp_and_smtp(wire)
                return named(name, banner_of(heard.data)) if name else None
            if facts is not None and not heard.ended and self.in_tls is None:
                return await with_starttls(wire, facts)
        except (OSError, ProtocolError, TimeoutError):
            pass
        return facts

    async def _go_on(self, asked: Question, head: list[Question], rest: list[Question]) -> ServiceFacts | None:
        for question in dict.fromkeys(head):
            if question is not asked and (facts := await self._ask(question)) is not None:
                return facts
        patience = self.occasion.patience
        if rest and not self.evidence and patience is not None and not patience.may_guess():
            return None  # one more silent port of many: a tarpit, most likely
        return await self._ask_beside(rest)

    async def _ask_beside(self, questions: list[Question]) -> ServiceFacts | None:
        """The first answer that is recognised, in the order of the questions."""
        for at in range(0, len(questions), AT_ONCE):
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._ask(question)) for question in questions[at : at + AT_ONCE]]
            found = next((facts for task in tasks if (facts := task.result()) is not None), None)
            if found is not None:
                return found
        return None

    async def _ask(self, question: Question) -> ServiceFacts | None:
        try:
            async with self._open() as wire:
                return await self._put(wire, question)
        except RefusedByScope:
            raise
        except (OSError, ProtocolError, TimeoutError):
            return None

    async def _put(self, wire: Wire, question: Question) -> ServiceFacts | None:
        payload = question.bytes_for(self.host)
        await wire.write(payload)
        heard = await self._hear(wire, question.seconds)
        return question.read(heard) or _read_tls(heard) or recognise_answer(heard, payload)

    async def _rather(self, facts: ServiceFacts, first: Question) -> ServiceFacts:
        """HTTP recognised by its complaint: a hello may find TLS behind it, a proper request the product."""
        if self.in_tls is None and first is HTTP and b" 400 " in self.evidence[:16]:
            answer = await self._ask(self.hello)
            return answer if answer is not None and answer.tls else facts
        if first is not HTTP and facts.product is None:
            answer = await self._ask(HTTP)
            return answer if answer is not None and answer.name == "http" else facts
        return facts

    async def _inside(self) -> ServiceFacts:
        """The same once more inside TLS, with whatever this machine's library can still speak."""
        self.in_tls = lenient_context()
        usual, others = self._questions()
        questions = list(dict.fromkeys(question for question in (*usual, HTTP, *others) if question.inside_tls))
        try:
            facts, over = await self._begin(questions[0])
            if facts is None and not over:
                facts = await self._go_on(questions[0], questions[1:], [])
        except RefusedByScope:
            raise
        except (OSError, ProtocolError, TimeoutError):
            facts = None
        facts = facts or ServiceFacts(name="unknown", said_by="probe")
        return msgspec.structs.replace(facts, tls=True, starttls=None)

    def _open(self, *, reserved_port: bool = False) -> AbstractAsyncContextManager[Wire]:
        zone_id = self.occasion.zone.id
        return self.occasion.door.open(self.target, zone_id=zone_id, limits=LIMITS, tls=self.in_tls, reserved_port=reserved_port)

    async def _hear(self, wire: Wire, seconds: float) -> Heard:
        heard = await listen(wire, first_seconds=seconds)
        self.evidence = self.evidence or heard.data
        if self.occasion.door.stop.pressed:
            self.occasion.door.admit(self.target.address)
        return heard

    def _nobody(self) -> ServiceFacts:
        if self.evidence:
            return ServiceFacts(name="unknown", tls=False, banner=banner_of(self.evidence), said_by="probe")
        if self.port == 9 and self._questions()[1]:
            return ServiceFacts(name="discard", tls=False, said_by="probe")  # takes everything, says nothing (RFC 863)
        return ServiceFacts(presumed=LISTEN_ONLY.get(self.port))


def _read_tls(heard: Heard) -> ServiceFacts | None:
    return ServiceFacts(tls=True, said_by="probe") if looks_like_tls(heard.data) else None
