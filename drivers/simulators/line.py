"""Serving a simulated device: on a pseudo-terminal, on TCP, or in memory, at the line's speed.

The device is a `Machine` (session.py): a pure state machine, bytes and time in, replies out.
Each server runs it on one thread; `server.act(...)` lets a test or a screen touch it in between,
and `server.faults` may be changed at any time.
"""

from __future__ import annotations

import os
import pty
import queue
import shutil
import socket
import tempfile
import threading
import time
import tty
from abc import ABC, abstractmethod
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from drivers.errors import Offline
from drivers.simulators.session import TICK_S, Machine, Powered, Session
from drivers.simulators.wire import LineFaults
from drivers.transports.descriptor import DescriptorTransport
from drivers.transports.loopback import Loopback, loopback_pair
from drivers.transports.tcp import over_socket

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from drivers.transports import Opener, Transport

STOP_TIMEOUT_S = 5.0
REPLUG_S = 1.0
HOSTS_WAITING_MAX = 4

T = TypeVar("T")


class Server(ABC):
    """A machine on its own thread.  Subclasses say where its hosts come from."""

    def __init__(self, machine: Machine, baud: int | None, faults: LineFaults) -> None:
        self._machine = Powered(machine, faults)
        self._baud = baud
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="simulator", daemon=True)

    @property
    def faults(self) -> LineFaults:
        """What is wrong with the line now."""
        return self._machine.faults

    @faults.setter
    def faults(self, faults: LineFaults) -> None:
        self._machine.faults = faults

    def act(self, action: Callable[[], T]) -> T:
        """Do something with the machine while its thread leaves it alone."""
        return self._machine.act(action)

    def stop(self) -> None:
        """End the thread and free the line.  May be called again."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.stop()

    @abstractmethod
    def _run(self) -> None:
        """Find hosts and serve each until it is gone."""

    def _serve(self, host: Transport) -> None:
        """Carry bytes between one host and the machine until the line breaks."""
        try:
            session = Session(self._machine, host, self._baud)
            while self._plugged() and session.step():
                pass
        except Offline:
            pass
        finally:
            host.close()

    def _plugged(self) -> bool:
        return not self._stopping.is_set()

    def _alone(self) -> None:
        """Let time pass for the machine while nobody listens."""
        self._machine.tick()


class PtyServer(Server):
    """A device on a pseudo-terminal.  `path` is a link that stays the same when it is replugged."""

    def __init__(self, machine: Machine, baud: int | None, faults: LineFaults) -> None:
        super().__init__(machine, baud, faults)
        self._folder = Path(tempfile.mkdtemp(prefix="comptoir-line-"))
        self.path = str(self._folder / "tty")
        self._in_place = threading.Event()
        self._master, self._slave = self._plug()
        self._in_place.set()
        self._thread.start()

    def unplug(self) -> None:
        """Pull the cable: whoever has the line open finds it gone."""
        self._in_place.clear()

    def replug(self) -> None:
        """Put the cable back."""
        self._in_place.set()

    def stop(self) -> None:
        """End the thread, free the line and take the link away."""
        super().stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self) -> None:
        while True:
            # The slave stays open here too: without it Linux makes the master fail.
            self._serve(
                DescriptorTransport(self._master, self.path, partial(os.close, self._master))
            )
            os.close(self._slave)
            Path(self.path).unlink(missing_ok=True)
            if self._stopping.is_set() or not self._wait_for_cable():
                return
            self._master, self._slave = self._plug()

    def _wait_for_cable(self) -> bool:
        # A line that the device itself broke comes back alone, one that was pulled does not.
        broken_at_s = time.monotonic()
        while not self._in_place.is_set() or time.monotonic() < broken_at_s + REPLUG_S:
            self._alone()
            if self._stopping.wait(TICK_S):
                return False
        return True

    def _plugged(self) -> bool:
        return super()._plugged() and self._in_place.is_set()

    def _plug(self) -> tuple[int, int]:
        master, slave = pty.openpty()
        tty.setraw(slave)
        Path(self.path).symlink_to(os.ttyname(slave))
        return master, slave


class TcpServer(Server):
    """A device on TCP that serves one host at a time, as network printers do."""

    def __init__(
        self, machine: Machine, host: str, port: int, baud: int | None, faults: LineFaults
    ) -> None:
        super().__init__(machine, baud, faults)
        self._listener = socket.create_server((host, port), backlog=HOSTS_WAITING_MAX)
        self._listener.settimeout(TICK_S)
        self.host: str = self._listener.getsockname()[0]
        self.port: int = self._listener.getsockname()[1]
        self._thread.start()

    def _run(self) -> None:
        with self._listener:
            while not self._stopping.is_set():
                try:
                    line, _ = self._listener.accept()
                except TimeoutError:
                    self._alone()
                    continue
                self._serve(over_socket(line, f"host of {self.host}:{self.port}"))


class MemoryServer(Server):
    """A device in memory; `opener` plugs a new host in."""

    def __init__(self, machine: Machine, baud: int | None, faults: LineFaults) -> None:
        super().__init__(machine, baud, faults)
        self._hosts: queue.Queue[Loopback] = queue.Queue(HOSTS_WAITING_MAX)
        self._thread.start()

    @property
    def opener(self) -> Opener:
        """Give the function that opens a line to the device."""
        return self._open

    def _open(self) -> Transport:
        near, far = loopback_pair()
        try:
            self._hosts.put_nowait(far)
        except queue.Full:
            raise Offline("too many hosts wait for the device in memory") from None
        return near

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._serve(self._hosts.get(timeout=TICK_S))
            except queue.Empty:
                self._alone()


NO_FAULTS = LineFaults()


def serve_pty(
    machine: Machine, baud: int | None = 9600, faults: LineFaults = NO_FAULTS
) -> PtyServer:
    """Serve on a new pseudo-terminal; the host opens `.path`.  8N1 only: a pty keeps no parity."""
    return PtyServer(machine, baud, faults)


def serve_tcp(
    machine: Machine,
    host: str = "127.0.0.1",
    port: int = 0,
    baud: int | None = None,
    faults: LineFaults = NO_FAULTS,
) -> TcpServer:
    """Serve on TCP; port 0 picks a free one, given in `.port`.  Raises OSError if it is taken."""
    return TcpServer(machine, host, port, baud, faults)


def serve_memory(
    machine: Machine, baud: int | None = None, faults: LineFaults = NO_FAULTS
) -> MemoryServer:
    """Serve in memory; the host uses `.opener`."""
    return MemoryServer(machine, baud, faults)
