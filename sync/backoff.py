"""How long to wait after a failure: exponential, capped, with full jitter.

Full jitter (a uniform draw below the ceiling) keeps a thousand tills that lost the same server from
coming back in the same second.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

BASE_SECONDS: Final = 1.0
CAP_SECONDS: Final = 300.0
# A server's own wish is obeyed up to here: a wrong header must not silence a till for days.
RETRY_AFTER_SECONDS_MAX: Final = 3600.0
# Who is told when to come again is not forgotten: he waits no longer than so many times that.
TIMES_ASKED_MAX: Final = 8
_DOUBLINGS_MAX: Final = 16


class Backoff:
    """Counts failures in a row and turns them into waits."""

    def __init__(self, uniform: Callable[[float, float], float]) -> None:
        self._uniform = uniform
        self.failures = 0

    def succeeded(self) -> None:
        """Start from the shortest wait again."""
        self.failures = 0

    def failed(self, retry_after_seconds: float | None = None) -> float:
        """Count one failure; the seconds to wait before the next attempt."""
        ceiling = min(CAP_SECONDS, BASE_SECONDS * 2 ** min(self.failures, _DOUBLINGS_MAX))
        self.failures += 1
        if retry_after_seconds is None:
            return self._uniform(0.0, ceiling)
        asked = min(max(retry_after_seconds, 0.0), RETRY_AFTER_SECONDS_MAX)
        return asked + self._uniform(0.0, min(ceiling, TIMES_ASKED_MAX * max(asked, BASE_SECONDS)))
