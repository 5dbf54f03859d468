"""Cutting a chain into the pieces that one request, or one line of a file, may carry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sync.contract.messages import UPLINK_BODY_BYTES_MAX
from sync.errors import JournalUnreadable
from sync.ports import Source

# What JSON adds to the entries: two quotes and a comma each, and the members around them.
_ENTRY_OVERHEAD_BYTES: Final = 3
_BODY_OVERHEAD_BYTES: Final = 1024

Rows = Sequence[tuple[int, int, bytes]]


def next_rows(source: Source, chain: str, after: int, limit: int) -> Rows:
    """Up to `limit` entries after a number that fit into one body; JournalUnreadable for a hole."""
    rows = source.read(chain, after, limit)
    room = UPLINK_BODY_BYTES_MAX - _BODY_OVERHEAD_BYTES
    for index, (number, _, compact) in enumerate(rows):
        if number != after + 1 + index:
            raise JournalUnreadable(f"{chain}: {number} instead of the next entry")
        room -= len(compact) + _ENTRY_OVERHEAD_BYTES
        if room < 0 and index:
            return rows[:index]
    return rows
