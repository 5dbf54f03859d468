"""A line in memory: two ends, what one writes the other reads."""

from __future__ import annotations

import threading
import time
from collections import deque

from drivers.errors import Offline, Timeout

LOOPBACK_BYTES_MAX = 4096


class _Pipe:
    """One direction: a bounded buffer of bytes with waiting on both sides."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._waiting: deque[int] = deque()
        self._changed = threading.Condition()
        self._cut = False

    def put(self, data: bytes, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        written = 0
        with self._changed:
            while written < len(data):
                if self._cut:
                    raise Offline("the line in memory was cut")
                room = self._bytes_max - len(self._waiting)
                if room <= 0 and not self._changed.wait(deadline - time.monotonic()):
                    raise Timeout("the line in memory is full", written=written)
                piece = data[written : written + max(0, room)]
                self._waiting.extend(piece)
                written += len(piece)
                self._changed.notify_all()

    def take(self, bytes_max: int, timeout_s: float) -> bytes:
        with self._changed:
            self._changed.wait_for(lambda: bool(self._waiting) or self._cut, timeout_s)
            if not self._waiting and self._cut:
                raise Offline("the line in memory was cut")
            count = min(bytes_max, len(self._waiting))
            data = bytes(self._waiting.popleft() for _ in range(count))
            self._changed.notify_all()
            return data

    def cut(self) -> None:
        with self._changed:
            self._cut = True
            self._changed.notify_all()


class Loopback:
    """One end of a line in memory; closing it cuts the line for both."""

    def __init__(self, incoming: _Pipe, outgoing: _Pipe) -> None:
        self._incoming = incoming
        self._outgoing = outgoing

    def read(self, bytes_max: int, timeout_s: float) -> bytes:
        """Give what the other end wrote; raises Offline once the line is cut and drained."""
        return self._incoming.take(bytes_max, timeout_s)

    def write(self, data: bytes, timeout_s: float) -> None:
        """Hand all of it to the other end, or raise Timeout when it reads too slowly."""
        self._outgoing.put(data, timeout_s)

    def close(self) -> None:
        """Cut the line."""
        self._incoming.cut()
        self._outgoing.cut()


def loopback_pair(bytes_max: int = LOOPBACK_BYTES_MAX) -> tuple[Loopback, Loopback]:
    """Give the two ends of a line that holds at most `bytes_max` unread bytes each way."""
    there, back = _Pipe(bytes_max), _Pipe(bytes_max)
    return Loopback(back, there), Loopback(there, back)
