"""When a job wants its next turn, and what jobs share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sync.errors import SyncError
from sync.ports import Clock

POLL_SECONDS: Final = 5.0
HALTED_SECONDS: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Pause:
    """How long a job can do without a turn. Only an idle one is woken by new entries."""

    seconds: float
    wakeable: bool = False


NOW: Final = Pause(0.0)
IDLE: Final = Pause(POLL_SECONDS, wakeable=True)
HALTED: Final = Pause(HALTED_SECONDS)


def _nobody(_name: str, _error: SyncError | None) -> None:
    """Tell nobody."""


def _unheard(_name: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Tools:
    """Time and chance, injected; `tell` hears of trouble once when it comes, once when it goes.

    `met` hears of each job that went well for the first time.
    """

    clock: Clock
    uniform: Callable[[float, float], float]
    tell: Callable[[str, SyncError | None], None] = _nobody
    met: Callable[[str], None] = _unheard


class Mood:
    """What was told last about one job, so that lasting trouble is told once."""

    def __init__(self, name: str, tools: Tools) -> None:
        self._name = name
        self._tell = tools.tell
        self._met: Callable[[str], None] | None = tools.met
        self._trouble = ""

    def troubled(self, error: SyncError) -> bool:
        """Trouble, told if it is another than before; whether it was."""
        changed = error.trouble != self._trouble
        self._trouble = error.trouble
        if changed:
            self._tell(self._name, error)
        return changed

    def well(self) -> bool:
        """No trouble, told if there was some; whether there was."""
        changed = bool(self._trouble)
        self._trouble = ""
        if changed:
            self._tell(self._name, None)
        if self._met:
            self._met(self._name)
            self._met = None
        return changed
