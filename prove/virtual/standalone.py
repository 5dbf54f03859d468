"""A terminal that stands alone: the cashier is its line, and the commits are all that can break."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count, product
from typing import Final

from drivers.simulators.card.ledger import Ledger
from pos.adapters.card import StandaloneTerminal
from pos.app import pay_by_card, resolve_card, ring_up
from pos.app.start import start
from pos.domain.errors import PosError
from pos.domain.payment import Attempt, State
from prove.virtual.disk import Fate, MemoryLedger
from prove.virtual.judge import attempts_of, judge, moved_by
from prove.virtual.till import TERMINAL, WHO, desk_of, ports_of
from prove.virtual.world import Killed, World

CENTS: Final = 1250
COMMITS: Final = 6  # starting is one; a sale has a draft, two states, an answer and its end
ANSWERS: Final = (State.APPROVED, State.DECLINED, State.CANCELLED, State.UNKNOWN)


@dataclass(frozen=True, slots=True)
class _Typed:
    """What the cashier typed on the terminal, as its ledger wants it."""

    amount_cents: int
    reference: str = ""
    kind: str = "payment"
    pos: str = "01"
    currency: str = "978"


@dataclass(frozen=True, slots=True)
class ByHand:
    """One case: `end` is the attempt's state before anybody read the paper."""

    name: str
    fate: Fate
    end: str
    wrong: list[str]


def standalone_cases() -> Iterator[ByHand]:
    """Every answer, true or half known, with every fate of every commit."""
    for answer, fate, commit in product(ANSWERS, Fate, range(2, COMMITS + 2)):
        for paid in (True, False) if answer is State.UNKNOWN else (answer is State.APPROVED,):
            name = f"stand-alone, {answer}, paid {paid}, commit {commit} {fate}"
            counter = _Counter(answer, paid=paid)
            wrong = counter.work(commit, fate)
            yield ByHand(name, fate, counter.end, wrong)


class _Counter:
    """A till without a line, and a customer who pays or does not."""

    def __init__(self, answer: State, *, paid: bool) -> None:
        self.end: str = "never begun"
        self._answer = answer
        self._paid = paid
        self._disk = MemoryLedger(World())
        self._ids = count(1)
        self._paper = Ledger()
        self._open()

    def work(self, commit: int, fate: Fate) -> list[str]:
        """One sale with a misfortune, and what the cashier makes of it afterwards."""
        self._disk.fates = {commit: fate}
        try:
            with suppress(PosError):
                self._sell()
        except Killed:
            self._disk.come_back()
            self._open()
        self._disk.fates = {}
        self._disk.catch_up()
        self._desk.reload()
        for attempt in attempts_of(self._disk).values():
            self.end = attempt.state
        found = [f"{x.sin}: {x.detail}" for x in judge(self._desk, self._paper)]
        # Nothing is running for her: what she was asked and could not answer is still asked.
        found = [told for told in found if "still runs" not in told]
        for attempt in self._desk.attempts:
            self._say(attempt)
        return found + [f"{x.sin}: {x.detail}" for x in judge(self._desk, self._paper)]

    def _open(self) -> None:
        self._desk = desk_of(ports_of(self._disk, self._ids))
        start(self._desk)
        self._desk.ports = replace(
            self._desk.ports, terminals={TERMINAL: StandaloneTerminal(TERMINAL)}
        )
        self._desk.operator = WHO

    def _sell(self) -> None:
        ring_up.by_code(self._desk, str(CENTS)).wait()
        attempt = pay_by_card.begin(self._desk).wait().attempt
        charged = CENTS if self._paid else 0
        self._paper.enter(_Typed(CENTS), charged, str(self._answer), "by hand")
        pay_by_card.answer_by_hand(self._desk, attempt.reference, self._answer).wait()

    def _say(self, attempt: Attempt) -> None:
        """What the terminal shows still, or what its paper says."""
        charged = moved_by(self._paper, attempt) != 0
        if attempt.state is State.SENDING:
            state = State.APPROVED if charged else State.DECLINED
            pay_by_card.answer_by_hand(self._desk, attempt.reference, state).wait()
        else:
            resolve_card.resolve(
                self._desk, attempt.reference, charged=charged, sure=not charged
            ).wait()
