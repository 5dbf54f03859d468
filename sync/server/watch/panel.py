"""The shops that an estimate compares with themselves, read from the books."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

from sync.contract.watching import Estimate
from sync.server.store.db import Db
from sync.server.watch.estimate import SHOPS_MIN, WEEKS, Group, Panel, estimate


def read_estimate(db: Db, campaign: str, opens: date, last: date) -> Estimate:
    """The estimate over as many weeks before the opening as three shops sold in all of."""
    for weeks in WEEKS:
        panel = read_panel(db, campaign, opens, last, weeks)
        if panel.giving.shops >= SHOPS_MIN:
            break
    return estimate(panel)


def read_panel(db: Db, campaign: str, opens: date, last: date, weeks: int) -> Panel:
    """The shops that sold in each of so many weeks before, and their days before and since."""
    starts = [opens - timedelta(weeks=n) for n in range(weeks, -1, -1)]
    panel, values = _panel(campaign, starts, last)
    sizes = db.execute(
        f"{panel} SELECT gives, count(DISTINCT shop) FROM panel GROUP BY gives",  # noqa: S608 - constants
        values,
    )
    shops = {int(gives): int(count) for gives, count in sizes.fetchall()}
    rows = db.execute(
        f"{panel} SELECT gives, day, sum(total_cents) FROM panel JOIN turnover"  # noqa: S608 - constants
        " ON turnover.campaign = ? AND turnover.enrolment = panel.enrolment"
        " AND day BETWEEN ? AND ? GROUP BY gives, day",
        (*values, campaign, starts[0].isoformat(), last.isoformat()),
    )
    days: dict[int, dict[date, int]] = {0: {}, 1: {}}
    for gives, day, cents in rows.fetchall():
        days[gives][date.fromisoformat(day)] = int(cents)
    giving, others = (Group(shops.get(gives, 0), days[gives]) for gives in (1, 0))
    return Panel(giving, others, weeks, opens, last)


def _panel(campaign: str, starts: Sequence[date], last: date) -> tuple[str, tuple[object, ...]]:
    """The tills of the panel's shops, as a table expression: enrolment, shop, gives (0 or 1).

    Materialised, or SQLite looks for the panel again at each row of the turnover.
    """
    week = "sum(CASE WHEN day >= ? AND day < ? AND sales > 0 THEN 1 ELSE 0 END) > 0"
    marks = [one.isoformat() for pair in pairwise(starts) for one in pair]
    sql = (
        "WITH known AS MATERIALIZED (SELECT shop FROM enrolment JOIN turnover"  # noqa: S608 - constants
        " ON turnover.campaign = enrolment.campaign AND turnover.enrolment = enrolment.id"
        " AND day >= ? AND day < ? WHERE enrolment.campaign = ? GROUP BY shop"
        f" HAVING {' AND '.join([week] * (len(starts) - 1))}),"
        " giving AS MATERIALIZED (SELECT DISTINCT shop FROM enrolment JOIN reward_day"
        " ON reward_day.campaign = enrolment.campaign AND reward_day.enrolment = enrolment.id"
        " AND day BETWEEN ? AND ? AND reward_cents > 0 WHERE enrolment.campaign = ?),"
        " panel AS MATERIALIZED (SELECT enrolment.id AS enrolment, enrolment.shop AS shop,"
        " CASE WHEN giving.shop IS NULL THEN 0 ELSE 1 END AS gives FROM enrolment"
        " JOIN known ON known.shop = enrolment.shop"
        " LEFT JOIN giving ON giving.shop = enrolment.shop WHERE enrolment.campaign = ?)"
    )
    first, opens, end = starts[0].isoformat(), starts[-1].isoformat(), last.isoformat()
    return sql, (first, opens, campaign, *marks, opens, end, campaign, campaign)
