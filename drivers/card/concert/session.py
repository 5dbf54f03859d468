"""The link of link.py put on an open line: it is given bytes, and its time limits.

Everything waits by reading, so that a terminal that calls is always heard.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from drivers.card.concert.link import Link, News, State, Step
from drivers.card.wire import StoppedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drivers.card.concert.settings import ConcertSettings
    from drivers.card.wire import Wire

READ_BYTES_MAX: Final = 256
READ_SLICE_S: Final = 0.1  # how soon a closing till is noticed while a customer pays


class Session:
    """The link with one terminal, on one line, used by one thread.

    `record_lengths` are those of the records that may come.
    """

    def __init__(
        self, wire: Wire, settings: ConcertSettings, record_lengths: Sequence[int]
    ) -> None:
        self.payload_left = False  # whether a byte of a record may have gone since `begin`
        self._wire = wire
        self._settings = settings
        self._link = Link(record_lengths)
        self._byte_due_s = 0.0

    def begin(self) -> None:
        """Start an attempt: nothing of it has left yet."""
        self.payload_left = False

    def deadline_s(self, seconds: float) -> float:
        """Return the moment `seconds` from now."""
        return self._wire.now_s() + seconds

    def call(self, record: bytes | None) -> None:
        """Open a session to send a record, or to probe when there is none."""
        self.perform(self._link.probe() if record is None else self._link.call(record))

    def accept(self) -> None:
        """Acknowledge the record held: it is on disk."""
        self.perform(self._link.accept())

    def refuse(self) -> News | None:
        """Ask for the record held once more; UNREADABLE when that was tried enough."""
        return self.perform(self._link.refuse()).news

    def drop(self) -> None:
        """Say nothing more in this session."""
        self._link.drop()

    def catch_up(self) -> News | None:
        """Read what came while nobody looked; CALLED when the terminal is calling.

        Without this, a stray byte from long ago would answer the next ENQ.
        """
        self._read(0.0)
        step = self.next(self._wire.now_s())
        return step.news if step else None

    def next(self, until_s: float) -> Step | None:
        """Do as the link says until it has news; None when `until_s` passed first.

        Raises DeviceError or RemoteProtocolError when the line breaks, and StoppedError
        when the till closes while no session is open.
        """
        while True:
            step = self._link.next_step() or self._overdue()
            if step is not None:
                if self.perform(step).news is not None:
                    return step
                continue
            left_s = until_s - self._wire.now_s()
            if left_s <= 0:
                return None
            if self._wire.stopping and self._link.state is State.IDLE:
                raise StoppedError
            self._read(min(left_s, READ_SLICE_S, self._byte_left_s()))

    def perform(self, step: Step) -> Step:
        """Write what a step says; noted first, since a write that fails may have left."""
        if step.send:
            self.payload_left = self.payload_left or step.payload
            self._wire.write(step.send, self._settings.write_timeout_s)
        self._restart_timer()
        return step

    def _overdue(self) -> Step | None:
        return self._link.expire() if self._byte_left_s() <= 0 else None

    def _byte_left_s(self) -> float:
        """Return how long the byte that is due may still take."""
        return math.inf if self._link.wait_ms is None else self._byte_due_s - self._wire.now_s()

    def _read(self, timeout_s: float) -> None:
        data = self._wire.read(READ_BYTES_MAX, timeout_s)
        if data:
            self._link.receive(data)
            if self._link.state is State.AWAITING:
                self._restart_timer()

    def _restart_timer(self) -> None:
        self._byte_due_s = self.deadline_s((self._link.wait_ms or 0) / 1000)
