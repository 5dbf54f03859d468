"""The recorder that a terminal's device thread writes to: each fact on disk before it goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, TypeVar

from pos.app.card_attempts import (
    as_unknown,
    conclude,
    find_open,
    newest_states,
    record_attempt,
    settled_lately,
)
from pos.app.desk import COMMIT_TIMEOUT_S, SYSTEM, CardNews, Desk, News, TotalsNews
from pos.app.ports import Transaction
from pos.app.reconcile_cards import compare_now, keep
from pos.domain.errors import PosError
from pos.domain.finding import Finding, Judgement, Trust, Weight, weigh
from pos.domain.payment import Attempt, Direction, State, note, step
from pos.domain.reconcile import TerminalTotals

T = TypeVar("T")
# Longer than this no terminal waits for our acknowledgement (Concert 3 s, ZVT 5 s): what is on disk
# later was not acknowledged, and is unknown.
ANSWER_COMMIT_TIMEOUT_S: Final = 2.5
ORPHANS_MAX: Final = 20  # of one terminal, shown at once
LOOK_BACK_STATES: Final = 4  # entries that an ordinary attempt leaves
# A settled attempt that a repeated answer only confirms.
_MOVED_NOTHING: Final = frozenset(
    {State.DECLINED, State.CANCELLED, State.NOT_CHARGED, State.NOT_SENT}
)
_AGREES: Final = {
    State.APPROVED: frozenset({State.APPROVED, State.REVERSED}),
    State.DECLINED: _MOVED_NOTHING,
    State.CANCELLED: _MOVED_NOTHING,
}


class PaymentRecorder:
    """What the device thread tells: each call returns only once it is on disk, or raises.

    `on_news` is called from the device thread after the fact is on disk.
    """

    def __init__(self, desk: Desk, on_news: Callable[[News], None]) -> None:
        self._desk = desk
        self._on_news = on_news

    def sending(self, reference: str) -> None:
        """The dialogue is about to begin: after this nothing may be forgotten."""
        self._run(
            reference,
            lambda tx: record_attempt(tx, step(find_open(tx, reference), State.SENDING)),
        )

    def answered(self, reference: str, details: Mapping[str, Any]) -> None:
        """The terminal told its result and waits for our acknowledgement."""
        self._run(
            reference,
            lambda tx: record_attempt(
                tx, step(find_open(tx, reference), State.ANSWERED, **details)
            ),
            ANSWER_COMMIT_TIMEOUT_S,
        )

    def concluded(self, reference: str, state: State, details: Mapping[str, Any]) -> None:
        """The dialogue is over, in this state."""
        try:
            self._tell(
                reference,
                lambda tx: conclude(
                    self._desk, tx, step(find_open(tx, reference), state, **details)
                ),
            )
        except Exception:
            self._lose(reference)
            raise

    def _lose(self, reference: str) -> None:
        """Its end is on no disk: the cashier is led to it as to every unknown attempt."""
        self._desk.lost.add(reference)
        with suppress(PosError):
            for attempt in self._desk.ports.ledger.open_attempts():
                if attempt.reference == reference:
                    self._on_news(CardNews(replace(attempt, state=State.UNKNOWN)))

    def questions(self, terminal: str) -> tuple[Attempt, ...]:
        """The attempts of a terminal whose end is unknown, oldest first."""
        return tuple(
            attempt
            for attempt in self._desk.ports.ledger.open_attempts()
            if attempt.terminal == terminal and self._is_unknown(attempt)
        )

    def issued(self, terminal: str, most: int) -> tuple[str, ...]:
        """The references last sent to a terminal, oldest first; a stale answer bears one."""
        latest: dict[str, None] = {}
        for _, attempt in newest_states(self._desk.ports.ledger, LOOK_BACK_STATES * most):
            if attempt.terminal == terminal and attempt.state is not State.ORPHAN:
                latest.setdefault(attempt.reference)
        return tuple(reversed(list(latest)[:most]))

    def found(self, reference: str, finding: Finding, trust: Trust) -> None:
        """What the terminal says of its last operation, asked for an unknown attempt."""

        def work(tx: Transaction) -> CardNews | None:
            attempt = find_open(tx, reference)
            if not self._is_unknown(attempt):
                return None
            attempt = as_unknown(self._desk, tx, attempt)
            alone = self._is_alone(tx, attempt)
            return self._judged(tx, attempt, finding, weigh(attempt, finding, trust, alone=alone))

        self._tell(reference, work)

    def late(self, terminal: str, finding: Finding, trust: Trust) -> None:
        """An answer that nobody was waiting for, and what it says.

        It settles an unknown attempt only where it can be about nothing else; otherwise it is kept
        in the journal and raised, never given to another sale. One that only repeats what is
        settled is kept quietly.
        """

        def work(tx: Transaction) -> CardNews | None:
            proposed = None
            for attempt in tx.open_attempts():
                if attempt.terminal != terminal or not self._is_unknown(attempt):
                    continue
                attempt = as_unknown(self._desk, tx, attempt)
                alone = self._is_alone(tx, attempt)
                judgement = weigh(attempt, finding, trust, alone=alone)
                news = self._judged(tx, attempt, finding, judgement, late=True)
                if judgement.weight is Weight.SETTLES:
                    return news
                proposed = news or proposed
            return proposed or self._orphan(tx, terminal, finding)

        self._tell(finding.reference, work, ANSWER_COMMIT_TIMEOUT_S)

    def totals(self, terminal: str, totals: TerminalTotals | None) -> None:
        """What a terminal added up at the end of its day; it does not tell twice."""
        comparison = None
        try:
            if totals is not None:
                ready = compare_now(self._desk.ports.ledger, terminal, totals)
                comparison = self._run("", lambda tx: keep(tx, ready))
        finally:
            self._on_news(TotalsNews(terminal, comparison))

    def _judged(
        self,
        tx: Transaction,
        attempt: Attempt,
        finding: Finding,
        judgement: Judgement,
        *,
        late: bool = False,
    ) -> CardNews | None:
        """Settle an attempt, or note a proposal; nothing when nothing new was told."""
        told = {"late": True} if late else {}
        found = _as_found(finding)
        if judgement.weight is Weight.SETTLES:
            details = finding.details if judgement.state is State.APPROVED else {"found": found}
            return conclude(self._desk, tx, step(attempt, judgement.state, **details, **told))
        proposes = judgement.weight is Weight.PROPOSES
        if not proposes or attempt.proposal is judgement.state:
            return None
        noted = note(attempt, proposal=str(judgement.state), found=found, **told)
        record_attempt(tx, noted)
        return CardNews(noted)

    def _orphan(self, tx: Transaction, terminal: str, finding: Finding) -> CardNews | None:
        settled = settled_lately(self._desk.ports.ledger, finding.reference)
        repeats = settled is not None and settled.state in _AGREES.get(finding.state, ())
        if settled is not None and repeats and finding.amount in (settled.charged, None):
            return None  # our acknowledgement was not heard: the journal has it already
        if _is_kept(tx, terminal, finding):
            return None
        crowd = [
            x for x in tx.open_attempts() if x.state is State.ORPHAN and x.terminal == terminal
        ]
        if len(crowd) >= ORPHANS_MAX:
            # A terminal that talks without end: the journal has it, a person has enough to see.
            record_attempt(tx, note(crowd[-1], more=_as_found(finding)))
            return None
        orphan = Attempt(
            self._desk.ports.new_reference(),
            terminal,
            settled.direction if settled else Direction.PAYMENT,
            finding.amount or 0,
            "",
            State.ORPHAN,
            {
                **finding.details,
                "says": str(finding.state),
                "told_reference": finding.reference,
                **({"was": str(settled.state), "was_of": settled.sale} if settled else {}),
            },
        )
        record_attempt(tx, orphan)
        return CardNews(orphan, orphan=True)

    def _is_unknown(self, attempt: Attempt) -> bool:
        if attempt.state is State.ORPHAN:
            return False
        return attempt.state is State.UNKNOWN or attempt.reference in self._desk.lost

    def _is_alone(self, tx: Transaction, attempt: Attempt) -> bool:
        others = (
            other
            for other in tx.open_attempts()
            if other.terminal == attempt.terminal and other.state is not State.ORPHAN
        )
        return all(other.reference == attempt.reference for other in others)

    def _tell(
        self,
        reference: str,
        work: Callable[[Transaction], CardNews | None],
        timeout_s: float = COMMIT_TIMEOUT_S,
    ) -> None:
        """Do work and give its news; news of work that lands after its time limit come too."""
        future = self._submit(reference, work)
        try:
            news = future.result(timeout_s)
        except TimeoutError:
            future.add_done_callback(self._landed)
            raise
        if news is not None:
            self._on_news(news)

    def _landed(self, late: Future[CardNews | None]) -> None:
        if late.exception() is None and (news := late.result()) is not None:
            self._desk.lost.discard(news.attempt.reference)
            self._on_news(news)

    def _run(
        self,
        reference: str,
        work: Callable[[Transaction], T],
        timeout_s: float = COMMIT_TIMEOUT_S,
    ) -> T:
        return self._submit(reference, work).result(timeout_s)

    def _submit(self, reference: str, work: Callable[[Transaction], T]) -> Future[T]:
        return self._desk.ports.ledger.run(work, self._operator(reference))

    def _operator(self, reference: str) -> str:
        """Whose sale an attempt pays: the name under which its ticket will stand."""
        ledger = self._desk.ports.ledger
        sales = {attempt.reference: attempt.sale for attempt in ledger.open_attempts()}
        wanted = sales.get(reference)
        return next((sale.operator for sale in ledger.drafts() if sale.id == wanted), SYSTEM)


def _as_found(finding: Finding) -> dict[str, Any]:
    """A finding as the journal keeps it beside an attempt."""
    return {**finding.details, "amount": finding.amount, "says": str(finding.state)}


def _is_kept(tx: Transaction, terminal: str, finding: Finding) -> bool:
    """Whether an orphan with the same numbers waits for a person already."""
    if not (finding.reference or finding.receipt):
        return False
    told = (terminal, finding.amount or 0, finding.reference, finding.receipt, str(finding.state))
    return any(
        told
        == (
            other.terminal,
            other.amount,
            other.details.get("told_reference", ""),
            other.details.get("receipt", ""),
            other.details.get("says"),
        )
        for other in tx.open_attempts()
        if other.state is State.ORPHAN
    )
