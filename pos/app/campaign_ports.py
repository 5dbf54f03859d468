"""What the use cases need of campaigns: what this till did in them, and what it asks of them.

Bound once in bootstrap, like those of `ports`. The contract is named for types only: a till that
takes part in no campaign does not load it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from pos.domain.money import Cents

if TYPE_CHECKING:
    from sync.contract.calls import NewReservation, Reservation
    from sync.contract.grants import Grants
    from sync.contract.jws import SigningKey
    from sync.contract.status_list import StatusList


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was drawn from a lease, in cents; a closed one is drawn on no more."""

    cents: Cents = 0
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Unsure:
    """Vouchers that were taken unseen: how many, and for how much."""

    count: int = 0
    cents: Cents = 0


@dataclass(frozen=True, slots=True)
class TicketRewards:
    """What a ticket earned (as it is worth now) and was paid with, and what came back of it.

    `number` is its entry's in the campaign's chain; `returned` in cents of goods, `reissued` what
    of that was given back as a reward.
    """

    number: int
    earned: Cents
    redeemed: Cents
    returned: Cents = 0
    reissued: Cents = 0


@dataclass(frozen=True, slots=True)
class KeptClaim:
    """What a ticket's holder can claim: the secret in hexadecimal, or a voucher handed out."""

    campaign: str
    number: int
    part: int
    ticket: int
    epoch: int
    amount: Cents
    day: str
    secret: str
    voucher: str = ""


class RewardBook(Protocol):
    """What this till did in its campaigns, as the entries of their chains say."""

    def drawn(self, campaign: str) -> Mapping[int, Drawn]:
        """What was drawn from each lease."""

    def was(self, what: Literal["taken", "handed"], place: tuple[str, int, int]) -> bool:
        """Whether a voucher (campaign, batch, index) was taken or handed out here."""

    def unsure(self, campaign: str, after: int) -> Unsure:
        """The vouchers taken unseen in entries after a number of the campaign's chain."""

    def ticket(self, campaign: str, ticket: int) -> TicketRewards | None:
        """What a ticket earned and was paid with; None when that was nothing."""

    def claims(self, ticket: int) -> tuple[KeptClaim, ...]:
        """What the holder of a ticket can claim."""


@dataclass(frozen=True, slots=True)
class CampaignLink:
    """How far the sync with the campaigns is, for the status bar."""

    campaigns: tuple[str, ...] = ()
    waiting: int = 0
    oldest_at: str | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class ListedAt:
    """A status list, and when its server made it (ISO 8601)."""

    statuses: StatusList
    at: str


class Identity(Protocol):
    """Who this till is, and its key for what is neither entry nor message: claims, challenges."""

    @property
    def till(self) -> str:
        """Its UUID."""

    @property
    def epoch(self) -> int:
        """Its present epoch."""

    @property
    def key(self) -> SigningKey:
        """The key of that epoch."""


class Campaigns(Protocol):
    """The campaigns that this till is enrolled in."""

    def active(self) -> tuple[str, ...]:
        """Ids of the campaigns whose chain a sale is written to."""

    def link(self) -> CampaignLink:
        """How far the sync is."""

    def grants(self) -> tuple[Grants, ...]:
        """What the active campaigns granted this till, by id; those that cannot be read are not."""

    def status_list(self, campaign: str, batch: int) -> ListedAt | None:
        """The newest status list of a batch of vouchers that is here."""

    def reserve(self, wish: NewReservation, key: str) -> Reservation:
        """Ask the campaign's server to hold a voucher; from any thread, 1.5 s at most.

        The same key asks the same question again. Raises VoucherRefused, or NoAnswer when nobody
        could say, with `perhaps` when it may be held all the same.
        """

    def forget(self, wish: NewReservation, key: str) -> None:
        """Let go what a server may hold by a question that it did not answer; as `release`."""

    def release(self, campaign: str, reservation: str) -> None:
        """Let a held voucher go; from any thread, and no matter whether anybody hears it."""
