"""Let the shopper's phone pay: it has a network when the till has none.

The till shows a challenge, the phone brings it to the campaign's server, and the server pays out of
the shopper's wallet and tells eight digits. Nobody but the server and this till can work them out,
so the till checks them without any network, and is as sure as if it had asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from pos.app.desk import Desk, Pending, Settled
from pos.app.offline_voucher import is_over
from pos.app.ports import PrintJob, Transaction
from pos.app.settle import advance, require_stored
from pos.app.take_payment import payable, require_room, whole
from pos.domain.document import Cut, Document, Feed, Qr, Text, to_data
from pos.domain.errors import (
    NoCampaign,
    NothingToPay,
    PhoneFirst,
    TenderTooMuch,
    VoucherRefused,
    WrongPhoneCode,
)
from pos.domain.money import Cents
from pos.domain.receipt import shop_header
from pos.domain.rewards import PhoneRequest, Refusal
from pos.domain.sale import Sale, add_tender, price
from pos.domain.tender import REWARD, Tendered
from sync.contract import courier
from sync.contract.courier import NONCE_BYTES, Challenge
from sync.contract.grants import Grants
from sync.contract.rewards.rules import REWARD_CENTS_MAX
from sync.contract.token import campaign_tag

TRIES_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """What the phone has to scan: an address in capital letters, and the paper that bears it."""

    request: PhoneRequest
    address: str
    document: Document


def ask(desk: Desk, amount: Cents | None = None) -> Pending[Asked]:
    """Ask a phone to pay what is due, or a part; on disk before it is shown.

    The same amount asked again is the same request: the phone may have paid it already.
    Raises VoucherRefused in training, NoCampaign, NothingToPay, TenderTooMuch or the errors of a
    sale that may not be paid now.
    """
    stored = payable(desk)
    if stored.training:  # the shopper's wallet would pay in earnest
        raise VoucherRefused(cause=Refusal.TRAINING)
    sale = whole(desk, stored)
    due = price(sale).due
    wanted = due if amount is None else amount
    if due <= 0 or wanted <= 0:
        raise NothingToPay
    most = min(due, REWARD_CENTS_MAX)
    if wanted > most:
        raise TenderTooMuch(due=most)
    require_room(sale)
    grants = _spendable(desk)
    request = _request(desk, stored, grants, wanted)
    changed = replace(stored, asked=request)
    asked = _asked(desk, grants, request)

    def work(tx: Transaction) -> Asked:
        require_stored(tx, stored)
        tx.put_draft(changed)
        return asked

    def then(_: Asked) -> None:
        desk.sale = changed
        if request != stored.asked:
            desk.wrong_codes = 0

    return desk.record(work, then)


def again(desk: Desk) -> Asked:
    """What the phone has to scan, once more; PhoneFirst."""
    request = payable(desk).asked
    if request is None:
        raise PhoneFirst
    return _asked(desk, _grants_of(desk, request), request)


def print_request(desk: Desk) -> Pending[Asked]:
    """Put what the phone has to scan on paper; PhoneFirst."""
    asked = again(desk)
    title = desk.settings.words.say("reward.phone_title")
    job = PrintJob(desk.ports.new_id(), title, to_data(asked.document))

    def work(tx: Transaction) -> Asked:
        tx.enqueue(job)
        return asked

    return desk.record(work, lambda _: desk.ports.printer.wake())


def check(desk: Desk, digits: str) -> None:
    """Check digits before they are taken; PhoneFirst, WrongPhoneCode."""
    _check(desk, again(desk).request, digits)


def answer(desk: Desk, digits: str) -> Pending[Settled | None]:
    """Take the digits that the phone shows: it has paid.

    Raises PhoneFirst, WrongPhoneCode (after five of them a new challenge is needed), VoucherRefused
    when less is due by now than the phone paid, SaleChanged.
    """
    stored = payable(desk)
    request = stored.asked
    if request is None:
        raise PhoneFirst
    _check(desk, request, digits)
    sale = whole(desk, stored)
    if request.amount > price(sale).due:
        raise VoucherRefused(cause=Refusal.PHONE_PAID_MORE)
    grants = _grants_of(desk, request)
    tender = Tendered(
        REWARD.name, REWARD.kind, request.amount, request.amount, details=_details(grants, request)
    )
    paid = add_tender(replace(sale, asked=None), tender)

    def work(tx: Transaction) -> Settled | None:
        require_stored(tx, stored)
        return advance(desk, tx, paid)

    def then(settled: Settled | None) -> None:
        desk.sale = paid
        desk.finish(settled)

    return desk.record(work, then)


def _request(desk: Desk, sale: Sale, grants: Grants, wanted: Cents) -> PhoneRequest:
    before = sale.asked
    same = before and (before.campaign, before.amount) == (grants.campaign, wanted)
    if before and same and desk.wrong_codes < TRIES_MAX:
        return before
    return PhoneRequest(grants.campaign, desk.ports.new_secret(NONCE_BYTES).hex(), wanted)


def _check(desk: Desk, request: PhoneRequest, digits: str) -> None:
    """The digits are right for some key of the campaign's server; else WrongPhoneCode."""
    challenge = _challenge(desk, request)
    own = desk.ports.identity.key
    if desk.wrong_codes < TRIES_MAX:
        for key in _grants_of(desk, request).keys:
            if courier.matches(courier.shared_secret(own, key), challenge, digits):
                return
        desk.wrong_codes += 1
    raise WrongPhoneCode(left=TRIES_MAX - desk.wrong_codes)


def _details(grants: Grants, request: PhoneRequest) -> dict[str, Any]:
    rules = grants.told.rules
    return {
        "campaign": grants.campaign,
        "campaign_name": grants.name,
        "mode": "courier",
        "challenge": request.nonce,
        **({"pack": rules.pack.number} if rules else {}),
    }


def _asked(desk: Desk, grants: Grants, request: PhoneRequest) -> Asked:
    text = courier.write(_challenge(desk, request), desk.ports.identity.key)
    address = courier.address(grants.origin, text)
    words = desk.settings.words
    amount = words.money(request.amount)
    document = (
        *shop_header(desk.settings.shop),
        Text(words.say("reward.phone_title"), "center", bold=True),
        Text(words.say("reward.phone_scan", amount=amount, campaign=grants.name), "center"),
        Feed(),
        Qr(address),
        Feed(),
        Text(words.say("reward.phone_then"), "center"),
        Cut(),
    )
    return Asked(request, address, document)


def _challenge(desk: Desk, request: PhoneRequest) -> Challenge:
    identity = desk.ports.identity
    nonce = bytes.fromhex(request.nonce)
    tag = campaign_tag(request.campaign)
    return Challenge(identity.till, identity.epoch, tag, request.amount, nonce)


def _spendable(desk: Desk) -> Grants:
    """The campaign whose wallets may pay; the first by id where there are several."""
    known, now = desk.ports.campaigns.grants(), desk.ports.clock()
    if not known:
        raise NoCampaign
    for grants in known:
        if not is_over(grants, now):
            return grants
    paused = any(grants.told.state == "paused" for grants in known)
    raise VoucherRefused(cause=Refusal.PAUSED if paused else Refusal.CAMPAIGN_OVER)


def _grants_of(desk: Desk, request: PhoneRequest) -> Grants:
    for grants in desk.ports.campaigns.grants():
        if grants.campaign == request.campaign:
            return grants
    raise NoCampaign
