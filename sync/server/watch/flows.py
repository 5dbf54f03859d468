"""What the ledger moved, as sums: where the money is, and what left the budget on each day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from sync.server.money.accounts import Account
from sync.server.store.db import Db

# Money that tills or the server may still promise.
POOL: Final = frozenset((Account.BUDGET, Account.LEASED, Account.RISK, Account.RESERVE))
# Money on its way into or out of the campaign, which is no spending.
OUTSIDE: Final = frozenset((Account.SPONSOR, Account.RETURNED, Account.FEE))
EARNING: Final = frozenset(("earn", "claim-early"))
REDEEMING: Final = frozenset(("redeem", "doubled"))


@dataclass(frozen=True, slots=True)
class Flow:
    """Cents of one fund that went from an account to another, over all days."""

    kind: str
    debit: str
    credit: str
    fund: int
    times: int
    cents: int


def read_flows(db: Db, campaign: str) -> list[Flow]:
    """All flows of a campaign."""
    rows = db.execute(
        "SELECT kind, debit, credit, fund, sum(times), sum(cents) FROM flow WHERE campaign = ?"
        " GROUP BY kind, debit, credit, fund",
        (campaign,),
    )
    return [Flow(*row) for row in rows.fetchall()]


def held(flows: Iterable[Flow], account: str) -> int:
    """What is in all places of an account."""
    return sum(one.cents * ((one.credit == account) - (one.debit == account)) for one in flows)


def earned(flows: Iterable[Flow]) -> int:
    """Rewards that sales earned, before anything was taken back."""
    return sum(one.cents for one in flows if one.kind in EARNING)


def given(flows: Iterable[Flow]) -> int:
    """Vouchers that the campaign gave out of its budget: bonuses, draws, handed out."""
    return sum(one.cents for one in flows if one.kind == "issue" and one.debit == Account.BUDGET)


def clawed_back(flows: Iterable[Flow]) -> int:
    """Rewards that came back with their goods."""
    return sum(one.cents for one in flows if one.kind == "clawback")


def redeemed(flows: Iterable[Flow]) -> int:
    """Rewards that shops took as money and are paid for."""
    return sum(
        one.cents for one in flows if one.kind in REDEEMING and one.credit == Account.PAYABLE
    )


def doubled(flows: Iterable[Flow]) -> int:
    """Vouchers that were spent twice, at the sponsors' loss."""
    return sum(one.cents for one in flows if one.kind == "doubled")


def spent(flows: Iterable[Flow]) -> int:
    """What left the budget for good, less what came back to it; leases are part of the budget."""
    return sum(one.cents * _leaves(one.debit, one.credit) for one in flows)


def spent_by_day(db: Db, campaign: str) -> dict[date, int]:
    """The same for each of the server's days (UTC); their sum is `spent`."""
    rows = db.execute(
        "SELECT day, debit, credit, sum(cents) FROM flow WHERE campaign = ?"
        " GROUP BY day, debit, credit",
        (campaign,),
    )
    days: dict[date, int] = {}
    for day, debit, credit, cents in rows.fetchall():
        if sign := _leaves(debit, credit):
            when = date.fromisoformat(day)
            days[when] = days.get(when, 0) + sign * int(cents)
    return days


def _leaves(debit: str, credit: str) -> int:
    if OUTSIDE & {debit, credit}:
        return 0
    return (debit in POOL) - (credit in POOL)
