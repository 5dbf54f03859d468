"""Cash that moves without a sale: paid in, paid out, picked up; and the drawer just opened."""

from __future__ import annotations

from typing import Final

from pos.app.desk import Desk, Pending, Session
from pos.app.ports import Transaction
from pos.app.session import as_it_stands, ensure_session
from pos.domain.errors import BadAmount, BadCommand, DrawerTooLow
from pos.domain.money import Cents
from pos.domain.scrub import scrub

REASON_LENGTH_MAX: Final = 200


def paid_in(desk: Desk, amount: Cents, reason: str) -> Pending[Session]:
    """Cash put into the drawer."""
    return _move(desk, "paid_in", amount, reason)


def paid_out(desk: Desk, amount: Cents, reason: str) -> Pending[Session]:
    """Cash taken from the drawer to pay something."""
    return _move(desk, "paid_out", amount, reason)


def pickup(desk: Desk, amount: Cents, reason: str = "") -> Pending[Session]:
    """Cash taken to the safe or the bank."""
    return _move(desk, "pickup", amount, reason)


def no_sale(desk: Desk, reason: str) -> Pending[Session]:
    """Open the drawer without a sale."""
    return _move(desk, "no_sale", 0, reason)


def _require_cash(desk: Desk, amount: Cents) -> None:
    """A drawer holds no less than nothing: a slip of the finger is stopped here."""
    expected = as_it_stands(desk).drawer.expected
    if amount > expected:
        raise DrawerTooLow(amount=max(expected, 0))


def _move(desk: Desk, kind: str, amount: Cents, reason: str) -> Pending[Session]:
    desk.require_real_till(kind)
    said = scrub(reason.strip()[:REASON_LENGTH_MAX])
    if kind != "no_sale" and amount <= 0:
        raise BadAmount(text=str(amount))
    if kind != "pickup" and not said:
        raise BadCommand(text=kind)
    if kind in {"paid_out", "pickup"}:
        _require_cash(desk, amount)

    def work(tx: Transaction) -> Session:
        session = ensure_session(desk, tx)
        tx.append("cash", {"kind": kind, "amount": amount, "reason": said})
        return session

    def then(session: Session) -> None:
        desk.session = session
        desk.ports.printer.open_drawer()

    return desk.record(work, then)
