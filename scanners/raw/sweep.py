"""One job from its first packet to its last answer."""

import struct
from array import array
from collections import deque
from collections.abc import Sequence
from typing import Any

from scanners.raw import report
from scanners.raw.bulk import Basket
from scanners.raw.echo import Echo, Questions
from scanners.raw.ends import Ends
from scanners.raw.engine import Engine
from scanners.raw.job import Job, intervals
from scanners.raw.lines import Lines
from scanners.raw.neighbours import Neighbourhood
from scanners.raw.report import Report
from scanners.raw.syn import CLOSED, FILTERED, OPEN, Neighbour, SynTrack
from scanners.raw.templates import Refusal

_RST = 0x04
_CLOSING_PASSES = 3  # over hosts that answered, as long as the pass before still found something
_SETTLE_SECONDS = 0.3
_PROGRESS_SECONDS = 0.5


class Sweep:
    """Runs ``job`` over ``ends`` and tells what it finds through ``lines``."""

    def __init__(self, job: Job, ends: Ends, lines: Lines) -> None:
        self.job, self._ends, self._lines = job, ends, lines
        self.field = job.field()
        self.report = Report(self.field.count, lines.say)
        self.engine = Engine(lines, job.rate, self._order, self._flush)
        self.neighbourhood = Neighbourhood(self.field, ends, self.report)
        self.echo = Echo(self.field, ends, self.report)
        self.questions = Questions(self.field, ends, self.report, job.udp)
        self._basket = Basket()
        self._tracks: list[SynTrack] = []
        self._track_of = bytearray(self.field.count)  # 0: in none; else the place of its track plus one
        self._member_of = array("I", bytes(4 * self.field.count))
        self._phase, self._found, self._skipped = "neighbours", 0, 0
        self._stage, self._track, self._step = 0, 0, 0
        self._places: deque[tuple[float, dict[str, int]]] = deque()
        self._told = (self.engine.clock(), 0)
        self.echo.on_refusal = self._refused
        self.echo.on_advertisement = self.neighbourhood.hear_advertisement
        self.engine.hear(ends.icmp, self.echo.hear)
        self.engine.hear(ends.arp, self.neighbourhood.hear_arp)
        self.engine.hear(ends.udp, self.questions.hear)
        self.engine.hear(ends.tcp, self._hear_tcp)

    def run(self) -> None:
        """Everything in turn. Raises :class:`~scanners.raw.engine.Ended`."""
        drain(self._ends)
        self._ask_neighbours()
        self._make_tracks()
        for stage in range(self.job.position.get("stage", 0), self.job.retries + 1):
            self._stage = stage
            self._phase = "echo"
            self.echo.ask(self.engine, self._reachable)
            self._phase = "udp"
            self.questions.ask(self.engine, self._reachable)
            self._phase = "tcp"
            started, self._found = self.engine.clock(), 0
            self._pass(stage)
            if stage < self.job.retries:  # a retry follows its first try no sooner than an answer may take
                self.engine.rest(max(_SETTLE_SECONDS, self.job.timeout_seconds / 2 - (self.engine.clock() - started)))
        self.engine.rest(self.job.timeout_seconds)
        self._close()
        self._flush()
        self._lines.say("done", sent=self.engine.sent)

    def _ask_neighbours(self) -> None:
        members = self.neighbourhood.members()
        for _ in range(self.job.retries + 1 if members else 0):
            self.neighbourhood.ask(self.engine, members)
            self.engine.rest(min(1.0, self.job.timeout_seconds))

    def _reachable(self, index: int) -> bool:
        """Behind the kernel's routes, or a neighbour whose hardware address is known."""
        return not self.neighbourhood.on_link(index) or index in self.report.macs

    def _make_tracks(self) -> None:
        """Routed hosts first: their members do not depend on who answered, so a position among them stays valid."""
        if not self.job.tcp:
            return
        macs = self.report.macs
        routed = array("I", (i for i in range(self.field.count) if not self.neighbourhood.on_link(i)))
        near = array("I", sorted(macs))
        places = [Neighbour(self.neighbourhood.link(index).index, macs[index]) for index in near]
        groups: list[tuple[Sequence[int], list[Neighbour] | None]] = [(routed, None), (near, places)]
        for members, neighbours in groups:
            if members:
                track = SynTrack(self.field, members, self.job.tcp, self._ends.port, neighbours)
                self._tracks.append(track)
                for member, index in enumerate(members):
                    self._track_of[index] = len(self._tracks)
                    self._member_of[index] = member
        for index, place, state in self.job.known():
            if index < self.field.count and (number := self._track_of[index]):
                track = self._tracks[number - 1]
                track.rows[place][track.slot_of(self._member_of[index])] = state
                self.report.alive[index] |= 8

    def _pass(self, stage: int) -> None:
        position = self.job.position if self.job.position.get("stage") == stage else {}
        for number, track in enumerate(self._tracks):
            first = 0
            if not track.on_link and position.get("track", 0) == number and position.get("members", -1) == track.count:
                first = min(position.get("step", 0), track.steps)
            self._track = number
            self._sweep_track(track, first)

    def _sweep_track(self, track: SynTrack, first: int, only: bytes | None = None) -> None:
        engine = self.engine
        sock = self._ends.link if track.on_link else self._ends.route
        for step in range(first, track.steps):
            self._step = step
            at = 0
            while True:
                start, end = track.next_run(step, at, only)
                if start == end:
                    break
                ready = engine.turn()
                start, end = track.next_run(step, at, only)  # while waiting, answers came and the scope may have changed
                if start == end:
                    break
                sent = track.salvo.send(sock, start, min(end - start, ready))
                if sent:
                    engine.spend(sent)
                else:
                    engine.pump(0.001)
                at = start + sent

    def _close(self) -> None:
        """A loss that the last pass still showed: hosts that are there are asked again until nothing new comes."""
        for _ in range(_CLOSING_PASSES if self.job.retries else 0):
            if self._found == 0 and not self._ends.dropped():
                return
            self._found = 0
            for number, track in enumerate(self._tracks):
                self._track = number
                index_of = [track.members[track.spread.at(slot)] for slot in range(track.count)]
                self._sweep_track(track, 0, bytes(0 if self.report.alive[index] else 1 for index in index_of))
            self.engine.rest(self.job.timeout_seconds / 2)

    def _hear_tcp(self) -> None:
        """Read the answers that wait: SYN-ACK and RST, checked against what was sent."""
        version, field = self.job.version, self.field
        header, size, at = (0, 4, 12) if version == 4 else (40, 16, 8)
        buffer = self._basket.buffer
        for _ in range(64):
            lengths = self._basket.receive(self._ends.tcp)
            for slot, length in enumerate(lengths):
                start = slot * Basket.SIZE
                tcp = start + (header or (buffer[start] & 15) * 4)
                if length < tcp - start + 14:
                    continue
                port, acknowledged, flags = _PORT_ACK_FLAGS.unpack_from(buffer, tcp)
                index = field.index(int.from_bytes(buffer[start + at : start + at + size], "big"))
                if index >= 0:
                    state = CLOSED if flags & _RST else OPEN
                    if self._note(index, port, acknowledged, state) and state == OPEN:
                        self.engine.charge(1)
            if len(lengths) < 512:
                return

    def _note(self, index: int, port: int, acknowledged: int, state: int) -> bool:
        """Put down what a port said, if it proves to answer our probe; whether that was new."""
        number = self._track_of[index]
        if not number:
            return False
        track = self._tracks[number - 1]
        place, slot = track.place_of(port), track.slot_of(self._member_of[index])
        if place < 0 or not track.prove(slot, place, acknowledged):
            return False
        if state != FILTERED:
            self.report.answered(index, report.TCP)
        if track.rows[place][slot]:
            return False
        track.rows[place][slot] = state
        self._found += 1
        self.report.port("tcp", index * len(self.job.tcp) + place, state)
        return True

    def _refused(self, refusal: Refusal) -> None:
        """An ICMP error: about a SYN it must quote our sequence number."""
        index = self.field.index(refusal.address)
        if index < 0:
            return
        if refusal.protocol == 6 and refusal.source_port == self._ends.port:
            self._note(index, refusal.port, (refusal.sequence + 1) & 0xFFFFFFFF, FILTERED)
        elif refusal.protocol == 17 and refusal.source_port == self._ends.udp_port:
            closed = refusal.closed and refusal.said_by == refusal.address
            self.questions.note(refusal.address, refusal.port, CLOSED if closed else FILTERED)

    def _order(self, order: dict[str, Any]) -> None:
        if order.get("do") == "rate":
            self.engine.set_rate(float(order["rate"]))
        elif order.get("do") == "allow":
            self.field.allow(intervals(order["allowed"]), intervals(order["excluded"]))
            self._lines.say("allowed", shut=self.field.shut.count(1))

    def _flush(self) -> None:
        self.report.flush()
        now, (told, sent) = self.engine.clock(), self._told
        if now - told >= _PROGRESS_SECONDS:
            self._told = (now, self.engine.sent)
            rate = (self.engine.sent - sent) / (now - told)
            self._lines.say(
                "progress", phase=self._phase, sent=self.engine.sent, total=self._total(), rate=rate, safe=self._safe(now)
            )

    def _total(self) -> int:
        """How many probes there will be when nobody answers any more."""
        reachable = sum(track.count for track in self._tracks) or self.field.count
        each = 1 + len(self.job.tcp) + len(self.job.udp)
        return max(self.engine.sent, reachable * each * (self.job.retries + 1))

    def _safe(self, now: float) -> dict[str, int] | None:
        """Where a resumed sweep may go on: the place of so long ago that its answers have had their time."""
        if self._phase == "tcp" and self._tracks and not self._tracks[self._track].on_link:
            members = self._tracks[self._track].count
            place = {"stage": self._stage, "track": self._track, "members": members, "step": self._step}
            self._places.append((now, place))
        while len(self._places) > 1 and self._places[1][0] <= now - self.job.timeout_seconds:
            self._places.popleft()
        ripe = self._places and self._places[0][0] <= now - self.job.timeout_seconds
        return self._places[0][1] if ripe else None


_PORT_ACK_FLAGS = struct.Struct(">H6xIxB")


def drain(ends: Ends) -> None:
    """Throw away what earlier jobs left in the sockets."""
    for sock in (ends.tcp, ends.icmp, ends.udp, ends.arp):
        for _ in range(100_000):
            try:
                sock.recv(64)
            except OSError:
                break
