"""The journal: where a new entry goes, and how entries are read.

The places are kept in memory, where only the writer's thread touches them, and move on only when
their transaction has committed. The table's triggers check the same rules a second time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from pos.domain.errors import DiskFailed
from pos.store.database import Reader, Row
from pos.store.head import Head
from pos.store.keys import Identity
from sync.contract.entry import CAMPAIGN_PREFIX, ENTRY_TYP, GENESIS, Entry, Place, from_signed, seal
from sync.contract.errors import ContractError
from sync.contract.jws import Signed

PAGE_ENTRIES: Final = 500
_COLUMNS: Final = "kid, payload, signature"


class Journal:
    """The ends of the journal and of each of its chains. Belongs to the writer's thread."""

    def __init__(self, connection: sqlite3.Connection, identity: Identity) -> None:
        self.identity = identity
        self.head = head_of(connection)
        self.chains = _chains(connection)

    def begin(self, connection: sqlite3.Connection, at: str, operator: str) -> Appending:
        """Start appending in a transaction that has begun."""
        return Appending(self, connection, at, operator)

    def adopt(self, appended: Appending) -> None:
        """Move on to what was appended: its transaction has committed."""
        self.head = appended.head
        self.chains.update(appended.chains)


class Appending:
    """The entries of one transaction, all of one moment and one operator."""

    def __init__(
        self, journal: Journal, connection: sqlite3.Connection, at: str, operator: str
    ) -> None:
        self.head = journal.head
        self.chains: dict[str, tuple[int, str]] = {}
        self.entries: list[Entry] = []
        self._journal = journal
        self._connection = connection
        self.at = at
        self._operator = operator

    def append(self, chain: str, data: dict[str, Any]) -> Entry:
        """Sign an entry and put it at the end; NotCanonical or Malformed for what cannot be one."""
        identity = self._journal.identity
        number, chain_prev = self._end(chain)
        place = Place(
            identity.till,
            identity.epoch,
            self.head.seq + 1,
            self.head.digest,
            chain,
            number + 1,
            chain_prev,
        )
        entry = seal(place, self.at, self._operator, data, identity.key)
        self._connection.execute(
            "INSERT INTO journal (seq, epoch, chain, number, at, kid, payload, signature)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                place.seq,
                place.epoch,
                place.chain,
                place.number,
                self.at,
                entry.signed.kid,
                entry.signed.payload,
                entry.signed.signature,
            ),
        )
        digest = entry.digest
        self.head = Head(place.epoch, place.seq, digest)
        self.chains[chain] = (place.number, digest)
        self.entries.append(entry)
        return entry

    def _end(self, chain: str) -> tuple[int, str]:
        return self.chains.get(chain) or self._journal.chains.get(chain, (0, GENESIS))


def stamp(now: datetime) -> str:
    """A moment as the journal writes it: ISO 8601 with milliseconds and offset, 29 characters."""
    if now.tzinfo is None:
        raise ValueError("the journal needs a time with its offset from UTC")
    return now.isoformat(timespec="milliseconds")


def head_of(connection: sqlite3.Connection) -> Head:
    """The newest entry; seq 0 for an empty journal."""
    row = connection.execute(
        "SELECT epoch, seq, kid, payload, signature FROM journal ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    return Head(row[0], row[1], digest_of(row[2:])) if row else Head(0, 0, GENESIS)


def digest_of(row: Row) -> str:
    """The hash of an entry by its kid, payload and signature, whatever they say."""
    return Signed(row[0], ENTRY_TYP, row[1], row[2]).digest


def find(reader: Reader, chain: str, number: int) -> Entry | None:
    """The entry of this number in a chain."""
    row = reader.row(
        f"SELECT {_COLUMNS} FROM journal WHERE chain = ? AND number = ?",  # noqa: S608 - constant
        (chain, number),
    )
    return _entry(row) if row else None


def last(reader: Reader, chain: str) -> Entry | None:
    """The newest entry of a chain."""
    row = reader.row(
        f"SELECT {_COLUMNS} FROM journal WHERE chain = ?"  # noqa: S608 - constant
        " ORDER BY number DESC LIMIT 1",
        (chain,),
    )
    return _entry(row) if row else None


def since(reader: Reader, seq: int) -> Iterator[Entry]:
    """The entries after a place, in order, read page by page: no read stays open."""
    while True:
        rows = reader.rows(
            f"SELECT seq, {_COLUMNS} FROM journal WHERE seq > ?"  # noqa: S608 - constant
            " ORDER BY seq LIMIT ?",
            (seq, PAGE_ENTRIES),
        )
        for row in rows:
            yield _entry(row[1:])
        if len(rows) < PAGE_ENTRIES:
            return
        seq = rows[-1][0]


def read_chain(
    reader: Reader, chain: str, after: int, limit: int
) -> list[tuple[int, int, bytes, str]]:
    """(number, epoch, compact, at) of a chain's entries after a number, at most `limit` of them."""
    rows = reader.rows(
        f"SELECT number, epoch, at, {_COLUMNS} FROM journal"  # noqa: S608 - constant
        " WHERE chain = ? AND number > ? ORDER BY number LIMIT ?",
        (chain, after, limit),
    )
    return [
        (row[0], row[1], Signed(row[3], ENTRY_TYP, row[4], row[5]).compact, row[2]) for row in rows
    ]


def campaigns_written(reader: Reader, epoch: int) -> tuple[str, ...]:
    """Ids of the campaigns whose chain the till has gone on with in this epoch."""
    with reader.snapshot() as connection:
        names = [name for name in _chains(connection) if name.startswith(CAMPAIGN_PREFIX)]
        written = [name for name in names if _last_epoch(connection, name) == epoch]
    return tuple(name.removeprefix(CAMPAIGN_PREFIX) for name in written)


def _last_epoch(connection: sqlite3.Connection, chain: str) -> int:
    row = connection.execute(
        "SELECT epoch FROM journal WHERE chain = ? ORDER BY number DESC LIMIT 1", (chain,)
    ).fetchone()
    return int(row[0])


def _chains(connection: sqlite3.Connection) -> dict[str, tuple[int, str]]:
    """The end of each chain, found by skipping through the index, however long they are."""
    names = connection.execute(
        "WITH RECURSIVE name (chain) AS ("
        " SELECT min(chain) FROM journal UNION ALL"
        " SELECT (SELECT min(chain) FROM journal WHERE chain > name.chain) FROM name"
        " WHERE name.chain IS NOT NULL"
        ") SELECT chain FROM name WHERE chain IS NOT NULL"
    ).fetchall()
    ends = {}
    for (name,) in names:
        row = connection.execute(
            f"SELECT number, {_COLUMNS} FROM journal WHERE chain = ?"  # noqa: S608 - constant
            " ORDER BY number DESC LIMIT 1",
            (name,),
        ).fetchone()
        ends[name] = (row[0], digest_of(row[1:]))
    return ends


def _entry(row: Row) -> Entry:
    try:
        return from_signed(Signed(row[0], ENTRY_TYP, row[1], row[2]))
    except ContractError as error:
        raise DiskFailed(reason=f"an entry of the journal cannot be read: {error}") from error
