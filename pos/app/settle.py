"""End a sale that is paid: ticket, campaign entries and the end of the draft in one transaction."""

from __future__ import annotations

from typing import Any

from pos.app.desk import Desk, Settled
from pos.app.ports import Transaction
from pos.app.session import ensure_session, session_of_training
from pos.domain.errors import RefundTooMuch, SaleChanged
from pos.domain.money import Thousandths
from pos.domain.sale import Sale, price
from pos.domain.tender import TenderKind
from pos.domain.ticket import Ticket, TicketType, settle, to_data
from sync.contract.entry import CAMPAIGN_PREFIX, Entry


def advance(desk: Desk, tx: Transaction, sale: Sale, *, checked: bool = False) -> Settled | None:
    """Store a sale that was changed by a tender; end it when nothing is due any more.

    Raises RefundTooMuch, unless `checked`: what a card gave back is a fact, whatever the rule.
    """
    priced = price(sale)
    if not checked:
        check_refunds(tx, sale)
    if priced.due != 0:
        tx.put_draft(sale)
        return None
    session = session_of_training(desk) if sale.training else ensure_session(desk, tx)
    # Its own day, whatever the session's: a Z may have been forgotten the evening before.
    day = desk.business_day()
    ticket = settle(sale, priced, desk.settings.shop, day, session.number)
    entry = tx.append("training" if sale.training else "ticket", to_data(ticket))
    if not sale.training:
        for campaign in desk.ports.campaigns.active():
            tx.append(CAMPAIGN_PREFIX + campaign, campaign_data(ticket, entry))
    tx.drop_draft(sale.id)
    return Settled(ticket, entry, session)


def require_stored(tx: Transaction, sale: Sale) -> None:
    """Check that the sale is stored with the tenders that were shown; SaleChanged.

    After a disk that answered too late, the desk may show a sale that is settled or cancelled, or
    lack a tender: it must not be paid or cancelled a second time.
    """
    stored = tx.draft(sale.id)
    if stored is None or stored.tenders != sale.tenders:
        raise SaleChanged


def check_refunds(tx: Transaction, sale: Sale) -> None:
    """Refuse to give back what another sale gave back since these lines were entered.

    Shares of one line follow each other without a hole, so that their amounts add up to the line:
    a share whose predecessor was voided is refused too.
    """
    expected: dict[tuple[int, int], Thousandths] = {}
    for line in sale.lines:
        origin = line.origin
        if origin is None:
            continue
        place = origin.ticket, origin.line
        if place not in expected:
            done = tx.refunded(origin.ticket).get(origin.line)
            expected[place] = done.quantity if done else 0
        if origin.already != expected[place]:
            raise RefundTooMuch(line=origin.line, left="?")
        expected[place] -= line.quantity


def campaign_data(ticket: Ticket, entry: Entry) -> dict[str, Any]:
    """What a campaign needs of a ticket: amounts and tenders by kind, never the basket."""
    is_refund = ticket.total.ttc < 0 or ticket.type is TicketType.RETURN
    tenders: dict[TenderKind, int] = {}
    for tender in ticket.tenders:
        tenders[tender.kind] = tenders.get(tender.kind, 0) + tender.amount
    origins: dict[int, int] = {}
    for line in ticket.lines:
        if line.origin:
            number = line.origin.ticket
            origins[number] = origins.get(number, 0) + line.amounts.ttc
    return {
        "type": "refund" if is_refund else "sale",
        "ticket": {"number": entry.payload.number, "hash": entry.digest},
        "shop_till": ticket.shop.till,
        "day": ticket.day,
        "total": ticket.total.ttc,
        "vat": [{"rate": x.rate, "ttc": x.amounts.ttc} for x in ticket.rates],
        "eligible": ticket.total.ttc,
        "tenders": [{"kind": str(kind), "amount": tenders[kind]} for kind in sorted(tenders)],
        "origins": [{"number": number, "ttc": origins[number]} for number in sorted(origins)],
        "rewards": [],
    }
