"""What the fronts draw: frozen, complete, without a rule left to decide."""

from __future__ import annotations

from dataclasses import dataclass

from pos.app.desk import Desk
from pos.app.park import parked
from pos.app.ports import CampaignLink, DeviceHealth, DeviceState, JobState
from pos.domain.catalogue import Unit
from pos.domain.money import Cents, Thousandths
from pos.domain.payment import State
from pos.domain.sale import LineKind, price


@dataclass(frozen=True, slots=True)
class LineView:
    """A line of the sale; amounts as they will be printed."""

    number: int
    label: str
    quantity: Thousandths
    unit: Unit
    unit_price: Cents
    amount: Cents
    reduction: Cents
    kind: LineKind
    overridden: bool


@dataclass(frozen=True, slots=True)
class TenderView:
    """A tender already taken."""

    name: str
    amount: Cents
    given: Cents
    change: Cents


@dataclass(frozen=True, slots=True)
class AttemptView:
    """A card attempt that is running or unknown."""

    reference: str
    amount: Cents
    state: State


@dataclass(frozen=True, slots=True)
class LastView:
    """The sale just done: its number, total and change."""

    number: int
    total: Cents
    change: Cents
    training: bool


@dataclass(frozen=True, slots=True)
class SaleView:
    """The sale under way."""

    lines: tuple[LineView, ...] = ()
    tenders: tuple[TenderView, ...] = ()
    total: Cents = 0
    reduction: Cents = 0
    due: Cents = 0


@dataclass(frozen=True, slots=True)
class StatusView:
    """The status bar (DESIGN.md 10)."""

    operator: str | None
    role: str | None
    session: int | None
    training: bool
    printer: DeviceHealth
    jobs_waiting: int
    jobs_in_doubt: int
    terminal: DeviceHealth
    link: CampaignLink
    parked: int


@dataclass(frozen=True, slots=True)
class DeskView:
    """The whole counter."""

    sale: SaleView
    attempts: tuple[AttemptView, ...]
    last: LastView | None
    status: StatusView


def show(desk: Desk) -> DeskView:
    """The counter as it stands."""
    return DeskView(sale_view(desk), attempts_view(desk), last_view(desk), status_view(desk))


def sale_view(desk: Desk) -> SaleView:
    """The sale under way; an empty one when there is none."""
    sale = desk.sale
    if sale is None:
        return SaleView()
    priced = price(sale)
    lines = tuple(
        LineView(
            x.line.number,
            x.line.product.label,
            x.line.quantity,
            x.line.product.unit,
            x.line.unit_price,
            x.amounts.ttc,
            x.reduction,
            x.line.kind,
            x.line.overridden,
        )
        for x in priced.lines
    )
    tenders = tuple(TenderView(t.name, t.amount, t.given, t.change) for t in sale.tenders)
    return SaleView(lines, tenders, priced.total.ttc, priced.reduction, priced.due)


def status_view(desk: Desk) -> StatusView:
    """The state of everything around the sale."""
    ports, operator = desk.ports, desk.operator
    jobs = ports.ledger.jobs()
    terminal = ports.terminal.health() if ports.terminal else DeviceHealth(DeviceState.MISSING)
    in_doubt = sum(job.state is JobState.UNKNOWN for job in jobs)
    return StatusView(
        operator.code if operator else None,
        str(operator.role) if operator else None,
        desk.session.number if desk.session else None,
        bool(desk.sale and desk.sale.training) or bool(operator and operator.role == "trainee"),
        ports.printer.health(),
        len(jobs) - in_doubt,
        in_doubt,
        terminal,
        ports.campaigns.link(),
        len(parked(desk)),
    )


def attempts_view(desk: Desk) -> tuple[AttemptView, ...]:
    """The card attempts that are running or unknown."""
    return tuple(
        AttemptView(a.reference, a.amount, State.UNKNOWN if a.reference in desk.lost else a.state)
        for a in desk.attempts
    )


def last_view(desk: Desk) -> LastView | None:
    """The sale just done; None before the first one."""
    if desk.last is None:
        return None
    ticket = desk.last.ticket
    return LastView(desk.last.number, ticket.total.ttc, ticket.change, ticket.training)
