"""A phone pays for a till that has no network: eight digits prove it to the till."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sync.contract import courier
from sync.contract.errors import BadSignature, ContractError
from sync.contract.jws import SigningKey, VerifyKey
from sync.contract.token import campaign_tag
from sync.server.auth import identities
from sync.server.errors import refuse
from sync.server.money.accounts import Account, Place
from sync.server.money.acts import SERVER, record
from sync.server.money.context import Sender
from sync.server.money.ledger import Ledger, of_act
from sync.server.money.members import Member
from sync.server.refusals import say
from sync.server.store.db import Db

# A till's sale is closed or cancelled long before; its next entry then shows which.
UNUSED_AFTER: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a till asks a phone to pay: where, and how much."""

    campaign: str
    challenge: courier.Challenge
    till_key: VerifyKey
    shop: str

    @property
    def nonce(self) -> str:
        """The challenge's name in the till's entry."""
        return self.challenge.nonce.hex()


def look(db: Db, text: str) -> Asked:
    """Who asks for what, without changing anything.

    Raises Refused: malformed, bad-signature, not-found.
    """
    try:
        signed = courier.read(text)
        asked = signed.challenge
        known = identities(db, asked.till)
        identity = next((one for one in known if one.epoch == asked.epoch), None)
        if identity is None or identity is not known[-1]:
            raise refuse("not-found", "no till of ours asks this", say=say("till-unknown"))
        signed.check(identity.key)
    except BadSignature as error:
        raise refuse("bad-signature", str(error)) from error
    except ContractError as error:
        raise refuse("malformed", str(error)) from error
    rows = db.execute(
        "SELECT enrolment.campaign, name FROM enrolment JOIN shop"
        " ON shop.campaign = enrolment.campaign AND shop.id = shop"
        " WHERE till = ? AND epoch = ?",
        (asked.till, asked.epoch),
    ).fetchall()
    for campaign, name in rows:
        if campaign_tag(campaign) == asked.campaign:
            return Asked(campaign, asked, identity.key, name)
    elsewhere = "this till takes no part in the campaign here that it asks for"
    raise refuse("not-found", elsewhere, say=say("till-elsewhere"))


def pay(ledger: Ledger, asked: Asked, member: Member, key: SigningKey) -> str:
    """Pay a till's challenge out of a wallet; the eight digits for its cashier.

    The same challenge again moves nothing and has the same answer, for the wallet that paid it.
    """
    before = ledger.db.execute(
        "SELECT member, till, cents, state FROM courier_payment"
        " WHERE campaign = ? AND challenge = ?",
        (ledger.campaign, asked.nonce),
    ).fetchone()
    if before is None:
        _pay(ledger, asked, member)
    elif before[:3] != (member.id, asked.challenge.till, asked.challenge.amount):
        taken = "another wallet, or something else, was paid by this"
        raise refuse("exists", taken, say=say("payment-taken"))
    elif before[3] == "returned":
        returned = "the till did not use this payment: the wallet has it back"
        raise refuse("exists", returned, say=say("payment-returned"))
    secret = courier.shared_secret(key, asked.till_key)
    return courier.answer(secret, asked.challenge)


def pass_by(ledger: Ledger, sender: Sender, at: str, held: Collection[str]) -> None:
    """Give back what was paid to a till whose chain has gone on without it.

    `held` are the challenges that its open sales still hold.
    """
    rows = ledger.db.execute(
        "SELECT challenge, member, at FROM courier_payment WHERE campaign = ? AND till = ?"
        " AND epoch = ? AND state = 'paid'",
        (ledger.campaign, sender.till, sender.epoch),
    ).fetchall()
    # A till whose clock is ahead has not gone on any further for that.
    moment = min(datetime.fromisoformat(at), datetime.fromisoformat(ledger.at))
    for challenge, member, paid_at in rows:
        used_until = datetime.fromisoformat(paid_at) + UNUSED_AFTER
        if challenge not in held and used_until < moment:
            _give_back(ledger, challenge, member)


def _pay(ledger: Ledger, asked: Asked, member: Member) -> None:
    cents = asked.challenge.amount
    wallet = Place(Account.AVAILABLE, member.id)
    has = ledger.balance(wallet)
    if has < cents:
        short = say("wallet-short", held=has, wanted=cents)
        raise refuse("wallet-short", f"{has} cents can be spent, not {cents}", say=short)
    detail = {"challenge": asked.nonce, "cents": cents}
    act = record(ledger.db, ledger.campaign, "courier", member.id, ledger.at, detail)
    ledger.db.execute(
        "INSERT INTO courier_payment (campaign, challenge, till, epoch, member, cents, at, state)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, 'paid')",
        (
            *(ledger.campaign, asked.nonce, asked.challenge.till, asked.challenge.epoch),
            *(member.id, cents, ledger.at),
        ),
    )
    held = Place(Account.COURIER, asked.nonce)
    ledger.move("courier", of_act(act), wallet, held, ledger.share(wallet, cents))
    ledger.flush()


def _give_back(ledger: Ledger, challenge: str, member: str) -> None:
    detail = {"challenge": challenge}
    act = record(ledger.db, ledger.campaign, "courier-unused", SERVER, ledger.at, detail)
    held = Place(Account.COURIER, challenge)
    ledger.move_all("unused", of_act(act), held, Place(Account.AVAILABLE, member))
    ledger.db.execute(
        "UPDATE courier_payment SET state = 'returned' WHERE campaign = ? AND challenge = ?",
        (ledger.campaign, challenge),
    )
