"""Whether the sync process runs beside the till: asked now and then, said once it is sure."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

LOOK_SECONDS: Final = 5.0  # between two looks
# A sync that is started again, with the machine or after an update, is no news for a cashier.
GRACE_SECONDS: Final = 30.0


class SyncWatch:
    """Looks for the sync process, and calls it stopped once it was missing for GRACE_SECONDS."""

    def __init__(
        self, is_there: Callable[[], bool], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """`is_there` must not wait: it is called by whoever draws the till's state."""
        self._is_there = is_there
        self._monotonic = monotonic
        self._looked_at: float | None = None
        self._missing_since: float | None = None

    def is_stopped(self) -> bool:
        """Whether it does not run; looks at most once in LOOK_SECONDS."""
        now = self._monotonic()
        if self._looked_at is None or now - self._looked_at >= LOOK_SECONDS:
            self._looked_at = now
            self._look(now)
        since = self._missing_since
        return since is not None and now - since >= GRACE_SECONDS

    def _look(self, now: float) -> None:
        if self._is_there():
            self._missing_since = None
        elif self._missing_since is None:
            self._missing_since = now
