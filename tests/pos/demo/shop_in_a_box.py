"""The shop in a box inside the test, and everything that its books can be compared by."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.simulators.card.concert_scenarios import SCENARIOS
from pos.bootstrap import machine
from pos.config import Config
from pos.demo.baskets import Names, read_baskets
from pos.demo.box import Box, open_box
from pos.demo.campaign import server_status, wait_for_server
from pos.demo.cashier import Cashier
from pos.demo.replay import DayClock, Plan, replay, summary, wait_for_paper
from pos.demo.shop import shipped
from pos.store.audit import audit
from pos.store.catalogue_rows import parse
from pos.store.folder import DataFolder
from pos.store.head import HeadFile

SYNC_WAIT_S = 60.0
SHIPPED = Path(__file__).parents[3] / "pos" / "demo"


@dataclass
class Day:
    """A replay under way: the box, who works in it, and what was promised to her."""

    box: Box
    cashier: Cashier
    clock: DayClock
    acknowledged: list[tuple[int, str, int]]

    def ring_up(self, baskets: tuple[tuple[str, ...], ...], per_day: int) -> None:
        """Serve the baskets, and wait for paper and server."""
        replay(self.cashier, self.clock, Plan(baskets, per_day), lambda _done, _all: None)
        wait_for_paper(self.box.till)

    def agrees(self) -> dict[str, Any]:
        """Every road to the day's sum leads to the same one; the summary."""
        till, tally = self.box.till, self.cashier.tally
        data = summary(till, 0.0)
        sums = {data["total"], data["total_by_line"], data["z_total"], tally.total}
        sums |= {sum(data["tenders"].values()), sum(rate["ttc"] for rate in data["vat"])}
        assert sums == {tally.z_total}
        assert (data["sales"], data["refunds"]) == (tally.sales, tally.refunds)
        assert (data["lines"], data["tenders"]) == (tally.lines, tally.tenders)
        assert data["card_attempts"] == tally.card_attempts
        self._promises(data)
        self._devices(data)
        self._server(data)
        witness = HeadFile(machine().head_file(till.store.identity.till)).read()
        report = audit(till.store.reader, witness, full=True)
        assert report.ok, report.findings
        return data

    def _promises(self, data: dict[str, Any]) -> None:
        """No sale that was shown as done is missing, none is there that was not."""
        ledger = self.box.till.desk.ports.ledger
        tickets = [one for one in ledger.since(0) if one.payload.chain == "ticket"]
        kept = [(one.payload.number, one.digest, one.data["total"]["ttc"]) for one in tickets]
        assert kept == self.acknowledged
        assert len(kept) == data["sales"] + data["refunds"]

    def _devices(self, data: dict[str, Any]) -> None:
        """What came out on paper, and what the cards were charged."""
        devices = self.box.till.simulated
        assert devices is not None
        assert data["prints_waiting"] == 0
        assert devices.printer.receipts_total() == data["receipts_asked"]
        assert devices.terminals["terminal"].ledger.charged_cents == data["tenders"].get("card", 0)

    def _server(self, data: dict[str, Any]) -> None:
        """What the campaign's server has, when there is one."""
        if self.box.server_folder is None:
            return
        acknowledged = wait_for_server(self.box, self.box.server_folder, SYNC_WAIT_S)
        assert acknowledged == data["campaign_entries"]
        status = server_status(self.box.server_folder)
        assert status is not None
        assert status.turnover.total_cents == data["total"]
        assert status.turnover.sales == data["sales"]


@contextmanager
def open_day(
    folder: Path, *, catalogue: bytes | None = None, with_sync: bool = True, days: int = 1
) -> Iterator[Day]:
    """Open the box in a folder, with a cashier who starts as many days ago as there are to ring."""
    clock = DayClock(days - 1)
    with open_box(
        DataFolder(folder),
        Config(),
        catalogue=catalogue,
        with_sync=with_sync,
        customer_s=0,
        clock=clock,
    ) as box:
        acknowledged: list[tuple[int, str, int]] = []
        devices = box.till.simulated
        assert devices is not None
        director = devices.terminals["terminal"].director
        cashier = Cashier(
            box.till.desk,
            random.Random(1),
            refuse_next_card=lambda: director.insert(SCENARIOS.named("refuse")),
            acknowledge=lambda done: acknowledged.append(
                (done.number, done.entry.digest, done.ticket.total.ttc)
            ),
        )
        box.till.news.target = cashier.news
        yield Day(box, cashier, clock, acknowledged)


def baskets_of(path: Path, catalogue: bytes, limit: int) -> tuple[tuple[str, ...], ...]:
    """The codes of the first baskets of a file."""
    return tuple(read_baskets(path, Names(parse(catalogue))))[:limit]


def shipped_baskets(limit: int) -> tuple[tuple[str, ...], ...]:
    """The first of the baskets that come with the program."""
    return baskets_of(SHIPPED / "baskets.csv", shipped("catalogue.csv"), limit)
