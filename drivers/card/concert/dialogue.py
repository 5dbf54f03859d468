"""One attempt on a Concert V2 terminal, and its durable order.

    sending on disk -> probe -> ENQ -> record | from here on any trouble is UNKNOWN
    ... the customer pays ...
    answer read and checked -> answered on disk -> ACK -> EOT -> conclusion

Nothing is ever sent again by itself. An answer that nobody waits for is put on disk
as late before it is acknowledged, and never given to the payment that follows.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from drivers.card.concert.contents import ConcertContents
from drivers.card.concert.inbox import Claim, Inbox, Taken
from drivers.card.concert.link import News
from drivers.card.concert.session import Session
from drivers.card.interface import (
    Answer,
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
from drivers.card.showing import show
from drivers.card.wire import StoppedError, Wire

if TYPE_CHECKING:
    from collections import deque

    from drivers.card.concert.contents import Contents
    from drivers.card.concert.settings import ConcertSettings

logger = logging.getLogger(__name__)


# A session of ours that ended so left nothing of its record with the terminal.
_UNSENT: Final = {
    News.BUSY: Reason.BUSY,
    News.COLLISION: Reason.BUSY,
    News.SILENT: Reason.SILENT,
}
_PRESENCE: Final = {
    News.READY: Presence.READY,
    News.BUSY: Presence.BUSY,
    News.COLLISION: Presence.BUSY,
    News.SILENT: Presence.SILENT,
}


class ConcertDialogue:
    """What is said to one terminal on one open line, by one thread.

    `issued` holds the references sent lately; each attempt adds its own at its end. `contents` is
    what travels in the frames: the records of Concert V2, unless another protocol uses the link.
    """

    def __init__(
        self,
        wire: Wire,
        settings: ConcertSettings,
        recorder: Recorder,
        issued: deque[str],
        contents: Contents | None = None,
    ) -> None:
        own = ConcertContents(settings.form, tips=settings.profile.tips)
        self._contents = contents or own
        self._settings = settings
        self._recorder = recorder
        self._issued = issued
        self._session = Session(wire, settings, self._contents.lengths)
        self._inbox = Inbox(self._session, self._contents, settings, recorder, issued)
        self._answer: Answer | None = None

    def listen(self, seconds: float) -> None:
        """Take what the terminal says by itself: answers that come late.

        Raises DeviceError or RemoteProtocolError when the line breaks, StoppedError
        when the till closes.
        """
        if self._session.catch_up() is News.CALLED:
            self._inbox.take(None)
        until_s = self._session.deadline_s(seconds)
        while (step := self._session.next(until_s)) is not None:
            if step.news is News.CALLED:
                self._inbox.take(None)

    def probe(self, tries: int) -> Presence:
        """Ask whether the terminal is there and free. Raises as `listen` does."""
        return _PRESENCE[self._reach(None, tries)]

    def carry_out(self, request: Request) -> Conclusion:
        """Carry out one request to its conclusion.

        Raises DeviceError or RemoteProtocolError when the line breaks; `interrupted`
        then tells what is known of the attempt.
        """
        self._session.begin()
        self._answer = None
        try:
            self._recorder.sending(request.reference)
        except Exception:
            # Whatever the store raises, nothing may be sent.
            logger.exception("attempt %s cannot be recorded, nothing was sent", request.reference)
            return Conclusion(Outcome.NOT_SENT, Reason.NOT_RECORDED)
        try:
            return self._attempt(request)
        except StoppedError:
            return self._broken_off(unsent=Reason.STOPPED, sent=Reason.STOPPED)
        finally:
            self._issued.append(request.reference)

    def ask_last(self, question: Question) -> Answer | None:
        """Ask for the last operation, where the contents have such a question."""
        record = self._contents.repeat
        if record is None or self._reach(record, tries=1) is not News.DELIVERED:
            return None
        until_s = self._session.deadline_s(self._settings.session_timeout_s)
        while (step := self._session.next(until_s)) is not None:
            if step.news is News.CALLED and (reply := self._inbox.take(None).reply) is not None:
                return self._contents.last(reply, question, self._issued)
        return None

    def end_of_day(self) -> Totals | None:
        """Concert V2 has no such request."""
        return None

    def interrupted(self) -> Conclusion:
        """Conclude the attempt that a broken line cut short."""
        return self._broken_off(unsent=Reason.OFFLINE, sent=Reason.LINE_LOST)

    def _broken_off(self, unsent: Reason, sent: Reason) -> Conclusion:
        if self._session.payload_left:
            return _unknown(sent, self._answer)
        return Conclusion(Outcome.NOT_SENT, unsent)

    # One attempt.

    def _attempt(self, request: Request) -> Conclusion:
        tries = self._settings.enq_tries
        self._show(request, Progress.CONNECTING)
        if self._settings.probe_before and (found := self._reach(None, tries)) in _UNSENT:
            return Conclusion(Outcome.NOT_SENT, _UNSENT[found])
        self._show(request, Progress.REQUESTING)
        news = self._reach(self._contents.encode(request), tries)
        if news is News.DELIVERED:
            return self._await_answer(request)
        if news is News.CROSSED:
            taken = self._take(Claim(request, by_reference=True))
            return self._judge(request, taken) or _unknown(Reason.REQUEST_UNANSWERED)
        if news in _UNSENT:
            return Conclusion(Outcome.NOT_SENT, _UNSENT[news])
        rejected = news is News.REJECTED
        return _unknown(Reason.REQUEST_REJECTED if rejected else Reason.REQUEST_UNANSWERED)

    def _await_answer(self, request: Request) -> Conclusion:
        until_s = self._session.deadline_s(self._settings.answer_timeout_s)
        silence = Reason.NO_ANSWER
        self._show(request, Progress.WAITING_CUSTOMER)
        while (step := self._session.next(until_s)) is not None:
            if step.news is not News.CALLED:
                continue
            self._show(request, Progress.ANSWERING)
            taken = self._take(Claim(request))
            conclusion = self._judge(request, taken)
            if conclusion is not None:
                return conclusion
            if taken.not_a_result:
                silence = Reason.NOT_A_RESULT
            self._show(request, Progress.WAITING_CUSTOMER)
        return _unknown(silence)

    def _take(self, claim: Claim) -> Taken:
        taken = self._inbox.take(claim)
        self._answer = taken.mine
        return taken

    def _judge(self, request: Request, taken: Taken) -> Conclusion | None:
        """Conclude from what a session brought; None when the answer is still to come."""
        if taken.mine is None:
            return _unknown(taken.trouble) if taken.trouble else None
        if taken.trouble is Reason.ANSWER_NOT_RECORDED:
            return _unknown(taken.trouble, taken.mine)
        conclusion = self._contents.judge(taken.mine, request)
        final = conclusion.outcome is not Outcome.UNKNOWN
        if final and not taken.closed and not self._confirmed(taken.mine):
            return _unknown(Reason.ANSWER_NOT_CLOSED, taken.mine)
        return conclusion

    def _confirmed(self, answer: Answer) -> bool:
        """Tell whether a terminal that sent no EOT is done with the payment."""
        if not self._settings.eot_may_be_missing:
            return False
        return self._reach(None, self._settings.enq_tries, known=answer) is News.READY

    # Sessions that we open.

    def _reach(self, record: bytes | None, tries: int, known: Answer | None = None) -> News:
        """Send a record, or probe when there is none; try again while nothing of it left.

        `known` is an answer on disk that the terminal may bring once more.
        """
        news = self._call(record, known)
        for _ in range(tries - 1):
            if news not in _UNSENT:
                break
            self.listen(self._settings.enq_pause_s)
            news = self._call(record, known)
        return news

    def _call(self, record: bytes | None, known: Answer | None) -> News:
        if self._session.catch_up() is News.CALLED:
            self._inbox.take(None, known)
        self._session.call(record)
        step = self._session.next(self._session.deadline_s(self._settings.session_timeout_s))
        if step is None or step.news is None:
            self._session.drop()
            return News.SILENT if record is None else News.UNANSWERED
        if step.news is News.COLLISION:
            self._inbox.take(None, known)
        return step.news

    def _show(self, request: Request, progress: Progress) -> None:
        show(self._recorder, request.reference, progress)


def _unknown(reason: Reason, answer: Answer | None = None) -> Conclusion:
    return Conclusion(Outcome.UNKNOWN, reason, answer)
