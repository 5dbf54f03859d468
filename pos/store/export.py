"""Take the journal out: compact JWS lines that any JOSE library verifies with the public key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from pos.store.database import Reader
from sync.contract.entry import ENTRY_TYP
from sync.contract.jws import Signed

PAGE_ROWS: Final = 1000


def compact_lines(
    reader: Reader, *, first: int = 1, last: int | None = None, chain: str | None = None
) -> Iterator[bytes]:
    """The compact JWS of each entry from place `first` to `last` of the whole, or of one chain.

    Of a chain, `first` and `last` are its own numbers. As they are stored: a broken entry comes out
    broken. Raises NotRecorded when the file cannot be read.
    """
    place, which, named = (
        ("seq", "", ()) if chain is None else ("number", " AND chain = ?", (chain,))
    )
    sql = (
        f"SELECT {place}, kid, payload, signature FROM journal"  # noqa: S608 - constants
        f" WHERE {place} > ? AND {place} <= ?{which} ORDER BY {place} LIMIT {PAGE_ROWS}"
    )
    after, upto = first - 1, last if last is not None else 2**63 - 1
    while True:
        rows = reader.rows(sql, (after, upto, *named))
        for row in rows:
            yield Signed(row[1], ENTRY_TYP, row[2], row[3]).compact
        if len(rows) < PAGE_ROWS:
            return
        after = rows[-1][0]


def write_lines(
    lines: Iterator[bytes], out: BinaryIO, progress: Callable[[int], None] | None = None
) -> int:
    """Write one compact JWS a line; how many. `progress` gets the count from time to time."""
    count = 0
    for count, line in enumerate(lines, start=1):
        out.write(line + b"\n")
        if progress and count % PAGE_ROWS == 0:
            progress(count)
    return count
