"""Holding a voucher for one till's sale: asked online, answered by the till's chain.

A reservation ends when the till's entry redeems it, when the till releases it, or when its time is
over and the till's chain has gone on without it. Time alone frees nothing: a till that lost its
network after asking may have closed the sale.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from sync.contract import voucher as tokens
from sync.contract.calls import (
    ONLINE_CODE_LENGTH,
    RESERVATION_MINUTES,
    NewReservation,
    Reservation,
)
from sync.contract.errors import BadSignature, ContractError
from sync.contract.jws import VerifyKey
from sync.contract.operations import VoucherRef
from sync.contract.voucher import Audience, Flag
from sync.server.errors import Refused, refuse
from sync.server.money.campaigns import standing
from sync.server.money.context import Sender
from sync.server.money.funding import where_is
from sync.server.money.ledger import Ledger
from sync.server.money.online_code import tidy
from sync.server.money.vouchers import VoucherRow, find_by_code, find_voucher
from sync.server.store.db import Db


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the key under which the till may ask it again."""

    request: NewReservation
    key: str

    @property
    def fingerprint(self) -> bytes:
        """What tells another question under the same key."""
        return hashlib.sha256(msgspec.json.encode(self.request)).digest()


def reserve(
    ledger: Ledger, sender: Sender, asked: Asked, new_id: str, key: VerifyKey
) -> Reservation:
    """Hold a voucher for a sale. Raises Refused, by what is wrong with the voucher."""
    db = ledger.db
    again = _asked_before(db, sender.till, asked)
    if again is not None:
        return again
    if standing(db, ledger.campaign).state not in ("open", "ended"):
        raise refuse("closed", f"campaign {ledger.campaign} takes no vouchers now")
    row = _find(db, ledger.campaign, asked.request.voucher, key)
    _require_spendable(ledger, row, sender, asked.request)
    held = _held(db, ledger.campaign, row)
    if held is not None and held[1:] != (sender.till, asked.request.sale):
        raise refuse("voucher-reserved", "another till holds it for a sale")
    until = datetime.fromisoformat(ledger.at) + timedelta(minutes=RESERVATION_MINUTES)
    expires_at = until.isoformat(timespec="milliseconds")
    number = str(held[0]) if held else new_id
    if held is None:
        db.execute(
            "INSERT INTO reservation (campaign, id, batch, idx, till, epoch, sale, made_at,"
            " expires_at, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'open')",
            (
                *(ledger.campaign, number, row.batch, row.index, sender.till, sender.epoch),
                *(asked.request.sale, ledger.at, expires_at),
            ),
        )
    db.execute(
        "INSERT INTO idempotency (till, key, fingerprint, campaign, reservation, at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (sender.till, asked.key, asked.fingerprint, ledger.campaign, number, ledger.at),
    )
    return _answer(db, ledger.campaign, number)


def release(ledger: Ledger, till: str, number: str) -> None:
    """Let a voucher go that a till held; a reservation that ended stays as it is."""
    row = ledger.db.execute(
        "SELECT till FROM reservation WHERE campaign = ? AND id = ?", (ledger.campaign, number)
    ).fetchone()
    if row is None or row[0] != till:
        raise refuse("not-found", f"no reservation {number} of this till")
    _end(ledger.db, ledger.campaign, number, "released")


def release_all(ledger: Ledger, till: str, numbers: Sequence[str]) -> None:
    """Let vouchers go that a till's chain says it will not use."""
    for number in numbers:
        ledger.db.execute(
            "UPDATE reservation SET state = 'released'"
            " WHERE campaign = ? AND id = ? AND till = ? AND state = 'open'",
            (ledger.campaign, number, till),
        )


def capture(ledger: Ledger, till: str, number: str) -> None:
    """End a reservation because its sale was closed with the voucher."""
    ledger.db.execute(
        "UPDATE reservation SET state = 'captured' WHERE campaign = ? AND id = ? AND till = ?",
        (ledger.campaign, number, till),
    )


def holder_of(db: Db, campaign: str, row: VoucherRow) -> str:
    """The till that holds a voucher for a sale; empty for none."""
    held = _held(db, campaign, row)
    return held[1] if held else ""


def pass_by(ledger: Ledger, sender: Sender, at: str, held: Collection[str]) -> None:
    """Free what a till held and did not use: its chain has gone on past the reservation's time.

    `held` are those that it says its open sales still hold.
    """
    rows = ledger.db.execute(
        "SELECT id, expires_at FROM reservation WHERE campaign = ? AND till = ? AND epoch = ?"
        " AND state = 'open'",
        (ledger.campaign, sender.till, sender.epoch),
    ).fetchall()
    # A till whose clock is ahead has not gone on any further for that.
    moment = min(datetime.fromisoformat(at), datetime.fromisoformat(ledger.at))
    for number, expires_at in rows:
        if number not in held and datetime.fromisoformat(expires_at) < moment:
            _end(ledger.db, ledger.campaign, number, "lapsed")


def _asked_before(db: Db, till: str, asked: Asked) -> Reservation | None:
    row = db.execute(
        "SELECT fingerprint, campaign, reservation FROM idempotency WHERE till = ? AND key = ?",
        (till, asked.key),
    ).fetchone()
    if row is None:
        return None
    if bytes(row[0]) != asked.fingerprint:
        raise refuse("key-reused", "this Idempotency-Key stands for another question")
    return _answer(db, row[1], row[2])


def _find(db: Db, campaign: str, text: str, key: VerifyKey) -> VoucherRow:
    if not tokens.looks_like(text):
        found = find_by_code(db, campaign, text)
        if found is None:
            expected = f"expected a voucher's QR or its code of {ONLINE_CODE_LENGTH} characters"
            raise refuse("voucher-unknown", expected if len(tidy(text)) < 8 else "no such voucher")
        return found
    try:
        signed = tokens.read(text)
        signed.check(key)
    except BadSignature as error:
        raise refuse("voucher-unknown", "this campaign did not sign it") from error
    except ContractError as error:
        raise refuse("voucher-unknown", str(error)) from error
    found = find_voucher(db, campaign, signed.voucher.batch, signed.voucher.index)
    if found is None or found.token != signed.text:
        raise refuse("voucher-unknown", "this campaign did not issue it")
    return found


def _require_spendable(
    ledger: Ledger, row: VoucherRow, sender: Sender, request: NewReservation
) -> None:
    wrong = {
        "redeemed": refuse("voucher-spent", f"spent at {row.used_at or 'another till'}"),
        "expired": refuse("voucher-expired", f"its last day was {row.last_day}"),
        "revoked": refuse("voucher-revoked", "it was replaced or given back"),
        "suspended": refuse("voucher-suspended", "it was not handed out"),
    }.get(row.state)
    if wrong is not None:
        raise wrong
    said = tokens.read(row.token).voucher
    today = ledger.at[:10]
    if said.last_day.isoformat() < today:
        raise refuse("voucher-expired", f"its last day was {said.last_day}")
    if said.first_day.isoformat() > today:
        raise refuse("voucher-suspended", f"its first day is {said.first_day}")
    if request.due < max(said.min_spend, 1):
        raise refuse("voucher-minimum", f"from {said.min_spend} cents on")
    wrong = _elsewhere(ledger, said, sender)
    if wrong is not None:
        raise wrong


def _elsewhere(ledger: Ledger, said: tokens.Voucher, sender: Sender) -> Refused | None:
    """Why this till may not take it, when another may."""
    if said.audience is Audience.SHOP:
        number = where_is(ledger.db, ledger.campaign, sender.shop).number
        if number != said.audience_id:
            return refuse("voucher-elsewhere", "only one other shop takes it")
    elif said.audience is Audience.TILL and said.audience_id != sender.enrolment:
        return refuse("voucher-elsewhere", "only one other till takes it")
    return None


def _held(db: Db, campaign: str, row: VoucherRow) -> tuple[str, str, str] | None:
    """The open reservation of a voucher: its id, its till, its sale."""
    found: tuple[str, str, str] | None = db.execute(
        "SELECT id, till, sale FROM reservation WHERE campaign = ? AND batch = ? AND idx = ?"
        " AND state = 'open'",
        (campaign, row.batch, row.index),
    ).fetchone()
    return found


def _answer(db: Db, campaign: str, number: str) -> Reservation:
    batch, index, expires_at = db.execute(
        "SELECT batch, idx, expires_at FROM reservation WHERE campaign = ? AND id = ?",
        (campaign, number),
    ).fetchone()
    value, flags = db.execute(
        "SELECT value, flags FROM batch WHERE campaign = ? AND id = ?", (campaign, batch)
    ).fetchone()
    return Reservation(
        id=number,
        voucher=VoucherRef(batch, index),
        value=value,
        funding="discount" if Flag(flags) & Flag.SHOP_FUNDED else "tender",
        expires_at=expires_at,
    )


def _end(db: Db, campaign: str, number: str, state: str) -> None:
    db.execute(
        "UPDATE reservation SET state = ? WHERE campaign = ? AND id = ? AND state = 'open'",
        (state, campaign, number),
    )
