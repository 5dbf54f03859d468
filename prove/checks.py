"""What must be true of a till whenever it comes back: compared with what it acknowledged before."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Final, NamedTuple

from pos.bootstrap import Till, machine
from pos.domain.ticket import from_data as read_ticket
from pos.store.audit import audit
from pos.store.head import PUT_BACK, HeadFile

SHOWN_MAX: Final = 5
TRIES: Final = 20


class Ack(NamedTuple):
    """An entry that the till showed as done."""

    chain: str
    number: int
    digest: str


def problems(till: Till, acked: Iterable[Ack], *, full_audit: bool = False) -> list[str]:
    """Everything that is wrong with an open till, in words; nothing when it kept its promises."""
    if till.store.head in PUT_BACK:
        return [f"the journal is {till.store.head} of its witness: it lost what it had committed"]
    found = [*lost(till, acked), *_order(till), *_audited(till, full=full_audit), *_books(till)]
    return found[:SHOWN_MAX]


def lost(till: Till, acked: Iterable[Ack]) -> Iterator[str]:
    """What was acknowledged and is not there as it was."""
    for ack in acked:
        entry = till.desk.ports.ledger.entry(ack.chain, ack.number)
        if entry is None:
            yield f"lost: {ack.chain} {ack.number} was acknowledged"
        elif entry.digest != ack.digest:
            yield f"changed: {ack.chain} {ack.number} was acknowledged with another hash"


def _order(till: Till) -> Iterator[str]:
    """Numbers without a gap, each sale on one ticket, no ticket beside its open draft."""
    chains: Counter[str] = Counter()
    sales: Counter[str] = Counter()
    seq = 0
    for entry in till.desk.ports.ledger.since(0):
        place, seq = entry.payload, seq + 1
        chains[place.chain] += 1
        if place.seq != seq:
            yield f"gap: entry {place.seq} stands in the place of {seq}"
        if place.number != chains[place.chain]:
            yield f"gap: {place.chain} {place.number} follows {chains[place.chain] - 1}"
        if place.chain == "ticket":
            sales[read_ticket(entry.data).sale] += 1
    yield from (f"twice: sale {sale} has {n} tickets" for sale, n in sales.items() if n > 1)
    for draft in till.desk.ports.ledger.drafts():
        if draft.id in sales:
            yield f"half done: sale {draft.id} is on a ticket and still open"


def _audited(till: Till, *, full: bool) -> Iterator[str]:
    witness = HeadFile(machine().head_file(till.store.identity.till)).read()
    for finding in audit(till.store.reader, witness, full=full).findings:
        yield f"audit: {finding.seq} {finding.chain} {finding.reason}: {finding.detail}"


def _books(till: Till) -> Iterator[str]:
    """Books that followed step by step say what books made anew say.

    A device may leave an entry in between: then it is done again.
    """
    for _ in range(TRIES):
        till.store.update_books()
        seq, followed = till.store.books.seq, books_content(till)
        till.store.rebuild_books()
        anew = books_content(till)
        if till.store.books.seq == seq:
            yield from (f"the books differ from books made anew: {x}" for x in _odd(followed, anew))
            return
    yield "the books never stood still"


def _odd(ones: list[str], others: list[str]) -> list[str]:
    return sorted(set(ones) ^ set(others))[:SHOWN_MAX]


def books_content(till: Till) -> list[str]:
    """Everything in the books, as SQL."""
    path = till.store.folder.books_db
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as books:
        return list(books.iterdump())
