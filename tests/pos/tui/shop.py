"""A small shop for the screen's tests: a real store, a clock that stands still, played devices."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone
from itertools import count
from pathlib import Path
from typing import Any

from textual import events
from textual.pilot import Pilot

from pos.adapters.scanner import WedgeScanner
from pos.app.campaign_ports import CampaignLink
from pos.app.desk import CardNews, Desk, Ports, Settings
from pos.app.payment_recorder import PaymentRecorder
from pos.app.ports import Abilities, DeviceHealth, DeviceState, Role, Said, Staff
from pos.app.start import start
from pos.domain.finding import Finding, Trust
from pos.domain.gtin import Template
from pos.domain.payment import Attempt, State
from pos.domain.reconcile import TerminalTotals
from pos.domain.tender import CARD, CASH, Overpay, TenderKind, TenderType
from pos.domain.ticket import Shop as ShopDetails
from pos.i18n import language
from pos.store.catalogue import SqliteCatalogue
from pos.store.folder import DataFolder
from pos.store.journal import stamp
from pos.store.loading import load_catalogue
from pos.store.machine import Machine
from pos.store.opening import Store, open_store
from pos.store.staff import SALT_BYTES, SqliteStaffBook, add, hash_pin
from pos.tui.app import TillApp
from tests.pos.fakes import FakeCampaigns

NOON = datetime(2026, 11, 22, 12, 30, 5, tzinfo=timezone(timedelta(hours=1)))
BREAD, CHEESE, BANANA = "3000000000014", "3250390001010", "2000000000008"
CATALOGUE = f"""ean13;libelle;prix_ttc;tva;code;unite;touche
{BREAD};Baguette tradition;1,20;5,5;;;1
{CHEESE};Crème fraîche épaisse;2,35;5,5;;;2
{BANANA};Bananes;1,99;5,5;;kg;3
;Sac à pain en coton;4,50;20;SAC;;4
""".encode()
PLAIN = Abilities()
# What the paper of an unknown card says, as keys.
OTHER_AMOUNT = ("down", "enter")
NOT_CHARGED = ("down", "down", "enter")
ASK_OR_LATER = ("down", "down", "down", "enter")
Story = Callable[[TillApp, Pilot[None]], Awaitable[None]]


class PlayedPrinter:
    """Says that it is well, and counts the drawer's kicks."""

    def __init__(self) -> None:
        self.state = DeviceHealth(DeviceState.ONLINE)
        self.kicks = 0

    def wake(self) -> None:
        """Nothing to print on."""

    def open_drawer(self) -> None:
        """Count."""
        self.kicks += 1

    def health(self) -> DeviceHealth:
        """As it was set."""
        return self.state


class PlayedTerminal:
    """Takes an attempt and waits for the test to answer it, from another thread."""

    def __init__(self, name: str = "tpe", abilities: Abilities = PLAIN) -> None:
        self.name, self.abilities = name, abilities
        self.attempt: Attempt | None = None
        self.recorder: PaymentRecorder | None = None
        self.state = DeviceHealth(DeviceState.ONLINE)
        self.shows = Said()
        self.stops = self.asked = self.days = 0

    def begin(self, attempt: Attempt) -> None:
        """Keep it."""
        self.attempt = attempt

    def cancel(self) -> None:
        """Count."""
        self.stops += 1

    def ask(self) -> None:
        """Count."""
        self.asked += 1

    def end_of_day(self) -> None:
        """Count."""
        self.days += 1

    def said(self, reference: str) -> Said:
        """As it was set, of the last attempt."""
        attempt = self.attempt
        return self.shows if attempt and attempt.reference == reference else Said()

    def health(self) -> DeviceHealth:
        """As it was set."""
        return self.state

    def shows_card(self, step: str = "waiting_customer", text: str = "") -> None:
        """The dialogue began, and the terminal shows this."""
        attempt = self._begun()
        self._on_its_thread(lambda recorder: recorder.sending(attempt.reference))
        self.shows = Said(step, text)

    def answer(self, state: State, **details: object) -> None:
        """End the attempt, as the device thread does; it may be shown as sent already."""
        attempt = self._begun()

        def work(recorder: PaymentRecorder) -> None:
            if not self.shows.step and state is not State.NOT_SENT:
                recorder.sending(attempt.reference)
            if state not in {State.UNKNOWN, State.NOT_SENT}:
                told = {"authorisation": "123456", "terminal_reference": "", **details}
                recorder.answered(attempt.reference, told)
            recorder.concluded(attempt.reference, state, details)

        self._on_its_thread(work)
        self.shows = Said()

    def tells(self, finding: Finding) -> None:
        """Say by itself, or asked, what its last operation was."""
        self._on_its_thread(lambda recorder: recorder.late(self.name, finding, Trust()))

    def adds_up(self, totals: TerminalTotals | None) -> None:
        """Tell its totals, or that it could not."""
        self._on_its_thread(lambda recorder: recorder.totals(self.name, totals))

    def _begun(self) -> Attempt:
        assert self.attempt is not None
        return self.attempt

    def _on_its_thread(self, work: Callable[[PaymentRecorder], None]) -> None:
        recorder = self.recorder
        assert recorder is not None
        thread = threading.Thread(target=work, args=(recorder,))
        thread.start()
        thread.join()


class PlayedCampaigns(FakeCampaigns):
    """One campaign with sales to send."""

    def __init__(self) -> None:
        super().__init__()
        self.state = CampaignLink()

    def active(self) -> tuple[str, ...]:
        """Those that the test joined."""
        return self.ids or self.state.campaigns

    def link(self) -> CampaignLink:
        """As it was set."""
        return self.state


class Shop:
    """The store, the desk and the devices."""

    def __init__(self, folder: Path) -> None:
        self.now = NOON
        self.store: Store = open_store(
            DataFolder(folder / "data"),
            Machine(folder / "machine"),
            lambda: self.now,
            new_till=lambda: "6f1c1b9e-6d0e-4c39-9d0d-3a8c1a3b5c7d",
        )
        self.printer, self.terminal = PlayedPrinter(), PlayedTerminal()
        self.terminals = [self.terminal]
        self.campaigns = PlayedCampaigns()
        self.more_tenders: tuple[TenderType, ...] = ()
        load_catalogue(self.store, CATALOGUE, lambda: self.now)
        for code, name, role in (
            ("1", "Camille", Role.CASHIER),
            ("2", "Dominique", Role.MANAGER),
            ("3", "Sacha", Role.TRAINEE),
        ):
            self._hire(Staff(code, name, role), code * 4)
        self.desk = self.new_desk()

    def new_desk(self, **settings: Any) -> Desk:
        """A desk as the till starts with it."""
        ids = count(1)
        meal = TenderType("Titre-restaurant", TenderKind.VOUCHER, Overpay.KEEP)
        desk = Desk(
            Ports(
                ledger=self.store.ledger,
                catalogue=SqliteCatalogue(self.store.reader),
                staff=SqliteStaffBook(self.store.reader, self._write, lambda: self.now),
                printer=self.printer,
                terminals={terminal.name: terminal for terminal in self.terminals},
                campaigns=self.campaigns,
                clock=lambda: self.now,
                new_id=lambda: f"id-{next(ids)}-{os.urandom(4).hex()}",
                new_reference=lambda: f"REF{next(ids):07}",
                identity=self.store.identity,
            ),
            Settings(
                ShopDetails("Épicerie du Peyrou", till="01", software="Comptoir"),
                language("fr"),
                tenders={x.name: x for x in (CASH, CARD, meal, *self.more_tenders)},
                templates=(Template.parse("21IIIIIWWWWWC"),),
                **settings,
            ),
        )
        start(desk)
        return desk

    def set_up(self, *terminals: PlayedTerminal, **settings: Any) -> None:
        """The till with these terminals, the first one `self.terminal`, and these settings."""
        self.terminal, self.terminals = terminals[0], list(terminals)
        self.desk = self.new_desk(**settings)

    def sign_on(self, code: str = "1", opening: int | None = 0) -> None:
        """Somebody is at the till already, and the session is open."""
        from pos.app.session import declare_float
        from pos.app.sign_on import sign_on

        sign_on(self.desk, code, code * 4).wait()
        if opening is not None:
            declare_float(self.desk, opening).wait()

    def app(self, code: str = "fr", keymap: dict[str, str] | None = None) -> TillApp:
        """The screen of the desk, in the colours of a terminal that has them all."""
        scanner = WedgeScanner(gap_max_ms=10)  # a short pause lets what the tests type go
        app = TillApp(
            self.desk,
            language(code),
            keymap,
            scanner=scanner,
            environment={"TERM": "xterm-256color"},
        )
        for terminal in self.terminals:
            terminal.recorder = PaymentRecorder(self.desk, app.news)
        return app

    def close(self) -> None:
        """Close the files."""
        assert self.store.close()

    def _hire(self, staff: Staff, pin: str) -> None:
        hashed = hash_pin(pin, bytes(SALT_BYTES))
        self._write(lambda db: add(db, staff, hashed, stamp(self.now)))

    def _write(self, work: Callable[[Any], Any]) -> Any:
        return self.store.ledger.run(lambda tx: work(tx.connection), "till").result(30)


def play(app: TillApp, story: Story, size: tuple[int, int] = (80, 24)) -> None:
    """Let a story happen on the screen."""

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await settled(app, pilot)
            await story(app, pilot)
            await settled(app, pilot)

    asyncio.run(run())


async def settled(app: TillApp, pilot: Pilot[None]) -> None:
    """Wait until keys held back are let go, acts are on disk and everything is drawn."""
    for _ in range(200):
        await pilot.pause(0.01)
        if app.quiet and not app.acts.busy:
            break
    await pilot.pause()


async def press(app: TillApp, pilot: Pilot[None], *keys: str) -> None:
    """Press keys as a person does, and see what comes of it."""
    for key in keys:
        await pilot.press(key)
        await settled(app, pilot)


async def type_in(app: TillApp, pilot: Pilot[None], text: str) -> None:
    """Type a text, key by key, and Enter."""
    names = {",": "comma", "*": "asterisk", ".": "full_stop", "@": "at", "-": "minus"}
    await press(app, pilot, *(names.get(sign, sign) for sign in text), "enter")


def burst(app: TillApp, text: str) -> None:
    """Send keys as a scanner does: all at once."""
    driver = app._driver  # real key events enter where the terminal's do
    assert driver is not None
    began_s = time.monotonic()
    for sign in text:
        key = {"\r": "enter", "\t": "tab"}.get(sign, sign)
        event = events.Key(key, sign)
        event.time = began_s  # a busy machine must not stretch the burst
        event.set_sender(app)
        driver.send_message(event)


def news_of(attempt: Attempt) -> CardNews:
    """News that end nothing."""
    return CardNews(attempt)
