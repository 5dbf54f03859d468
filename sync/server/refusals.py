"""What a refusal says to a person on a page: a sentence's name and its values.

Programs read the problem, whose detail is technical and English. Words: sync.server.refusal_words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

OfPlaces: TypeAlias = Literal["no-campaign", "no-shop"]
OfAccounts: TypeAlias = Literal[
    "accounts-full", "account-disabled", "invitation-over", "no-account"
]
OfCampaigns: TypeAlias = Literal[
    "state-step", "no-rules", "funds-changed", "funds-full", "sponsors-full"
]
OfFindings: TypeAlias = Literal[
    "no-finding", "finding-decided", "finding-unowed", "finding-unpayable"
]
OfSettlements: TypeAlias = Literal[
    "nobody-owed",
    "no-settlement",
    "bank-answered",
    "line-answered",
    "line-missing",
    "statement-long",
    "payer-missing",
    "part-empty",
    "payment-day",
]
OfTheEnd: TypeAlias = Literal["not-ended", "still-arrives", "still-owed", "audit-fails"]
OfShops: TypeAlias = Literal[
    "shop-tillless", "carnet-wish", "code-days", "sticker-sheets", "list-gone"
]
OfShoppers: TypeAlias = Literal[
    "no-wallet",
    "not-sure",
    "wallet-short",
    "voucher-gone",
    "voucher-held",
    "voucher-over",
    "voucher-values",
    "payment-taken",
    "payment-returned",
    "till-unknown",
    "till-elsewhere",
    "receipt-unknown",
    "receipt-elsewhere",
    "receipt-awaited",
    "campaign-unlisted",
    "shop-unlisted",
]
Sentence: TypeAlias = Literal[
    OfPlaces,
    OfAccounts,
    OfCampaigns,
    OfFindings,
    OfSettlements,
    OfTheEnd,
    OfShops,
    OfShoppers,
]


@dataclass(frozen=True, slots=True)
class Say:
    """A sentence; `values` are its places: cents, numbers, ISO moments, names of states."""

    sentence: Sentence
    values: Mapping[str, Any]


def say(sentence: Sentence, /, **values: Any) -> Say:
    """A sentence with its values."""
    return Say(sentence, values)
