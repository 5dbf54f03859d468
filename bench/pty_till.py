"""A program on a terminal of its own: keys in, text out, how much processor it used."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Final

COLUMNS, ROWS = 100, 30
READ_BYTES_MAX: Final = 65_536
STOP_SECONDS_MAX: Final = 5.0
_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?=>$]*[a-zA-Z]|\][^\x07]*\x07|[PX^_].*?\x1b\\|.)", re.DOTALL)


class OnPty:
    """A process whose input, output and errors are one pseudo-terminal of 100 by 30 signs."""

    def __init__(self, arguments: list[str], group: Path | None = None) -> None:
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color", "LANG": "fr_FR.UTF-8"}
        environment.pop("NO_COLOR", None)
        self.started = perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)
        self._master = master
        if group is not None:
            (group / "cgroup.procs").write_text(str(self._process.pid), encoding="ascii")

    @property
    def cpu_seconds(self) -> float:
        """Processor time of the threads it has now (proc(5), schedstat)."""
        tasks = Path(f"/proc/{self._process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text(encoding="ascii").split()[0]) for task in tasks) / 1e9

    @property
    def resident_mib(self) -> float:
        """Its memory (RSS)."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def send(self, keys: str) -> float:
        """Press keys, all in one burst; when they were sent."""
        os.write(self._master, keys.encode())
        return perf_counter()

    def wait_for(self, *texts: str, seconds_max: float = 20.0) -> float:
        """When all these texts had been drawn since the last call; TimeoutError."""
        return self._read(lambda seen: all(text in seen for text in texts), texts, seconds_max)

    def settle(self, seconds: float) -> None:
        """Read what it draws until it has been quiet for so long."""
        while select.select([self._master], [], [], seconds)[0]:
            os.read(self._master, READ_BYTES_MAX)

    def listen(self, seconds: float) -> None:
        """Read what it draws for so long."""
        until = perf_counter() + seconds
        while (left := until - perf_counter()) > 0:
            if select.select([self._master], [], [], left)[0]:
                os.read(self._master, READ_BYTES_MAX)

    def _read(
        self, enough: Callable[[str], bool], wanted: tuple[str, ...], seconds_max: float
    ) -> float:
        raw, until = b"", perf_counter() + seconds_max
        while (left := until - perf_counter()) > 0:
            if not select.select([self._master], [], [], left)[0]:
                break
            raw += os.read(self._master, READ_BYTES_MAX)
            at = perf_counter()
            if enough(_ESCAPE.sub("", raw.decode("utf-8", "ignore"))):
                return at
        shown = _ESCAPE.sub("", raw.decode("utf-8", "ignore"))[-2000:]
        raise TimeoutError(f"{wanted} not drawn within {seconds_max} s; last seen:\n{shown}")

    def __enter__(self) -> OnPty:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._master)
