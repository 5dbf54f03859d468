"""The link of Concert V2: who speaks, who listens, and what each byte means then.

The link is symmetrical: either side opens with ENQ, sends one record and closes with
EOT. This is its whole behaviour; a pair that is not in `TABLE` is ignored.

    we speak    IDLE -ENQ-> CALLING -ACK-> frame, SENT -ACK-> EOT, IDLE
    we ask      IDLE -ENQ-> PROBING -ACK-> EOT, IDLE      (is it there, and free?)
    we listen   IDLE -(ENQ)-> ACK, AWAITING -(frame)-> HOLDING -ACK-> CLOSING -(EOT)-> IDLE

Three rules are worth their place here:
* ENQ while we call is a collision: the terminal most likely brings the answer to an
  earlier payment, so its message is taken first and our own record is not sent.
* A good record waits in HOLDING until the till has it on disk: only `accept` writes
  the ACK. Until then nothing more is read.
* A NAK of our frame says that the terminal did not take it; sending it once more in
  the same session is the link's business and no new payment.

The link neither waits nor reads a clock: `wait_ms` says how long its owner may wait
for the next byte before it must call `expire`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from drivers.card.concert.frame import ACK, ENQ, EOT, NAK, STX, FrameReader, encode_frame
from drivers.errors import LocalProtocolError, RemoteProtocolError

if TYPE_CHECKING:
    from collections.abc import Sequence

# Tills in service wait 3 s for any byte, on the word of a specification they quote;
# the number of resends is ours, no public text gives one.
WAIT_MS: Final = 3_000
RESENDS_MAX: Final = 2
UNREAD_BYTES_MAX: Final = 1_024


class State(StrEnum):
    """Where the link stands."""

    IDLE = "idle"
    PROBING = "probing"
    CALLING = "calling"
    SENT = "sent"
    AWAITING = "awaiting"
    HOLDING = "holding"
    CLOSING = "closing"


class Signal(StrEnum):
    """What can happen to the link: a byte, a frame, silence, or its owner's wish."""

    ENQ = "enq"
    ACK = "ack"
    NAK = "nak"
    NAK_LAST = "nak_last"
    EOT = "eot"
    STX = "stx"
    GOOD = "good"
    BAD = "bad"
    BAD_LAST = "bad_last"
    SILENCE = "silence"
    PROBE = "probe"
    CALL = "call"
    ACCEPT = "accept"


class Send(StrEnum):
    """What a rule makes us write."""

    NOTHING = "nothing"
    ENQ = "enq"
    ACK = "ack"
    NAK = "nak"
    EOT = "eot"
    FRAME = "frame"


class News(StrEnum):
    """What a rule tells the owner of the link."""

    READY = "ready"  # a probe was answered
    BUSY = "busy"  # NAK to our ENQ: nothing of the record left
    SILENT = "silent"  # no answer to our ENQ: nothing of the record left
    COLLISION = "collision"  # the terminal called while we did: its message comes first
    DELIVERED = "delivered"  # our record was taken
    REJECTED = "rejected"  # our record was refused, every time
    UNANSWERED = "unanswered"  # no word about our record
    CROSSED = "crossed"  # the terminal calls instead of acknowledging our record
    CALLED = "called"  # the terminal opened a session
    RECORD = "record"  # a good record is held: accept it, refuse it or drop it
    HUNG_UP = "hung_up"  # the terminal closed without a record
    UNREADABLE = "unreadable"  # no good frame after every resend
    CLOSED = "closed"  # the session ended as it should
    NOT_CLOSED = "not_closed"  # our ACK was followed by nothing


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table: the state that follows, what is written, what is told."""

    then: State
    send: Send = Send.NOTHING
    news: News | None = None


TABLE: Final[dict[tuple[State, Signal], Rule]] = {
    (State.IDLE, Signal.PROBE): Rule(State.PROBING, Send.ENQ),
    (State.IDLE, Signal.CALL): Rule(State.CALLING, Send.ENQ),
    (State.IDLE, Signal.ENQ): Rule(State.AWAITING, Send.ACK, News.CALLED),
    (State.PROBING, Signal.ACK): Rule(State.IDLE, Send.EOT, News.READY),
    (State.PROBING, Signal.NAK): Rule(State.IDLE, Send.EOT, News.BUSY),
    (State.PROBING, Signal.SILENCE): Rule(State.IDLE, Send.EOT, News.SILENT),
    (State.PROBING, Signal.ENQ): Rule(State.AWAITING, Send.ACK, News.COLLISION),
    (State.CALLING, Signal.ACK): Rule(State.SENT, Send.FRAME),
    (State.CALLING, Signal.NAK): Rule(State.IDLE, Send.EOT, News.BUSY),
    (State.CALLING, Signal.SILENCE): Rule(State.IDLE, Send.EOT, News.SILENT),
    (State.CALLING, Signal.ENQ): Rule(State.AWAITING, Send.ACK, News.COLLISION),
    (State.SENT, Signal.ACK): Rule(State.IDLE, Send.EOT, News.DELIVERED),
    (State.SENT, Signal.NAK): Rule(State.SENT, Send.FRAME),
    (State.SENT, Signal.NAK_LAST): Rule(State.IDLE, Send.EOT, News.REJECTED),
    (State.SENT, Signal.SILENCE): Rule(State.IDLE, Send.EOT, News.UNANSWERED),
    (State.SENT, Signal.ENQ): Rule(State.AWAITING, Send.ACK, News.CROSSED),
    (State.AWAITING, Signal.ENQ): Rule(State.AWAITING, Send.ACK),
    (State.AWAITING, Signal.GOOD): Rule(State.HOLDING, Send.NOTHING, News.RECORD),
    (State.AWAITING, Signal.BAD): Rule(State.AWAITING, Send.NAK),
    (State.AWAITING, Signal.BAD_LAST): Rule(State.IDLE, Send.EOT, News.UNREADABLE),
    (State.AWAITING, Signal.EOT): Rule(State.IDLE, Send.NOTHING, News.HUNG_UP),
    (State.HOLDING, Signal.ACCEPT): Rule(State.CLOSING, Send.ACK),
    (State.HOLDING, Signal.BAD): Rule(State.AWAITING, Send.NAK),
    (State.HOLDING, Signal.BAD_LAST): Rule(State.IDLE, Send.EOT, News.UNREADABLE),
    (State.CLOSING, Signal.EOT): Rule(State.IDLE, Send.NOTHING, News.CLOSED),
    (State.CLOSING, Signal.SILENCE): Rule(State.IDLE, Send.NOTHING, News.NOT_CLOSED),
    # It did not hear our ACK: it sends its frame again, or starts all over.
    (State.CLOSING, Signal.STX): Rule(State.AWAITING),
    (State.CLOSING, Signal.ENQ): Rule(State.AWAITING, Send.ACK),
}

_CONTROLS: Final = {
    ENQ: Signal.ENQ,
    ACK: Signal.ACK,
    NAK: Signal.NAK,
    EOT: Signal.EOT,
    STX: Signal.STX,
}
_BYTES: Final = {
    Send.NOTHING: b"",
    Send.ENQ: bytes((ENQ,)),
    Send.ACK: bytes((ACK,)),
    Send.NAK: bytes((NAK,)),
    Send.EOT: bytes((EOT,)),
}

_FRAME_OR_NOISE: Final = {None, Signal.STX, Signal.ACK, Signal.NAK}


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next, in this order: write `send`, then heed `news`.

    `payload` says that `send` holds the record itself. `record` stays out of the
    representation: it may hold a card number.
    """

    send: bytes = field(repr=False)
    news: News | None = None
    payload: bool = False
    record: bytes = field(default=b"", repr=False)


class Link:
    """One end of the link; `record_lengths` are those of the records it may receive."""

    def __init__(self, record_lengths: Sequence[int], resends_max: int = RESENDS_MAX) -> None:
        self.state = State.IDLE
        self._reader = FrameReader(record_lengths)
        self._resends_max = resends_max
        self._failures = 0
        self._frame = b""
        self._unread = bytearray()

    @property
    def wait_ms(self) -> int | None:
        """How long the next byte may take; None when none is due."""
        return None if self.state in {State.IDLE, State.HOLDING} else WAIT_MS

    def probe(self) -> Step:
        """Ask whether the terminal is there and free. LocalProtocolError unless idle."""
        return self._wish(Signal.PROBE)

    def call(self, record: bytes) -> Step:
        """Open a session to send a record. LocalProtocolError unless idle."""
        self._frame = encode_frame(record)
        return self._wish(Signal.CALL)

    def accept(self) -> Step:
        """Acknowledge the record held: it is on disk. LocalProtocolError if none is."""
        return self._wish(Signal.ACCEPT)

    def refuse(self) -> Step:
        """Ask for the record held once more: it made no sense."""
        if self.state is not State.HOLDING:
            raise LocalProtocolError(f"no record to refuse while {self.state}")
        return self._apply(self._counted(Signal.BAD))

    def drop(self) -> None:
        """Leave the session where it is and say nothing more."""
        self.state = State.IDLE
        self._reader.clear()
        self._unread.clear()

    def expire(self) -> Step:
        """The time of `wait_ms` has passed without a byte."""
        if self.wait_ms is None:
            raise LocalProtocolError(f"nothing is due while {self.state}")
        if self.state is State.AWAITING:
            self._reader.clear()
            return self._apply(self._counted(Signal.BAD))
        return self._apply(Signal.SILENCE)

    def receive(self, data: bytes) -> None:
        """Take bytes from the line; RemoteProtocolError when too many wait unread."""
        if len(self._unread) + len(data) > UNREAD_BYTES_MAX:
            self.drop()
            expected = f"at most {UNREAD_BYTES_MAX} bytes at a time"
            raise RemoteProtocolError("the terminal talks without pause", expected=expected)
        self._unread += data

    def next_step(self) -> Step | None:
        """Return the next thing to do, or None when more bytes or a decision are needed."""
        while self._unread and self.state is not State.HOLDING:
            byte = self._unread.pop(0)
            if self.state is State.IDLE and byte != ENQ:
                continue
            step = self._take(byte)
            if step.send or step.news:
                return step
        return None

    def _take(self, byte: int) -> Step:
        signal = _CONTROLS.get(byte)
        if self.state is State.AWAITING and (self._reader.started or signal in _FRAME_OR_NOISE):
            return self._collect(byte)
        if signal is None or (self.state, signal) not in TABLE:
            return Step(b"")
        step = self._apply(self._counted(signal) if signal is Signal.NAK else signal)
        if signal is Signal.STX:
            self._collect(byte)
        return step

    def _collect(self, byte: int) -> Step:
        try:
            record = self._reader.feed(byte)
        except RemoteProtocolError:
            return self._apply(self._counted(Signal.BAD))
        return Step(b"") if record is None else self._apply(Signal.GOOD, record)

    def _counted(self, signal: Signal) -> Signal:
        """Turn a failure into its last form once every resend is used up."""
        if self.state not in {State.SENT, State.AWAITING, State.HOLDING}:
            return signal
        self._failures += 1
        if self._failures <= self._resends_max:
            return signal
        return Signal.NAK_LAST if signal is Signal.NAK else Signal.BAD_LAST

    def _wish(self, signal: Signal) -> Step:
        if (self.state, signal) not in TABLE:
            raise LocalProtocolError(f"cannot {signal} while {self.state}")
        return self._apply(signal)

    def _apply(self, signal: Signal, record: bytes = b"") -> Step:
        rule = TABLE[self.state, signal]
        if rule.then is State.IDLE or self.state is State.IDLE:
            self._failures = 0
            self._reader.clear()
        self.state = rule.then
        if rule.send is Send.FRAME:
            return Step(self._frame, rule.news, payload=True)
        return Step(_BYTES[rule.send], rule.news, record=record)
