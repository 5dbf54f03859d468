"""What campaigns add to a sale: coupons, what a phone is asked to pay, what was earned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pos.domain.money import Cents


class Refusal(StrEnum):
    """Why the till itself takes no voucher; what a server says has names of the protocol."""

    TEST = "voucher-test"
    TRAINING = "voucher-training"
    HERE = "voucher-here"
    EARLY = "voucher-early"
    EXPIRED = "voucher-expired"
    SPENT = "voucher-spent"
    ELSEWHERE = "voucher-elsewhere"
    MINIMUM = "voucher-minimum"
    SUSPENDED = "voucher-suspended"
    FOREIGN = "voucher-foreign"
    CAMPAIGN_OVER = "voucher-campaign-over"
    DISCOUNT_FIRST = "voucher-discount-first"
    PHONE_PAID_MORE = "voucher-phone-paid-more"
    PAUSED = "voucher-paused"
    CLAIM = "voucher-claim"
    CHALLENGE = "voucher-challenge"
    CARD = "voucher-card"
    OFFLINE_NEVER = "offline-never"
    OFFLINE_CODE = "offline-code"
    OFFLINE_VALUE = "offline-value"
    OFFLINE_LIMIT = "offline-limit"
    OFFLINE_LIST = "offline-list"
    OFFLINE_CHANCE = "offline-chance"


@dataclass(frozen=True, slots=True)
class Coupon:
    """A voucher that the shop itself bears: a discount on the ticket, up to its value in cents.

    `details` is what the campaign's entry says of it, as canonical JSON values.
    """

    value: Cents
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> tuple[str, int, int]:
        """Its campaign, batch and index."""
        return place_of(self.details)

    @property
    def least(self) -> Cents:
        """The smallest purchase that it is for, in cents."""
        return int(self.details.get("least", 0))


@dataclass(frozen=True, slots=True)
class PhoneRequest:
    """What a shopper's phone was asked to pay for this sale; `nonce` names it, in hexadecimal."""

    campaign: str
    nonce: str
    amount: Cents


@dataclass(frozen=True, slots=True)
class RewardLine:
    """What a ticket brings in a campaign, in cents.

    `earned`: subject to the budget as far as it exceeds `covered`. `given_back`: the part of a
    refund that rewards had paid, given back as a reward. `on_paper`: as the shop's own vouchers.
    """

    campaign: str
    name: str
    earned: Cents = 0
    covered: Cents = 0
    given_back: Cents = 0
    on_paper: Cents = 0

    @property
    def to_claim(self) -> Cents:
        """What the customer can claim with this ticket."""
        return self.earned - self.on_paper + self.given_back


@dataclass(frozen=True, slots=True)
class RewardTotal:
    """What a session gave in a campaign: tickets that earned, cents earned and given back."""

    count: int = 0
    earned: Cents = 0
    given_back: Cents = 0


def place_of(details: Mapping[str, Any]) -> tuple[str, int, int]:
    """Campaign, batch and index of the voucher that a tender or coupon stands for."""
    return details["campaign"], details["batch"], details["index"]


def add_up(
    totals: Mapping[str, RewardTotal], lines: Iterable[RewardLine]
) -> dict[str, RewardTotal]:
    """Totals by campaign name, with the lines of one more ticket."""
    added = dict(totals)
    for line in lines:
        so_far = added.get(line.name, RewardTotal())
        added[line.name] = RewardTotal(
            so_far.count + (line.earned > 0),
            so_far.earned + line.earned,
            so_far.given_back + line.given_back,
        )
    return added
