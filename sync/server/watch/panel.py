"""The shops that an estimate compares with themselves, read from the books."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from sync.contract.watching import Estimate
from sync.server.store.db import Db
from sync.server.watch.estimate import SHOPS_MIN, WEEKS, Group, Panel, estimate
from sync.server.watch.shop_sums import BOOKED


def read_estimate(db: Db, campaign: str, opens: date, last: date) -> Estimate:
    """The estimate over as many weeks before the opening as three shops sold in all of."""
    for weeks in WEEKS:
        panel = read_panel(db, campaign, opens, last, weeks)
        if panel.giving.shops >= SHOPS_MIN:
            break
    return estimate(panel)


def read_panel(db: Db, campaign: str, opens: date, last: date, weeks: int) -> Panel:
    """The shops that sold in each of so many weeks before, and their days before and since."""
    rows = db.execute(*_question(campaign, opens, last, weeks)).fetchall()
    shops = {0: 0, 1: 0}
    days: dict[int, dict[date, int]] = {0: {}, 1: {}}
    for gives, day, count, cents in rows:
        shops[gives] = max(shops[gives], int(count))
        days[gives][date.fromisoformat(day)] = int(cents)
    giving, others = Group(shops[1], days[1]), Group(shops[0], days[0])
    return Panel(giving, others, weeks, opens, last)


def _question(campaign: str, opens: date, last: date, weeks: int) -> tuple[str, tuple[object, ...]]:
    """One row a group and day: whether the group gives rewards, its shops in all, its turnover."""
    starts = [opens - timedelta(weeks=n) for n in range(weeks, -1, -1)]
    week = " AND ".join(
        "sum(CASE WHEN day >= ? AND day < ? AND sales > 0 THEN 1 ELSE 0 END) > 0"
        for _ in starts[1:]
    )
    marks = [
        text for first, after in pairwise(starts) for text in (first.isoformat(), after.isoformat())
    ]
    span = (starts[0].isoformat(), last.isoformat())
    sql = (
        "WITH sold AS (SELECT enrolment.shop AS shop, turnover.day AS day, sales,"  # noqa: S608 - constants
        f" turnover.total_cents AS cents, coalesce(reward_cents, 0) AS reward FROM {BOOKED}"
        " WHERE turnover.campaign = ? AND turnover.day BETWEEN ? AND ?),"
        " panel AS (SELECT shop, CASE WHEN sum(CASE WHEN day >= ? THEN reward ELSE 0 END) > 0"
        " THEN 1 ELSE 0 END AS gives FROM sold GROUP BY shop HAVING "
        f"{week}),"
        " size AS (SELECT gives, count(*) AS shops FROM panel GROUP BY gives)"
        " SELECT panel.gives, day, shops, sum(cents) FROM sold"
        " JOIN panel ON panel.shop = sold.shop JOIN size ON size.gives = panel.gives"
        " GROUP BY panel.gives, day, shops"
    )
    return sql, (campaign, *span, opens.isoformat(), *marks)
