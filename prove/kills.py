"""kill -9 of the till at random instants, with a printer, a card terminal and a campaign.

The devices, the server and the sync are processes of their own, so what they saw stays true. After
each kill the till comes back, the cashier reads the terminal's paper for what is unknown, and
everything is compared: acknowledged sales, numbers, signatures, the terminal's money.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from pos.app.desk import CardNews
from pos.bootstrap import Till
from pos.demo.cashier import Mix
from pos.domain.errors import CardBusy, UnknownAttempt
from prove import card_ledger
from prove.campaign import Campaign, Expected, expected
from prove.checks import Ack, problems
from prove.child import Child, Silent, Tell
from prove.command import Command, CommandFailed
from prove.proxy import Proxy
from prove.shop import BASKETS_A_DAY, WHO, Place, Returning, shoppers
from prove.tally import Tally

KILLS: Final = 200
SAY_EVERY: Final = 20
SILENCE_S: Final = 60.0
SYNC_WAIT_S: Final = 360.0
CUSTOMER_S: Final = 0.03
BAUD: Final = 115_200
EARLY_S: Final = 0.4  # opening, checking and signing on take about so long
SELLING_S: Final = 1.0
CARDS: Final = Mix(card=650, split=80, refund=30, receipt=150, park=30)


def prove_kills(
    tally: Tally, seed: int, count: int | None = None, keep: Path | None = None
) -> None:
    """Kill the till `count` times (KILLS), then compare everything once more."""
    count = count or KILLS
    draw = random.Random(seed)  # noqa: S311 - chance, not secrecy
    with working_folder(tally, keep) as folder, shop_with_devices(folder) as (place, campaign):
        story = Story(place, draw)
        for number in range(1, count + 1):
            tally.case(f"kill {number}", story.life())
            if number % SAY_EVERY == 0:
                tally.say(f"{number} of {count} kills, {len(story.acked)} acknowledged")
        tally.case("the till after the last kill", story.last_life())
        tally.case("the server after the last kill", story.compare(campaign))
        story.add_to(tally)


@contextmanager
def working_folder(tally: Tally, keep: Path | None) -> Iterator[Path]:
    """A folder that goes when all is done; with `keep`, a copy stays if something failed."""
    with tempfile.TemporaryDirectory(prefix="comptoir-prove-") as folder:
        try:
            yield Path(folder)
        finally:
            if keep and (tally.failed or sys.exc_info()[0]):
                shutil.copytree(folder, keep, dirs_exist_ok=True)


@contextmanager
def shop_with_devices(path: Path, proxy: Proxy | None = None) -> Iterator[tuple[Place, Campaign]]:
    """A stocked and enrolled shop with devices on TCP; CommandFailed when a process had died.

    With a proxy, that is how the till reaches the server.
    """
    state, paper = path / "state", path / "terminal.jsonl"
    script = path / "terminal.script"
    card_ledger.write_script(script)
    tcp = ("--tcp", "127.0.0.1:0", "--baud", str(BAUD))
    terminal = Command(
        *("simulate", "terminal", *tcp, "--customer-s", str(CUSTOMER_S)),
        *("--ledger", str(paper), "--script", str(script)),
        state=state,
        log=path / "terminal.log",
    )
    printer = Command("simulate", "printer", *tcp, state=state, log=path / "printer.log")
    place = Place(path, f"tcp://{printer.ready()}", f"tcp://{terminal.ready()}")
    campaign = Campaign(place, proxy.origin if proxy else "")
    if proxy:
        proxy.start(campaign.port)
    try:
        _in_child(place.enter, place.stock)
        campaign.enrol()
        yield place, campaign
        campaign.stop()
        terminal.stop()
        printer.stop()
    except BaseException:
        for process in (campaign, terminal, printer):
            process.kill()
        raise


def _in_child(*works: Any) -> None:
    def work(_: Tell) -> None:
        for part in works:
            part()

    child = Child(work)
    told = list(child.heard(SILENCE_S))
    if child.wait():
        raise CommandFailed(str(told))


class CardCashier(Returning):
    """A cashier who waits for the terminal's paper before she says what it says."""

    till: Till
    paper: Path

    def _resolve(self, reference: str, amount: int) -> CardNews:
        """As her colleague does, but a late answer may come first: then the till knows."""
        card_ledger.wait_for_paper(self.till, reference, self.paper)
        try:
            return super()._resolve(reference, amount)
        except (UnknownAttempt, CardBusy):
            self.desk.reload()
            return CardNews(card_ledger.newest(self.till, reference))


class Story:
    """One shop through many lives of its till."""

    def __init__(self, place: Place, draw: random.Random) -> None:
        self.acked: list[Ack] = []
        self.expected: Expected | None = None
        self._place = place
        self._draw = draw
        self._examined = 0
        self._attempts = 0
        self._card_cents = 0

    def life(self) -> list[str]:
        """Live until killed, while opening or while selling."""
        seed = self._draw.randrange(2**32)
        early = self._draw.random() < 0.25
        lasts_s = self._draw.uniform(0.0, EARLY_S if early else SELLING_S)
        child = Child(lambda tell: self._work(seed, tell, lambda _: False))
        found = [] if early else self._listen_for(child, "selling")
        found += self.hear_until(child, time.monotonic() + lasts_s)
        child.kill()
        return found + self._listen(child)

    def last_life(self) -> list[str]:
        """Come back, sell a day, close it and the till."""
        seed = self._draw.randrange(2**32)
        return self._listen(
            Child(lambda tell: self._work(seed, tell, lambda number: number == BASKETS_A_DAY))
        )

    def begin(self) -> Child:
        """A till that sells until `end`."""
        seed = self._draw.randrange(2**32)

        def work(tell: Tell) -> None:
            asked = threading.Event()
            signal.signal(signal.SIGTERM, lambda *_: asked.set())
            self._work(seed, tell, lambda _: asked.is_set())

        return Child(work)

    def hear_until(self, child: Child, moment_s: float) -> list[str]:
        """Listen to a till up to a moment of the monotonic clock; what was wrong."""
        found: list[str] = []
        for message in child.listen_until(moment_s):
            found += self._hear(*message)
        return found

    def end(self, child: Child) -> list[str]:
        """Let a till finish its sale, its day and itself; what was wrong."""
        os.kill(child.pid, signal.SIGTERM)
        return self._listen(child)

    def compare(self, campaign: Campaign) -> list[str]:
        """Let the server receive everything, and compare it with what the till sold."""
        if self.expected is None:
            return ["the till did not say what it sold"]
        campaign.wait_for(self.expected.entries, SYNC_WAIT_S)
        return campaign.problems(self.expected)

    def add_to(self, tally: Tally) -> None:
        """Report what the shop did."""
        tally.count("acknowledged sales", sum(ack.chain == "ticket" for ack in self.acked))
        tally.count("times examined", self._examined)
        tally.count("card attempts approved", self._attempts)
        tally.count("card cents, terminal = journal", self._card_cents)
        if self.expected:
            tally.count("campaign entries, server = journal", self.expected.entries)
            tally.count("cents, server = journal", self.expected.total)

    def _listen_for(self, child: Child, word: str) -> list[str]:
        found: list[str] = []
        try:
            for message in child.heard(SILENCE_S):
                if message[0] == word:
                    return found
                found += self._hear(*message)
        except Silent as error:
            found.append(str(error))
        return [*found, "the till ended by itself"]

    def _listen(self, child: Child) -> list[str]:
        found: list[str] = []
        try:
            for message in child.heard(SILENCE_S):
                found += self._hear(*message)
        except Silent as error:
            found.append(str(error))
        return found

    def _hear(self, kind: str, *told: Any) -> list[str]:
        if kind == "ack":
            self.acked.append(Ack(*told))
        elif kind == "examined":
            self._examined += 1
            return list(told[0])
        elif kind == "crashed":
            return [str(told[0])]
        elif kind == "cards":
            self._attempts, self._card_cents = told
        elif kind == "expected":
            self.expected = Expected(*told)
        return []

    def _work(self, seed: int, tell: Tell, ends: Callable[[int], bool]) -> None:
        """In the child: open, examine, clear up, sell until `ends` of the baskets served."""
        self._place.enter()
        draw = random.Random(seed)  # noqa: S311 - chance, not secrecy
        paper = self._place.path / "terminal.jsonl"
        with self._place.open() as till:
            tell("examined", problems(till, self.acked))
            cashier = CardCashier(
                till.desk,
                draw,
                mix=CARDS,
                terminal_paper=paper,
                acknowledge=lambda s: tell("ack", "ticket", s.number, s.entry.digest),
            )
            cashier.till, cashier.paper = till, paper
            till.news.target = cashier.news
            cashier.arrive(WHO.code, WHO.pin)
            tell("examined", list(card_ledger.problems(till, paper)))
            tell("selling")
            self._sell(cashier, draw, tell, ends)
            tell("examined", problems(till, self.acked, full_audit=True))
            tell("examined", list(card_ledger.problems(till, paper)))
            approved = card_ledger.approvals(till)
            tell("cards", len(approved), approved.total())
            tell("expected", *expected(till))

    def _sell(
        self, cashier: CardCashier, draw: random.Random, tell: Tell, ends: Callable[[int], bool]
    ) -> None:
        for number, basket in enumerate(shoppers(draw), start=1):
            cashier.open_day()
            cashier.serve(basket)
            if ends(number) or number % BASKETS_A_DAY == 0:
                cashier.close_day()
                closing = cashier.till.desk.ports.ledger.last("closing")
                if closing:
                    tell("ack", "closing", closing.payload.number, closing.digest)
            if ends(number):
                return
