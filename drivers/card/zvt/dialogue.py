"""One attempt on a ZVT terminal, and its durable order.

    sending on disk -> registration or status enquiry -> 06 01 | from here on trouble is UNKNOWN
    80 00 ... the customer pays ...
    04 0F read -> answered on disk -> 80 00 00 -> papers -> 06 0F -> 80 00 00 -> conclusion

Nothing is ever asked twice, save by a terminal that says "wait" and took nothing. Where the result
is on disk and acknowledged but the end (06 0F) never came, the terminal is asked at once for its
last operation: the same receipt number and amount confirm it, and nothing else does.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Final

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
from drivers.card.verdict import verdict
from drivers.card.wire import StoppedError, Wire
from drivers.card.zvt import apdu, codes, messages
from drivers.card.zvt.apdu import Apdu
from drivers.card.zvt.hearing import Attempt, DayEnd, Inbox, Listening, Repetition
from drivers.card.zvt.recognition import without_doubtful_number
from drivers.card.zvt.session import End, How, Session
from drivers.errors import LocalProtocolError, RemoteProtocolError

if TYPE_CHECKING:
    from collections import deque

    from drivers.card.zvt.settings import ZvtSettings

logger = logging.getLogger(__name__)

_UNSENT: Final = {Presence.BUSY: Reason.BUSY, Presence.SILENT: Reason.SILENT}


class ZvtDialogue:
    """What is said to one terminal on one open line, by one thread."""

    def __init__(
        self, wire: Wire, settings: ZvtSettings, recorder: Recorder, issued: deque[str]
    ) -> None:
        self._wire = wire
        self._settings = settings
        self._recorder = recorder
        self._issued = issued
        self._inbox = Inbox(recorder)
        self._session = Session(wire, settings, self._inbox)
        self._registered = ""  # for which currency, on this line
        self._attempt: Attempt | None = None

    def listen(self, seconds: float) -> None:
        """Take what the terminal says by itself: answers that come late.

        Raises DeviceError or RemoteProtocolError when the line breaks, StoppedError when the till
        closes.
        """
        self._session.listen(seconds)

    def probe(self, tries: int) -> Presence:
        """Ask whether the terminal is there and free. Raises as `listen` does."""
        found = Presence.SILENT
        for _ in range(tries):
            found = self._enquire()
            if found is not Presence.SILENT:
                break
        return found

    def carry_out(self, request: Request) -> Conclusion:
        """Carry out one request to its conclusion.

        Raises DeviceError or RemoteProtocolError when the line breaks; `interrupted` then tells
        what is known of the attempt.
        """
        self._session.begin()
        self._attempt = None
        try:
            command = messages.request(request, self._settings)
        except LocalProtocolError as error:
            logger.warning("attempt %s: %s", request.reference, error)
            return Conclusion(Outcome.NOT_SENT, Reason.NOT_POSSIBLE)
        try:
            self._recorder.sending(request.reference)
        except Exception:
            # Whatever the store raises, nothing may be sent.
            logger.exception("attempt %s cannot be recorded, nothing was sent", request.reference)
            return Conclusion(Outcome.NOT_SENT, Reason.NOT_RECORDED)
        try:
            return self._carry_out(request, command)
        except StoppedError:
            return self._broken_off(unsent=Reason.STOPPED, sent=Reason.STOPPED)
        finally:
            self._issued.append(request.reference)

    def interrupted(self) -> Conclusion:
        """Conclude the attempt that a broken line cut short."""
        return self._broken_off(unsent=Reason.OFFLINE, sent=Reason.LINE_LOST)

    def ask_last(self, question: Question) -> Answer | None:
        """Ask for the terminal's last operation; None if it told none. Raises as `listen` does.

        Whether it is the one in question, its number and amount say to whoever asks.
        """
        if self._reach(self._registered or messages.EURO) is not None:
            return None
        last = self._last()
        return None if last is None else without_doubtful_number(last, (question,))

    def end_of_day(self) -> Totals | None:
        """End the terminal's day; None if it refused or told no sum. Raises as `listen` does."""
        if self._reach(self._registered or messages.EURO) is not None:
            return None
        listening = DayEnd(self._settings, self._inbox)
        end = self._session.carry(messages.end_of_day(self._settings), listening)
        day = listening.day
        if day is None or day.total_cents is None:
            return None
        complete = end.how is How.COMPLETED and day.succeeded
        return Totals(day.total_cents, day.brands, complete, listening.papers.taken())

    # One attempt.

    def _carry_out(self, request: Request, command: Apdu) -> Conclusion:
        attempt = self._attempt = Attempt(
            request,
            self._settings,
            self._inbox,
            self._recorder,
            self._wire.wants_cancel,
            self._session.stop if self._settings.abort else None,
        )
        attempt.show(Progress.CONNECTING)
        unsent = self._reach(request.currency)
        if unsent is None and self._wire.wants_cancel():
            unsent = Reason.CANCELLED
        if unsent is not None:
            return Conclusion(Outcome.NOT_SENT, unsent)
        attempt.show(Progress.REQUESTING)
        end = self._session.carry(command, attempt, is_request=True)
        if end.reason == codes.NOT_REGISTERED:
            self._registered = ""
        return self._conclude(request, attempt, end)

    def _conclude(self, request: Request, attempt: Attempt, end: End) -> Conclusion:
        if end.how is How.REFUSED:
            return self._refused(request, attempt, end.reason)
        if attempt.trouble is not None:
            return _unknown(attempt.trouble, attempt)
        if attempt.answer is None:
            return _unknown(_NO_RESULT[end.how], attempt)
        if not self._is_closed(attempt.answer, end):
            return _unknown(Reason.ANSWER_NOT_CLOSED, attempt)
        return self._verdict(request, attempt, attempt.answer)

    def _verdict(self, request: Request, attempt: Attempt, answer: Answer) -> Conclusion:
        conclusion = verdict(answer, request, tips=self._settings.profile.tips)
        return replace(conclusion, slips=attempt.papers.taken())

    def _refused(self, request: Request, attempt: Attempt, reason: int | None) -> Conclusion:
        """Conclude from a refusal of the command; one that went twice may have been begun."""
        if self._session.repeated:
            return _unknown(Reason.REQUEST_REJECTED, attempt)
        attempt.keep_end(codes.refusal_status(reason), f"84-{reason or 0:02X}")
        if attempt.answer is None:
            return _unknown(Reason.ANSWER_NOT_RECORDED, attempt)
        conclusion = self._verdict(request, attempt, attempt.answer)
        return replace(conclusion, reason=Reason.BUSY) if reason == codes.WAIT else conclusion

    def _is_closed(self, answer: Answer, end: End) -> bool:
        """Tell whether the dialogue ended in a way that agrees with the answer.

        A terminal that aborts after an approval says two things; one that never ended after it is
        asked what it remembers.
        """
        if end.how is How.COMPLETED:
            return True
        if end.how is How.ABORTED:
            return answer.status is not AnswerStatus.APPROVED
        return self._confirms(answer)

    def _confirms(self, answer: Answer) -> bool:
        if answer.status is not AnswerStatus.APPROVED or not answer.receipt:
            return False
        last = self._last() if self._settings.tells_last else None
        return last is not None and _key(last) == _key(answer)

    def _broken_off(self, unsent: Reason, sent: Reason) -> Conclusion:
        if not self._session.payload_left or self._attempt is None:
            return Conclusion(Outcome.NOT_SENT, unsent)
        return _unknown(sent, self._attempt)

    # Commands that move no money.

    def _reach(self, currency: str) -> Reason | None:
        """Make sure that the terminal is there and knows the till; say why it cannot be asked."""
        if self._registered != currency:
            return self._register(currency)
        found = self._enquire() if self._settings.probe_before else Presence.READY
        return _UNSENT.get(found)

    def _register(self, currency: str) -> Reason | None:
        command = messages.registration(self._settings, currency)
        end = self._session.carry(command, self._listening(self._settings.close_timeout_s))
        if end.how is How.COMPLETED:
            self._registered = currency
            return None
        if end.how in {How.UNANSWERED, How.NOT_ENDED}:
            return Reason.SILENT
        return _UNSENT.get(codes.presence(end.reason or 0), Reason.NOT_POSSIBLE)

    def _enquire(self) -> Presence:
        listening = self._listening(self._settings.t3_s)
        end = self._session.carry(Apdu(apdu.STATUS_ENQUIRY), listening, patient=False)
        if end.how in {How.UNANSWERED, How.NOT_ENDED}:
            return Presence.SILENT
        if end.how is not How.COMPLETED:
            return codes.presence(end.reason or 0)
        try:
            return codes.presence(messages.read_state(end.data))
        except RemoteProtocolError as error:
            logger.warning("a state that cannot be read: %s", error)
            return Presence.READY

    def _last(self) -> Answer | None:
        listening = Repetition(self._settings, self._inbox)
        end = self._session.carry(messages.repeat_receipt(self._settings), listening)
        result = listening.result
        return result.answer if result and end.how is How.COMPLETED else None

    def _listening(self, patience_s: float) -> Listening:
        return Listening(self._settings, self._inbox, patience_s)


_NO_RESULT: Final = {
    How.COMPLETED: Reason.NOT_A_RESULT,
    How.ABORTED: Reason.STATUS_UNKNOWN,
    How.REFUSED: Reason.STATUS_UNKNOWN,
    How.UNANSWERED: Reason.REQUEST_UNANSWERED,
    How.NOT_ENDED: Reason.NO_ANSWER,
}


def _key(answer: Answer) -> tuple[AnswerStatus, str, int | None, str]:
    """What two tellings of one operation have in common."""
    return answer.status, answer.receipt, answer.amount_cents, answer.currency


def _unknown(reason: Reason, attempt: Attempt) -> Conclusion:
    return Conclusion(Outcome.UNKNOWN, reason, attempt.answer, attempt.papers.taken())
