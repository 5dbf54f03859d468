"""The figures of each business day, and the turnover of districts on each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeAlias

from sync.server.store.db import Db
from sync.server.watch.flows import spent_by_day

_Cells: TypeAlias = Mapping[tuple[str, str, str], tuple[int, int]]  # day, what, cell
_NONE: Final = (0, 0)


@dataclass(frozen=True, slots=True)
class DaySums:
    """A business day, YYYY-MM-DD; `spent` is of the server's day (UTC) of the same name."""

    day: str
    sales: int
    refunds: int
    turnover: int
    rewarded: int
    eligible: int
    earned: int
    redemptions: int
    redeemed: int
    spent: int


def read_days(db: Db, campaign: str, most: int) -> list[DaySums]:
    """The latest days with tickets, at most so many, the earliest first."""
    days = db.execute(
        "SELECT DISTINCT day FROM tally WHERE campaign = ? AND what = 'ticket'"
        " ORDER BY day DESC LIMIT ?",
        (campaign, most),
    ).fetchall()
    if not days:
        return []
    rows = db.execute(
        "SELECT day, what, CASE what WHEN 'mode' THEN '' ELSE cell END, sum(times), sum(cents)"
        " FROM tally WHERE campaign = ? AND what IN ('ticket', 'earn', 'mode') AND day >= ?"
        " GROUP BY day, what, CASE what WHEN 'mode' THEN '' ELSE cell END",
        (campaign, days[-1][0]),
    )
    cells: dict[tuple[str, str, str], tuple[int, int]] = {
        (day, what, cell): (int(times), int(cents))
        for day, what, cell, times, cents in rows.fetchall()
    }
    spent = spent_by_day(db, campaign)
    return [_day(day, cells, spent) for (day,) in reversed(days)]


def _day(day: str, cells: _Cells, spent: Mapping[date, int]) -> DaySums:
    sales, refunds = (cells.get((day, "ticket", kind), _NONE) for kind in ("sale", "refund"))
    base, reward = (cells.get((day, "earn", kind), _NONE) for kind in ("base", "reward"))
    taken = cells.get((day, "mode", ""), _NONE)
    return DaySums(
        day=day,
        sales=sales[0],
        refunds=refunds[0],
        turnover=sales[1] + refunds[1],
        rewarded=base[0],
        eligible=base[1],
        earned=reward[1],
        redemptions=taken[0],
        redeemed=taken[1],
        spent=spent.get(date.fromisoformat(day), 0),
    )


def read_districts(db: Db, campaign: str, first: str) -> Mapping[str, Mapping[str, int]]:
    """The turnover in cents of each district by day, from a day on."""
    rows = db.execute(
        "SELECT coalesce(district, ''), day, sum(total_cents) FROM turnover JOIN enrolment"
        " ON enrolment.campaign = turnover.campaign AND enrolment.id = turnover.enrolment"
        " LEFT JOIN shop_facts ON shop_facts.campaign = turnover.campaign"
        " AND shop_facts.shop = enrolment.shop WHERE turnover.campaign = ? AND day >= ?"
        " GROUP BY coalesce(district, ''), day",
        (campaign, first),
    )
    found: dict[str, dict[str, int]] = {}
    for district, day, cents in rows.fetchall():
        found.setdefault(district, {})[day] = int(cents)
    return found
