"""Booking vouchers that tills took: whoever comes first has it, and a second time is a loss.

A voucher that was spent already and was taken offline within the signed policy is the sponsors'
loss, out of the till's own risk lease, which was set aside before; against the policy it is the
shop's, and an organiser may decide otherwise. No shop is ever paid twice for the same entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sync.contract import voucher as tokens
from sync.contract.operations import Redeem
from sync.contract.rewards.rules import RulePack
from sync.contract.voucher import Audience
from sync.server.money import reasons
from sync.server.money.accounts import EXPIRED, Account, Place
from sync.server.money.campaigns import Standing, cut_off, find_pack
from sync.server.money.context import Booking
from sync.server.money.findings import Kind, of_booking
from sync.server.money.leases import draw, note_drawn
from sync.server.money.ledger import Bears
from sync.server.money.reasons import PolicyFault, TermsFault
from sync.server.money.reservations import capture, holder_of
from sync.server.money.vouchers import VoucherRow, find_voucher, set_state


@dataclass(frozen=True, slots=True)
class _Paid:
    """What the shop is owed for a voucher, and who bears what went wrong with it."""

    payable: int
    bears: Bears = ""


def book_redeem(booking: Booking, standing: Standing, part: int, redeem: Redeem) -> None:
    """Book a voucher that was taken, or a payment that a phone made for it."""
    if redeem.mode == "courier":
        paid = _book_courier(booking, redeem)
    else:
        paid = _book_voucher(booking, standing, redeem)
    ref = redeem.voucher
    booking.db.execute(
        "INSERT INTO redemption (campaign, enrolment, number, part, batch, idx, challenge, mode,"
        " shop, till, ticket, day, at, value, amount, payable, bears)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(booking.campaign, booking.sender.enrolment, booking.number, part),
            *((ref.batch, ref.index) if ref else (None, None)),
            *(redeem.challenge or "", redeem.mode, booking.sender.shop, booking.sender.till),
            *(booking.said.ticket.number, booking.said.day, booking.at),
            *(redeem.value, redeem.amount, paid.payable, paid.bears),
        ),
    )


def _book_voucher(booking: Booking, standing: Standing, redeem: Redeem) -> _Paid:
    ref = redeem.voucher
    row = find_voucher(booking.db, booking.campaign, ref.batch, ref.index) if ref else None
    if row is None:
        of_booking(booking, Kind.UNKNOWN_VOUCHER, redeem.amount, reasons.NeverIssued())
        return _Paid(0, "shop")
    holder = holder_of(booking.db, booking.campaign, row)
    if row.state == "valid" and holder in ("", booking.sender.till):
        if redeem.leases:
            note_drawn(booking, redeem.leases, redeem.taken_at or booking.at)
        if redeem.reservation:
            capture(booking.ledger, booking.sender.till, redeem.reservation)
        return _take(booking, standing, row, redeem)
    if row.state == "expired" and _came_late(booking, standing):
        of_booking(booking, Kind.LATE, redeem.amount, _late(booking, row))
        return _Paid(0, "shop")
    return _doubled(booking, row, redeem)


def _take(booking: Booking, standing: Standing, row: VoucherRow, redeem: Redeem) -> _Paid:
    """The first time: its value becomes what the shop is owed, the rest is forfeited."""
    amount = min(redeem.amount, row.value)
    payable = amount if redeem.funding == "tender" else 0
    wrong = None if redeem.reservation else _against_terms(booking, row)
    if wrong:
        of_booking(booking, Kind.POLICY, amount, reasons.AgainstTerms(_name(row), wrong))
        payable = 0
    elif _came_late(booking, standing):
        of_booking(booking, Kind.LATE, amount, _late(booking, row))
        payable = 0
    shop = Place(Account.PAYABLE, booking.sender.shop)
    ledger = booking.ledger
    if payable:
        ledger.move("redeem", booking.source, row.place, shop, ledger.share(row.place, payable))
    ledger.move_all("forfeit", booking.source, row.place, EXPIRED)
    set_state(booking.db, booking.campaign, row.batch, row.index, "redeemed", ledger.at)
    booking.db.execute(
        "UPDATE voucher SET shop = ?, used_at = ? WHERE campaign = ? AND batch = ? AND idx = ?",
        (booking.sender.shop, booking.at, booking.campaign, row.batch, row.index),
    )
    return _Paid(payable)


def _name(row: VoucherRow) -> str:
    return f"{row.batch}:{row.index}"


def _late(booking: Booking, row: VoucherRow) -> reasons.TakenLate:
    return reasons.TakenLate(_name(row), booking.at)


def _against_terms(booking: Booking, row: VoucherRow) -> TermsFault | None:
    """What of its own terms speaks against a voucher that was taken unseen; None for nothing."""
    said = tokens.read(row.token).voucher
    day = datetime.fromisoformat(booking.at).date()
    if not said.first_day <= day <= said.last_day:
        return reasons.OtherDays(said.first_day.isoformat(), said.last_day.isoformat())
    if booking.said.total < said.min_spend:
        return reasons.BelowMinimum(said.min_spend)
    if said.audience is Audience.SHOP and said.audience_id != booking.batch.where.number:
        return reasons.OtherShop()
    if said.audience is Audience.TILL and said.audience_id != booking.sender.enrolment:
        return reasons.OtherTill()
    return None


def _doubled(booking: Booking, row: VoucherRow, redeem: Redeem) -> _Paid:
    """It is worth nothing any more: the sponsors bear it if the till kept to the policy."""
    wrong = _against_policy(booking, row, redeem)
    shop = Place(Account.PAYABLE, booking.sender.shop)
    covered = 0
    if not wrong:
        covered = draw(
            booking, redeem.leases, "risk", shop, redeem.amount, taken_at=redeem.taken_at
        )
    detail = reasons.NotFree(_name(row), "held" if row.state == "valid" else row.state, wrong)
    if covered == redeem.amount:
        of_booking(booking, Kind.DOUBLED, covered, detail)
        return _Paid(covered, "sponsor")
    of_booking(booking, Kind.POLICY, redeem.amount - covered, detail)
    return _Paid(covered, "sponsor" if covered else "shop")


def _against_policy(booking: Booking, row: VoucherRow, redeem: Redeem) -> PolicyFault | None:
    """What of the signed policy a till did not keep to; None when it did."""
    pack = _pack(booking, redeem)
    if redeem.mode != "bearer":
        return reasons.TakenAs(redeem.mode)
    if redeem.funding != "tender":
        return reasons.OwnRisk()
    if pack is None:
        return reasons.NoRules()
    if row.value > pack.policy.voucher_max:
        return reasons.AboveMost(pack.policy.voucher_max)
    if sum(one.amount for one in redeem.leases) < redeem.amount:
        return reasons.NoRiskLease()
    return _list_too_old(booking, redeem, pack)


def _list_too_old(booking: Booking, redeem: Redeem, pack: RulePack) -> PolicyFault | None:
    if redeem.list_at is None:
        return reasons.NoList()
    try:
        taken = datetime.fromisoformat(redeem.taken_at or booking.at)
        age = taken - datetime.fromisoformat(redeem.list_at)
    except (ValueError, TypeError):
        return reasons.ListUndated()
    oldest = timedelta(hours=pack.policy.list_age_hours_max)
    return None if age <= oldest else reasons.ListOld(age // timedelta(minutes=1))


def _pack(booking: Booking, redeem: Redeem) -> RulePack | None:
    if redeem.pack is None:
        return None
    published = find_pack(booking.db, booking.campaign, redeem.pack)
    return published.rules if published else None


def _came_late(booking: Booking, standing: Standing) -> bool:
    """Whether it was taken after the end, or arrived after the grace."""
    pack = standing.pack
    if pack is None:
        return True
    at, now = datetime.fromisoformat(booking.at), datetime.fromisoformat(booking.ledger.at)
    return at > datetime.fromisoformat(pack.spend_until_at) or now > cut_off(pack)


def _book_courier(booking: Booking, redeem: Redeem) -> _Paid:
    """A phone paid for it: the money waits under the challenge."""
    challenge = redeem.challenge or ""
    row = booking.db.execute(
        "SELECT cents, state FROM courier_payment"
        " WHERE campaign = ? AND challenge = ? AND till = ?",
        (booking.campaign, challenge, booking.sender.till),
    ).fetchone()
    if row is None or row[1] != "paid" or row[0] != redeem.amount:
        detail = reasons.NoPhone(redeem.amount, challenge)
        of_booking(booking, Kind.UNKNOWN_VOUCHER, redeem.amount, detail)
        return _Paid(0, "shop")
    held = Place(Account.COURIER, challenge)
    shop = Place(Account.PAYABLE, booking.sender.shop)
    payable = booking.ledger.move_all("redeem", booking.source, held, shop)
    booking.db.execute(
        "UPDATE courier_payment SET state = 'captured' WHERE campaign = ? AND challenge = ?",
        (booking.campaign, challenge),
    )
    return _Paid(payable)
