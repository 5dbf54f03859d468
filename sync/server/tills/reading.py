"""Who reads a batch: a thread of this process, or a process beside it when there are cores for it.

Reading (parsing, hashing, verifying) is a third of the work of a sale and needs nothing but the
batch itself, while booking belongs to the one process that has the database open. Beside it,
reading costs the bookkeeper next to nothing. A process beside that fails loses no batch: the batch
is read here, and the next one finds a new process.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock, local
from typing import Final, Protocol

import msgspec

from sync.server.errors import Refused
from sync.server.tills.ingest import Received, Sender, read_batch
from sync.server.tills.reading_process import (
    ANSWER_BYTES_MAX,
    Asked,
    Key,
    Read,
    receive,
    send,
)

logger = logging.getLogger(__name__)

BESIDE_FROM_ENTRIES: Final = 20  # fewer are read sooner than they are handed over
PROCESSES_MAX: Final = 3
ANSWER_SECONDS: Final = 30.0  # its start included
STOP_SECONDS: Final = 5.0


class Reading(Protocol):
    """What reads the batches of a server."""

    async def read(
        self, entries: Sequence[str], sender: Sender, *, alone: bool = False
    ) -> list[Received]:
        """The entries of a batch, verified. Raises Refused, naming the entry that is wrong.

        `alone`: nobody else brings anything now, so that nobody gains by another process.
        """


class Here:
    """A thread of this process, so that nobody waits for milliseconds of hashing."""

    async def read(
        self,
        entries: Sequence[str],
        sender: Sender,
        *,
        alone: bool = False,  # noqa: ARG002 - all the same here
    ) -> list[Received]:
        """The entries of a batch, verified; Refused."""
        return await asyncio.to_thread(read_batch, entries, sender)


class Beside:
    """Processes that read, started when the first long batch comes. Belongs to one event loop."""

    def __init__(self, processes: int) -> None:
        self._here = Here()
        self._threads = ThreadPoolExecutor(processes, "server-reading")
        self._mine = local()
        self._started: set[_Process] = set()
        self._lock = Lock()

    async def read(
        self, entries: Sequence[str], sender: Sender, *, alone: bool = False
    ) -> list[Received]:
        """The entries of a batch, verified; Refused."""
        if alone or len(entries) < BESIDE_FROM_ENTRIES:
            return await self._here.read(entries, sender)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._read, entries, sender)

    def close(self) -> None:
        """Finish what is being read, and end the processes."""
        self._threads.shutdown()
        while self._started:
            self._started.pop().stop()

    def _read(self, entries: Sequence[str], sender: Sender) -> list[Received]:
        try:
            found = self._process().read(entries, sender)
        except (OSError, EOFError, msgspec.MsgspecError) as error:
            logger.warning("a process that reads batches failed: %s", error)
            self._drop()
            return read_batch(entries, sender)
        if found.problem is not None:
            raise Refused(found.problem)
        return found.entries

    def _process(self) -> _Process:
        """This thread's process."""
        found: _Process | None = getattr(self._mine, "process", None)
        if found is None:
            found = self._mine.process = _Process()
            with self._lock:
                self._started.add(found)
        return found

    def _drop(self) -> None:
        found: _Process | None = getattr(self._mine, "process", None)
        if found is not None:
            self._mine.process = None
            with self._lock:
                self._started.discard(found)
            found.stop()


@contextmanager
def open_reading(cores: int | None = None) -> Iterator[Reading]:
    """What reads best on a machine with so many cores (None: as many as this process may use)."""
    spare = (cores or len(os.sched_getaffinity(0))) - 1
    if spare < 1:
        yield Here()
        return
    beside = Beside(min(spare, PROCESSES_MAX))
    try:
        yield beside
    finally:
        beside.close()


class _Process:
    """One process that reads, and the line to it. It ends by itself when this one is gone."""

    def __init__(self) -> None:
        self._line, theirs = socket.socketpair()
        self._line.settimeout(ANSWER_SECONDS)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "sync.server.tills.reading_process", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )

    def read(self, entries: Sequence[str], sender: Sender) -> Read:
        """What it made of a batch. Raises OSError, EOFError or MsgspecError when it is broken."""
        keys = [Key(kid, one.epoch, one.key.spki) for kid, one in sender.keys.items()]
        send(self._line, Asked(list(entries), sender.till, sender.epoch, sender.chain, keys))
        return receive(self._line, Read, ANSWER_BYTES_MAX)

    def stop(self) -> None:
        """End it."""
        self._line.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
