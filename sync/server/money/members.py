"""Members: wallets without names. A wallet belongs to whoever holds its secret.

The browser keeps the secret in a cookie, the server its hash; a recovery code, shown once, moves
the wallet to another phone. Nothing else is known of anybody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sync.contract import claims
from sync.contract.errors import Malformed
from sync.server.auth import digest
from sync.server.errors import refuse
from sync.server.money.accounts import EXPIRED, Account, Place
from sync.server.money.acts import record
from sync.server.money.ledger import Ledger, of_act
from sync.server.store.db import Db

MEMBER_BYTES: Final = 8
Random = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Member:
    """A wallet in one campaign."""

    campaign: str
    id: str


def find_member(db: Db, campaign: str, secret: str) -> Member | None:
    """The wallet of a secret in a campaign."""
    row = db.execute(
        "SELECT id FROM member WHERE campaign = ? AND secret = ? AND gone_at IS NULL",
        (campaign, digest(secret)),
    ).fetchone()
    return Member(campaign, row[0]) if row else None


def ensure_member(db: Db, campaign: str, secret: str, random: Random, now: str) -> Member:
    """The wallet of a secret in a campaign, made when it is not there yet."""
    found = find_member(db, campaign, secret)
    if found is None:
        found = Member(campaign, random(MEMBER_BYTES).hex())
        db.execute(
            "INSERT INTO member (campaign, id, secret, created_at, seen_at) VALUES (?, ?, ?, ?, ?)",
            (campaign, found.id, digest(secret), now, now),
        )
    db.execute(
        "UPDATE member SET seen_at = ? WHERE campaign = ? AND id = ?", (now, campaign, found.id)
    )
    return found


def new_recovery_code(db: Db, member: Member, random: Random) -> str:
    """A code that moves this wallet to another phone; an earlier one counts no more."""
    secret = random(claims.SECRET_BYTES)
    db.execute(
        "UPDATE member SET recovery = ? WHERE campaign = ? AND id = ?",
        (digest(secret.hex()), member.campaign, member.id),
    )
    return claims.code(secret)


def recover(db: Db, typed: str, secret: str) -> list[Member]:
    """Give the wallets of a recovery code to a new secret; the code counts no more.

    Refused when no wallet has it, or when the phone has a wallet in that campaign already.
    """
    try:
        code = digest(claims.read_code(typed).hex())
    except Malformed as error:
        raise refuse("malformed", str(error)) from error
    rows = db.execute(
        "SELECT campaign, id FROM member WHERE recovery = ? AND gone_at IS NULL", (code,)
    ).fetchall()
    if not rows:
        raise refuse("not-found", "no wallet has this code")
    for campaign, _ in rows:
        if find_member(db, campaign, secret) is not None:
            raise refuse("exists", "this phone has a wallet here already")
    db.execute(
        "UPDATE member SET secret = ?, recovery = NULL WHERE recovery = ?", (digest(secret), code)
    )
    return [Member(campaign, number) for campaign, number in rows]


def forget(ledger: Ledger, member: Member) -> None:
    """Delete a wallet at its holder's wish: what is left in it expires, its sums stay booked."""
    act = record(ledger.db, ledger.campaign, "forget", member.id, ledger.at, {})
    for account in (Account.PENDING, Account.AVAILABLE):
        ledger.move_all("forgotten", of_act(act), Place(account, member.id), EXPIRED)
    ledger.flush()
    key = (ledger.campaign, member.id)
    ledger.db.execute(
        "UPDATE earn SET state = 'lapsed', amount = 0, reason = 'forgotten'"
        " WHERE campaign = ? AND member = ? AND state IN ('pending', 'available')",
        key,
    )
    ledger.db.execute("DELETE FROM visit WHERE campaign = ? AND member = ?", key)
    ledger.db.execute(
        "UPDATE member SET secret = NULL, recovery = NULL, gone_at = ?"
        " WHERE campaign = ? AND id = ?",
        (ledger.at, *key),
    )
