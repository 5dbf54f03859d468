"""A transport over a non-blocking file descriptor, which knows exactly what left.

pyserial's own write() also waits for room *after* its last byte, and then reports a timeout for
bytes that did leave: a printer job could not tell what is still to be sent.  Hence our own write,
used under pyserial's ports too.
"""

from __future__ import annotations

import os
import select
import time
from typing import TYPE_CHECKING

from drivers.errors import Offline, Timeout

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCKED_RETRY_S = 0.005


def write_all(fd: int, data: bytes, timeout_s: float, name: str) -> None:
    """Write all of `data` to the non-blocking `fd`; raises Timeout (with `written`) or Offline."""
    deadline = time.monotonic() + timeout_s
    written = 0
    while written < len(data):
        left_s = max(0.0, deadline - time.monotonic())
        try:
            _, writable, _ = select.select([], [fd], [], left_s)
            if writable:
                written += os.write(fd, data[written:])
        except BlockingIOError:
            # A line stopped by XOFF between the two calls: selectable, yet without room.
            time.sleep(min(BLOCKED_RETRY_S, left_s))
        except (OSError, ValueError) as error:
            raise Offline(f"{name} is gone: {error}") from error
        if written < len(data) and time.monotonic() >= deadline:
            raise Timeout(f"{name} took {written} of {len(data)} bytes", written=written)


def wait_readable(fd: int, timeout_s: float, name: str) -> bool:
    """Say whether `fd` has something to read before `timeout_s`; raises Offline on a dead one."""
    try:
        readable, _, _ = select.select([fd], [], [], max(0.0, timeout_s))
    except (OSError, ValueError) as error:
        raise Offline(f"{name} is gone: {error}") from error
    return bool(readable)


class DescriptorTransport:
    """A Transport over `fd`, set non-blocking here and let go of by `closer`.

    `ends`: whether an empty read means that the other end closed the line; some devices just
    have nothing to say.
    """

    def __init__(
        self, fd: int, name: str, closer: Callable[[], None], *, ends: bool = True
    ) -> None:
        os.set_blocking(fd, False)
        self._fd = fd
        self._name = name
        self._closer = closer
        self._ends = ends
        self._closed = False

    def read(self, bytes_max: int, timeout_s: float) -> bytes:
        """Give what has come; raises Offline when the line is gone."""
        self._check_open()
        if not wait_readable(self._fd, timeout_s, self._name):
            return b""
        try:
            data = os.read(self._fd, bytes_max)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise Offline(f"{self._name} is gone: {error}") from error
        if not data and self._ends:
            raise Offline(f"{self._name} was closed by the other end")
        if not data:
            time.sleep(min(BLOCKED_RETRY_S, timeout_s))
        return data

    def write(self, data: bytes, timeout_s: float) -> None:
        """Send all of it, or raise Timeout or Offline."""
        self._check_open()
        write_all(self._fd, data, timeout_s, self._name)

    def close(self) -> None:
        """Let go of the descriptor, once."""
        if not self._closed:
            self._closed = True
            self._closer()

    def _check_open(self) -> None:
        # A closed descriptor's number may already belong to somebody else.
        if self._closed:
            raise Offline(f"{self._name} is closed")
