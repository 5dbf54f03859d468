"""The journal taken out is verified by a JOSE library that knows nothing of this program."""

from __future__ import annotations

import io

import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from pos.store import export
from pos.store.export import compact_lines, write_lines
from pos.store.opening import Store
from tests.pos.store.place import append, note, sell


@pytest.fixture
def mixed(store: Store) -> Store:
    for number in range(4):
        sell(store)
        append(store, "event", note(number))
    return store


def test_any_jose_library_verifies_the_lines_with_the_public_key(mixed: Store) -> None:
    key = ECKey.import_key(mixed.identity.public.pem)
    out = io.BytesIO()
    assert write_lines(compact_lines(mixed.reader), out) == 9
    for line, entry in zip(out.getvalue().splitlines(), mixed.ledger.since(0), strict=True):
        assert line == entry.compact
        assert jws.deserialize_compact(line, key).payload == entry.signed.payload


def test_a_chain_or_a_range_can_be_taken_alone(
    mixed: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PAGE_ROWS", 2)
    entries = list(mixed.ledger.since(0))
    tickets = [entry.compact for entry in entries if entry.payload.chain == "ticket"]
    assert list(compact_lines(mixed.reader, chain="ticket")) == tickets
    assert list(compact_lines(mixed.reader, chain="ticket", first=2, last=3)) == tickets[1:3]
    assert list(compact_lines(mixed.reader, first=4, last=7)) == [x.compact for x in entries[3:7]]
    assert list(compact_lines(mixed.reader, first=10)) == []
    assert list(compact_lines(mixed.reader)) == [x.compact for x in entries]


def test_progress_is_told_page_by_page(mixed: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "PAGE_ROWS", 4)
    seen: list[int] = []
    write_lines(compact_lines(mixed.reader), io.BytesIO(), seen.append)
    assert seen == [4, 8]
