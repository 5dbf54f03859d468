"""One case of the fault matrix: a payment, a fault, recovery by itself, the cashier, a new sale."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from drivers.card.settings import SAFE
from drivers.card.wire import TerminalProtocol
from pos.app import resolve_card
from pos.domain.errors import PosError
from pos.domain.payment import State
from prove.virtual.disk import Fate
from prove.virtual.judge import Violation, attempts_of, judge, moved_by
from prove.virtual.line import NEVER, Fault
from prove.virtual.setups import Setup
from prove.virtual.till import VirtualTill, Wrap
from prove.virtual.world import Killed

BEFORE_CENTS: Final = 310
FIRST_CENTS: Final = 1250
SECOND_CENTS: Final = 830
AFTERMATH_S: Final = 30.0  # of undisturbed running after the end of an attempt, faults included
HEALS_S: Final = 400.0
WELL_CUSTOMERS: Final = 8  # so often in a row a customer meets a terminal that is well
FORGING: Final = frozenset({Fault.FLIPPED, Fault.DOUBLED})


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a case breaks: at a byte of the dialogue or at a commit; `mask` is what flips."""

    byte: int = NEVER
    fault: Fault = Fault.LINE
    commit: int = 0
    fate: Fate = Fate.REFUSED
    mask: int = 0x01

    @property
    def kind(self) -> str:
        """How counts call it."""
        return f"commit {self.fate}" if self.commit else str(self.fault)

    def __str__(self) -> str:
        """How a failure names it."""
        where = f"{self.commit}" if self.commit else f"at byte {self.byte}"
        return f"{self.kind} {where}"


@dataclass(frozen=True, slots=True)
class Size:
    """What an undisturbed dialogue has, so that every place in it can be cut."""

    bytes: int
    commits: int


@dataclass(frozen=True, slots=True)
class Ended:
    """What a case came to: `end` is the first attempt's state before the cashier looked."""

    end: State | None
    violations: tuple[Violation, ...]


class Case:
    """A counter on which one payment is cut."""

    def __init__(
        self,
        setup: Setup,
        scenario: str,
        *,
        wrap: Wrap = lambda recorder: recorder,
        protocol: TerminalProtocol[Any] | None = None,
    ) -> None:
        self._back = False
        self.till = VirtualTill(setup, scenario, wrap=wrap, protocol=protocol)

    def measure(self) -> Size:
        """Pay undisturbed: how many bytes and commits that takes."""
        till = self.till
        self._open()
        before = till.disk.commits
        self._pay_first(Cut())
        till.run_until_quiet(AFTERMATH_S)
        till.kill()
        return Size(till.cable.passed, till.disk.commits - before)

    def run(self, cut: Cut, *, back: bool = False, second: bool = True) -> Ended:
        """Pay with a cut, and see what becomes of it.

        `back`: the money goes back to the customer. `second`: another one pays afterwards.
        """
        self._back = back
        till, forged = self.till, cut.fault in FORGING and not cut.commit
        try:
            self._open()
            self._live_through(cut)
            first = list(judge(till.desk, till.paper, forged=forged))
            end = next(
                (a.state for a in attempts_of(till.disk).values() if a.amount == FIRST_CENTS), None
            )
            if second and not first:
                self._clear_up()
                self._pay_second()
                first += judge(till.desk, till.paper, forged=forged)
            return Ended(end, tuple(first))
        finally:
            till.kill()

    def _open(self) -> None:
        """Open; an able terminal has a payment of before to tell of."""
        till = self.till
        till.start()
        till.run_until_quiet()
        if till.setup.truth != SAFE:
            till.next_is("approve", WELL_CUSTOMERS)
            till.ring(BEFORE_CENTS)
            till.begin()
            till.run_until_ended()
            till.as_usual(WELL_CUSTOMERS)
            till.run_until_quiet()

    def _live_through(self, cut: Cut) -> None:
        till = self.till
        try:
            self._pay_first(cut)
            till.run_until_quiet(AFTERMATH_S)
            till.disk.refusing = False
            till.disk.fates = {}
            till.cable.heal()
            till.run_until_quiet(HEALS_S)
        except Killed:
            till.come_back()
            till.run_until_quiet(HEALS_S)

    def _pay_first(self, cut: Cut) -> None:
        till = self.till
        till.cable.arm(cut.byte, cut.fault, cut.mask)
        till.disk.fates = {till.disk.commits + cut.commit: cut.fate} if cut.commit else {}
        with suppress(PosError):
            till.ring(FIRST_CENTS, back=self._back)
            till.begin()
        till.run_until_ended()

    def _clear_up(self) -> None:
        """The cashier reads the terminal's paper for what is still unknown."""
        resolve_all(self.till)

    def _pay_second(self) -> None:
        """The next customer: nothing of the first one may fall on her."""
        till = self.till
        till.next_is("approve", WELL_CUSTOMERS)
        with suppress(PosError):
            till.desk.sale = None
            till.ring(SECOND_CENTS)
            till.begin()
        try:
            till.run_until_ended()
            till.run_until_quiet(AFTERMATH_S)
        except Killed:
            till.come_back()


def resolve_all(till: VirtualTill) -> None:
    """Answer every open question from the terminal's paper; an orphan is explained."""
    till.desk.reload()
    for attempt in till.desk.attempts:
        if attempt.state is State.ORPHAN:
            resolve_card.explain(till.desk, attempt.reference, "on the terminal's paper").wait()
            continue
        moved = moved_by(till.paper, attempt)
        resolve_card.resolve(
            till.desk,
            attempt.reference,
            charged=moved != 0,
            amount=abs(moved) or None,
            sure=not moved,
        ).wait()
