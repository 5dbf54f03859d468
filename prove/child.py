"""Child processes by fork: everything is imported already, so a till is there in milliseconds.

A child tells what it did in lines of JSON on a pipe. What it has told stays told, even when it is
killed in the next instruction: the pipe belongs to the parent.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

Tell: TypeAlias = Callable[..., None]

READ_BYTES: Final = 65_536
PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
CRASHED: Final = 70  # exit status of a child that ended in an exception


class Silent(Exception):
    """A child that neither told anything nor ended in time."""


class Child:
    """A forked process that runs `work` and ends. Only for a parent with a single thread."""

    def __init__(self, work: Callable[[Tell], None]) -> None:
        read_end, write_end = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(read_end)
            _live(work, write_end)
        os.close(write_end)
        self._pipe = read_end
        self._rest = b""
        self.status: int | None = None

    def heard(self, timeout_s: float) -> Iterator[list[Any]]:
        """Everything it tells, until it ends; Silent (it is killed then) after a while of nothing.

        The limit is for each message, not for all of them.
        """
        while True:
            *lines, self._rest = self._rest.split(b"\n")
            for line in lines:
                yield json.loads(line)
            if not select.select([self._pipe], [], [], timeout_s)[0]:
                self.kill()
                self.wait()
                raise Silent(f"a child told nothing for {timeout_s:.0f} s")
            data = os.read(self._pipe, READ_BYTES)
            if not data:
                self.wait()
                return
            self._rest += data

    def listen_until(self, moment_s: float) -> Iterator[list[Any]]:
        """What it tells until a moment of the monotonic clock, or until it ends."""
        while True:
            *lines, self._rest = self._rest.split(b"\n")
            for line in lines:
                yield json.loads(line)
            left_s = moment_s - time.monotonic()
            if left_s <= 0 or not select.select([self._pipe], [], [], left_s)[0]:
                return
            data = os.read(self._pipe, READ_BYTES)
            if not data:
                return
            self._rest += data

    def kill(self) -> None:
        """End it at once, wherever it is."""
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        """Its exit status, negative for a signal."""
        if self.status is None:
            self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
            os.close(self._pipe)
        return self.status


def die_with_parent() -> None:
    """Let a forked process end when its parent does, and leave the keyboard to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _live(work: Callable[[Tell], None], pipe: int) -> None:
    """Never returns: a forked child must not go on with its parent's life."""

    def tell(*message: object) -> None:
        os.write(pipe, json.dumps(message).encode("utf-8") + b"\n")

    status = 0
    try:
        die_with_parent()
        work(tell)
    except BaseException:  # noqa: BLE001 - it is told to the parent, whatever it is
        status = CRASHED
        tell("crashed", traceback.format_exc())
    finally:
        os._exit(status)
