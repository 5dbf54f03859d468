"""The driver of one terminal, run step by step on virtual lines: the real one, without its thread.

What the runner does with a device is done here in the open: a line is opened, a command carried
out or the device left to itself, and whatever breaks the line costs it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from drivers.card.interface import Conclusion, Outcome, Question, Request
from drivers.card.settings import Settings
from drivers.card.wire import TerminalProtocol
from drivers.card_terminal import _Ask, _Cancel, _CarryOut, _Command, _Device, _EndOfDay
from drivers.errors import DeviceError, RemoteProtocolError
from drivers.runner import LetGo, Line, State
from drivers.simulators.card.terminal import SimulatedTerminal
from tests.drivers.card.virtual_line import Clock, Fault, MemoryRecorder, VirtualLine

POLL_S = 0.25
REOPEN_S = 1.0


class RunnerLine(Line[_Command]):
    """A runner's line on a virtual one; `states` are what the device reported."""

    def __init__(self, wire: VirtualLine) -> None:
        self.wire = wire
        self.reference = ""  # of the attempt that a cancelling cashier means
        self.states: list[tuple[State, str | None]] = []

    def read(self, bytes_max: int, timeout_s: float) -> bytes:
        return self.wire.read(bytes_max, timeout_s)

    def write(self, data: bytes, timeout_s: float) -> None:
        self.wire.write(data, timeout_s)

    def report(self, state: State, reason: str | None = None) -> None:
        self.states.append((state, reason))

    @property
    def stopping(self) -> bool:
        return self.wire.stopping

    def now_s(self) -> float:
        return self.wire.now_s()

    def next_urgent(self) -> _Command | None:
        return _Cancel(self.reference) if self.wire.wants_cancel() else None


class VirtualTill:
    """A till with one terminal; `lines` are all that were opened so far, the last one first.

    What ends unknown becomes an open question, as in a journal. `on_open` may break a new line.
    """

    def __init__(
        self,
        terminal: SimulatedTerminal,
        protocol: TerminalProtocol[Any],
        settings: Settings,
        *,
        on_network: bool,
        recorder: MemoryRecorder | None = None,
    ) -> None:
        self.terminal = terminal
        self.clock = Clock()
        self.recorder = recorder or MemoryRecorder()
        self.lines: list[VirtualLine] = []
        self.on_open: Callable[[VirtualLine], None] = lambda _line: None
        self._runner_line: RunnerLine | None = None
        self._linger_s = protocol.network_linger_s if on_network else None
        self._used_s = 0.0
        self._rests = False  # the line was let go, and nobody needs it yet
        self._device = _Device(
            protocol,
            settings,
            self.recorder,
            _nothing,
            lets_go=self._linger_s is not None,
            issued=(),
        )

    @property
    def line(self) -> VirtualLine:
        """The line opened last."""
        return self.lines[0]

    @property
    def wrote(self) -> int:
        """How many bytes the till has written in all."""
        return sum(direction == ">" for line in self.lines for direction, _ in line.transcript)

    def open(self, faults: Mapping[int, Fault] | None = None) -> RunnerLine:
        """Give the open line, or open one."""
        if self._runner_line is None:
            wire = VirtualLine(self.terminal, self.clock, dict(faults or {}))
            self.on_open(wire)
            self.lines.insert(0, wire.connect())
            line = RunnerLine(wire)
            self._device.on_open(line)
            self._runner_line = line
            self._used_s = self.clock.now_s
            self._rests = False
        return self._runner_line

    def carry_out(
        self, request: Request, faults: Mapping[int, Fault] | None = None
    ) -> Conclusion | None:
        """Carry out a request; None when its end could not be recorded."""
        line = self.open(faults)
        line.reference = request.reference
        self._handle(_CarryOut(request), line)
        conclusion = self.recorder.conclusions.get(request.reference)
        if conclusion is None or conclusion.outcome is Outcome.UNKNOWN:
            answer = self.recorder.answers.get(request.reference)
            receipt = answer.receipt if answer is not None else ""
            self.recorder.open.append(
                Question(
                    request.reference,
                    request.amount_cents,
                    request.kind,
                    receipt,
                    request.receipt_before,
                )
            )
        return conclusion

    def ask(self) -> None:
        """Get at the truth about the open attempts."""
        self._handle(_Ask(), self.open())

    def end_day(self) -> None:
        """Let the terminal end its day."""
        self._handle(_EndOfDay(), self.open())

    def rest(self, seconds: float) -> None:
        """Leave the device to itself, as its runner does; lines that break are opened again."""
        until_s = self.clock.now_s + seconds
        while self.clock.now_s < until_s:
            pause_s = self._idle()
            if pause_s is None:
                pause_s = until_s - self.clock.now_s
            self.clock.now_s += pause_s
            if self._runner_line is None:
                self.terminal.tick(self.clock.now_s)  # nobody hears what it says

    def _idle(self) -> float | None:
        """Let the device be idle once; give the pause that follows, None for ever."""
        if self._rests:
            self._rests = False
            return self._device.revisit_s()
        line = self.open()
        lingers_s = self.clock.now_s - self._used_s
        try:
            self._device.idle(line)
        except LetGo:
            self._let_go()
        except (DeviceError, RemoteProtocolError):
            self._runner_line = None
            return REOPEN_S
        if self._linger_s is not None and lingers_s >= self._linger_s:
            self._let_go()
        return 0.0 if self._rests else POLL_S

    def _let_go(self) -> None:
        self._runner_line = None
        self._rests = True

    def _handle(self, command: _Command, line: RunnerLine) -> None:
        try:
            self._device.handle(line, command)
        except LetGo:
            self._let_go()
        except (DeviceError, RemoteProtocolError):
            self._runner_line = None
        self._used_s = self.clock.now_s


def _nothing() -> None:
    """The terminal is free again; nobody waits for that here."""
