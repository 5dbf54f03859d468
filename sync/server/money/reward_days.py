"""The rewards of a till's business day, and how they were spent: sums of rows just booked."""

from __future__ import annotations

from typing import Final

from sync.server.store.db import Db

_EARNED: Final = (
    "INSERT INTO reward_day (campaign, enrolment, day, earns, base_cents, reward_cents,"
    " redemptions, redeemed_cents) SELECT campaign, enrolment, day, count(*), sum(base),"
    " sum(amount), 0, 0 FROM earn WHERE campaign = ? AND enrolment = ?"
    " AND number BETWEEN ? AND ? AND kind = 'earn' AND promised > 0"
    " GROUP BY campaign, enrolment, day ON CONFLICT (campaign, enrolment, day) DO UPDATE SET"
    " earns = reward_day.earns + excluded.earns,"
    " base_cents = reward_day.base_cents + excluded.base_cents,"
    " reward_cents = reward_day.reward_cents + excluded.reward_cents"
)
_REDEEMED: Final = (
    "INSERT INTO reward_day (campaign, enrolment, day, earns, base_cents, reward_cents,"
    " redemptions, redeemed_cents) SELECT campaign, enrolment, day, 0, 0, 0, count(*),"
    " sum(payable) FROM redemption WHERE campaign = ? AND enrolment = ?"
    " AND number BETWEEN ? AND ?"
    " GROUP BY campaign, enrolment, day ON CONFLICT (campaign, enrolment, day) DO UPDATE SET"
    " redemptions = reward_day.redemptions + excluded.redemptions,"
    " redeemed_cents = reward_day.redeemed_cents + excluded.redeemed_cents"
)
_ADD: Final = (
    " ON CONFLICT (campaign, what, day, cell) DO UPDATE SET"
    " times = tally.times + excluded.times, cents = tally.cents + excluded.cents"
)
_FROM_EARNS: Final = (
    " FROM earn WHERE campaign = ? AND enrolment = ? AND number BETWEEN ? AND ?"
    " AND kind = 'earn' AND promised > 0 GROUP BY campaign, day"
)
_FROM_REDEMPTIONS: Final = (
    " FROM redemption WHERE campaign = ? AND enrolment = ? AND number BETWEEN ? AND ?"
    " GROUP BY campaign, day, mode"
)
_TALLY: Final = "INSERT INTO tally (campaign, what, day, cell, times, cents) SELECT campaign,"
_TALLIES: Final = (
    f"{_TALLY} 'earn', day, 'base', count(*), sum(base){_FROM_EARNS}{_ADD}",
    f"{_TALLY} 'earn', day, 'reward', count(*), sum(amount){_FROM_EARNS}{_ADD}",
    f"{_TALLY} 'mode', day, mode, count(*), sum(payable){_FROM_REDEMPTIONS}{_ADD}",
)


def add_rewards(db: Db, campaign: str, enrolment: int, numbers: tuple[int, int]) -> None:
    """Add what the entries of these numbers (both included) earned and redeemed, once."""
    for statement in (_EARNED, _REDEEMED, *_TALLIES):
        db.execute(statement, (campaign, enrolment, *numbers))


def note_visit(db: Db, campaign: str, member: str, shop: str, day: str) -> None:
    """Keep that a shopper was in a shop on a day, and count it: a first visit, a second, a later.

    The count names nobody, and stays when a shopper is forgotten.
    """
    new = db.execute(
        "INSERT INTO visit (campaign, member, shop, day) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (campaign, member, shop, day) DO NOTHING",
        (campaign, member, shop, day),
    ).rowcount
    if not new:
        return
    known = db.execute(
        "SELECT 1 FROM visit WHERE campaign = ? AND member = ? LIMIT 3", (campaign, member)
    ).fetchall()
    cell = ("first", "second", "later")[len(known) - 1]
    db.execute(
        "INSERT INTO tally (campaign, what, day, cell, times, cents)"  # noqa: S608 - constants
        f" VALUES (?, 'visit', ?, ?, 1, 0){_ADD}",
        (campaign, day, cell),
    )
