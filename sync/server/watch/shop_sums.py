"""The figures of each shop since the beginning, beside what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sync.server.store.db import Db, Row

# A business day's books with its rewards; both are by enrolment and day.
BOOKED: Final = (
    "turnover JOIN enrolment ON enrolment.campaign = turnover.campaign"
    " AND enrolment.id = turnover.enrolment LEFT JOIN reward_day"
    " ON reward_day.campaign = turnover.campaign"
    " AND reward_day.enrolment = turnover.enrolment AND reward_day.day = turnover.day"
)
SUMS: Final = (
    "sum(sales) AS sales, sum(refunds) AS refunds, sum(turnover.total_cents) AS turnover,"
    " sum(coalesce(earns, 0)) AS rewarded, sum(coalesce(base_cents, 0)) AS eligible,"
    " sum(coalesce(reward_cents, 0)) AS earned, sum(coalesce(redemptions, 0)) AS redemptions,"
    " sum(coalesce(redeemed_cents, 0)) AS redeemed"
)
_FACTS: Final = "siret, naf, naf_2025, postcode, town, district"


@dataclass(frozen=True, slots=True)
class ShopSums:
    """A shop: its facts, its tickets and cents. `last_day` is empty for one never used."""

    id: str
    number: int
    name: str
    siret: str
    naf: str
    naf_2025: str
    postcode: str
    town: str
    district: str
    chain: bool
    sales: int
    refunds: int
    turnover: int
    rewarded: int
    eligible: int
    earned: int
    redemptions: int
    redeemed: int
    last_day: str

    @property
    def division(self) -> str:
        """The first two digits of its trade (NAF rev. 2)."""
        return self.naf[:2]


def read_shops(db: Db, campaign: str) -> list[ShopSums]:
    """All shops of a campaign, in the order in which they joined."""
    facts = ", ".join(f"coalesce({name}, '')" for name in _FACTS.split(", "))
    names = ("sales", "refunds", "turnover", "rewarded", "eligible", "earned", "redemptions")
    sums = ", ".join(f"coalesce({name}, 0)" for name in (*names, "redeemed"))
    rows = db.execute(
        f"SELECT shop.id, number, name, {facts}, coalesce(chain, 0), {sums},"  # noqa: S608 - constants
        " coalesce(last_day, '') FROM shop LEFT JOIN shop_facts"
        " ON shop_facts.campaign = shop.campaign AND shop_facts.shop = shop.id LEFT JOIN"
        f" (SELECT enrolment.shop AS sold_by, {SUMS}, max(turnover.day) AS last_day FROM {BOOKED}"
        " WHERE turnover.campaign = ? GROUP BY enrolment.shop) AS sold ON sold_by = shop.id"
        " WHERE shop.campaign = ? ORDER BY number",
        (campaign, campaign),
    )
    return [_shop(row) for row in rows.fetchall()]


def _shop(row: Row) -> ShopSums:
    values: list[Any] = [*row[:9], bool(row[9]), *map(int, row[10:18]), row[18]]
    return ShopSums(*values)
