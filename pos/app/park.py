"""Set a sale aside for later, and take it up again."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from pos.app.desk import Desk, Pending
from pos.app.ports import Role, Transaction
from pos.domain.errors import LimitReached, SaleIsEmpty, SaleIsOpen, UnknownParked
from pos.domain.events import EventCode, event
from pos.domain.sale import Sale
from pos.domain.scrub import scrub

PARKED_MAX = 50
NAME_LENGTH_MAX = 80


def park(desk: Desk, name: str = "") -> Pending[Sale]:
    """Set the sale aside under a name, or under the next free number."""
    sale = desk.require_sale()
    taken = _taken(desk)
    if len(taken) >= PARKED_MAX:
        raise LimitReached(what="parked", limit=PARKED_MAX)
    chosen = scrub(name.strip()[:NAME_LENGTH_MAX].rstrip()) or free_name(desk)
    if chosen in taken:
        raise LimitReached(what=f"parked as {chosen}", limit=1)

    def then(_: Sale) -> None:
        desk.sale = None

    return desk.record(lambda tx: set_aside(tx, sale, chosen), then)


def set_aside(tx: Transaction, sale: Sale, name: str) -> Sale:
    """Park a sale under a name that is free, and leave its trace; SaleIsEmpty if it has gone."""
    # The stored sale counts: a card may have paid it, or a part, since it was shown.
    stored = tx.draft(sale.id)
    if stored is None:
        raise SaleIsEmpty
    trace = {"sale": sale.id, "lines": len(sale.lines), "training": sale.training}
    tx.append("event", event(EventCode.SALE_PARKED, **trace))
    tx.put_draft(replace(stored, parked_as=name))
    return replace(sale, parked_as=name)


def free_name(desk: Desk) -> str:
    """The lowest number under which no sale is parked."""
    taken = _taken(desk)
    return next(str(n) for n in count(1) if str(n) not in taken)


def _taken(desk: Desk) -> set[str | None]:
    return {other.parked_as for other in parked(desk)}


def parked(desk: Desk) -> tuple[Sale, ...]:
    """The sales that wait, oldest first."""
    return tuple(sale for sale in desk.ports.ledger.drafts() if sale.parked_as is not None)


def recall(desk: Desk, name: str = "") -> Pending[Sale]:
    """Take up a parked sale by its name, or the one that waits alone; UnknownParked or SaleIsOpen.

    A trainee takes up training sales only, everybody else real ones.
    """
    operator = desk.require_operator()
    if desk.sale and desk.sale.lines:
        raise SaleIsOpen
    training = operator.role is Role.TRAINEE
    waiting = [sale for sale in parked(desk) if sale.training is training]
    wanted = name.strip()
    matching = [sale for sale in waiting if sale.parked_as == wanted or not wanted]
    if len(matching) != 1:
        raise UnknownParked(name=wanted, known=", ".join(str(s.parked_as) for s in waiting))
    found, emptied = matching[0], desk.sale

    def work(tx: Transaction) -> Sale:
        stored = tx.draft(found.id)
        if stored is None:  # a card has just paid it
            raise UnknownParked(name=wanted, known="")
        recalled = replace(stored, parked_as=None)
        tx.append("event", event(EventCode.SALE_RECALLED, sale=found.id, training=training))
        tx.put_draft(recalled)
        if emptied and emptied.id != found.id:
            tx.drop_draft(emptied.id)
        return recalled

    def then(sale: Sale) -> None:
        desk.sale = sale
        desk.attempts = desk.ports.ledger.open_attempts()

    return desk.record(work, then)
