"""What travels in the frames of the link: records of Concert V2, or fields of Caisse-AP.

The link, its session and its dialogue know nothing of what they carry but this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from drivers.card.concert.record import ANSWER_LENGTHS, decode_answer, encode_request
from drivers.card.verdict import verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from drivers.card.concert.record import Form
    from drivers.card.interface import Answer, Conclusion, Question, Request


class Contents(Protocol):
    """The codec of the records, and what its answers prove."""

    @property
    def lengths(self) -> Sequence[int]:
        """The lengths in bytes of the records that may come, in rising order."""

    @property
    def repeat(self) -> bytes | None:
        """The record that asks for the last operation; None where there is none."""

    def encode(self, request: Request) -> bytes:
        """Write a request."""

    def decode(self, record: bytes) -> Answer:
        """Read an answer; raise RemoteProtocolError saying what was expected."""

    def is_result(self, answer: Answer) -> bool:
        """Tell whether an answer is about an operation, not about a question of ours."""

    def judge(self, answer: Answer, request: Request) -> Conclusion:
        """Conclude from an answer that belongs to the request."""

    def last(
        self, answer: Answer, question: Question, earlier_references: Collection[str]
    ) -> Answer | None:
        """What the answer to `repeat` tells of an open attempt; None for nothing certain."""


class ConcertContents:
    """Records of Concert V2: every answer is a result, and nothing can be asked."""

    lengths = ANSWER_LENGTHS
    repeat = None

    def __init__(self, form: Form, *, tips: bool) -> None:
        self._form = form
        self._tips = tips

    def encode(self, request: Request) -> bytes:
        """See Contents."""
        return encode_request(request, self._form)

    def decode(self, record: bytes) -> Answer:
        """See Contents."""
        return decode_answer(record)

    def is_result(self, answer: Answer) -> bool:
        """Say yes to every answer."""
        del answer
        return True

    def judge(self, answer: Answer, request: Request) -> Conclusion:
        """See Contents."""
        return verdict(answer, request, tips=self._tips)

    def last(
        self, answer: Answer, question: Question, earlier_references: Collection[str]
    ) -> Answer | None:
        """Nothing can be asked, so nothing is told."""
        del answer, question, earlier_references
        return None
