"""Open a till's store: lock, files, identity, and the check against the witness of its head."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final, TypeAlias

from pos.app.ports import Clock
from pos.store import keys
from pos.store.books import Books
from pos.store.database import CHECKPOINT_PAGES_MAX, Database, Reader
from pos.store.folder import DataFolder
from pos.store.head import PUT_BACK, HeadFile, HeadState
from pos.store.journal import Journal, stamp
from pos.store.keys import Identity
from pos.store.ledger import SqliteLedger
from pos.store.machine import Machine
from pos.store.start import OPERATOR, Start
from pos.store.writer import STOP_TIMEOUT_SECONDS, Writer

__all__ = ["OPERATOR", "PUT_BACK", "Progress", "Store", "open_store"]

STEP_TIMEOUT_SECONDS: Final = 60.0
OVERDUE_ENTRIES: Final = 500  # how far the books may fall behind a till that never rests
Progress: TypeAlias = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Store:
    """An open store. `head` is how the journal stood to its witness when it was opened."""

    folder: DataFolder
    identity: Identity
    ledger: SqliteLedger
    books: Books
    reader: Reader
    writer: Writer
    head: HeadState
    clock: Clock
    files: ExitStack

    def rebuild_books(self, progress: Progress | None = None) -> int:
        """Derive the books again from the first entry; how many entries. NotRecorded."""
        self.writer.submit(self.books.reset).result(STEP_TIMEOUT_SECONDS)
        return self.update_books(progress)

    def update_books(self, progress: Progress | None = None) -> int:
        """Bring the books up to date, between two sales, before a report reads them. NotRecorded.

        `progress` gets the entries read and the entries in all; the latter is returned.
        """
        row = self.reader.row("SELECT max(seq) FROM journal")
        target: int = (row and row[0]) or 0
        while self.books.seq < target:
            self.writer.submit(self.books.step).result(STEP_TIMEOUT_SECONDS)
            if progress:
                progress(self.books.seq, target)
        return target

    def close(self, timeout_seconds: float = STOP_TIMEOUT_SECONDS) -> bool:
        """Finish what waits for the disk, close every file and let the folder go.

        False if the disk keeps the writer longer than that: then the files stay as they are, as
        after a power cut.
        """
        if not self.writer.close(timeout_seconds):
            return False
        self.files.close()
        return True


def open_store(
    folder: DataFolder,
    machine: Machine,
    clock: Clock,
    *,
    new_till: Callable[[], str] = lambda: str(uuid.uuid4()),
    renew_key: bool = False,
) -> Store:
    """Open the store of a data folder, made on first use.

    With `renew_key` a key that cannot be used here is replaced, under the next epoch. Raises
    StoreBusy, NotRecorded and the errors of pos.store.errors.
    """
    folder.make()
    with ExitStack() as files:
        files.callback(folder.lock().release)
        machine.make()
        database = Database(folder.till_db, "till")
        files.callback(database.close)
        start = Start(database, folder, machine, stamp(clock()))
        journal, state = start.journal(new_till, renew_key=renew_key)
        keys.forget_old(folder, journal.identity)
        head_file = HeadFile(machine.head_file(journal.identity.till))
        files.callback(head_file.close)
        head_file.write(journal.head)
        reader = Reader(folder.till_db, "till")
        files.callback(reader.close)
        books = Books(folder.books_db, reader)
        files.callback(books.close)
        writer = _start_writer(database, books, journal)
        ledger = SqliteLedger(database, reader, writer, journal, books, head_file, clock)
        return Store(
            folder, journal.identity, ledger, books, reader, writer, state, clock, files.pop_all()
        )


def _start_writer(database: Database, books: Books, journal: Journal) -> Writer:
    def idle() -> bool:
        more = books.idle()
        database.checkpoint()
        books.checkpoint()
        return more

    def overdue() -> bool:
        behind = journal.head.seq - books.seq
        return behind >= OVERDUE_ENTRIES or database.has_waiting(CHECKPOINT_PAGES_MAX)

    return Writer(idle, overdue)
