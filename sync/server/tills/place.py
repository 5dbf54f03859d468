"""Where a verified batch stands against what is stored: new, known, missing or contradicting. Pure.

A till goes on under a new epoch after it was restored from a copy or cloned. Its chain then leaves
what the server holds at some earlier entry: a restored copy is behind, a clone is beside. So a new
epoch may start from any entry that an earlier one delivered, and may first hand over entries of the
earlier epoch that never arrived.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sync.contract.messages import ENTRIES_PER_BATCH_MAX
from sync.server.tills.ingest import Received


@dataclass(frozen=True, slots=True)
class Held:
    """What is stored of a chain.

    `number` and `digest` are its last entry in the sender's epoch (0 when it has sent none).
    `known` are the digests stored under each number, by any epoch, from one before the batch to
    its end; `top` is the last number stored by any epoch.
    """

    number: int
    digest: bytes
    known: Mapping[int, frozenset[bytes]]
    top: int

    def has(self, number: int, digest: bytes) -> bool:
        """Whether this very entry is stored."""
        return digest in self.known.get(number, frozenset())


@dataclass(frozen=True, slots=True)
class Fits:
    """The batch fits; `new` are those of its entries that are not stored yet, in order."""

    new: Sequence[Received]


@dataclass(frozen=True, slots=True)
class Gap:
    """Entries are missing before the batch; the till should go on from `expected`."""

    expected: int


@dataclass(frozen=True, slots=True)
class Fork:
    """Two different entries stand, or stood, under this number; `entry` shows it."""

    number: int
    entry: Received


Standing: TypeAlias = Fits | Gap | Fork


def place(batch: Sequence[Received], held: Held) -> Standing:
    """Compare a batch, verified and not empty, with what is stored."""
    first = batch[0]
    if held.number == 0:
        if first.number > 1 and not held.has(first.number - 1, first.chain_prev):
            return Gap(_step_back(first.number, held.top))
    elif first.number > held.number + 1:
        return Gap(held.number + 1)
    elif first.number == held.number + 1 and first.chain_prev != held.digest:
        return Fork(held.number, first)
    return _contradiction(batch, held) or Fits(
        [entry for entry in batch if not held.has(entry.number, entry.digest)]
    )


def _contradiction(batch: Sequence[Received], held: Held) -> Fork | None:
    for entry in batch:
        if entry.number > held.number:
            break
        is_head = entry.number == held.number
        if not held.has(entry.number, entry.digest) or (is_head and entry.digest != held.digest):
            return Fork(entry.number, entry)
    return None


def _step_back(number: int, top: int) -> int:
    """Where a till under a new epoch should try next: after all there is, or a batch earlier.

    What it sends again is recognised, so the walk costs time and never a double.
    """
    return top + 1 if number > top + 1 else max(1, number - ENTRIES_PER_BATCH_MAX)
