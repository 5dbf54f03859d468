"""The wire between a simulated device and its host: speed and faults.  Pure: time is passed in.

A pseudo-terminal and a socket know no baud rate (they carry 80 MB/s at a nominal 9600), so that a
simulated line has to keep the pace itself: a byte with start and stop bit takes 10 / baud seconds.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

BITS_A_BYTE: Final = 10
PIECE_S: Final = 0.004  # what is sent in one go at most, as time on the wire
PIECE_BYTES_MAX: Final = 64  # and as bytes: a full device says so before its last 128
LATENESS_S: Final = 0.02  # how late a timer may be without slowing the line down


@dataclass(frozen=True, slots=True)
class LineFaults:
    """What goes wrong on the line.

    All of it concerns the bytes from the device to the host, but for `deaf`: the device reads
    nothing, until the host's writes find no more room.
    """

    silent: bool = False
    deaf: bool = False
    cut_after_bytes: int | None = None
    fragment_gap_s: float | None = None
    garbage: bytes = b""
    slow_factor: float = 1.0
    flip_byte: int | None = None

    @classmethod
    def named(cls, name: str) -> LineFaults:
        """Give the faults that the command line knows by name; raises KeyError."""
        return NAMED_FAULTS[name]


NAMED_FAULTS: Final[dict[str, LineFaults]] = {
    "none": LineFaults(),
    "silent": LineFaults(silent=True),
    "deaf": LineFaults(deaf=True),
    "fragment": LineFaults(fragment_gap_s=0.005),
    "garbage": LineFaults(garbage=b"\xff\x00~"),
    "slow": LineFaults(slow_factor=10.0),
    "flip": LineFaults(flip_byte=0),
    "cut": LineFaults(cut_after_bytes=1),
}


@dataclass(frozen=True, slots=True)
class Hangup:
    """What a device gives among its replies to break the line at that point."""


HANGUP: Final = Hangup()
Reply = bytes | Hangup


class Pace:
    """When the next byte of one direction may pass."""

    def __init__(self, baud: int | None) -> None:
        self._byte_s = BITS_A_BYTE / baud if baud else 0.0
        self._free_at_s = float("-inf")

    @property
    def piece_bytes_max(self) -> int:
        """How many bytes to move in one go."""
        return max(1, int(PIECE_S / self._byte_s)) if self._byte_s else PIECE_BYTES_MAX

    def passed_at_s(self, count: int, now_s: float, slow_factor: float = 1.0) -> float:
        """Put `count` bytes on the wire; give the moment at which the last of them is over."""
        late = now_s - self._free_at_s
        start_s = self._free_at_s if late < LATENESS_S else now_s
        self._free_at_s = start_s + count * self._byte_s * slow_factor
        return self._free_at_s


class Outgoing:
    """The bytes on their way from the device to the host, faults applied, in due time."""

    def __init__(self, baud: int | None) -> None:
        self._pace = Pace(baud)
        self._waiting: deque[int | Hangup] = deque()
        self._piece: bytes | Hangup | None = None
        self._due_s = 0.0
        self._sent = 0

    def put(self, reply: Reply, faults: LineFaults) -> None:
        """Queue a reply of the device."""
        if isinstance(reply, Hangup):
            self._waiting.append(reply)
        elif reply and not faults.silent:
            self._waiting.extend(faults.garbage + reply)

    def due_s(self, now_s: float, faults: LineFaults) -> float | None:
        """Give the moment of the next piece, or None when there is nothing to send."""
        if self._piece is None and self._waiting:
            self._piece = self._cut_piece(faults)
            count = 0 if isinstance(self._piece, Hangup) else len(self._piece)
            self._due_s = self._pace.passed_at_s(count, now_s, faults.slow_factor)
            self._due_s += faults.fragment_gap_s or 0.0
        return None if self._piece is None else self._due_s

    def take(self) -> Reply:
        """Give the piece that is due."""
        piece, self._piece = self._piece, None
        if piece is None:
            raise LookupError("no piece is due")
        if isinstance(piece, bytes):
            self._sent += len(piece)
        return piece

    def _cut_piece(self, faults: LineFaults) -> Reply:
        if faults.cut_after_bytes is not None and self._sent >= faults.cut_after_bytes:
            self._waiting.clear()
            return HANGUP
        limit = 1 if faults.fragment_gap_s is not None else self._pace.piece_bytes_max
        if faults.cut_after_bytes is not None:
            limit = min(limit, faults.cut_after_bytes - self._sent)
        piece = bytearray()
        while self._waiting and len(piece) < limit:
            first = self._waiting[0]
            if isinstance(first, Hangup):
                if not piece:
                    return self._take_hangup()
                break
            self._waiting.popleft()
            piece.append(first)
        return self._flip(bytes(piece), faults)

    def _take_hangup(self) -> Hangup:
        self._waiting.popleft()
        return HANGUP

    def _flip(self, piece: bytes, faults: LineFaults) -> bytes:
        at = -1 if faults.flip_byte is None else faults.flip_byte - self._sent
        if not 0 <= at < len(piece):
            return piece
        return piece[:at] + bytes([piece[at] ^ 0x01]) + piece[at + 1 :]
