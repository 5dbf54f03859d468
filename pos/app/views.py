"""What the fronts draw: frozen, complete, without a rule left to decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pos.app.campaign_ports import CampaignLink
from pos.app.desk import Desk
from pos.app.park import parked
from pos.app.ports import SILENCE, Abilities, DeviceHealth, JobState, Said
from pos.app.take_payment import whole
from pos.domain.catalogue import Unit
from pos.domain.money import Cents, Thousandths
from pos.domain.payment import Attempt, Direction, State
from pos.domain.rewards import RewardLine
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
    """A card attempt with an open question, and what may be done about it here.

    `said` is what the terminal shows; `proposal` what it told and a person has yet to confirm.
    `other`: it belongs to a sale that is not the one under way. `details` is what is known of it.
    """

    reference: str
    amount: Cents
    state: State
    terminal: str = ""
    direction: Direction = Direction.PAYMENT
    said: Said = SILENCE
    proposal: State | None = None
    cancels: bool = False
    by_hand: bool = False
    asks: bool = False
    other: bool = False
    sale: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LastView:
    """The sale just done: its number, total and change; `rewards` by campaign."""

    number: int
    total: Cents
    change: Cents
    training: bool
    rewards: tuple[RewardLine, ...] = ()


@dataclass(frozen=True, slots=True)
class SaleView:
    """The sale under way. `asked`: what a phone was asked to pay, whose digits are awaited."""

    lines: tuple[LineView, ...] = ()
    tenders: tuple[TenderView, ...] = ()
    total: Cents = 0
    reduction: Cents = 0
    due: Cents = 0
    asked: Cents = 0


@dataclass(frozen=True, slots=True)
class OfferView:
    """What the sale earns in a campaign once it is paid; `reason` is the key of why it is nothing.

    `is_sure`: no budget can run out before it is claimed. `missing` would earn more.
    """

    campaign: str
    amount: Cents
    is_sure: bool = True
    reason: str = ""
    missing: Cents | None = None


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
    terminals: Mapping[str, DeviceHealth]
    link: CampaignLink
    parked: int


@dataclass(frozen=True, slots=True)
class DeskView:
    """The whole counter."""

    sale: SaleView
    attempts: tuple[AttemptView, ...]
    last: LastView | None
    status: StatusView
    offers: tuple[OfferView, ...] = ()


def show(desk: Desk) -> DeskView:
    """The counter as it stands."""
    return DeskView(
        sale_view(desk),
        attempts_view(desk),
        last_view(desk),
        status_view(desk),
        offers_view(desk),
    )


def offers_view(desk: Desk) -> tuple[OfferView, ...]:
    """What the sale under way would earn, the best campaign first."""
    if desk.sale is None or not desk.sale.lines or not desk.ports.campaigns.active():
        return ()
    # Only a till that takes part in a campaign pays for what works rewards out.
    from pos.app.earning import offers
    from sync.contract.rewards.facts import Reason

    sale = whole(desk, desk.sale)
    return tuple(
        OfferView(
            one.grants.name,
            one.earned.amount,
            one.is_sure,
            str(one.earned.reason or ""),
            one.earned.missing,
        )
        for one in offers(desk, sale, price(sale))
        if one.earned.reason is not Reason.NOTHING_SOLD  # nobody asks what a return earns
    )


def sale_view(desk: Desk) -> SaleView:
    """The sale under way; an empty one when there is none."""
    if desk.sale is None:
        return SaleView()
    sale = whole(desk, desk.sale)
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
    asked = sale.asked.amount if sale.asked else 0
    return SaleView(lines, tenders, priced.total.ttc, priced.reduction, priced.due, asked)


def status_view(desk: Desk) -> StatusView:
    """The state of everything around the sale."""
    ports, operator = desk.ports, desk.operator
    jobs = ports.ledger.jobs()
    in_doubt = sum(job.state is JobState.UNKNOWN for job in jobs)
    return StatusView(
        operator.code if operator else None,
        str(operator.role) if operator else None,
        desk.session.number if desk.session else None,
        bool(desk.sale and desk.sale.training) or bool(operator and operator.role == "trainee"),
        ports.printer.health(),
        len(jobs) - in_doubt,
        in_doubt,
        {name: terminal.health() for name, terminal in ports.terminals.items()},
        ports.campaigns.link(),
        len(parked(desk)),
    )


def attempts_view(desk: Desk) -> tuple[AttemptView, ...]:
    """The card attempts with an open question."""
    return tuple(_attempt_view(desk, attempt) for attempt in desk.attempts)


def _attempt_view(desk: Desk, attempt: Attempt) -> AttemptView:
    terminal = desk.ports.terminals.get(attempt.terminal)
    can = terminal.abilities if terminal else Abilities()
    return AttemptView(
        attempt.reference,
        attempt.amount,
        State.UNKNOWN if attempt.reference in desk.lost else attempt.state,
        attempt.terminal,
        attempt.direction,
        terminal.said(attempt.reference) if terminal else SILENCE,
        attempt.proposal,
        can.cancels,
        can.by_hand,
        can.asks,
        desk.sale is None or desk.sale.id != attempt.sale,
        attempt.sale,
        attempt.details,
    )


def last_view(desk: Desk) -> LastView | None:
    """The sale just done; None before the first one."""
    if desk.last is None:
        return None
    ticket = desk.last.ticket
    return LastView(
        desk.last.number, ticket.total.ttc, ticket.change, ticket.training, ticket.rewards
    )
