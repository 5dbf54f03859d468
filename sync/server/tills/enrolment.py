"""Letting a till in: pairing codes, proof of possession, epochs.

A till that was restored or cloned comes back under a later epoch with a new key and a new code.
From then on its older keys are refused, and a quarantine of an older epoch is left behind.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sync.contract.errors import BadSignature, ContractError
from sync.contract.jws import SigningKey, VerifyKey
from sync.contract.messages import (
    ENROLMENT_TYP,
    PAIRING_ALPHABET,
    PAIRING_CODE_LENGTH,
    PAIRING_CODE_LIFETIME_HOURS,
    EarlierKey,
    EnrolmentAnswer,
    EnrolmentRequest,
    Named,
    PairingCode,
    fingerprint,
    open_signed,
    tidy_code,
)
from sync.server.auth import Identity, Signer, identities, stamp
from sync.server.errors import refuse
from sync.server.money.welcome import welcome
from sync.server.store.db import Db, next_number
from sync.server.tills.ingest import NO_DIGEST

CODE_LIFETIME: Final = timedelta(hours=PAIRING_CODE_LIFETIME_HOURS)


class Applicant(NamedTuple):
    """A request whose signature by its own key was verified."""

    request: EnrolmentRequest
    key: VerifyKey
    earlier: Sequence[Signer] = ()


class _Code(NamedTuple):
    digest: bytes
    expires_at: str
    enrolment: int | None
    shop: Named
    campaign: Named


def random_code(choice: Callable[[str], str] = secrets.choice) -> str:
    """A new pairing code."""
    return "".join(choice(PAIRING_ALPHABET) for _ in range(PAIRING_CODE_LENGTH))


def make_code(db: Db, shop: str, code: str, now: datetime, days: int = 1) -> PairingCode:
    """Keep a pairing code for a shop, as its hash; Refused for an unknown shop."""
    campaign = campaign_of_shop(db, shop)
    expires_at = stamp(now + days * CODE_LIFETIME)
    db.execute(
        "INSERT INTO pairing_code (campaign, digest, shop, created_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?)",
        (campaign, _digest(code), shop, stamp(now), expires_at),
    )
    return PairingCode(code=code, shop=shop, expires_at=expires_at)


def campaign_of_shop(db: Db, shop: str) -> str:
    """The campaign that a shop belongs to; Refused for an unknown shop."""
    row = db.execute("SELECT campaign FROM shop WHERE id = ?", (shop,)).fetchone()
    if row is None:
        raise refuse("not-found", f"no shop {shop}")
    return str(row[0])


def campaign_of_code(db: Db, typed: str) -> str:
    """The campaign that a pairing code lets in to; Refused for an unknown code."""
    return _code(db, typed).campaign.id


def read_request(body: bytes) -> Applicant:
    """Verify an enrolment request by itself. Raises Refused: malformed or bad-signature."""
    try:
        request, signed = open_signed(body, ENROLMENT_TYP, EnrolmentRequest)
        key = VerifyKey.from_pem(request.public_key.encode("utf-8"))
        signed.check(key)
        earlier = [_earlier(one) for one in request.earlier if one.epoch < request.epoch]
    except BadSignature as error:
        raise refuse("bad-signature", str(error)) from error
    except ContractError as error:
        raise refuse("malformed", str(error)) from error
    return Applicant(request, key, earlier)


def enrol(db: Db, applicant: Applicant, own: SigningKey, now: datetime) -> EnrolmentAnswer:
    """Enrol a till, or answer again for one that repeats its request. Raises Refused."""
    request, key = applicant.request, applicant.key
    server_key = own.public
    code = _code(db, request.code)
    if code.enrolment is not None:
        _check_repeated(db, code, applicant)
    else:
        if datetime.fromisoformat(code.expires_at) <= now:
            raise refuse("code-expired", f"at {code.expires_at}")
        _check_epoch(db, applicant, code.campaign.id)
        _insert(db, applicant, code, fingerprint(key, server_key), stamp(now))
        welcome(db, code.campaign.id, request.till, request.epoch, own, stamp(now))
    _keep_earlier(db, applicant, stamp(now))
    return EnrolmentAnswer(
        campaign=code.campaign,
        shop=code.shop,
        till=request.till,
        epoch=request.epoch,
        fingerprint=fingerprint(key, server_key),
        server_key=server_key.pem,
        acknowledged=_acknowledged(db, request, code.campaign.id),
        time=stamp(now),
    )


def _code(db: Db, typed: str) -> _Code:
    row = db.execute(
        "SELECT digest, expires_at, enrolment, shop.id, shop.name, campaign.id, campaign.name"
        " FROM pairing_code JOIN shop ON shop.campaign = pairing_code.campaign AND shop.id = shop"
        " JOIN campaign ON campaign.id = shop.campaign WHERE digest = ?",
        (_digest(tidy_code(typed)),),
    ).fetchone()
    if row is None:
        raise refuse("code-unknown", "check the 8 characters, or ask the organiser for a new code")
    shop, campaign = Named(id=row[3], name=row[4]), Named(id=row[5], name=row[6])
    return _Code(row[0], row[1], row[2], shop, campaign)


def _check_repeated(db: Db, code: _Code, applicant: Applicant) -> None:
    used_by = db.execute(
        "SELECT till, epoch, kid FROM enrolment JOIN identity USING (till, epoch)"
        " WHERE campaign = ? AND id = ?",
        (code.campaign.id, code.enrolment),
    ).fetchone()
    if used_by != (applicant.request.till, applicant.request.epoch, applicant.key.kid):
        raise refuse("code-used", "ask the organiser for a new code")


def _check_epoch(db: Db, applicant: Applicant, campaign: str) -> None:
    request, kid = applicant.request, applicant.key.kid
    known = identities(db, request.till)
    latest = known[-1] if known else None
    if latest is not None and request.epoch < latest.epoch:
        raise refuse("epoch-conflict", f"epoch {latest.epoch} is open", epoch=latest.epoch)
    if latest is not None and request.epoch == latest.epoch:
        _check_same_epoch(db, applicant, latest, campaign)
    elif db.execute("SELECT 1 FROM identity WHERE kid = ?", (kid,)).fetchone():
        raise refuse("key-conflict", f"key {kid}: a later epoch needs a new key")


def _check_same_epoch(db: Db, applicant: Applicant, latest: Identity, campaign: str) -> None:
    """An epoch may join another campaign, with the key it has."""
    if applicant.key.kid != latest.kid:
        raise refuse("key-conflict", f"epoch {latest.epoch} has another key", epoch=latest.epoch)
    if latest.quarantine is not None:
        raise refuse("quarantined", latest.quarantine, epoch=latest.epoch)
    if db.execute(
        "SELECT 1 FROM enrolment WHERE till = ? AND epoch = ? AND campaign = ?",
        (latest.till, latest.epoch, campaign),
    ).fetchone():
        detail = f"epoch {latest.epoch} is enrolled in {campaign}; a later one is needed"
        raise refuse("epoch-conflict", detail, epoch=latest.epoch)


def _insert(db: Db, applicant: Applicant, code: _Code, digits: str, now: str) -> None:
    request, key = applicant.request, applicant.key
    db.execute(
        "INSERT INTO identity (till, epoch, kid, spki, since) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (till, epoch) DO NOTHING",
        (request.till, request.epoch, key.kid, key.spki, now),
    )
    campaign = code.campaign.id
    enrolment = next_number(db, "enrolment", campaign)
    db.execute(
        "INSERT INTO enrolment (campaign, id, till, epoch, shop, shop_till, software, fingerprint,"
        " enrolled_at, head_number, head_digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)",
        (
            *(campaign, enrolment, request.till, request.epoch, code.shop.id),
            *(request.shop_till, request.software, digits, now, NO_DIGEST),
        ),
    )
    db.execute(
        "UPDATE pairing_code SET enrolment = ? WHERE campaign = ? AND digest = ?",
        (enrolment, campaign, code.digest),
    )


def _keep_earlier(db: Db, applicant: Applicant, now: str) -> None:
    """Keep what else the till signed with, for its entries alone: nobody is let in by such a key.

    Whoever has the code speaks for the whole past of his till. A key that was let in keeps the
    epoch that it was let in with (auth.signers).
    """
    db.executemany(
        "INSERT INTO earlier_key (till, kid, epoch, spki, since) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (till, kid) DO NOTHING",
        [
            (applicant.request.till, one.key.kid, one.epoch, one.key.spki, now)
            for one in applicant.earlier
        ],
    )


def _earlier(one: EarlierKey) -> Signer:
    return Signer(one.epoch, VerifyKey.from_pem(one.public_key.encode("utf-8")))


def _acknowledged(db: Db, request: EnrolmentRequest, campaign: str) -> int:
    row = db.execute(
        "SELECT head_number FROM enrolment WHERE till = ? AND epoch = ? AND campaign = ?",
        (request.till, request.epoch, campaign),
    ).fetchone()
    return int(row[0]) if row else 0


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode("utf-8")).digest()
