"""Claiming what a receipt earned: a secret that only this receipt's holder has.

The till's chain says the secret's hash; the QR on the receipt carries the secret, signed by the
till, so that a phone can bring the sale to the server before the till can. The same secret is
printed as a code to type. Whoever comes first has it, once for ever.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sync.contract import token
from sync.contract.canonical import INTEGER_MAX
from sync.contract.errors import Malformed
from sync.contract.jws import SigningKey, VerifyKey
from sync.contract.rewards.rules import REWARD_CENTS_MAX
from sync.contract.token import Token

KIND: Final = token.Kind("C1", b"caisse/claim/1", "the claim of a receipt", members=6, more=1)
SECRET_BYTES: Final = 10
CODE_CHARS: Final = 16
_EPOCH: Final = date(1970, 1, 1)
# 32 signs without I, L, O, U; what people type for them is read as what they saw.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SEEN_AS: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})


@dataclass(frozen=True, slots=True)
class Claim:
    """What a receipt's QR says: which entry of which till, how much, and the secret.

    `covered` is what the till's leases cover of the amount, in cents; None for all of it. Only so
    much may be paid before the entry arrives: the leases' rest was promised to others.
    """

    till: str
    epoch: int
    number: int
    amount: int
    day: date
    secret: bytes
    covered: int | None = None

    @property
    def sure(self) -> int:
        """What may be paid before the entry arrives, in cents."""
        return self.amount if self.covered is None else self.covered

    @property
    def hash(self) -> str:
        """What the till's chain says of it."""
        return claim_hash(self.secret)


@dataclass(frozen=True, slots=True)
class SignedClaim:
    """A claim as it was read, its signature not verified yet."""

    claim: Claim
    token: Token

    def check(self, key: VerifyKey) -> None:
        """Raise BadSignature unless this till's key signed it."""
        self.token.check(key)


def claim_hash(secret: bytes) -> str:
    """SHA-256 of a claim's secret, in hexadecimal."""
    return hashlib.sha256(secret).hexdigest()


def write(claim: Claim, key: SigningKey) -> str:
    """The text of a claim, signed by the till's key."""
    days = (claim.day - _EPOCH).days
    more = () if claim.sure == claim.amount else (claim.sure,)
    return KIND.write(
        *(key, UUID(claim.till).bytes, claim.epoch, claim.number, claim.amount, days),
        *(claim.secret, *more),
    )


def read(text: str) -> SignedClaim:
    """The claim of a text; Malformed when it is none."""
    found, (till, epoch, number, amount, day, secret, *more) = KIND.read(text)
    cents = token.whole(amount, REWARD_CENTS_MAX, "an amount in cents", 1)
    claim = Claim(
        till=str(UUID(bytes=token.octets(till, 16, "a till"))),
        epoch=token.whole(epoch, 2**31 - 1, "an epoch", 1),
        number=token.whole(number, INTEGER_MAX, "an entry's number", 1),
        amount=cents,
        day=_EPOCH + timedelta(days=token.whole(day, 65_535, "a day")),
        secret=token.octets(secret, SECRET_BYTES, "a secret"),
        covered=token.whole(more[0], cents, "the cents that leases cover") if more else None,
    )
    return SignedClaim(claim, found)


def address(origin: str, text: str) -> str:
    """The address that the QR holds: in upper case, so that it fits QR's alphanumeric mode."""
    return f"{origin.upper()}/C/{text}"


def code(secret: bytes) -> str:
    """A secret as it is printed: four groups of four signs."""
    number = int.from_bytes(secret, "big")
    signs = [_ALPHABET[number >> 5 * place & 31] for place in reversed(range(CODE_CHARS))]
    return "-".join("".join(signs[at : at + 4]) for at in range(0, CODE_CHARS, 4))


def read_code(typed: str) -> bytes:
    """The secret of a printed code as somebody typed it; Malformed with what was expected."""
    plain = "".join(c for c in typed.upper() if c not in " -\t.").translate(_SEEN_AS)
    if len(plain) != CODE_CHARS:
        raise Malformed(f"expected {CODE_CHARS} characters, got {len(plain)}")
    wrong = next((c for c in plain if c not in _ALPHABET), None)
    if wrong is not None:
        raise Malformed(f"no code has a {wrong!r}")
    number = 0
    for sign in plain:
        number = number << 5 | _ALPHABET.index(sign)
    return number.to_bytes(SECRET_BYTES, "big")
