"""What the use cases need from the world: each port is a Protocol, bound once in bootstrap.

Work that must be recorded runs as a function on the one writer thread, inside one transaction: it
either happens whole or not at all, and its Future is done only when it is on disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeVar

from pos.domain.catalogue import Product, QuickKey
from pos.domain.money import Cents, Thousandths
from pos.domain.payment import Attempt
from pos.domain.sale import Sale
from pos.domain.vat import Amounts
from sync.contract.entry import Entry

if TYPE_CHECKING:
    from sync.contract.calls import NewReservation, Reservation
    from sync.contract.grants import Grants
    from sync.contract.jws import SigningKey
    from sync.contract.status_list import StatusList

T = TypeVar("T")


class Role(StrEnum):
    """What a person may do; a trainee's sales are training."""

    CASHIER = "cashier"
    MANAGER = "manager"
    TRAINEE = "trainee"


@dataclass(frozen=True, slots=True)
class Staff:
    """A person who signs on. Only `code` ever reaches the journal."""

    code: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Refunded:
    """What was already given back of a ticket line; quantity and amounts positive."""

    quantity: Thousandths
    amounts: Amounts


class JobState(StrEnum):
    """Where a print job stands; `unknown` waits for a person, `held` for the printer."""

    QUEUED = "queued"
    SENT = "sent"
    PRINTED = "printed"
    HELD = "held"
    UNKNOWN = "unknown"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class PrintJob:
    """A document waiting for the printer; `page` is its JSON value (pos.domain.receipt)."""

    id: str
    title: str
    page: list[dict[str, Any]]
    state: JobState = JobState.QUEUED
    reason: str = ""


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


class Transaction(Protocol):
    """One use case's writes: all of them or none."""

    @property
    def at(self) -> str:
        """The moment that its entries bear."""

    @property
    def rewards(self) -> RewardBook:
        """What the till did in its campaigns, this transaction's entries included."""

    def append(self, chain: str, data: dict[str, Any]) -> Entry:
        """Sign an entry and put it at the head of its chain."""

    def keep_claim(self, claim: KeptClaim) -> None:
        """Keep what a ticket's holder can claim."""

    def draft(self, sale_id: str) -> Sale | None:
        """The stored open or parked sale of this id."""

    def put_draft(self, sale: Sale, *, known: bool = False) -> None:
        """Store an open or parked sale (one row per sale id).

        A sale that is `known` must be stored already: SaleChanged when it was settled or cancelled.
        """

    def drop_draft(self, sale_id: str) -> None:
        """Forget a sale that was settled or cancelled."""

    def enqueue(self, job: PrintJob) -> None:
        """Put a document into the persisted spool."""

    def set_job(self, job_id: str, state: JobState, reason: str = "") -> None:
        """Note how far a print job came."""

    def refunded(self, ticket: int) -> Mapping[int, Refunded]:
        """What was given back of each line of a ticket, by line number, up to this moment."""

    def copies(self, ticket: int) -> int:
        """How often a ticket was printed, up to this moment."""

    def open_attempts(self) -> tuple[Attempt, ...]:
        """The card attempts with an open question, oldest first."""

    def last_receipt(self, terminal: str) -> str:
        """The terminal's own number of its last operation that the till knows of, or ""."""


class Ledger(Protocol):
    """The journal and the drafts beside it."""

    @property
    def rewards(self) -> RewardBook:
        """What the till did in its campaigns."""

    def run(
        self, work: Callable[[Transaction], T], operator: str, *, durable: bool = True
    ) -> Future[T]:
        """Do work in one transaction on the writer thread.

        The Future is done after the commit; with `durable` after one sync to disk. It fails with a
        PosError of the work, or with NotRecorded when the disk refused: then nothing was written.
        """

    def entry(self, chain: str, number: int) -> Entry | None:
        """The entry of this number in a chain."""

    def last(self, chain: str) -> Entry | None:
        """The newest entry of a chain."""

    def since(self, seq: int) -> Iterator[Entry]:
        """The entries after a place in the whole sequence, in order."""

    def drafts(self) -> tuple[Sale, ...]:
        """All stored open and parked sales, oldest first."""

    def open_attempts(self) -> tuple[Attempt, ...]:
        """The card attempts with an open question, oldest first."""

    def jobs(self) -> tuple[PrintJob, ...]:
        """The print jobs that are not yet printed or dropped, oldest first."""


class Catalogue(Protocol):
    """What can be sold."""

    def find(self, code: str) -> Product | None:
        """The product of a normalised code, any of its barcodes."""

    def search(self, text: str, limit: int) -> tuple[Product, ...]:
        """Products whose label has all words of the text, accents and case ignored."""

    def quick_keys(self) -> tuple[QuickKey, ...]:
        """The products on keys, by position."""


class StaffBook(Protocol):
    """Who may sign on."""

    def get(self, code: str) -> Staff | None:
        """The person of a code."""

    def check_pin(self, code: str, pin: str) -> Staff:
        """The person, if the PIN is right; UnknownStaff, WrongPin or PinDelayed."""

    def is_empty(self) -> bool:
        """Whether there is nobody who could sign on."""


class DeviceState(StrEnum):
    """How a device is, as far as the till knows."""

    MISSING = "missing"  # none set up
    UNKNOWN = "unknown"
    ONLINE = "online"
    OFFLINE = "offline"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """A device's state and, when it is not well, the key of the sentence that says why."""

    state: DeviceState
    reason: str = ""


class Printer(Protocol):
    """The receipt printer and the drawer on it. Never waits."""

    def wake(self) -> None:
        """There is something new in the spool."""

    def open_drawer(self) -> None:
        """Kick the drawer now, or not at all."""

    def health(self) -> DeviceHealth:
        """How it is."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a terminal can do beyond taking a payment: the fronts offer this and nothing else.

    `by_hand`: no line leads there, the cashier types the amount and says what it shows. `cancels`:
    the till can stop what runs. `cancellations`: it takes back a finished payment. `asks`: it tells
    its last operation. `end_of_day`: it adds up its day.
    """

    by_hand: bool = False
    cancels: bool = False
    refunds: bool = True
    cancellations: bool = False
    cheques: bool = False
    asks: bool = False
    end_of_day: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """What a terminal shows of the attempt that runs: the key of a sentence, or its own words."""

    step: str = ""
    text: str = ""


SILENCE: Final = Said()


class CardTerminal(Protocol):
    """A card terminal. Nothing here waits; results come through the payment recorder."""

    @property
    def name(self) -> str:
        """What the shop calls it."""

    @property
    def abilities(self) -> Abilities:
        """What it can do."""

    def begin(self, attempt: Attempt) -> None:
        """Start a prepared attempt; CardBusy or CardMissing."""

    def cancel(self) -> None:
        """Ask it to stop what runs; CardMissing when it cannot be told. Ability `cancels`."""

    def ask(self) -> None:
        """Let it be asked what became of unknown attempts; CardMissing. Ability `asks`."""

    def end_of_day(self) -> None:
        """Let it add up and end its day; CardMissing. Ability `end_of_day`."""

    def said(self, reference: str) -> Said:
        """What it shows of a running attempt."""

    def health(self) -> DeviceHealth:
        """How it is."""


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


Clock = Callable[[], datetime]
"""Now, with an offset from UTC."""
