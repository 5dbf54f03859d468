"""Who hears what the terminal says: outside commands, in one that moves no money, in one that does.

The order that counts is here: a result is on disk before it is acknowledged. If it cannot be put
there it is refused (84 and a reason), and that is safest with either kind of terminal: one that
takes back what is not acknowledged does so at once instead of after its timeout and is free again,
one that keeps it is no worse off than with silence. The till calls it unknown in both cases.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Final

from drivers.card.interface import (
    Answer,
    AnswerStatus,
    Progress,
    Reason,
    Recorder,
    Request,
)
from drivers.card.showing import show
from drivers.card.zvt import apdu, codes, messages
from drivers.card.zvt.recognition import Age, age, without_doubtful_number
from drivers.card.zvt.slips import Papers
from drivers.errors import RemoteProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable

    from drivers.card.zvt.apdu import Apdu
    from drivers.card.zvt.messages import Result
    from drivers.card.zvt.settings import ZvtSettings

logger = logging.getLogger(__name__)

TOLD_MAX: Final = 16  # results remembered, to know one that is told again
MINUTE_S: Final = 60.0
PATIENCE_S_MAX: Final = 900.0  # that a terminal may ask for


class Inbox:
    """Hears what is no part of a command: an answer that comes late is kept, papers are not."""

    def __init__(self, recorder: Recorder) -> None:
        self.told: deque[Result] = deque(maxlen=TOLD_MAX)  # on this line, and on disk
        self._recorder = recorder

    def hear(self, said: Apdu) -> bool:
        """Keep a result that nobody waits for; the rest is acknowledged and forgotten."""
        return said.code != apdu.STATUS or self.status(said.data)

    def status(self, data: bytes) -> bool:
        """Keep a result that nobody waits for; False if it is not on disk."""
        try:
            return self.keep_late(messages.read_result(data))
        except RemoteProtocolError as error:
            logger.warning("an unreadable answer that nobody waits for is refused: %s", error)
            return False

    def keep_late(self, result: Result) -> bool:
        """Put a result on disk that belongs to nothing under way; False if that failed."""

        def record() -> None:
            known = without_doubtful_number(result.answer, self._recorder.questions())
            self._recorder.late(known)

        return self._keep(result, record)

    def keep_own(self, reference: str, result: Result) -> bool:
        """Put the result of an attempt on disk; False if that failed."""
        return self._keep(result, lambda: self._recorder.answered(reference, result.answer))

    def _keep(self, result: Result, record: Callable[[], None]) -> bool:
        try:
            record()
        except Exception:
            # Whatever the store raises, nothing may be acknowledged.
            logger.exception("an answer could not be recorded, it is refused")
            return False
        self.told.append(result)
        return True


class Listening:
    """Hears a command that moves no money: a result told meanwhile is about the past.

    It goes to the inbox, which has it on disk before it is acknowledged. `patience_s`: how long the
    terminal's next word may take, unless it asks for more itself.
    """

    def __init__(self, settings: ZvtSettings, inbox: Inbox, patience_s: float) -> None:
        self.papers = Papers(settings.charset)
        self._settings = settings
        self._inbox = inbox
        self._usual_patience_s = patience_s
        self._minutes: int | None = None

    @property
    def patience_s(self) -> float:
        """How long the next word may take: as usual, or longer if the terminal said so."""
        asked_s = min((self._minutes or 0) * MINUTE_S, PATIENCE_S_MAX)
        return max(asked_s, self._usual_patience_s)

    def begun(self) -> None:
        """Nothing to show."""

    def aborted(self, reason: int | None) -> bool:
        """Nothing to keep."""
        del reason
        return True

    def waiting(self) -> None:
        """Nobody can cancel it."""

    def hear(self, said: Apdu) -> bool:
        """Take a result, news, or a piece of paper; False for a result that is not on disk."""
        self._minutes = None
        try:
            match said.code:
                case apdu.STATUS:
                    return self.status(said.data)
                case apdu.INTERMEDIATE:
                    self._read_news(said.data)
                case apdu.PRINT_LINE:
                    self.papers.print_line(said.data)
                case _:
                    self.papers.print_block(said.data)
        except RemoteProtocolError as error:
            logger.warning("something unreadable that proves nothing: %s", error)
        return True

    def status(self, data: bytes) -> bool:
        """Take a result; False if it may not be acknowledged."""
        return self._inbox.status(data)

    def _read_news(self, data: bytes) -> None:
        news = messages.read_news(data, self._settings.charset)
        self._minutes = news.minutes
        self.show(codes.progress(news.code), news.text)

    def show(self, progress: Progress, text: str = "") -> None:
        """Nobody looks at it."""


class Repetition(Listening):
    """Hears the terminal's last operation, which it was asked for.

    The terminal has that one in its books, whether or not it is acknowledged. Where it tells
    something else too, which of them was meant is not certain: all go to the inbox.
    """

    def __init__(self, settings: ZvtSettings, inbox: Inbox) -> None:
        super().__init__(settings, inbox, settings.close_timeout_s)
        self._first: bytes | None = None
        self._is_alone = True

    @property
    def result(self) -> Result | None:
        """What was told; None when it was nothing, or not one thing."""
        if self._first is None or not self._is_alone:
            return None
        try:
            return messages.read_result(self._first)
        except RemoteProtocolError as error:
            logger.warning("a last operation that cannot be read: %s", error)
            return None

    def status(self, data: bytes) -> bool:
        """Take the operation; False if it is one more, and not on disk."""
        if self._first is None:
            self._first = data
        if data == self._first:
            return True
        if self._is_alone:
            self._is_alone = False
            self._inbox.status(self._first)
        return self._inbox.status(data)


class DayEnd(Listening):
    """Hears an end of day: its sums, and what else is told before it can be ended."""

    def __init__(self, settings: ZvtSettings, inbox: Inbox) -> None:
        super().__init__(settings, inbox, settings.answer_timeout_s)
        self.day: messages.Day | None = None  # the last that told a sum

    def status(self, data: bytes) -> bool:
        """Take the sums; the result of a single operation is none of them."""
        try:
            day = messages.read_day(data)
        except RemoteProtocolError as error:
            logger.warning("totals that cannot be read are refused: %s", error)
            return False
        if day is None:
            return self._inbox.status(data)
        if day.total_cents is not None:
            self.day = day
        return True


class Attempt(Listening):
    """Hears one payment, refund or reversal, and keeps its answer.

    `stop` asks the terminal to end it; None where that is not to be done.
    """

    def __init__(
        self,
        request: Request,
        settings: ZvtSettings,
        inbox: Inbox,
        recorder: Recorder,
        wants_cancel: Callable[[], bool],
        stop: Callable[[], None] | None,
    ) -> None:
        super().__init__(settings, inbox, settings.answer_timeout_s)
        self.answer: Answer | None = None
        self.trouble: Reason | None = None
        self._request = request
        self._recorder = recorder
        self._wants_cancel = wants_cancel
        self._stop = stop
        self._taken: bytes | None = None
        self._told_before: tuple[Result, ...] = ()

    def begun(self) -> None:
        """The customer is asked; what was told up to now is about the past."""
        self._told_before = tuple(self._inbox.told)
        self.show(Progress.WAITING_CUSTOMER)

    def waiting(self) -> None:
        """Stop it, if the cashier says so and there is no result yet."""
        if self._wants_cancel() and self._stop is not None and self.answer is None:
            self.show(Progress.CANCELLING)
            self._stop()

    def status(self, data: bytes) -> bool:
        """Put a result on disk; True if it may be acknowledged."""
        self._usual_patience_s = self._settings.close_timeout_s
        if data == self._taken:
            return True  # the same once more: our acknowledgement was lost
        try:
            result = messages.read_result(data)
        except RemoteProtocolError as error:
            logger.warning("attempt %s: unreadable answer: %s", self._request.reference, error)
            self.trouble = Reason.ANSWER_UNREADABLE
            return False
        tips = self._settings.profile.tips
        found = age(result, self._request, self._told_before, tips=tips)
        if found is Age.EARLIER:
            if self.answer is None:
                self._usual_patience_s = self._settings.answer_timeout_s
            return self._inbox.keep_late(result)
        self.show(Progress.ANSWERING)
        if self.answer is not None:
            self.trouble = Reason.ANSWER_OF_ANOTHER  # which of the two is ours cannot be told
            return self._inbox.keep_late(result)
        if not self._keep(result):
            return False
        if found is Age.DOUBTFUL:
            self.trouble = Reason.ANSWER_OF_ANOTHER
        self._taken = data
        return True

    def aborted(self, reason: int | None) -> bool:
        """Keep that the terminal ended it without a result."""
        if self.answer is not None or self.trouble is not None:
            return True
        raw = "1E" if reason is None else f"1E-{reason:02X}"
        return self.keep_end(codes.abort_status(reason), raw)

    def keep_end(self, status: AnswerStatus, raw_status: str) -> bool:
        """Put on disk that there is no result, and why; False if that failed."""
        answer = messages.ended(status, raw_status, self._request.currency)
        return self._keep(messages.Result(answer))

    def show(self, progress: Progress, text: str = "") -> None:
        """Show where it is."""
        show(self._recorder, self._request.reference, progress, text)

    def _keep(self, result: Result) -> bool:
        if not self._inbox.keep_own(self._request.reference, result):
            self.trouble = Reason.ANSWER_NOT_RECORDED
            return False
        self.answer = result.answer
        self.trouble = None  # one that could not be taken before came again
        return True
