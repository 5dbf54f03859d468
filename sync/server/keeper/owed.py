"""What a shop is owed and was paid, and what somebody has to decide about it. Integer cents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sync.server.money.accounts import Account
from sync.server.money.campaigns import standing
from sync.server.money.findings import PAYABLE
from sync.server.reference.iban import masked
from sync.server.settlement.runs import LineState
from sync.server.settlement.statement import Item, read_owed
from sync.server.store.db import Db

PAYMENTS_MAX: Final = 60
FINDINGS_MAX: Final = 50
ITEMS_SHOWN: Final = 30


@dataclass(frozen=True, slots=True)
class Payment:
    """A settlement's transfer to the shop; `cutoff` is the time up to which it pays."""

    settlement: int
    cutoff: str
    cents: int
    state: LineState


@dataclass(frozen=True, slots=True)
class Owed:
    """What a shop is owed now: `items` are the latest, out of `count`. `least`: paid from there on.

    `iban` shows only the ends of its account; empty for none.
    """

    cents: int
    items: tuple[Item, ...]
    count: int
    least: int
    iban: str
    payments: tuple[Payment, ...]


@dataclass(frozen=True, slots=True)
class Concern:
    """A finding about the shop; `decision` is empty while it is open."""

    id: int
    kind: str
    cents: int
    at: str
    decision: str

    @property
    def is_waiting(self) -> bool:
        """Whether an organiser may still have the shop paid for it."""
        return not self.decision and self.kind in PAYABLE


def read_account(db: Db, campaign: str, shop: str) -> Owed:
    """What a shop is owed, and its payments."""
    (cents,) = db.execute(
        "SELECT coalesce(sum(cents), 0) FROM balance"
        " WHERE campaign = ? AND account = ? AND owner = ?",
        (campaign, Account.PAYABLE, shop),
    ).fetchone()
    items = read_owed(db, campaign, shop)
    return Owed(
        int(cents),
        items[-ITEMS_SHOWN:],
        len(items),
        standing(db, campaign).settings.settle_min,
        _iban(db, campaign, shop),
        _payments(db, campaign, shop),
    )


def read_concerns(db: Db, campaign: str, shop: str) -> list[Concern]:
    """The latest findings about a shop, the newest first."""
    rows = db.execute(
        "SELECT id, kind, cents, at, decision FROM finding WHERE campaign = ? AND shop = ?"
        " ORDER BY id DESC LIMIT ?",
        (campaign, shop, FINDINGS_MAX),
    )
    return [Concern(*row) for row in rows.fetchall()]


def _iban(db: Db, campaign: str, shop: str) -> str:
    row = db.execute(
        "SELECT iban FROM shop_facts WHERE campaign = ? AND shop = ? AND iban <> ''",
        (campaign, shop),
    ).fetchone()
    return masked(row[0]) if row else ""


def _payments(db: Db, campaign: str, shop: str) -> tuple[Payment, ...]:
    rows = db.execute(
        "SELECT settlement.id, cutoff, cents, state FROM settlement_line JOIN settlement"
        " ON settlement.campaign = settlement_line.campaign AND settlement.id = settlement"
        " WHERE settlement_line.campaign = ? AND shop = ? ORDER BY settlement DESC LIMIT ?",
        (campaign, shop, PAYMENTS_MAX),
    )
    return tuple(Payment(*row) for row in rows.fetchall())
