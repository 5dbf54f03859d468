"""How much of a campaign's limits is used: counted in the transaction that books what counts.

What is counted is written by `flush`, and seen by the book that counted it at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final, TypeAlias

from sync.contract.rewards.facts import Room
from sync.contract.rewards.limits import Counter, counter
from sync.contract.rewards.rules import Action, Limit, RulePack, Scope
from sync.server.store.db import Db

_RULE: Final = "rule"  # counts how often a rule gave something, under the rule's id
# Scopes that are known as soon as an entry arrives; the person only when a reward is claimed.
PLACE_SCOPES: Final[frozenset[Scope]] = frozenset(("till", "shop", "district", "campaign"))

_Row: TypeAlias = tuple[str, str, str, str]  # action, scope, owner, period


class LimitBook:
    """The limits of one rule pack, in one transaction."""

    def __init__(self, db: Db, campaign: str, pack: RulePack) -> None:
        self._db = db
        self._campaign = campaign
        self._pack = pack
        self._read: dict[Counter, int] = {}
        self._added: dict[_Row, int] = {}
        self._limited = {rule.id for rule in pack.rules if rule.first is not None}
        self._counted: dict[tuple[object, ...], frozenset[Counter]] = {}

    def room(
        self, owners: Mapping[Scope, str], day: str, scopes: Collection[Scope] = PLACE_SCOPES
    ) -> Room:
        """What is left of the limits of these scopes on a business day, for who is who."""
        left: dict[Limit, int] = {}
        for limit in self._pack.limits:
            found = counter(limit, owners, day) if limit.scope in scopes else None
            if found is not None:
                left[limit] = limit.most - self._used(found)
        return Room(left, self._uses())

    def earn_left(
        self, owners: Mapping[Scope, str], day: str, scopes: Collection[Scope] = PLACE_SCOPES
    ) -> int | None:
        """The least that is left of all limits on earning; None when nothing limits it."""
        left = self.room(owners, day, scopes).left
        return min((rest for limit, rest in left.items() if limit.action == "earn"), default=None)

    def spent_left(self, owners: Mapping[Scope, str], day: str) -> int | None:
        """The least that is left of all limits on spending; None when nothing limits it."""
        left = self.room(owners, day, {*PLACE_SCOPES, "person"}).left
        return min((rest for limit, rest in left.items() if limit.action == "spend"), default=None)

    def count(self, action: Action, owners: Mapping[Scope, str], day: str, cents: int) -> None:
        """Add to whatever this is counted under; a `count` limit counts rewards, not cents."""
        for one in self._counters(action, owners, day):
            self._add(_row(one), 1 if one.action == "count" else cents)

    def count_rules(self, gave: Iterable[str]) -> None:
        """Count the rules (their ids) that gave something and end after so many times."""
        for rule in gave:
            if rule in self._limited:
                self._add((_RULE, rule, "", ""), 1)

    def _counters(
        self, action: Action, owners: Mapping[Scope, str], day: str
    ) -> frozenset[Counter]:
        """What an action counts under; the sales of a batch all ask for the same."""
        asked = (action, day, *owners.items())
        if asked not in self._counted:
            self._counted[asked] = frozenset(
                found
                for limit in self._pack.limits
                if limit.action in (action, "count" if action == "earn" else action)
                and (found := counter(limit, owners, day)) is not None
            )
        return self._counted[asked]

    def flush(self) -> None:
        """Write what was counted."""
        if self._added:
            self._db.executemany(
                "INSERT INTO limit_use (campaign, action, scope, owner, period, used)"
                " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (campaign, action, scope, owner, period)"
                " DO UPDATE SET used = limit_use.used + excluded.used",
                [(self._campaign, *row, self._added[row]) for row in sorted(self._added)],
            )
        self._added.clear()
        self._read.clear()

    def _uses(self) -> dict[str, int]:
        if not any(rule.first is not None for rule in self._pack.rules):
            return {}
        rows = self._db.execute(
            "SELECT scope, used FROM limit_use WHERE campaign = ? AND action = ?",
            (self._campaign, _RULE),
        )
        uses = {str(rule): int(used) for rule, used in rows.fetchall()}
        for (action, rule, *_), times in self._added.items():
            if action == _RULE:
                uses[rule] = uses.get(rule, 0) + times
        return uses

    def _used(self, one: Counter) -> int:
        if one not in self._read:
            row = self._db.execute(
                "SELECT used FROM limit_use WHERE campaign = ? AND action = ? AND scope = ?"
                " AND owner = ? AND period = ?",
                (self._campaign, *_row(one)),
            ).fetchone()
            self._read[one] = int(row[0]) if row else 0
        return self._read[one] + self._added.get(_row(one), 0)

    def _add(self, row: _Row, much: int) -> None:
        self._added[row] = self._added.get(row, 0) + much


def _row(one: Counter) -> _Row:
    return one.action, one.scope, one.owner, one.period
