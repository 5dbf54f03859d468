"""A rule pack: everything a campaign decided, as one immutable version that its server signs.

Amounts are integer cents, rates basis points, times ISO 8601 with their offset, days YYYY-MM-DD.
A reader of protocol version 1 ignores members that it does not know; a rule of an unknown kind
makes the whole pack unreadable: a till must never promise less or more than its campaign.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from msgspec import Meta

from sync.contract.messages import CampaignId, Message, Name, Number, ShortText

RULES_MAX: Final = 20
LIMITS_MAX: Final = 50
TIERS_MAX: Final = 20
FAMILIES_MAX: Final = 20
# A reward above a thousand euros is a typing error.
REWARD_CENTS_MAX: Final = 100_000
AMOUNT_CENTS_MAX: Final = 10_000_000_000

Reward = Annotated[int, Meta(ge=0, le=REWARD_CENTS_MAX)]
Amount = Annotated[int, Meta(ge=0, le=AMOUNT_CENTS_MAX)]
Rate = Annotated[int, Meta(ge=0, le=10_000)]
Moment = Annotated[str, Meta(min_length=20, max_length=40)]
Clock = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-4]):[0-5][0-9]$")]
Weekday = Annotated[int, Meta(ge=1, le=7)]
RuleId = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")]
Family = Annotated[str, Meta(pattern=r"^[a-z][a-z-]{0,30}$")]

# Families that campaigns exclude; a shop says once which of its own families are meant.
ALCOHOL: Final = "alcohol"
TOBACCO: Final = "tobacco"
GIFT_CARD: Final = "gift-card"
FAMILIES: Final = (ALCOHOL, TOBACCO, GIFT_CARD)


class Window(Message, frozen=True):
    """When a rule counts, by the till's local time: ISO weekdays (1 Monday), from and until.

    `until` is not included; "24:00" is the end of the day. No weekdays means all of them.
    """

    weekdays: Annotated[tuple[Weekday, ...], Meta(max_length=7)] = ()
    from_time: Clock = "00:00"
    until_time: Clock = "24:00"


class Tier(Message, frozen=True):
    """A basket of at least `floor` earns `reward`."""

    floor: Amount
    reward: Reward


class _Rule(Message, frozen=True, kw_only=True):
    """What every rule has. `floor`: the smallest eligible base. `first`: it ends after so many."""

    id: RuleId
    floor: Amount = 0
    windows: Annotated[tuple[Window, ...], Meta(max_length=20)] = ()
    first: Number | None = None


class Percent(_Rule, frozen=True, tag_field="kind", tag="percent"):
    """A rate of the first `base_max` of the eligible base, cents rounded down."""

    rate: Rate
    base_max: Amount | None = None


class Tiers(_Rule, frozen=True, tag_field="kind", tag="tiers"):
    """The reward of the highest tier that the eligible base reaches."""

    tiers: Annotated[tuple[Tier, ...], Meta(min_length=1, max_length=TIERS_MAX)]


class ReturnVisit(_Rule, frozen=True, tag_field="kind", tag="return"):
    """A bonus for whoever earned in the same shop on an earlier day, at most `within_days` ago.

    Decided by the server when the reward is claimed, as only it knows who comes back. It is given
    as a voucher that the same shop alone takes.
    """

    reward: Reward
    within_days: Annotated[int, Meta(ge=1, le=366)]


class InstantWin(_Rule, frozen=True, tag_field="kind", tag="draw"):
    """A draw made by the server when the reward is claimed: `chance` in 10,000 to win `reward`."""

    reward: Reward
    chance: Annotated[int, Meta(ge=1, le=10_000)]


Rule: TypeAlias = Percent | Tiers | ReturnVisit | InstantWin
# Kinds of tender that are the shopper's own money.
OWN_MONEY: Final = ("card", "cash", "cheque")
# What the till can tell by itself; the others are told when the reward is claimed.
AT_THE_TILL: Final = (Percent, Tiers)

Action: TypeAlias = Literal["earn", "spend", "count"]
Scope: TypeAlias = Literal["sale", "person", "till", "shop", "district", "sponsor", "campaign"]
Period: TypeAlias = Literal["sale", "day", "week", "campaign"]


class Limit(Message, frozen=True):
    """At most `most` (cents; for `count` a number of rewards) of an action, by scope and period.

    `key` narrows it to one shop (its number), district or sponsor; without it, it holds for each.
    Weeks are ISO weeks of business days.
    """

    action: Action
    scope: Scope
    period: Period
    most: Amount
    key: ShortText | None = None


class OfflinePolicy(Message, frozen=True):
    """What a till without network may take of vouchers that could have been spent elsewhere.

    The worst case, `till_max` for each till, is set aside in the budget before a till may use it.
    `online_one_in`: one such voucher in so many must be asked for online; 0 for none.
    """

    voucher_max: Reward = 1_000
    in_a_row_max: Annotated[int, Meta(ge=0, le=1_000)] = 5
    till_max: Amount = 10_000
    list_age_hours_max: Annotated[int, Meta(ge=1, le=744)] = 24
    courier_above: Reward = 1_000
    online_one_in: Annotated[int, Meta(ge=0, le=1_000)] = 0


class VoucherTerms(Message, frozen=True):
    """The vouchers that a wallet is spent in: fixed values, single use, no change."""

    values: Annotated[tuple[Reward, ...], Meta(min_length=1, max_length=20)] = (500, 1000)
    valid_days: Annotated[int, Meta(ge=1, le=366)] = 30
    min_spend: Amount = 0


class RulePack(Message, frozen=True):
    """One version of a campaign's rules.

    Rewards are earned from `starts_at` until `ends_at`, claimed within `claim_days`, spendable
    after `pending_days`, and spent until `spend_until_at`; what was spent by then still counts when
    it arrives within `grace_hours`. `tenders` are the kinds of the shopper's own money that count
    (cash too). `sole`: the pack's rules do not add up, the one that gives most is taken.
    """

    campaign: CampaignId
    number: Number
    name: Name
    starts_at: Moment
    ends_at: Moment
    spend_until_at: Moment
    rules: Annotated[tuple[Rule, ...], Meta(max_length=RULES_MAX)]
    tenders: Annotated[tuple[ShortText, ...], Meta(max_length=20)] = OWN_MONEY
    excluded: Annotated[tuple[Family, ...], Meta(max_length=FAMILIES_MAX)] = FAMILIES
    limits: Annotated[tuple[Limit, ...], Meta(max_length=LIMITS_MAX)] = ()
    sole: bool = False
    claim_days: Annotated[int, Meta(ge=1, le=366)] = 30
    pending_days: Annotated[int, Meta(ge=0, le=366)] = 14
    grace_hours: Annotated[int, Meta(ge=0, le=744)] = 72
    vouchers: VoucherTerms = VoucherTerms()
    policy: OfflinePolicy = OfflinePolicy()
    v: int = 1
