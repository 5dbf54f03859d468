"""Earns as they are kept: what each is worth now, and where its money is."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, Literal, TypeAlias

import msgspec
from msgspec.structs import astuple, replace

from sync.server.money.accounts import Account, Place
from sync.server.store.db import Db

State: TypeAlias = Literal["unclaimed", "pending", "available", "spent", "lapsed"]
_COLUMNS: Final = (
    "enrolment, number, part, kind, till, ticket, shop, day, at, pack, base, promised, amount,"
    " claim, member, state, ready_at, reason"
)


class EarnRow(msgspec.Struct, frozen=True):
    """One earn, its members in the order of the columns.

    `promised` is what the till said, `amount` what it is worth, in cents.
    """

    enrolment: int
    number: int
    part: int
    kind: str
    till: str
    ticket: int
    shop: str
    day: str
    at: str
    pack: int
    base: int
    promised: int
    amount: int
    claim: str
    member: str
    state: State
    ready_at: str
    reason: str

    @property
    def place(self) -> Place | None:
        """Where its money is; None when it was spent or is nothing any more."""
        if self.state == "unclaimed":
            return Place(Account.UNCLAIMED, self.claim)
        if self.state == "pending":
            return Place(Account.PENDING, self.member)
        if self.state == "available":
            return Place(Account.AVAILABLE, self.member)
        return None


def insert(db: Db, campaign: str, rows: Iterable[EarnRow]) -> None:
    """Keep new earns."""
    db.executemany(
        f"INSERT INTO earn (campaign, {_COLUMNS})"  # noqa: S608 - constants
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(campaign, *astuple(row)) for row in rows],
    )


def update(db: Db, campaign: str, row: EarnRow, **changes: object) -> EarnRow:
    """Keep what changed of an earn."""
    now: EarnRow = replace(row, **changes)
    db.execute(
        "UPDATE earn SET amount = ?, member = ?, state = ?, ready_at = ?, reason = ?"
        " WHERE campaign = ? AND enrolment = ? AND number = ? AND part = ?",
        (
            *(now.amount, now.member, now.state, now.ready_at, now.reason),
            *(campaign, now.enrolment, now.number, now.part),
        ),
    )
    return now


def by_claim(db: Db, campaign: str, claim: str) -> EarnRow | None:
    """The earn that a claim's hash stands for; None before its entry arrived."""
    rows = _select(db, campaign, "claim = ?", claim)
    return rows[0] if rows else None


def claims_among(db: Db, campaign: str, claims: Collection[str]) -> set[str]:
    """Those of these claims' hashes that an earn is known by."""
    if not claims:
        return set()
    rows = db.execute(
        f"SELECT claim FROM earn WHERE campaign = ? AND claim IN ({_marks(claims)})",  # noqa: S608 - question marks only
        (campaign, *claims),
    )
    return {str(claim) for (claim,) in rows.fetchall()}


def early_among(db: Db, campaign: str, claims: Collection[str]) -> dict[str, int]:
    """Those of these that were brought before their entry, and the cents that covered them."""
    if not claims:
        return {}
    rows = db.execute(
        "SELECT hash, covered FROM claim WHERE campaign = ? AND arrived = 0"  # noqa: S608 - question marks only
        f" AND hash IN ({_marks(claims)})",
        (campaign, *claims),
    )
    return {str(claim): int(cents) for claim, cents in rows.fetchall()}


def by_ticket(db: Db, campaign: str, till: str, ticket: int) -> list[EarnRow]:
    """What a ticket of a till earned, in its parts.

    A till that was restored may have given a number twice: the one of its later enrolment counts.
    """
    rows = _select(db, campaign, "till = ? AND ticket = ? AND kind = 'earn'", till, ticket)
    latest = max((row.enrolment for row in rows), default=0)
    return [row for row in rows if row.enrolment == latest]


def by_member(db: Db, campaign: str, member: str, *states: State) -> list[EarnRow]:
    """A member's earns in these states, oldest first."""
    return _select(db, campaign, f"member = ? AND state IN ({_marks(states)})", member, *states)


def due(db: Db, campaign: str, member: str, now: str) -> list[EarnRow]:
    """Pending earns of a member that have waited long enough."""
    pending = by_member(db, campaign, member, "pending")
    return [row for row in pending if row.ready_at <= now]


def _select(db: Db, campaign: str, where: str, *parameters: object) -> list[EarnRow]:
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM earn WHERE campaign = ? AND {where}"  # noqa: S608 - constants
        " ORDER BY at, enrolment, number, part",
        (campaign, *parameters),
    )
    return [EarnRow(*row) for row in rows.fetchall()]


def _marks(values: Collection[str]) -> str:
    return ",".join("?" * len(values))
