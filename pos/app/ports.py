"""What the use cases need from the world: each port is a Protocol, bound once in bootstrap.

Work that must be recorded runs as a function on the one writer thread, inside one transaction: it
either happens whole or not at all, and its Future is done only when it is on disk.

What only a till in a campaign needs is in `campaign_ports`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol, TypeVar

from pos.app.campaign_ports import KeptClaim, RewardBook
from pos.domain.catalogue import Product, QuickKey
from pos.domain.money import Thousandths
from pos.domain.payment import Attempt
from pos.domain.sale import Sale
from pos.domain.vat import Amounts
from sync.contract.entry import Entry

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


Clock = Callable[[], datetime]
"""Now, with an offset from UTC."""
