"""Take goods back against their ticket, for exactly what was paid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pos.app.desk import Desk, Pending
from pos.app.ports import Refunded, Transaction
from pos.app.take_payment import whole
from pos.domain.errors import (
    BadQuantity,
    LimitReached,
    RefundTooMuch,
    SaleIsOpen,
    UnknownLine,
    UnknownTicket,
)
from pos.domain.money import Thousandths, cumulative
from pos.domain.sale import Origin, Sale, add_refund
from pos.domain.ticket import Ticket, TicketLine
from pos.domain.ticket import from_data as read_ticket
from pos.domain.vat import ZERO, Amounts
from sync.contract.entry import Entry

TICKETS_MAX: Final = 15  # of which goods come back with one sale, where there are campaigns
_NOTHING: Final = Refunded(0, ZERO)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line of the ticket to give back; no quantity means what is left of it."""

    line: int
    quantity: Thousandths | None = None


def refund(desk: Desk, number: int, wanted: tuple[Wanted, ...] = ()) -> Pending[Sale]:
    """Put lines of a ticket on a sale as goods that come back; none named means all that is left.

    Amounts are those stored on the ticket, taken cumulatively: giving a ticket back line by line,
    piece by piece, pays exactly the ticket. Raises UnknownTicket, UnknownLine, RefundTooMuch or,
    where there are campaigns, LimitReached for goods of too many tickets.
    """
    desk.require_real_till("refund")
    if desk.sale and any(x.origin and x.origin.ticket == number for x in desk.sale.lines):
        raise SaleIsOpen
    sale = desk.open_sale()
    entry, known = _entry(desk, number), desk.knows(sale)
    ticket, digest = read_ticket(entry.data), entry.digest

    def work(tx: Transaction) -> Sale:
        changed = give_back(sale, number, digest, ticket, wanted, tx.refunded(number))
        _require_room(desk, changed)
        tx.put_draft(changed, known=known)
        return changed

    def then(changed: Sale) -> None:
        desk.sale = changed

    return desk.record(work, then, durable=False)


def _require_room(desk: Desk, sale: Sale) -> None:
    """Refuse more tickets than a campaign's entry can tell of, or than leave room to pay them.

    Each may have earned and been paid with rewards in each campaign, and each of that is said.
    """
    if not desk.ports.campaigns.active():
        return
    if len({line.origin.ticket for line in sale.lines if line.origin}) > TICKETS_MAX:
        raise LimitReached(what="tickets", limit=TICKETS_MAX)
    if len(whole(desk, sale).tenders) > TICKETS_MAX:
        raise LimitReached(what="tenders", limit=TICKETS_MAX)


def refundable(desk: Desk, number: int) -> tuple[TicketLine, ...]:
    """The lines of a ticket that were sold, to choose from; UnknownTicket."""
    ticket = read_ticket(_entry(desk, number).data)
    return tuple(line for line in ticket.lines if line.quantity > 0)


def _entry(desk: Desk, number: int) -> Entry:
    entry = desk.ports.ledger.entry("ticket", number)
    if entry is None:
        raise UnknownTicket(ticket=number)
    return entry


def give_back(
    sale: Sale,
    number: int,
    digest: str,
    ticket: Ticket,
    wanted: tuple[Wanted, ...],
    refunded: Mapping[int, Refunded],
) -> Sale:
    """Put the wanted lines of a ticket on a sale as goods that come back."""
    sold = {line.number: line for line in ticket.lines if line.quantity > 0}
    if not wanted:
        left = [n for n in sold if refunded.get(n, _NOTHING).quantity < sold[n].quantity]
        if not left:
            raise RefundTooMuch(line="", left=0)
        wanted = tuple(Wanted(n) for n in left)
    already = {n: refunded.get(n, _NOTHING).quantity for n in sold}
    for item in wanted:
        if item.line not in sold:
            raise UnknownLine(line=item.line)
        line, done = sold[item.line], already[item.line]
        quantity = _quantity(line, done, item.quantity)
        already[item.line] += quantity
        origin = Origin(number, line.number, digest, ZERO, already=done)
        sale = add_refund(sale, line.product, quantity, share(line, done, quantity), origin)
    return sale


def _quantity(line: TicketLine, done: Thousandths, wanted: Thousandths | None) -> Thousandths:
    left = line.quantity - done
    quantity = left if wanted is None else wanted
    if not line.unit.allows(quantity):
        raise BadQuantity(text=str(quantity))
    if quantity > left or left <= 0:
        raise RefundTooMuch(line=line.number, left=left)
    return quantity


def share(line: TicketLine, already: Thousandths, quantity: Thousandths) -> Amounts:
    """What the next `quantity` of a line was worth, after `already` was given back."""
    upto, whole, sold = already + quantity, line.quantity, line.amounts

    def of(stored: int) -> int:
        return cumulative(stored, upto, whole) - cumulative(stored, already, whole)

    ttc, ht = of(sold.ttc), of(sold.ht)
    return Amounts(ttc, ht, ttc - ht)
