"""A shop's figures by day, and how its district does. Amounts are integer cents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sync.server.exports.disclosure import may_publish
from sync.server.store.db import Db
from sync.server.watch.shop_sums import BOOKED

DAYS_MAX: Final = 31
AVERAGE_DAYS: Final = 28
DISTRICT_SHOPS_MAX: Final = 2_000
_EURO: Final = 100


@dataclass(frozen=True, slots=True)
class Day:
    """A shop's business day: its turnover, what of it counted, what that earned, what it took."""

    day: str
    sales: int
    refunds: int
    turnover: int
    eligible: int
    rewards: int
    vouchers: int
    taken: int


@dataclass(frozen=True, slots=True)
class Average:
    """The mean of so many other shops over AVERAGE_DAYS, in whole euros as cents."""

    district: str
    shops: int
    turnover: int
    eligible: int
    rewards: int


def read_days(db: Db, campaign: str, shop: str) -> list[Day]:
    """A shop's last days, the latest first."""
    rows = db.execute(
        "SELECT turnover.day, sum(sales), sum(refunds), sum(turnover.total_cents),"  # noqa: S608 - constants
        " sum(coalesce(base_cents, 0)), sum(coalesce(reward_cents, 0)),"
        " sum(coalesce(redemptions, 0)), sum(coalesce(redeemed_cents, 0))"
        f" FROM {BOOKED} WHERE turnover.campaign = ? AND enrolment.shop = ?"
        " GROUP BY turnover.day ORDER BY turnover.day DESC LIMIT ?",
        (campaign, shop, DAYS_MAX),
    )
    return [Day(row[0], *(int(one) for one in row[1:])) for row in rows.fetchall()]


def read_average(db: Db, campaign: str, shop: str, today: date) -> Average | None:
    """How the other shops of a shop's district do; None where that would tell of one of them.

    Its own figures are left out: they would be taken off the mean to find those of the others.
    """
    row = db.execute(
        "SELECT district FROM shop_facts WHERE campaign = ? AND shop = ? AND district <> ''",
        (campaign, shop),
    ).fetchone()
    if row is None:
        return None
    others = _sums(db, campaign, row[0], today)
    others.pop(shop, None)
    if not may_publish(others) or len(others) > DISTRICT_SHOPS_MAX:
        return None
    means = [_mean([sums[place] for sums in others.values()]) for place in range(3)]
    return Average(row[0], len(others), *means)


def _sums(db: Db, campaign: str, district: str, today: date) -> dict[str, tuple[int, ...]]:
    """What each shop of a district sold, by shop: turnover, eligible, rewards."""
    rows = db.execute(
        "SELECT enrolment.shop, sum(turnover.total_cents), sum(coalesce(base_cents, 0)),"  # noqa: S608 - constants
        f" sum(coalesce(reward_cents, 0)) FROM {BOOKED} JOIN shop_facts"
        " ON shop_facts.campaign = enrolment.campaign AND shop_facts.shop = enrolment.shop"
        " WHERE turnover.campaign = ? AND district = ? AND turnover.day > ?"
        " GROUP BY enrolment.shop LIMIT ?",
        (
            *(campaign, district, (today - timedelta(days=AVERAGE_DAYS)).isoformat()),
            DISTRICT_SHOPS_MAX + 2,
        ),
    )
    return {row[0]: tuple(int(one) for one in row[1:]) for row in rows.fetchall()}


def _mean(cents: list[int]) -> int:
    """The mean to the euro below, so that no cent tells of a single sale."""
    return sum(cents) // len(cents) // _EURO * _EURO
