"""A voucher on paper or on a phone: "B1" and a signed text of 160 to 180 characters.

Fixed value, single use, no change; no personal data. Batch and index are its place in a status
list (RFC-to-be draft-ietf-oauth-status-list). Values are integer cents, days count from 1970-01-01
and both are included.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum, IntFlag
from typing import Final

from sync.contract import token
from sync.contract.errors import Malformed
from sync.contract.jws import SigningKey, VerifyKey
from sync.contract.token import Token

KIND: Final = token.Kind("B1", b"caisse/bon/1", "a voucher", members=9)
_EPOCH: Final = date(1970, 1, 1)
_DAY_MAX: Final = 65_535
_NUMBER_MAX: Final = 2**31 - 1
VALUE_CENTS_MAX: Final = 100_000


class Audience(IntEnum):
    """Who may take it."""

    ANY = 0  # every shop of the campaign
    SHOP = 1  # the shop of this number
    GROUP = 2  # the shops of the district of this number
    TILL = 3  # the till of this number


class Flag(IntFlag):
    """What else holds for it."""

    SINGLE_USE = 1
    OFFLINE_OK = 2  # may be taken without asking, within the policy
    NO_CHANGE = 4
    TEST = 8  # for trying out: never money
    SHOP_FUNDED = 16  # a discount of the shop's own, not money that somebody owes it


USUAL: Final = Flag.SINGLE_USE | Flag.OFFLINE_OK | Flag.NO_CHANGE


@dataclass(frozen=True, slots=True)
class Voucher:
    """What a voucher says."""

    batch: int
    index: int
    value: int
    first_day: date
    last_day: date
    audience: Audience = Audience.ANY
    audience_id: int = 0
    flags: Flag = USUAL
    min_spend: int = 0


@dataclass(frozen=True, slots=True)
class SignedVoucher:
    """A voucher as it was read, its signature not verified yet."""

    voucher: Voucher
    token: Token

    @property
    def text(self) -> str:
        """The token, tidied."""
        return self.token.text

    @property
    def kid(self) -> bytes:
        """The first bytes of the name of the campaign's key that should have signed it."""
        return self.token.kid

    def check(self, key: VerifyKey) -> None:
        """Raise BadSignature unless this key signed it."""
        self.token.check(key)


def write(voucher: Voucher, key: SigningKey) -> str:
    """The text of a voucher, signed by a campaign's key."""
    return KIND.write(
        key,
        voucher.batch,
        voucher.index,
        voucher.value,
        _number(voucher.first_day),
        _number(voucher.last_day),
        int(voucher.audience),
        voucher.audience_id,
        int(voucher.flags),
        voucher.min_spend,
    )


def read(text: str) -> SignedVoucher:
    """The voucher of a scanned text; Malformed when it is none."""
    found, members = KIND.read(text)
    batch, index, value, first, last, audience, audience_id, flags, min_spend = members
    return SignedVoucher(
        Voucher(
            batch=token.whole(batch, _NUMBER_MAX, "a batch", 1),
            index=token.whole(index, _NUMBER_MAX, "an index"),
            value=token.whole(value, VALUE_CENTS_MAX, "a value in cents", 1),
            first_day=_day(token.whole(first, _DAY_MAX, "a day")),
            last_day=_day(token.whole(last, _DAY_MAX, "a day")),
            audience=_audience(audience),
            audience_id=token.whole(audience_id, _NUMBER_MAX, "an audience"),
            flags=Flag(token.whole(flags, int(~Flag(0)), "flags")),
            min_spend=token.whole(min_spend, VALUE_CENTS_MAX, "a minimum in cents"),
        ),
        found,
    )


def looks_like(text: str) -> bool:
    """Whether a scanned text wants to be a voucher."""
    return KIND.looks_like(text)


def _audience(value: object) -> Audience:
    try:
        return Audience(token.whole(value, max(Audience), "a kind of audience"))
    except ValueError as error:
        raise Malformed("expected a kind of audience") from error


def _number(day: date) -> int:
    return (day - _EPOCH).days


def _day(number: int) -> date:
    return _EPOCH + timedelta(days=number)
