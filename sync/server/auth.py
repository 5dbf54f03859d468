"""Who is asking: a till by a token of its own key, an organiser by the admin token or a session."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from sync.contract.errors import ContractError
from sync.contract.jws import VerifyKey
from sync.contract.messages import (
    TOKEN_LEEWAY_SECONDS,
    TOKEN_LIFETIME_SECONDS,
    TOKEN_TYP,
    Claims,
    open_signed,
)
from sync.server.errors import refuse
from sync.server.store.db import Db


@dataclass(frozen=True, slots=True)
class Identity:
    """A till under one epoch, by the key it enrolled with."""

    till: str
    epoch: int
    kid: str
    spki: bytes
    quarantine: str | None

    @property
    def key(self) -> VerifyKey:
        """Its public key."""
        return key_of(self.spki)

    def require_free(self) -> None:
        """Refuse a till that is quarantined in its epoch."""
        if self.quarantine is not None:
            raise refuse("quarantined", self.quarantine, epoch=self.epoch)


class Signer(NamedTuple):
    """A key of a till's past or present, and the epoch that it signs for."""

    epoch: int
    key: VerifyKey


def identities(db: Db, till: str) -> list[Identity]:
    """All epochs of a till, in order; empty for an unknown one."""
    rows = db.execute(
        "SELECT till, epoch, kid, spki, quarantine FROM identity WHERE till = ? ORDER BY epoch",
        (till,),
    )
    return [Identity(*row) for row in rows]


def signers(db: Db, till: str) -> Mapping[str, Signer]:
    """The keys whose entries and receipts a till answers for, by their `kid`.

    Those it was let in with, and those it handed over for epochs that never were: two copies of a
    till may each have had a key of the same epoch.
    """
    rows = db.execute(
        "SELECT kid, epoch, spki, 0 AS let_in FROM earlier_key WHERE till = ? UNION ALL"
        " SELECT kid, epoch, spki, 1 FROM identity WHERE till = ? ORDER BY let_in",
        (till, till),
    )
    return {kid: Signer(epoch, key_of(bytes(spki))) for kid, epoch, spki, _ in rows.fetchall()}


def bearer(header: str) -> str:
    """The token of an Authorization header; Refused when there is none."""
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise refuse("unauthorised", "expected Authorization: Bearer TOKEN")
    return token.strip()


def check_till_token(
    token: str, till: str, known: Sequence[Identity], origins: frozenset[str], now: datetime
) -> Identity:
    """Verify a till's token (an ES256 JWT, RFC 7519) for the till that an address names.

    Raises Refused: unauthorised, clock-skew, other-till or epoch-closed.
    """
    try:
        claims, signed = open_signed(token, TOKEN_TYP, Claims)
        identity = next((one for one in known if one.kid == signed.kid), None)
        if identity is None:
            raise refuse("unauthorised", "no till is known by this key")
        signed.check(identity.key)
    except ContractError as error:
        raise refuse("unauthorised", str(error)) from error
    if claims.iss != till or claims.sub != till:
        raise refuse("other-till", f"the token speaks for {claims.sub}")
    if claims.aud not in origins:
        raise refuse("unauthorised", f"the token is for {claims.aud[:100]!r}")
    _check_time(claims, now)
    if identity.epoch != known[-1].epoch:
        raise refuse("epoch-closed", f"epoch {identity.epoch}", epoch=known[-1].epoch)
    return identity


def _check_time(claims: Claims, now: datetime) -> None:
    seconds = int(now.timestamp())
    if not 0 < claims.exp - claims.iat <= TOKEN_LIFETIME_SECONDS:
        raise refuse("unauthorised", f"expected a lifetime of {TOKEN_LIFETIME_SECONDS} s at most")
    early = claims.iat - TOKEN_LEEWAY_SECONDS
    late = claims.exp + TOKEN_LEEWAY_SECONDS
    if not early <= seconds <= late:
        raise refuse("clock-skew", f"issued at {claims.iat}, it is {seconds}", time=stamp(now))


class Organiser:
    """Checks the machine's admin token."""

    def __init__(self, admin_token: str) -> None:
        self._digest = digest(admin_token)

    def knows(self, token: str) -> bool:
        """Whether this is the admin token, in constant time."""
        return hmac.compare_digest(digest(token), self._digest)


def stamp(now: datetime) -> str:
    """A time as the server writes it: ISO 8601, milliseconds, with its offset."""
    return now.isoformat(timespec="milliseconds")


def digest(text: str) -> bytes:
    """What is kept of a secret that was made at random: SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()


@lru_cache(maxsize=4096)
def key_of(spki: bytes) -> VerifyKey:
    """The key of these bytes (SubjectPublicKeyInfo, DER), read once; Malformed for other bytes."""
    return VerifyKey.from_spki(spki)
