"""The sync process: a job that sends for each campaign, two that listen for each server.

Each job has a thread and a line of its own, so that a server that hangs holds up no other.
"""

from __future__ import annotations

import threading
from typing import Final

from sync.client import Client
from sync.enrolment import enrol
from sync.feed import Feed
from sync.lists import Lists
from sync.pace import Tools
from sync.ports import Connect, Identity, Source
from sync.records import Enrolment
from sync.state import State
from sync.uplink import Uplink
from sync.worker import Worker

CAMPAIGNS_MAX: Final = 32
_UPLINK: Final = "uplink "


class Engine:
    """Sends and listens for one till, from `start` to `stop`. Owns its threads, not the state."""

    def __init__(
        self, state: State, source: Source, identity: Identity, connect: Connect, tools: Tools
    ) -> None:
        self._state = state
        self._source = source
        self._identity = identity
        self._connect = connect
        self._tools = tools
        self._turn = threading.RLock()
        self._ended = threading.Event()
        self._workers: dict[str, Worker] = {}
        self._error: Exception | None = None

    def run(self) -> None:
        """Work until `stop` is called from a signal or another thread.

        Raises what no job could deal with: whoever watches the process should start it again.
        """
        try:
            self.start()
            self._ended.wait()
        finally:
            self.stop()
        if self._error is not None:
            raise self._error

    def start(self) -> None:
        """Begin with the campaigns that campaign.db knows; returns at once."""
        enrolments = self._state.enrolments(self._identity.epoch)[:CAMPAIGNS_MAX]
        for enrolment in enrolments:
            self._send(enrolment)
        for origin in sorted({enrolment.origin for enrolment in enrolments}):
            self._listen(origin)

    def stop(self) -> None:
        """Break off and end all jobs. What was acknowledged is on the disk, the rest is resent."""
        self._ended.set()
        with self._turn:
            names = list(self._workers)
        self._end(*names)

    def wake(self) -> None:
        """New entries are in the journal: idle jobs send them now, the others when they can."""
        with self._turn:
            for name, worker in self._workers.items():
                if name.startswith(_UPLINK):
                    worker.wake()

    def enrol(self, origin: str, code: str, *, shop_till: str, software: str) -> Enrolment:
        """Join a campaign while running (sync.enrolment.enrol), and begin to send."""
        # A feed that goes on during this could write its old cursor over the new start.
        self._end(_feed(origin), _lists(origin))
        client = self._client(origin)
        try:
            made = enrol(self._state, client, code, shop_till=shop_till, software=software)
            self._end(_uplink(made.campaign))
            stored = self._state.enrolment(made.campaign)
            if stored is not None:
                self._send(stored)
            return made
        finally:
            client.close()
            if any(one.origin == origin for one in self._state.enrolments(self._identity.epoch)):
                self._listen(origin)

    def _send(self, enrolment: Enrolment) -> None:
        client = self._client(enrolment.origin)
        job = Uplink(enrolment, self._state, self._source, client, self._tools)
        self._begin(Worker(_uplink(enrolment.campaign), job.step, client, self._died))

    def _listen(self, origin: str) -> None:
        client = self._client(origin)
        lists = Worker(
            _lists(origin), Lists(self._state, client, self._tools).step, client, self._died
        )
        self._begin(lists)
        client = self._client(origin)
        job = Feed(self._state, client, self._tools, lists.wake)
        self._begin(Worker(_feed(origin), job.step, client, self._died))

    def _client(self, origin: str) -> Client:
        client = Client(origin, self._connect(origin), self._identity, self._tools.clock)
        client.offset_ms = self._state.offset_ms(origin)
        return client

    def _begin(self, worker: Worker) -> None:
        with self._turn:
            if self._ended.is_set():
                worker.join()
                return
            self._workers[worker.name] = worker
            worker.start()

    def _end(self, *names: str) -> None:
        """End some jobs: all are told before the first is waited for."""
        with self._turn:
            ending = [self._workers.pop(name) for name in names if name in self._workers]
        for worker in ending:
            worker.stop()
        for worker in ending:
            worker.join()

    def _died(self, error: Exception) -> None:
        self._error = error
        self._ended.set()


def _uplink(campaign: str) -> str:
    return _UPLINK + campaign


def _lists(origin: str) -> str:
    return f"lists {origin}"


def _feed(origin: str) -> str:
    return f"feed {origin}"
