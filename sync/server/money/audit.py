"""The proof that a campaign's money is whole: each invariant with its figures, worked out anew.

Nothing here trusts a balance: what the transfers say is added up and compared with what is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sync.server.money.accounts import MAY_OWE, Account
from sync.server.money.ledger import moved, total
from sync.server.store.db import Db


@dataclass(frozen=True, slots=True)
class Check:
    """One invariant: what should be equal, or nothing. `figures` are cents or counts, by name."""

    name: str
    holds: bool
    figures: dict[str, int]


def audit(db: Db, campaign: str) -> list[Check]:
    """Every invariant, in the order in which an auditor asks for them."""
    return [check(db, campaign) for check in _CHECKS]


def _sums_to_zero(db: Db, campaign: str) -> Check:
    """Each fund's places sum to nothing: what sponsors promised is somewhere."""
    rows = db.execute(
        "SELECT fund, coalesce(sum(cents), 0) FROM balance WHERE campaign = ? GROUP BY fund",
        (campaign,),
    ).fetchall()
    figures = {f"fund {fund}": int(cents) for fund, cents in rows}
    return Check("sums-to-zero", not any(figures.values()), figures)


def _balances_agree(db: Db, campaign: str) -> Check:
    """The balances are what the transfers add up to, place by place."""
    (wrong,) = db.execute(
        "SELECT count(*) FROM (SELECT account, owner, fund, sum(cents) AS cents FROM ("
        " SELECT credit AS account, credit_owner AS owner, fund, cents FROM transfer"
        " WHERE campaign = ? UNION ALL"
        " SELECT debit, debit_owner, fund, -cents FROM transfer WHERE campaign = ? UNION ALL"
        " SELECT account, owner, fund, -cents FROM balance WHERE campaign = ?) AS moved"
        " GROUP BY account, owner, fund HAVING sum(cents) <> 0) AS wrong",
        (campaign, campaign, campaign),
    ).fetchone()
    return Check("balances-agree", wrong == 0, {"places that differ": int(wrong)})


def _flows_agree(db: Db, campaign: str) -> Check:
    """What the dashboard adds up are the transfers, kind by kind and fund by fund."""
    (wrong,) = db.execute(
        "SELECT count(*) FROM (SELECT kind, debit, credit, fund, sum(cents) AS cents FROM ("
        " SELECT kind, debit, credit, fund, cents FROM transfer WHERE campaign = ? UNION ALL"
        " SELECT kind, debit, credit, fund, -cents FROM flow WHERE campaign = ?) AS moved"
        " GROUP BY kind, debit, credit, fund HAVING sum(cents) <> 0) AS wrong",
        (campaign, campaign),
    ).fetchone()
    return Check("flows-agree", wrong == 0, {"flows that differ": int(wrong)})


def _within_budget(db: Db, campaign: str) -> Check:
    """Of no fund more was promised than it has: nothing but wallets and shops may owe."""
    marks = ", ".join("?" * len(MAY_OWE))
    (short,) = db.execute(
        "SELECT count(*) FROM balance WHERE campaign = ? AND cents < 0"  # noqa: S608 - question marks only
        f" AND account NOT IN ({marks})",
        (campaign, *sorted(MAY_OWE)),
    ).fetchone()
    pledged = _one(db, "SELECT coalesce(sum(cents), 0) FROM fund WHERE campaign = ?", campaign)
    free = total(db, campaign, Account.BUDGET)
    return Check(
        "within-budget",
        short == 0 and 0 <= free <= pledged,
        {"pledged": pledged, "free": free, "places below zero": int(short)},
    )


def _vouchers(db: Db, campaign: str) -> Check:
    """Issued = outstanding + redeemed + expired + revoked, in cents."""
    issued = moved(db, campaign, "credit = 'voucher'")
    redeemed = moved(db, campaign, "debit = 'voucher' AND credit = 'payable'")
    expired = moved(db, campaign, "debit = 'voucher' AND credit = 'expired'")
    left = "debit = 'voucher' AND credit NOT IN ('payable', 'expired')"
    revoked = moved(db, campaign, left)
    outstanding = _one(
        db,
        "SELECT coalesce(sum(value), 0) FROM voucher JOIN batch"
        " ON batch.campaign = voucher.campaign AND id = batch"
        " WHERE voucher.campaign = ? AND state = 'valid'",
        campaign,
    )
    figures = {
        "issued": issued,
        "outstanding": outstanding,
        "redeemed": redeemed,
        "expired": expired,
        "revoked": revoked,
    }
    return Check("vouchers", issued == outstanding + redeemed + expired + revoked, figures)


def _shops(db: Db, campaign: str) -> Check:
    """What shops were paid = what they redeemed less what came back, less what is still owed."""
    credited = moved(db, campaign, "credit = 'payable'")
    reversed_ = moved(db, campaign, "debit = 'payable' AND credit <> 'paid'")
    paid = moved(db, campaign, "debit = 'payable' AND credit = 'paid'")
    owed = total(db, campaign, Account.PAYABLE)
    figures = {"credited": credited, "reversed": reversed_, "paid": paid, "owed": owed}
    return Check("shops", paid == credited - reversed_ - owed, figures)


def _redemptions(db: Db, campaign: str) -> Check:
    """No payment without its redemption: what shops are credited by entries, entries redeemed."""
    booked = _one(
        db, "SELECT coalesce(sum(payable), 0) FROM redemption WHERE campaign = ?", campaign
    )
    credited = moved(db, campaign, "credit = 'payable' AND source_kind = 'entry'")
    figures = {"redeemed": booked, "credited": credited}
    return Check("redemptions", booked == credited, figures)


def _settled(db: Db, campaign: str) -> Check:
    """What left for the shops' banks is what the settlements say."""
    listed = _one(
        db,
        "SELECT coalesce(sum(cents), 0) FROM settlement_line WHERE campaign = ?"
        " AND state <> 'refused'",
        campaign,
    )
    paid = total(db, campaign, Account.PAID)
    return Check("settled", listed == paid, {"listed": listed, "paid": paid})


def _sources(db: Db, campaign: str) -> Check:
    """Every transfer names one entry or one act that exists."""
    orphans = sum(
        _without(db, campaign, kind, known)
        for kind, known in (
            ("act", "SELECT CAST(id AS TEXT) FROM act"),
            ("entry", "SELECT CAST(enrolment AS TEXT) || ':' || CAST(number AS TEXT) FROM entry"),
        )
    )
    return Check("sources", orphans == 0, {"transfers without a cause": orphans})


def _without(db: Db, campaign: str, kind: str, known: str) -> int:
    """Transfers of a kind of source whose source is not among those known.

    Two sets are compared, no row is looked up: a campaign has millions of them.
    """
    (found,) = db.execute(
        "SELECT count(*) FROM transfer WHERE campaign = ? AND source_kind = ? AND source IN ("  # noqa: S608 - constants
        "SELECT source FROM transfer WHERE campaign = ? AND source_kind = ?"
        f" EXCEPT {known} WHERE campaign = ?)",
        (campaign, kind, campaign, kind, campaign),
    ).fetchone()
    return int(found)


def _frozen(db: Db, campaign: str) -> Check:
    """After a campaign was closed only dated adjustments move money."""
    later = _one(
        db,
        "SELECT count(*) FROM transfer WHERE campaign = ? AND kind <> 'adjustment' AND at >"
        " (SELECT max(since) FROM standing WHERE standing.campaign = transfer.campaign"
        " AND state = 'closed')",
        campaign,
    )
    return Check("frozen", later == 0, {"transfers after the closing": later})


_CHECKS: Final[tuple[Callable[[Db, str], Check], ...]] = (
    _sums_to_zero,
    _balances_agree,
    _flows_agree,
    _within_budget,
    _vouchers,
    _shops,
    _redemptions,
    _settled,
    _sources,
    _frozen,
)


def _one(db: Db, sql: str, campaign: str) -> int:
    (number,) = db.execute(sql, (campaign,)).fetchone()
    return int(number)
