"""What the terminal brings when it calls: read, put on disk, and only then acknowledged."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drivers.card.concert.link import News
from drivers.card.interface import Answer, AnswerStatus, Reason, Recorder, Request
from drivers.card.verdict import belongs
from drivers.errors import RemoteProtocolError

if TYPE_CHECKING:
    from collections.abc import Collection

    from drivers.card.concert.contents import Contents
    from drivers.card.concert.session import Session
    from drivers.card.concert.settings import ConcertSettings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Claim:
    """Who waits for an answer; `by_reference` takes no other proof than our reference."""

    request: Request
    by_reference: bool = False


@dataclass(slots=True)
class Taken:
    """What one session opened by the terminal brought.

    `last` is the last answer on disk, `mine` the one that the claim was about, `reply` one to a
    question of ours, which is no result; `closed` says that the session ended as it should.
    """

    last: Answer | None = None
    mine: Answer | None = None
    reply: Answer | None = None
    closed: bool = False
    trouble: Reason | None = None
    not_a_result: bool = False


class Inbox:
    """Takes the sessions that the terminal opens.

    `issued` holds the references sent earlier, by which a stale answer is known.
    """

    def __init__(
        self,
        session: Session,
        contents: Contents,
        settings: ConcertSettings,
        recorder: Recorder,
        issued: Collection[str],
    ) -> None:
        self._session = session
        self._contents = contents
        self._settings = settings
        self._recorder = recorder
        self._issued = issued

    def take(self, claim: Claim | None, known: Answer | None = None) -> Taken:
        """Take the session just opened; `known` is an answer that is on disk already."""
        taken = Taken(last=known)
        until_s = self._session.deadline_s(self._settings.session_timeout_s)
        while True:
            step = self._session.next(until_s)
            if step is None:
                self._session.drop()
                taken.trouble = Reason.ANSWER_UNREADABLE
            elif step.news is News.RECORD:
                if self._keep(step.record, claim, taken):
                    continue
            elif step.news is News.UNREADABLE:
                taken.trouble = Reason.ANSWER_UNREADABLE
            taken.closed = step is not None and step.news is News.CLOSED
            return taken

    def _keep(self, record: bytes, claim: Claim | None, taken: Taken) -> bool:
        """Put a record on disk, then acknowledge it; tell whether the session goes on."""
        try:
            answer = self._contents.decode(record)
        except RemoteProtocolError as error:
            logger.warning("unreadable answer: %s", error)
            if self._session.refuse() is None:
                return True
            taken.trouble = Reason.ANSWER_UNREADABLE
            return False
        if not self._record(answer, claim, taken):
            # Without our ACK the terminal knows that we do not have its answer.
            self._session.drop()
            taken.trouble = Reason.ANSWER_NOT_RECORDED
            return False
        taken.last = answer
        self._session.accept()
        return True

    def _record(self, answer: Answer, claim: Claim | None, taken: Taken) -> bool:
        if answer == taken.last:
            return True  # the same frame again: our ACK was not heard
        if not self._contents.is_result(answer):
            taken.reply = answer
            return True
        if answer.status is AnswerStatus.ACCEPTED_FOR_LATER:
            taken.not_a_result = True
            return True
        mine = taken.mine is None and claim is not None and self._belongs(answer, claim)
        if mine:
            taken.mine = answer
        try:
            if mine and claim is not None:
                self._recorder.answered(claim.request.reference, answer)
            else:
                self._recorder.late(answer)
        except Exception:
            # Whatever the store raises, nothing may be acknowledged.
            logger.exception("an answer could not be recorded, it is not acknowledged")
            return False
        return True

    def _belongs(self, answer: Answer, claim: Claim) -> bool:
        # A record whose reference may be missing (Caisse-AP) tells nothing by its absence.
        echoes = self._settings.profile.echoes_reference and answer.private_data != ""
        return belongs(
            answer,
            claim.request,
            echoes_reference=echoes or claim.by_reference,
            earlier_references=self._issued,
        )
