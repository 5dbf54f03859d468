"""Leases: money that a till may promise, or risk, without asking first.

A lease is taken out of the budget when it is granted, so whatever a till does within it was set
aside before. What is left of it comes back only when the till's own chain says that it draws no
more: that time passed proves nothing about a till that nobody hears.

A till that goes on under a later epoch was restored or cloned. What the earlier epoch's leases
still hold becomes reserve: its lost branch may have promised it, and may never tell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from sync.contract.feed import Lease
from sync.contract.jws import SigningKey
from sync.contract.operations import LeaseClosed, LeaseDraw
from sync.contract.rewards.rules import Scope
from sync.server.money import reasons
from sync.server.money.accounts import BUDGET, Account, Place
from sync.server.money.acts import SERVER, record
from sync.server.money.campaigns import Standing
from sync.server.money.context import Booking, Sender
from sync.server.money.findings import Kind, find, of_booking
from sync.server.money.funding import Purse, owners_of, pledged, where_is
from sync.server.money.lease_rows import (
    ACCOUNT,
    Held,
    LeaseKind,
    add_drawn,
    find_lease,
    leases_of,
    others_open,
)
from sync.server.money.ledger import Bears, Ledger, Source, of_act, total
from sync.server.money.limits_book import LimitBook
from sync.server.money.reasons import LeaseFault
from sync.server.money.settings import LEASE_HOURS
from sync.server.store.db import next_number
from sync.server.tills.feed import News, publish_item

_DRAWN_AS: Final[dict[str, tuple[str, Bears]]] = {
    "earn": ("earn", ""),
    "risk": ("doubled", "sponsor"),
}
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
            "SELECT sum(promised) AS cents FROM earn WHERE campaign = ? AND shop = ? AND day >= ?"
            " AND kind = 'earn' GROUP BY day ORDER BY cents",
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


def draw(
    booking: Booking,
    draws: Sequence[LeaseDraw],
    kind: LeaseKind,
    credit: Place,
    most: int,
    *,
    taken_at: str | None = None,
) -> int:
    """Pay out of leases what a till says it drew, up to `most`; how many cents they covered.

    `taken_at` is when it did, where that is not the moment of its entry.
    What cannot be drawn is a finding; a till's word alone never moves money. Receipts that came
    before their entries took from whichever lease there was, so all that a till may still promise
    under one epoch stands for what it drew on any of them.
    """
    covered = 0
    for wanted in draws:
        lease = _usable(booking.batch.lease(wanted.lease), booking, kind, taken_at or booking.at)
        if not isinstance(lease, Held):
            _report(booking, wanted, lease)
            continue
        asked, place = min(wanted.amount, most - covered), lease.place
        cents = min(asked, booking.ledger.balance(place), lease.cents - lease.drawn)
        if cents > 0:
            _take(booking.ledger, lease.kind, place, cents, credit, booking.source)
            booking.batch.draw(lease, cents)
        if cents < asked and kind == "earn":
            booking.batch.flush()
            who, rest = (lease.till, lease.epoch), asked - cents
            cents += draw_early(booking.ledger, *who, rest, credit, booking.source)
        if cents < asked:
            _report(booking, wanted, reasons.LeaseUsedUp(cents))
        covered += cents
    return covered


def note_drawn(booking: Booking, draws: Sequence[LeaseDraw], at: str) -> bool:
    """Count what a till used of its risk leases for vouchers that were good: no money moves.

    Whether the leases allowed it; what they did not allow is a finding.
    """
    allowed = True
    for wanted in draws:
        found = find_lease(booking.db, booking.campaign, wanted.lease)
        lease = _usable(found, booking, "risk", at)
        if isinstance(lease, Held) and lease.drawn + wanted.amount > lease.cents:
            lease = reasons.LeaseUsedUp(lease.cents - lease.drawn)
        if not isinstance(lease, Held):
            _report(booking, wanted, lease)
            allowed = False
        else:
            add_drawn(booking.db, booking.campaign, [(lease.id, wanted.amount)])
    return allowed


def draw_early(
    ledger: Ledger, till: str, epoch: int, cents: int, credit: Place, source: Source
) -> int:
    """Pay a claim out of its till's leases before the till's own entry arrives; the cents."""
    covered = 0
    for lease in leases_of(ledger.db, ledger.campaign, till, epoch, "earn"):
        place = lease.place
        part = min(cents - covered, ledger.balance(place), lease.cents - lease.drawn)
        if part > 0:
            _take(ledger, lease.kind, place, part, credit, source)
            add_drawn(ledger.db, ledger.campaign, [(lease.id, part)])
            covered += part
    return covered


def close(
    ledger: Ledger, now_is: Standing, sender: Sender, source: Source, said: LeaseClosed
) -> None:
    """Take back what a till left of leases; what it says it drew must be what was booked."""
    for one in said.leases:
        lease = find_lease(ledger.db, ledger.campaign, one.lease)
        if lease is None or (lease.till, lease.epoch) != (sender.till, sender.epoch):
            detail = reasons.NotToClose(one.lease)
            find(ledger, Kind.LEASE, source, shop=sender.shop, detail=detail)
        elif lease.state == "open" and not (short := _even_out(ledger, lease, one.drawn, source)):
            if lease.kind == "earn":
                unused = ledger.funds(lease.place)
                Purse(ledger, now_is).give_back(unused, lease.from_at[:10])
            ledger.move_all("lease-closed", source, lease.place, BUDGET)
            _set_state(ledger, lease.id, "closed")
        elif lease.state == "open":
            differs = reasons.LeaseDiffers(lease.id, one.drawn, lease.drawn)
            find(ledger, Kind.LEASE, source, shop=sender.shop, cents=short, detail=differs)


def _even_out(ledger: Ledger, lease: Held, drawn: int, source: Source) -> int:
    """Make a lease's draws what its till says, where its other leases paid more or less instead.

    How many cents the till says it drew more than was booked.
    """
    short = drawn - lease.drawn
    for other in others_open(ledger.db, ledger.campaign, lease) if lease.kind == "earn" else ():
        if short > 0:  # they paid for it
            part = min(short, other.drawn, ledger.balance(lease.place))
            debit, credit = lease, other
        else:  # it paid for them
            part = min(-short, other.cents - other.drawn, ledger.balance(other.place))
            debit, credit = other, lease
        if part > 0:
            parts = ledger.share(debit.place, part)
            ledger.move("lease-evened", source, debit.place, credit.place, parts)
            add_drawn(ledger.db, ledger.campaign, [(debit.id, part), (credit.id, -part)])
            short += -part if short > 0 else part
    return max(short, 0)


def lose_branch(ledger: Ledger, till: str, epoch: int) -> None:
    """Turn what earlier epochs of a till still hold into reserve: their branch is lost."""
    rows = ledger.db.execute(
        "SELECT id FROM lease WHERE campaign = ? AND till = ? AND epoch < ? AND state = 'open'",
        (ledger.campaign, till, epoch),
    ).fetchall()
    if not rows:
        return
    told = {"till": till, "epoch": epoch - 1}
    act = record(ledger.db, ledger.campaign, "lost-branch", SERVER, ledger.at, told)
    for (number,) in rows:
        lease = find_lease(ledger.db, ledger.campaign, number)
        if lease is not None:
            reserve = Place(Account.RESERVE, str(number))
            ledger.move_all("lost-branch", of_act(act), lease.place, reserve)
            _set_state(ledger, number, "lost")


def return_all(ledger: Ledger, source: Source) -> int:
    """Take back every lease and all reserve, once nothing can arrive any more; the cents."""
    rows = ledger.db.execute(
        "SELECT id FROM lease WHERE campaign = ? AND state <> 'closed' ORDER BY id",
        (ledger.campaign,),
    ).fetchall()
    returned = 0
    for (number,) in rows:
        lease = find_lease(ledger.db, ledger.campaign, number)
        if lease is not None:
            returned += ledger.move_all("cut-off", source, lease.place, BUDGET)
            _set_state(ledger, number, "closed")
    return returned


def _take(
    ledger: Ledger, lease: str, place: Place, cents: int, credit: Place, source: Source
) -> None:
    """Pay out of a lease of this kind, whose money is in that place."""
    kind, bears = _DRAWN_AS[lease]
    ledger.move(kind, source, place, credit, ledger.share(place, cents), bears=bears)


def _usable(lease: Held | None, booking: Booking, kind: LeaseKind, at: str) -> Held | LeaseFault:
    """A lease that the till might draw on at that time, or why it might not."""
    if lease is None:
        return reasons.NoLease()
    if (lease.till, lease.epoch) != (booking.sender.till, booking.epoch):
        return reasons.OthersLease()
    if lease.kind != kind:
        return reasons.OtherKind(lease.kind, kind)
    if lease.state == "closed":
        return reasons.LeaseClosed()
    if not datetime.fromisoformat(at) < datetime.fromisoformat(lease.until_at):
        return reasons.LeaseEnded(lease.until_at)
    return lease


def _report(booking: Booking, wanted: LeaseDraw, why: LeaseFault) -> None:
    detail = reasons.BadDraw(wanted.lease, wanted.amount, why)
    of_booking(booking, Kind.LEASE, wanted.amount, detail)


def _set_state(ledger: Ledger, number: int, state: str) -> None:
    ledger.db.execute(
        "UPDATE lease SET state = ? WHERE campaign = ? AND id = ?",
        (state, ledger.campaign, number),
    )


def _after(now: str, much: timedelta) -> str:
    return (datetime.fromisoformat(now) + much).isoformat(timespec="milliseconds")


def _utc(moment: str) -> str:
    """A moment as the server stamps it, so that texts compare as times do."""
    return datetime.fromisoformat(moment).astimezone(UTC).isoformat(timespec="milliseconds")
