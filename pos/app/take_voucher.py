"""Take a campaign's voucher: as money that the campaign owes the shop, or as the shop's discount.

The campaign's server is asked first, and holds it for this sale. When nobody answers in time the
signed policy decides; what it does not allow is refused, and the shopper's phone may pay instead
(pos.app.pay_by_phone).

Three steps, because asking takes up to 1.5 s: `read` on the front's thread, `ask` on any, `take` on
the front's again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pos.app.desk import Desk, Pending, Settled
from pos.app.offline_voucher import check, mode_of
from pos.app.ports import Transaction
from pos.app.scanned_token import why_not
from pos.app.settle import advance, require_stored
from pos.app.take_payment import payable, require_room, whole
from pos.app.voucher_here import draws_for, in_drafts, look
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
from pos.domain.tender import REWARD
from pos.domain.tender import take as take_tendered
from sync.contract import voucher as tokens
from sync.contract.calls import ONLINE_CODE_LENGTH, NewReservation, Reservation
from sync.contract.errors import ContractError
from sync.contract.grants import Grants
from sync.contract.voucher import Flag, SignedVoucher, Voucher

_DISCOUNT = "discount"
_UNKNOWN = "voucher-unknown"  # to the server of that campaign


@dataclass(frozen=True, slots=True)
class Wish:
    """A voucher that somebody wants to pay with. `voucher` is None for an online code.

    `candidates` are the campaigns that may have given it: several where one server leads several,
    whose key is the same.
    """

    candidates: tuple[Grants, ...]
    text: str
    sale: str
    due: Cents
    key: str
    voucher: Voucher | None

    @property
    def value(self) -> Cents | None:
        """What it is worth; None for an online code, of which only its server knows."""
        return self.voucher.value if self.voucher else None

    def question(self, grants: Grants) -> NewReservation:
        """What is asked of a campaign's server."""
        return NewReservation(grants.campaign, self.text, self.sale, self.due)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server of a campaign said; no reservation when nobody answered in time.

    `perhaps`: it may hold the voucher all the same.
    """

    grants: Grants
    reservation: Reservation | None = None
    perhaps: bool = False


def read(desk: Desk, text: str) -> Wish:
    """Understand a scanned voucher or a typed online code.

    Raises BadVoucher, NoCampaign, NothingToPay, LimitReached, SaleIsEmpty, CardBusy or
    CardUnresolved, and VoucherRefused for what no server need be asked for.
    """
    known = desk.ports.campaigns.grants()
    if not known:
        raise NoCampaign
    if cause := why_not(text):
        raise VoucherRefused(cause=cause)
    sale = whole(desk, payable(desk))
    if sale.training:
        raise VoucherRefused(cause=Refusal.TRAINING)
    due = price(sale).due
    if due <= 0:
        raise NothingToPay
    require_room(sale)
    if not tokens.looks_like(text):
        return Wish(known, _code(text), sale.id, due, desk.ports.new_id(), None)
    try:
        signed = tokens.read(text)
        candidates = _signers(known, signed)
    except ContractError as error:
        raise BadVoucher(signs=ONLINE_CODE_LENGTH) from error
    if Flag.SHOP_FUNDED in signed.voucher.flags:
        _require_no_tender(sale)
    good = _acceptable(desk, candidates, signed.voucher, due)
    return Wish(good, signed.text, sale.id, due, desk.ports.new_id(), signed.voucher)


def ask(desk: Desk, wish: Wish) -> Answer:
    """Ask the campaign's server, from any thread; VoucherRefused when it says no.

    Where several campaigns may have given it, each is asked until one knows it.
    """
    *others, last = wish.candidates
    for grants in others:
        try:
            return _ask(desk, wish, grants)
        except VoucherRefused as refused:
            if refused.params["cause"] != _UNKNOWN:
                raise
    return _ask(desk, wish, last)


def _ask(desk: Desk, wish: Wish, grants: Grants) -> Answer:
    try:
        return Answer(grants, desk.ports.campaigns.reserve(wish.question(grants), wish.key))
    except NoAnswer as silence:
        return Answer(grants, perhaps=bool(silence.params.get("perhaps")))
    except VoucherRefused as refused:
        # The server may not have heard yet that this till handed it out.
        if refused.params["cause"] == Refusal.SUSPENDED and _was_handed(desk, grants, wish.voucher):
            return Answer(grants)
        raise


def take(desk: Desk, wish: Wish, answer: Answer) -> Pending[Settled | None]:
    """Take it towards what is due, or off the total where the shop bears it.

    The result is the settled sale, or None while something is still due or, with a discount, until
    the rest is paid. Raises VoucherRefused, NothingToPay, SaleChanged or the errors of `read`.
    """
    _remember(desk, wish, answer)
    sale = payable(desk)
    if sale.id != wish.sale:
        raise NothingToPay
    details = _details(desk, wish, answer, price(whole(desk, sale)).due)
    changed = _with_voucher(desk, sale, details)

    def work(tx: Transaction) -> Settled | None:
        require_stored(tx, sale)
        _require_unused(desk, tx, details)
        return advance(desk, tx, changed)

    def then(settled: Settled | None) -> None:
        desk.sale = changed
        desk.doubts = [one for one in desk.doubts if one[0].voucher != wish.text]
        desk.finish(settled)

    return desk.record(work, then)


def _remember(desk: Desk, wish: Wish, answer: Answer) -> None:
    """What a server holds, or perhaps does, is let go when the sale ends without it."""
    if answer.reservation:
        desk.held.add((wish.sale, answer.grants.campaign, answer.reservation.id))
    elif answer.perhaps:
        desk.doubts.append((wish.question(answer.grants), wish.key))
    here = desk.sale is not None and desk.sale.id == wish.sale
    if not here and all(sale.id != wish.sale for sale in desk.ports.ledger.drafts()):
        desk.let_go(wish.sale)  # it ended while the server was asked


def _signers(known: Iterable[Grants], signed: SignedVoucher) -> tuple[Grants, ...]:
    """The campaigns that may have given a voucher; VoucherRefused, or BadSignature."""
    candidates = [(one, key) for one in known if (key := one.key_of(signed.kid))]
    if not candidates:
        raise VoucherRefused(cause=Refusal.FOREIGN)
    for _, key in candidates:
        signed.check(key)
    of_ours = (one for one, _ in candidates if _in_carnet(one, signed.text))
    return tuple(of_ours) or tuple(one for one, _ in candidates)


def _in_carnet(grants: Grants, text: str) -> bool:
    return any(text in carnet.vouchers for carnet in grants.told.carnets)


def _acceptable(
    desk: Desk, candidates: Sequence[Grants], voucher: Voucher, due: Cents
) -> tuple[Grants, ...]:
    """Those campaigns for which nothing speaks against a voucher; else what does for the first."""
    good, refusals = [], []
    for grants in candidates:
        try:
            check(voucher, grants, look(desk, grants, voucher, due))
            good.append(grants)
        except VoucherRefused as refused:
            refusals.append(refused)
    if not good:
        raise refusals[0]
    return tuple(good)


def _was_handed(desk: Desk, grants: Grants, voucher: Voucher | None) -> bool:
    """Whether this till gave a voucher out."""
    if voucher is None:
        return False
    place = (grants.campaign, voucher.batch, voucher.index)
    return desk.ports.ledger.rewards.was("handed", place)


def _code(text: str) -> str:
    """An online code as people type it."""
    plain = "".join(sign for sign in text.upper() if sign.isalnum())
    if len(plain) != ONLINE_CODE_LENGTH:
        raise BadVoucher(signs=ONLINE_CODE_LENGTH)
    return plain


def _details(desk: Desk, wish: Wish, answer: Answer, due: Cents) -> dict[str, Any]:
    """What the sale keeps of a voucher: as the server said, or as the policy allows."""
    told, grants = answer.reservation, answer.grants
    rules = grants.told.rules
    base: dict[str, Any] = {
        "campaign": grants.campaign,
        "campaign_name": grants.name,
        **({"pack": rules.pack.number} if rules else {}),
    }
    if wish.voucher and wish.voucher.min_spend:
        base["least"] = wish.voucher.min_spend
    if told is None:
        return base | _unseen(desk, wish, grants, due)
    return base | {
        "batch": told.voucher.batch,
        "index": told.voucher.index,
        "value": told.value,
        "mode": "online",
        "funding": told.funding,
        "reservation": told.id,
    }


def _unseen(desk: Desk, wish: Wish, grants: Grants, due: Cents) -> dict[str, Any]:
    """What is kept of a voucher that nobody was asked for; VoucherRefused."""
    voucher = wish.voucher
    if voucher is None:
        raise VoucherRefused(cause=Refusal.OFFLINE_CODE)
    if len(wish.candidates) > 1:  # nobody can say whose it is
        raise VoucherRefused(cause=Refusal.OFFLINE_NEVER)
    here = look(desk, grants, voucher, due)
    mode, own = mode_of(voucher, grants, here), Flag.SHOP_FUNDED in voucher.flags
    kept: dict[str, Any] = {
        "batch": voucher.batch,
        "index": voucher.index,
        "value": voucher.value,
        "mode": mode,
        "funding": _DISCOUNT if own else "tender",
    }
    if here.listed:
        kept["list_at"] = here.listed.at
    if mode == "bearer":
        taken = grants.effective(here.now)
        kept["taken_at"] = taken.isoformat(timespec="milliseconds")
        if not own:
            kept["leases"] = draws_for(desk, grants, voucher, due)
    return kept


def _with_voucher(desk: Desk, sale: Sale, details: dict[str, Any]) -> Sale:
    """The sale with a voucher: a tender, or a coupon where the shop bears it."""
    kept = {name: value for name, value in details.items() if name != "value"}
    if details["funding"] == _DISCOUNT:
        _require_no_tender(sale)
        return add_coupon(sale, Coupon(details["value"], kept))
    sale = whole(desk, sale)
    taken = take_tendered(REWARD, price(sale).due, details["value"])
    return add_tender(sale, replace(taken, details=kept))


def _require_no_tender(sale: Sale) -> None:
    if sale.tenders:
        raise VoucherRefused(cause=Refusal.DISCOUNT_FIRST)


def _require_unused(desk: Desk, tx: Transaction, details: dict[str, Any]) -> None:
    """Nothing else of this till took it since it was read."""
    place = place_of(details)
    if tx.rewards.was("taken", place) or place in in_drafts(desk):
        raise VoucherRefused(cause=Refusal.HERE)
