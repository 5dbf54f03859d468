"""What a sale earns in the campaigns of this till, before it is paid and when it is settled.

A till promises what the rules give; what its leases do not cover is promised subject to the budget,
and says so. One campaign rewards a sale: the one that gives most.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from pos.app.campaign_ports import Drawn, RewardBook
from pos.app.desk import Desk
from pos.domain.catalogue import fold
from pos.domain.money import Cents
from pos.domain.sale import Priced, Sale
from pos.domain.tender import Tendered, TenderKind
from pos.domain.ticket import Ticket
from sync.contract.feed import Lease
from sync.contract.grants import Grants
from sync.contract.operations import LEASE_DRAWS_MAX, ClockQuality, LeaseDraw
from sync.contract.rewards.evaluate import as_if_paid, evaluate
from sync.contract.rewards.facts import Earned, Facts, Reason

# A server's time that is further away than this shows that the till's clock is wrong.
CLOCK_TOLERANCE: Final = timedelta(minutes=2)
# A clock that was compared longer ago than this may have drifted, or begun anew without a battery.
CLOCK_TRUSTED_FOR: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a sale earns in a campaign, and how much of that the till's leases cover, in cents."""

    grants: Grants
    earned: Earned
    covered: Cents = 0

    @property
    def is_sure(self) -> bool:
        """Whether the campaign's budget cannot run out before this is claimed."""
        return self.covered >= self.earned.amount


def offers(desk: Desk, sale: Sale, priced: Priced) -> tuple[Offer, ...]:
    """What a sale would earn if the rest were paid in money that counts, the best one first."""
    if sale.training:
        nothing = Earned(0, reason=Reason.TRAINING)
        return tuple(Offer(grants, nothing) for grants in _readable(desk))
    now = desk.now()
    facts = Facts(
        now,
        desk.business_day(),
        priced.total.ttc,
        _families(desk, ((x.line.product.family, x.amounts.ttc) for x in priced.lines)),
        *_tenders(sale.tenders),
    )
    book = desk.ports.ledger.rewards
    found = [_offer(grants, facts, book, now, paid=False) for grants in _readable(desk)]
    return _only_best(found)


def earned_by(desk: Desk, ticket: Ticket, at: str, book: RewardBook) -> tuple[Offer, ...]:
    """What a settled ticket earns, at the moment that its entry bears; the best one first."""
    facts = facts_of(desk, ticket, at)
    return _only_best([_offer(grants, facts, book, at, paid=True) for grants in _readable(desk)])


def facts_of(desk: Desk, ticket: Ticket, at: str) -> Facts:
    """A ticket as the evaluator, and the campaign's server, want it."""
    return Facts(
        at, ticket.day, ticket.total.ttc, families_of(desk, ticket), *_tenders(ticket.tenders)
    )


def families_of(desk: Desk, ticket: Ticket) -> dict[str, Cents]:
    """What a ticket sold of the families that campaigns exclude, VAT included."""
    return _families(desk, ((line.family, line.amounts.ttc) for line in ticket.lines))


def family_of(desk: Desk, shop_family: str) -> str | None:
    """The campaign family that one of the shop's own families belongs to."""
    return desk.settings.reward_families.get(fold(shop_family))


def open_leases(
    grants: Grants, drawn: Mapping[int, Drawn], kind: Literal["earn", "risk"], now: str
) -> list[tuple[Lease, Cents]]:
    """The leases that may be drawn on now and what each has left, the one that ends first first."""
    latest = grants.effective(datetime.fromisoformat(now))
    found = []
    for lease in grants.told.leases:
        used = drawn.get(lease.id, Drawn())
        if lease.kind != kind or used.closed:
            continue  # most are, late in a campaign: dates are dear to read at each key
        starts, ends = (datetime.fromisoformat(x) for x in (lease.from_at, lease.until_at))
        # A clock that is behind must not draw on what is over; one behind by little may begin.
        if starts <= latest < ends:
            found.append((lease, lease.amount - used.cents))
    found.sort(key=lambda one: (one[0].until_at, one[0].id))
    return [(lease, left) for lease, left in found if left > 0]


def draw_on(leases: Iterable[tuple[Lease, Cents]], cents: Cents) -> tuple[list[LeaseDraw], Cents]:
    """What is drawn from leases, in their order, up to an amount; and how much that is.

    No more of them than an entry may name.
    """
    draws: list[LeaseDraw] = []
    covered = 0
    for lease, left in leases:
        part = min(left, cents - covered)
        if part > 0 and len(draws) < LEASE_DRAWS_MAX:
            draws.append(LeaseDraw(lease.id, part))
            covered += part
    return draws, covered


def clock_quality(grants: Grants, now: datetime) -> ClockQuality:
    """How far this till's time can be trusted."""
    if grants.contact_at is None:
        return "unknown"
    if grants.effective(now) - now > CLOCK_TOLERANCE:
        return "unsynced"
    if abs(grants.offset_ms) > CLOCK_TOLERANCE.total_seconds() * 1000:
        return "unsynced"
    since = abs(now - datetime.fromisoformat(grants.contact_at))
    return "synced" if since <= CLOCK_TRUSTED_FOR else "unknown"


def _readable(desk: Desk) -> Sequence[Grants]:
    return [grants for grants in desk.ports.campaigns.grants() if grants.told.rules]


def _offer(grants: Grants, facts: Facts, book: RewardBook, now: str, *, paid: bool) -> Offer:
    rules, closed = grants.told.rules, _closed(grants, now)
    if rules is None or closed is not None:
        return Offer(grants, Earned(0, reason=closed))
    pack = rules.pack
    earned = evaluate(pack, facts if paid else as_if_paid(pack, facts))
    if not earned.amount:
        return Offer(grants, earned)
    leases = open_leases(grants, book.drawn(grants.campaign), "earn", now)
    return Offer(grants, earned, draw_on(leases, earned.amount)[1])


def _closed(grants: Grants, now: str) -> Reason | None:
    """Why a campaign gives nothing now, whatever is bought."""
    if grants.told.state == "paused":
        return Reason.PAUSED
    if grants.told.state == "draft":
        return Reason.NOT_STARTED
    rules = grants.told.rules
    over = rules is not None and grants.effective(
        datetime.fromisoformat(now)
    ) >= datetime.fromisoformat(rules.pack.ends_at)
    return Reason.ENDED if over or grants.told.state in ("ended", "closed") else None


def _only_best(found: list[Offer]) -> tuple[Offer, ...]:
    if not found:
        return ()
    best, *others = sorted(found, key=lambda one: -one.earned.amount)
    none = [
        replace(one, earned=Earned(0, one.earned.base, reason=Reason.OTHER_CAMPAIGN), covered=0)
        if one.earned.amount
        else one
        for one in others
    ]
    return (best, *none)


def _families(desk: Desk, lines: Iterable[tuple[str, Cents]]) -> dict[str, Cents]:
    sums: dict[str, Cents] = {}
    for shop_family, cents in lines:
        family = family_of(desk, shop_family)
        if family is not None:
            sums[family] = sums.get(family, 0) + cents
    return sums


def _tenders(tenders: Iterable[Tendered]) -> tuple[dict[str, Cents], Cents]:
    """What was paid by kind, and apart from it what was paid with rewards."""
    sums: dict[str, Cents] = {}
    for tender in tenders:
        sums[str(tender.kind)] = sums.get(str(tender.kind), 0) + tender.amount
    vouchers = sums.pop(str(TenderKind.CAMPAIGN), 0)
    return sums, vouchers
