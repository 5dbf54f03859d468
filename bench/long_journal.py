"""Make a journal of any length quickly: real signed sales, many to a transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pos.app.campaign_entries import entry_data
from pos.domain import closing as closings
from pos.domain.catalogue import Product
from pos.domain.money import ONE
from pos.domain.sale import Sale, add_item, add_tender, price
from pos.domain.tender import CASH, take
from pos.domain.ticket import Shop, Ticket, settle, to_data
from pos.store.database import Database
from pos.store.folder import DataFolder
from pos.store.head import HeadFile
from pos.store.journal import stamp
from pos.store.machine import Machine
from pos.store.start import Start
from sync.contract.entry import CAMPAIGN_PREFIX

SALES_PER_TRANSACTION = 2000
FIRST_DAY = datetime(2026, 1, 2, 8, tzinfo=UTC)
PRODUCTS = (
    Product("3000000000014", "Pain de campagne", 345, 550),
    Product("3000000000021", "Côtes du Rhône", 899, 2000),
    Product("3000000000038", "Comté 12 mois", 1290, 550),
)


def make_long_journal(
    folder: DataFolder,
    machine: Machine,
    sales: int,
    progress: Callable[[int], None] | None = None,
    *,
    closed: bool = False,
    campaign: str = "",
) -> None:
    """Write a new till's journal with this many tickets, about 13,000 a second.

    With `closed` one closing, of the form that a day's has, ends it; with `campaign` each sale
    writes that campaign's chain too.
    """
    folder.make()
    machine.make()
    database = Database(folder.till_db, "till")
    start = Start(database, folder, machine, stamp(FIRST_DAY))
    till = "00000000-0000-4000-8000-000000000001"
    journal, _ = start.journal(lambda: till, renew_key=False)
    ticket = _ticket()
    data = to_data(ticket)
    for first in range(0, sales, SALES_PER_TRANSACTION):
        with database.transaction(durable=False) as connection:
            at = stamp(FIRST_DAY + timedelta(minutes=first))
            appending = journal.begin(connection, at, "ma")
            for number in range(first, min(first + SALES_PER_TRANSACTION, sales)):
                entry = appending.append("ticket", {**data, "sale": f"sale-{number}"})
                if campaign:
                    said = entry_data(ticket, entry, families={}, clock="unknown", rewards=())
                    appending.append(CAMPAIGN_PREFIX + campaign, said)
            appending.entries.clear()
        journal.adopt(appending)
        database.checkpoint()
        if progress:
            progress(first)
    if closed:
        with database.transaction() as connection:
            appending = journal.begin(connection, stamp(FIRST_DAY), "ma")
            appending.append("closing", closings.to_data(_day(sales)))
        journal.adopt(appending)
    head_file = HeadFile(machine.head_file(till))
    head_file.write(journal.head)
    head_file.close()
    database.close()


def place(path: Path) -> tuple[DataFolder, Machine]:
    """The folders of a till below a path."""
    return DataFolder(path / "data"), Machine(path / "machine")


def _day(tickets: int) -> closings.Closing:
    one = closings.with_ticket(closings.opened(None, 1, "2026-01-02"), 1, _ticket())
    return replace(one, last_ticket=tickets, tickets=tickets)


def _ticket() -> Ticket:
    sale = Sale("sale", "2026-01-02T08:00:00.000+00:00", "ma")
    for product in PRODUCTS:
        sale = add_item(sale, product, ONE)
    sale = add_tender(sale, take(CASH, price(sale).due))
    return settle(sale, price(sale), Shop("Épicerie du Port"), "2026-01-02", 1)
