"""What this till itself knows of a voucher: used here, on a list, borne by a lease."""

from __future__ import annotations

from typing import Any

from pos.app.campaign_ports import RewardBook, Unsure
from pos.app.desk import Desk
from pos.app.earning import draw_on, open_leases
from pos.app.offline_voucher import Here
from pos.domain.money import Cents
from pos.domain.rewards import place_of
from pos.domain.tender import TenderKind
from sync.contract.feed import Lease
from sync.contract.grants import Grants
from sync.contract.voucher import Voucher


def look(desk: Desk, grants: Grants, voucher: Voucher, due: Cents) -> Here:
    """What this till knows of a voucher, and of what it took before."""
    ledger, campaign = desk.ports.ledger, grants.campaign
    book = ledger.rewards
    place = (campaign, voucher.batch, voucher.index)
    drafts = in_drafts(desk)
    used = {found[1:] for found in drafts if found[0] == campaign}
    if book.was("taken", place):
        used.add(place[1:])
    unsure = _unsure(desk, book, grants)
    covered = draw_on(_risk(desk, grants), min(voucher.value, due))[1]
    rules = grants.told.rules
    one_in = rules.pack.policy.online_one_in if rules else 0
    return Here(
        desk.ports.clock(),
        due,
        used,
        unsure,
        covered,
        desk.ports.campaigns.status_list(campaign, voucher.batch),
        book.was("handed", place),
        bool(one_in) and int.from_bytes(desk.ports.new_secret(4), "big") % one_in == 0,
    )


def _risk(desk: Desk, grants: Grants) -> list[tuple[Lease, Cents]]:
    """What may still be risked on each lease; what open and parked sales hold of it is not."""
    promised: dict[int, Cents] = {}
    for details in _unseen(desk, grants.campaign):
        for one in details.get("leases", ()):
            promised[one["lease"]] = promised.get(one["lease"], 0) + one["amount"]
    drawn = desk.ports.ledger.rewards.drawn(grants.campaign)
    leases = open_leases(grants, drawn, "risk", desk.now())
    return [(lease, left - promised.get(lease.id, 0)) for lease, left in leases]


def draws_for(desk: Desk, grants: Grants, voucher: Voucher, due: Cents) -> list[dict[str, int]]:
    """What is drawn now, whenever the sale ends: these leases may be over, or unreadable, then."""
    draws, _ = draw_on(_risk(desk, grants), min(voucher.value, due))
    return [{"lease": one.lease, "amount": one.amount} for one in draws]


def _unsure(desk: Desk, book: RewardBook, grants: Grants) -> Unsure:
    """What was taken unseen since the server last heard of this till, unsettled sales included."""
    booked, waiting = (
        book.unsure(grants.campaign, grants.acknowledged),
        _unsettled(desk, grants.campaign),
    )
    return Unsure(booked.count + waiting.count, booked.cents + waiting.cents)


def _unsettled(desk: Desk, campaign: str) -> Unsure:
    cents = [details["paid"] for details in _unseen(desk, campaign)]
    return Unsure(len(cents), sum(cents))


def _unseen(desk: Desk, campaign: str) -> list[dict[str, Any]]:
    """What open and parked sales keep of vouchers that they took unseen, with what each `paid`."""
    return [
        {**tender.details, "paid": tender.amount}
        for sale in desk.ports.ledger.drafts()
        for tender in sale.tenders
        if tender.details.get("mode") == "bearer" and tender.details["campaign"] == campaign
    ]


def in_drafts(desk: Desk) -> set[tuple[str, int, int]]:
    """The vouchers that open and parked sales hold."""
    found = set()
    for sale in desk.ports.ledger.drafts():
        for tender in sale.tenders:
            if tender.kind is TenderKind.CAMPAIGN and "batch" in tender.details:
                found.add(place_of(tender.details))
        found |= {coupon.place for coupon in sale.coupons}
    return found
