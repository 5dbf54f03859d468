"""The till's ledger in memory: what was committed stays, whatever happens to the till.

It keeps the rules of the real one (pos.store): a use case is written whole or not at all, what an
entry carries is JSON, open attempts and drafts follow the journal. Signatures
have their own proofs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, TypeVar

import msgspec

from pos.app.campaign_ports import Drawn, KeptClaim, TicketRewards, Unsure
from pos.app.ports import JobState, PrintJob, Refunded
from pos.domain import draft, payment
from pos.domain.errors import DiskFull, PosError, SaleChanged
from pos.domain.payment import Attempt
from pos.domain.sale import Sale
from prove.virtual.world import Killed, World
from sync.contract.entry import ENTRY_TYP, GENESIS, Entry, Payload
from sync.contract.jws import Signed

T = TypeVar("T")
AT: Final = "2026-11-22T18:04:05.123+01:00"
TILL: Final = "6f1c1b9e-6d0e-4c39-9d0d-3a8c1a3b5c7d"


class Fate(StrEnum):
    """What becomes of one commit."""

    REFUSED = "refused"
    SLOW = "slow"  # on disk only after everybody stopped waiting for it
    KILLED_BEFORE = "killed before"  # the till
    KILLED_AFTER = "killed after"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is on the disk."""

    entries: tuple[Entry, ...] = ()
    drafts: Mapping[str, bytes] = field(default_factory=dict)
    attempts: Mapping[str, bytes] = field(default_factory=dict)
    receipts: Mapping[str, str] = field(default_factory=dict)


class _Late(Future[T]):
    """A future whose commit takes longer than whoever waits for it."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def result(self, timeout: float | None = None) -> T:
        if not self.done():
            self._world.now_s += timeout or 0.0
            raise TimeoutError
        return super().result(0)


class NoRewards:
    """A till that takes part in no campaign."""

    def drawn(self, campaign: str) -> Mapping[int, Drawn]:
        """Nothing."""
        del campaign
        return {}

    def was(self, what: str, place: tuple[str, int, int]) -> bool:
        """No voucher was."""
        del what, place
        return False

    def unsure(self, campaign: str, after: int) -> Unsure:
        """None."""
        del campaign, after
        return Unsure()

    def ticket(self, campaign: str, ticket: int) -> TicketRewards | None:
        """Nothing."""
        del campaign, ticket
        return None

    def claims(self, ticket: int) -> tuple[KeptClaim, ...]:
        """None."""
        del ticket
        return ()


class MemoryTransaction:
    """pos.app.ports.Transaction on a copy of what is kept."""

    at = AT
    rewards = NoRewards()

    def __init__(self, kept: Kept, operator: str) -> None:
        self.entries = list(kept.entries)
        self.drafts = dict(kept.drafts)
        self.attempts = dict(kept.attempts)
        self.receipts = dict(kept.receipts)
        self._operator = operator

    def append(self, chain: str, data: dict[str, Any]) -> Entry:
        """Put an entry at the end."""
        body = msgspec.json.encode(data)
        number = 1 + sum(entry.payload.chain == chain for entry in self.entries)
        place = len(self.entries) + 1
        payload = Payload(
            at=AT,
            chain=chain,
            chain_prev=GENESIS,
            data=msgspec.json.decode(body),
            epoch=1,
            number=number,
            operator=self._operator,
            prev=GENESIS,
            seq=place,
            till=TILL,
            v=1,
        )
        entry = Entry(payload, Signed("0" * 16, ENTRY_TYP, body, b""))
        self.entries.append(entry)
        if chain == "payment" and "reference" in data:
            self._follow(payment.from_data(payload.data), body)
        return entry

    def _follow(self, attempt: Attempt, body: bytes) -> None:
        if receipt := attempt.details.get("receipt"):
            self.receipts[attempt.terminal] = receipt
        if attempt.is_settled:
            self.attempts.pop(attempt.reference, None)
        else:
            self.attempts[attempt.reference] = body

    def keep_claim(self, claim: KeptClaim) -> None:
        """Nothing is claimed here."""

    def draft(self, sale_id: str) -> Sale | None:
        """The stored sale."""
        body = self.drafts.get(sale_id)
        return None if body is None else _sale(body)

    def put_draft(self, sale: Sale, *, known: bool = False) -> None:
        """Store a sale; SaleChanged for a known one that is not here."""
        if known and sale.id not in self.drafts:
            raise SaleChanged
        self.drafts[sale.id] = msgspec.json.encode(draft.to_data(sale))

    def drop_draft(self, sale_id: str) -> None:
        """Forget a sale."""
        self.drafts.pop(sale_id, None)

    def enqueue(self, job: PrintJob) -> None:
        """Nobody prints here."""

    def set_job(self, job_id: str, state: JobState, reason: str = "") -> None:
        """Nobody prints here."""

    def refunded(self, ticket: int) -> Mapping[int, Refunded]:
        """Nothing is given back by ticket here."""
        del ticket
        return {}

    def copies(self, ticket: int) -> int:
        """Nobody prints here."""
        del ticket
        return 0

    def open_attempts(self) -> tuple[Attempt, ...]:
        """The attempts with an open question, oldest first."""
        return tuple(_attempt(body) for body in self.attempts.values())

    def last_receipt(self, terminal: str) -> str:
        """The terminal's number of its last operation that the till knows of."""
        return self.receipts.get(terminal, "")


class MemoryLedger:
    """pos.app.ports.Ledger in memory. `fates` are those of commits, by number from 1 on.

    `refusing`: the disk is full until somebody makes room.
    """

    rewards = NoRewards()

    def __init__(self, world: World) -> None:
        self.kept = Kept()
        self.commits = 0
        self.fates: dict[int, Fate] = {}
        self.refusing = False
        self.gone = False  # the till that wrote here was killed
        self._world = world
        self._late: list[Callable[[], None]] = []

    def run(
        self, work: Callable[[MemoryTransaction], T], operator: str, *, durable: bool = True
    ) -> Future[T]:
        """Do work in one transaction; its future is done at once, unless the disk is slow."""
        del durable
        self.catch_up()
        if self.gone:
            raise Killed
        self.commits += 1
        fate = self.fates.get(self.commits)
        if fate is Fate.KILLED_BEFORE:
            raise self._killed()
        future: Future[T] = _Late(self._world) if fate is Fate.SLOW else Future()
        future.set_running_or_notify_cancel()
        tx = MemoryTransaction(self.kept, operator)
        try:
            result = work(tx)
        except PosError as refusal:
            future.set_exception(refusal)
            return future
        if self.refusing or fate is Fate.REFUSED:
            future.set_exception(DiskFull())
            return future
        entries = tuple(tx.entries)
        self.kept = Kept(entries, tx.drafts, tx.attempts, tx.receipts)
        if fate is Fate.KILLED_AFTER:
            raise self._killed()
        if fate is Fate.SLOW:
            self._late.append(lambda: future.set_result(result))
        else:
            future.set_result(result)
        return future

    def catch_up(self) -> None:
        """Let the slow disk be done."""
        late, self._late = self._late, []
        for done in late:
            done()

    def come_back(self) -> None:
        """A new till opens what is kept."""
        self.gone = self.refusing = False
        self.fates = {}
        self._late = []

    def entry(self, chain: str, number: int) -> Entry | None:
        """The entry of this number in a chain."""
        return next((x for x in self._chain(chain) if x.payload.number == number), None)

    def last(self, chain: str) -> Entry | None:
        """The newest entry of a chain."""
        return next(self._chain(chain), None)

    def since(self, seq: int) -> Iterator[Entry]:
        """The entries after a place, in order."""
        return iter(self.kept.entries[seq:])

    def drafts(self) -> tuple[Sale, ...]:
        """All stored sales, oldest first."""
        return tuple(_sale(body) for body in self.kept.drafts.values())

    def open_attempts(self) -> tuple[Attempt, ...]:
        """The attempts with an open question, oldest first."""
        return tuple(_attempt(body) for body in self.kept.attempts.values())

    def jobs(self) -> tuple[PrintJob, ...]:
        """Nobody prints here."""
        return ()

    def _chain(self, chain: str) -> Iterator[Entry]:
        return (x for x in reversed(self.kept.entries) if x.payload.chain == chain)

    def _killed(self) -> Killed:
        self.gone = True
        return Killed()


def _sale(body: bytes) -> Sale:
    return draft.from_data(msgspec.json.decode(body))


def _attempt(body: bytes) -> Attempt:
    return payment.from_data(msgspec.json.decode(body))
