"""End a sale that is paid: ticket, campaign entries and the end of the draft in one transaction."""

from __future__ import annotations

from dataclasses import replace

from pos.app.desk import Desk, Settled
from pos.app.ports import Transaction
from pos.app.session import ensure_session, session_of_training
from pos.domain.errors import RefundTooMuch, SaleChanged
from pos.domain.money import Thousandths
from pos.domain.sale import Sale, price
from pos.domain.ticket import Ticket, settle, to_data
from sync.contract.entry import Entry


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
    if sale.training:
        entry = tx.append("training", to_data(ticket))
    else:
        ticket, entry = _append(desk, tx, sale, ticket)
    tx.drop_draft(sale.id)
    return Settled(ticket, entry, session)


def _append(desk: Desk, tx: Transaction, sale: Sale, ticket: Ticket) -> tuple[Ticket, Entry]:
    """Write a ticket, and what it says to the campaigns, if there are any."""
    if not desk.ports.campaigns.active():
        return ticket, tx.append("ticket", to_data(ticket))
    # Only a till that takes part in a campaign pays for what reads and writes its rewards.
    from pos.app import campaign_entries

    plans = campaign_entries.plan(desk, tx, sale, ticket)
    ticket = replace(ticket, rewards=campaign_entries.lines_of(plans))
    entry = tx.append("ticket", to_data(ticket))
    campaign_entries.append(desk, tx, ticket, entry, plans)
    return ticket, entry


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
