"""A till's day, whatever happens in whatever order, against a model of sums."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pos.app import (
    cancel_sale,
    change_sale,
    close_session,
    move_cash,
    park,
    pay_by_card,
    refund,
    resolve_card,
    ring_up,
    session,
    take_payment,
)
from pos.app.desk import Settled
from pos.app.refund import Wanted
from pos.app.views import show
from pos.domain.closing import from_data as read_closing
from pos.domain.errors import (
    CardUnresolved,
    DiscountTooMuch,
    DrawerTooLow,
    FloatDeclared,
    NoSession,
    PosError,
    SaleHasTenders,
    SaleIsPaidInPart,
)
from pos.domain.finding import Finding, Trust
from pos.domain.payment import State
from pos.domain.sale import Discount
from pos.domain.ticket import from_data as read_ticket
from pos.domain.vat import ZERO
from tests.pos.fakes import BAG, BREAD, WINE, Counter
from tests.sampling import examples

PRICES = {BREAD: 345, WINE: 899, BAG: 5}
NAMES = ("a", "b")
Sold = tuple[int, int]  # ticket, line


@dataclass
class Basket:
    """What the model knows of a sale: amounts by line, goods back by line, money so far."""

    lines: dict[int, int] = field(default_factory=dict)
    back: dict[int, Sold] = field(default_factory=dict)
    off: int = 0
    cash: int = 0
    card: int = 0

    @property
    def due(self) -> int:
        return sum(self.lines.values()) - self.off - self.cash - self.card

    @property
    def items(self) -> int:
        return sum(amount for n, amount in self.lines.items() if n not in self.back)


class Day(RuleBasedStateMachine):
    """The till beside its model."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.till = Counter(Path(self.folder.name))
        self.basket, self.parked = Basket(), dict[str, Basket]()
        self.doubt: tuple[str, Basket, int] | None = None
        self.drawer, self.total, self.tickets, self.all_tickets = 0, 0, 0, 0
        self.opened, self.declared = False, False
        self.returnable: dict[Sold, int] = {}

    @initialize()
    def sign_on(self) -> None:
        self.till.sign_on()

    # --- the sale --------------------------------------------------------------------------------

    @rule(code=st.sampled_from(sorted(PRICES)), pieces=st.integers(1, 3))
    def ring_up(self, code: str, pieces: int) -> None:
        if self._refused(lambda: ring_up.by_code(self.till.desk, code, pieces * 1000).wait()):
            return
        self.basket.lines[self._newest_line()] = pieces * PRICES[code]

    @precondition(lambda self: self.basket.lines)
    @rule(data=st.data())
    def void(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.basket.lines)))
        left = self.basket.items - (number not in self.basket.back) * self.basket.lines[number]
        sells = any(n not in self.basket.back for n in self.basket.lines if n != number)
        desk, fits = self.till.desk, self.basket.off <= left or not sells
        if self._refused(lambda: change_sale.void_line(desk, number).wait(), fits=fits):
            return
        origin = self.basket.back.pop(number, None)
        amount = self.basket.lines.pop(number)
        if origin:
            self.returnable[origin] = -amount
        if not sells:
            self.basket.off = 0
        if not self.basket.lines:
            self.basket = Basket()

    @precondition(lambda self: self.basket.lines)
    @rule(amount=st.integers(0, 1_000))
    def discount(self, amount: int) -> None:
        desk, reduction, fits = self.till.desk, Discount(amount=amount), amount <= self.basket.items
        if not self._refused(lambda: change_sale.give_discount(desk, reduction).wait(), fits=fits):
            self.basket.off = amount

    @precondition(lambda self: self.returnable)
    @rule(data=st.data())
    def refund(self, data: st.DataObject) -> None:
        wanted = data.draw(st.sampled_from(sorted(self.returnable)))
        if any(ticket == wanted[0] for ticket, _ in self.basket.back.values()):
            return
        desk, line = self.till.desk, (Wanted(wanted[1]),)
        if not self._refused(lambda: refund.refund(desk, wanted[0], line).wait()):
            number = self._newest_line()
            self.basket.lines[number] = -self.returnable.pop(wanted)
            self.basket.back[number] = wanted

    @precondition(lambda self: self.basket.lines)
    @rule()
    def cancel(self) -> None:
        if self._doubted(self.basket) or self.basket.card:
            with pytest.raises((CardUnresolved, SaleIsPaidInPart)):
                cancel_sale.cancel_sale(self.till.desk)
            return
        assert cancel_sale.cancel_sale(self.till.desk).wait() == self.basket.cash
        self.drawer -= self.basket.cash
        for number, origin in self.basket.back.items():
            self.returnable[origin] = -self.basket.lines[number]
        self.basket = Basket()

    @precondition(lambda self: self.basket.lines and len(self.parked) < len(NAMES))
    @rule()
    def park(self) -> None:
        name = next(name for name in NAMES if name not in self.parked)
        park.park(self.till.desk, name).wait()
        self.parked[name], self.basket = self.basket, Basket()

    @precondition(lambda self: self.parked and not self.basket.lines)
    @rule(data=st.data())
    def recall(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.parked)))
        park.recall(self.till.desk, name).wait()
        self.basket = self.parked.pop(name)

    # --- payment ---------------------------------------------------------------------------------

    @precondition(lambda self: self.basket.lines and not self._doubted(self.basket))
    @rule(more=st.integers(0, 5_000))
    def pay_all_in_cash(self, more: int) -> None:
        due, desk = self.basket.due, self.till.desk
        if due == 0:
            settled = take_payment.settle_even(desk).wait()
        else:
            given = due + more if due > 0 else None
            settled = take_payment.take_tender(desk, "cash", given).wait()
        self._take_cash(due)
        assert settled is not None
        assert settled.ticket.change == (more if due > 0 else 0)
        self._settled(settled, self.basket)

    @precondition(lambda self: self.basket.due > 1 and not self._doubted(self.basket))
    @rule(data=st.data())
    def pay_a_part_in_cash(self, data: st.DataObject) -> None:
        given = data.draw(st.integers(1, self.basket.due - 1))
        assert take_payment.take_tender(self.till.desk, "cash", given).wait() is None
        self._take_cash(given)

    @precondition(lambda self: self.basket.lines and self.basket.due and not self.doubt)
    @rule(
        part=st.integers(1, 500),
        end=st.sampled_from([State.APPROVED, State.APPROVED, State.DECLINED, State.UNKNOWN]),
    )
    def pay_by_card(self, part: int, end: State) -> None:
        due = self.basket.due
        asked = min(part, abs(due)) if part % 2 else abs(due)
        amount = asked if due > 0 else -asked
        attempt = pay_by_card.begin(self.till.desk, asked).wait().attempt
        news = self.till.answers(end)
        if end is State.UNKNOWN:
            self.doubt = (attempt.reference, self.basket, amount)
        if end is State.APPROVED:
            self._charged(self.basket, amount, news.settled)

    @precondition(lambda self: self.basket.lines and self.basket.due and not self.doubt)
    @rule(reached=st.sampled_from([State.PREPARED, State.SENDING, State.ANSWERED]))
    def cut_the_power_while_the_card_is_asked(self, reached: State) -> None:
        attempt = pay_by_card.begin(self.till.desk).wait().attempt
        if reached is not State.PREPARED:
            self.till.recorder.sending(attempt.reference)
            self.doubt = (attempt.reference, self.basket, self.basket.due)
        if reached is State.ANSWERED:
            self.till.recorder.answered(attempt.reference, {})
        self.restart()

    @precondition(lambda self: self.doubt)
    @rule(charged=st.booleans(), late=st.booleans())
    def learn_what_the_card_did(self, charged: bool, late: bool) -> None:
        assert self.doubt is not None
        reference, basket, amount = self.doubt
        self.doubt = None
        if late:
            said = State.APPROVED if charged else State.DECLINED
            finding = Finding(said, abs(amount), reference)
            self.till.recorder.late("tpe", finding, Trust(echoes=True))
            news = self.till.hear()
            self.till.recorder.late("tpe", finding, Trust(echoes=True))  # once more: no matter
        else:
            news = resolve_card.resolve(self.till.desk, reference, charged=charged).wait()
        if charged:
            self._charged(basket, amount, news.settled)

    # --- the drawer and the day ------------------------------------------------------------------

    @rule(amount=st.integers(0, 20_000))
    def declare_float(self, amount: int) -> None:
        if self.declared:
            with pytest.raises(FloatDeclared):
                session.declare_float(self.till.desk, amount).wait()
            return
        session.declare_float(self.till.desk, amount).wait()
        self.drawer += amount
        self.opened = self.declared = True

    @rule(amount=st.integers(1, 9_999))
    def move_cash(self, amount: int) -> None:
        move_cash.paid_in(self.till.desk, 2 * amount, "monnaie").wait()
        self.drawer += 2 * amount
        self.opened = True
        if amount > self.drawer:
            with pytest.raises(DrawerTooLow):
                move_cash.paid_out(self.till.desk, amount, "timbres")
            return
        move_cash.paid_out(self.till.desk, amount, "timbres").wait()
        self.drawer -= amount

    @precondition(lambda self: not self.basket.lines)
    @rule()
    def train(self) -> None:
        self.till.sign_on("3")
        self.till.ring(WINE)
        take_payment.take_tender(self.till.desk, "cash").wait()
        self.till.sign_on()

    @rule()
    def restart(self) -> None:
        self.till.restart()
        self.till.sign_on()

    @precondition(lambda self: not self.basket.lines)
    @rule(over=st.integers(-500, 500))
    def close_the_day(self, over: int) -> None:
        if not self.opened:
            with pytest.raises(NoSession):
                close_session.close(self.till.desk)
            return
        counted = max(self.drawer + over, 0)
        seen = [self.doubt[0]] if self.doubt else []
        closing = close_session.close(self.till.desk, counted, seen=seen).wait().closing
        assert closing.unresolved == ((self.doubt[0],) if self.doubt else ())
        assert closing.drawer.difference == counted - self.drawer
        self.drawer, self.total, self.tickets = 0, 0, 0
        self.opened = self.declared = False

    # --- what must always hold -------------------------------------------------------------------

    @invariant()
    def the_till_and_the_model_agree(self) -> None:
        view = show(self.till.desk) if self.till.desk.operator else None
        if view is None:
            return
        assert view.sale.due == self.basket.due
        assert {x.number: x.amount + x.reduction for x in view.sale.lines} == self.basket.lines
        assert view.status.parked == len(self.parked)
        totals, _ = close_session.read_x(self.till.desk)
        assert totals.drawer.expected == self.drawer
        assert (totals.total.ttc, totals.tickets) == (self.total, self.tickets)
        assert (self.till.desk.session is not None) == self.opened

    def teardown(self) -> None:
        try:
            self._check_the_books()
        finally:
            self.till.close()
            self.folder.cleanup()

    def _check_the_books(self) -> None:
        self.till.audit()
        if self.till.desk.operator is None:
            return
        entries = self.till.entries
        tickets = [x for x in entries if x.payload.chain == "ticket"]
        assert [x.payload.number for x in tickets] == list(range(1, self.all_tickets + 1))
        read = [read_ticket(x.data) for x in tickets]
        closings = [read_closing(x.data) for x in entries if x.payload.chain == "closing"]
        running, _ = close_session.read_x(self.till.desk)
        by_ticket = sum((x.total for x in read), ZERO)
        assert by_ticket == sum((line.amounts for x in read for line in x.lines), ZERO)
        assert by_ticket == sum((x.total for x in (*closings, running)), ZERO)
        assert by_ticket.ttc == running.perpetual_net
        assert by_ticket.ttc == sum(t.amount for x in read for t in x.tenders)

    # --- the model's own steps -------------------------------------------------------------------

    def _refused(self, act: Callable[[], object], *, fits: bool = True) -> bool:
        """Try to change lines; True when money, doubt or a discount forbade it, as they must."""
        paid = self.till.desk.sale is not None and self.till.desk.sale.tenders
        if self._doubted(self.basket):
            expected: type[PosError] | None = CardUnresolved
        else:
            expected = SaleHasTenders if paid else None if fits else DiscountTooMuch
        if expected is None:
            act()
            return False
        with pytest.raises(expected):
            act()
        return True

    def _doubted(self, basket: Basket) -> bool:
        return self.doubt is not None and self.doubt[1] is basket

    def _newest_line(self) -> int:
        assert self.till.desk.sale is not None
        return self.till.desk.sale.lines[-1].number

    def _take_cash(self, amount: int) -> None:
        """Cash is in the drawer when it is taken, whenever its sale ends."""
        self.basket.cash += amount
        self.drawer += amount

    def _charged(self, basket: Basket, amount: int, settled: Settled | None) -> None:
        basket.card += amount
        assert (settled is None) == (basket.due != 0)
        if settled:
            self._settled(settled, basket)

    def _settled(self, settled: Settled, basket: Basket) -> None:
        total = sum(basket.lines.values()) - basket.off
        assert settled.ticket.total.ttc == total
        self.total += total
        self.tickets += 1
        self.all_tickets += 1
        assert settled.number == self.all_tickets
        self.opened = True
        for line in settled.ticket.lines:
            if line.quantity > 0:
                self.returnable[(settled.number, line.number)] = line.amounts.ttc
        if basket is self.basket:
            self.basket = Basket()
        self.parked = {name: other for name, other in self.parked.items() if other is not basket}


TestADay = Day.TestCase
TestADay.settings = settings(max_examples=examples(25), stateful_step_count=40)
