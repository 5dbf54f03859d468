"""What is in a wallet, and what time does to it. Amounts are integer cents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sync.server.money import earns
from sync.server.money.accounts import EXPIRED, Account, Place
from sync.server.money.acts import SERVER, record
from sync.server.money.campaigns import standing
from sync.server.money.earns import EarnRow
from sync.server.money.ledger import Ledger, Source, of_act
from sync.server.money.members import Member
from sync.server.store.db import Db, Row

HISTORY_MAX: Final = 200
# A till that is silent for so long after a claim has been lost, and its journal with it.
UNHEARD_AFTER: Final = timedelta(days=14)
STAND_IN_PART: Final = 1_000  # no entry has as many parts


@dataclass(frozen=True, slots=True)
class Wallet:
    """A wallet now: what can be spent, and what waits, with when and where it was earned."""

    available: int
    pending: int
    earned: tuple[EarnRow, ...]
    shops: dict[str, str]


def read(db: Db, member: Member) -> Wallet:
    """A wallet with its history, newest first."""
    found = earns.by_member(
        db, member.campaign, member.id, "pending", "available", "spent", "lapsed"
    )
    shops = db.execute(
        "SELECT DISTINCT shop.id, name FROM earn"
        " JOIN shop ON shop.campaign = earn.campaign AND shop.id = shop"
        " WHERE earn.campaign = ? AND member = ?",
        (member.campaign, member.id),
    )
    return Wallet(
        _balance(db, member, Account.AVAILABLE),
        _balance(db, member, Account.PENDING),
        tuple(reversed(found))[:HISTORY_MAX],
        dict(shops.fetchall()),
    )


def is_due(db: Db, member: Member, now: str) -> bool:
    """Whether something in a wallet has waited long enough, so that `mature` has work."""
    return bool(earns.due(db, member.campaign, member.id, now) or _unheard(db, member, now))


def mature(ledger: Ledger, member: Member) -> int:
    """Make spendable what has waited long enough in a wallet; how many rewards."""
    due = earns.due(ledger.db, ledger.campaign, member.id, ledger.at)
    due += [_stand_in(ledger, one) for one in _unheard(ledger.db, member, ledger.at)]
    if due:
        act = record(ledger.db, ledger.campaign, "mature", SERVER, ledger.at, {"rewards": len(due)})
        for row in due:
            _mature(ledger, row, of_act(act))
        ledger.flush()
    return len(due)


def _unheard(db: Db, member: Member, now: str) -> list[Row]:
    """Claims whose till never told of them: its signature, and its leases, stand for the entry."""
    pack = standing(db, member.campaign).pack
    days = pack.pending_days if pack else 0
    before = datetime.fromisoformat(now) - timedelta(days=days) - UNHEARD_AFTER
    return db.execute(
        "SELECT hash, member, claim.till, number, promised, covered, day, id, shop FROM claim"
        " JOIN enrolment ON enrolment.campaign = claim.campaign AND enrolment.till = claim.till"
        " AND enrolment.epoch = claim.epoch WHERE claim.campaign = ? AND member = ?"
        " AND arrived = 0 AND covered > 0 AND at <= ?",
        (member.campaign, member.id, before.isoformat(timespec="milliseconds")),
    ).fetchall()


def _stand_in(ledger: Ledger, claim: Row) -> EarnRow:
    """The earn that an entry would have been; should it come after all, it is one too many."""
    hashed, member, till, number, promised, covered, day, enrolment, shop = claim
    row = EarnRow(
        enrolment=enrolment,
        number=number,
        part=STAND_IN_PART,
        kind="earn",
        till=till,
        ticket=0,
        shop=shop,
        day=day,
        at=ledger.at,
        pack=0,
        base=0,
        promised=promised,
        amount=covered,
        claim=hashed,
        member=member,
        state="pending",
        ready_at=ledger.at,
        reason="",
    )
    earns.insert(ledger.db, ledger.campaign, [row])
    ledger.db.execute(
        "UPDATE claim SET arrived = 1 WHERE campaign = ? AND hash = ?", (ledger.campaign, hashed)
    )
    return row


def expire(ledger: Ledger, source: Source) -> int:
    """Let everything lapse that was not spent, at the end; the cents."""
    expired = 0
    _set_off_debts(ledger, source)
    for account in (Account.UNCLAIMED, Account.PENDING, Account.AVAILABLE, Account.COURIER):
        rows = ledger.db.execute(
            "SELECT DISTINCT owner FROM balance WHERE campaign = ? AND account = ? AND cents > 0",
            (ledger.campaign, account),
        ).fetchall()
        for (owner,) in rows:
            expired += ledger.move_all("expired", source, Place(account, owner), EXPIRED)
    ledger.db.execute(
        "UPDATE earn SET state = 'lapsed', reason = 'expired' WHERE campaign = ?"
        " AND state IN ('unclaimed', 'pending', 'available')",
        (ledger.campaign,),
    )
    return expired


def _set_off_debts(ledger: Ledger, source: Source) -> None:
    """At the end a debt meets its wallet: what was repaid lapses, the rest was never there."""
    rows = ledger.db.execute(
        "SELECT DISTINCT owner FROM balance WHERE campaign = ? AND account = ? AND cents > 0",
        (ledger.campaign, Account.OWED),
    ).fetchall()
    for (member,) in rows:
        wallet = Place(Account.AVAILABLE, member)
        ledger.move_all("set-off", source, Place(Account.OWED, member), wallet)
    ledger.flush()


def _mature(ledger: Ledger, row: EarnRow, source: Source) -> None:
    pending, wallet = Place(Account.PENDING, row.member), Place(Account.AVAILABLE, row.member)
    cents = min(row.amount, ledger.balance(pending))
    ledger.move("mature", source, pending, wallet, ledger.share(pending, cents))
    earns.update(ledger.db, ledger.campaign, row, state="available")


def _balance(db: Db, member: Member, account: Account) -> int:
    (cents,) = db.execute(
        "SELECT coalesce(sum(cents), 0) FROM balance"
        " WHERE campaign = ? AND account = ? AND owner = ?",
        (member.campaign, account, member.id),
    ).fetchone()
    return int(cents)
