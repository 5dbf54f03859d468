"""Sign on by PIN, lock, and let a manager approve one act."""

from __future__ import annotations

from pos.app.desk import Desk, Pending
from pos.app.park import free_name, set_aside
from pos.app.ports import Role, Staff, Transaction
from pos.domain.errors import NeedsManager, SaleIsOpen
from pos.domain.events import EventCode, event


def sign_on(desk: Desk, code: str, pin: str) -> Pending[Staff]:
    """Let a person work at the desk; UnknownStaff, WrongPin, PinDelayed or SaleIsOpen.

    A trainee does not go on with a real sale, nor anybody else with a training one: that is set
    aside for the trainee, because a till that is needed must not wait for him.
    """
    staff = desk.ports.staff.check_pin(code, pin)
    sale, is_trainee = desk.sale, staff.role is Role.TRAINEE
    mixed = sale is not None and bool(sale.lines) and sale.training != is_trainee
    if mixed and is_trainee:
        raise SaleIsOpen
    name = free_name(desk) if mixed else ""

    def work(tx: Transaction) -> Staff:
        tx.append("event", event(EventCode.SIGN_ON, staff=staff.code, role=str(staff.role)))
        if sale and mixed:
            set_aside(tx, sale, name)
        return staff

    def then(staff: Staff) -> None:
        desk.operator = staff
        desk.approved = None
        if mixed:
            desk.sale = None

    return desk.record(work, then)


def lock(desk: Desk) -> Pending[None]:
    """Leave the desk; the sale under way stays."""
    operator = desk.require_operator()

    def work(tx: Transaction) -> None:
        tx.append("event", event(EventCode.SIGN_OFF, staff=operator.code))

    def then(_: None) -> None:
        desk.operator = None
        desk.approved = None

    return desk.record(work, then)


def approve(desk: Desk, code: str, pin: str) -> Pending[None]:
    """A manager's PIN allows the next act that needs it; NeedsManager for anybody else's."""
    desk.require_operator()
    manager = desk.ports.staff.check_pin(code, pin)
    if manager.role is not Role.MANAGER:
        raise NeedsManager(act="approve")

    def work(tx: Transaction) -> None:
        tx.append("event", event(EventCode.APPROVAL, staff=manager.code))

    def then(_: None) -> None:
        desk.approved = manager.code

    return desk.record(work, then)
