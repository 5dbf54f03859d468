"""Commands of the program as processes that can be killed: `python -m pos ...`."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

READY_TIMEOUT_S: Final = 60.0
STOP_TIMEOUT_S: Final = 10.0
RUN_TIMEOUT_S: Final = 60.0


class CommandFailed(Exception):
    """A command that did not do what it was started for; the message has its last words."""


class Command:
    """A command in the background. Its errors go to `log`. It starts no thread of ours."""

    def __init__(self, *arguments: str, state: Path, log: Path) -> None:
        self._words = arguments
        self._log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "pos", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, "XDG_STATE_HOME": str(state)},
                start_new_session=True,
            )

    def ready(self) -> str:
        """The address in its first line, `ready ADDRESS`."""
        out = self._process.stdout
        if out and select.select([out], [], [], READY_TIMEOUT_S)[0]:
            word, _, address = out.readline().decode("utf-8").strip().partition(" ")
            if word == "ready":
                return address
        raise CommandFailed(f"{self._words}: not ready: {self._last_words()}")

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def kill(self) -> None:
        """End it at once, wherever it is."""
        self._process.kill()
        self._end()

    def stop(self) -> None:
        """End it cleanly; CommandFailed when it had ended before, or does not end."""
        if self._process.poll() is not None:
            status = self._process.returncode
            self._end()
            raise CommandFailed(f"{self._words}: ended with {status}: {self._last_words()}")
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired as error:
            self._process.kill()
            raise CommandFailed(f"{self._words}: did not end") from error
        finally:
            self._end()

    def _end(self) -> None:
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    def _last_words(self) -> str:
        time.sleep(0.1)
        return self._log.read_text(encoding="utf-8", errors="replace")[-500:].strip()


def run(*arguments: str, state: Path) -> str:
    """Run a command to its end; what it said on stdout. CommandFailed."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "pos", *arguments],
        capture_output=True,
        check=False,
        timeout=RUN_TIMEOUT_S,
        text=True,
        env={**os.environ, "XDG_STATE_HOME": str(state)},
    )
    if done.returncode:
        raise CommandFailed(f"{arguments}: status {done.returncode}: {done.stderr[-500:]}")
    return done.stdout
