"""Commands and their ends on an open line: one side asks, the other answers each message.

    till      06 01 ...                         80 00 00     80 00 00     80 00 00
    terminal            80 00 00   04 FF ...    04 0F ...    06 0F ...

Everything waits by reading. What the terminal says outside a command, or before it answered one, is
no part of it and goes to the `Ear` that listens at all other times: it may be about the past.

A command that was not answered, or not ended, leaves the two sides out of step: what comes later
could be taken for an answer to the next one. So the next begins only once the line was listened to
for `t3_s`. A wish to stop (06 B0) is answered too, and maybe only behind the end of what it was to
stop: the next command waits as long for that answer, and no longer than until it came.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, Protocol

from drivers.card.wire import StoppedError
from drivers.card.zvt import apdu as code
from drivers.card.zvt import codes
from drivers.card.zvt.apdu import Apdu, refused
from drivers.card.zvt.link import Link, NetworkLink, SerialLink, Step

if TYPE_CHECKING:
    from drivers.card.wire import Wire
    from drivers.card.zvt.settings import ZvtSettings

READ_BYTES_MAX: Final = 256
READ_SLICE_S: Final = 0.1  # how soon a closing till or a cancelling cashier is noticed
BUSY_PAUSE_S: Final = 2.0  # after "wait", by the specification
COMMAND_S_MAX: Final = 1_800.0  # however often the terminal says that it goes on
MESSAGES_MAX: Final = 10_000  # in one wait

_HEARD: Final = frozenset({code.STATUS, code.INTERMEDIATE, code.PRINT_LINE, code.TEXT_BLOCK})
_ACCEPT: Final = Apdu(code.ACCEPTED)
_NOT_SUPPORTED: Final = refused(codes.NOT_SUPPORTED)
_NOT_TAKEN: Final = refused(codes.NOT_TAKEN)


class How(Enum):
    """How a command ended."""

    COMPLETED = auto()
    ABORTED = auto()
    REFUSED = auto()  # by its answer: it was never begun
    UNANSWERED = auto()
    NOT_ENDED = auto()


@dataclass(frozen=True, slots=True)
class End:
    """How a command ended; `data` is what came with a completion, `reason` with the others."""

    how: How
    reason: int | None = None
    data: bytes = field(default=b"", repr=False)


class Ear(Protocol):
    """Who hears what the terminal says; what it returns False for is refused."""

    def hear(self, said: Apdu) -> bool:
        """Take anything but the end of a command; False if it may not be acknowledged."""


class Listener(Ear, Protocol):
    """Who hears what the terminal says during a command."""

    @property
    def patience_s(self) -> float:
        """How long the terminal's next word may take now."""

    def begun(self) -> None:
        """Hear that the command was accepted."""

    def aborted(self, reason: int | None) -> bool:
        """Hear that the terminal ended it without success; False if it may not be acknowledged."""

    def waiting(self) -> None:
        """Called often while nothing comes."""


class Session:
    """What goes over one line, by one thread."""

    def __init__(self, wire: Wire, settings: ZvtSettings, ear: Ear) -> None:
        self.payload_left = False  # whether a byte of a request may have gone since `begin`
        self._wire = wire
        self._settings = settings
        self._ear = ear
        self._link: Link = SerialLink() if settings.on_serial else NetworkLink()
        self._heard_s = 0.0
        self._settled_s = math.inf
        self._out_of_step = False
        self._stops_unanswered = 0
        self._repeats_before = 0

    def begin(self) -> None:
        """Start an attempt: nothing of it has left yet."""
        self.payload_left = False

    @property
    def repeated(self) -> bool:
        """Whether something went twice since the last command: its refusal may be the second's."""
        return self._link.repeats > self._repeats_before

    def listen(self, seconds: float) -> None:
        """Take what the terminal says by itself.

        Raises DeviceError or RemoteProtocolError when the line breaks, StoppedError when the till
        closes.
        """
        until_s = self._wire.now_s() + seconds
        for _ in range(MESSAGES_MAX):
            said = self._next(until_s)
            if said is None:
                return
            self._overhear(said)

    def stop(self) -> None:
        """Ask the terminal to end what runs; its answer comes among the rest, or after the end."""
        self._stops_unanswered += 1
        self._send(Apdu(code.STOP))

    def carry(
        self, command: Apdu, listener: Listener, *, is_request: bool = False, patient: bool = True
    ) -> End:
        """Carry a command to its end. Raises as `listen` does.

        `is_request`: it moves money, so that from its first byte on nothing is certain without an
        answer. `patient`: a terminal that says "wait" is asked again, for a while.
        """
        self._get_in_step()
        self._out_of_step = True
        end = self._ask(command, is_request=is_request, patient=patient)
        if end is None:
            listener.begun()
            end = self._follow(listener)
        self._out_of_step = end.how in {How.UNANSWERED, How.NOT_ENDED}
        return end

    def _get_in_step(self) -> None:
        """Let pass what could be taken for the answer to the next command."""
        if self._out_of_step:
            self.listen(self._settings.t3_s)
        else:
            self._read_past_stops()
        self._stops_unanswered = 0  # what did not come by now never will

    def _read_past_stops(self) -> None:
        until_s = self._wire.now_s() + self._settings.t3_s
        for _ in range(MESSAGES_MAX):
            if not self._stops_unanswered or (said := self._next(until_s)) is None:
                return
            self._overhear(said)

    # The answer to a command.

    def _ask(self, command: Apdu, *, is_request: bool, patient: bool) -> End | None:
        """Return how a command ended at once; None when it was accepted."""
        give_up_s = self._wire.now_s() + (self._settings.busy_budget_s if patient else 0.0)
        while True:
            self.payload_left = self.payload_left or is_request
            self._repeats_before = self._link.repeats
            self._send(command)
            answer = self._answer()
            if answer is None:
                return End(How.UNANSWERED)
            if answer.refusal is None:
                return None
            if answer.refusal != codes.WAIT or self._wire.now_s() + BUSY_PAUSE_S > give_up_s:
                return End(How.REFUSED, answer.refusal)
            self.listen(BUSY_PAUSE_S)

    def _answer(self) -> Apdu | None:
        until_s = self._wire.now_s() + self._settings.t3_s
        for _ in range(MESSAGES_MAX):
            said = self._next(until_s)
            if said is None or said.is_answer:
                return said
            self._overhear(said)
        return None

    # What follows it.

    def _follow(self, listener: Listener) -> End:
        began_s = self._wire.now_s()
        for _ in range(MESSAGES_MAX):
            due_s = self._wire.now_s() + listener.patience_s
            said = self._next(min(due_s, began_s + COMMAND_S_MAX), listener.waiting)
            if said is None:
                break
            if said.code == code.COMPLETION:
                self._send(_ACCEPT)
                return End(How.COMPLETED, data=said.data)
            if said.code == code.ABORT:
                reason = said.data[0] if said.data else None
                self._send(_ACCEPT if listener.aborted(reason) else _NOT_TAKEN)
                return End(How.ABORTED, reason)
            self._give(said, listener)
        return End(How.NOT_ENDED)

    def _overhear(self, said: Apdu) -> None:
        if said.code in {code.COMPLETION, code.ABORT}:
            self._send(_ACCEPT)
        else:
            self._give(said, self._ear)

    def _give(self, said: Apdu, ear: Ear) -> None:
        if said.is_answer:  # to our wish to stop, or to something that is over
            self._stops_unanswered = max(0, self._stops_unanswered - 1)
            return
        if said.code not in _HEARD:
            self._send(_NOT_SUPPORTED)
        else:
            self._send(_ACCEPT if ear.hear(said) else _NOT_TAKEN)

    # The line.

    def _next(self, until_s: float, waiting: Callable[[], None] | None = None) -> Apdu | None:
        """Return what the terminal says next; None when `until_s` passed first."""
        looked = False
        while True:
            step = self._link.next_step() or self._overdue()
            if step is not None:
                self._write(step.send)
                if step.apdu is not None:
                    return step.apdu
                continue
            left_s = until_s - self._wire.now_s()
            if looked and left_s <= 0:
                return None
            if self._wire.stopping:
                raise StoppedError
            if waiting is not None:
                waiting()
            self._read(max(0.0, min(left_s, READ_SLICE_S, self._quiet_left_s())))
            looked = True

    def _overdue(self) -> Step | None:
        now_s = self._wire.now_s()
        if now_s >= self._settled_s:
            self._link.settle()
            self._settled_s = math.inf
        return self._link.expire() if self._quiet_left_s() <= 0 else None

    def _quiet_left_s(self) -> float:
        """Return how long the line may still be silent."""
        if self._link.wait_ms is None:
            return math.inf
        return self._heard_s + self._link.wait_ms / 1000 - self._wire.now_s()

    def _read(self, timeout_s: float) -> None:
        data = self._wire.read(READ_BYTES_MAX, timeout_s)
        if data:
            self._heard_s = self._wire.now_s()
            self._link.receive(data)

    def _send(self, message: Apdu) -> None:
        self._write(self._link.wrap(message))
        self._settled_s = self._wire.now_s() + self._settings.ack_timeout_s

    def _write(self, data: bytes) -> None:
        if data:
            self._wire.write(data, self._settings.write_timeout_s)
