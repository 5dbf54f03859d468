"""The counter: who is signed on, the till session, the sale under way.

A use case takes the desk, checks the rules, and hands its writes to the ledger. What must be on
disk before it counts comes back as a `Pending`: the front waits for it in its own way, then lets it
bring the desk up to date. A desk belongs to one front and its one thread.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Generic, NoReturn, TypeAlias, TypeVar

from pos.app.campaign_ports import Campaigns, Identity
from pos.app.ports import (
    CardTerminal,
    Catalogue,
    Clock,
    Ledger,
    Printer,
    Role,
    Staff,
    StaffBook,
    Transaction,
)
from pos.domain.document import Words
from pos.domain.errors import (
    CardBusy,
    CardUnresolved,
    DiskSlow,
    NeedsManager,
    PosError,
    SaleIsEmpty,
    SignOnFirst,
    UnknownTender,
)
from pos.domain.gtin import Template
from pos.domain.money import Cents
from pos.domain.payment import RUNNING, Attempt
from pos.domain.reconcile import Comparison
from pos.domain.sale import Sale
from pos.domain.tender import CARD, CASH, TenderType
from pos.domain.ticket import Shop, Ticket
from sync.contract.entry import Entry

if TYPE_CHECKING:
    from sync.contract.calls import NewReservation

T = TypeVar("T")
COMMIT_TIMEOUT_S: Final = 30.0
SYSTEM: Final = "till"  # the operator of what the till records by itself


@dataclass(frozen=True, slots=True)
class Settings:
    """What the shop decided, as far as the use cases need it.

    `manager_acts` names the acts that only a manager may do or approve; `day_starts_at_hour` is the
    hour at which a new business day begins. `reward_families` says of the shop's own families,
    folded, which family that campaigns exclude they are (sync.contract.rewards.rules.FAMILIES).
    Above `resolve_alone_max` only a manager settles a card payment whose end is unknown; None for
    no such limit.
    """

    shop: Shop
    words: Words
    tenders: Mapping[str, TenderType] = field(
        default_factory=lambda: {CASH.name: CASH, CARD.name: CARD}
    )
    templates: tuple[Template, ...] = ()
    notes: tuple[Cents, ...] = (500, 1000, 2000, 5000)
    footer: tuple[str, ...] = ()
    manager_acts: frozenset[str] = frozenset()
    day_starts_at_hour: int = 5
    resolve_alone_max: Cents | None = None
    reward_families: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ports:
    """The world, as bootstrap bound it."""

    ledger: Ledger
    catalogue: Catalogue
    staff: StaffBook
    printer: Printer
    terminals: Mapping[str, CardTerminal]
    campaigns: Campaigns
    clock: Clock
    new_id: Callable[[], str]
    new_reference: Callable[[], str]
    identity: Identity
    new_secret: Callable[[int], bytes] = secrets.token_bytes


@dataclass(frozen=True, slots=True)
class Session:
    """A till session: from its first entry to its Z."""

    number: int
    day: str


@dataclass(frozen=True, slots=True)
class Settled:
    """A sale that is done and on disk."""

    ticket: Ticket
    entry: Entry
    session: Session

    @property
    def number(self) -> int:
        """Its number in its chain."""
        return self.entry.payload.number


@dataclass(frozen=True)
class Pending(Generic[T]):
    """Something on its way to disk. `then` brings the desk up to date, on the front's thread."""

    future: Future[T]
    then: Callable[[T], None]
    undo: Callable[[], None]

    def wait(self, timeout_s: float = COMMIT_TIMEOUT_S) -> T:
        """The result once it is on disk; the PosError that refused it, with the desk put back.

        Raises DiskSlow when nothing is known after `timeout_s`: it may still be written.
        """
        try:
            result = self.future.result(timeout_s)
        except TimeoutError as error:
            self.undo()
            raise DiskSlow(seconds=round(timeout_s)) from error
        except PosError:
            self.undo()
            raise
        self.then(result)
        return result


@dataclass(frozen=True, slots=True)
class CardNews:
    """A card attempt reached a state, or more is known of it; `settled` when that ended its sale.

    `orphan`: no attempt of ours, but what a terminal told of one that nobody knows. It is in the
    journal, changes nothing, and a person must hear of it.
    """

    attempt: Attempt
    settled: Settled | None = None
    orphan: bool = False


@dataclass(frozen=True, slots=True)
class TotalsNews:
    """A terminal ended its day: its totals beside ours; None when it could not be asked."""

    terminal: str
    comparison: Comparison | None


News: TypeAlias = CardNews | TotalsNews


class Desk:
    """The state of one counter."""

    def __init__(self, ports: Ports, settings: Settings) -> None:
        self.ports = ports
        self.settings = settings
        self.operator: Staff | None = None
        self.session: Session | None = None
        self.sale: Sale | None = None
        self.attempts: tuple[Attempt, ...] = ()
        self.last: Settled | None = None
        self.approved: str | None = None  # the manager who approved the next act
        # References of attempts whose end the disk refused: running on disk, unknown in truth.
        self.lost: set[str] = set()
        # What servers hold for a sale: its id, campaign and reservation; and what was asked of them
        # and not answered, with the key of the question: they may hold that too.
        self.held: set[tuple[str, str, str]] = set()
        self.doubts: list[tuple[NewReservation, str]] = []
        self.wrong_codes = 0  # digits that no phone showed, since a phone was asked to pay
        self.passed_phone = ""  # the challenge of a phone without whose digits the sale may end

    # --- who may ---------------------------------------------------------------------------------

    def require_operator(self) -> Staff:
        """Who is signed on; SignOnFirst."""
        if self.operator is None:
            raise SignOnFirst
        return self.operator

    def require_right(self, act: str, *, always: bool = False) -> None:
        """Check that this act is allowed, using up a manager's approval; NeedsManager.

        `always`: it takes a manager this time, whatever the shop decided about the act.
        """
        operator = self.require_operator()
        if operator.role is Role.MANAGER or not (always or act in self.settings.manager_acts):
            return
        if self.approved is None:
            raise NeedsManager(act=act)
        self.approved = None

    def require_real_till(self, act: str, *, always: bool = False) -> Staff:
        """Who is signed on, and not a trainee: cash and closings are never training."""
        operator = self.require_operator()
        if operator.role is Role.TRAINEE:
            raise NeedsManager(act=act)
        self.require_right(act, always=always)
        return operator

    # --- the sale --------------------------------------------------------------------------------

    def require_sale(self) -> Sale:
        """The sale under way; SaleIsEmpty."""
        self.require_operator()
        if self.sale is None or not self.sale.lines:
            raise SaleIsEmpty
        return self.sale

    def open_sale(self) -> Sale:
        """The sale under way, or a new one; its lines may change.

        A sale whose lines were all voided begins anew: whoever comes next owes it nothing.
        """
        operator = self.require_operator()
        if self.sale and self.sale.lines:
            self.require_no_card(self.sale)
            return self.sale
        sale_id, first = self.ports.new_id(), 1
        if self.sale:
            sale_id, first = self.sale.id, self.sale.next_line
        training = operator.role is Role.TRAINEE
        return Sale(sale_id, self.now(), operator.code, next_line=first, training=training)

    def knows(self, sale: Sale) -> bool:
        """Whether this sale was under way before, so that it must be among what is stored."""
        return self.sale is not None and self.sale.id == sale.id

    def require_no_card(self, sale: Sale) -> None:
        """Check that no card attempt of this sale is open; CardBusy or CardUnresolved."""
        for attempt in self.attempts:
            if attempt.sale == sale.id:
                self.refuse_open(attempt)

    def refuse_open(self, attempt: Attempt) -> NoReturn:
        """Say why an open attempt is in the way: CardBusy while it runs, else CardUnresolved."""
        if attempt.state in RUNNING and attempt.reference not in self.lost:
            raise CardBusy
        raise CardUnresolved(attempt=attempt.reference, amount=attempt.amount)

    def keep(self, sale: Sale) -> Pending[None]:
        """Show a changed sale at once and store it behind; a power cut loses at most this line."""
        known = self.knows(sale)
        self.sale = sale

        def work(tx: Transaction) -> None:
            tx.put_draft(sale, known=known)

        return self.record(work, durable=False)

    def record(
        self,
        work: Callable[[Transaction], T],
        then: Callable[[T], None] | None = None,
        *,
        durable: bool = True,
    ) -> Pending[T]:
        """Hand work to the writer; `then` runs on the front's thread once it is on disk."""
        operator = self.operator.code if self.operator else SYSTEM
        future = self.ports.ledger.run(work, operator, durable=durable)
        return Pending(future, then or _nothing, self.reload)

    def reload(self) -> None:
        """Take the sale, the card attempts and nothing else from what is stored."""
        here = [sale for sale in self.ports.ledger.drafts() if sale.parked_as is None]
        # One that was emptied by voids never hides one that has lines.
        self.sale = next((sale for sale in here if sale.lines), here[-1] if here else None)
        self.attempts = self.ports.ledger.open_attempts()

    def catch_up(self, news: CardNews) -> None:
        """Bring the desk up to date after the device thread recorded something."""
        self.reload()
        if news.settled:
            self.finish(news.settled)

    def finish(self, settled: Settled | None) -> None:
        """Leave a sale that is done; nothing happens while it is not."""
        if settled is None:
            return
        self.last = settled
        if not settled.ticket.training:
            self.session = settled.session
        if self.sale and self.sale.id == settled.ticket.sale:
            self.sale = None
        self.let_go(settled.ticket.sale)

    def let_go(self, sale: str) -> None:
        """Tell servers, once a sale is over, what they hold for it in vain."""
        used = (
            _reservations(self.last.ticket) if self.last and self.last.ticket.sale == sale else ()
        )
        for held in [one for one in self.held if one[0] == sale]:
            self.held.discard(held)
            if held[2] not in used:
                self.ports.campaigns.release(*held[1:])
        for question, key in [one for one in self.doubts if one[0].sale == sale]:
            self.doubts.remove((question, key))
            self.ports.campaigns.forget(question, key)

    # --- settings and time -----------------------------------------------------------------------

    def tender(self, name: str) -> TenderType:
        """The tender of this name, whatever its case; UnknownTender."""
        for known, tender in self.settings.tenders.items():
            if known.casefold() == name.strip().casefold():
                return tender
        raise UnknownTender(name=name, known=", ".join(self.settings.tenders))

    def now(self) -> str:
        """The time as the journal writes it."""
        return self.ports.clock().isoformat(timespec="milliseconds")

    def business_day(self) -> str:
        """Today's business day: a sale after midnight belongs to the evening before."""
        into_the_night = timedelta(hours=self.settings.day_starts_at_hour)
        return (self.ports.clock() - into_the_night).date().isoformat()


def _reservations(ticket: Ticket) -> set[str | None]:
    """What servers held for a ticket that used it."""
    tenders = {tender.details.get("reservation") for tender in ticket.tenders}
    return tenders | {coupon.details.get("reservation") for coupon in ticket.coupons}


def _nothing(_: Any) -> None:
    return None
