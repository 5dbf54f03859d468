"""The books say what the journal says, however they came to it."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pos.domain.errors import NotRecorded
from pos.domain.ticket import to_data
from pos.store import books as books_module
from pos.store.book_rows import COLUMNS
from pos.store.opening import Store
from tests.pos.store.place import BREAD, WINE, Place, append, closing, refund, sell, ticket
from tests.sampling import examples


def content(store: Store) -> dict[str, list[Any]]:
    return {table: store.books.reader.rows(f"SELECT * FROM {table}") for table in COLUMNS}


def act(store: Store, kind: str) -> None:
    if kind == "sale":
        append(store, "ticket", to_data(ticket((BREAD, 2), (WINE, 3))))
    elif kind == "refund":
        append(store, "ticket", to_data(refund(1, ticket((WINE, 3)), 1, 1)))
    elif kind == "training":
        append(store, "training", to_data(ticket((BREAD, 1))))
    elif kind == "copy":
        append(store, "copy", {"of": 1, "chain": "ticket", "copy": 1, "medium": "paper"})
    elif kind == "cash":
        append(store, "cash", {"kind": "paid_in", "amount": 500, "reason": "monnaie"})
    elif kind == "closing":
        append(store, "closing", closing(1))
    elif kind == "update":
        store.update_books()
    else:
        append(store, "event", {"code": 1})


KINDS = ("sale", "refund", "training", "copy", "cash", "closing", "event", "update")


@given(st.lists(st.sampled_from(KINDS), max_size=25))
@settings(max_examples=examples(25), deadline=None)
def test_rebuilt_books_are_the_books_that_grew(kinds: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder) / "till")
        try:
            store = place.open()
            for kind in kinds:
                act(store, kind)
            store.update_books()
            grown = content(store)
            store.rebuild_books()
            assert content(store) == grown
            place.close()
            place.folder.books_db.unlink()
            store = place.open()
            store.update_books()
            assert content(store) == grown
        finally:
            place.close()


def test_the_books_add_up_to_the_tickets(store: Store) -> None:
    sold = ticket((BREAD, 5), (WINE, 1))
    append(store, "ticket", to_data(sold))
    append(store, "ticket", to_data(refund(1, sold, 1, 2)))
    assert store.update_books() == 3
    (total,) = store.books.reader.rows("SELECT sum(ttc), sum(ht), sum(vat) FROM ticket")
    for table in ("ticket_line", "ticket_rate"):
        assert store.books.reader.rows(f"SELECT sum(ttc), sum(ht), sum(vat) FROM {table}") == [
            total
        ]
    assert store.books.reader.rows("SELECT sum(amount) FROM ticket_tender") == [(total[0],)]
    assert total[0] == 5 * 345 + 899 - 2 * 345


def test_progress_is_told_while_books_are_rebuilt(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books_module, "SLICE_ENTRIES", 2)
    for _ in range(6):
        sell(store)
    store.update_books()
    seen: list[tuple[int, int]] = []
    assert store.rebuild_books(lambda done, total: seen.append((done, total))) == 7
    assert seen[-1] == (7, 7)


def test_books_of_another_history_start_over(place: Place) -> None:
    store = place.open()
    sell(store)
    place.close()
    shutil.copy(place.folder.till_db, place.path / "earlier.db")
    store = place.open()
    sell(store)
    sell(store)
    store.update_books()
    place.close()
    shutil.copy(place.path / "earlier.db", place.folder.till_db)
    store = place.open()
    store.update_books()
    assert store.books.reader.rows("SELECT number FROM ticket") == [(1,)]


def test_damaged_books_are_thrown_away_and_come_back(place: Place) -> None:
    store = place.open()
    sell(store)
    place.close()
    place.folder.books_db.write_bytes(b"not a database at all" * 500)
    store = place.open()
    store.update_books()
    assert store.books.reader.rows("SELECT number FROM ticket") == [(1,)]


def test_books_follow_by_themselves_when_the_till_rests(store: Store) -> None:
    entry = sell(store)
    while store.books.seq < entry.payload.seq:
        time.sleep(0.005)
    assert store.books.reader.rows("SELECT number FROM ticket") == [(1,)]


def test_books_that_cannot_follow_refuse_what_needs_them_and_nothing_else(store: Store) -> None:
    append(store, "ticket", {"type": "from a later version"})
    with pytest.raises(NotRecorded, match="cannot read past entry"):
        store.update_books()
    with pytest.raises(NotRecorded, match="cannot read past entry"):
        store.ledger.run(lambda tx: tx.refunded(1), "ma").result(10)
    assert sell(store).payload.number == 2


def test_a_refund_does_not_wait_for_books_that_are_far_behind(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books_module, "BEHIND_ENTRIES_MAX", 3)
    monkeypatch.setattr(books_module.Books, "idle", lambda _: False)
    for _ in range(5):
        sell(store)
    with pytest.raises(NotRecorded, match="rebuilt"):
        store.ledger.run(lambda tx: tx.refunded(1), "ma").result(10)
    store.update_books()
    assert store.ledger.run(lambda tx: tx.refunded(1), "ma").result(10) == {}
