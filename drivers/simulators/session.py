"""One host on a simulated line: the bytes under way in both directions, in real time."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Protocol, TypeVar

from drivers.errors import Timeout
from drivers.simulators.wire import Hangup, LineFaults, Outgoing, Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from drivers.simulators.wire import Reply
    from drivers.transports import Transport

TICK_S = 0.02
WRITE_TIMEOUT_S = 1.0

T = TypeVar("T")


class Machine(Protocol):
    """A simulated device, pure.  Times are seconds on one monotonic clock."""

    @property
    def reading(self) -> bool:
        """Whether it takes bytes now; a full or stopped device does not."""

    def connected(self, now_s: float, /) -> Iterable[Reply]:
        """A host opened the line (on a pty: the server started, a device cannot know more)."""

    def receive(self, data: bytes, now_s: float, /) -> Iterable[Reply]:
        """Take bytes; give what is answered at once: bytes, or HANGUP to break the line."""

    def tick(self, now_s: float, /) -> Iterable[Reply]:
        """Give what the device says by itself by now; called at least every TICK_S."""


class Powered:
    """A machine shared between its server's thread and whoever plays with it."""

    def __init__(self, machine: Machine, faults: LineFaults) -> None:
        self.faults = faults
        self._machine = machine
        self._lock = threading.Lock()

    def act(self, action: Callable[[], T]) -> T:
        """Do something with the machine while its thread leaves it alone."""
        with self._lock:
            return action()

    @property
    def reading(self) -> bool:
        """Whether bytes are taken now, by the machine and by the line."""
        return self._machine.reading and not self.faults.deaf

    def connected(self) -> list[Reply]:
        """See Machine.connected."""
        return self.act(lambda: list(self._machine.connected(time.monotonic())))

    def receive(self, data: bytes) -> list[Reply]:
        """See Machine.receive."""
        return self.act(lambda: list(self._machine.receive(data, time.monotonic())))

    def tick(self) -> list[Reply]:
        """See Machine.tick."""
        return self.act(lambda: list(self._machine.tick(time.monotonic())))


class Session:
    """One host on the line, served step by step until one side hangs up."""

    def __init__(self, machine: Powered, host: Transport, baud: int | None) -> None:
        self._machine = machine
        self._host = host
        self._incoming = Pace(baud)
        self._outgoing = Outgoing(baud)
        self._arriving = b""
        self._arrived_at_s = 0.0
        self._queue(machine.connected())

    def step(self) -> bool:
        """Move what is due, or wait up to TICK_S for it; False once the device hung up.

        Raises Offline when the host is gone.
        """
        now_s = time.monotonic()
        if self._arriving and now_s >= self._arrived_at_s:
            data, self._arriving = self._arriving, b""
            self._queue(self._machine.receive(data))
        self._queue(self._machine.tick())
        due_s = self._outgoing.due_s(now_s, self._machine.faults)
        if due_s is not None and due_s <= now_s:
            return self._send()
        moments = [now_s + TICK_S, due_s, self._arrived_at_s if self._arriving else None]
        self._listen(min(at for at in moments if at is not None) - now_s)
        return True

    def _send(self) -> bool:
        piece = self._outgoing.take()
        if isinstance(piece, Hangup):
            return False
        # A host that does not read loses bytes, as on a real line.
        with contextlib.suppress(Timeout):
            self._host.write(piece, WRITE_TIMEOUT_S)
        return True

    def _listen(self, wait_s: float) -> None:
        if self._arriving or not self._machine.reading:
            time.sleep(max(0.0, wait_s))
            return
        data = self._host.read(self._incoming.piece_bytes_max, max(0.0, wait_s))
        if data:
            self._arriving = data
            self._arrived_at_s = self._incoming.passed_at_s(len(data), time.monotonic())

    def _queue(self, replies: Iterable[Reply]) -> None:
        for reply in replies:
            self._outgoing.put(reply, self._machine.faults)
