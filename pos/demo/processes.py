"""The other processes of a shop in development: the campaign server and the sync."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import IO, Final

READY_TIMEOUT_S: Final = 30.0
STOP_TIMEOUT_S: Final = 8.0


class NotReady(Exception):
    """A process that did not come up; the message has its last words."""


class Process:
    """A `comptoir` command in the background. Its errors go to a log file in `logs`.

    It has a session of its own, so that Ctrl-C reaches it after the till; it ends by itself when
    this process is gone, however it went (pos.cli.leash).
    """

    def __init__(self, name: str, arguments: list[str], logs: Path) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._log = (logs / f"{name}.log").open("ab")
        self._name = name
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-m", "pos.cli.leash", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        if self._process.stdout:
            threading.Thread(
                target=self._read, args=(self._process.stdout,), name=name, daemon=True
            ).start()

    def _read(self, out: IO[bytes]) -> None:
        with out:
            for line in out:
                self._lines.put(line.decode("utf-8", "replace").strip())
        self._lines.put("")  # nobody waits for a process that has ended

    def ready(self) -> str:
        """The address that the process says it is ready on; NotReady when it does not come up."""
        try:
            word, _, address = self._lines.get(timeout=READY_TIMEOUT_S).partition(" ")
        except queue.Empty:
            word, address = "", ""
        if word != "ready":
            raise NotReady(f"{self._name} did not start; see {self._log.name}")
        return address

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def stop(self) -> None:
        """End it cleanly; kill it when it does not listen."""
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()
        self._log.close()

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
