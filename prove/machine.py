"""Till, terminal, line, customers and cashier at random, for minutes: no order of events may sin.

A hypothesis state machine over the real till in virtual time (prove.virtual). After each step the
terminal's ledger is compared with the journal; at the end everything is put right, the till comes
to rest, and the screen must name whatever is still open.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Final

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pos.app import park, pay_by_card, resolve_card, take_payment
from pos.domain.errors import PosError
from pos.domain.payment import RUNNING, State
from pos.domain.sale import price
from prove.tally import Tally
from prove.virtual.case import FORGING, resolve_all
from prove.virtual.disk import Fate
from prove.virtual.judge import Sin, judge
from prove.virtual.line import Fault
from prove.virtual.setups import LINKS, Setup, setups
from prove.virtual.till import VirtualTill
from prove.virtual.world import Killed

MINUTES: Final = 10
EXAMPLES_A_ROUND: Final = 200
STEPS_MAX: Final = 30
BYTES_AHEAD_MAX: Final = 300
COMMITS_AHEAD_MAX: Final = 6
ANYWHERE: Final = (Fault.LINE, Fault.TERMINAL, Fault.TILL, Fault.DISK, Fault.MUTE, Fault.STALL)
AT_REST_ONLY: Final = frozenset({Sin.STUCK, Sin.UNNAMED})
SETUPS: Final = tuple(setups())
SCENARIOS: Final = {
    link.name: tuple(setup.scenarios) for link in LINKS for setup in setups(link.name)
}
done: Counter[str] = Counter()  # what the machines of this process did


class CardMachine(RuleBasedStateMachine):
    """One counter, whatever happens to it."""

    def __init__(self) -> None:
        super().__init__()
        logging.disable(logging.CRITICAL)
        self.cents = count(1013, 41)
        self.asked: set[int] = set()
        self.forged = False
        self.till: VirtualTill

    @initialize(setup=st.sampled_from(SETUPS))
    def open_the_shop(self, setup: Setup) -> None:
        """Any terminal, known or not."""
        self.till = VirtualTill(setup)
        self.till.start()
        self.till.run_until_quiet()
        done["machines"] += 1

    # The cashier.

    @rule(
        data=st.data(),
        patience_s=st.sampled_from((0.0, 1.0, 5.0, 60.0, 500.0)),
        back=st.sampled_from((False, False, False, True)),
    )
    def pay_by_card(self, data: st.DataObject, patience_s: float, *, back: bool) -> None:
        """A product more or taken back, and the card for what is due; she does as she likes."""
        names = list(SCENARIOS[self.till.setup.link.name])
        scenario = data.draw(st.sampled_from(names), label="scenario")
        with self.living("card payments"):
            self.till.next_is(scenario)
            self.till.ring(next(self.cents), back=back)
            self._make_it_another_amount()
            self.till.begin()
            self.till.run(patience_s, lambda: not self.till.driver.busy)

    def _make_it_another_amount(self) -> None:
        """The judge knows attempts by their amounts: goods taken back must not make two alike."""
        while self.till.desk.sale and abs(price(self.till.desk.sale).due) in self.asked:
            self.till.ring(next(self.cents))
        if self.till.desk.sale:
            self.asked.add(abs(price(self.till.desk.sale).due))

    @rule()
    def pay_in_cash(self) -> None:
        """Whatever is due, in cash: refused while a card is unresolved."""
        with self.living("cash payments"):
            if self.till.desk.sale is None:
                self.till.ring(next(self.cents))
            take_payment.take_tender(self.till.desk, "cash").wait()

    @rule()
    def park_the_sale(self) -> None:
        """Set aside, its unknown attempt with it."""
        with self.living("sales parked"):
            park.park(self.till.desk).wait()

    @precondition(lambda self: self.till.desk.sale is None)
    @rule()
    def recall_a_sale(self) -> None:
        """Take up again what waits longest."""
        with self.living("sales recalled"):
            for sale in park.parked(self.till.desk)[:1]:
                park.recall(self.till.desk, str(sale.parked_as)).wait()

    @rule()
    def stop_the_payment(self) -> None:
        """The customer would rather not."""
        with self.living("stops"):
            for attempt in self.till.desk.attempts:
                if attempt.state in RUNNING:
                    pay_by_card.stop(self.till.desk, attempt.reference)

    @rule()
    def ask_again(self) -> None:
        """Ask the terminal, where it can be asked."""
        with self.living("questions"):
            for attempt in self.till.desk.attempts:
                if attempt.state is State.UNKNOWN:
                    resolve_card.ask_terminal(self.till.desk, attempt.reference)

    @rule()
    def read_the_paper(self) -> None:
        """Wait until the terminal is done, then say what its paper says."""
        with self.living("papers read"):
            self.mend()
            resolve_all(self.till)

    # Time and misfortune.

    @rule(seconds=st.sampled_from((0.5, 3.0, 20.0, 300.0)))
    def wait(self, seconds: float) -> None:
        """Nothing for a while."""
        with self.living("waits"):
            self.till.run(seconds)

    @rule(data=st.data(), at=st.integers(0, BYTES_AHEAD_MAX), bit=st.integers(0, 6))
    def lay_a_trap(self, data: st.DataObject, at: int, bit: int) -> None:
        """Something happens at a byte to come."""
        network = self.till.setup.link.network
        fault = data.draw(st.sampled_from(ANYWHERE if network else tuple(Fault)), label="fault")
        self.forged = self.forged or fault in FORGING
        self.till.cable.arm(at, fault, 1 << bit)
        done[f"trap: {fault}"] += 1

    @rule(fault=st.sampled_from((Fault.LINE, Fault.TERMINAL, Fault.MUTE, Fault.STALL)))
    def strike(self, fault: Fault) -> None:
        """Something happens now."""
        with self.living(f"strike: {fault}"):
            self.till.cable.strike(fault)

    @rule(ahead=st.integers(1, COMMITS_AHEAD_MAX), fate=st.sampled_from(Fate))
    def doom_a_commit(self, ahead: int, fate: Fate) -> None:
        """Something happens at a commit to come."""
        self.till.disk.fates[self.till.disk.commits + ahead] = fate
        done[f"doom: {fate}"] += 1

    @rule()
    def kill(self) -> None:
        """Kill -9, and start again."""
        with self.living("kills"):
            raise Killed

    @rule()
    def restart(self) -> None:
        """Closed properly, and started again."""
        with self.living("restarts"):
            self.till.restart()

    @rule()
    def make_room_and_mend(self) -> None:
        """The disk, the line and the cable are well again."""
        with self.living("mendings"):
            self.till.disk.refusing = False
            self.till.cable.heal()

    # What must be.

    @invariant()
    def nothing_is_wrong(self) -> None:
        """At any moment."""
        if hasattr(self, "till"):
            done["comparisons"] += 1
            self.check(lambda sin: sin not in AT_REST_ONLY)

    def teardown(self) -> None:
        """At rest, before and after the cashier has read the paper."""
        if not hasattr(self, "till"):
            return
        try:
            with self.living("ends"):
                self.mend()
            self.mend()
            self.check(lambda _: True)
            resolve_all(self.till)
            self.check(lambda _: True)
        finally:
            self.till.kill()

    def check(self, counts: Callable[[Sin], bool]) -> None:
        """Compare the terminal's ledger with the journal and the screen."""
        till = self.till
        found = judge(till.desk, till.paper, forged=self.forged)
        wrong = [f"{sin}: {detail}" for sin, detail in found if counts(sin)]
        assert not wrong, f"{till.setup.name}: {wrong}"  # noqa: S101 - what hypothesis shrinks

    def mend(self) -> None:
        """Put everything right and let it come to rest."""
        self.till.disk.refusing = False
        self.till.disk.fates.clear()
        self.till.cable.heal()
        self.till.run_until_quiet()

    @contextmanager
    def living(self, what: str) -> Iterator[None]:
        """Do something that the till may refuse, or not survive."""
        done[what] += 1
        try:
            with suppress(PosError):
                yield
            self.till.hear()
        except Killed:
            self.till.come_back()


def run_machines(examples: int, with_seed: int) -> None:
    """Let so many machines run; AssertionError with the shortest story that is wrong."""
    run_machines_of(CardMachine, examples, STEPS_MAX, with_seed)


def run_machines_of(
    kind: type[RuleBasedStateMachine], examples: int, steps: int, with_seed: int
) -> None:
    """The same for machines of any kind, each of so many steps at the most."""
    how = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    run_state_machine_as_test(seed(with_seed)(kind), settings=how)


def prove_machine(
    tally: Tally, seed: int, count: int | None = None, keep: Path | None = None
) -> None:
    """Run machines for `count` minutes (MINUTES)."""
    del keep  # a failure prints its story
    until_s = monotonic() + 60 * (count or MINUTES)
    rounds = 0
    done.clear()
    while monotonic() < until_s and not tally.failed:
        try:
            run_machines(EXAMPLES_A_ROUND, seed + rounds)
        except (AssertionError, ExceptionGroup) as error:
            tally.case(f"machines with seed {seed + rounds}", [str(error), *story(error)])
        else:
            tally.passed += EXAMPLES_A_ROUND
        rounds += 1
        tally.say(f"{done['machines']} machines, {done['comparisons']} comparisons")
    for what in sorted(done):
        tally.count(what, done[what])


def story(error: BaseException) -> list[str]:
    """The steps of the shortest failing machine, as hypothesis notes them."""
    if isinstance(error, BaseExceptionGroup):
        return [line for one in error.exceptions for line in (str(one), *story(one))]
    return [line for note in getattr(error, "__notes__", ()) for line in note.splitlines()]
