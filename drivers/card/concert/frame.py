"""Frames of Concert V2: STX record ETX LRC, found by length and never by search.

The LRC is the exclusive-or of every byte after STX, ETX included. It may look like
any control code, so a frame ends where its length says. A record has one of the lengths
that may come, and is printable 7-bit ASCII: the shorter ones are told from the longer by
an ETX standing where no printable character of a longer one could. Concert V2 has a few
fixed lengths; where any length may come, the first ETX ends the record, and never the LRC.

What goes wrong on a line: noise before STX (skipped, within a limit), a byte lost,
added or flipped (LRC, or a length that never comes: the reader's owner has the
clock), parity left in the eighth bit (the record is not ASCII).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import reduce
from operator import xor
from typing import TYPE_CHECKING

from drivers.errors import LocalProtocolError, RemoteProtocolError

if TYPE_CHECKING:
    from collections.abc import Sequence

STX, ETX, EOT, ENQ, ACK, NAK = 0x02, 0x03, 0x04, 0x05, 0x06, 0x15

FRAME_EXTRA_BYTES = 3  # STX, ETX, LRC
NOISE_BYTES_MAX = 512  # as many as the largest record the specification allows


def lrc(record: bytes) -> int:
    """Return the check byte of a record (ETX is added here, STX never counts)."""
    return reduce(xor, record, ETX)


def encode_frame(record: bytes) -> bytes:
    """Wrap a record; raise LocalProtocolError if it holds what no record may."""
    if not record or not is_record(record):
        raise LocalProtocolError("a record is 1 or more bytes from 0x20 to 0x7F")
    return bytes((STX, *record, ETX, lrc(record)))


def decode_frame(frame: bytes) -> bytes:
    """Unwrap a whole frame; raise RemoteProtocolError saying what was expected.

    The message never quotes the bytes: they may hold a card number.
    """
    if len(frame) <= FRAME_EXTRA_BYTES or frame[0] != STX or frame[-2] != ETX:
        expected = "STX, a record, ETX, LRC"
        raise RemoteProtocolError(f"{len(frame)} bytes are no frame", expected=expected)
    record = frame[1:-2]
    if lrc(record) != frame[-1]:
        raise RemoteProtocolError(f"LRC is {frame[-1]:02x}", expected=f"{lrc(record):02x}")
    if not is_record(record):
        expected = "bytes 0x20 to 0x7F; is the line 7 bits with even parity?"
        raise RemoteProtocolError("a record that is not text", expected=expected)
    return record


def is_record(data: bytes) -> bool:
    """Tell whether every byte may stand in a record."""
    return all(0x20 <= byte <= 0x7F for byte in data)


def redacted(_direction: str, data: bytes) -> bytes:
    """Return what a trace may keep of a line: the control bytes, and how long the rest was."""
    return bytes(byte if byte < 0x20 else 0x2E for byte in data)


@dataclass(slots=True)
class FrameReader:
    """Collects one frame, a byte at a time.

    `record_lengths` are the record lengths that may come, in rising order: a few, or a range.
    """

    record_lengths: Sequence[int]
    _frame: bytearray = field(default_factory=bytearray, repr=False)
    _noise_bytes: int = 0

    def feed(self, byte: int) -> bytes | None:
        """Take one byte; return the record when it completes a good frame.

        Raises RemoteProtocolError for a bad frame or too much noise; the reader is
        then ready for the next frame.
        """
        if not self._frame and byte != STX:
            self._count_noise()
            return None
        self._frame.append(byte)
        if not self._is_complete():
            return None
        frame = bytes(self._frame)
        self.clear()
        return decode_frame(frame)

    def clear(self) -> None:
        """Forget what was collected."""
        self._frame.clear()
        self._noise_bytes = 0

    @property
    def started(self) -> bool:
        """Tell whether an STX was seen."""
        return bool(self._frame)

    def _is_complete(self) -> bool:
        record_bytes = len(self._frame) - FRAME_EXTRA_BYTES
        if record_bytes == self.record_lengths[-1]:
            return True
        return record_bytes in self.record_lengths and self._frame[-2] == ETX

    def _count_noise(self) -> None:
        self._noise_bytes += 1
        if self._noise_bytes > NOISE_BYTES_MAX:
            self.clear()
            expected = f"STX within {NOISE_BYTES_MAX} bytes"
            raise RemoteProtocolError("noise instead of a frame", expected=expected)
