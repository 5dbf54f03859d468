"""A cashier who rings up baskets: every use case, in the mix of a grocer's day.

What she does is drawn from an injected source of randomness; what she reads on the terminal's paper
comes from the simulated terminal's own ledger, as a person would read it.
"""

from __future__ import annotations

import json
import queue
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pos.app import (
    cancel_sale,
    change_sale,
    close_session,
    move_cash,
    park,
    pay_by_card,
    print_receipt,
    refund,
    resolve_card,
    ring_up,
    session,
    sign_on,
    take_payment,
)
from pos.app.desk import CardNews, Desk, News, Settled
from pos.app.ports import JobState
from pos.app.print_jobs import answer, waiting
from pos.domain.closing import Closing
from pos.domain.errors import CardMissing
from pos.domain.payment import State
from pos.domain.sale import Discount, price

CARD_WAIT_S: Final = 60.0
FLOAT: Final = 15_000
KEPT_TICKETS: Final = 200


@dataclass(frozen=True, slots=True)
class Mix:
    """How often a thing happens, in thousandths of the baskets."""

    card: int = 420
    split: int = 40
    other_tender: int = 60
    refused_card: int = 15
    void: int = 30
    discount: int = 15
    park: int = 10
    cancel: int = 5
    refund: int = 12
    receipt: int = 60


@dataclass
class Tally:
    """What the cashier believes she did, in cents: compared with the journal afterwards."""

    sales: int = 0
    refunds: int = 0
    lines: int = 0
    voids: int = 0
    cancelled: int = 0
    total: int = 0
    card_attempts: int = 0
    receipts: int = 0
    z_total: int = 0
    z_reports: int = 0
    tenders: dict[str, int] = field(default_factory=dict)


class Cashier:
    """Works at one desk. `acknowledge` is told of each sale that the till showed as done."""

    def __init__(
        self,
        desk: Desk,
        draw: random.Random,
        *,
        mix: Mix = Mix(),
        refuse_next_card: Callable[[], None] | None = None,
        terminal_paper: Path | None = None,
        acknowledge: Callable[[Settled], None] = lambda _: None,
    ) -> None:
        self.desk = desk
        self.tally = Tally()
        self._draw = draw
        self._mix = mix
        self._refuse_next_card = refuse_next_card
        self._terminal_paper = terminal_paper
        self._acknowledge = acknowledge
        self._news: queue.SimpleQueue[CardNews] = queue.SimpleQueue()
        self._recent: list[Settled] = []

    def news(self, news: News) -> None:
        """Take what the device thread recorded; called from that thread."""
        if isinstance(news, CardNews):
            self._news.put(news)

    # --- the day ---------------------------------------------------------------------------------

    def arrive(self, code: str, pin: str) -> None:
        """Sign on, and first finish what the till was in the middle of when it stopped."""
        sign_on.sign_on(self.desk, code, pin).wait()
        self._answer_jobs()
        self.desk.reload()
        for attempt in self.desk.attempts:
            self._resolve(attempt.reference, attempt.amount)
        if self.desk.sale and self.desk.sale.lines:
            self._finish(take_payment.take_tender(self.desk, "cash").wait())

    def open_day(self) -> None:
        """Declare the float, unless the session is already open."""
        if self.desk.session is None:
            session.declare_float(self.desk, FLOAT).wait()

    def close_day(self) -> Closing:
        """Take most of the cash to the safe, count the rest, close."""
        totals, _ = close_session.read_x(self.desk)
        takings = totals.drawer.expected - FLOAT
        if takings > 0:
            move_cash.pickup(self.desk, takings).wait()
        counted = min(totals.drawer.expected, FLOAT)
        closed = close_session.close(self.desk, counted, seen=totals.unresolved).wait()
        self.tally.z_reports += 1
        self.tally.z_total += closed.closing.total.ttc
        return closed.closing

    # --- one customer ----------------------------------------------------------------------------

    def serve(self, codes: tuple[str, ...]) -> None:
        """Ring up a basket and take its payment."""
        for code in codes:
            ring_up.by_code(self.desk, code).wait()
        if self._happens(self._mix.void) and len(codes) > 1:
            change_sale.void_line(self.desk, self._draw.randint(1, len(codes))).wait()
            self.tally.voids += 1
        if self._happens(self._mix.discount):
            rate = self._draw.choice((500, 1000))
            change_sale.give_discount(self.desk, Discount(rate=rate)).wait()
        if self._happens(self._mix.cancel):
            cancel_sale.cancel_sale(self.desk).wait()
            self.tally.cancelled += 1
            return
        if self._happens(self._mix.park):
            park.park(self.desk).wait()
            park.recall(self.desk).wait()
        self._pay()
        if self._happens(self._mix.receipt):
            print_receipt.print_receipt(self.desk).wait()
            self.tally.receipts += 1
        if self._happens(self._mix.refund):
            self._refund()

    def _happens(self, thousandths: int) -> bool:
        return self._draw.randrange(1000) < thousandths

    def _due(self) -> int:
        return price(self.desk.sale).due if self.desk.sale else 0

    def _pay(self) -> None:
        due = self._due()
        if due == 0:
            self._finish(take_payment.settle_even(self.desk).wait())
            return
        if self._happens(self._mix.split) and due > 2:
            self._take("cash", self._draw.randrange(1, due))
            self._card()
        elif self._happens(self._mix.other_tender) and self._other():
            self._take(self._other(), None)
        elif self._happens(self._mix.card):
            self._card()
        else:
            self._cash(due)

    def _other(self) -> str:
        names = [name for name in self.desk.settings.tenders if name not in {"cash", "card"}]
        return self._draw.choice(names) if names else ""

    def _cash(self, due: int) -> None:
        notes = [note for note in self.desk.settings.notes if note >= due]
        given = self._draw.choice((None, due, *notes, -(-due // 100) * 100))
        self._take("cash", given)

    def _take(self, name: str, given: int | None) -> None:
        self._finish(take_payment.take_tender(self.desk, name, given).wait())

    def _card(self) -> None:
        """Pay the rest by card; when that does not work, in cash."""
        if self._refuse_next_card and self._happens(self._mix.refused_card):
            self._refuse_next_card()
        try:
            reference = pay_by_card.begin(self.desk).wait().attempt.reference
        except CardMissing:
            self._take("cash", None)
            return
        self.tally.card_attempts += 1
        news = self._wait_for(reference)
        if news.attempt.state is State.UNKNOWN:
            news = self._resolve(reference, news.attempt.amount)
        if news.attempt.state is State.APPROVED:
            self._finish(news.settled)
        else:
            self._take("cash", None)

    def _wait_for(self, reference: str) -> CardNews:
        while True:
            news = self._news.get(timeout=CARD_WAIT_S)
            self.desk.catch_up(news)
            if news.attempt.reference == reference:
                return news

    def _resolve(self, reference: str, amount: int) -> CardNews:
        """Read the terminal's paper and say what it says."""
        charged = self._on_paper(reference, amount)
        news = resolve_card.resolve(
            self.desk,
            reference,
            charged=charged,
            authorisation="PAPER" if charged else "",
            sure=not charged,
        ).wait()
        if news.settled:
            self._acknowledge(news.settled)
        return news

    def _on_paper(self, reference: str, amount: int) -> bool:
        if self._terminal_paper is None or not self._terminal_paper.exists():
            return False
        for line in self._terminal_paper.read_text(encoding="utf-8").splitlines():
            fact = json.loads(line)
            same = fact.get("reference", "").strip() == reference
            if same and abs(fact.get("charged_cents", 0)) == amount:
                return True
        return False

    def _finish(self, settled: Settled | None) -> None:
        if settled is None:
            return
        self._acknowledge(settled)
        ticket = settled.ticket
        self.tally.lines += len(ticket.lines)
        self.tally.total += ticket.total.ttc
        if ticket.total.ttc < 0:
            self.tally.refunds += 1
        else:
            self.tally.sales += 1
            self._recent = [*self._recent, settled][-KEPT_TICKETS:]
        for tender in ticket.tenders:
            so_far = self.tally.tenders.get(tender.name, 0)
            self.tally.tenders[tender.name] = so_far + tender.amount

    def _refund(self) -> None:
        """Take one line of a recent ticket back, in cash."""
        if not self._recent:
            return
        bought = self._recent.pop(self._draw.randrange(len(self._recent)))
        line = self._draw.choice([x for x in bought.ticket.lines if x.quantity > 0])
        refund.refund(self.desk, bought.number, (refund.Wanted(line.number),)).wait()
        if self._due() == 0:
            self._finish(take_payment.settle_even(self.desk).wait())
        else:
            self._take("cash", None)

    def _answer_jobs(self) -> None:
        """Say that what was being printed when the till stopped did not come out whole."""
        for job in waiting(self.desk):
            if job.state is JobState.UNKNOWN:
                answer(self.desk, job.id, came_out=False).wait()
