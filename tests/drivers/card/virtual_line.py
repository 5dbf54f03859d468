"""A line between the driver and a simulated terminal in virtual time, with faults at will.

Nothing here waits: reading lets the clock run. Bytes of both directions are counted, so
that a fault can be put before any byte of a dialogue.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from drivers.card.interface import Answer, Conclusion, Progress, Question, Totals
from drivers.errors import Offline
from drivers.simulators.card.terminal import SimulatedTerminal
from drivers.simulators.wire import Hangup


class Fault(StrEnum):
    """What happens at one byte of the dialogue, whichever way it goes."""

    NONE = "none"
    DIES = "dies"  # the line breaks, both ends know
    MUTE = "mute"  # nothing passes any more
    LOST = "lost"  # this byte is lost
    FLIPPED = "flipped"  # one bit of it is flipped
    DOUBLED = "doubled"  # it comes twice
    NOISE = "noise"  # something comes before it
    POWER = "power"  # the till loses its power


class PowerCutError(BaseException):
    """The till is gone at this instant; no handler of the driver may see it."""


@dataclass(slots=True)
class Clock:
    now_s: float = 1000.0


@dataclass(slots=True)
class VirtualLine:
    """A Wire with a simulated terminal at its other end."""

    terminal: SimulatedTerminal
    clock: Clock
    faults: dict[int, Fault] = field(default_factory=dict)
    flip_mask: int = 0x01
    noise: bytes = b"\x7f"
    stop_at_s: float | None = None
    cancel_at_s: float | None = None
    transcript: list[tuple[str, int]] = field(default_factory=list)
    on_write: Callable[[bytes], None] | None = None
    _incoming: deque[int] = field(default_factory=deque)
    _count: int = 0
    _dead: bool = False
    _mute: bool = False

    def connect(self) -> VirtualLine:
        self._take(self.terminal.connected(self.clock.now_s))
        return self

    @property
    def stopping(self) -> bool:
        return self.stop_at_s is not None and self.clock.now_s >= self.stop_at_s

    def now_s(self) -> float:
        return self.clock.now_s

    def wants_cancel(self) -> bool:
        wanted = self.cancel_at_s is not None and self.clock.now_s >= self.cancel_at_s
        if wanted:
            self.cancel_at_s = None
        return wanted

    def read(self, bytes_max: int, timeout_s: float) -> bytes:
        self._take(self.terminal.tick(self.clock.now_s))
        if not self._incoming and not self._dead:
            self.clock.now_s += self._step_s(timeout_s)
            self._take(self.terminal.tick(self.clock.now_s))
        if not self._incoming and self._dead:
            raise Offline("the virtual line is cut")
        count = min(bytes_max, len(self._incoming))
        return bytes(self._incoming.popleft() for _ in range(count))

    def _step_s(self, timeout_s: float) -> float:
        """Let time pass up to the terminal's next move."""
        due_s = self.terminal.due_s
        if due_s is None:
            return timeout_s
        return min(timeout_s, max(0.0, due_s - self.clock.now_s))

    def write(self, data: bytes, timeout_s: float) -> None:
        if self.on_write is not None:
            self.on_write(data)
        for byte in data:
            if self._dead:
                raise Offline("the virtual line is cut")
            for passed in self._pass(">", byte):
                self._take(self.terminal.receive(bytes([passed]), self.clock.now_s))
        if self._dead:
            raise Offline("the virtual line is cut")

    def _take(self, replies: list[bytes | Hangup]) -> None:
        for reply in replies:
            if isinstance(reply, Hangup):
                self._dead = True
                return
            for byte in reply:
                if not self._dead:
                    self._incoming.extend(self._pass("<", byte))

    def _pass(self, direction: str, byte: int) -> bytes:
        fault = self.faults.get(self._count, Fault.NONE)
        self._count += 1
        self.transcript.append((direction, byte))
        self._dead = self._dead or fault is Fault.DIES
        self._mute = self._mute or fault is Fault.MUTE
        if fault is Fault.POWER:
            raise PowerCutError
        if self._dead or self._mute or fault is Fault.LOST:
            return b""
        if fault is Fault.FLIPPED:
            return bytes([byte ^ self.flip_mask])
        if fault is Fault.DOUBLED:
            return bytes([byte, byte])
        return self.noise + bytes([byte]) if fault is Fault.NOISE else bytes([byte])


class StoreError(Exception):
    """The disk is full."""


@dataclass(slots=True)
class MemoryRecorder:
    """A till's journal in memory; `failing` names the calls that raise."""

    failing: frozenset[str] = frozenset()
    events: list[tuple[str, str]] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    late_answers: list[Answer] = field(default_factory=list)
    conclusions: dict[str, Conclusion] = field(default_factory=dict)
    shown: list[Progress] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    open: list[Question] = field(default_factory=list)
    findings: list[tuple[str, Answer]] = field(default_factory=list)
    day: list[Totals | None] = field(default_factory=list)

    def sending(self, reference: str) -> None:
        self._note("sending", reference)

    def answered(self, reference: str, answer: Answer) -> None:
        self._note("answered", reference)
        assert reference not in self.answers, "an attempt has one answer"
        self.answers[reference] = answer

    def concluded(self, reference: str, conclusion: Conclusion) -> None:
        self._note("concluded", reference)
        self.conclusions[reference] = conclusion

    def late(self, answer: Answer) -> None:
        self._note("late", answer.private_data)
        self.late_answers.append(answer)

    def questions(self) -> tuple[Question, ...]:
        return tuple(self.open)

    def found(self, reference: str, answer: Answer) -> None:
        self._note("found", reference)
        self.findings.append((reference, answer))

    def totals(self, totals: Totals | None) -> None:
        self.day.append(totals)

    def progress(self, reference: str, progress: Progress, text: str = "") -> None:
        self.shown.append(progress)
        if text:
            self.texts.append(text)
        if "progress" in self.failing:
            raise StoreError

    def _note(self, what: str, reference: str) -> None:
        if what in self.failing:
            raise StoreError
        self.events.append((what, reference))
