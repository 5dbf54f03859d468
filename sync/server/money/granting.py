"""Granting leases: what a till lacks when it is heard, out of what the budget and its limits leave.

How large one is: what the shop gives on a good day, and never more than a share of what is left.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from sync.contract.feed import Lease
from sync.contract.jws import SigningKey
from sync.contract.rewards.rules import Scope
from sync.server.money.accounts import BUDGET, Account, Place
from sync.server.money.acts import SERVER, record
from sync.server.money.campaigns import Standing
from sync.server.money.context import Sender
from sync.server.money.funding import Purse, owners_of, pledged, where_is
from sync.server.money.lease_rows import ACCOUNT, LeaseKind
from sync.server.money.ledger import Ledger, of_act, total
from sync.server.money.limits_book import LimitBook
from sync.server.money.settings import LEASE_HOURS
from sync.server.store.db import next_number
from sync.server.tills.feed import News, publish_item

# A lease that ends sooner than this is replaced when its till is heard.
RENEW_BEFORE: Final = timedelta(hours=12)
LEASE_CENTS_MIN: Final = 100
HISTORY_DAYS: Final = 28
SCOPE_OF_ALL: Final = "campaign"


def renew(ledger: Ledger, now_is: Standing, sender: Sender, key: SigningKey) -> bool:
    """Grant a till that was heard what it lacks; whether something was granted."""
    pack = now_is.pack
    if now_is.state != "open" or pack is None or ledger.at >= _utc(pack.spend_until_at):
        return False
    granting = _Granting(ledger, now_is, sender, key)
    earn = ledger.at < _utc(pack.ends_at) and granting.grant("earn", granting.wanted_to_earn)
    risk = granting.grant("risk", lambda: pack.policy.till_max)
    return earn or risk


class _Granting:
    """One till's leases, while they are renewed."""

    def __init__(self, ledger: Ledger, now_is: Standing, sender: Sender, key: SigningKey) -> None:
        self._ledger = ledger
        self._db = ledger.db
        self._now_is = now_is
        self._sender = sender
        self._key = key
        self._day = ledger.at[:10]
        self._where = where_is(ledger.db, ledger.campaign, sender.shop)
        self._purse = Purse(ledger, now_is)

    def grant(self, kind: LeaseKind, wanted: Callable[[], int]) -> bool:
        """A lease for what the till lacks, if that is half of it or more and the budget has it."""
        left = self._left(kind)
        if kind == "earn" and left * 2 > self._now_is.settings.lease_max:
            return False  # more than half of all it could want: its history need not be read
        most = wanted()
        if left * 2 > most:
            return False
        free = self._purse.free if kind == "earn" else self._purse.free_to_risk
        cents = min(most - left, self._room(kind), free(self._where, self._day))
        if cents < LEASE_CENTS_MIN:
            return False
        self._book(kind, cents)
        return True

    def wanted_to_earn(self) -> int:
        """What the shop's rewards come to on a good day: the 95th percentile of its last days."""
        first = (datetime.fromisoformat(self._ledger.at) - timedelta(days=HISTORY_DAYS)).date()
        rows = self._db.execute(
            "SELECT sum(reward_cents) AS cents FROM enrolment JOIN reward_day"
            " ON reward_day.campaign = enrolment.campaign AND enrolment = id"
            " WHERE enrolment.campaign = ? AND shop = ? AND day >= ?"
            " GROUP BY day ORDER BY cents",
            (self._now_is.campaign, self._sender.shop, first.isoformat()),
        ).fetchall()
        usual = int(rows[-(-len(rows) * 95 // 100) - 1][0]) if rows else 0
        settings = self._now_is.settings
        return min(max(usual, settings.lease_min), settings.lease_max)

    def _left(self, kind: LeaseKind) -> int:
        """What the till still has in leases that last, in cents."""
        lasting = _after(self._ledger.at, RENEW_BEFORE)
        (cents,) = self._db.execute(
            "SELECT coalesce(sum(cents - drawn), 0) FROM lease WHERE campaign = ? AND till = ?"
            " AND epoch = ? AND kind = ? AND state = 'open' AND until_at > ?",
            (self._now_is.campaign, self._sender.till, self._sender.epoch, kind, lasting),
        ).fetchone()
        return int(cents)

    def _room(self, kind: LeaseKind) -> int:
        """How much may be leased at all: a share of what is left, and of what was pledged."""
        campaign, settings = self._now_is.campaign, self._now_is.settings
        if kind == "risk":
            held = total(self._db, campaign, Account.RISK) + total(
                self._db, campaign, Account.RESERVE
            )
            return pledged(self._db, campaign) * settings.risk_share // 10_000 - held
        leased = total(self._db, campaign, Account.LEASED)
        share = (self._ledger.balance(BUDGET) + leased) * settings.leased_share // 10_000
        return min(share - leased, *self._limits())

    def _limits(self) -> list[int]:
        """What the limits leave, less what other leases of the same scope could still use."""
        pack = self._now_is.pack
        if pack is None:
            return [0]
        owners: dict[Scope, str] = owners_of(self._where, self._sender.till)
        book = LimitBook(self._db, self._now_is.campaign, pack)
        found: list[int] = []
        for limit, left in book.room(owners, self._day).left.items():
            if limit.action == "earn":
                found.append(left - self._leased_in(limit.scope))
        return found or [self._now_is.settings.lease_max]

    def _leased_in(self, scope: Scope) -> int:
        column = {"till": "till", "shop": "shop", "district": "district"}.get(scope)
        owner = {"till": self._sender.till, "shop": self._sender.shop}.get(
            scope, self._where.district
        )
        narrowed = f"AND {column} = ?" if column else "AND ? <> ''"
        (cents,) = self._db.execute(
            "SELECT coalesce(sum(cents - drawn), 0) FROM lease"  # noqa: S608 - three columns
            " WHERE campaign = ? AND kind = 'earn' AND state = 'open' AND till IN (SELECT till"
            " FROM enrolment LEFT JOIN shop_facts USING (campaign, shop) WHERE campaign = ?"
            f" {narrowed})",
            (self._now_is.campaign, self._now_is.campaign, owner if column else SCOPE_OF_ALL),
        ).fetchone()
        return int(cents)

    def _book(self, kind: LeaseKind, cents: int) -> None:
        campaign, now, sender = self._ledger.campaign, self._ledger.at, self._sender
        number, until = (
            next_number(self._db, "lease", campaign),
            _after(now, timedelta(hours=LEASE_HOURS)),
        )
        self._db.execute(
            "INSERT INTO lease (campaign, id, till, epoch, kind, cents, from_at, until_at, state)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'open')",
            (campaign, number, sender.till, sender.epoch, kind, cents, now, until),
        )
        act = record(self._db, campaign, "lease", SERVER, now, {"lease": number})
        choose = self._purse.choose if kind == "earn" else self._purse.choose_to_risk
        parts = choose(cents, self._where, self._day)
        self._ledger.move("lease", of_act(act), BUDGET, Place(ACCOUNT[kind], str(number)), parts)
        self._ledger.flush()
        lease = Lease(id=number, kind=kind, amount=cents, from_at=now, until_at=until)
        news = News(campaign, "lease", {"lease": lease}, sender.till, sender.epoch)
        publish_item(self._db, news, self._key, now)


def _after(now: str, much: timedelta) -> str:
    return (datetime.fromisoformat(now) + much).isoformat(timespec="milliseconds")


def _utc(moment: str) -> str:
    """A moment as the server stamps it, so that texts compare as times do."""
    return datetime.fromisoformat(moment).astimezone(UTC).isoformat(timespec="milliseconds")
