"""What can be wrong with a till's file as a whole.

BadFile    it cannot be booked, and nothing of it was; `reason` names the sentence that says why
"""

from __future__ import annotations

from typing import Final

# The reasons; each has its sentence in `organiser.words.sticks`.
REASONS: Final = (
    *("no_export", "is_answer", "not_whole", "too_large", "elsewhere", "not_enrolled"),
    *("unknown_till", "earlier_epoch", "changed", "later"),
)


class BadFile(ValueError):
    """A file that no till of the campaign wrote, or not as it is; `detail` says more, or empty."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
