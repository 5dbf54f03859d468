"""Calls that need an answer while the shopper waits: whether a voucher is good, and taken now.

Each carries an Idempotency-Key; the same key with another body is refused. What becomes of a
reservation is said by the till's chain: the entry that redeems it, or the one that releases it.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta

from sync.contract.messages import CampaignId, Message, ShortText, Uuid
from sync.contract.operations import VoucherRef
from sync.contract.rewards.rules import Amount, Moment

CALL_SECONDS_MAX: Final = 1.5
RESERVATION_MINUTES: Final = 15
VOUCHER_CHARS_MAX: Final = 400
ONLINE_CODE_LENGTH: Final = 10


class NewReservation(Message, frozen=True):
    """The body of POST /v1/tills/{till}/reservations.

    `voucher` is a token (B1...) or the short code that is shown beside it; `sale` is the till's id
    of the sale under way, `due` what is still to pay, in cents.
    """

    campaign: CampaignId
    voucher: Annotated[str, Meta(min_length=4, max_length=VOUCHER_CHARS_MAX)]
    sale: Uuid
    due: Amount


class Reservation(Message, frozen=True):
    """201 of POST /v1/tills/{till}/reservations: the voucher waits for this till's entry.

    After `expires_at` it is free again as soon as the till's chain shows that it was not used.
    """

    id: ShortText
    voucher: VoucherRef
    value: Amount
    funding: Literal["tender", "discount"]
    expires_at: Moment


class Released(Message, frozen=True):
    """200 of DELETE /v1/tills/{till}/reservations/{id}: the shopper may spend it elsewhere."""

    id: ShortText
