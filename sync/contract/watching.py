"""What the figures of a campaign hold beside their sums: breakdowns, a forecast, an estimate.

Amounts are integer cents, shares basis points, days YYYY-MM-DD. docs/figures.md defines each.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from sync.contract.messages import Message

# The key of what was added up because there were too many cells to list.
OTHERS = "…"


class CellFigures(Message, frozen=True, omit_defaults=False):
    """The shops of one cell: a district, a division of trades (NAF), independents or chains.

    An empty `key` are the shops of which it is not known. `active` sold something.
    """

    key: str
    shops: int
    active: int
    sales: int
    turnover: int
    eligible: int
    earned: int
    redeemed: int


class Count(Message, frozen=True, omit_defaults=False):
    """How often, and how much: of an hour ("00" to "23"), a kind of tender, a mode."""

    key: str
    times: int
    cents: int


class SponsorFigures(Message, frozen=True, omit_defaults=False):
    """What became of a sponsor's reward money."""

    name: str
    kind: str
    pledged: int
    spent: int
    redeemed: int
    expired: int
    returned: int
    left: int


class Breakdowns(Message, frozen=True, omit_defaults=False):
    """The figures by cell, the largest first; hours in their order."""

    districts: list[CellFigures]
    divisions: list[CellFigures]
    independence: list[CellFigures]
    sponsors: list[SponsorFigures]
    tenders: list[Count]
    hours: list[Count]
    modes: list[Count]


class Forecast(Message, frozen=True, omit_defaults=False):
    """Where the budget goes at the pace of the last days.

    `burn` is spent a day, over `burn_days` whole days; None while there is none. `runs_out_on` is
    the day on which the rest is used up at that pace; None when it outlasts the campaign or nothing
    is spent. `planned` is what an even pace would have spent by last night, `pace` what was spent
    of that; `even` what could be spent a day from now on until the end.
    """

    budget: int
    spent: int
    left: int
    burn: int | None
    burn_days: int
    runs_out_on: str | None
    ends_on: str
    planned: int
    pace: int | None
    even: int | None


Lacking: TypeAlias = Literal["rules", "days", "baseline"]


class Estimate(Message, frozen=True, omit_defaults=False):
    """Turnover beyond what the same shops made before the campaign: an estimate, as a range.

    `lacking` says why there is none, and all else is then zero. `shops` sold in each of the
    `weeks` before the opening and gave rewards since; `others` sold then too and gave none, and
    `trend` is what those others made of their own former turnover (10,000: the same).
    """

    lacking: Lacking | None
    shops: int = 0
    weeks: int = 0
    days: int = 0
    turnover: int = 0
    expected: int = 0
    low: int = 0
    high: int = 0
    others: int = 0
    trend: int | None = None
