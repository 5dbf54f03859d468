"""One attempt on a Caisse-AP terminal over TCP, and its durable order.

    sending on disk -> request | from here on any trouble is UNKNOWN
    ... the customer pays ...
    answer read and checked -> answered on disk -> conclusion

Nothing is acknowledged here, so the terminal never learns whether the till has its answer: an
answer lost with the line is gone, unless the terminal tells its last operation when asked. Nothing
is ever sent again by itself. A line serves for one call, as terminals may hang up after each; so
no probe goes before a payment, and the question for the last operation is its own probe.
There is no way to cancel from the till: hanging up does not stop the terminal.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from drivers.card.caisse_ap.message import (
    DUPLICATE,
    IDENTIFICATION,
    encode_duplicate,
    encode_identification,
    encode_request,
)
from drivers.card.caisse_ap.proof import is_result, judge, last_operation, presence
from drivers.card.caisse_ap.session import Session
from drivers.card.interface import (
    AnswerStatus,
    Conclusion,
    Outcome,
    Presence,
    Progress,
    Reason,
    Request,
)
from drivers.card.showing import show
from drivers.card.wire import StoppedError
from drivers.errors import RemoteProtocolError

if TYPE_CHECKING:
    from collections import deque

    from drivers.card.caisse_ap.message import ApAnswer
    from drivers.card.caisse_ap.settings import CaisseApSettings
    from drivers.card.interface import Answer, Question, Recorder, Totals
    from drivers.card.wire import Wire

logger = logging.getLogger(__name__)

PROBE_S: Final = 3.0  # for each of the tries that a probe may take
ASK_S: Final = 30.0  # a terminal may print its duplicate before it answers
LAST_S: Final = 3.0  # how long that answer may be taken for the last operation
# What a terminal says as soon as the line is open is an earlier payment's.
FIRST_WORD_S: Final = 0.3


class CaisseApDialogue:
    """What is said to one terminal on one open line, by one thread.

    `issued` holds the references sent lately; each attempt adds its own at its end.
    """

    def __init__(
        self, wire: Wire, settings: CaisseApSettings, recorder: Recorder, issued: deque[str]
    ) -> None:
        self._settings = settings
        self._recorder = recorder
        self._issued = issued
        self._session = Session(wire, settings.write_timeout_s)
        self._fresh = True  # whether the line was opened and never listened to
        self._last: tuple[float, ApAnswer | None] = (0.0, None)
        self._sent = False
        self._answer: Answer | None = None
        self._trouble = Reason.LINE_LOST

    def listen(self, seconds: float) -> None:
        """Take what the terminal says by itself: answers that come late.

        Raises DeviceError or RemoteProtocolError when the line breaks, StoppedError
        when the till closes.
        """
        self._fresh = False
        until_s = self._session.deadline_s(seconds)
        while (answer := self._session.next(until_s)) is not None:
            self._keep_late(answer)

    def probe(self, tries: int) -> Presence:
        """Ask whether the terminal is there and free. Raises as `listen` does."""
        if self._settings.repeats_last and self._recorder.questions():
            reply = self._last_operation()
        else:
            identification = encode_identification(self._settings.form)
            reply = self._ask(identification, IDENTIFICATION, PROBE_S * tries)
        return Presence.SILENT if reply is None else presence(reply)

    def ask_last(self, question: Question) -> Answer | None:
        """Ask for the terminal's last operation; None unless it is known to tell it."""
        reply = self._last_operation() if self._settings.repeats_last else None
        return None if reply is None else last_operation(reply, question, self._issued)

    def end_of_day(self) -> Totals | None:
        """The bank is called by the terminal itself: there is no such request."""
        return None

    def carry_out(self, request: Request) -> Conclusion:
        """Carry out one request to its conclusion.

        Raises DeviceError or RemoteProtocolError when the line breaks; `interrupted`
        then tells what is known of the attempt.
        """
        self._sent, self._answer, self._trouble = False, None, Reason.LINE_LOST
        self._last = (0.0, None)
        message = encode_request(request, self._settings.form)
        try:
            earlier = {*self._issued, *(open_.reference for open_ in self._recorder.questions())}
            self._recorder.sending(request.reference)
        except Exception:
            # Whatever the store raises, nothing may be sent.
            logger.exception("attempt %s cannot be recorded, nothing was sent", request.reference)
            return Conclusion(Outcome.NOT_SENT, Reason.NOT_RECORDED)
        try:
            return self._attempt(request, message, earlier - {request.reference})
        except StoppedError:
            return self._broken_off(unsent=Reason.STOPPED, sent=Reason.STOPPED)
        except RemoteProtocolError:
            self._trouble = Reason.ANSWER_UNREADABLE
            raise
        finally:
            self._issued.append(request.reference)

    def interrupted(self) -> Conclusion:
        """Conclude the attempt that a broken line cut short."""
        return self._broken_off(unsent=Reason.OFFLINE, sent=self._trouble)

    def _broken_off(self, unsent: Reason, sent: Reason) -> Conclusion:
        if self._sent:
            return Conclusion(Outcome.UNKNOWN, sent, self._answer)
        return Conclusion(Outcome.NOT_SENT, unsent)

    # One attempt.

    def _attempt(self, request: Request, message: bytes, earlier: set[str]) -> Conclusion:
        self._show(request, Progress.CONNECTING)
        self.listen(FIRST_WORD_S if self._fresh else 0.0)
        self._show(request, Progress.REQUESTING)
        self._sent = True  # noted first: a write that fails may have left
        self._session.say(message)
        self._show(request, Progress.WAITING_CUSTOMER)
        return self._await_answer(request, earlier)

    def _await_answer(self, request: Request, earlier: set[str]) -> Conclusion:
        until_s = self._session.deadline_s(self._settings.answer_timeout_s)
        silence = Reason.NO_ANSWER
        while (answer := self._session.next(until_s)) is not None:
            if answer.private_data in earlier or not is_result(answer):
                self._keep_late(answer)
            elif answer.status is AnswerStatus.ACCEPTED_FOR_LATER:
                silence = Reason.NOT_A_RESULT
            else:
                self._show(request, Progress.ANSWERING)
                return self._conclude(request, answer)
        return Conclusion(Outcome.UNKNOWN, silence)

    def _conclude(self, request: Request, answer: ApAnswer) -> Conclusion:
        told = answer.private_data
        if self._settings.profile.echoes_reference and told not in {"", request.reference}:
            self._keep_late(answer)
            return Conclusion(Outcome.UNKNOWN, Reason.ANSWER_OF_ANOTHER)
        self._answer = answer
        try:
            self._recorder.answered(request.reference, answer)
        except Exception:
            # Whatever the store raises, the till may not say what it would not know tomorrow.
            logger.exception("the answer to %s could not be recorded", request.reference)
            return Conclusion(Outcome.UNKNOWN, Reason.ANSWER_NOT_RECORDED, answer)
        return judge(answer, request, tips=self._settings.profile.tips)

    # Everything else that comes.

    def _last_operation(self) -> ApAnswer | None:
        """Ask for the last operation, once for all the attempts that are open at the moment."""
        until_s, reply = self._last
        if reply is None or self._session.deadline_s(0.0) > until_s:
            reply = self._ask(encode_duplicate(self._settings.form), DUPLICATE, ASK_S)
            self._last = (self._session.deadline_s(LAST_S), reply)
        return reply

    def _ask(self, question: bytes, action: str, seconds: float) -> ApAnswer | None:
        """Ask, and wait for the answer; keep what else comes."""
        self.listen(0.0)
        self._session.say(question)
        until_s = self._session.deadline_s(seconds)
        while (answer := self._session.next(until_s)) is not None:
            if answer.action == action:
                return answer
            self._keep_late(answer)
        return None

    def _keep_late(self, answer: ApAnswer) -> None:
        """Put on disk an answer that nobody waits for, if it is a result."""
        if not is_result(answer) or answer.status is AnswerStatus.ACCEPTED_FOR_LATER:
            return
        try:
            self._recorder.late(answer)
        except Exception:
            # It cannot be asked for again; its attempt stays unknown.
            logger.exception("a late answer could not be recorded")

    def _show(self, request: Request, progress: Progress) -> None:
        show(self._recorder, request.reference, progress)
