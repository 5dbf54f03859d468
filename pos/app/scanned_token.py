"""What a long scanned text is, when it is no article: something of a campaign."""

from __future__ import annotations

from typing import Final

from pos.domain.rewards import Refusal
from sync.contract import claims, courier, member_card, voucher

# What belongs before the customer's phone, or before nothing of this till.
_ELSEWHERE: Final = (
    (claims.KIND, Refusal.CLAIM),
    (courier.KIND, Refusal.CHALLENGE),
    (member_card.KIND, Refusal.CARD),
)


def is_token(text: str) -> bool:
    """Whether a scanned text is something of a campaign: a voucher, or what is no use here."""
    return voucher.looks_like(text) or why_not(text) is not None


def why_not(text: str) -> Refusal | None:
    """Why a till takes no such thing; None for all that is not of a campaign, and for vouchers.

    Receipts and screens show it at the end of an address.
    """
    end = text.strip().rpartition("/")[2]
    return next((refusal for kind, refusal in _ELSEWHERE if kind.looks_like(end)), None)
