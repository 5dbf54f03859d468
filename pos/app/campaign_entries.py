"""What a settled ticket says in its campaigns' chains, in the ticket's own transaction.

Amounts and tenders by kind, never the basket; and what it earned, was paid with, and gave back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec
from msgspec import structs

from pos.app import rewards_back
from pos.app.campaign_ports import KeptClaim
from pos.app.desk import Desk
from pos.app.earning import Offer, clock_quality, draw_on, earned_by, families_of, open_leases
from pos.app.holding import holding
from pos.app.ports import Transaction
from pos.domain.money import Cents
from pos.domain.rewards import RewardLine
from pos.domain.sale import Sale
from pos.domain.tender import Tendered, TenderKind
from pos.domain.ticket import Ticket, TicketType
from sync.contract import voucher as vouchers
from sync.contract.claims import SECRET_BYTES, claim_hash
from sync.contract.entry import CAMPAIGN_PREFIX, Entry
from sync.contract.grants import Grants
from sync.contract.operations import (
    HANDED_MAX,
    ClockQuality,
    Earn,
    LeaseDraw,
    Redeem,
    Reissue,
    Reward,
    RulePart,
    VoucherRef,
)


@dataclass
class Plan:
    """What a ticket brings in one campaign, and what its holder can claim of it.

    Without `grants`, because campaign.db cannot be read, nothing is earned; what the ticket was
    paid with is said all the same. A claim: the place of its reward, cents, the secret in
    hexadecimal, or a voucher handed out.
    """

    campaign: str
    grants: Grants | None
    line: RewardLine
    rewards: list[Reward] = field(default_factory=list)
    claims: list[tuple[int, Cents, str, str]] = field(default_factory=list)

    def claimable(self, reward: Earn | Reissue, secret: bytes) -> None:
        """Add a reward that whoever holds the ticket claims with a secret."""
        self.claims.append((len(self.rewards), reward.amount, secret.hex(), ""))
        self.rewards.append(reward)


def plan(desk: Desk, tx: Transaction, sale: Sale, ticket: Ticket) -> tuple[Plan, ...]:
    """What a ticket brings in each campaign; the same goods earn in one only."""
    granted = {one.campaign: one for one in desk.ports.campaigns.grants()}
    offers = {one.grants.campaign: one for one in earned_by(desk, ticket, tx.at, tx.rewards)}
    plans = []
    for campaign in desk.ports.campaigns.active():
        grants = granted.get(campaign)
        name = grants.name if grants else rewards_back.name_of(campaign, ticket.tenders)
        one = Plan(campaign, grants, RewardLine(campaign, name))
        _redeemed(one, ticket)
        one.rewards += rewards_back.adjust(desk, tx, ticket, campaign, grants)
        _given_back(desk, one, ticket)
        offer = offers.get(campaign)
        if offer is not None and offer.earned.amount:
            _earn(desk, tx, one, offer, on_paper=sale.on_paper)
        plans.append(one)
    return tuple(plans)


def append(
    desk: Desk, tx: Transaction, ticket: Ticket, entry: Entry, plans: Sequence[Plan]
) -> None:
    """Write a ticket's entry in the chain of each campaign, and keep what can be claimed."""
    now = datetime.fromisoformat(entry.payload.at)
    for planned in plans:
        said = entry_data(
            ticket,
            entry,
            families=families_of(desk, ticket),
            clock=clock_quality(planned.grants, now) if planned.grants else "unknown",
            rewards=planned.rewards,
        )
        said |= holding(desk, planned.campaign, but=ticket.sale)
        place = tx.append(CAMPAIGN_PREFIX + planned.campaign, said).payload
        for part, amount, secret, voucher in planned.claims:
            tx.keep_claim(
                KeptClaim(
                    *(planned.campaign, place.number, part, entry.payload.number, place.epoch),
                    *(amount, ticket.day, secret, voucher),
                )
            )


def lines_of(plans: Sequence[Plan]) -> tuple[RewardLine, ...]:
    """What the ticket itself says of its rewards."""
    return tuple(one.line for one in plans if one.line.earned or one.line.given_back)


# --- one ticket, one campaign ---------------------------------------------------------------------


def _redeemed(one: Plan, ticket: Ticket) -> None:
    """The vouchers that it was paid with, and those that the shop gave as a discount."""
    for tender in ticket.tenders:
        mine = tender.details.get("campaign") == one.campaign
        if tender.kind is TenderKind.CAMPAIGN and tender.amount > 0 and mine:
            one.rewards.append(_redeem(tender.details, tender.given, tender.amount))
    for coupon in ticket.coupons:
        if coupon.details["campaign"] == one.campaign:
            one.rewards.append(_redeem(coupon.details, coupon.value, coupon.details["amount"]))


def _redeem(details: Mapping[str, Any], value: Cents, amount: Cents) -> Redeem:
    """A voucher; the leases that bore it when it was taken bear it, though they be over by now."""
    ref = VoucherRef(details["batch"], details["index"]) if "batch" in details else None
    return Redeem(
        value=value,
        amount=amount,
        mode=details["mode"],
        funding=details.get("funding", "tender"),
        voucher=ref,
        reservation=details.get("reservation"),
        challenge=details.get("challenge"),
        leases=[LeaseDraw(**one) for one in details.get("leases", ())],
        pack=details.get("pack"),
        list_at=details.get("list_at"),
        taken_at=details.get("taken_at"),
    )


def _given_back(desk: Desk, one: Plan, ticket: Ticket) -> None:
    """What had been paid with rewards of goods that came back."""
    for tender in ticket.tenders:
        if _is_back(tender, one.campaign):
            secret = desk.ports.new_secret(SECRET_BYTES)
            reissue = Reissue(
                ticket=tender.details["of_ticket"], amount=-tender.amount, claim=claim_hash(secret)
            )
            one.claimable(reissue, secret)
            one.line = replace(one.line, given_back=one.line.given_back - tender.amount)


def _is_back(tender: Tendered, campaign: str) -> bool:
    mine = tender.details.get("campaign") == campaign
    return tender.kind is TenderKind.CAMPAIGN and tender.amount < 0 and mine


def _earn(desk: Desk, tx: Transaction, one: Plan, offer: Offer, *, on_paper: bool) -> None:
    """What it earned: as the shop's own vouchers if wished for, the rest to claim."""
    grants, earned = offer.grants, offer.earned
    rules = grants.told.rules
    if rules is None:
        return
    leases = open_leases(grants, tx.rewards.drawn(grants.campaign), "earn", tx.at)
    draws, covered = draw_on(leases, earned.amount)
    handed = _from_carnets(tx, grants, earned.amount) if on_paper else []
    paper = sum(value for _, value, _ in handed)
    first, rest = _split(draws, paper)
    whole = Earn(
        pack=rules.pack.number,
        pack_hash=rules.digest,
        base=earned.base,
        amount=earned.amount,
        parts=[RulePart(part.rule, part.amount) for part in earned.parts],
        leases=rest,
    )
    if handed:
        one.claims += [(len(one.rewards), value, "", text) for _, value, text in handed]
        refs = [ref for ref, _, _ in handed]
        one.rewards.append(structs.replace(whole, amount=paper, leases=first, handed=refs))
        whole = structs.replace(whole, parts=[])  # what the rules gave is said once
    if earned.amount > paper:
        secret = desk.ports.new_secret(SECRET_BYTES)
        rest_of_it = structs.replace(whole, amount=earned.amount - paper, claim=claim_hash(secret))
        one.claimable(rest_of_it, secret)
    one.line = replace(one.line, earned=earned.amount, covered=covered, on_paper=paper)


def _split(draws: list[LeaseDraw], first: Cents) -> tuple[list[LeaseDraw], list[LeaseDraw]]:
    """Draws for the first so many cents, and those for the rest."""
    before: list[LeaseDraw] = []
    after: list[LeaseDraw] = []
    for one in draws:
        part = min(one.amount, first)
        first -= part
        if part:
            before.append(LeaseDraw(one.lease, part))
        if one.amount > part:
            after.append(LeaseDraw(one.lease, one.amount - part))
    return before, after


def _from_carnets(
    tx: Transaction, grants: Grants, cents: Cents
) -> list[tuple[VoucherRef, Cents, str]]:
    """Vouchers of this shop that were not handed out yet, worth no more than what was earned."""
    found: list[tuple[VoucherRef, Cents, str]] = []
    today = grants.effective(datetime.fromisoformat(tx.at)).date()
    carnets = sorted(grants.told.carnets, key=lambda one: (-one.value, one.id))
    for text in (text for carnet in carnets for text in carnet.vouchers):
        voucher = vouchers.read(text).voucher
        place = (grants.campaign, voucher.batch, voucher.index)
        lasts = today <= voucher.last_day and len(found) < HANDED_MAX
        if lasts and voucher.value <= cents and not tx.rewards.was("handed", place):
            found.append((VoucherRef(voucher.batch, voucher.index), voucher.value, text))
            cents -= voucher.value
    return found


# --- the entry ------------------------------------------------------------------------------------


def entry_data(
    ticket: Ticket,
    entry: Entry,
    *,
    families: Mapping[str, Cents],
    clock: ClockQuality,
    rewards: Sequence[Reward],
) -> dict[str, Any]:
    """What a ticket's entry says to a campaign (sync.contract.operations), as JSON values."""
    eligible = ticket.total.ttc - sum(max(cents, 0) for cents in families.values())
    return {
        "type": "refund" if _is_refund(ticket) else "sale",
        "ticket": {"number": entry.payload.number, "hash": entry.digest},
        "shop_till": ticket.shop.till,
        "day": ticket.day,
        "total": ticket.total.ttc,
        "vat": [{"rate": x.rate, "ttc": x.amounts.ttc} for x in ticket.rates],
        "eligible": eligible,
        "tenders": _tenders(ticket),
        "origins": _origins(ticket),
        "rewards": [_plain(reward) for reward in rewards],
        "families": [{"family": name, "ttc": families[name]} for name in sorted(families)],
        "clock": clock,
    }


def _is_refund(ticket: Ticket) -> bool:
    return ticket.total.ttc < 0 or ticket.type is TicketType.RETURN


def _tenders(ticket: Ticket) -> list[dict[str, Any]]:
    sums: dict[TenderKind, Cents] = {}
    for tender in ticket.tenders:
        sums[tender.kind] = sums.get(tender.kind, 0) + tender.amount
    return [{"kind": str(kind), "amount": sums[kind]} for kind in sorted(sums)]


def _origins(ticket: Ticket) -> list[dict[str, Any]]:
    sums: dict[int, Cents] = {}
    for line in ticket.lines:
        if line.origin:
            number = line.origin.ticket
            sums[number] = sums.get(number, 0) + line.amounts.ttc
    return [{"number": number, "ttc": sums[number]} for number in sorted(sums)]


def _plain(reward: Reward) -> dict[str, Any]:
    """A reward as JSON values, without the members that it does not have and need not have."""
    members: dict[str, Any] = msgspec.to_builtins(reward)
    needed = type(reward).__struct_fields__[: -len(type(reward).__struct_defaults__) or None]
    return {x: value for x, value in members.items() if x in needed or value not in (None, [])}
