"""What work on the database is given, and what a store promises of it.

SQL is written once, with `?` for parameters, in what SQLite from 3.37 and PostgreSQL from 13 both
understand: conflicts name their target, sums come back as integers, truth is an integer. Whatever
belongs to a campaign is written under that campaign's lock, so that each campaign has one writer at
a time, on one machine as on many: work never meets another's half-done work, on either database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, Protocol, TypeAlias, TypeVar

from sync.server.errors import Refused, refuse

T = TypeVar("T")
Row: TypeAlias = tuple[Any, ...]

PENDING_MAX: Final = 64
READS_PENDING_MAX: Final = 512  # each is a fraction of a millisecond, and holds next to nothing
RETRY_AFTER_SECONDS: Final = 2


class Rows(Protocol):
    """What a statement found."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""

    def fetchone(self) -> Any:
        """The next row, or None."""

    def fetchall(self) -> list[Any]:
        """All rows that are left."""

    def __iter__(self) -> Iterator[Any]:
        """The rows, one after the other."""


class Db(Protocol):
    """A connection inside a transaction; sqlite3.Connection is one."""

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> Rows:
        """Run a statement."""

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> Rows:
        """Run a statement for each row of parameters."""


Work: TypeAlias = Callable[[Db], T]


class Store(Protocol):
    """A database. Work is a function of a connection, and may be run a second time."""

    async def read(self, work: Work[T]) -> T:
        """The result of work that only reads, all of it at one moment."""

    async def write(self, work: Work[T], lock: str = "") -> T:
        """The result of work, once its transaction is on the disk; an exception rolls it back.

        `lock` is the campaign whose rows are written; empty for what belongs to none.
        """

    def write_now(self, work: Work[T], lock: str = "") -> T:
        """`write` for callers outside an event loop: start-up, scripts, simulations."""

    def close(self) -> None:
        """Finish the work that waits and let the database go."""


class Queue:
    """Bounds how much work waits for a database; belongs to one event loop."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting = 0

    def __enter__(self) -> None:
        if self._waiting >= self._most:
            raise busy(f"{self._most} requests wait for the database")
        self._waiting += 1

    def __exit__(self, *_: object) -> None:
        self._waiting -= 1


def next_number(db: Db, table: str, campaign: str, column: str = "id") -> int:
    """The number that follows the last of a campaign's rows; the campaign's lock must be held."""
    (last,) = db.execute(
        f"SELECT coalesce(max({column}), 0) FROM {table} WHERE campaign = ?",  # noqa: S608 - names of ours
        (campaign,),
    ).fetchone()
    return int(last) + 1


def busy(why: str) -> Refused:
    """The answer while the database cannot take more: everything is kept by who asked."""
    return refuse("busy", why, retry_after_seconds=RETRY_AFTER_SECONDS)
