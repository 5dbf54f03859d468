"""`comptoir` as a person or a script runs it: in this process for what ends, in its own if not."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from click.testing import CliRunner

from pos.cli import main_group

WAIT_S = 60.0
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    status: int
    out: str
    err: str

    @property
    def data(self) -> dict[str, Any]:
        """The one JSON object on standard output."""
        found: dict[str, Any] = json.loads(self.out)
        return found


@dataclass(frozen=True)
class Home:
    """A machine of the test's own: its folders, its language."""

    path: Path

    @property
    def variables(self) -> dict[str, str]:
        """The environment that a command sees."""
        return {
            "HOME": str(self.path),
            "XDG_STATE_HOME": str(self.path / "state"),
            "XDG_DATA_HOME": str(self.path / "share"),
            "COMPTOIR_LANGUAGE": "en",
            "TERM": "dumb",
        }

    def run(self, *arguments: object, typed: str = "") -> Said:
        """Run a command that ends by itself; a traceback is a failure of the test."""
        done = CliRunner().invoke(
            main_group, [str(one) for one in arguments], input=typed, env=self.variables
        )
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Said(done.exit_code, done.stdout, done.stderr)

    def spawn(self, *arguments: object, **more: str) -> Running:
        """Start a command in a process of its own."""
        process = subprocess.Popen(
            [sys.executable, "-m", "pos", *(str(one) for one in arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **self.variables, **more},
            cwd=ROOT,
        )
        return Running(process)

    @contextmanager
    def running(self, *arguments: object, **more: str) -> Iterator[Running]:
        """A command in a process of its own, gone at the end."""
        running = self.spawn(*arguments, **more)
        try:
            yield running
        finally:
            running.kill()


@dataclass
class Running:
    """A process under the test's eyes."""

    process: subprocess.Popen[bytes]
    lines: queue.Queue[str] = field(default_factory=queue.Queue)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Read both streams, so that nobody waits for us."""
        self._readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, self.lines.put)),
            threading.Thread(target=self._read, args=(self.process.stderr, self.errors.append)),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def err(self) -> str:
        """What it said on standard error."""
        return "\n".join(self.errors)

    def line(self) -> str:
        """The next line of standard output."""
        return self.lines.get(timeout=WAIT_S)

    def ready(self) -> str:
        """The address of its first line."""
        word, _, address = self.line().partition(" ")
        assert word == "ready"
        return address

    def type(self, text: str) -> None:
        """Write a line on its standard input."""
        assert self.process.stdin
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait; the exit status."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Wait for its end; the exit status."""
        status = self.process.wait(WAIT_S)
        self._close()
        return status

    def kill(self) -> None:
        """End it without asking."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(WAIT_S)
        self._close()

    def _close(self) -> None:
        for reader in self._readers:
            reader.join(WAIT_S)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream and not stream.closed:
                stream.close()

    def _read(self, stream: IO[bytes] | None, keep: Any) -> None:
        assert stream
        for line in stream:
            keep(line.decode("utf-8", "replace").rstrip("\n"))


def children_of(pid: int) -> list[int]:
    """The processes that a process has started and that still run."""
    folders = [folder for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    return [int(folder.name) for folder in folders if _parent(folder) == pid]


def is_running(pid: int) -> bool:
    """Whether a process is still there, and no zombie."""
    try:
        state = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _parent(folder: Path) -> int:
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
