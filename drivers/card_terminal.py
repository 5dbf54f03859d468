"""A card terminal for the till: one request at a time, on its own thread, whatever its protocol.

The till calls `begin` and goes on; the recorder hears the rest. While nothing runs, the terminal is
listened to, because an answer may come late. Once on each new line, and again while an attempt's
end is unknown, the driver does what gets at the truth, in this order: listen, probe, ask.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from drivers.card.interface import (
    Answer,
    Capabilities,
    Conclusion,
    Outcome,
    Presence,
    Question,
    Reason,
    Recorder,
    Request,
    Totals,
)
from drivers.card.wire import Dialogue, StoppedError, TerminalProtocol
from drivers.errors import Busy, DeviceError, DriverError, LocalProtocolError
from drivers.runner import BACKOFF_S, Dropped, Health, LetGo, Line, Runner, State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drivers.card.settings import Settings
    from drivers.transports import Opener

logger = logging.getLogger(__name__)

ISSUED_MAX: Final = 64  # references remembered, to know a stale answer
COMMANDS_WAITING_MAX: Final = 5
# Each protocol is a package with a PROTOCOL; imported when a terminal speaks it.
PROTOCOLS: Final = {
    "concert": "drivers.card.concert.protocol",
    "caisse-ap": "drivers.card.caisse_ap.protocol",
    "zvt": "drivers.card.zvt.protocol",
}


def protocol_named(name: str) -> TerminalProtocol[Any]:
    """Give the protocol of a name in PROTOCOLS; KeyError."""
    protocol: TerminalProtocol[Any] = import_module(PROTOCOLS[name]).PROTOCOL
    return protocol


@dataclass(frozen=True, slots=True)
class _CarryOut:
    request: Request


@dataclass(frozen=True, slots=True)
class _Probe:
    on_found: Callable[[Presence], None] | None = None


@dataclass(frozen=True, slots=True)
class _Ask:
    """Get at the truth about the open attempts."""


@dataclass(frozen=True, slots=True)
class _EndOfDay:
    """Let the terminal add up and end its day."""


@dataclass(frozen=True, slots=True)
class _Cancel:
    """Stop an attempt; urgent, so that it reaches a dialogue in its midst, or overtakes it."""

    reference: str


_Command: TypeAlias = _CarryOut | _Probe | _Ask | _EndOfDay | _Cancel

_HEALTH: Final = {
    Presence.READY: (State.ONLINE, None),
    Presence.BUSY: (State.FAULT, Reason.BUSY.value),
    Presence.SILENT: (State.FAULT, Reason.SILENT.value),
}
# What an attempt tells about the terminal itself.
_HEALTH_AFTER: Final = {
    Reason.APPROVED: Presence.READY,
    Reason.PARTLY_APPROVED: Presence.READY,
    Reason.DECLINED: Presence.READY,
    Reason.CANCELLED: Presence.READY,
    Reason.NOT_POSSIBLE: Presence.READY,
    Reason.BUSY: Presence.BUSY,
    Reason.SILENT: Presence.SILENT,
}


class CardTerminal:
    """One terminal on one line. All methods may be called from any thread and never wait.

    `recorder` is called on the terminal's own thread; see its contract. `on_network` says that the
    line is a network's, which some protocols let go after each call. `issued` are the references of
    attempts that were sent before this start, by which a stale answer is known.
    """

    def __init__(
        self,
        name: str,
        opener: Opener,
        protocol: TerminalProtocol[Any],
        settings: Settings,
        recorder: Recorder,
        *,
        on_network: bool = False,
        issued: Iterable[str] = (),
        on_health: Callable[[Health], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        backoff_s: Sequence[float] = BACKOFF_S,
    ) -> None:
        self.name = name
        self.settings = settings
        self.capabilities: Capabilities = protocol.capabilities(settings)
        self._running = threading.Lock()  # held from `begin` to the conclusion
        self._reference = ""  # of the attempt that holds it
        linger_s = protocol.network_linger_s if on_network else None
        self._device = _Device(
            protocol,
            settings,
            recorder,
            self._running.release,
            lets_go=linger_s is not None,
            issued=issued,
        )
        self._runner: Runner[_Command] = Runner(
            name,
            opener,
            self._device,
            on_health=on_health,
            clock=clock,
            backoff_s=backoff_s,
            commands_max=COMMANDS_WAITING_MAX,
            linger_s=linger_s,
            revisit_s=self._device.revisit_s,
        )

    @property
    def health(self) -> Health:
        """What is known of the terminal now."""
        return self._runner.health

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
        self._reference = request.reference
        try:
            self._runner.submit(_CarryOut(request), expires_s=self.settings.start_timeout_s)
        except DriverError:
            self._running.release()
            raise

    def cancel(self) -> None:
        """Stop the request that runs, if any; how it ends, the recorder hears.

        One that waits for its line is never sent; one that the terminal has is stopped where the
        capability `cancel_from_till` says so. Raises QueueFull or Offline when nothing is taken.
        """
        if self.busy:
            command = _Cancel(self._reference)
            self._runner.submit(command, urgent=True, expires_s=self.settings.start_timeout_s)

    def ask(self) -> None:
        """Get at the truth about the open attempts, now. Raises QueueFull or Offline."""
        self._runner.submit(_Ask(), expires_s=self.settings.start_timeout_s)

    def end_of_day(self) -> None:
        """Let the terminal add up and end its day; the recorder hears the totals.

        Capability `end_of_day`. Raises QueueFull or Offline when nothing can be taken.
        """
        self._runner.submit(_EndOfDay(), expires_s=self.settings.start_timeout_s)

    def probe(self, on_found: Callable[[Presence], None] | None = None) -> None:
        """Ask the terminal whether it is there; health and `on_found` tell what was found.

        Raises QueueFull or Offline when nothing can be taken.
        """
        self._runner.submit(_Probe(on_found), expires_s=self.settings.start_timeout_s)


class _Wire:
    """A runner's line as a dialogue sees it; `reference` tells that of the attempt under way."""

    def __init__(self, line: Line[_Command], reference: Callable[[], str]) -> None:
        self.read = line.read
        self.write = line.write
        self.now_s = line.now_s
        self._line = line
        self._reference = reference

    @property
    def stopping(self) -> bool:
        return self._line.stopping

    def wants_cancel(self) -> bool:
        wanted = False
        while isinstance(command := self._line.next_urgent(), _Cancel):
            wanted = wanted or command.reference == self._reference()
        return wanted


class _Device:
    """What the runner drives: commands in, conclusions to the recorder."""

    def __init__(
        self,
        protocol: TerminalProtocol[Any],
        settings: Settings,
        recorder: Recorder,
        release: Callable[[], None],
        *,
        lets_go: bool,
        issued: Iterable[str],
    ) -> None:
        self._protocol = protocol
        self._settings = settings
        self._recorder = recorder
        self._release = release
        self._lets_go = lets_go
        self._can_ask = protocol.capabilities(settings).query_last
        self._issued: deque[str] = deque(issued, maxlen=ISSUED_MAX)
        self._dialogue: Dialogue | None = None
        self._reference = ""  # of the attempt begun last
        self._cancelled = ""  # the attempt that was stopped before it began
        self._look_at_s: float | None = None  # when to look for the truth by ourselves

    def revisit_s(self) -> float | None:
        """How long a line that was let go may rest: not for ever while an end is unknown."""
        return self._settings.ask_again_s if self._questions() else None

    def on_open(self, line: Line[_Command]) -> None:
        """Leave the word to the terminal first: it may hold an answer for us."""
        wire = _Wire(line, lambda: self._reference)
        self._dialogue = self._protocol.open(wire, self._settings, self._recorder, self._issued)
        self._look_at_s = line.now_s() + self._settings.greeting_s

    def idle(self, line: Line[_Command]) -> None:
        """Listen; when it is time, ask whether anybody is there, and for what is unknown."""
        try:
            self._speaker().listen(0.0)
            if self._look_at_s is not None and line.now_s() >= self._look_at_s:
                self._look(line, tries=1)
        except StoppedError:
            return
        except DeviceError:
            if self._lets_go and self._look_at_s is None:
                raise LetGo from None  # the terminal hung up after its call, as it may
            raise

    def handle(self, line: Line[_Command], command: _Command) -> None:
        """Carry out one command."""
        match command:
            case _CarryOut(request):
                self._carry_out(line, request)
            case _Probe():
                self._probe(line, command)
            case _Ask():
                with _until_stopped():
                    self._look(line, tries=self._settings.probe_tries)
            case _EndOfDay():
                self._end_of_day(line)
            case _Cancel(reference):
                self._cancelled = reference

    def dropped(self, command: _Command, why: Dropped) -> None:
        """The line never came, or the till closes: nothing was sent."""
        match command:
            case _CarryOut(request):
                reason = Reason.STOPPED if why is Dropped.STOPPED else Reason.OFFLINE
                self._conclude(request, Conclusion(Outcome.NOT_SENT, reason))
            case _Probe():
                _tell(command, Presence.OFFLINE)
            case _EndOfDay():
                self._tell_totals(None)
            case _:
                pass

    def _carry_out(self, line: Line[_Command], request: Request) -> None:
        if request.reference == self._cancelled:
            self._conclude(request, Conclusion(Outcome.NOT_SENT, Reason.CANCELLED))
            return
        self._look_at_s = None
        self._reference = request.reference
        dialogue = self._speaker()
        # What stands if a defect of ours ends the attempt.
        conclusion = Conclusion(Outcome.UNKNOWN, Reason.DRIVER_FAULT)
        try:
            conclusion = dialogue.carry_out(request)
        except DriverError:
            conclusion = dialogue.interrupted()
            raise
        finally:
            recorded = self._conclude(request, conclusion)
        if conclusion.outcome is Outcome.UNKNOWN or not recorded:
            self._look_at_s = line.now_s()
        if (presence := _HEALTH_AFTER.get(conclusion.reason)) is not None:
            line.report(*_HEALTH[presence])
        if self._lets_go and self._look_at_s is None:
            raise LetGo  # the call is over: the next one gets a line of its own

    def _look(self, line: Line[_Command], tries: int) -> None:
        """Probe; then ask a terminal that is free what became of each open attempt.

        One that is busy is with its customer still: it is asked again in a while.
        """
        self._look_at_s = None
        dialogue = self._speaker()
        found = dialogue.probe(tries)
        line.report(*_HEALTH[found])
        questions = self._questions()
        if not questions:
            return
        if found is not Presence.READY:
            self._look_at_s = line.now_s() + self._settings.ask_again_s
        elif self._can_ask:
            for question in questions:
                answer = dialogue.ask_last(question)
                if answer is not None:
                    self._tell_found(question, answer)

    def _tell_found(self, question: Question, answer: Answer) -> None:
        try:
            self._recorder.found(question.reference, answer)
        except Exception:
            # Settled by a person meanwhile, or a disk that refused: it stays what it was.
            logger.exception("attempt %s: what was found is not recorded", question.reference)

    def _questions(self) -> tuple[Question, ...]:
        try:
            return self._recorder.questions()
        except Exception:
            # A store that cannot be read is no reason to give up the line.
            logger.exception("the open attempts cannot be read")
            return ()

    def _end_of_day(self, line: Line[_Command]) -> None:
        totals = None
        try:
            with _until_stopped():
                totals = self._speaker().end_of_day()
                line.report(State.ONLINE)
        finally:
            self._tell_totals(totals)

    def _tell_totals(self, totals: Totals | None) -> None:
        try:
            self._recorder.totals(totals)
        except Exception:
            logger.exception("the terminal's totals are not recorded")

    def _probe(self, line: Line[_Command], command: _Probe) -> None:
        found = Presence.OFFLINE
        try:
            with _until_stopped():
                found = self._speaker().probe(self._settings.probe_tries)
                line.report(*_HEALTH[found])
        finally:
            _tell(command, found)

    def _conclude(self, request: Request, conclusion: Conclusion) -> bool:
        """Tell the recorder how an attempt ended; tell whether that is on disk."""
        logger.info("attempt %s: %s (%s)", request.reference, conclusion.outcome, conclusion.reason)
        # First, so that whoever hears of the end may begin again: commands queue behind us.
        self._release()
        try:
            self._recorder.concluded(request.reference, conclusion)
        except Exception:
            # The attempt stays as it was recorded last, which the till reads as unknown.
            logger.exception("attempt %s: its end could not be recorded", request.reference)
            return False
        return True

    def _speaker(self) -> Dialogue:
        if self._dialogue is None:
            raise LocalProtocolError("the line is used before on_open")
        return self._dialogue


def _until_stopped() -> suppress:
    """A till that closes ends a question without an answer."""
    return suppress(StoppedError)


def _tell(command: _Probe, presence: Presence) -> None:
    if command.on_found is not None:
        command.on_found(presence)
