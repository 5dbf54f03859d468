"""What a wallet's holder takes away: all that the server knows of it (GDPR, articles 15 and 20).

Amounts are integer cents, times ISO 8601 with offset, days YYYY-MM-DD. The secrets that spend are
not in it, so that the file can be kept or shown.
"""

from __future__ import annotations

from sync.contract.messages import CampaignId, Message


class KnownEarn(Message, frozen=True, omit_defaults=False):
    """A reward: where, for which day's purchase, on what base, and what became of it."""

    shop: str
    day: str
    kind: str
    base: int
    amount: int
    state: str
    ready_at: str
    reason: str


class KnownVoucher(Message, frozen=True, omit_defaults=False):
    """A voucher of the wallet; `shop` and `used_at` say where and when it was spent."""

    batch: int
    index: int
    value: int
    state: str
    issued_at: str
    last_day: str
    shop: str
    used_at: str | None


class KnownPayment(Message, frozen=True, omit_defaults=False):
    """What the phone paid to a till without network."""

    at: str
    cents: int
    state: str


class KnownVisit(Message, frozen=True, omit_defaults=False):
    """A shop and a day, kept to know who comes back."""

    shop: str
    day: str


class KnownClaim(Message, frozen=True, omit_defaults=False):
    """A receipt that was claimed: its day, when, and what it promised."""

    day: str
    at: str
    promised: int


class KnownUse(Message, frozen=True, omit_defaults=False):
    """How much of a limit for one person was used, in a day, a week or the campaign."""

    action: str
    period: str
    used: int


class KnownWallet(Message, frozen=True, omit_defaults=False):
    """A wallet in a campaign. `is_complete` is false when a list was longer than is given out."""

    campaign: CampaignId
    name: str
    member: str
    created_at: str
    seen_at: str
    available: int
    pending: int
    earns: list[KnownEarn]
    vouchers: list[KnownVoucher]
    payments: list[KnownPayment]
    visits: list[KnownVisit]
    claims: list[KnownClaim]
    limits: list[KnownUse]
    is_complete: bool


class WalletExport(Message, frozen=True, omit_defaults=False):
    """200 of GET /porte-monnaie/donnees: the wallets of a browser."""

    at: str
    wallets: list[KnownWallet]
