"""How much may be set aside for rewards: of each sponsor's money, and of the budget in one day.

Counted when money leaves the budget for rewards, for a till's lease or for an entry, and given back
when a lease is. A campaign's money then lasts as long as its dates, and no sponsor's is spent
faster than it said.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from sync.contract.rewards.limits import counter
from sync.contract.rewards.rules import Limit, RulePack
from sync.server.money.accounts import BUDGET
from sync.server.money.ledger import Ledger
from sync.server.money.settings import Settings

_PACE: Final = "pace"
_EARN: Final = "earn"
_Row = tuple[str, str, str, str]


class Caps:
    """The caps of one campaign, in one transaction."""

    def __init__(self, ledger: Ledger, settings: Settings, pack: RulePack | None) -> None:
        self._ledger = ledger
        self._pacing = settings.pacing
        self._ends = datetime.fromisoformat(pack.ends_at).date() if pack else None
        limits = pack.limits if pack else ()
        self._limits = [one for one in limits if one.scope == "sponsor" and one.action == _EARN]

    def of_sponsor(self, sponsor: int, day: str) -> int | None:
        """What is left of a sponsor's limits on a day, in cents; None where it has none."""
        left = [
            limit.most - self._used(row)
            for limit in self._limits
            if (row := _row(limit, sponsor, day)) is not None
        ]
        return max(min(left), 0) if left else None

    def of_day(self) -> int | None:
        """What may still be set aside today, in cents; None without pacing.

        An even share of what the budget had this morning, for each day that is left, times the
        pacing in percent.
        """
        if not self._pacing or self._ends is None:
            return None
        today = self._ledger.at[:10]
        used = self._used((_PACE, "campaign", "", today))
        days = max((self._ends - date.fromisoformat(today)).days + 1, 1)
        morning = self._ledger.balance(BUDGET) + used
        return max(morning * self._pacing // (100 * days) - used, 0)

    def count(self, by_sponsor: Mapping[int, int], day: str, today: str = "") -> None:
        """Add what was set aside by sponsor; negative for what came back."""
        rows: dict[_Row, int] = {}
        for sponsor, cents in by_sponsor.items():
            for limit in self._limits:
                row = _row(limit, sponsor, day)
                if row is not None:
                    rows[row] = rows.get(row, 0) + cents
        if self._pacing:
            rows[_PACE, "campaign", "", today or self._ledger.at[:10]] = sum(by_sponsor.values())
        if rows:
            self._ledger.db.executemany(
                "INSERT INTO limit_use (campaign, action, scope, owner, period, used)"
                " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (campaign, action, scope, owner, period)"
                " DO UPDATE SET used = limit_use.used + excluded.used",
                [(self._ledger.campaign, *row, rows[row]) for row in sorted(rows)],
            )

    def _used(self, row: _Row) -> int:
        found = self._ledger.db.execute(
            "SELECT used FROM limit_use WHERE campaign = ? AND action = ? AND scope = ?"
            " AND owner = ? AND period = ?",
            (self._ledger.campaign, *row),
        ).fetchone()
        return int(found[0]) if found else 0


def _row(limit: Limit, sponsor: int, day: str) -> _Row | None:
    found = counter(limit, {"sponsor": str(sponsor)}, day)
    return (found.action, found.scope, found.owner, found.period) if found else None
