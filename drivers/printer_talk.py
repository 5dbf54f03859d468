"""Talking with a receipt printer over an open line: bytes out, answers in, status kept.

What could not be written stays in order and is finished later, to the byte: a printer that stops
reading in the midst of a command would take whatever came instead for that command's data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from drivers.errors import Timeout
from drivers.escpos.poll import StatusPoll
from drivers.escpos.status import Barrier, FlowControl, ProcessId, RealTimeStatus, StatusReader
from drivers.runner import State

if TYPE_CHECKING:
    from drivers.escpos.status import Event, PrinterStatus
    from drivers.runner import Line

READ_BYTES_MAX: Final = 256
LISTEN_S: Final = 0.05
ANY_BARRIER: Final = ""

BLOCKED: Final = "printer.blocked"
NO_ANSWER: Final = "printer.no_answer"
MUTE: Final = "printer.mute"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PrinterTiming:
    """How long things may take, in seconds.  `slowest_bytes_per_s` is a 9600-baud line's."""

    status_timeout_s: float = 1.0
    idle_poll_s: float = 2.0
    held_poll_s: float = 0.5
    write_timeout_s: float = 1.0
    barrier_timeout_s: float = 10.0
    slowest_bytes_per_s: int = 960


class PrinterTalk:
    """The conversation on one open line."""

    def __init__(self, line: Line[T], timing: PrinterTiming, *, answers: bool) -> None:
        self._line = line
        self._timing = timing
        self._answers = answers
        self._reader = StatusReader()
        self._poll = StatusPoll(timing.status_timeout_s)
        self._unsent = b""
        self._stopped_by_xoff = False
        self._drained_at_s = float("-inf")
        self._confirmed: set[str] = set()
        self._answered_at_s = float("-inf")
        self._next_poll_at_s = float("-inf")

    @property
    def blocked(self) -> bool:
        """Whether the printer takes nothing more for now."""
        return bool(self._unsent) or self._stopped_by_xoff

    @property
    def status(self) -> PrinterStatus | None:
        """What the last full round of questions gave; None while nobody answers."""
        return self._poll.status

    @property
    def answered_recently(self) -> bool:
        """Whether the printer answered so lately that it surely listens now."""
        age_s = self._line.now_s() - self._answered_at_s
        return age_s < self._timing.status_timeout_s

    def push(self, data: bytes = b"") -> bool:
        """Write `data` after what is unsent; False if some of it is still to go."""
        self._unsent += data
        if self._unsent and not self._stopped_by_xoff:
            pending, self._unsent = self._unsent, b""
            try:
                self._write(pending)
            except Timeout as error:
                self._unsent = pending[error.written :]
        if self.blocked:
            self._line.report(State.FAULT, BLOCKED)
        elif not self._answers:
            self._line.report(State.UNKNOWN, MUTE)
        return not self.blocked

    def push_now_or_never(self, data: bytes) -> bool:
        """Write a command that must not arrive late; False if it was not sent."""
        if self.blocked:
            return False
        try:
            self._write(data)
        except Timeout as error:
            # Once begun it has to be finished, or it would swallow the next command.
            self._unsent = data[error.written :] if error.written else b""
            return False
        return True

    def listen(self, wait_s: float = LISTEN_S) -> None:
        """Take in what the printer says within `wait_s`, and report what it means."""
        for event in self._reader.receive(self._line.read(READ_BYTES_MAX, wait_s)):
            self._hear(event)

    def poll(self, every_s: float) -> None:
        """Ask for the status if it was not asked within `every_s`; never waits for the answer."""
        now_s = self._line.now_s()
        if not self._answers or self.blocked:
            return
        if self._poll.overdue(now_s, self._drained_at_s):
            self._fell_silent()
        if now_s >= self._next_poll_at_s:
            self._next_poll_at_s = now_s + every_s
            self._ask()

    def ask_and_wait(self) -> PrinterStatus | None:
        """Ask for the status and wait for it; None when the printer does not answer."""
        until_s = max(self._line.now_s(), self._drained_at_s) + self._timing.status_timeout_s
        rounds = self._poll.rounds
        self._ask()
        while self._poll.rounds == rounds:
            if self._line.stopping:
                return None
            if self._line.now_s() >= until_s:
                self._fell_silent()
                return None
            self.listen()
        return self._poll.status

    def forget_barriers(self) -> None:
        """Forget the confirmations heard so far: they were for an earlier job."""
        self._confirmed.clear()

    def confirmed(self, tag: str) -> bool:
        """Whether the barrier with this tag (or ANY_BARRIER) was answered."""
        return tag in self._confirmed

    def _ask(self) -> None:
        if not self.blocked and (question := self._next_question()):
            self.push(question)

    def _next_question(self) -> bytes:
        return self._poll.ask(self._line.now_s(), self._drained_at_s)

    def _write(self, data: bytes) -> None:
        # What a buffer took at once is still on the wire for a while, and answers come after it.
        start_s = max(self._line.now_s(), self._drained_at_s)
        self._drained_at_s = start_s + len(data) / self._timing.slowest_bytes_per_s
        self._line.write(data, self._timing.write_timeout_s)

    def _hear(self, event: Event) -> None:
        match event:
            case RealTimeStatus():
                self._answered_at_s = self._line.now_s()
                if question := self._poll.answered(event.value, self._answered_at_s):
                    self.push(question)
                elif not self.blocked:
                    self._report()
            case Barrier():
                self._confirmed.add(ANY_BARRIER)
            case ProcessId():
                self._confirmed.add(event.tag)
            case FlowControl():
                self._stopped_by_xoff = event.stop
            case _:
                pass  # automatic status was not asked for, and noise means nothing

    def _report(self) -> None:
        status = self._poll.status
        if status is None:
            return
        if status.fault is not None:
            self._line.report(State.FAULT, status.fault)
        else:
            self._line.report(State.ONLINE, status.warning)

    def _fell_silent(self) -> None:
        self._poll.reset()
        if not self.blocked:
            self._line.report(State.UNKNOWN, NO_ANSWER)
