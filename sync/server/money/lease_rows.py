"""Leases as they are kept: each is a row, and what was drawn from it so far."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

import msgspec

from sync.server.money.accounts import Account, Place
from sync.server.store.db import Db

LeaseKind: TypeAlias = Literal["earn", "risk"]
ACCOUNT: Final[dict[str, Account]] = {"earn": Account.LEASED, "risk": Account.RISK}
_SELECT: Final = (
    "SELECT id, till, epoch, kind, cents, drawn, from_at, until_at, state FROM lease"
    " WHERE campaign = ?"
)


class Held(msgspec.Struct, frozen=True):
    """A lease as it is kept."""

    id: int
    till: str
    epoch: int
    kind: LeaseKind
    cents: int
    drawn: int
    from_at: str
    until_at: str
    state: str

    @property
    def place(self) -> Place:
        """Where its money is."""
        account = Account.RESERVE if self.state == "lost" else ACCOUNT[self.kind]
        return Place(account, str(self.id))


def find_lease(db: Db, campaign: str, number: int) -> Held | None:
    """A lease of a campaign."""
    row = db.execute(f"{_SELECT} AND id = ?", (campaign, number)).fetchone()
    return Held(*row) if row else None


def leases_of(db: Db, campaign: str, till: str, epoch: int, kind: LeaseKind) -> list[Held]:
    """The leases of a till under an epoch that still hold something, oldest first."""
    rows = db.execute(
        f"{_SELECT} AND till = ? AND epoch = ? AND kind = ? AND state <> 'closed'"
        " AND drawn < cents ORDER BY id",
        (campaign, till, epoch, kind),
    )
    return [Held(*row) for row in rows.fetchall()]


def others_open(db: Db, campaign: str, lease: Held) -> list[Held]:
    """The other leases of the same kind, till and epoch that were not closed, oldest first."""
    rows = db.execute(
        f"{_SELECT} AND till = ? AND epoch = ? AND kind = ? AND state = 'open' AND id <> ?"
        " ORDER BY id",
        (campaign, lease.till, lease.epoch, lease.kind, lease.id),
    )
    return [Held(*row) for row in rows.fetchall()]


def add_drawn(db: Db, campaign: str, drawn: Iterable[tuple[int, int]]) -> None:
    """Count cents that were drawn: pairs of a lease and what to add."""
    db.executemany(
        "UPDATE lease SET drawn = drawn + ? WHERE campaign = ? AND id = ?",
        [(cents, campaign, number) for number, cents in drawn],
    )
