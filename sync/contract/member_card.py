"""A shopper's card on the phone: it says which wallet a sale's reward goes to, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sync.contract import token
from sync.contract.jws import SigningKey, VerifyKey
from sync.contract.token import Token

KIND: Final = token.Kind("M1", b"caisse/member/1", "a card", members=2)
MEMBER_BYTES: Final = 8
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class MemberCard:
    """A wallet's pseudonym (16 hexadecimal digits) and the last day on which the card counts."""

    member: str
    last_day: date


@dataclass(frozen=True, slots=True)
class SignedCard:
    """A card as it was read, its signature not verified yet."""

    card: MemberCard
    token: Token

    @property
    def kid(self) -> bytes:
        """The first bytes of the name of the campaign's key that should have signed it."""
        return self.token.kid

    def check(self, key: VerifyKey) -> None:
        """Raise BadSignature unless this campaign's key signed it."""
        self.token.check(key)


def write(card: MemberCard, key: SigningKey) -> str:
    """The text of a card, signed by a campaign's key."""
    return KIND.write(key, bytes.fromhex(card.member), (card.last_day - _EPOCH).days)


def read(text: str) -> SignedCard:
    """The card of a scanned text; Malformed when it is none."""
    found, (member, day) = KIND.read(text)
    last_day = _EPOCH + timedelta(days=token.whole(day, 65_535, "a day"))
    return SignedCard(
        MemberCard(token.octets(member, MEMBER_BYTES, "a wallet").hex(), last_day), found
    )


def looks_like(text: str) -> bool:
    """Whether a scanned text wants to be a card."""
    return KIND.looks_like(text)
