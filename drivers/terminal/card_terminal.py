"""A card terminal for the till: one request at a time, on its own thread.

The till calls `begin` and goes on; the recorder hears the rest. While nothing runs,
the terminal is listened to, because an answer may come late.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from drivers.card.concert import capabilities
from drivers.card.interface import (
    Capabilities,
    Conclusion,
    Outcome,
    Reason,
    Recorder,
    Request,
)
from drivers.errors import Busy, DriverError, LocalProtocolError
from drivers.runner import BACKOFF_S, Dropped, Health, Line, Runner, State
from drivers.terminal.dialogue import Dialogue, Presence
from drivers.terminal.session import StoppedError
from drivers.terminal.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drivers.transports import Opener

logger = logging.getLogger(__name__)

ISSUED_MAX: Final = 64  # references remembered, to know a stale answer
PROBES_WAITING_MAX: Final = 4


@dataclass(frozen=True, slots=True)
class _Pay:
    request: Request


@dataclass(frozen=True, slots=True)
class _Probe:
    on_found: Callable[[Presence], None] | None = None


_Command: TypeAlias = _Pay | _Probe

_HEALTH: Final = {
    Presence.READY: (State.ONLINE, None),
    Presence.BUSY: (State.FAULT, Reason.BUSY.value),
    Presence.SILENT: (State.FAULT, Reason.SILENT.value),
}
# What an attempt tells about the terminal itself.
_HEALTH_AFTER: Final = {
    Reason.APPROVED: Presence.READY,
    Reason.DECLINED: Presence.READY,
    Reason.BUSY: Presence.BUSY,
    Reason.SILENT: Presence.SILENT,
}


class CardTerminal:
    """One terminal on one line. All methods may be called from any thread and never wait.

    `recorder` is called on the terminal's own thread; see its contract.
    """

    def __init__(
        self,
        name: str,
        opener: Opener,
        settings: Settings,
        recorder: Recorder,
        *,
        on_health: Callable[[Health], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        backoff_s: Sequence[float] = BACKOFF_S,
    ) -> None:
        self.name = name
        self.settings = settings
        self._recorder = recorder
        self._running = threading.Lock()  # held from `begin` to the conclusion
        self._device = _ConcertDevice(settings, recorder, self._running.release)
        self._runner: Runner[_Command] = Runner(
            name,
            opener,
            self._device,
            on_health=on_health,
            clock=clock,
            backoff_s=backoff_s,
            commands_max=1 + PROBES_WAITING_MAX,
        )

    @property
    def health(self) -> Health:
        """What is known of the terminal now."""
        return self._runner.health

    @property
    def capabilities(self) -> Capabilities:
        """What this terminal can do."""
        return capabilities(echoes_reference=self.settings.echoes_reference)

    @property
    def busy(self) -> bool:
        """Tell whether a request runs."""
        return self._running.locked()

    def start(self) -> None:
        """Open the line in the background and keep it."""
        self._runner.start()

    def stop(self, timeout_s: float) -> bool:
        """End the thread within `timeout_s`; a running request ends as what it then is."""
        return self._runner.stop(timeout_s)

    def begin(self, request: Request) -> None:
        """Start one request; the recorder hears how it ends.

        Raises Busy while another runs, QueueFull or Offline when none can be taken: the
        recorder then hears nothing of this one. A terminal that cannot be reached within
        `start_timeout_s` concludes it as not sent, without `sending`.
        """
        if not self._running.acquire(blocking=False):
            raise Busy("a request runs on this terminal", key=Reason.BUSY.value)
        try:
            self._runner.submit(_Pay(request), expires_s=self.settings.start_timeout_s)
        except DriverError:
            self._running.release()
            raise

    def probe(self, on_found: Callable[[Presence], None] | None = None) -> None:
        """Ask the terminal whether it is there; health and `on_found` tell what was found.

        Raises QueueFull or Offline when nothing can be taken.
        """
        self._runner.submit(_Probe(on_found), expires_s=self.settings.start_timeout_s)


class _ConcertDevice:
    """What the runner drives: commands in, conclusions to the recorder."""

    def __init__(self, settings: Settings, recorder: Recorder, release: Callable[[], None]) -> None:
        self._settings = settings
        self._recorder = recorder
        self._release = release
        self._issued: deque[str] = deque(maxlen=ISSUED_MAX)
        self._dialogue: Dialogue | None = None
        self._greet_at_s: float | None = None

    def on_open(self, line: Line[_Command]) -> None:
        """Leave the word to the terminal first: it may hold an answer for us."""
        self._dialogue = Dialogue(line, self._settings, self._recorder, self._issued)
        self._greet_at_s = line.now_s() + self._settings.listen_first_s

    def idle(self, line: Line[_Command]) -> None:
        """Listen; once on each new line, ask whether anybody is there."""
        dialogue = self._speaker()
        try:
            dialogue.listen(0.0)
            if self._greet_at_s is not None and line.now_s() >= self._greet_at_s:
                self._greet_at_s = None
                line.report(*_HEALTH[dialogue.probe(1)])
        except StoppedError:
            return

    def handle(self, line: Line[_Command], command: _Command) -> None:
        """Carry out one command."""
        if isinstance(command, _Pay):
            self._pay(line, command.request)
        else:
            self._probe(line, command)

    def dropped(self, command: _Command, why: Dropped) -> None:
        """The line never came, or the till closes: nothing was sent."""
        if isinstance(command, _Pay):
            reason = Reason.STOPPED if why is Dropped.STOPPED else Reason.OFFLINE
            self._conclude(command.request, Conclusion(Outcome.NOT_SENT, reason))
        else:
            _tell(command, Presence.OFFLINE)

    def _pay(self, line: Line[_Command], request: Request) -> None:
        self._greet_at_s = None
        dialogue = self._speaker()
        # What stands if a defect of ours ends the attempt.
        conclusion = Conclusion(Outcome.UNKNOWN, Reason.DRIVER_FAULT)
        try:
            conclusion = dialogue.pay(request)
        except DriverError:
            conclusion = dialogue.interrupted()
            raise
        finally:
            self._conclude(request, conclusion)
        if (presence := _HEALTH_AFTER.get(conclusion.reason)) is not None:
            line.report(*_HEALTH[presence])

    def _probe(self, line: Line[_Command], command: _Probe) -> None:
        found = Presence.OFFLINE
        try:
            found = self._speaker().probe(self._settings.enq_tries)
            line.report(*_HEALTH[found])
        except StoppedError:
            return
        finally:
            _tell(command, found)

    def _conclude(self, request: Request, conclusion: Conclusion) -> None:
        logger.info("attempt %s: %s (%s)", request.reference, conclusion.outcome, conclusion.reason)
        # First, so that whoever hears of the end may begin again: commands queue behind us.
        self._release()
        try:
            self._recorder.concluded(request.reference, conclusion)
        except Exception:
            # The attempt stays as it was recorded last, which the till reads as unknown.
            logger.exception("attempt %s: its end could not be recorded", request.reference)

    def _speaker(self) -> Dialogue:
        if self._dialogue is None:
            raise LocalProtocolError("the line is used before on_open")
        return self._dialogue


def _tell(command: _Probe, presence: Presence) -> None:
    if command.on_found is not None:
        command.on_found(presence)
