"""Tills that are wrong on purpose: a proof that finds nothing here would find nothing anywhere."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from drivers.card.interface import (
    Answer,
    AnswerStatus,
    Conclusion,
    Outcome,
    Presence,
    Progress,
    Question,
    Reason,
    Recorder,
    Request,
    Totals,
)
from drivers.card.wire import Dialogue, TerminalProtocol, Wire
from pos.domain.errors import PosError
from prove.virtual.judge import Sin


class Relay:
    """A recorder that passes everything on."""

    def __init__(self, honest: Recorder) -> None:
        self._honest = honest

    def sending(self, reference: str) -> None:
        """See Recorder."""
        self._honest.sending(reference)

    def answered(self, reference: str, answer: Answer) -> None:
        """See Recorder."""
        self._honest.answered(reference, answer)

    def concluded(self, reference: str, conclusion: Conclusion) -> None:
        """See Recorder."""
        self._honest.concluded(reference, conclusion)

    def late(self, answer: Answer) -> None:
        """See Recorder."""
        self._honest.late(answer)

    def questions(self) -> tuple[Question, ...]:
        """See Recorder."""
        return self._honest.questions()

    def found(self, reference: str, answer: Answer) -> None:
        """See Recorder."""
        self._honest.found(reference, answer)

    def totals(self, totals: Totals | None) -> None:
        """See Recorder."""
        self._honest.totals(totals)

    def progress(self, reference: str, progress: Progress, text: str = "") -> None:
        """See Recorder."""
        self._honest.progress(reference, progress, text)


class Hasty(Relay):
    """Lets the dialogue begin before `sending` is on disk."""

    def __init__(self, honest: Recorder) -> None:
        super().__init__(honest)
        self._owed = ""

    def sending(self, reference: str) -> None:
        """Later."""
        self._owed = reference

    def answered(self, reference: str, answer: Answer) -> None:
        """Now both."""
        self._pay_up()
        super().answered(reference, answer)

    def concluded(self, reference: str, conclusion: Conclusion) -> None:
        """Now both."""
        self._pay_up()
        super().concluded(reference, conclusion)

    def _pay_up(self) -> None:
        owed, self._owed = self._owed, ""
        if owed:
            super().sending(owed)


class Forgetful(Relay):
    """Lets be acknowledged what came late, and keeps nothing of it."""

    def late(self, answer: Answer) -> None:
        """Who cares."""


class Impatient(Relay):
    """Takes whatever it does not know for a refusal."""

    said: AnswerStatus = AnswerStatus.DECLINED
    outcome: Outcome = Outcome.DECLINED

    def concluded(self, reference: str, conclusion: Conclusion) -> None:
        """Make an answer up, and write it down as the state table wants it."""
        if conclusion.outcome is Outcome.UNKNOWN:
            answer = Answer(self.said, None, "", "01", None, "1", "?")
            with suppress(PosError):  # it was answered already
                self._honest.answered(reference, answer)
            conclusion = Conclusion(self.outcome, Reason.NO_ANSWER, answer)
        super().concluded(reference, conclusion)


class Credulous(Impatient):
    """Takes whatever it does not know for a payment."""

    said = AnswerStatus.APPROVED
    outcome = Outcome.APPROVED


class _OnceSending(Relay):
    """Lets a request be sent a second time."""

    def __init__(self, honest: Recorder) -> None:
        super().__init__(honest)
        self._sent: set[str] = set()

    def sending(self, reference: str) -> None:
        """Only once."""
        if reference not in self._sent:
            self._sent.add(reference)
            super().sending(reference)


class _Insistent:
    """A dialogue that sends a request again when its end is unknown."""

    def __init__(self, honest: Dialogue) -> None:
        self._honest = honest
        self.listen: Callable[[float], None] = honest.listen
        self.probe: Callable[[int], Presence] = honest.probe
        self.interrupted: Callable[[], Conclusion] = honest.interrupted
        self.ask_last: Callable[[Question], Answer | None] = honest.ask_last
        self.end_of_day: Callable[[], Totals | None] = honest.end_of_day

    def carry_out(self, request: Request) -> Conclusion:
        """Twice holds better."""
        conclusion = self._honest.carry_out(request)
        if conclusion.outcome is Outcome.UNKNOWN:
            conclusion = self._honest.carry_out(request)
        return conclusion


def insisting(protocol: TerminalProtocol[Any]) -> TerminalProtocol[Any]:
    """A protocol whose driver sends again."""

    def open_it(wire: Wire, settings: Any, recorder: Recorder, issued: deque[str]) -> Dialogue:
        return _Insistent(protocol.open(wire, settings, _OnceSending(recorder), issued))

    return replace(protocol, open=open_it)


@dataclass(frozen=True, slots=True)
class Sinner:
    """A wrong till, and the sin that a proof must find."""

    name: str
    sin: Sin
    wrap: Callable[[Recorder], Recorder] = Relay
    protocol: Callable[[TerminalProtocol[Any]], TerminalProtocol[Any]] = lambda honest: honest


SINNERS: Final = (
    Sinner("sends before it is on disk", Sin.WRONG_DECLINED, wrap=Hasty),
    Sinner("keeps nothing of what comes late", Sin.FORGOTTEN, wrap=Forgetful),
    Sinner("takes silence for a refusal", Sin.WRONG_DECLINED, wrap=Impatient),
    Sinner("takes silence for a payment", Sin.WRONG_APPROVED, wrap=Credulous),
    Sinner("sends again", Sin.DOUBLED, protocol=insisting),
)
