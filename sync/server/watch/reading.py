"""All that a dashboard shows, read at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sync.contract.organising import Figures
from sync.server.money.campaigns import standing
from sync.server.organiser.figures import figures, window
from sync.server.store.db import Db
from sync.server.watch.day_sums import read_districts
from sync.server.watch.flows import spent_by_day


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The figures, and what the charts need besides. `opens` is None before there are rules."""

    figures: Figures
    districts: Mapping[str, Mapping[str, int]]
    spent: Mapping[date, int]
    opens: date | None
    today: date

    @property
    def days(self) -> list[str]:
        """The business days that are drawn: none later than today's, as a wrong clock says them."""
        last = self.today.isoformat()
        return [one["day"] for one in self.figures.days if one["day"] <= last]


def read_dashboard(db: Db, campaign: str, now: datetime) -> Dashboard:
    """The dashboard of a campaign as of now."""
    found = figures(db, campaign, now)
    pack = standing(db, campaign).pack
    return Dashboard(
        figures=found,
        districts=read_districts(db, campaign, found.days[0]["day"] if found.days else ""),
        spent=spent_by_day(db, campaign),
        opens=window(pack)[0] if pack else None,
        today=now.date(),
    )
