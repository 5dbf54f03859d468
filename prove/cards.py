"""Card payments with real processes, real lines and kill -9: the fault matrix once more, for real.

The till is forked and the terminal is `comptoir simulate terminal`, on TCP behind a line that can
be cut, or on a pseudo-terminal. While the till sells by card and nothing else, one of them is
killed, the line is cut or the disk takes nothing more, at a random instant. Then the till comes
back and recovers by itself; what it says is compared with the terminal's ledger; the cashier reads
the terminal's paper for what is still unknown; and everything is compared again.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import random
import resource
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from drivers.simulators.card.ledger import Ledger
from pos.app import pay_by_card, resolve_card, ring_up, sign_on, take_payment
from pos.app.desk import CardNews
from pos.bootstrap import Till
from pos.config import TerminalConfig
from pos.domain.errors import PosError
from pos.domain.payment import RUNNING, Attempt, State
from pos.domain.sale import price
from prove.child import Child, Silent, Tell
from prove.command import Command
from prove.day import DISK_SAYS
from prove.kills import working_folder
from prove.relay import Relay
from prove.shop import WHO, Place
from prove.tally import Tally
from prove.virtual.judge import judge, moved_by

CASES: Final = 500
CUTS_A_LIFE: Final = 8
SILENCE_S: Final = 60.0
CUSTOMER_S: Final = 0.05
SELLING_S: Final = 0.5
FULL_S: Final = 0.3  # how long the disk takes nothing
REST_S: Final = 6.0  # until then a till that came back has asked whatever it can ask
PAPER_S: Final = 5.0  # a terminal that heard no end of a request waits 3 s before the customer pays
LOOK_EVERY_S: Final = 0.02
ANSWER_TIMEOUT_S: Final = 30
SAY_EVERY: Final = 50
PRODUCT: Final = "2000000000015"
CENTS: Final = (101, 9_999_999)
WELL: Final = "approve x4\n"


class Kind(StrEnum):
    """What happens at the random instant."""

    TILL = "till killed"
    TERMINAL = "terminal killed"
    LINE = "line cut"
    DISK = "disk full"


@dataclass(frozen=True, slots=True)
class Bench:
    """A protocol on a line, and what its customers do between two who simply pay."""

    name: str
    protocol: str
    on_tcp: bool
    script: tuple[str, ...]
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """A pseudo-terminal is cut by the end of the terminal's process."""
        return tuple(Kind) if self.on_tcp else (Kind.TILL, Kind.TERMINAL, Kind.DISK)


_ON_THE_LINK: Final = ("refuse", "abandon", "bad_lrc_once", "nak_once", "answer_split", "no_eot")
BENCHES: Final = (
    Bench(
        "concert tcp",
        "concert",
        on_tcp=True,
        script=(*_ON_THE_LINK, "unplug", "unplug_answer", "private_overwritten"),
        more={"echoes_reference": True},
    ),
    Bench("concert pty", "concert", on_tcp=False, script=(*_ON_THE_LINK, "unplug")),
    Bench(
        "caisse-ap tcp",
        "caisse-ap",
        on_tcp=True,
        script=("refuse", "answer_split", "unplug", "unplug_answer", "no_amount", "not_completed"),
        more={"echoes_reference": True, "repeats_last": "yes"},
    ),
    Bench("caisse-ap pty", "caisse-ap", on_tcp=False, script=(*_ON_THE_LINK, "no_amount")),
    Bench(
        "zvt tcp",
        "zvt",
        on_tcp=True,
        script=("refuse", "split", "unplug", "unplug_answer", "unplug_taken", "joined", "dle"),
        more={"reverses": True},
    ),
    Bench("zvt pty", "zvt", on_tcp=False, script=("refuse", "split", "bad_crc_once", "nak_once")),
)


def prove_cards(
    tally: Tally, seed: int, count: int | None = None, keep: Path | None = None
) -> None:
    """Break `count` payments (CASES), on all benches side by side: a break is mostly waiting."""
    each = -(-(count or CASES) // len(BENCHES))
    with ProcessPoolExecutor(len(BENCHES), multiprocessing.get_context("fork")) as pool:
        works = [pool.submit(_work, bench, seed, each, keep) for bench in BENCHES]
        for work in works:
            passed, failed, counts = work.result()
            tally.passed += passed
            tally.failed += failed
            tally.counts.update(counts)


def _work(bench: Bench, seed: int, cases: int, keep: Path | None) -> tuple[int, int, Counter[str]]:
    """One bench, in a process of its own."""
    draw = random.Random(f"{seed} {bench.name}")  # noqa: S311 - chance, not secrecy
    tally = Tally("cards")
    with working_folder(tally, keep / bench.name if keep else None) as folder:
        story = _Story(bench, folder, draw, tally)
        with story.terminal():
            story.live(cases)
        story.add_to(tally)
    return tally.passed, tally.failed, tally.counts


class _Story:
    """One shop with one terminal, through many breaks."""

    def __init__(self, bench: Bench, folder: Path, draw: random.Random, tally: Tally) -> None:
        self._bench = bench
        self._folder = folder
        self._draw = draw
        self._tally = tally
        self._paper = folder / "terminal.jsonl"
        self._script = folder / "terminal.script"
        self._tty = folder / "tty"
        self._counts = {
            "approved": 0,
            "unknown to the till": 0,
            "acts refused by the disk": 0,
            "sins": 0,
        }
        self._command: Command
        self._relay: Relay | None = None
        self._port = 0

    # The terminal.

    @contextmanager
    def terminal(self) -> Iterator[None]:
        """Start it, and the line; all ends with this."""
        lines = [WELL + "".join(f"{name}\n" for name in self._bench.script)]
        self._script.write_text("".join(lines) * 200, encoding="utf-8")
        self._start_terminal()
        try:
            if self._bench.on_tcp:
                self._relay = Relay(self._port)
            place = self._place
            _in_child(place.enter, place.stock)
            yield
        finally:
            if self._relay:
                self._relay.stop()
            self._command.kill()

    def _start_terminal(self) -> None:
        line = ("--tcp", f"127.0.0.1:{self._port}") if self._bench.on_tcp else ("--pty",)
        self._command = Command(
            *("simulate", "terminal", *line, "--protocol", self._bench.protocol),
            *("--baud", "115200", "--customer-s", str(CUSTOMER_S)),
            *("--ledger", str(self._paper), "--script", str(self._script)),
            state=self._folder / "state",
            log=self._folder / "terminal.log",
        )
        address = self._command.ready()
        if self._bench.on_tcp:
            self._port = int(address.rpartition(":")[2])
        else:
            self._tty.unlink(missing_ok=True)
            self._tty.symlink_to(address)

    @property
    def _place(self) -> Place:
        port = f"tcp://127.0.0.1:{self._relay.port}" if self._relay else str(self._tty)
        how = TerminalConfig(
            port=port,
            protocol=self._bench.protocol,  # type: ignore[arg-type] # a table's name
            answer_timeout_s=ANSWER_TIMEOUT_S,
            **self._bench.more,
        )
        return Place(self._folder, terminal=port, how=how)

    # The breaks.

    def live(self, cases: int) -> None:
        """One life of the till after the other, until so many breaks are done."""
        number = 0
        while number < cases:
            child = Child(self._till_life)
            heard = _Heard(child, self._note)
            if not heard.until("selling"):
                number += 1
                child.kill()
            for _ in range(CUTS_A_LIFE):
                if number >= cases or child.status is not None:
                    break
                number += 1
                kind = self._draw.choice(self._bench.kinds)
                self._break(kind, child, heard)
                self._tally.count(f"{self._bench.name}: {kind}")
                self._tally.case(f"{self._bench.name}, {kind} {number}", heard.problems())
                if number % SAY_EVERY == 0:
                    self._tally.say(f"{self._bench.name}: {number} of {cases}")
                if kind is Kind.TILL:
                    break
            if child.status is None:
                os.kill(child.pid, signal.SIGTERM)
                heard.to_its_end()
            self._tally.case(f"{self._bench.name}, end of a life", heard.problems())

    def _break(self, kind: Kind, child: Child, heard: _Heard) -> None:
        heard.until_moment(time.monotonic() + self._draw.uniform(0.0, SELLING_S))
        if kind is Kind.TILL:
            child.kill()
            heard.to_its_end()
            return
        if kind is Kind.LINE and self._relay:
            self._relay.cut()
        elif kind is Kind.DISK:
            os.kill(child.pid, signal.SIGUSR2)
        else:
            self._command.kill()
            self._start_terminal()
        heard.until("sold", skip=1)

    def _note(self, kind: str, *told: Any) -> None:
        if kind == "count":
            self._counts[str(told[0])] += int(told[1])

    def add_to(self, tally: Tally) -> None:
        """Report what became of the payments."""
        for what, number in self._counts.items():
            tally.count(what, number)

    # The till, in a child.

    def _till_life(self, tell: Tell) -> None:
        place = self._place
        place.enter()
        ended: list[int] = []
        signal.signal(signal.SIGTERM, lambda *_: ended.append(1))
        signal.signal(signal.SIGUSR2, lambda *_: _fill_the_disk())
        with place.open() as till:
            cashier = _Cashier(till, self._paper, tell)
            cashier.arrive()
            tell("selling")
            while not ended:
                cashier.sell()
                tell("sold")
            cashier.clear_up()


class _Heard:
    """What a till tells, and what was wrong in it."""

    def __init__(self, child: Child, note: Callable[..., None]) -> None:
        self._child = child
        self._note = note
        self._wrong: list[str] = []

    def problems(self) -> list[str]:
        """What was wrong since the last time."""
        wrong, self._wrong = self._wrong, []
        return wrong

    def until(self, word: str, skip: int = 0) -> bool:
        """Listen until it says this, after having said it `skip` times; False if it never did."""
        try:
            for kind, *told in self._child.heard(SILENCE_S):
                self._take(kind, *told)
                if kind == word:
                    if not skip:
                        return True
                    skip -= 1
        except Silent as error:
            self._wrong.append(str(error))
            return False
        self._wrong.append("the till ended by itself")
        return False

    def until_moment(self, moment_s: float) -> None:
        """Listen until a moment of the monotonic clock."""
        for kind, *told in self._child.listen_until(moment_s):
            self._take(kind, *told)

    def to_its_end(self) -> None:
        """Listen until it has ended."""
        try:
            for kind, *told in self._child.heard(SILENCE_S):
                self._take(kind, *told)
        except Silent as error:
            self._wrong.append(str(error))

    def _take(self, kind: str, *told: Any) -> None:
        if kind == "wrong":
            self._wrong += told[0]
        elif kind == "crashed":
            self._wrong.append(str(told[0]))
        self._note(kind, *told)


class _Cashier:
    """A cashier who sells by card only, each sale of another amount."""

    def __init__(self, till: Till, paper: Path, tell: Tell) -> None:
        self._till = till
        self._desk = till.desk
        self._paper = paper
        self._tell = tell
        self._news: queue.Queue[Any] = queue.Queue()
        self._draw = random.Random()  # noqa: S311 - chance, not secrecy
        till.news.target = self._news.put

    def arrive(self) -> None:
        """Sign on, and take up what is open."""
        sign_on.sign_on(self._desk, WHO.code, WHO.pin).wait()
        self.clear_up()

    def clear_up(self) -> None:
        """Let the till recover, compare, read the paper, compare again."""
        self._rest()
        self._compare()
        self._insist(self._resolve)
        self._desk.reload()
        self._compare()

    def sell(self) -> None:
        """One sale by card; what is still due when the card did not pay is taken in cash."""
        self._insist(self._ring)
        reference = self._begin()
        if reference:
            self._wait_for_end(reference)
        self._desk.reload()
        if self._desk.attempts:
            self._tell("count", "unknown to the till", 1)
            self.clear_up()
        self._insist(self._take_rest)

    # The steps of a sale.

    def _ring(self) -> None:
        if self._desk.sale is None or not self._desk.sale.lines:
            cents = self._draw.randint(*CENTS)
            ring_up.by_code(self._desk, PRODUCT, unit_price=cents).wait()

    def _begin(self) -> str:
        try:
            return pay_by_card.begin(self._desk).wait().attempt.reference
        except PosError as refusal:
            self._note(refusal)
            return ""

    def _wait_for_end(self, reference: str) -> None:
        until_s = time.monotonic() + SILENCE_S / 2
        while time.monotonic() < until_s:
            with suppress(queue.Empty):
                news = self._news.get(timeout=LOOK_EVERY_S)
                if isinstance(news, CardNews):
                    self._desk.catch_up(news)
                    if news.attempt.reference != reference:
                        continue
                    if news.attempt.state is State.APPROVED:
                        self._tell("count", "approved", 1)
                    if news.attempt.state not in RUNNING:
                        return

    def _take_rest(self) -> None:
        sale = self._desk.sale
        if sale is not None and sale.lines:
            if price(sale).due:
                take_payment.take_tender(self._desk, "cash").wait()
            else:
                take_payment.settle_even(self._desk).wait()

    def _note(self, refusal: PosError) -> None:
        if refusal.key in DISK_SAYS:
            self._tell("count", "acts refused by the disk", 1)

    # What is unknown.

    def _rest(self) -> None:
        """Wait while the till may still find out by itself, or the terminal still print."""
        until_s = time.monotonic() + REST_S
        while time.monotonic() < until_s:
            self._hear()
            self._desk.reload()
            waiting = [a for a in self._desk.attempts if self._may_settle(a)]
            if not waiting:
                return
            time.sleep(LOOK_EVERY_S)

    def _may_settle(self, attempt: Attempt) -> bool:
        if attempt.state is State.ORPHAN or attempt.proposal is not None:
            return False
        return attempt.state in RUNNING or not moved_by(Ledger(self._paper), attempt)

    def _resolve(self) -> None:
        for attempt in self._desk.ports.ledger.open_attempts():
            if attempt.state is State.ORPHAN:
                resolve_card.explain(self._desk, attempt.reference, "on the paper").wait()
                continue
            charged = moved_by(Ledger(self._paper), attempt) != 0
            resolve_card.resolve(
                self._desk, attempt.reference, charged=charged, sure=not charged
            ).wait()

    def _hear(self) -> None:
        while not self._news.empty():
            news = self._news.get_nowait()
            if isinstance(news, CardNews):
                self._desk.catch_up(news)

    def _compare(self) -> None:
        self._hear()
        wrong = [f"{sin}: {told}" for sin, told in judge(self._desk, Ledger(self._paper))]
        if wrong:
            self._tell("count", "sins", len(wrong))
            self._tell("wrong", wrong)

    def _insist(self, act: Callable[[], None]) -> None:
        """Do it, as soon as the disk lets one."""
        until_s = time.monotonic() + SILENCE_S / 2
        while True:
            try:
                return act()
            except PosError as refusal:
                if time.monotonic() > until_s:
                    raise
                self._note(refusal)
                time.sleep(LOOK_EVERY_S)
                self._hear()
                self._desk.reload()


def _fill_the_disk() -> None:
    """No file may grow any more, for a moment: what the till writes is refused (EFBIG)."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
    signal.signal(
        signal.SIGALRM,
        lambda *_: resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, hard)),
    )
    signal.setitimer(signal.ITIMER_REAL, FULL_S)


def _in_child(*works: Callable[[], None]) -> None:
    def work(_: Tell) -> None:
        for part in works:
            part()

    child = Child(work)
    told = list(child.heard(SILENCE_S))
    if child.wait():
        raise RuntimeError(str(told))
