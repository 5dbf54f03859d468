"""Messages on an open TCP line: when one is over, and how long each wait may last.

Everything waits by reading. An answer has no end mark: it is over when it is whole and nothing came
for a moment, when the next one begins, or when the terminal hangs up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from drivers.card.caisse_ap.fields import FieldReader
from drivers.card.caisse_ap.message import WANTED, is_all_told, read_answer
from drivers.card.wire import StoppedError
from drivers.errors import DeviceError, RemoteProtocolError

if TYPE_CHECKING:
    from drivers.card.caisse_ap.message import ApAnswer
    from drivers.card.wire import Wire

READ_BYTES_MAX: Final = 1_024
READ_SLICE_S: Final = 0.1  # how soon a closing till is noticed while a customer pays
QUIET_S: Final = 0.25  # nothing more comes after a whole answer
PIECE_S: Final = 5.0  # the rest of an answer may be sent again and again by the network


class Session:
    """What is read and written on one line, by one thread."""

    def __init__(self, wire: Wire, write_timeout_s: float) -> None:
        self._wire = wire
        self._write_timeout_s = write_timeout_s
        self._reader = FieldReader(WANTED)
        self._heard_s = wire.now_s()

    def deadline_s(self, seconds: float) -> float:
        """Return the moment `seconds` from now."""
        return self._wire.now_s() + seconds

    def say(self, message: bytes) -> None:
        """Write a message, or raise DeviceError: some of it may have left."""
        self._wire.write(message, self._write_timeout_s)

    def next(self, until_s: float) -> ApAnswer | None:
        """Return the next answer; None when `until_s` passed first. Reads at least once.

        Raises RemoteProtocolError for what is no answer or stops within one, DeviceError when the
        line breaks, StoppedError when the till closes while nothing of an answer has come.
        """
        left_s = until_s - self._wire.now_s()
        while True:
            ended = self._read(max(0.0, min(left_s, READ_SLICE_S, self._due_s())))
            if self._is_over(ended=ended):
                return read_answer(self._reader.take())
            if self._wire.stopping and not self._reader.started:
                raise StoppedError
            left_s = until_s - self._wire.now_s()
            if left_s <= 0:
                return None

    def _read(self, timeout_s: float) -> bool:
        """Read what comes; True when the line ended just after a whole answer."""
        self._reader.feed(b"")
        if self._reader.followed:
            return False
        try:
            data = self._wire.read(READ_BYTES_MAX, timeout_s)
        except DeviceError:
            if self._reader.whole:
                return True
            raise
        if data:
            self._heard_s = self._wire.now_s()
            self._reader.feed(data)
        return False

    def _is_over(self, *, ended: bool) -> bool:
        if ended or self._reader.followed:
            return True
        if not self._reader.started or self._due_s() > 0:
            return False
        if self._reader.whole:
            return True
        self._reader.clear()
        raise RemoteProtocolError("an answer that stops", expected=f"the rest within {PIECE_S} s")

    def _due_s(self) -> float:
        """Return how long what has begun may still be silent; READ_SLICE_S when nothing has."""
        if not self._reader.started:
            return READ_SLICE_S
        complete = self._reader.whole and is_all_told(self._reader.values)
        return self._heard_s + (QUIET_S if complete else PIECE_S) - self._wire.now_s()
