"""Void a line, give a discount: allowed until the first tender, and never without a trace."""

from __future__ import annotations

from dataclasses import replace

from pos.app.desk import Desk, Pending
from pos.app.ports import Transaction
from pos.domain.events import EventCode, event
from pos.domain.sale import Discount, Sale, discount_line, discount_sale, price
from pos.domain.sale import void_line as without_line


def void_line(desk: Desk, number: int) -> Pending[None]:
    """Take a line off the sale; UnknownLine or SaleHasTenders."""
    sale = desk.require_sale()
    desk.require_no_card(sale)
    line, left = sale.line(number), without_line(sale, number)
    desk.require_right("void")
    trace = event(
        EventCode.LINE_VOIDED,
        sale=sale.id,
        line=line.number,
        code=line.product.code,
        label=line.product.label,
        quantity=line.quantity,
        amount=line.net,
        training=sale.training,
    )
    return _keep(desk, left, trace)


def give_discount(desk: Desk, discount: Discount, line: int | None = None) -> Pending[None]:
    """Reduce one line, or the whole ticket; UnknownLine, DiscountTooMuch or SaleHasTenders."""
    sale = desk.require_sale()
    desk.require_no_card(sale)
    reduced = discount_sale(sale, discount) if line is None else discount_line(sale, line, discount)
    desk.require_right("discount")
    trace = event(
        EventCode.DISCOUNTED,
        sale=sale.id,
        line=line,
        rate=discount.rate,
        amount=price(reduced).reduction - price(sale).reduction,
        training=sale.training,
    )
    return _keep(desk, reduced, trace)


def _keep(desk: Desk, sale: Sale, trace: dict[str, object]) -> Pending[None]:
    def work(tx: Transaction) -> None:
        tx.append("event", trace)
        tx.put_draft(sale, known=True)

    desk.sale = sale
    return desk.record(work)


def wish_paper(desk: Desk, *, on_paper: bool) -> Pending[None]:
    """Whether what the sale earns is handed out as the shop's own vouchers; SaleIsEmpty."""
    sale = desk.require_sale()
    desk.require_no_card(sale)  # what a card has just paid is stored, and not known here yet
    return desk.keep(replace(sale, on_paper=on_paper))
