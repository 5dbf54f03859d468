"""Give a sale up before it is paid: every line leaves its trace, and taken cash goes back."""

from __future__ import annotations

from typing import Any

from pos.app.desk import Desk, Pending
from pos.app.holding import holding
from pos.app.ports import Transaction
from pos.app.settle import require_stored
from pos.domain.errors import SaleIsPaidInPart
from pos.domain.events import EventCode, event
from pos.domain.money import Cents
from pos.domain.sale import Sale, price
from pos.domain.tender import TenderKind
from sync.contract.entry import CAMPAIGN_PREFIX


def cancel_sale(desk: Desk) -> Pending[Cents]:
    """Cancel the sale; the result is the money to hand back, in cents.

    Vouchers that a server held for it are let go: the campaign's chain says so. Raises SaleChanged
    when it is not stored as shown, and SaleIsPaidInPart when a card already paid: take the rest and
    refund instead.
    """
    sale = desk.require_sale()
    desk.require_no_card(sale)
    if any("attempt" in t.details or t.kind is TenderKind.CARD for t in sale.tenders):
        raise SaleIsPaidInPart
    desk.require_right("cancel")
    back = sum(t.amount for t in sale.tenders if t.kind is not TenderKind.CAMPAIGN)
    held = _held(sale)
    trace = event(
        EventCode.SALE_CANCELLED,
        sale=sale.id,
        total=price(sale).total.ttc,
        handed_back=back,
        training=sale.training,
        lines=[
            {
                "n": line.number,
                "code": line.product.code,
                "label": line.product.label,
                "quantity": line.quantity,
                "amount": line.net,
            }
            for line in sale.lines
        ],
    )

    def work(tx: Transaction) -> Cents:
        require_stored(tx, sale)
        tx.append("event", trace)
        for campaign, reservations in held.items():
            said: dict[str, Any] = {
                "type": "released",
                "day": desk.business_day(),
                "reservations": reservations,
            }
            said |= holding(desk, campaign, but=sale.id)
            tx.append(CAMPAIGN_PREFIX + campaign, said)
        tx.drop_draft(sale.id)
        return back

    def then(_: Cents) -> None:
        desk.sale = None
        if back and not sale.training:
            desk.ports.printer.open_drawer()
        for campaign, reservations in held.items():
            desk.held |= {(sale.id, campaign, reservation) for reservation in reservations}
        desk.let_go(sale.id)

    return desk.record(work, then)


def _held(sale: Sale) -> dict[str, list[str]]:
    """The reservations that servers hold for a sale, by campaign."""
    held: dict[str, list[str]] = {}
    taken = [tender.details for tender in sale.tenders] + [one.details for one in sale.coupons]
    for details in taken:
        if reservation := details.get("reservation"):
            held.setdefault(details["campaign"], []).append(reservation)
    return held
