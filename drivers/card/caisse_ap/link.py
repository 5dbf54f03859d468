"""The fields of Caisse-AP inside the frames of the Concert link, on serial lines and USB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from drivers.card.caisse_ap.message import decode_answer, encode_duplicate, encode_request
from drivers.card.caisse_ap.proof import is_result, judge, last_operation

if TYPE_CHECKING:
    from collections.abc import Collection

    from drivers.card.caisse_ap.settings import CaisseApSettings
    from drivers.card.interface import Answer, Conclusion, Question, Request

RECORD_BYTES_MAX: Final = 512


class CaisseApContents:
    """See Contents: what travels in the frames when the terminal speaks Caisse-AP."""

    lengths = range(1, RECORD_BYTES_MAX + 1)

    def __init__(self, settings: CaisseApSettings) -> None:
        self.repeat = encode_duplicate(settings.form) if settings.repeats_last else None
        self._form = settings.form
        self._tips = settings.profile.tips

    def encode(self, request: Request) -> bytes:
        """See Contents."""
        return encode_request(request, self._form)

    def decode(self, record: bytes) -> Answer:
        """See Contents."""
        return decode_answer(record)

    def is_result(self, answer: Answer) -> bool:
        """See Contents."""
        return is_result(answer)

    def judge(self, answer: Answer, request: Request) -> Conclusion:
        """See Contents."""
        return judge(answer, request, tips=self._tips)

    def last(
        self, answer: Answer, question: Question, earlier_references: Collection[str]
    ) -> Answer | None:
        """See Contents."""
        return last_operation(answer, question, earlier_references)
