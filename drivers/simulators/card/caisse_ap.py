"""A simulated Caisse-AP terminal: pure, it decides by the protocol alone.

    from drivers.simulators.line import serve_pty, serve_tcp
    terminal = CaisseApTerminal(CaisseApOptions(customer_s=2.0))
    with serve_tcp(terminal) as server: ...  server.port ...  terminal.ledger

Bytes and time go in, replies come out; it keeps its own ledger of what was charged, written
before the answer leaves. While a customer pays it rejects every other request. An answer belongs
to the connection that asked: once that is gone, only a duplicate tells what happened.
"""

from __future__ import annotations

import base64
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from drivers.simulators.card.caisse_ap_fields import (
    KINDS,
    Asked,
    BadFormatError,
    join,
    split,
    understand,
)
from drivers.simulators.card.caisse_ap_lines import LinkLine, Offer, TcpLine
from drivers.simulators.card.caisse_ap_scenarios import (
    BAD_FORMAT,
    NOT_COMPLETED,
    SCENARIOS,
    UNKNOWN_ACTION,
    WHOLE_NUMBER,
    Amount,
    CaisseApScenario,
    First,
    Unplug,
)
from drivers.simulators.card.director import Director
from drivers.simulators.card.ledger import Ledger
from drivers.simulators.card.terminal import Options

if TYPE_CHECKING:
    from drivers.simulators.wire import Reply

MASKED_NUMBER: Final = "505581######2440"
AUTHORISATION: Final = "624477"
CONTRACT: Final = "424242"
REGISTER_ID: Final = "330538600404"
OWN_VERSION: Final = "0320"
# The payment that a collision brings the answer to: another till's, long ago.
STRANGER: Final = Asked(
    action="0",
    amount_cents=700,
    reference="",
    pos="01",
    currency="978",
    register_id="",
    version=OWN_VERSION,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaisseApOptions(Options):
    """How the terminal behaves, whatever the scenario.

    `on_link`: it hangs on a serial line. `duplicates`: how many operations it keeps, the last of
    which it tells for CD=3. `identifies`: it knows CD=I. `refuses_bf`: newer software refuses a
    request with BF. `wants_crlf`: it rejects a request without a line end. `html`: its tickets are
    HTML even where text was asked for. `reoffers`, `reoffer_after_s`: on the link.
    """

    on_link: bool = False
    duplicates: int = 1
    identifies: bool = True
    refuses_bf: bool = True
    wants_crlf: bool = False
    html: bool = False
    reoffers: int = 3
    reoffer_after_s: float = 5.0


AS_USUAL: Final = CaisseApOptions()


@dataclass(slots=True)
class _Payment:
    """What is under way; `offer` is its answer once it is ended."""

    asked: Asked
    scenario: CaisseApScenario
    due_s: float | None = None
    offer: Offer | None = None


class CaisseApTerminal:
    """The terminal; see SimulatedTerminal."""

    def __init__(
        self,
        options: CaisseApOptions = AS_USUAL,
        director: Director[CaisseApScenario] | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        self.options = options
        self.director = director or Director(SCENARIOS)
        self.ledger = ledger or Ledger()
        self._payment: _Payment | None = None
        self._memory: deque[dict[str, str]] = deque(maxlen=options.duplicates)
        self._operations = 0
        self._collided = False
        self._line = self._new_line()

    def _new_line(self) -> TcpLine | LinkLine:
        options = self.options
        if options.on_link:
            return LinkLine(
                self, reoffers=options.reoffers, reoffer_after_s=options.reoffer_after_s
            )
        return TcpLine(self, wants_crlf=options.wants_crlf)

    # The machine.

    @property
    def reading(self) -> bool:
        """A terminal always reads."""
        return True

    @property
    def due_s(self) -> float | None:
        """When it will next do something by itself, if nothing is said to it."""
        moments = [self._line.due_s, self._payment.due_s if self._payment else None]
        return min((at for at in moments if at is not None), default=None)

    @property
    def waiting(self) -> Asked | None:
        """What the customer is asked at this moment; None when nobody is."""
        payment = self._payment
        return payment.asked if payment is not None and payment.offer is None else None

    def connected(self, now_s: float) -> list[Reply]:
        """Start on a fresh line."""
        self._line.now_s = now_s
        self._line.connected()
        return self._line.sent()

    def receive(self, data: bytes, now_s: float) -> list[Reply]:
        """Take bytes from the till; return what is said at once."""
        self._line.now_s = now_s
        for byte in data:
            self._line.hear(byte)
        return self._line.sent()

    def tick(self, now_s: float) -> list[Reply]:
        """Return what the terminal says by itself by now."""
        self._line.now_s = now_s
        self._line.tick()
        payment = self._payment
        if payment is not None and payment.due_s is not None and now_s >= payment.due_s:
            self._go_on(payment)
        return self._line.sent()

    def choose(self, scenario: str) -> None:
        """Let the customer who waits do this (`by_hand`); ScriptError, LookupError if none does."""
        chosen = SCENARIOS.named(scenario)
        payment = self._payment
        if payment is None or payment.offer is not None:
            raise LookupError("no customer waits at the terminal")
        payment.scenario = chosen
        self._pay(payment)

    def power_cut(self) -> None:
        """Lose the power: who has not paid yet is gone, the last operation is remembered."""
        self._payment = None
        self._line.forget()

    # What the line asks.

    def first_word(self) -> First:
        """Say how the till's first word is met; a terminal with a customer is deaf on the link.

        On TCP, sleep is all that is seen before the request.
        """
        first = self.director.next().first
        if not self.options.on_link:
            if first is First.ASLEEP:
                self.director.done()
            return first
        if self._payment is not None:
            return First.SILENCE
        if first is First.COLLISION:
            return self._collide()
        if first is First.ASLEEP:
            return First.HEARD
        if first is not First.HEARD:
            self.director.done()
        return first

    def naks(self, request: bytes) -> int:
        """Say how often a request is refused before it is taken."""
        try:
            asked = _read(request)
        except BadFormatError:
            return 0
        return self.director.next(asked.amount_cents).naks if asked.action in KINDS else 0

    def delivered(self, number: int) -> None:
        """Hear that the till acknowledged an answer."""
        if number:
            self.ledger.acknowledge(number)

    def take(self, request: bytes) -> None:
        """Take a request, and answer it or let the customer pay."""
        try:
            asked = _read(request)
        except BadFormatError:
            self._answer({"CZ": OWN_VERSION, "CJ": REGISTER_ID, "AE": "01", "AF": BAD_FORMAT})
            return
        if asked.partial and self.options.refuses_bf:
            self._fail(asked, BAD_FORMAT)
        elif asked.action in KINDS:
            self._take_payment(asked)
        else:
            self._take_question(asked)

    def _collide(self) -> First:
        """Bring, once a request, an answer to a payment that the till knows nothing of."""
        if self._collided:
            return First.HEARD
        self._collided = True
        self.director.done()
        approve = SCENARIOS["approve"]
        entry = self.ledger.enter(STRANGER, STRANGER.amount_cents, "10", "collision")
        text = join(self._result(STRANGER, approve, STRANGER.amount_cents))
        self._line.offer(Offer(text, approve, entry.number))
        return First.COLLISION

    # Questions.

    def _take_question(self, asked: Asked) -> None:
        first = self.director.next().first
        if first is First.SILENCE:
            return
        if self._payment is not None or first is First.BUSY:
            self._fail(asked, NOT_COMPLETED)
        elif asked.action == "I" and self.options.identifies:
            self._answer({**_heading(asked), "CD": "I", "AE": "10"})
        elif asked.action == "3" and self._memory:
            self._answer({**self._memory[-1], "CD": "3"})
        else:
            self._fail(asked, UNKNOWN_ACTION)

    def _fail(self, asked: Asked, why: str) -> None:
        amount = f"{asked.amount_cents:02d}" if asked.action in KINDS else ""
        heading = _heading(asked)
        self._answer({**heading, "CD": asked.action, "CB": amount, "AE": "01", "AF": why})

    def _answer(self, fields: dict[str, str]) -> None:
        """Answer what is no payment."""
        self._line.offer(Offer(join(fields), SCENARIOS["approve"]))

    # The customer.

    def _take_payment(self, asked: Asked) -> None:
        scenario = self.director.next(asked.amount_cents)
        if self._payment is not None:
            self._fail(asked, NOT_COMPLETED)
            return
        self.director.done()
        self._collided = False
        if scenario.first is First.SILENCE:
            return
        if scenario.first is First.BUSY:
            self._fail(asked, NOT_COMPLETED)
            return
        if scenario.unplug is Unplug.REQUEST:
            self._line.hang_up()
        self._payment = payment = _Payment(asked, scenario)
        given_s = scenario.customer_s
        customer_s = self.options.customer_s if given_s is None else given_s
        if self.options.by_hand:
            return
        payment.due_s = self._line.now_s + customer_s
        if customer_s <= 0:
            self._pay(payment)

    def _go_on(self, payment: _Payment) -> None:
        """The customer is done, or an answer that took its time is ready."""
        if payment.offer is None:
            self._pay(payment)
        else:
            self._payment = None
            self._line.offer(payment.offer)

    def _pay(self, payment: _Payment) -> None:
        """Charge the customer, write it down, and only then let the answer go."""
        asked, scenario = payment.asked, payment.scenario
        told_cents = asked.amount_cents * scenario.percent // 100 + scenario.more_cents
        charged_cents = 0
        if scenario.charges:
            charged_cents = told_cents if asked.kind == "payment" else -told_cents
        entry = self.ledger.enter(asked, charged_cents, scenario.done, scenario.name)
        fields = self._result(asked, scenario, told_cents)
        self._memory.append(fields)
        offer = Offer(join(fields), scenario, entry.number)
        self._payment = None
        if scenario.unplug is Unplug.PAID:
            self._line.hang_up()
        elif scenario.next_time:
            self._line.keep(offer)
        elif scenario.late_s > 0:
            payment.offer, payment.due_s = offer, self._line.now_s + scenario.late_s
            self._payment = payment
        elif scenario.unplug is not Unplug.REQUEST:
            self._line.offer(offer)

    def _result(self, asked: Asked, scenario: CaisseApScenario, cents: int) -> dict[str, str]:
        """Write down how an operation ended, as it is answered and remembered."""
        self._operations += 1
        width = {Amount.PLAIN: 2, Amount.PADDED: 12, Amount.ABSENT: 0}[scenario.amount]
        heading = _heading(asked)
        if scenario.version is not None:
            heading["CZ"] = scenario.version
        fields = {
            **heading,
            "CE": asked.currency,
            "CD": asked.action,
            "CB": f"{cents:0{width}d}" if width else "",
            "AE": scenario.done,
            "AF": scenario.why,
            "CF": asked.reference if scenario.reference is None else scenario.reference,
        }
        if scenario.done == "10":
            fields |= self._card(asked, scenario)
        return {**fields, **scenario.extra_tags}

    def _card(self, asked: Asked, scenario: CaisseApScenario) -> dict[str, str]:
        number = WHOLE_NUMBER if scenario.full_number else MASKED_NUMBER
        return {
            "CC": asked.application or "001",
            "CI": "" if asked.application else "1",
            "AC": AUTHORISATION,
            "AA": number,
            "AI": "A0000000421010",
            "AB": "2709",
            "CG": CONTRACT,
            "CH": f"{self._operations:06d}",
            "ZT": self._ticket(asked, number),
        }

    def _ticket(self, asked: Asked, number: str) -> str:
        """Write the ticket that was asked for, as the constructed field's own fields."""
        if not asked.ticket.startswith("1"):
            return ""
        form = "1" if self.options.html else asked.ticket[2]
        lines = ["CARTE BANCAIRE", number, "FIN 09/27", f"MONTANT {asked.amount_cents} c", "DÉBIT"]
        text = "\n".join(lines)
        if form == "1":
            text = "".join(f"<p>{line.replace('É', '&Eacute;')}</p>" for line in lines)
        coded = base64.b64encode(text.encode("latin-1")).decode("ascii")
        return join({"CK": f"1{asked.ticket[1]}{form}", "AK": coded}).decode("ascii")


def _read(request: bytes) -> Asked:
    fields = split(request)
    if not fields:
        raise BadFormatError
    return understand(fields)


def _heading(asked: Asked) -> dict[str, str]:
    return {"CZ": OWN_VERSION, "CJ": REGISTER_ID, "CA": asked.pos}
