"""What a sponsor gives: how much, for what, where and when."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from sync.contract.messages import Message, Name
from sync.contract.rewards.rules import AMOUNT_CENTS_MAX

SponsorKind: TypeAlias = Literal[
    "city", "epci", "region", "state", "cci", "association", "brand", "merchant"
]
Purpose: TypeAlias = Literal["rewards", "fee"]


class Restriction(Message, frozen=True):
    """Where and when a fund may be used; empty for everywhere, always. Days are included."""

    districts: Annotated[tuple[str, ...], Meta(max_length=100)] = ()
    nafs: Annotated[tuple[str, ...], Meta(max_length=100)] = ()  # beginnings of codes, rev. 2
    from_day: str | None = None
    until_day: str | None = None


class NewFund(Message, frozen=True):
    """Money that a sponsor gives. Operator's fees are never mixed with reward money."""

    sponsor: Name
    kind: SponsorKind
    name: Name
    cents: Annotated[int, Meta(ge=1, le=AMOUNT_CENTS_MAX)]
    purpose: Purpose = "rewards"
    restriction: Restriction = Restriction()
