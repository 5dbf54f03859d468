"""All that is known of a wallet, for whoever holds it."""

from __future__ import annotations

from typing import Final, TypeVar

from sync.contract.messages import Message
from sync.contract.wallet import (
    KnownClaim,
    KnownEarn,
    KnownPayment,
    KnownUse,
    KnownVisit,
    KnownVoucher,
    KnownWallet,
)
from sync.server.money.members import Member
from sync.server.money.wallets import read
from sync.server.store.db import Db

LIST_MAX: Final = 5_000
K = TypeVar("K", bound=Message)


def known_of(db: Db, member: Member) -> KnownWallet:
    """Everything that the server keeps of a wallet."""
    name, created_at, seen_at = db.execute(
        "SELECT name, member.created_at, seen_at FROM member JOIN campaign"
        " ON campaign.id = campaign WHERE campaign = ? AND member.id = ?",
        (member.campaign, member.id),
    ).fetchone()
    wallet = read(db, member)
    lists = _Lists(db, member)
    return KnownWallet(
        *(member.campaign, name, member.id, created_at, seen_at, wallet.available, wallet.pending),
        earns=lists.read(KnownEarn, _EARNS),
        vouchers=lists.read(KnownVoucher, _VOUCHERS),
        payments=lists.read(KnownPayment, _PAYMENTS),
        visits=lists.read(KnownVisit, _VISITS),
        claims=lists.read(KnownClaim, _CLAIMS),
        limits=lists.read(KnownUse, _USES),
        is_complete=lists.are_complete,
    )


class _Lists:
    """The lists of one wallet; afterwards it knows whether one was longer than is given out."""

    def __init__(self, db: Db, member: Member) -> None:
        self._db = db
        self._member = member
        self.are_complete = True

    def read(self, kind: type[K], select: str) -> list[K]:
        """The rows of a question as messages."""
        asked = (self._member.campaign, self._member.id, LIST_MAX + 1)
        rows = self._db.execute(f"{select} LIMIT ?", asked).fetchall()
        self.are_complete &= len(rows) <= LIST_MAX
        return [kind(*row) for row in rows[:LIST_MAX]]


_EARNS: Final = (
    "SELECT shop.name, day, kind, base, amount, state, ready_at, reason FROM earn"
    " JOIN shop ON shop.campaign = earn.campaign AND shop.id = earn.shop"
    " WHERE earn.campaign = ? AND member = ? ORDER BY at, enrolment, earn.number, part"
)
_VOUCHERS: Final = (
    "SELECT batch, idx, value, state, issued_at, last_day, coalesce(shop.name, ''), used_at"
    " FROM voucher JOIN batch ON batch.campaign = voucher.campaign AND batch.id = batch"
    " LEFT JOIN shop ON shop.campaign = voucher.campaign AND shop.id = voucher.shop"
    " WHERE voucher.campaign = ? AND member = ? ORDER BY issued_at, batch, idx"
)
_PAYMENTS: Final = (
    "SELECT at, cents, state FROM courier_payment WHERE campaign = ? AND member = ?"
    " ORDER BY at, challenge"
)
_VISITS: Final = (
    "SELECT shop.name, day FROM visit"
    " JOIN shop ON shop.campaign = visit.campaign AND shop.id = visit.shop"
    " WHERE visit.campaign = ? AND member = ? ORDER BY day, shop.name"
)
_CLAIMS: Final = (
    "SELECT day, at, promised FROM claim WHERE campaign = ? AND member = ? ORDER BY at, hash"
)
_USES: Final = (
    "SELECT action, period, used FROM limit_use WHERE campaign = ?"
    " AND action IN ('earn', 'spend', 'count') AND scope = 'person' AND owner = ?"
    " ORDER BY period, action"
)
