"""What an organiser's programs send and read: funds, states, shops' facts, figures, settlements.

Amounts are integer cents, times ISO 8601 with offset, days YYYY-MM-DD.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, field

from sync.contract.feed import CARNET_VOUCHERS_MAX, CampaignState
from sync.contract.messages import CampaignId, Message, Name, Number, Sha256, Uuid
from sync.contract.rewards.rules import REWARD_CENTS_MAX
from sync.contract.watching import Breakdowns, Estimate, Forecast

Text = Annotated[str, Meta(max_length=255)]


class PublishedRules(Message, frozen=True):
    """201 of POST .../rules: the version's number, and the hash that tills name it by."""

    number: Number
    digest: Sha256


class NewState(Message, frozen=True):
    """The body of POST .../state."""

    state: Literal["open", "paused", "ended"]


class NewCarnets(Message, frozen=True):
    """The body of POST .../carnets: for each till of a shop, so many vouchers of so many cents."""

    shop: Uuid
    value: Annotated[int, Meta(ge=1, le=REWARD_CENTS_MAX)]
    count: Annotated[int, Meta(ge=1, le=CARNET_VOUCHERS_MAX)]


class IssuedCarnets(Message, frozen=True):
    """201 of POST .../carnets: how many vouchers were made."""

    vouchers: int


class CampaignStanding(Message, frozen=True):
    """200 of POST .../state."""

    campaign: CampaignId
    state: CampaignState


class PledgedFund(Message, frozen=True, omit_defaults=False):
    """201 of POST .../funds."""

    id: Number
    sponsor: Number
    name: Name
    cents: int


class ShopFacts(Message, frozen=True, omit_defaults=False):
    """What is known of a shop beside its name; the body and the answer of PUT .../shops/{shop}.

    `hours` are in the syntax of OpenStreetMap's opening_hours; coordinates are decimal degrees as
    text. `listed`: shoppers may find it. `chain`: it belongs to a chain of shops. `reference`: what
    the organiser calls it.
    """

    siret: Annotated[str, Meta(pattern=r"^([0-9]{14})?$")] = ""
    naf: Annotated[str, Meta(pattern=r"^([0-9]{4}[A-Z])?$")] = ""
    naf_2025: Annotated[str, Meta(pattern=r"^([0-9]{4}[A-Z])?$")] = ""
    address: Text = ""
    postcode: Annotated[str, Meta(pattern=r"^([0-9]{5})?$")] = ""
    town: Text = ""
    district: Annotated[str, Meta(max_length=40)] = ""
    iban: Annotated[str, Meta(pattern=r"^([A-Z]{2}[0-9]{2}[A-Z0-9]{11,30})?$")] = ""
    hours: Text = ""
    latitude: Annotated[str, Meta(pattern=r"^(-?[0-9]{1,2}(\.[0-9]{1,7})?)?$")] = ""
    longitude: Annotated[str, Meta(pattern=r"^(-?[0-9]{1,3}(\.[0-9]{1,7})?)?$")] = ""
    listed: bool = True
    chain: bool = False
    reference: Annotated[str, Meta(max_length=40)] = ""


class AuditCheck(Message, frozen=True, omit_defaults=False):
    """One invariant of a campaign's money, with the figures that prove it."""

    name: str
    holds: bool
    figures: dict[str, int]


class Audit(Message, frozen=True, omit_defaults=False):
    """200 of GET .../audit."""

    campaign: CampaignId
    holds: bool
    checks: list[AuditCheck]


class FindingStatus(Message, frozen=True, omit_defaults=False):
    """Something to decide; `source` is the entry (enrolment:number) or act behind it.

    `detail` says in English what happened. `reason` names it, and `values` are the figures of that
    sentence: cents, numbers, moments, vouchers as batch:index, and names; `why` is the name of a
    reason within, whose values are beside it. Findings of before these members have neither.
    """

    id: Number
    kind: str
    source: str
    shop: str
    cents: int
    detail: str
    at: str
    decision: str
    reason: str = ""
    values: dict[str, int | str] = field(default_factory=dict)


class Findings(Message, frozen=True, omit_defaults=False):
    """200 of GET .../findings: the latest that are open."""

    findings: list[FindingStatus]


class Decision(Message, frozen=True):
    """The body of POST .../findings/{finding}."""

    decision: Literal["pay", "refuse", "noted"]


class SettlementLine(Message, frozen=True, omit_defaults=False):
    """What a shop is paid in a run."""

    shop: Uuid
    name: str
    cents: int
    state: Literal["prepared", "paid", "refused"]


class Settlement(Message, frozen=True, omit_defaults=False):
    """201 of POST .../settlements, 200 of GET .../settlements/{settlement}."""

    id: Number
    cutoff: str
    cents: int
    lines: list[SettlementLine]


class BankAnswer(Message, frozen=True):
    """The body of POST .../settlements/{settlement}/lines: what the bank did with a shop's line."""

    shop: Uuid
    state: Literal["paid", "refused"]


class Figures(Message, frozen=True, omit_defaults=False):
    """200 of GET .../figures. `leverage` and `floor` are in hundredths: 940 is 9.40.

    Turnover and rewards are of entries that were accepted; `eligible` is the turnover that rewards
    were worked out on, and no additional turnover; `floor` the leverage that the rules alone force.
    Shares are basis points. `active_shops` ever sold something; `recent_shops` did in the last
    seven days, `resting_shops` before, `unused_shops` never. docs/figures.md defines each figure.
    """

    as_of: str
    turnover: int
    sales: int
    refunds: int
    mean_basket: int | None
    rewarded: int
    eligible: int
    earned: int
    given: int
    unclaimed: int
    pending: int
    available: int
    vouchers: int
    redeemed: int
    redemptions: int
    offline_share: int | None
    expired: int
    clawed_back: int
    doubled: int
    violations: int
    pledged: int
    free: int
    leased: int
    reserved: int
    payable: int
    paid: int
    shops: int
    active_shops: int
    recent_shops: int
    resting_shops: int
    unused_shops: int
    silent_tills: int
    visits: int
    shoppers: int
    returning: int
    top_share: int | None
    leverage: int | None
    floor: int | None
    days: list[dict[str, Any]]
    by: Breakdowns
    forecast: Forecast | None
    estimate: Estimate
