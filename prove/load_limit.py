"""How fast the database itself takes in the rows that the crowd left, with the same indexes.

executemany on SQLite and COPY on PostgreSQL, by the server's own connection: all in one
transaction, or in as many as there were batches, each of them durable before the next. Rows come in
the order in which they were booked: keys that are hashes then fall anywhere in their index, as they
did for the server.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from functools import partial
from time import perf_counter
from typing import Any, Final

import psycopg

from sync.server.config import ServerConfig
from sync.server.store.db import Db
from sync.server.store.opening import open_store

# What the others refer to; written before the clock starts.
_PARENTS: Final = ("campaign", "shop", "identity", "enrolment")
_TABLES: Final = (
    *("entry", "ticket", "closing", "turnover", "tally", "reward_day"),
    *("earn", "transfer", "balance", "flow", "limit_use"),
)
_BY_ENTRY: Final = "ORDER BY enrolment, number"
_AS_BOOKED: Final = {
    "entry": _BY_ENTRY,
    "ticket": _BY_ENTRY,
    "earn": _BY_ENTRY,
    "transfer": "ORDER BY transfer.id",
    "balance": "LEFT JOIN earn ON earn.campaign = balance.campaign AND claim = owner"
    " ORDER BY enrolment, number, account, owner, fund",
}
_Rows = tuple[str, list[tuple[Any, ...]]]  # an insert and its rows


def bulk_seconds(
    source: ServerConfig, target: ServerConfig, transactions: int = 1
) -> tuple[float, int]:
    """The seconds that the rows of one database take into another that is empty; how many."""
    found = _read(source)
    store = open_store(target.data_dir, target.database)
    try:
        store.write_now(lambda db: _write(db, found, _PARENTS))
        parts = [_part(found, number, transactions) for number in range(transactions)]
        start = perf_counter()
        for part in parts:
            store.write_now(partial(_write, found=part, tables=_TABLES))
        return perf_counter() - start, sum(len(found[table][1]) for table in _TABLES)
    finally:
        store.close()


def _part(found: Mapping[str, _Rows], number: int, parts: int) -> Mapping[str, _Rows]:
    """The same share of each table's rows, in their order."""
    shares = {}
    for table, (insert, rows) in found.items():
        first, last = (len(rows) * at // parts for at in (number, number + 1))
        shares[table] = (insert, rows[first:last])
    return shares


def _read(config: ServerConfig) -> Mapping[str, _Rows]:
    return {table: _read_table(config, table) for table in (*_PARENTS, *_TABLES)}


def _read_table(config: ServerConfig, table: str) -> _Rows:
    select = f"SELECT {table}.* FROM {table} {_AS_BOOKED.get(table, '')}"  # noqa: S608 - names of ours
    if config.database is None:
        with closing(sqlite3.connect(config.data_dir / "server.db")) as lite:
            found = lite.execute(select)
            return _insert(table, [one[0] for one in found.description]), found.fetchall()
    with psycopg.connect(config.database) as connection:
        cursor = connection.execute(select.encode())
        names = [one.name for one in cursor.description or ()]
        return _insert(table, names), cursor.fetchall()


def _insert(table: str, columns: list[str]) -> str:
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - names of ours


def _write(db: Db, found: Mapping[str, _Rows], tables: tuple[str, ...]) -> None:
    for table in tables:
        db.executemany(*found[table])
