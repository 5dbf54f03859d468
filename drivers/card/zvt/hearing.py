"""Who hears what the terminal says: outside commands, in one that moves no money, in one that does.

The order that counts is here: a result is on disk before it is acknowledged. If it cannot be put
there it is refused (84 and a reason), and that is safest with either kind of terminal: one that
takes back what is not acknowledged does so at once instead of after its timeout and is free again,
one that keeps it is no worse off than with silence. The till calls it unknown in both cases.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from drivers.card.interface import (
    Answer,
    AnswerStatus,
    Kind,
    Progress,
    Reason,
    Recorder,
    Request,
)
from drivers.card.zvt import apdu, codes, messages
from drivers.card.zvt.slips import Papers
from drivers.errors import RemoteProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable

    from drivers.card.zvt.apdu import Apdu
    from drivers.card.zvt.settings import ZvtSettings

logger = logging.getLogger(__name__)

RESULTS_MAX: Final = 16  # of one command
MINUTE_S: Final = 60.0
PATIENCE_S_MAX: Final = 900.0  # that a terminal may ask for


class Inbox:
    """Hears what is no part of a command: an answer that comes late is kept, papers are not."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.last_receipt = ""  # of the last answer on disk

    def hear(self, said: Apdu) -> bool:
        """Keep a result that nobody waits for; the rest is acknowledged and forgotten."""
        if said.code != apdu.STATUS:
            return True
        try:
            return self.keep_late(messages.read_status(said.data))
        except RemoteProtocolError as error:
            logger.warning("an unreadable answer that nobody waits for is refused: %s", error)
            return False

    def keep_late(self, answer: Answer) -> bool:
        """Put an answer on disk that belongs to nothing under way; False if that failed."""
        return self.keep(answer, lambda: self._recorder.late(answer))

    def keep_own(self, reference: str, answer: Answer) -> bool:
        """Put the answer to an attempt on disk; False if that failed."""
        return self.keep(answer, lambda: self._recorder.answered(reference, answer))

    def keep(self, answer: Answer, record: Callable[[], None]) -> bool:
        """Put an answer on disk; False if that failed."""
        try:
            record()
        except Exception:
            # Whatever the store raises, nothing may be acknowledged.
            logger.exception("an answer could not be recorded, it is refused")
            return False
        self.last_receipt = answer.receipt
        return True


class Listening:
    """Hears a command that moves no money: its results are kept and acknowledged.

    `patience_s`: how long the terminal's next word may take, unless it asks for more itself.
    """

    def __init__(self, settings: ZvtSettings, patience_s: float) -> None:
        self.results: list[bytes] = []
        self.papers = Papers(settings.charset)
        self._settings = settings
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
        """Take a result; what it says is read when the command has ended."""
        if len(self.results) < RESULTS_MAX:
            self.results.append(data)
        return True

    def _read_news(self, data: bytes) -> None:
        news = messages.read_news(data, self._settings.charset)
        self._minutes = news.minutes
        self.show(codes.progress(news.code), news.text)

    def show(self, progress: Progress, text: str = "") -> None:
        """Nobody looks at it."""


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
        super().__init__(settings, settings.answer_timeout_s)
        self.answer: Answer | None = None
        self.trouble: Reason | None = None
        self._request = request
        self._inbox = inbox
        self._recorder = recorder
        self._wants_cancel = wants_cancel
        self._stop = stop
        self._taken: bytes | None = None
        self._earlier = {request.receipt_before, inbox.last_receipt} - {""}

    def begun(self) -> None:
        """The customer is asked."""
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
            answer = messages.read_status(data)
        except RemoteProtocolError as error:
            logger.warning("attempt %s: unreadable answer: %s", self._request.reference, error)
            self.trouble = Reason.ANSWER_UNREADABLE
            return False
        if self._is_earlier(answer):
            self._usual_patience_s = self._settings.answer_timeout_s
            return self._inbox.keep_late(answer)
        self.show(Progress.ANSWERING)
        if self.answer is not None:
            self.trouble = Reason.ANSWER_OF_ANOTHER  # which of the two is ours cannot be told
            return self._inbox.keep_late(answer)
        if not self._keep(answer):
            return False
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
        return self._keep(messages.ended(status, raw_status, self._request.currency))

    def show(self, progress: Progress, text: str = "") -> None:
        """Show where it is."""
        try:
            self._recorder.progress(self._request.reference, progress, text)
        except Exception:
            # A screen that fails must not touch a payment.
            logger.exception("progress of %s could not be shown", self._request.reference)

    def _keep(self, answer: Answer) -> bool:
        if not self._inbox.keep_own(self._request.reference, answer):
            self.trouble = Reason.ANSWER_NOT_RECORDED
            return False
        self.answer = answer
        self.trouble = None  # one that could not be taken before came again
        return True

    def _is_earlier(self, answer: Answer) -> bool:
        """Tell whether a result is one that was told before: no two payments share a number."""
        return self._request.kind is not Kind.CANCELLATION and answer.receipt in self._earlier
