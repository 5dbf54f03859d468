"""What an organiser decided about a campaign's money, beside its rules."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta

from sync.contract.messages import Message
from sync.contract.rewards.rules import AMOUNT_CENTS_MAX, Amount, Rate
from sync.contract.rewards.split import Mode

LEASE_HOURS: Final = 24
Postcodes: TypeAlias = Annotated[str, Meta(pattern="^[0-9]{2,5}$")]


class Settings(Message, frozen=True, omit_defaults=False):
    """Amounts in cents, shares in basis points.

    `share_mode`: how funds share a reward. A till is leased `lease_min` to `lease_max`, and all
    open leases together no more than `leased_share` of what is left; `risk_share` of all that was
    pledged may be set aside for vouchers taken offline. `pacing`: of what is left, a day may use so
    many percent of its even share; 0 for no such bound. A wallet may owe up to `wallet_floor`.
    `territory`: the postcodes of its shops, or how they begin; empty for no bound.
    Shops are paid from `settle_min` on, by `debtor_name` out of the account `debtor_iban`.
    """

    share_mode: Mode = "pro_rata"
    lease_min: Amount = 2_000
    lease_max: Amount = 20_000
    leased_share: Rate = 1_500
    risk_share: Rate = 1_000
    pacing: Annotated[int, Meta(ge=0, le=1_000)] = 0
    wallet_floor: Amount = 2_000
    territory: Annotated[tuple[Postcodes, ...], Meta(max_length=200)] = ()
    settle_min: Annotated[int, Meta(ge=1, le=AMOUNT_CENTS_MAX)] = 1
    debtor_name: Annotated[str, Meta(max_length=70)] = ""
    debtor_iban: Annotated[str, Meta(pattern=r"^([A-Z]{2}[0-9]{2}[A-Z0-9]{11,30})?$")] = ""


def read(text: str) -> Settings:
    """Settings as they are kept."""
    return msgspec.json.decode(text, type=Settings)


def write(settings: Settings) -> str:
    """Settings as they are kept."""
    return msgspec.json.encode(settings).decode("utf-8")
