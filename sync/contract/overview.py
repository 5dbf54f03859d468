"""What an organiser reads: GET /v1/status, and the health check. Amounts are integer cents."""

from __future__ import annotations

from typing import Literal, TypeAlias

from sync.contract.messages import CampaignId, Epoch, Message, Name, Uuid


class Turnover(Message, frozen=True, omit_defaults=False):
    """Sums of accepted entries: refunds count in `refunds` and lower the total."""

    sales: int
    refunds: int
    total_cents: int


class TurnoverDay(Turnover, frozen=True, omit_defaults=False):
    """The turnover of one business day, as YYYY-MM-DD."""

    day: str


class ClosingStatus(Message, frozen=True):
    """A till's own Z of a day beside what this server booked for that till and day."""

    day: str
    total_cents: int
    tickets: int
    booked_cents: int
    booked_tickets: int
    agrees: bool


TillState: TypeAlias = Literal["active", "quarantined", "closed"]


class TillStatus(Message, frozen=True):
    """A till under one epoch. `closed` means that a later epoch has taken over."""

    till: Uuid
    shop_till: str
    epoch: Epoch
    state: TillState
    fingerprint: str
    software: str
    enrolled_at: str
    last_number: int
    rejected: int
    last_entry_at: str | None = None
    last_received_at: str | None = None
    quarantine: str | None = None
    quarantined_at: str | None = None
    last_closing: ClosingStatus | None = None


class ShopStatus(Message, frozen=True):
    """A shop, its tills, and its last days."""

    id: Uuid
    name: Name
    turnover: Turnover
    days: list[TurnoverDay]
    tills: list[TillStatus]


class CampaignStatus(Message, frozen=True):
    """A campaign: the turnover of all its shops, and those of its shops that are on this page."""

    id: CampaignId
    name: Name
    turnover: Turnover
    days: list[TurnoverDay]
    shops_count: int
    shops: list[ShopStatus]


class Status(Message, frozen=True):
    """200 of GET /v1/status. Days are the latest first; shops are paged over all campaigns."""

    time: str
    page: int
    pages: int
    campaigns: list[CampaignStatus]


class Health(Message, frozen=True, omit_defaults=False):
    """200 of GET /healthz."""

    status: Literal["ok"] = "ok"
