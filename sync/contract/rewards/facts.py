"""What is known of a sale when its reward is worked out, and what came out of it. Integer cents."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from sync.contract.rewards.rules import Limit


class Facts(msgspec.Struct, frozen=True):
    """A sale, or what remains of one after refunds. `at` is local time as journaled, with offset.

    `families` has what was sold of campaign families (rewards.rules.FAMILIES), VAT included, after
    discounts; `tenders` what was paid by kind, change deducted, campaign vouchers apart in
    `vouchers`. The shop's parts of the place (`shop`, `district`) are names that limits use.
    """

    at: str
    day: str
    total: int
    families: Mapping[str, int] = msgspec.field(default_factory=dict)
    tenders: Mapping[str, int] = msgspec.field(default_factory=dict)
    vouchers: int = 0


class Person(msgspec.Struct, frozen=True):
    """What the server knows of who claims. `visits` are earlier business days in the same shop."""

    visits: tuple[str, ...] = ()


class Room(msgspec.Struct, frozen=True):
    """How much of each limit is left for this sale; a limit that is not named is not known here.

    `uses` are how often a rule with a `first` has given something, by rule id.
    `money` is what the budget still allows (a till: its leases); None for unlimited.
    """

    left: Mapping[Limit, int] = msgspec.field(default_factory=dict)
    uses: Mapping[str, int] = msgspec.field(default_factory=dict)
    money: int | None = None


class Reason(StrEnum):
    """Why a sale earns nothing, or less."""

    NOT_STARTED = "not-started"
    ENDED = "ended"
    PAUSED = "paused"
    NOTHING_SOLD = "nothing-sold"
    FAMILIES = "families"  # all that was bought is of an excluded family
    TENDERS = "tenders"  # nothing was paid in money that counts
    VOUCHERS = "vouchers"  # it was paid with rewards
    FLOOR = "floor"  # the basket is too small
    WINDOW = "window"  # not at this hour
    FIRST = "first"  # the first so many were given
    LIMIT = "limit"
    BUDGET = "budget"
    OTHER_CAMPAIGN = "other-campaign"  # another campaign rewards this sale
    TRAINING = "training"


class Part(msgspec.Struct, frozen=True):
    """What one rule gave."""

    rule: str
    amount: int


class Cut(msgspec.Struct, frozen=True):
    """What a limit or the budget took away; `limit` names the limit that did."""

    reason: Reason
    amount: int
    limit: Limit | None = None


class Earned(msgspec.Struct, frozen=True):
    """What a sale earns: `amount` = sum of parts. `reason` says why it is nothing.

    `base` is what counted: eligible goods, paid in the shopper's own money.
    `missing` is what the basket lacks to reach the next floor or tier; None when there is none.
    """

    amount: int
    base: int = 0
    parts: tuple[Part, ...] = ()
    cuts: tuple[Cut, ...] = ()
    reason: Reason | None = None
    missing: int | None = None
