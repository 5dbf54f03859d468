"""Take cash and every other tender that settles at once (cards: pay_by_card)."""

from __future__ import annotations

from typing import Final

from pos.app.desk import Desk, Pending, Settled
from pos.app.ports import Transaction
from pos.app.settle import advance, require_stored
from pos.domain.errors import LimitReached, NothingToPay
from pos.domain.money import Cents
from pos.domain.sale import TENDERS_MAX, Sale, add_tender, price
from pos.domain.tender import take

TENDERS_OF_MONEY_MIN: Final = 2  # a card and cash


def take_tender(desk: Desk, name: str, given: Cents | None = None) -> Pending[Settled | None]:
    """Take a tender: exactly what is due, or the amount handed over.

    The result is the settled sale, or None while something is still due. Raises UnknownTender,
    NothingToPay, TenderTooMuch, TenderWrongWay, SaleIsEmpty, RefundTooMuch or SaleChanged.
    """
    tender = desk.tender(name)
    stored = payable(desk)
    sale = whole(desk, stored)
    tendered = take(tender, price(sale).due, given)
    paid = add_tender(sale, tendered)
    opens = tender.opens_drawer or tendered.change > 0

    def work(tx: Transaction) -> Settled | None:
        require_stored(tx, stored)
        return advance(desk, tx, paid)

    def then(settled: Settled | None) -> None:
        desk.sale = paid
        desk.finish(settled)
        if opens and not paid.training:
            desk.ports.printer.open_drawer()

    return desk.record(work, then)


def settle_even(desk: Desk) -> Pending[Settled | None]:
    """End a sale that has nothing due, such as an even exchange."""
    stored = payable(desk)
    sale = whole(desk, stored)
    if price(sale).due != 0:
        raise NothingToPay

    def work(tx: Transaction) -> Settled | None:
        require_stored(tx, stored)
        return advance(desk, tx, sale)

    return desk.record(work, desk.finish)


def payable(desk: Desk) -> Sale:
    """The sale under way, when it may take a tender."""
    sale = desk.require_sale()
    desk.require_no_card(sale)
    return sale


def whole(desk: Desk, sale: Sale) -> Sale:
    """A sale with what has to be given back as a reward before money is; most have nothing."""
    if not any(line.origin for line in sale.lines) or not desk.ports.campaigns.active():
        return sale
    # Only a till that takes part in a campaign pays for what reads its rewards.
    from pos.app.rewards_back import with_rewards_back

    return with_rewards_back(desk, sale)


def due_of(desk: Desk, sale: Sale) -> Cents:
    """What is due of a sale, in cents, after what has to be given back as a reward."""
    return price(whole(desk, sale)).due


def require_room(sale: Sale) -> None:
    """Check that after one more reward there is room for money that pays the rest; LimitReached."""
    most = TENDERS_MAX - TENDERS_OF_MONEY_MIN
    if len(sale.tenders) >= most:
        raise LimitReached(what="tenders", limit=most)
