"""One thread per device: it opens the line, keeps it, and carries commands to the device.

    Runner(name, opener, device).start()
        loop: open (waiting 1, 2, 4 .. 30 s between failures)
              device.on_open(line)
              while the line holds: device.handle(line, command), or device.idle(line)

A `Device` is a driver's own logic.  It is called on the runner's thread only, speaks through the
`Line` it is given, and reports trouble by raising: a DeviceError or RemoteProtocolError costs the
line, which is closed and opened again.  A command that waited too long is never carried out late:
it is given to `dropped`.  Threads live here and nowhere else in the drivers.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, ParamSpec, Protocol, TypeVar

from drivers.errors import DeviceError, LocalProtocolError, RemoteProtocolError
from drivers.mailbox import Mailbox

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from drivers.transports import Opener, Transport

logger = logging.getLogger(__name__)
logger.addHandler(logging.NullHandler())

BACKOFF_S = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
IDLE_POLL_S = 0.1
COMMANDS_MAX = 64
URGENT_MAX = 8


class State(StrEnum):
    """What is known of a device.  `unknown` is neither ok nor broken: it never answered."""

    UNKNOWN = "unknown"
    ONLINE = "online"
    OFFLINE = "offline"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Health:
    """A device's state, the key of the reason, and since when (seconds on the runner's clock)."""

    state: State
    reason: str | None
    since_s: float


class Dropped(StrEnum):
    """Why a command was never carried out."""

    EXPIRED = "expired"
    STOPPED = "stopped"


class LetGo(Exception):
    """A device is done with its line: it is closed without trouble, and opened when needed."""


P = ParamSpec("P")
C = TypeVar("C")
C_co = TypeVar("C_co", covariant=True)
C_contra = TypeVar("C_contra", contravariant=True)


class Line(Generic[C_co]):
    """What a device sees of its runner while a line is open: the bytes, and a few services."""

    def __init__(self, transport: Transport, runner: Runner[C_co]) -> None:
        self._transport = transport
        self._runner = runner

    def read(self, bytes_max: int, timeout_s: float) -> bytes:
        """See Transport.read."""
        return self._transport.read(bytes_max, timeout_s)

    def write(self, data: bytes, timeout_s: float) -> None:
        """See Transport.write."""
        self._transport.write(data, timeout_s)

    def report(self, state: State, reason: str | None = None) -> None:
        """Tell what the device's state is; the observer hears of changes only."""
        self._runner.report(state, reason)

    @property
    def stopping(self) -> bool:
        """Whether the till is closing: a device that waits must look at this often."""
        return self._runner.stopping

    def now_s(self) -> float:
        """Give the runner's clock, in seconds."""
        return self._runner.clock()

    def next_urgent(self) -> C_co | None:
        """Give a waiting urgent command (a drawer, a cancellation) in the midst of another one."""
        return self._runner.next_urgent()


class Device(Protocol[C_contra]):
    """A driver's own logic, called on the runner's thread only."""

    def on_open(self, line: Line[C_contra], /) -> None:
        """Get to know the device on a line just opened; it is online unless reported otherwise."""

    def handle(self, line: Line[C_contra], command: C_contra, /) -> None:
        """Carry out one command; its outcome is told by the device, even when it raises."""

    def idle(self, line: Line[C_contra], /) -> None:
        """Listen, or ask for the status.  Called at every `idle_poll_s`; not a place to wait."""

    def dropped(self, command: C_contra, why: Dropped, /) -> None:
        """Hear of a command that never reached `handle`."""


class Runner(Generic[C]):
    """The thread of one device.

    `backoff_s` are the waits between attempts to open; a new command cuts a wait short.  With
    `linger_s` the line is closed after that long without a command and opened for the next one
    (network printers serve one client at a time), or after `revisit_s()` if that gives seconds.
    """

    def __init__(
        self,
        name: str,
        opener: Opener,
        device: Device[C],
        *,
        on_health: Callable[[Health], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        backoff_s: Sequence[float] = BACKOFF_S,
        idle_poll_s: float = IDLE_POLL_S,
        commands_max: int = COMMANDS_MAX,
        linger_s: float | None = None,
        revisit_s: Callable[[], float | None] = lambda: None,
    ) -> None:
        self.name = name
        self.clock = clock
        self._opener = opener
        self._device = device
        self._on_health = on_health
        self._backoff_s = tuple(backoff_s)
        self._idle_poll_s = idle_poll_s
        self._linger_s = linger_s
        self._revisit_s = revisit_s
        self._mailbox: Mailbox[C] = Mailbox(commands_max, URGENT_MAX, clock)
        self._health = Health(State.UNKNOWN, None, clock())
        self._reported = False
        self._failures = 0
        self._gone = False
        self._thread = threading.Thread(target=self._run, name=f"device-{name}", daemon=True)

    # What the till calls, from any thread.

    @property
    def health(self) -> Health:
        """The last known health."""
        return self._health

    @property
    def stopping(self) -> bool:
        """Whether stop() was called."""
        return self._mailbox.closed

    def start(self) -> None:
        """Start the thread; the device is opened in the background."""
        self._thread.start()

    def submit(self, command: C, *, urgent: bool = False, expires_s: float | None = None) -> None:
        """Hand over a command without waiting; raises QueueFull, or Offline once stopped.

        An urgent command goes first, and reaches even a device at work on another one.  One that
        is not begun within `expires_s` is dropped.
        """
        self._mailbox.put(command, urgent=urgent, expires_s=expires_s)

    def stop(self, timeout_s: float) -> bool:
        """Ask the thread to end, wait at most `timeout_s`; say whether it ended.

        What still waits is given to `Device.dropped`.  A thread that does not end in time is a
        daemon and never holds the exit of the program.
        """
        self._mailbox.close()
        if not self._thread.is_alive():
            self._drop_rest()
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    # What the line passes on, on the runner's thread.

    def report(self, state: State, reason: str | None) -> None:
        """Take note of the device's state."""
        self._reported = True
        if (state, reason) == (self._health.state, self._health.reason):
            return
        self._health = Health(state, reason, self.clock())
        if self._on_health is not None:
            self._guard(self._on_health, self._health)

    def next_urgent(self) -> C | None:
        """Give the next urgent command, and drop what came too late."""
        self._drop_expired()
        return self._mailbox.take_urgent()

    # The thread.

    def _run(self) -> None:
        while not self.stopping:
            try:
                self._session()
            except (DeviceError, RemoteProtocolError) as error:
                self._lost(State.OFFLINE, error.key, error)
            except Exception as error:
                # A defect of ours: the device's thread must outlive it, and it must be seen.
                logger.exception("%s: defect in the driver", self.name)
                self._lost(State.FAULT, LocalProtocolError.default_key, error)
        self._drop_rest()

    def _session(self) -> None:
        transport = self._opener()
        try:
            line: Line[C] = Line(transport, self)
            self._reported = False
            self._device.on_open(line)
            if not self._reported:
                self.report(State.ONLINE, None)
            self._back()
            with contextlib.suppress(LetGo):
                self._serve(line)
        finally:
            transport.close()
        # Only a lingering line ends a session without trouble: the next command opens it again.
        if not self.stopping:
            self._mailbox.wait_for_any(self._revisit_s())

    def _serve(self, line: Line[C]) -> None:
        last_used_s = self.clock()
        while not self.stopping:
            self._drop_expired()
            command = self._mailbox.take(self._idle_poll_s)
            if command is not None:
                self._device.handle(line, command)
                last_used_s = self.clock()
            elif not self.stopping:
                self._device.idle(line)
            self._failures = 0
            if self._linger_s is not None and self.clock() - last_used_s >= self._linger_s:
                return

    def _back(self) -> None:
        if self._gone:
            logger.info("%s is back", self.name)
            self._gone = False

    def _lost(self, state: State, reason: str, error: Exception) -> None:
        if not self._gone:
            logger.warning("%s is gone: %s", self.name, error)
            self._gone = True
        self.report(state, reason)
        wait_s = self._backoff_s[min(self._failures, len(self._backoff_s) - 1)]
        self._failures += 1
        self._back_off(wait_s)

    def _back_off(self, wait_s: float) -> None:
        until_s = self.clock() + wait_s
        while not self.stopping:
            self._drop_expired()
            wake_s = min(until_s, self._mailbox.next_deadline_s() or until_s)
            left_s = wake_s - self.clock()
            if self._mailbox.wait_for_arrival(max(0.0, left_s)) or self.clock() >= until_s:
                return

    def _drop_expired(self) -> None:
        for command in self._mailbox.expired():
            self._guard(self._device.dropped, command, Dropped.EXPIRED)

    def _drop_rest(self) -> None:
        for command in self._mailbox.drain():
            self._guard(self._device.dropped, command, Dropped.STOPPED)

    def _guard(self, tell: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            tell(*args, **kwargs)
        except Exception:
            # Whoever is told may be at fault: the device's thread must outlive it.
            logger.exception("%s: defect in what follows the driver", self.name)
