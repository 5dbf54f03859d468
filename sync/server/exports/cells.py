"""The figures that may be published: by week, district and trade, under INSEE's rule.

Each week is a table of districts and trades with its totals; what of it must not be shown, says
sync.server.exports.disclosure. A business is a SIREN: two shops of one count once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final, TypeAlias

from sync.server.exports.disclosure import TOTAL, Amounts, Cell, hidden_cells, with_totals
from sync.server.exports.errors import TooManyRows
from sync.server.exports.tabular import Row
from sync.server.reference.naf import division_name
from sync.server.store.db import Db
from sync.server.watch.shop_sums import BOOKED, SUMS

WEEKS_MAX: Final = 120
_PUBLISHED: Final = "published"
_HIDDEN: Final = "secret"
_EMPTY: Final = (None,) * 6

# By cell and business: turnover, by which disclosure weighs; sales, eligible, earned, redeemed.
Week: TypeAlias = Mapping[Cell, Mapping[str, Amounts]]


def read_weeks(db: Db, campaign: str) -> list[str]:
    """The ISO weeks ("2026-W48") of which there are tickets. Raises TooManyRows."""
    rows = db.execute(
        "SELECT DISTINCT day FROM tally WHERE campaign = ? AND what = 'ticket'", (campaign,)
    )
    weeks = sorted({_week_of(day) for (day,) in rows.fetchall()})
    if len(weeks) > WEEKS_MAX:
        raise TooManyRows(WEEKS_MAX)
    return weeks


def read_week(campaign: str, week: str, db: Db) -> Week:
    """What each business sold in a week, by cell."""
    monday = date.fromisoformat(f"{week}-1")
    rows = db.execute(
        f"SELECT enrolment.shop, {SUMS} FROM {BOOKED}"  # noqa: S608 - constants
        " WHERE turnover.campaign = ? AND turnover.day BETWEEN ? AND ? GROUP BY enrolment.shop",
        (campaign, monday.isoformat(), (monday + timedelta(days=6)).isoformat()),
    ).fetchall()
    places = _places(db, campaign)
    found: dict[Cell, dict[str, Amounts]] = {}
    for shop, sales, _, turnover, _, eligible, earned, _, redeemed in rows:
        cell, business = places[shop]
        amounts = (int(turnover), int(sales), int(eligible), int(earned), int(redeemed))
        firms = found.setdefault(cell, {})
        before = firms.get(business, (0,) * len(amounts))
        firms[business] = tuple(a + b for a, b in zip(before, amounts, strict=True))
    return found


def rows_of(name: str, week: Week) -> list[Row]:
    """One week: each cell and total, with its figures or as a secret."""
    every, hidden = with_totals(week), hidden_cells(week)
    rows: list[Row] = []
    for district, division in sorted(every):
        content, trade = every[district, division], division_name(division, "fr")
        turnover, sales, *rest = map(sum, zip(*content.values(), strict=True))
        if (district, division) in hidden:
            rows.append((name, district, division, trade, _HIDDEN, *_EMPTY))
        else:
            figures = (len(content), sales, turnover, *rest)
            rows.append((name, district, division, trade, _PUBLISHED, *figures))
    return rows


def _week_of(day: str) -> str:
    year, week, _ = date.fromisoformat(day).isocalendar()
    return f"{year}-W{week:02}"


def _places(db: Db, campaign: str) -> dict[str, tuple[Cell, str]]:
    """Of each shop its cell, and its business: the SIREN where it is known."""
    rows = db.execute(
        "SELECT shop.id, coalesce(district, ''), coalesce(naf, ''), coalesce(siret, '') FROM shop"
        " LEFT JOIN shop_facts ON shop_facts.campaign = shop.campaign"
        " AND shop_facts.shop = shop.id WHERE shop.campaign = ?",
        (campaign,),
    )
    return {
        shop: ((f"({TOTAL})" if district == TOTAL else district, naf[:2]), siret[:9] or shop)
        for shop, district, naf, siret in rows.fetchall()
    }
