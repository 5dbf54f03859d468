"""Paying a till that has no network, by the shopper's phone which has one.

The till shows a challenge, signed by it; the phone brings it to the server, which pays out of the
shopper's wallet and gives eight digits to type at the till. Only the server and this till can work
them out: their secret is the Diffie-Hellman agreement of their keys.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sync.contract import cose, token
from sync.contract.jws import SigningKey, VerifyKey
from sync.contract.rewards.rules import REWARD_CENTS_MAX
from sync.contract.token import Token

KIND: Final = token.Kind("P1", b"caisse/courier/1", "a challenge", members=5)
NONCE_BYTES: Final = 8
DIGITS: Final = 8
_INFO: Final = b"comptoir-courier-1"


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a till asks a phone to pay, in cents; `campaign` is the tag of whose wallets may."""

    till: str
    epoch: int
    campaign: bytes
    amount: int
    nonce: bytes


@dataclass(frozen=True, slots=True)
class SignedChallenge:
    """A challenge as it was read, its signature not verified yet."""

    challenge: Challenge
    token: Token

    def check(self, key: VerifyKey) -> None:
        """Raise BadSignature unless this till's key signed it."""
        self.token.check(key)


def write(challenge: Challenge, key: SigningKey) -> str:
    """The text of a challenge, signed by the till's key."""
    till = UUID(challenge.till).bytes
    campaign, amount = challenge.campaign, challenge.amount
    return KIND.write(key, till, challenge.epoch, campaign, amount, challenge.nonce)


def read(text: str) -> SignedChallenge:
    """The challenge of a text; Malformed when it is none."""
    found, (till, epoch, campaign, amount, nonce) = KIND.read(text)
    challenge = Challenge(
        till=str(UUID(bytes=token.octets(till, 16, "a till"))),
        epoch=token.whole(epoch, 2**31 - 1, "an epoch", 1),
        campaign=token.octets(campaign, token.TAG_BYTES, "a campaign's tag"),
        amount=token.whole(amount, REWARD_CENTS_MAX, "an amount in cents", 1),
        nonce=token.octets(nonce, NONCE_BYTES, "a nonce"),
    )
    return SignedChallenge(challenge, found)


def address(origin: str, text: str) -> str:
    """The address that the QR holds: in upper case, so that it fits QR's alphanumeric mode."""
    return f"{origin.upper()}/P/{text}"


def shared_secret(own: SigningKey, other: VerifyKey) -> bytes:
    """The secret of a till and its server: ECDH on P-256, then HKDF-SHA256 (RFC 5869)."""
    return HKDF(SHA256(), 32, salt=None, info=_INFO).derive(own.shared_with(other))


def answer(secret: bytes, challenge: Challenge) -> str:
    """The eight digits that prove that the server paid this challenge.

    HMAC-SHA256 modulo 10^8: of 2^256 values the bias is below 2^-229.
    """
    till, asked = UUID(challenge.till).bytes, (challenge.campaign, challenge.amount)
    said = cose.encode([till, challenge.epoch, *asked, challenge.nonce])
    digest = hmac.new(secret, said, sha256).digest()
    return f"{int.from_bytes(digest, 'big') % 10**DIGITS:0{DIGITS}}"


def matches(secret: bytes, challenge: Challenge, typed: str) -> bool:
    """Whether the typed digits answer a challenge, in constant time; spaces do not matter."""
    plain = "".join(c for c in typed if not c.isspace())
    return plain.isascii() and hmac.compare_digest(plain, answer(secret, challenge))
