"""Till sessions: opened by the float (or by the first sale), ended by the Z."""

from __future__ import annotations

from dataclasses import replace

from pos.app.desk import Desk, Pending, Session
from pos.app.ports import Ledger, Transaction
from pos.domain import closing as closings
from pos.domain.closing import Closing, OpenCard
from pos.domain.errors import FloatDeclared
from pos.domain.money import Cents
from pos.domain.tender import Tendered, TenderKind
from pos.domain.ticket import from_data as read_ticket
from sync.contract.entry import Entry


def declare_float(desk: Desk, amount: Cents) -> Pending[Session]:
    """Say how much cash is in the drawer to begin with, once a session; FloatDeclared."""
    desk.require_real_till("float")

    def work(tx: Transaction) -> Session:
        running = running_totals(desk)
        if running.float_declared:
            raise FloatDeclared(amount=running.drawer.opening_float)
        opened = find_session(desk.ports.ledger)
        session = opened or Session(running.session, desk.business_day())
        tx.append("cash", _float_data(session, amount, declared=True))
        return session

    def then(session: Session) -> None:
        desk.session = session

    return desk.record(work, then)


def ensure_session(desk: Desk, tx: Transaction) -> Session:
    """The session, opened in this transaction with an empty float if nobody declared one.

    The journal decides: a float or a Z may be on disk that the desk has not heard of yet.
    """
    last = desk.ports.ledger.last("closing")
    ended = last.data["session"] if last else 0
    if desk.session and desk.session.number > ended:
        return desk.session
    found = find_session(desk.ports.ledger)
    if found:
        return found
    session = Session(ended + 1, desk.business_day())
    tx.append("cash", _float_data(session, 0, declared=False))
    return session


def session_of_training(desk: Desk) -> Session:
    """The session that a training ticket names: the open one, else the one to come.

    Training opens no session: that would be a float, and a day, for real money.
    """
    ledger = desk.ports.ledger
    last = ledger.last("closing")
    number = last.data["session"] + 1 if last else 1
    return find_session(ledger) or Session(number, desk.business_day())


def _float_data(session: Session, amount: Cents, *, declared: bool) -> dict[str, object]:
    return {
        "kind": "float",
        "amount": amount,
        "declared": declared,
        "session": session.number,
        "day": session.day,
    }


def find_session(ledger: Ledger) -> Session | None:
    """The session that was open when the till stopped, from the journal."""
    last = ledger.last("closing")
    for entry in ledger.since(last.payload.seq if last else 0):
        if entry.payload.chain == "cash" and entry.data["kind"] == "float":
            return Session(entry.data["session"], entry.data["day"])
    return None


def running_totals(desk: Desk) -> Closing:
    """What the running session adds up to, from the journal and the closing before it."""
    ledger = desk.ports.ledger
    last = ledger.last("closing")
    previous = closings.from_data(last.data) if last else None
    number = previous.session + 1 if previous else 1
    day = desk.session.day if desk.session else desk.business_day()
    totals = closings.opened(previous, number, day)
    for entry in ledger.since(last.payload.seq if last else 0):
        totals = _with_entry(totals, entry)
    return totals


def as_it_stands(desk: Desk) -> Closing:
    """The running totals with what is still open: card attempts, and cash of unsettled sales."""
    ledger = desk.ports.ledger
    totals = running_totals(desk)
    open_attempts = ledger.open_attempts()
    part_paid = sum(
        (tender.amount if tender.kind is TenderKind.CASH else 0) - _change_of(tender)
        for sale in ledger.drafts()
        for tender in sale.tenders
        if not sale.training
    )
    return replace(
        totals,
        unresolved=tuple(attempt.reference for attempt in open_attempts),
        open_cards=tuple(
            OpenCard(x.reference, x.amount, x.terminal, str(x.state)) for x in open_attempts
        ),
        drawer=replace(totals.drawer, part_paid=part_paid),
    )


def _change_of(tender: Tendered) -> Cents:
    """The cash that another tender gave out of the drawer."""
    return 0 if tender.kind is TenderKind.CASH else tender.change


def _with_entry(totals: Closing, entry: Entry) -> Closing:
    chain, data = entry.payload.chain, entry.data
    if chain in {"ticket", "training"}:
        return closings.with_ticket(totals, entry.payload.number, read_ticket(data))
    if chain == "cash":
        return closings.with_cash(totals, data["kind"], data["amount"], data.get("declared", True))
    if chain == "copy" and data["copy"]:
        return closings.with_copy(totals)
    if chain == "event" and not data["details"].get("training"):
        return closings.with_event(totals, data["code"])
    return totals
