"""IKE (RFC 7296; version 1: RFC 2408, RFC 2409): what a VPN gateway agrees to before it knows who asks.

Proposals only: no association is ever finished, no name or key guessed. Where aggressive mode answers, its hash of the pre-shared
key is not read: only that it came is a fact.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from scanners.observation import Facts
from scanners.protocols import ike_messages as messages
from scanners.protocols.ike_messages import AGGRESSIVE, MAIN_MODE, Answer
from scanners.scanner import Look, Occasion
from scanners.service_facts import ServiceFacts
from scanners.target import Target
from scanners.zone import Intrusiveness

NAT_T = b"\0\0\0\0"  # what tells IKE from ESP on port 4500 (RFC 3948)
_SECONDS = 1.5
_WEAK_GROUPS = (2, 5, 1, 22)  # 768, 1024 and 1536 bits; 22 is a 1024-bit group of RFC 5114
_GOOD_GROUPS = (14, 19, 20, 15, 16, 21)  # 31 is what we send where another should be asked for
_Pairs = Sequence[tuple[int, int]]
_PLAIN2 = ((12, 256), (12, 128))
_MD5, _DES, _TRIPLE_DES = (1, 1), (2, 0), (3, 0)
_WEAK_NAMES = frozenset(("des", "3des", "md5"))
_TURNS = 3
_SECRETS = frozenset(("psk", "xauth-psk"))


class IkeFacts(Facts, frozen=True, kw_only=True):
    """``versions`` that it speaks (1 where it agreed to something).

    ``agreed`` are the words for what it chose when everything was offered, by version.
    ``weak_groups``: Diffie-Hellman groups under 2048 bits that it accepts; ``weak_ciphers``: des, 3des and md5 likewise; found
    one after the other, so that the list may end early but is never empty for nothing. ``pre_shared_key``: version 1 agrees to
    a pre-shared key. ``aggressive_mode``: version 1 answers in it; ``hash_disclosed``: with a hash made of the pre-shared key.
    """

    kind: ClassVar[str] = "ike"

    versions: tuple[str, ...] | None = None
    agreed: tuple[str, ...] | None = None
    weak_groups: tuple[int, ...] | None = None
    weak_ciphers: tuple[str, ...] | None = None
    pre_shared_key: bool | None = None
    aggressive_mode: bool | None = None
    hash_disclosed: bool | None = None


@dataclass
class _Seen:
    answered: bool = False
    versions: set[str] = field(default_factory=set)
    agreed: list[str] = field(default_factory=list)
    groups: set[int] = field(default_factory=set)
    ciphers: set[str] = field(default_factory=set)
    secret: bool = False
    aggressive: bool = False
    hash: bool = False


class IkeScanner:
    """About a dozen first messages, each on its own: what is accepted of the good, and of the weak offered alone."""

    name = "ike"
    version = "1"
    facts_type = IkeFacts
    intrusiveness = Intrusiveness.NORMAL
    deadline_seconds = 60.0

    def applies(self, service: ServiceFacts) -> bool:
        return service.name == "ike"

    async def look(self, target: Target, occasion: Occasion) -> Look:
        asking = _Asking(target, occasion)
        seen = _Seen()
        await _aggressive(asking, seen)
        await _version_1(asking, seen)
        await _version_2(asking, seen)
        if not seen.answered:
            raise TimeoutError
        facts = IkeFacts(
            versions=tuple(sorted(seen.versions)),
            agreed=tuple(seen.agreed),
            weak_groups=tuple(sorted(seen.groups)),
            weak_ciphers=tuple(sorted(seen.ciphers)),
            pre_shared_key=seen.secret,
            aggressive_mode=seen.aggressive,
            hash_disclosed=seen.hash,
        )
        return Look(facts, asking.evidence)


class _Asking:
    def __init__(self, target: Target, occasion: Occasion) -> None:
        self.target, self.occasion, self.evidence = target, occasion, b""
        self.mark = NAT_T if occasion.service and occasion.service.extra == "NAT traversal" else b""

    async def ask(self, payload: bytes, *, keep: bool = True) -> Answer | None:
        """The answer to one message; None for silence or for what is no answer."""
        answers = await self.occasion.door.datagram(
            self.target,
            self.mark + payload,
            zone_id=self.occasion.zone.id,
            needs=Intrusiveness.NORMAL,
            timeout_seconds=_SECONDS,
        )
        if not answers:
            return None
        data = answers[0].removeprefix(self.mark)
        self.evidence += data if keep else b""
        return messages.read_answer(data)

    async def init(self, ciphers: _Pairs, groups: Sequence[int], hashes: _Pairs = messages.HASHES2) -> Answer | None:
        """IKE_SA_INIT; once more with the cookie that is asked for, or the public value of the group it wants."""
        key_of, cookie = groups[0], b""
        answer: Answer | None = None
        for _ in range(_TURNS):
            payload = messages.sa_init(ciphers, groups, key_of=key_of, hashes=hashes, cookie=cookie)
            answer = await self.ask(payload) or answer
            if answer is None or answer.version != 2:
                return None
            wanted = _group(answer)
            if messages.COOKIE in answer.notify and not cookie:
                cookie = answer.notify[messages.COOKIE][:64]
            elif not answer.chosen and wanted in messages.PUBLIC and wanted in groups and wanted != key_of:
                key_of = wanted
            else:
                break
        return answer

    async def would(self, ciphers: _Pairs, groups: Sequence[int], hashes: _Pairs = messages.HASHES2) -> int | None:
        """The group it would take with these, or None. Asked with the public value of another group, so that it only says
        which it wants: an agreement left half done counts against our address (strongSwan bears five)."""
        other = next(one for one in (31, 14) if one not in groups)
        answer = await self.ask(messages.sa_init(ciphers, groups, key_of=other, hashes=hashes))
        cookie = answer.notify.get(messages.COOKIE, b"")[:64] if answer is not None else b""
        if cookie:
            answer = await self.ask(messages.sa_init(ciphers, groups, key_of=other, hashes=hashes, cookie=cookie))
        elif answer is None:  # not every gateway answers a value that it did not ask for
            answer = await self.init(ciphers, groups, hashes)
        return _group(answer)


def _group(answer: Answer | None) -> int | None:
    """The group it agrees to: chosen, or named in place of the one whose public value we sent."""
    if answer is None:
        return None
    wanted = answer.notify.get(messages.INVALID_KE, b"")
    return answer.chosen.get(messages.GROUP) or (int.from_bytes(wanted, "big") if len(wanted) == 2 else None)


async def _version_2(asking: _Asking, seen: _Seen) -> None:
    answer = await asking.init(messages.ALL_CIPHERS2, (*_GOOD_GROUPS, 31, 2, 5))
    if answer is None:
        return
    seen.answered = True
    seen.versions.add("2")
    if answer.chosen:
        cipher = messages.CIPHERS2.get(answer.chosen.get(messages.ENCRYPTION, 0), "?")
        digest = messages.PRFS2.get(answer.chosen.get(messages.PRF, 0), "?")
        seen.agreed.append(f"2: {cipher}, {digest}, group {answer.chosen.get(messages.GROUP, 0)}")
    left = list(_WEAK_GROUPS)
    while left and (group := await asking.would((*messages.ALL_CIPHERS2, _DES), left)) in left:
        seen.groups.add(group)
        left.remove(group)
    every = (*_GOOD_GROUPS, *_WEAK_GROUPS)
    for name, ciphers, hashes in (
        ("3des", (_TRIPLE_DES,), (*messages.HASHES2, _MD5)),
        ("des", (_DES,), (*messages.HASHES2, _MD5)),
        ("md5", (*_PLAIN2, _TRIPLE_DES, _DES), (_MD5,)),
    ):
        if await asking.would(ciphers, every, hashes) in every:
            seen.ciphers.add(name)


async def _version_1(asking: _Asking, seen: _Seen) -> None:
    good = [
        (7, bits, digest, method, group) for group in (14, 19, 2) for bits in (256, 128) for digest in (4, 2) for method in (1, 3)
    ]
    answer = None if seen.aggressive else await asking.ask(messages.phase_1(MAIN_MODE, good))
    _note(seen, answer)
    with_secret = [item for item in good if item[3] == 1]
    if answer is not None and answer.version == 1 and not seen.secret:
        _note(seen, await asking.ask(messages.phase_1(MAIN_MODE, with_secret)))
    weak = [(5, 0, digest, method, group) for group in (2, 14, 5, 1) for digest in (2, 4, 1) for method in (1, 3)]
    weak += [(1, 0, digest, 1, group) for group in (2, 1) for digest in (2, 1)]
    _note(seen, await asking.ask(messages.phase_1(MAIN_MODE, weak)))


async def _aggressive(asking: _Asking, seen: _Seen) -> None:
    """All transforms of an aggressive mode share one group: each that is usual is tried until one is answered in that mode."""
    for group in (2, 14, 5):
        offers = [
            (cipher, bits, digest, method, group)
            for cipher, bits in ((7, 256), (7, 128), (5, 0))
            for digest in (2, 4, 1)
            for method in (1, 65001)
        ]
        answer = await asking.ask(messages.phase_1(AGGRESSIVE, offers), keep=False)
        _note(seen, answer)
        if answer is not None and answer.version == 1 and answer.exchange == AGGRESSIVE and answer.chosen:
            seen.aggressive, seen.hash = True, answer.hash
            return


def _note(seen: _Seen, answer: Answer | None) -> None:
    """What an answer of version 1 agrees to."""
    if answer is None or answer.version != 1:
        return
    seen.answered = True
    if not answer.chosen:  # a gateway of version 2 alone says no in the words of version 1
        return
    seen.versions.add("1")
    cipher, digest = messages.CIPHERS1.get(answer.chosen.get(1, 0), "?"), messages.HASHES1.get(answer.chosen.get(2, 0), "?")
    method, group = messages.METHODS1.get(answer.chosen.get(3, 0), "?"), answer.chosen.get(4, 0)
    words = f"1: {cipher}, {digest}, {method}, group {group}"
    seen.agreed += [words] if words not in seen.agreed else []
    seen.groups |= {group} & set(_WEAK_GROUPS)
    seen.ciphers |= {cipher, digest} & _WEAK_NAMES
    seen.secret = seen.secret or method in _SECRETS


SCANNER = IkeScanner()
