"""When something goes wrong the screen says so, and shows only what is true."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from pos.app.ports import DeviceHealth, DeviceState, JobState, PrintJob
from pos.domain.errors import DiskFull
from pos.tui.app import TillApp
from tests.pos.tui.screens import rows_of, text_of
from tests.pos.tui.shop import BREAD, Shop, burst, play, press, settled, type_in
from tests.pos.tui.test_day import choose


class FullDisk:
    """The shop's ledger on a disk that is full whenever `full` says so."""

    def __init__(self, shop: Shop) -> None:
        self._ledger = shop.store.ledger
        self.full = False
        shop.desk.ports = replace(shop.desk.ports, ledger=self)

    def run(
        self, work: Callable[[Any], Any], operator: str, *, durable: bool = True
    ) -> Future[Any]:
        """Refuse, as the writer does."""
        if self.full:
            refused: Future[Any] = Future()
            refused.set_exception(DiskFull(reason="test"))
            return refused
        return self._ledger.run(work, operator, durable=durable)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)


def test_a_line_that_the_disk_refused_goes_away_again_and_says_so(shop: Shop) -> None:
    shop.sign_on()
    disk = FullDisk(shop)

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".2")
        disk.full = True
        burst(app, BREAD + "\r")
        await settled(app, pilot)
        shown = text_of(app)
        assert "DISQUE PLEIN" in shown
        assert shop.desk.sale is not None
        assert [line.product.label for line in shop.desk.sale.lines] == ["Crème fraîche épaisse"]
        await press(app, pilot, "f2")
        assert shop.desk.last is None
        disk.full = False
        await press(app, pilot, "f2")
        assert shop.desk.last is not None

    play(shop.app(), story)


def test_a_bug_in_one_act_is_told_and_the_till_goes_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        def broken(_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr("pos.tui.jobs.read_x", broken)
        with caplog.at_level(logging.ERROR):
            await choose(app, pilot, "Ticket X")
        assert "n'a pas su faire cela" in text_of(app)
        await type_in(app, pilot, ".1")
        assert shop.desk.sale is not None

    play(shop.app(), story)


def test_a_doubtful_print_is_answered_by_looking_at_the_paper(shop: Shop) -> None:
    shop.sign_on()
    job = PrintJob("job-1", "ticket 01-1-0000001", [])

    def doubt(tx: Any) -> None:
        tx.enqueue(job)
        tx.set_job(job.id, JobState.UNKNOWN, "printer.lost")

    shop.store.ledger.run(doubt, "till").result(10)

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        assert "1 à vérifier" in text_of(app)
        await choose(app, pilot, "Impressions")
        await press(app, pilot, "enter", "enter")
        assert shop.store.ledger.jobs() == ()

    play(shop.app(), story, (100, 30))


def test_goods_without_a_ticket_are_scanned_back(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await choose(app, pilot, "Reprendre un article")
        burst(app, BREAD + "\r")
        await settled(app, pilot)
        assert "← retour Baguette" in text_of(app)
        await press(app, pilot, "f3")
        assert shop.terminal.attempt is not None
        assert shop.terminal.attempt.amount == 120

    play(shop.app(), story)


def test_an_even_exchange_ends_with_the_cash_key(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, ".1")
        await choose(app, pilot, "Reprendre un article")
        await type_in(app, pilot, BREAD)
        await press(app, pilot, "f2")
        assert shop.desk.last is not None
        assert shop.desk.last.ticket.total.ttc == 0

    play(shop.app(), story)


def test_a_device_that_gets_worse_is_told_in_full_once(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        shop.printer.state = DeviceHealth(DeviceState.FAULT, "printer.paper_out")
        await app.poll()
        await settled(app, pilot)
        rows = rows_of(app)
        assert any("ATTENTION : Plus de papier : mettez un rouleau." in row for row in rows)
        assert "Plus de papier │" in rows[-1]
        await press(app, pilot, "1", "backspace")
        await app.poll()
        await settled(app, pilot)
        assert "mettez un rouleau" not in text_of(app)
        shop.printer.state = DeviceHealth(DeviceState.ONLINE)
        await app.poll()
        shop.printer.state = DeviceHealth(DeviceState.FAULT, "printer.paper_out")
        await app.poll()
        await settled(app, pilot)
        assert "mettez un rouleau" in text_of(app)

    play(shop.app(), story)


def test_news_of_a_device_wait_until_a_refusal_was_read(shop: Shop) -> None:
    shop.sign_on()

    async def story(app: TillApp, pilot: Pilot[None]) -> None:
        await type_in(app, pilot, "4711")
        shop.printer.state = DeviceHealth(DeviceState.FAULT, "printer.cover_open")
        await app.poll()
        await settled(app, pilot)
        assert "REFUSÉ" in text_of(app)
        await press(app, pilot, "escape")
        await app.poll()
        await settled(app, pilot)
        assert "refermez-le" in text_of(app)

    play(shop.app(), story)
