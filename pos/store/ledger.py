"""The till's ledger: use cases as transactions on the writer's thread, reads beside them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar

from pos.app.campaign_ports import KeptClaim
from pos.app.ports import Clock, JobState, PrintJob, Refunded
from pos.domain.payment import Attempt
from pos.domain.sale import Sale
from pos.store import counter, journal, reward_book
from pos.store.books import Books
from pos.store.database import Database, Reader
from pos.store.head import HeadFile
from pos.store.journal import Appending, Journal, stamp
from pos.store.reward_book import SqliteRewardBook
from pos.store.writer import Writer
from sync.contract.entry import CAMPAIGN_PREFIX, Entry

T = TypeVar("T")


class SqliteTransaction:
    """pos.app.ports.Transaction on the writing connection; good for the length of its work."""

    def __init__(
        self, connection: sqlite3.Connection, appending: Appending, books: Books, *, durable: bool
    ) -> None:
        self.connection = connection
        self._appending = appending
        self._books = books
        self._durable = durable
        self._committed_seq = appending.head.seq
        self.rewards = SqliteRewardBook(
            lambda sql, values: connection.execute(sql, values).fetchall()
        )

    @property
    def at(self) -> str:
        """The moment that its entries bear."""
        return self._appending.at

    def append(self, chain: str, data: dict[str, Any]) -> Entry:
        """Sign an entry and put it at the head of its chain.

        Raises NotCanonical or Malformed for what no entry can carry; ValueError in a transaction
        that is not durable, because an entry may be sent and printed once it is committed.
        """
        if not self._durable:
            raise ValueError("an entry needs a durable transaction")
        entry = self._appending.append(chain, data)
        if chain == "payment":
            counter.note_attempt(self.connection, data)
        elif chain.startswith(CAMPAIGN_PREFIX):
            reward_book.note_entry(self.connection, entry)
        return entry

    def keep_claim(self, claim: KeptClaim) -> None:
        """Keep what a ticket's holder can claim."""
        reward_book.keep_claim(self.connection, claim)

    def draft(self, sale_id: str) -> Sale | None:
        """The stored open or parked sale of this id."""
        return counter.find_draft(self.connection, sale_id)

    def put_draft(self, sale: Sale, *, known: bool = False) -> None:
        """Store an open or parked sale; LimitReached, or SaleChanged for a `known` one not here."""
        counter.put_draft(self.connection, sale, known=known)

    def drop_draft(self, sale_id: str) -> None:
        """Forget a sale that was settled or cancelled."""
        counter.drop_draft(self.connection, sale_id)

    def enqueue(self, job: PrintJob) -> None:
        """Put a document into the persisted spool, which never refuses."""
        counter.enqueue(self.connection, job)

    def set_job(self, job_id: str, state: JobState, reason: str = "") -> None:
        """Note how far a print job came; a job that left the spool stays out."""
        counter.set_job(self.connection, job_id, state, reason)

    def refunded(self, ticket: int) -> Mapping[int, Refunded]:
        """What was given back of each line of a ticket, up to this moment; NotRecorded."""
        self._books.reach(self._committed_seq)
        return self._books.refunded(ticket, self._appending.entries)

    def copies(self, ticket: int) -> int:
        """How often a ticket was printed, up to this moment; NotRecorded."""
        self._books.reach(self._committed_seq)
        return self._books.copies(ticket, self._appending.entries)

    def open_attempts(self) -> tuple[Attempt, ...]:
        """The card attempts that are running or unknown, oldest first."""
        rows = self.connection.execute(counter.OPEN_ATTEMPTS).fetchall()
        return tuple(counter.read_attempt(row) for row in rows)

    def last_receipt(self, terminal: str) -> str:
        """The terminal's own number of its last operation that the till knows of, or ""."""
        return counter.last_receipt(self.connection, terminal)


class SqliteLedger:
    """pos.app.ports.Ledger on till.db."""

    def __init__(
        self,
        database: Database,
        reader: Reader,
        writer: Writer,
        journal_end: Journal,
        books: Books,
        head_file: HeadFile,
        clock: Clock,
    ) -> None:
        self._database = database
        self._reader = reader
        self._writer = writer
        self._journal = journal_end
        self._books = books
        self._head_file = head_file
        self._clock = clock
        self.rewards = SqliteRewardBook(reader.rows)

    def run(
        self, work: Callable[[SqliteTransaction], T], operator: str, *, durable: bool = True
    ) -> Future[T]:
        """Do work in one transaction on the writer thread (pos.app.ports.Ledger.run).

        Work must not wait for another work: it would wait for itself.
        """
        return self._writer.submit(lambda: self._transact(work, operator, durable=durable))

    def entry(self, chain: str, number: int) -> Entry | None:
        """The entry of this number in a chain."""
        return journal.find(self._reader, chain, number)

    def last(self, chain: str) -> Entry | None:
        """The newest entry of a chain."""
        return journal.last(self._reader, chain)

    def since(self, seq: int) -> Iterator[Entry]:
        """The entries after a place in the whole sequence, in order."""
        return journal.since(self._reader, seq)

    def drafts(self) -> tuple[Sale, ...]:
        """All stored open and parked sales, oldest first."""
        return tuple(counter.read_draft(row) for row in self._reader.rows(counter.DRAFTS))

    def open_attempts(self) -> tuple[Attempt, ...]:
        """The card attempts that are running or unknown, oldest first."""
        return tuple(counter.read_attempt(row) for row in self._reader.rows(counter.OPEN_ATTEMPTS))

    def jobs(self) -> tuple[PrintJob, ...]:
        """The print jobs that are not yet printed or dropped, oldest first."""
        return tuple(counter.read_job(row) for row in self._reader.rows(counter.JOBS))

    def _transact(
        self, work: Callable[[SqliteTransaction], T], operator: str, *, durable: bool
    ) -> T:
        with self._database.transaction(durable=durable) as connection:
            appending = self._journal.begin(connection, stamp(self._clock()), operator)
            result = work(SqliteTransaction(connection, appending, self._books, durable=durable))
        if appending.entries:
            self._journal.adopt(appending)
            self._head_file.write(appending.head)
        return result
