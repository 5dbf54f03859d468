"""The folders of a till under test, and what it may sell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pos.app.ports import Transaction
from pos.app.refund import share
from pos.domain.catalogue import Product
from pos.domain.closing import opened
from pos.domain.closing import to_data as closing_data
from pos.domain.money import ONE
from pos.domain.sale import Origin, Sale, add_item, add_refund, add_tender, price
from pos.domain.tender import CASH, take
from pos.domain.ticket import Shop, Ticket, settle, to_data
from pos.store.folder import DataFolder
from pos.store.machine import Machine
from pos.store.opening import Store, open_store
from sync.contract.entry import Entry

BREAD = Product("3000000000014", "Pain de campagne", 345, 550)
WINE = Product("3000000000021", "Côtes du Rhône", 899, 2000)
SHOP = Shop("Épicerie du Port", till="01")


class Clock:
    """A clock that goes on by a second whenever somebody looks."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 18, 4, 5, 123000, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


class Place:
    """The folders of one till; opens its store, and closes what a test left open."""

    def __init__(self, path: Path) -> None:
        path.mkdir(exist_ok=True)
        self.path = path
        self.folder = DataFolder(path / "data")
        id_file = path / "machine-id"
        id_file.write_text("0123456789abcdef0123456789abcdef\n", encoding="ascii")
        self.machine = Machine(path / "machine", id_file)
        self.clock = Clock()
        self._opened: list[Store] = []

    def open(self, *, renew_key: bool = False) -> Store:
        store = open_store(self.folder, self.machine, self.clock, renew_key=renew_key)
        self._opened.append(store)
        return store

    def close(self) -> None:
        while self._opened:
            assert self._opened.pop().close()


def ticket(*sold: tuple[Product, int], sale_id: str = "sale") -> Ticket:
    """A ticket of products and quantities, paid in cash."""
    sale = Sale(sale_id, "2026-11-22T18:04:05.123+00:00", "ma")
    for product, pieces in sold:
        sale = add_item(sale, product, pieces * ONE)
    return _paid(sale)


def refund(number: int, of: Ticket, line: int, pieces: int, already: int = 0) -> Ticket:
    """A ticket that gives back pieces of a line, of which some were given back already."""
    sold = of.lines[line - 1]
    amounts = share(sold, already * ONE, pieces * ONE)
    origin = Origin(number, line, "0" * 64, amounts)
    sale = Sale("refund", "2026-11-22T18:04:05.123+00:00", "ma")
    return _paid(add_refund(sale, sold.product, pieces * ONE, amounts, origin))


def _paid(sale: Sale) -> Ticket:
    due = price(sale).due
    if due:
        sale = add_tender(sale, take(CASH, due))
    return settle(sale, price(sale), SHOP, "2026-11-22", 1)


def sell(store: Store, *sold: tuple[Product, int]) -> Entry:
    """Journal a sale, and wait until it is on disk."""
    return append(store, "ticket", to_data(ticket(*(sold or ((BREAD, 1),)))))


def append(store: Store, chain: str, data: dict[str, Any]) -> Entry:
    """Journal anything, and wait until it is on disk."""

    def work(tx: Transaction) -> Entry:
        return tx.append(chain, data)

    return store.ledger.run(work, "ma").result(10)


def note(number: int) -> dict[str, Any]:
    """The data of an event."""
    return {"code": 910, "name": "line_voided", "details": {"line": number}}


def closing(session: int) -> dict[str, Any]:
    """The data of an empty Z."""
    return closing_data(opened(None, session, "2026-11-22"))
