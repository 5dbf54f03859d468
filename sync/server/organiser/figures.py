"""The figures of a campaign, read from its books. Amounts are integer cents."""

from __future__ import annotations

from typing import Any, Final

from sync.contract.organising import Figures
from sync.contract.rewards.rules import Percent
from sync.server.money.accounts import Account
from sync.server.money.campaigns import standing
from sync.server.money.funding import pledged
from sync.server.money.ledger import moved, total
from sync.server.store.db import Db

DAYS_MAX: Final = 120


def figures(db: Db, campaign: str) -> Figures:
    """What a campaign came to so far."""
    turnover = _one(
        db, "SELECT coalesce(sum(total_cents), 0) FROM turnover WHERE campaign = ?", campaign
    )
    eligible = _one(
        db, "SELECT coalesce(sum(base), 0) FROM earn WHERE campaign = ? AND promised > 0", campaign
    )
    earned = moved(db, campaign, "kind IN ('earn', 'claim-early')")
    clawed_back = moved(db, campaign, "kind = 'clawback'")
    held = {account: total(db, campaign, account) for account in Account}
    return Figures(
        turnover=turnover,
        eligible=eligible,
        earned=earned,
        unclaimed=held[Account.UNCLAIMED],
        pending=held[Account.PENDING],
        available=held[Account.AVAILABLE],
        vouchers=held[Account.VOUCHER],
        redeemed=moved(db, campaign, "credit = 'payable' AND kind IN ('redeem', 'doubled')"),
        expired=held[Account.EXPIRED],
        clawed_back=clawed_back,
        doubled=moved(db, campaign, "kind = 'doubled'"),
        pledged=pledged(db, campaign),
        free=held[Account.BUDGET],
        leased=held[Account.LEASED],
        reserved=held[Account.RISK] + held[Account.RESERVE],
        payable=held[Account.PAYABLE],
        paid=held[Account.PAID],
        shops=_one(db, "SELECT count(*) FROM shop WHERE campaign = ?", campaign),
        active_shops=_one(
            db,
            "SELECT count(DISTINCT shop) FROM turnover JOIN enrolment"
            " ON enrolment.campaign = turnover.campaign AND id = enrolment"
            " WHERE turnover.campaign = ?",
            campaign,
        ),
        leverage=eligible * 100 // earned if earned else None,
        floor=_floor(db, campaign),
        days=_days(db, campaign),
    )


def _floor(db: Db, campaign: str) -> int | None:
    """The eligible turnover that a euro of reward forces, in hundredths, by percentages alone."""
    pack = standing(db, campaign).pack
    rates = [rule.rate for rule in pack.rules if isinstance(rule, Percent)] if pack else []
    return 1_000_000 // sum(rates) if pack and rates and len(rates) == len(pack.rules) else None


def _days(db: Db, campaign: str) -> list[dict[str, Any]]:
    turnover = db.execute(
        "SELECT day, sum(total_cents), sum(sales) FROM turnover WHERE campaign = ?"
        " GROUP BY day ORDER BY day DESC LIMIT ?",
        (campaign, DAYS_MAX),
    ).fetchall()
    earned = _by_day(db, campaign, "SELECT day, sum(promised) FROM earn WHERE campaign = ?")
    redeemed = _by_day(db, campaign, "SELECT day, sum(payable) FROM redemption WHERE campaign = ?")
    return [
        {
            "day": day,
            "turnover": int(cents),
            "sales": int(sales),
            "earned": earned.get(day, 0),
            "redeemed": redeemed.get(day, 0),
        }
        for day, cents, sales in reversed(turnover)
    ]


def _by_day(db: Db, campaign: str, select: str) -> dict[str, int]:
    rows = db.execute(f"{select} GROUP BY day", (campaign,))
    return {day: int(cents) for day, cents in rows.fetchall()}


def _one(db: Db, sql: str, campaign: str) -> int:
    (number,) = db.execute(sql, (campaign,)).fetchone()
    return int(number)
