"""A simulated Concert V2 terminal: pure, it decides by the protocol alone.

    from drivers.simulators.line import serve_pty, serve_tcp
    director = Director(SCENARIOS, by_amount=True)
    terminal = ConcertTerminal(ConcertOptions(customer_s=2.0), director)
    with serve_pty(terminal, baud=9600) as server: ...  server.path ...  terminal.ledger

Bytes and time go in, replies come out; it keeps its own ledger of what was charged, written
before the answer leaves. While a customer pays, the terminal hears nothing, as real ones do.
An answer that is not acknowledged is offered again a few times, then forgotten. A request that
wants its answer at once (A011) gets STAT 9 before the customer pays, and no result afterwards.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from drivers.card.concert.frame import ACK, ENQ, EOT, NAK
from drivers.simulators.card.concert_customer import STRANGER, pays, report
from drivers.simulators.card.concert_records import Asked, Ear, answer_frame, understand
from drivers.simulators.card.concert_scenarios import (
    SCENARIOS,
    AtEnq,
    AtOnce,
    ConcertScenario,
    Unplug,
)
from drivers.simulators.card.director import Director, ScriptError
from drivers.simulators.card.ledger import Ledger
from drivers.simulators.card.terminal import Options
from drivers.simulators.wire import HANGUP

if TYPE_CHECKING:
    from drivers.simulators.wire import Reply

LINK_WAIT_S: Final = 3.0
FRAME_RESENDS_MAX: Final = 2
SPLIT_GAP_S: Final = 0.02
TAKEN_INTO_ACCOUNT: Final = "9"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcertOptions(Options):
    """How the terminal behaves, whatever the scenario.

    An answer that is not acknowledged is offered `reoffers` times more, `reoffer_after_s` seconds
    apart; one that `forgets_on_power_cut` has lost it when the power is back.
    """

    reoffers: int = 3
    reoffer_after_s: float = 5.0
    forgets_on_power_cut: bool = False


AS_USUAL: Final = ConcertOptions()


class Mode(Enum):
    """What the terminal is doing."""

    IDLE = auto()
    REQUEST = auto()  # ENQ acknowledged, a frame is due
    REQUEST_END = auto()  # the frame is taken, EOT is due
    PAYING = auto()
    OFFERING = auto()  # ENQ sent, its ACK is due
    ANSWERING = auto()  # the frame is sent, its ACK is due


@dataclass(slots=True)
class _Offer:
    """An answer on its way to the till; STAT 9 has no `number` in the ledger."""

    frame: bytes
    number: int | None
    scenario: ConcertScenario
    offers_left: int
    bad_lrcs: int
    resends_left: int = FRAME_RESENDS_MAX


class ConcertTerminal:
    """The terminal; see `SimulatedTerminal` for how it is used."""

    def __init__(
        self,
        options: ConcertOptions = AS_USUAL,
        director: Director[ConcertScenario] | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        self.options = options
        self.director = director or Director(SCENARIOS)
        self.ledger = ledger or Ledger()
        self.mode = Mode.IDLE
        self._now_s = 0.0
        self._due_s: float | None = None
        self._ear = Ear()
        self._naks = 0
        self._collided = False
        self._asked: Asked | None = None
        self._scenario = SCENARIOS["approve"]
        self._offer: _Offer | None = None
        self._outbox: deque[tuple[float, Reply]] = deque()

    @property
    def reading(self) -> bool:
        """A terminal always reads."""
        return True

    @property
    def due_s(self) -> float | None:
        """When it will next do something by itself, if nothing is said to it."""
        moments = [self._due_s, self._outbox[0][0] if self._outbox else None]
        return min((at for at in moments if at is not None), default=None)

    @property
    def waiting(self) -> Asked | None:
        """What the customer is asked at this moment; None when nobody is."""
        return self._asked if self.mode is Mode.PAYING else None

    def choose(self, scenario: str) -> None:
        """Let the customer who waits do this; ScriptError, LookupError if none does."""
        chosen = self.director.table.named(scenario)
        if self.waiting is None:
            raise LookupError("no customer waits")
        if chosen.at_enq is not AtEnq.ACK:
            raise ScriptError(f"{scenario} happens before a customer is asked")
        self._scenario = chosen
        self._due_s = self._now_s

    def power_cut(self) -> None:
        """Forget the request under way, and the answer too where the options say so."""
        offer = self._offer
        if self.options.forgets_on_power_cut or (offer is not None and offer.number is None):
            self._offer = None
        self._asked = None
        self._collided = False
        self._outbox.clear()
        self._go(Mode.IDLE)

    def connected(self, now_s: float) -> list[Reply]:
        """Start on a fresh line; an answer that was held is offered."""
        self._now_s = now_s
        self._outbox.clear()
        if self.mode not in {Mode.PAYING, Mode.REQUEST_END}:
            self._go(Mode.IDLE, 0.0 if self._offer else None)
        return self._sent()

    def receive(self, data: bytes, now_s: float) -> list[Reply]:
        """Take bytes from the till; return what is said at once."""
        self._now_s = now_s
        for byte in data:
            self._hear(byte)
        return self._sent()

    def tick(self, now_s: float) -> list[Reply]:
        """Return what the terminal says by itself by now."""
        self._now_s = now_s
        if self._due_s is not None and now_s >= self._due_s:
            self._due_s = None
            self._time_is_up()
        return self._sent()

    def _time_is_up(self) -> None:
        match self.mode:
            case Mode.IDLE if self._offer is not None:
                self._begin_offer()
            case Mode.REQUEST:
                self._miss_request()
            case Mode.REQUEST_END:
                self._request_over()  # no EOT came, but the request was taken
            case Mode.PAYING:
                self._paid()
            case Mode.OFFERING | Mode.ANSWERING:
                self._say(EOT)
                self._offer_later()
            case _:
                pass

    # What is heard, by what the terminal is doing.

    def _hear(self, byte: int) -> None:
        match self.mode:
            case Mode.IDLE if byte == ENQ:
                self._meet_enq()
            case Mode.REQUEST:
                self._hear_request(byte)
            case Mode.REQUEST_END if byte == EOT:
                self._request_over()
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

    def _meet_enq(self) -> None:
        if self._offer is not None:
            self._begin_offer()
            return
        at_enq = self.director.next().at_enq
        if at_enq is AtEnq.ACK or self._collided:
            self._ear.clear()
            self._naks = 0
            self._say(ACK)
            self._go(Mode.REQUEST, LINK_WAIT_S)
            return
        self.director.done()
        if at_enq is AtEnq.NAK:
            self._say(NAK)
        elif at_enq is AtEnq.COLLISION:
            self._collide()

    def _collide(self) -> None:
        """Bring, once a request, an answer to a payment that the till knows nothing of."""
        self._collided = True
        cents = STRANGER.amount_cents
        entry = self.ledger.enter(STRANGER, cents, "0", "collision")
        self._hold(STRANGER, SCENARIOS["approve"], entry.number, cents, "0")
        self._begin_offer()

    def _miss_request(self) -> None:
        """Too long without a byte: ask for the frame again, or forget the session."""
        if not self._ear.hears:
            self._go(Mode.IDLE)
            return
        self._ear.clear()
        self._say(NAK)
        self._go(Mode.REQUEST, LINK_WAIT_S)

    def _hear_request(self, byte: int) -> None:
        if not self._ear.hears and byte in {ENQ, EOT}:
            self._say(ACK) if byte == ENQ else self._end_refused()
            return
        self._go(Mode.REQUEST, LINK_WAIT_S)
        frame = self._ear.hear(byte)
        if frame is None:
            return
        asked = understand(frame)
        if asked is None:
            self._say(NAK)
            return
        scenario = self.director.next(asked.amount_cents)
        if self._naks < scenario.request_naks:
            self._naks += 1
            self._say(NAK)
            return
        self.director.done()
        self._collided = False
        self._asked, self._scenario = asked, scenario
        self._say(ACK)
        self._go(Mode.REQUEST_END, LINK_WAIT_S)

    def _end_refused(self) -> None:
        if self._naks:
            self.director.done()
        self._go(Mode.IDLE)

    # The customer.

    def _request_over(self) -> None:
        """Say STAT 9 first where an answer is wanted at once, then let the customer pay."""
        asked, scenario = self._asked, self._scenario
        if asked is None or not (asked.at_once or scenario.at_once is not AtOnce.NO):
            self._let_pay()
            return
        blank = "" if asked.wants_card_number else None
        frame = answer_frame(asked, TAKEN_INTO_ACCOUNT, asked.amount_cents, asked.private, blank)
        self._offer = _Offer(frame, None, scenario, 0, scenario.bad_lrcs)
        self._begin_offer()

    def _let_pay(self) -> None:
        given_s = self._scenario.customer_s
        customer_s = self.options.customer_s if given_s is None else given_s
        by_hand = self.options.by_hand
        self._go(Mode.PAYING, None if by_hand else customer_s)
        if not by_hand and customer_s <= 0:
            self._paid()

    def _paid(self) -> None:
        """Charge the customer, write it down, and only then make the answer ready."""
        asked, scenario = self._asked, self._scenario
        if asked is None:
            self._bring_late()
            return
        self._asked = None
        end = pays(asked, scenario, self.ledger)
        entry = self.ledger.enter(asked, end.charged_cents, end.status, scenario.name)
        self._go(Mode.IDLE)
        if scenario.unplug is Unplug.REQUEST:
            self._outbox.append((self._now_s, HANGUP))
            return
        if not _tells_result(asked, scenario):
            return
        self._hold(asked, scenario, entry.number, end.taken_cents, end.status)
        if scenario.late_s > 0:
            self._go(Mode.PAYING, scenario.late_s)
        elif not scenario.next_time:
            self._begin_offer()

    def _bring_late(self) -> None:
        if self._offer is None:
            self._go(Mode.IDLE)
        else:
            self._begin_offer()

    def _hold(
        self, asked: Asked, scenario: ConcertScenario, number: int, cents: int, status: str
    ) -> None:
        private = asked.private if scenario.private is None else scenario.private
        frame = answer_frame(asked, status, cents, private, report(asked, scenario))
        offers = 0 if scenario.cut_bytes else self.options.reoffers
        self._offer = _Offer(frame, number, scenario, offers, scenario.bad_lrcs)

    # The answer.

    def _begin_offer(self) -> None:
        self._say(ENQ)
        self._go(Mode.OFFERING, LINK_WAIT_S)

    def _send_answer(self) -> None:
        if (offer := self._offer) is None:
            self._go(Mode.IDLE)
            return
        frame = offer.frame
        if offer.bad_lrcs > 0:
            offer.bad_lrcs -= 1
            frame = frame[:-1] + bytes([frame[-1] ^ 0x01])
        if offer.scenario.unplug is Unplug.ANSWER:
            self._outbox += ((self._now_s, frame[: len(frame) // 2]), (self._now_s, HANGUP))
            self._offer = None
            self._offer_over()
            return
        frame = frame[: offer.scenario.cut_bytes]
        if offer.scenario.split:
            gaps = enumerate(frame)
            self._outbox += ((self._now_s + at * SPLIT_GAP_S, bytes([one])) for at, one in gaps)
        else:
            self._outbox.append((self._now_s, frame))
        self._go(Mode.ANSWERING, LINK_WAIT_S)

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
            if offer.number is not None:
                self.ledger.acknowledge(offer.number)
            if offer.scenario.eot:
                self._say(EOT)
        self._offer_over()

    def _offer_later(self) -> None:
        """The till did not take the answer: offer it again in a while, or give it up."""
        offer = self._offer
        if offer is None or offer.offers_left <= 0:
            self._offer = None
            self._offer_over()
            return
        offer.offers_left -= 1
        offer.resends_left = FRAME_RESENDS_MAX
        self._go(Mode.IDLE, self.options.reoffer_after_s)

    def _offer_over(self) -> None:
        """A customer waits still when what was said was STAT 9."""
        if self._asked is None:
            self._go(Mode.IDLE)
        else:
            self._let_pay()

    def _go(self, mode: Mode, for_s: float | None = None) -> None:
        self.mode = mode
        self._due_s = None if for_s is None else self._now_s + for_s

    def _say(self, control: int) -> None:
        self._outbox.append((self._now_s, bytes([control])))

    def _sent(self) -> list[Reply]:
        replies: list[Reply] = []
        while self._outbox and self._outbox[0][0] <= self._now_s:
            replies.append(self._outbox.popleft()[1])
        return replies


def _tells_result(asked: Asked, scenario: ConcertScenario) -> bool:
    """Tell whether a result is told in the end: not after STAT 9, unless the scenario says so."""
    if asked.at_once:
        return scenario.at_once is AtOnce.FIRST
    return scenario.at_once is not AtOnce.ALONE
