"""Running crowds: start their processes, let them go together, hear what they say."""

from __future__ import annotations

import select
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from types import TracebackType

import msgspec

from prove.load_crowd import Job, Line
from prove.load_day import Sums


class Crowds:
    """Some crowds as one. `acked` are pairs of a moment (monotonic seconds) and entries."""

    def __init__(self, jobs: list[Job], folder: Path) -> None:
        self.sums = Sums()
        self.heads: dict[str, tuple[int, str]] = {}
        self.problems: list[str] = []
        self.retries: Counter[str] = Counter()
        self.acked: list[tuple[float, int]] = []
        self._processes = [
            _start(job, folder / f"crowd-{number}") for number, job in enumerate(jobs)
        ]

    def __enter__(self) -> Crowds:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    @property
    def entries(self) -> int:
        """How many entries were acknowledged so far."""
        return sum(entries for _, entries in self.acked)

    def go(self) -> float:
        """Wait until all have made their chains, let them go; the moment."""
        for process in self._processes:
            self._hear(process)
        for process in self._processes:
            if process.stdin:
                process.stdin.write(b"go\n")
                process.stdin.flush()
        return monotonic()

    def listen(self) -> Iterator[None]:
        """One step whenever a crowd has said something, until all are done."""
        talking = list(self._processes)
        while talking:
            ready, _, _ = select.select([one.stdout for one in talking if one.stdout], [], [])
            for process in [one for one in talking if one.stdout in ready]:
                if self._hear(process):
                    talking.remove(process)
            yield

    def _hear(self, process: subprocess.Popen[bytes]) -> bool:
        """Take in one line; whether it is a crowd's last."""
        text = process.stdout.readline() if process.stdout else b""
        if not text:
            self.problems.append(f"a crowd ended with {process.wait()}")
            return True
        line = msgspec.json.decode(text, type=Line)
        if line.acked:
            self.acked.append((monotonic(), line.acked))
        self.problems += line.problems
        self.retries.update(line.retries)
        self.sums.add(line.sums)
        self.heads.update(line.heads)
        return line.done

    def seconds(self, began: float) -> int:
        """From the beginning to the last entry that was acknowledged."""
        return round(max((moment for moment, _ in self.acked), default=began) - began)

    def rate(self, began: float) -> int:
        """Entries a second over all that time."""
        return round(self.entries / max(self.seconds(began), 1))

    def busiest(self, seconds: float) -> int:
        """Entries a second in the stretch of so many seconds in which most were acknowledged."""
        most = 0
        for start, _ in self.acked:
            held = sum(much for moment, much in self.acked if start < moment <= start + seconds)
            most = max(most, held)
        return round(most / seconds)


def _start(job: Job, path: Path) -> subprocess.Popen[bytes]:
    path.write_bytes(msgspec.json.encode(job))
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "prove.load_crowd", str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
