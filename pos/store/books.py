"""The books: read models that follow the journal by a cursor, off the cashier's path.

Everything here can be thrown away and derived again. The cursor carries the hash of the entry it
stands on: books that belong to another history than the journal's notice it and start over.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from pos.app.ports import Refunded
from pos.domain.errors import NotRecorded
from pos.domain.vat import ZERO, Amounts
from pos.store.book_rows import COLUMNS, FOLLOWED, rows_of
from pos.store.database import Database, Reader, Row
from pos.store.errors import NotOurs
from pos.store.journal import digest_of
from sync.contract.entry import GENESIS, Entry, Payload

SLICE_ENTRIES: Final = 200
# A refund waits for the books this far and no further: 2,000 entries take about 0.1 s.
BEHIND_ENTRIES_MAX: Final = 2000

_INSERT: Final = {
    table: f"INSERT INTO {table} VALUES ({', '.join('?' * columns)})"  # noqa: S608 - constants
    for table, columns in COLUMNS.items()
}
_payload = msgspec.json.Decoder(Payload)


class Books:
    """Keeps the books. Belongs to the writer's thread; `reader` is for everybody."""

    def __init__(self, path: Path, journal: Reader) -> None:
        self._journal = journal
        self._database = _open(path)
        self.reader = Reader(path, "books")
        self.trouble = ""
        self._seq, digest = self._cursor()
        if not self._belongs(digest):
            self.reset()

    @property
    def seq(self) -> int:
        """How far the journal has been read."""
        return self._seq

    def reset(self) -> None:
        """Forget everything: the next catching up begins at the first entry."""
        with self._database.transaction() as connection:
            for table in COLUMNS:
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - constants
            self._move(connection, 0, GENESIS)
        self._seq, self.trouble = 0, ""

    def step(self) -> int:
        """Follow the journal by at most SLICE_ENTRIES entries; how many. NotRecorded."""
        try:
            return self._follow()
        except (msgspec.MsgspecError, LookupError, TypeError, ValueError) as error:
            reason = f"the books cannot read past entry {self._seq}: {error!r}"
            raise NotRecorded(reason=reason) from error

    def idle(self) -> bool:
        """A step when there is nothing better to do; whether more is there to follow.

        Books that cannot follow say why in `trouble` until something asks for them again.
        """
        if self.trouble:
            return False
        try:
            return self.step() == SLICE_ENTRIES
        except NotRecorded as error:
            self.trouble = str(error)
            return False

    def reach(self, seq: int) -> None:
        """Follow the journal at least to this place; NotRecorded when that cannot be soon."""
        self.trouble = ""
        if seq - self._seq > BEHIND_ENTRIES_MAX:
            raise NotRecorded(reason="the books are being rebuilt: try again in a minute")
        while self._seq < seq:
            if self.step() == 0:
                raise NotRecorded(reason="the books are ahead of the journal: rebuild them")

    def refunded(self, ticket: int, newer: Iterable[Entry] = ()) -> dict[int, Refunded]:
        """What was given back of each line of a ticket, also by entries that are not read yet."""
        rows = self._database.connection.execute(
            "SELECT origin_line, quantity, ttc, ht, vat FROM ticket_line WHERE origin_ticket = ?",
            (ticket,),
        ).fetchall()
        done: dict[int, Refunded] = {}
        for line, quantity, *amounts in [*rows, *_given_back(newer, ticket)]:
            so_far = done.get(line, Refunded(0, ZERO))
            done[line] = Refunded(so_far.quantity - quantity, so_far.amounts - Amounts(*amounts))
        return done

    def copies(self, ticket: int, newer: Iterable[Entry] = ()) -> int:
        """How often a ticket was printed, also by entries that are not read yet."""
        count: int = self._database.connection.execute(
            "SELECT count(*) FROM copy WHERE of_chain = 'ticket' AND ticket = ?", (ticket,)
        ).fetchone()[0]
        return count + sum(
            1
            for entry in newer
            for table, row in rows_of(entry.payload)
            if table == "copy" and row[4:6] == ("ticket", ticket)
        )

    def checkpoint(self) -> None:
        """Keep the WAL short; never raises."""
        self._database.checkpoint()

    def close(self) -> None:
        """Close the file."""
        self.reader.close()
        self._database.close()

    def _follow(self) -> int:
        rows = self._journal.rows(
            "SELECT seq, chain, kid, payload, signature FROM journal WHERE seq > ?"
            " ORDER BY seq LIMIT ?",
            (self._seq, SLICE_ENTRIES),
        )
        if rows:
            with self._database.transaction(durable=False) as connection:
                for row in rows:
                    _book(connection, row)
                self._move(connection, rows[-1][0], digest_of(rows[-1][2:]))
            self._seq = rows[-1][0]
        return len(rows)

    def _cursor(self) -> tuple[int, str]:
        row = self._database.connection.execute("SELECT seq, digest FROM cursor").fetchone()
        return (row[0], row[1]) if row else (-1, "")

    def _belongs(self, digest: str) -> bool:
        if self._seq == 0:
            return digest == GENESIS
        row = self._journal.row(
            "SELECT kid, payload, signature FROM journal WHERE seq = ?", (self._seq,)
        )
        return row is not None and digest_of(row) == digest

    def _move(self, connection: sqlite3.Connection, seq: int, digest: str) -> None:
        connection.execute(
            "INSERT OR REPLACE INTO cursor (id, seq, digest) VALUES (1, ?, ?)", (seq, digest)
        )


def _book(connection: sqlite3.Connection, row: Row) -> None:
    if row[1] in FOLLOWED:
        for table, values in rows_of(_payload.decode(row[3])):
            connection.execute(_INSERT[table], values)


def _given_back(entries: Iterable[Entry], ticket: int) -> list[Row]:
    """(line, quantity, ttc, ht, vat) of the lines that go back to a ticket."""
    return [
        (row[16], row[7], row[12], row[13], row[14])
        for entry in entries
        for table, row in rows_of(entry.payload)
        if table == "ticket_line" and row[15] == ticket
    ]


def _open(path: Path) -> Database:
    """Open the books; damaged ones are thrown away."""
    try:
        return Database(path, "books")
    except NotOurs:
        for suffix in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                path.with_name(path.name + suffix).unlink()
        return Database(path, "books")
