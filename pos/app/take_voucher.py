"""Take a campaign's voucher: as money that the campaign owes the shop, or as the shop's discount.

The campaign's server is asked first, and holds it for this sale. When nobody answers in time the
signed policy decides; what it does not allow is refused, and the shopper's phone may pay instead
(pos.app.pay_by_phone).

Three steps, because asking takes up to 1.5 s: `read` on the front's thread, `ask` on any, `take` on
the front's again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pos.app.desk import Desk, Pending, Settled
from pos.app.earning import open_leases
from pos.app.offline_voucher import Here, check, mode_of
from pos.app.ports import RewardBook, Transaction, Unsure
from pos.app.settle import advance, require_stored
from pos.app.take_payment import payable, whole
from pos.domain.errors import (
    BadVoucher,
    NoAnswer,
    NoCampaign,
    NothingToPay,
    VoucherRefused,
)
from pos.domain.money import Cents
from pos.domain.rewards import Coupon, Refusal, place_of
from pos.domain.sale import Sale, add_coupon, add_tender, price
from pos.domain.tender import REWARD, TenderKind
from pos.domain.tender import take as take_tendered
from sync.contract import voucher as tokens
from sync.contract.calls import ONLINE_CODE_LENGTH, NewReservation, Reservation
from sync.contract.errors import ContractError
from sync.contract.grants import Grants
from sync.contract.voucher import Flag, Voucher

_DISCOUNT = "discount"


@dataclass(frozen=True, slots=True)
class Wish:
    """A voucher that somebody wants to pay with. `voucher` is None for an online code."""

    grants: Grants
    text: str
    sale: str
    due: Cents
    key: str
    voucher: Voucher | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said of it; no reservation when nobody answered in time."""

    reservation: Reservation | None = None


def looks_like(text: str) -> bool:
    """Whether a scanned text is a voucher and no article."""
    return tokens.looks_like(text)


def read(desk: Desk, text: str) -> Wish:
    """Understand a scanned voucher or a typed online code.

    Raises BadVoucher, NoCampaign, NothingToPay, SaleIsEmpty, CardBusy or CardUnresolved, and
    VoucherRefused for what no server need be asked for.
    """
    sale = whole(desk, payable(desk))
    due = price(sale).due
    if due <= 0:
        raise NothingToPay
    known = desk.ports.campaigns.grants()
    if not known:
        raise NoCampaign
    if not looks_like(text):
        return Wish(known[0], _code(text), sale.id, due, desk.ports.new_id(), None)
    try:
        signed = tokens.read(text)
        grants = next((one for one in known if one.key_of(signed.kid)), None)
        key = grants.key_of(signed.kid) if grants else None
        if grants is None or key is None:
            raise VoucherRefused(cause=Refusal.FOREIGN)
        signed.check(key)
    except ContractError as error:
        raise BadVoucher(reason=str(error)) from error
    check(signed.voucher, grants, _here(desk, grants, signed.voucher, due))
    plain = signed.token.text
    return Wish(grants, plain, sale.id, due, desk.ports.new_id(), signed.voucher)


def ask(desk: Desk, wish: Wish) -> Answer:
    """Ask the campaign's server, from any thread; VoucherRefused when it says no."""
    question = NewReservation(wish.grants.campaign, wish.text, wish.sale, wish.due)
    try:
        return Answer(desk.ports.campaigns.reserve(question, wish.key))
    except NoAnswer:
        return Answer()
    except VoucherRefused as refused:
        # The server may not have heard yet that this till handed it out.
        if refused.params["cause"] == Refusal.SUSPENDED and _was_handed(desk, wish):
            return Answer()
        raise


def take(desk: Desk, wish: Wish, answer: Answer) -> Pending[Settled | None]:
    """Take it towards what is due, or off the total where the shop bears it.

    The result is the settled sale, or None while something is still due or, with a discount, until
    the rest is paid. Raises VoucherRefused, NothingToPay, SaleHasTenders, SaleChanged or the errors
    of `read`.
    """
    sale = payable(desk)
    if sale.id != wish.sale:
        raise NothingToPay
    details = _details(desk, wish, answer)
    changed = _with_voucher(desk, sale, details)

    def work(tx: Transaction) -> Settled | None:
        require_stored(tx, sale)
        _require_unused(desk, tx, details)
        return advance(desk, tx, changed)

    def then(settled: Settled | None) -> None:
        desk.sale = changed
        desk.finish(settled)

    return desk.record(work, then)


def _was_handed(desk: Desk, wish: Wish) -> bool:
    """Whether this till gave a voucher out."""
    voucher = wish.voucher
    if voucher is None:
        return False
    place = (wish.grants.campaign, voucher.batch, voucher.index)
    return desk.ports.ledger.rewards.was("handed", place)


def _code(text: str) -> str:
    """An online code as people type it."""
    plain = "".join(sign for sign in text.upper() if sign.isalnum())
    if len(plain) != ONLINE_CODE_LENGTH:
        raise BadVoucher(reason=f"{ONLINE_CODE_LENGTH} signs or a scan")
    return plain


def _details(desk: Desk, wish: Wish, answer: Answer) -> dict[str, Any]:
    """What the sale keeps of a voucher: as the server said, or as the policy allows."""
    told = answer.reservation
    rules = wish.grants.told.rules
    base = {
        "campaign": wish.grants.campaign,
        "campaign_name": wish.grants.name,
        **({"pack": rules.pack.number} if rules else {}),
    }
    if told is not None:
        return base | {
            "batch": told.voucher.batch,
            "index": told.voucher.index,
            "value": told.value,
            "mode": "online",
            "funding": told.funding,
            "reservation": told.id,
        }
    voucher = wish.voucher
    if voucher is None:
        raise VoucherRefused(cause=Refusal.OFFLINE_CODE)
    here = _here(desk, wish.grants, voucher, wish.due)
    mode = mode_of(voucher, wish.grants, here)
    return base | {
        "batch": voucher.batch,
        "index": voucher.index,
        "value": voucher.value,
        "mode": mode,
        "funding": _DISCOUNT if Flag.SHOP_FUNDED in voucher.flags else "tender",
        **({"list_at": here.listed.at} if here.listed else {}),
        **({"taken_at": _stamp(wish.grants.effective(here.now))} if mode == "bearer" else {}),
    }


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


def _with_voucher(desk: Desk, sale: Sale, details: dict[str, Any]) -> Sale:
    """The sale with a voucher: a tender, or a coupon where the shop bears it."""
    kept = {name: value for name, value in details.items() if name != "value"}
    if details["funding"] == _DISCOUNT:
        return add_coupon(sale, Coupon(details["value"], kept))
    sale = whole(desk, sale)
    taken = take_tendered(REWARD, price(sale).due, details["value"])
    return add_tender(sale, replace(taken, details=kept))


def _require_unused(desk: Desk, tx: Transaction, details: dict[str, Any]) -> None:
    """Nothing else of this till took it since it was read."""
    place = place_of(details)
    if tx.rewards.was("taken", place) or place in _in_drafts(desk):
        raise VoucherRefused(cause=Refusal.HERE)


def _here(desk: Desk, grants: Grants, voucher: Voucher, due: Cents) -> Here:
    ledger, campaign = desk.ports.ledger, grants.campaign
    book = ledger.rewards
    place = (campaign, voucher.batch, voucher.index)
    drafts = _in_drafts(desk)
    used = {found[1:] for found in drafts if found[0] == campaign}
    if book.was("taken", place):
        used.add(place[1:])
    unsure = _unsure(desk, book, grants)
    leases = open_leases(grants, book.drawn(campaign), "risk", desk.now())
    risk = sum(left for _, left in leases) - _unsettled(desk, campaign).cents
    rules = grants.told.rules
    one_in = rules.pack.policy.online_one_in if rules else 0
    return Here(
        desk.ports.clock(),
        due,
        used,
        unsure,
        risk,
        desk.ports.campaigns.status_list(campaign, voucher.batch),
        book.was("handed", place),
        bool(one_in) and int.from_bytes(desk.ports.new_secret(4), "big") % one_in == 0,
    )


def _unsure(desk: Desk, book: RewardBook, grants: Grants) -> Unsure:
    """What was taken unseen since the server last heard of this till, unsettled sales included."""
    booked, waiting = (
        book.unsure(grants.campaign, grants.acknowledged),
        _unsettled(desk, grants.campaign),
    )
    return Unsure(booked.count + waiting.count, booked.cents + waiting.cents)


def _unsettled(desk: Desk, campaign: str) -> Unsure:
    cents = [
        tender.amount
        for sale in desk.ports.ledger.drafts()
        for tender in sale.tenders
        if tender.details.get("mode") == "bearer" and tender.details["campaign"] == campaign
    ]
    return Unsure(len(cents), sum(cents))


def _in_drafts(desk: Desk) -> set[tuple[str, int, int]]:
    """The vouchers that open and parked sales hold."""
    found = set()
    for sale in desk.ports.ledger.drafts():
        for tender in sale.tenders:
            if tender.kind is TenderKind.CAMPAIGN and "batch" in tender.details:
                found.add(place_of(tender.details))
        found |= {coupon.place for coupon in sale.coupons}
    return found
