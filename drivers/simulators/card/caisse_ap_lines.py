"""The two lines of a simulated Caisse-AP terminal: bare fields on TCP, or frames on the link.

A line tells its terminal of requests, and carries its answers. Written apart from the driver's
link on purpose; only the control characters are shared.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, Protocol

from drivers.card.concert.frame import ACK, ENQ, EOT, ETX, NAK, STX
from drivers.simulators.card.caisse_ap_fields import (
    LINE_FEED,
    REQUEST_BYTES_MAX,
    BadFormatError,
    split,
)
from drivers.simulators.card.caisse_ap_scenarios import First, Unplug
from drivers.simulators.wire import HANGUP

if TYPE_CHECKING:
    from drivers.simulators.card.caisse_ap_scenarios import CaisseApScenario
    from drivers.simulators.wire import Reply

REQUEST_QUIET_S: Final = 0.05  # a request on TCP has no end mark
LINK_WAIT_S: Final = 3.0
SPLIT_GAP_S: Final = 0.02
FRAME_RESENDS_MAX: Final = 2


class Brain(Protocol):
    """What a line needs of its terminal."""

    def first_word(self) -> First:
        """Say how the till's first word is met."""

    def naks(self, request: bytes) -> int:
        """Say how often a request is refused before it is taken."""

    def take(self, request: bytes) -> None:
        """Take a request: fields, or what should have been."""

    def delivered(self, number: int) -> None:
        """Hear that the till acknowledged an answer."""


@dataclass(slots=True)
class Offer:
    """An answer on its way to the till; `number` is its entry in the ledger, 0 for none."""

    text: bytes
    scenario: CaisseApScenario
    number: int = 0
    offers_left: int = 0
    bad_lrcs: int = 0
    resends_left: int = FRAME_RESENDS_MAX


class Line:
    """Bytes out in due time, and a clock."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._outbox: deque[tuple[float, Reply]] = deque()
        self._timer_s: float | None = None

    @property
    def due_s(self) -> float | None:
        """When it will next do something by itself."""
        moments = [self._timer_s, self._outbox[0][0] if self._outbox else None]
        return min((at for at in moments if at is not None), default=None)

    def sent(self) -> list[Reply]:
        """Give what is due."""
        replies: list[Reply] = []
        while self._outbox and self._outbox[0][0] <= self.now_s:
            replies.append(self._outbox.popleft()[1])
        return replies

    def hang_up(self) -> None:
        """Break the line."""
        self._outbox.append((self.now_s, HANGUP))

    def _ring(self, in_s: float | None) -> None:
        self._timer_s = None if in_s is None else self.now_s + in_s

    def _rung(self) -> bool:
        rung = self._timer_s is not None and self.now_s >= self._timer_s
        if rung:
            self._timer_s = None
        return rung

    def _write(self, data: bytes, scenario: CaisseApScenario) -> float:
        """Send an answer in the way of its scenario; say how many seconds that takes."""
        if scenario.unplug is Unplug.ANSWER:
            self._outbox.append((self.now_s, data[: len(data) // 2]))
            self.hang_up()
            return 0.0
        data = data[: scenario.cut_bytes]
        if scenario.split:
            pieces = enumerate(data)
            self._outbox += ((self.now_s + at * SPLIT_GAP_S, bytes([one])) for at, one in pieces)
            return len(data) * SPLIT_GAP_S
        self._outbox.append((self.now_s, data))
        return 0.0


class TcpLine(Line):
    """Bare fields. An answer goes to the connection that asked, or to nobody."""

    def __init__(self, brain: Brain, *, wants_crlf: bool) -> None:
        super().__init__()
        self._brain = brain
        self._wants_crlf = wants_crlf
        self._heard = bytearray()
        self._owed = 0  # how many answers this connection waits for
        self._kept: Offer | None = None

    def connected(self) -> None:
        """Start on a new connection; an answer kept for it is told."""
        self._outbox.clear()
        self._heard.clear()
        self._ring(None)
        self._owed = 0
        if self._brain.first_word() is First.ASLEEP:
            self.hang_up()
        elif self._kept is not None:
            kept, self._kept = self._kept, None
            self._write(kept.text, kept.scenario)

    def hear(self, byte: int) -> None:
        """Take a byte; a request is over after a silence, or at its line feed."""
        if byte == LINE_FEED and self._wants_crlf:
            self._end(bytes(self._heard).rstrip(b"\r"))
            return
        self._heard.append(byte)
        self._ring(REQUEST_QUIET_S if self._may_be_whole() else None)

    def tick(self) -> None:
        """Let time pass."""
        if self._rung():
            self._end(b"" if self._wants_crlf else bytes(self._heard).rstrip(b"\r\n"))

    def offer(self, offer: Offer) -> None:
        """Answer on this connection if it asked, else nowhere."""
        if self._owed:
            self._write(offer.text, offer.scenario)
            self._owed -= offer.scenario.done != "11"

    def keep(self, offer: Offer) -> None:
        """Hold an answer for the next connection."""
        self._kept = offer

    def forget(self) -> None:
        """Lose the power."""
        self._outbox.clear()
        self._heard.clear()
        self._ring(None)
        self._owed = 0

    def _may_be_whole(self) -> bool:
        """Tell whether what came is whole fields, or no fields at all."""
        try:
            fields = split(bytes(self._heard).rstrip(b"\r\n"))
        except BadFormatError:
            return True
        return len(self._heard) > REQUEST_BYTES_MAX or (fields is not None and "CD" in fields)

    def _end(self, request: bytes) -> None:
        self._heard.clear()
        self._ring(None)
        self._owed += 1
        self._brain.take(request)


class Mode(Enum):
    """What the terminal is doing on the link."""

    IDLE = auto()
    REQUEST = auto()  # ENQ acknowledged, a frame is due
    REQUEST_END = auto()  # the frame is taken, EOT is due
    OFFERING = auto()  # ENQ sent, its ACK is due
    ANSWERING = auto()  # the frame is sent, its ACK is due


class LinkLine(Line):
    """Frames in the sessions of Concert. An answer is offered again until it is acknowledged."""

    def __init__(self, brain: Brain, *, reoffers: int, reoffer_after_s: float) -> None:
        super().__init__()
        self._brain = brain
        self._reoffers = reoffers
        self._reoffer_after_s = reoffer_after_s
        self._mode = Mode.IDLE
        self._frame = bytearray()
        self._request = b""
        self._naks = 0
        self._offer: Offer | None = None

    def connected(self) -> None:
        """Start on a fresh line; an answer that was held is offered."""
        self._outbox.clear()
        if self._mode is not Mode.REQUEST_END:
            self._go(Mode.IDLE, 0.0 if self._offer else None)

    def offer(self, offer: Offer) -> None:
        """Offer an answer at once."""
        self.keep(offer)
        self._begin_offer()

    def keep(self, offer: Offer) -> None:
        """Hold an answer until the till calls, or the line is new."""
        offer.offers_left = 0 if offer.scenario.cut_bytes else self._reoffers
        offer.bad_lrcs = offer.scenario.bad_lrcs
        self._offer = offer

    def forget(self) -> None:
        """Lose the power: a session is over, an answer in memory is not."""
        self._outbox.clear()
        self._frame.clear()
        self._go(Mode.IDLE)

    def tick(self) -> None:
        """Let time pass."""
        if not self._rung():
            return
        match self._mode:
            case Mode.IDLE if self._offer is not None:
                self._begin_offer()
            case Mode.REQUEST:
                self._miss_request()
            case Mode.REQUEST_END:
                self._end_request()  # no EOT came, but the request was taken
            case Mode.OFFERING | Mode.ANSWERING:
                self._say(EOT)
                self._offer_later()
            case _:
                pass

    def hear(self, byte: int) -> None:
        """Take a byte, by what the terminal is doing."""
        match self._mode:
            case Mode.IDLE if byte == ENQ:
                self._meet_enq()
            case Mode.REQUEST:
                self._hear_request(byte)
            case Mode.REQUEST_END if byte == EOT:
                self._end_request()
            case Mode.OFFERING if byte == ACK:
                self._send_answer()
            case Mode.ANSWERING if byte == ACK:
                self._end_answer()
            case Mode.ANSWERING if byte == NAK:
                self._resend_answer()
            case Mode.OFFERING | Mode.ANSWERING if byte == EOT:
                self._offer_later()
            case _:
                pass

    # The request.

    def _meet_enq(self) -> None:
        if self._offer is not None:
            self._begin_offer()
            return
        match self._brain.first_word():
            case First.HEARD:
                self._frame.clear()
                self._naks = 0
                self._say(ACK)
                self._go(Mode.REQUEST, LINK_WAIT_S)
            case First.BUSY:
                self._say(NAK)
            case _:
                pass

    def _miss_request(self) -> None:
        """Too long without a byte: ask for the frame again, or forget the session."""
        if not self._frame:
            self._go(Mode.IDLE)
            return
        self._refuse()

    def _refuse(self) -> None:
        self._frame.clear()
        self._say(NAK)
        self._go(Mode.REQUEST, LINK_WAIT_S)

    def _hear_request(self, byte: int) -> None:
        if not self._frame and byte in {ENQ, EOT}:
            self._say(ACK) if byte == ENQ else self._go(Mode.IDLE)
            return
        self._ring(LINK_WAIT_S)
        if not self._frame and byte != STX:
            return
        self._frame.append(byte)
        if len(self._frame) > REQUEST_BYTES_MAX:
            self._refuse()
        elif len(self._frame) > 3 and self._frame[-2] == ETX:
            self._weigh(bytes(self._frame))

    def _weigh(self, frame: bytes) -> None:
        """Take a frame that is whole, unless its check byte or its scenario is against it."""
        request = frame[1:-2]
        if check_byte(frame[1:-1]) != frame[-1] or self._naks < self._brain.naks(request):
            self._naks += 1
            self._refuse()
            return
        self._frame.clear()
        self._request = request
        self._say(ACK)
        self._go(Mode.REQUEST_END, LINK_WAIT_S)

    def _end_request(self) -> None:
        self._go(Mode.IDLE)
        self._brain.take(self._request)

    # The answer.

    def _begin_offer(self) -> None:
        self._say(ENQ)
        self._go(Mode.OFFERING, LINK_WAIT_S)

    def _send_answer(self) -> None:
        if (offer := self._offer) is None:
            self._go(Mode.IDLE)
            return
        body = offer.text + bytes([ETX])
        wrong = 0x40 if offer.bad_lrcs > 0 else 0
        offer.bad_lrcs -= 1
        frame = bytes([STX]) + body + bytes([check_byte(body) ^ wrong])
        self._go(Mode.ANSWERING, LINK_WAIT_S + self._write(frame, offer.scenario))
        if offer.scenario.unplug is Unplug.ANSWER:
            self._offer = None
            self._go(Mode.IDLE)

    def _resend_answer(self) -> None:
        offer = self._offer
        if offer is None or offer.resends_left <= 0 or offer.scenario.cut_bytes:
            self._say(EOT)
            self._offer_later()
            return
        offer.resends_left -= 1
        self._send_answer()

    def _end_answer(self) -> None:
        offer, self._offer = self._offer, None
        if offer is not None:
            self._brain.delivered(offer.number)
            if offer.scenario.eot:
                self._say(EOT)
        self._go(Mode.IDLE)

    def _offer_later(self) -> None:
        """The till did not take the answer: offer it again in a while, or give it up."""
        offer = self._offer
        if offer is None or offer.offers_left <= 0:
            self._offer = None
            self._go(Mode.IDLE)
            return
        offer.offers_left -= 1
        offer.resends_left = FRAME_RESENDS_MAX
        self._go(Mode.IDLE, self._reoffer_after_s)

    def _go(self, mode: Mode, for_s: float | None = None) -> None:
        self._mode = mode
        self._ring(for_s)

    def _say(self, control: int) -> None:
        self._outbox.append((self.now_s, bytes([control])))


def check_byte(data: bytes) -> int:
    """Return the exclusive-or of some bytes."""
    total = 0
    for byte in data:
        total ^= byte
    return total
