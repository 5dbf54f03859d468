"""The Z: what a till session added up to, computed from journal entries and the closing before.

Cumulative totals follow CGI 286-I-3° bis (BOI-TVA-DECLA-30-10-30 §170): a perpetual total that is
never reset, kept twice, net (sales less returns) and absolute (sales plus returns), and the running
total of the accounting year.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from pos.domain.events import EventCode
from pos.domain.money import BasisPoints, Cents
from pos.domain.rewards import RewardTotal, add_up
from pos.domain.tender import TenderKind
from pos.domain.ticket import Ticket, TicketType
from pos.domain.vat import ZERO, Amounts


@dataclass(frozen=True, slots=True)
class TenderTotal:
    """What one tender brought: how often, the amount that counts, and what was handed over beyond.

    Of that, `change` was given back in cash and `kept` was not.
    """

    count: int = 0
    amount: Cents = 0
    kept: Cents = 0
    change: Cents = 0


@dataclass(frozen=True, slots=True)
class Drawer:
    """The cash in the drawer, in cents, by where it came from.

    `part_paid` is the cash that unsettled sales have brought so far, `part_paid_before` the same at
    the closing before: such cash lies in the drawer, and is counted as a sale's only once.
    """

    opening_float: Cents = 0
    cash_sales: Cents = 0
    paid_in: Cents = 0
    paid_out: Cents = 0
    pickups: Cents = 0
    counted: Cents | None = None
    part_paid: Cents = 0
    part_paid_before: Cents = 0

    @property
    def parts(self) -> Cents:
        """Cash of unsettled sales, less what earlier sessions had counted of it."""
        return self.part_paid - self.part_paid_before

    @property
    def expected(self) -> Cents:
        """What should be in the drawer."""
        moved = self.paid_in - self.paid_out - self.pickups
        return self.opening_float + self.cash_sales + self.parts + moved

    @property
    def difference(self) -> Cents | None:
        """Counted less expected: over when positive, short when negative; None if not counted."""
        return None if self.counted is None else self.counted - self.expected


@dataclass(frozen=True, slots=True)
class OpenCard:
    """A card attempt that is unresolved when the day is closed; the amount in cents."""

    reference: str
    amount: Cents
    terminal: str
    state: str


@dataclass(frozen=True, slots=True)
class Closing:
    """The totals of a session: a Z once journaled, an X while it runs."""

    session: int
    day: str
    first_ticket: int | None = None
    last_ticket: int | None = None
    tickets: int = 0
    returns: int = 0
    lines: int = 0
    voided_lines: int = 0
    cancelled_sales: int = 0
    copies: int = 0
    no_sales: int = 0
    training_tickets: int = 0
    sales: Amounts = ZERO
    given_back: Amounts = ZERO
    discounts: Cents = 0
    rates: Mapping[BasisPoints, Amounts] = field(default_factory=dict)
    tenders: Mapping[str, TenderTotal] = field(default_factory=dict)
    drawer: Drawer = Drawer()
    perpetual_net: Cents = 0
    perpetual_absolute: Cents = 0
    year: str = ""
    year_total: Cents = 0
    unresolved: tuple[str, ...] = ()
    open_cards: tuple[OpenCard, ...] = ()
    float_declared: bool = False
    rewards: Mapping[str, RewardTotal] = field(default_factory=dict)

    @property
    def total(self) -> Amounts:
        """Sales less returns."""
        return self.sales + self.given_back


def opened(previous: Closing | None, session: int, day: str) -> Closing:
    """The empty closing with which a session begins, carrying the perpetual totals on."""
    year = day[:4]
    if previous is None:
        return Closing(session, day, year=year)
    return Closing(
        session,
        day,
        drawer=Drawer(part_paid_before=previous.drawer.part_paid),
        year=year,
        year_total=previous.year_total if previous.year == year else 0,
        perpetual_net=previous.perpetual_net,
        perpetual_absolute=previous.perpetual_absolute,
    )


def with_ticket(closing: Closing, number: int, ticket: Ticket) -> Closing:
    """The closing with one more ticket; training tickets are counted and nothing else."""
    if ticket.training:
        return replace(closing, training_tickets=closing.training_tickets + 1)
    rates = dict(closing.rates)
    sales, back = closing.sales, closing.given_back
    for line in ticket.lines:
        rates[line.rate] = rates.get(line.rate, ZERO) + line.amounts
        if line.quantity >= 0:
            sales += line.amounts
        else:
            back += line.amounts
    ttc = ticket.total.ttc
    drawer = closing.drawer
    cash = sum(t.amount for t in ticket.tenders if t.kind is TenderKind.CASH)
    change = sum(t.change for t in ticket.tenders if t.kind is not TenderKind.CASH)
    moved = abs(sum(x.amounts.ttc for x in ticket.lines if x.quantity >= 0)) + abs(
        sum(x.amounts.ttc for x in ticket.lines if x.quantity < 0)
    )
    return replace(
        closing,
        first_ticket=closing.first_ticket or number,
        last_ticket=number,
        tickets=closing.tickets + 1,
        returns=closing.returns + (ticket.type is TicketType.RETURN),
        lines=closing.lines + len(ticket.lines),
        sales=sales,
        given_back=back,
        discounts=closing.discounts + sum(line.discount for line in ticket.lines),
        rates=rates,
        tenders=_with_tenders(closing.tenders, ticket),
        drawer=replace(drawer, cash_sales=drawer.cash_sales + cash - change),
        perpetual_net=closing.perpetual_net + ttc,
        perpetual_absolute=closing.perpetual_absolute + moved,
        year_total=closing.year_total + ttc,
        rewards=add_up(closing.rewards, ticket.rewards),
    )


def _with_tenders(totals: Mapping[str, TenderTotal], ticket: Ticket) -> dict[str, TenderTotal]:
    added = dict(totals)
    for tender in ticket.tenders:
        so_far = added.get(tender.name, TenderTotal())
        added[tender.name] = TenderTotal(
            so_far.count + 1,
            so_far.amount + tender.amount,
            so_far.kept + tender.kept,
            so_far.change + tender.change,
        )
    return added


def with_cash(closing: Closing, kind: str, amount: Cents, declared: bool) -> Closing:
    """The closing with one entry of the cash chain: float, paid_in, paid_out, pickup, no_sale.

    A float that nobody declared opens the session with an empty drawer; a declared one stands.
    """
    drawer = closing.drawer
    if kind == "no_sale":
        return replace(closing, no_sales=closing.no_sales + 1)
    if kind == "float" and (declared or not closing.float_declared):
        return replace(
            closing, drawer=replace(drawer, opening_float=amount), float_declared=declared
        )
    if kind == "float":
        return closing
    if kind == "paid_in":
        return replace(closing, drawer=replace(drawer, paid_in=drawer.paid_in + amount))
    if kind == "paid_out":
        return replace(closing, drawer=replace(drawer, paid_out=drawer.paid_out + amount))
    if kind == "pickup":
        return replace(closing, drawer=replace(drawer, pickups=drawer.pickups + amount))
    raise ValueError(f"{kind!r} moves no cash")


def with_copy(closing: Closing) -> Closing:
    """The closing with one more duplicate."""
    return replace(closing, copies=closing.copies + 1)


def with_event(closing: Closing, code: int) -> Closing:
    """The closing with one technical event: voided lines and cancelled sales are counted."""
    if code == EventCode.LINE_VOIDED:
        return replace(closing, voided_lines=closing.voided_lines + 1)
    if code == EventCode.SALE_CANCELLED:
        return replace(closing, cancelled_sales=closing.cancelled_sales + 1)
    return closing


def to_data(closing: Closing) -> dict[str, Any]:
    """The canonical JSON value of a closing: the `data` of its journal entry."""
    return {
        "level": "session",
        "session": closing.session,
        "day": closing.day,
        "first_ticket": closing.first_ticket,
        "last_ticket": closing.last_ticket,
        "tickets": closing.tickets,
        "returns": closing.returns,
        "lines": closing.lines,
        "voided_lines": closing.voided_lines,
        "cancelled_sales": closing.cancelled_sales,
        "copies": closing.copies,
        "no_sales": closing.no_sales,
        "training_tickets": closing.training_tickets,
        "sales": asdict(closing.sales),
        "given_back": asdict(closing.given_back),
        "total": asdict(closing.total),
        "discounts": closing.discounts,
        "rates": [
            {"rate": rate, **asdict(closing.rates[rate])}
            for rate in sorted(closing.rates, reverse=True)
        ],
        "tenders": [
            {"name": name, **asdict(closing.tenders[name])} for name in sorted(closing.tenders)
        ],
        "drawer": {
            **asdict(closing.drawer),
            "expected": closing.drawer.expected,
            "difference": closing.drawer.difference,
        },
        "perpetual_net": closing.perpetual_net,
        "perpetual_absolute": closing.perpetual_absolute,
        "year": closing.year,
        "year_total": closing.year_total,
        "unresolved": list(closing.unresolved),
        **(
            {"open_cards": [asdict(card) for card in closing.open_cards]}
            if closing.open_cards
            else {}
        ),
        **(
            {
                "rewards": [
                    {"campaign": name, **asdict(closing.rewards[name])}
                    for name in sorted(closing.rewards)
                ]
            }
            if closing.rewards
            else {}
        ),
    }


def from_data(data: Mapping[str, Any]) -> Closing:
    """The closing of a journal entry's `data`."""
    drawer = {k: v for k, v in data["drawer"].items() if k not in {"expected", "difference"}}
    return Closing(
        session=data["session"],
        day=data["day"],
        first_ticket=data["first_ticket"],
        last_ticket=data["last_ticket"],
        tickets=data["tickets"],
        returns=data["returns"],
        lines=data["lines"],
        voided_lines=data["voided_lines"],
        cancelled_sales=data["cancelled_sales"],
        copies=data["copies"],
        no_sales=data["no_sales"],
        training_tickets=data["training_tickets"],
        sales=Amounts(**data["sales"]),
        given_back=Amounts(**data["given_back"]),
        discounts=data["discounts"],
        rates={x["rate"]: Amounts(x["ttc"], x["ht"], x["vat"]) for x in data["rates"]},
        tenders={
            x["name"]: TenderTotal(x["count"], x["amount"], x["kept"], x.get("change", 0))
            for x in data["tenders"]
        },
        drawer=Drawer(**drawer),
        perpetual_net=data["perpetual_net"],
        perpetual_absolute=data["perpetual_absolute"],
        year=data["year"],
        year_total=data["year_total"],
        unresolved=tuple(data["unresolved"]),
        open_cards=tuple(OpenCard(**card) for card in data.get("open_cards", ())),
        rewards={
            x["campaign"]: RewardTotal(x["count"], x["earned"], x["given_back"])
            for x in data.get("rewards", ())
        },
    )
