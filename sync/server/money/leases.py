"""Leases: money that a till may promise, or risk, without asking first.

A lease is taken out of the budget when it is granted, so whatever a till does within it was set
aside before. What is left of it comes back only when the till's own chain says that it draws no
more: that time passed proves nothing about a till that nobody hears.

A till that goes on under a later epoch was restored or cloned. What the earlier epoch's leases
still hold becomes reserve: its lost branch may have promised it, and may never tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sync.contract.operations import LeaseClosed, LeaseDraw
from sync.server.money import reasons
from sync.server.money.accounts import BUDGET, Account, Place
from sync.server.money.acts import SERVER, record
from sync.server.money.campaigns import Standing
from sync.server.money.context import Booking, Sender
from sync.server.money.findings import Kind, find, of_booking
from sync.server.money.funding import Purse
from sync.server.money.lease_rows import (
    Held,
    LeaseKind,
    add_drawn,
    find_lease,
    leases_of,
    others_open,
)
from sync.server.money.ledger import Bears, Ledger, Source, of_act
from sync.server.money.reasons import LeaseFault

_DRAWN_AS: Final[dict[str, tuple[str, Bears]]] = {
    "earn": ("earn", ""),
    "risk": ("doubled", "sponsor"),
}


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
