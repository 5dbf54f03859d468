"""Whether a voucher may be taken when nobody can be asked: the campaign's signed policy. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from pos.app.campaign_ports import ListedAt, Unsure
from pos.domain.errors import VoucherRefused
from pos.domain.money import Cents
from pos.domain.rewards import Refusal
from sync.contract.feed import Place
from sync.contract.grants import Grants
from sync.contract.rewards.rules import OfflinePolicy
from sync.contract.status_list import SUSPENDED, VALID
from sync.contract.voucher import Audience, Flag, Voucher

Mode: TypeAlias = Literal["locked", "bearer"]


@dataclass(frozen=True, slots=True)
class Here:
    """What this till knows besides: used vouchers, what it took unseen, what it may still risk.

    `unsure` counts from the last entry that the server holds; `covered` is what leases bear of the
    cents that it would pay, should it be spent elsewhere too; `handed`: this till gave it out;
    `must_ask`: chance decided that this one has to be asked for.
    """

    now: datetime
    due: Cents
    used: Collection[tuple[int, int]] = ()
    unsure: Unsure = field(default_factory=Unsure)
    covered: Cents = 0
    listed: ListedAt | None = None
    handed: bool = False
    must_ask: bool = False


def check(voucher: Voucher, grants: Grants, here: Here) -> None:
    """What no server need be asked for; VoucherRefused."""
    today = grants.effective(here.now).date()
    for wrong, cause in (
        (Flag.TEST in voucher.flags, Refusal.TEST),
        ((voucher.batch, voucher.index) in here.used, Refusal.HERE),
        (here.now.date() < voucher.first_day, Refusal.EARLY),
        (today > voucher.last_day, Refusal.EXPIRED),
        (not _is_for(voucher, grants.told.place), Refusal.ELSEWHERE),
        (here.due < max(voucher.min_spend, _least(grants)), Refusal.MINIMUM),
        (grants.told.state == "paused", Refusal.PAUSED),
        (is_over(grants, here.now), Refusal.CAMPAIGN_OVER),
    ):
        if wrong:
            raise VoucherRefused(cause=cause)


def mode_of(voucher: Voucher, grants: Grants, here: Here) -> Mode:
    """How a voucher may be taken without asking; VoucherRefused, with what stands in the way."""
    if _is_struck(voucher, here):
        raise VoucherRefused(cause=Refusal.SPENT)
    if Flag.OFFLINE_OK not in voucher.flags:
        raise VoucherRefused(cause=Refusal.OFFLINE_NEVER)
    if voucher.audience in (Audience.SHOP, Audience.TILL):
        return "locked"
    rules = grants.told.rules
    if rules is None:
        raise VoucherRefused(cause=Refusal.OFFLINE_NEVER)
    _check_policy(voucher, rules.pack.policy, here, grants.effective(here.now))
    return "bearer"


def _check_policy(voucher: Voucher, policy: OfflinePolicy, here: Here, latest: datetime) -> None:
    amount = min(voucher.value, here.due)
    own = Flag.SHOP_FUNDED in voucher.flags  # nobody else loses by it
    for wrong, cause in (
        (voucher.value > policy.voucher_max, Refusal.OFFLINE_VALUE),
        (voucher.value > policy.courier_above, Refusal.OFFLINE_VALUE),
        (here.unsure.count >= policy.in_a_row_max, Refusal.OFFLINE_LIMIT),
        (here.unsure.cents + amount > policy.till_max, Refusal.OFFLINE_LIMIT),
        (amount > here.covered and not own, Refusal.OFFLINE_LIMIT),
        (_is_old(voucher, here, policy, latest), Refusal.OFFLINE_LIST),
        (here.must_ask, Refusal.OFFLINE_CHANCE),
    ):
        if wrong:
            raise VoucherRefused(cause=cause)


def _is_struck(voucher: Voucher, here: Here) -> bool:
    """Whether the list says that it is worth nothing.

    One that was handed out here stays suspended there until the server hears of it.
    """
    if here.listed is None or not here.listed.statuses.covers(voucher.index):
        return False
    status = here.listed.statuses.get(voucher.index)
    return status != VALID and not (here.handed and status == SUSPENDED)


def _is_old(voucher: Voucher, here: Here, policy: OfflinePolicy, latest: datetime) -> bool:
    """Whether the list says too little: it is missing, too old, or older than the voucher.

    A clock that is behind makes none younger.
    """
    if here.listed is None or not here.listed.statuses.covers(voucher.index):
        return True
    age = latest - datetime.fromisoformat(here.listed.at)
    return age > timedelta(hours=policy.list_age_hours_max)


def _is_for(voucher: Voucher, place: Place | None) -> bool:
    if voucher.audience is Audience.ANY:
        return True
    if place is None:
        return False
    wanted = {
        Audience.SHOP: str(place.shop),
        Audience.TILL: str(place.till),
        Audience.GROUP: place.district,
    }
    return wanted[voucher.audience] == str(voucher.audience_id)


def _least(grants: Grants) -> Cents:
    return grants.told.rules.pack.vouchers.min_spend if grants.told.rules else 0


def is_over(grants: Grants, now: datetime) -> bool:
    """Whether nothing can be paid with a campaign's rewards: not yet, or not any more."""
    rules = grants.told.rules
    if grants.told.state not in ("open", "ended") or rules is None:
        return True
    return grants.effective(now) > datetime.fromisoformat(rules.pack.spend_until_at)
