"""The figures of each business day, and the turnover of districts on each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sync.server.store.db import Db
from sync.server.watch.flows import spent_by_day
from sync.server.watch.shop_sums import BOOKED, SUMS


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
    rows = db.execute(
        f"SELECT turnover.day, {SUMS} FROM {BOOKED} WHERE turnover.campaign = ?"  # noqa: S608 - constants
        " GROUP BY turnover.day ORDER BY turnover.day DESC LIMIT ?",
        (campaign, most),
    ).fetchall()
    spent = spent_by_day(db, campaign)
    return [
        DaySums(day, *(int(one) for one in sums), spent.get(date.fromisoformat(day), 0))
        for day, *sums in reversed(rows)
    ]


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
