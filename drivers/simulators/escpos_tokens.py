"""Cutting a stream of ESC/POS bytes into commands and runs of text.  Pure.

Written from the command reference alone and shared with nothing in drivers.escpos, so that the
driver and the simulator can disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN_BYTES_MAX: Final = 1 << 20

DLE: Final = 0x10
ESC: Final = 0x1B
FS: Final = 0x1C
GS: Final = 0x1D

# Parameters after the two bytes of a command, where their number is fixed.
_FIXED: Final[dict[int, dict[int, int]]] = {
    DLE: {0x04: 1, 0x05: 1},
    ESC: dict.fromkeys(b"!aE-GMtRdJ3{V= Uur", 1) | dict.fromkeys(b"@2v<i m", 0)
    | {ord("p"): 3, ord("c"): 2, ord(" "): 1, ord("\\"): 2, ord("$"): 2},
    FS: {ord("."): 0, ord("&"): 0, ord("!"): 1, ord("p"): 2},
    GS: dict.fromkeys(b"!raIhwHBfb", 1) | dict.fromkeys(b"LWP", 2),
}  # fmt: skip
_REAL_TIME_MORE: Final = {1: 3, 2: 3, 8: 8}  # bytes after 10 14, by function
_BARCODE_TERMINATED_MAX: Final = 6
_CUT_WITH_FEED: Final = (0x41, 0x42)


@dataclass(frozen=True, slots=True)
class Token:
    """A whole command, a control byte, or a run of text."""

    raw: bytes

    @property
    def is_text(self) -> bool:
        """Whether these are signs to print."""
        return self.raw[0] >= 0x20

    @property
    def name(self) -> bytes:
        """The bytes that tell which command it is."""
        return self.raw[:2] if self.raw[0] in _FIXED else self.raw[:1]

    @property
    def real_time(self) -> bool:
        """Whether it is obeyed on arrival, not in its turn."""
        return self.raw[0] == DLE and len(self.raw) > 1


class Tokeniser:
    """Bytes in, whole tokens out; what is incomplete waits for its rest."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def receive(self, data: bytes) -> Iterator[Token]:
        """Take bytes in any slices; text is given as far as it has come."""
        self._pending += data
        at = 0
        try:
            while at < len(self._pending):
                size = _size(self._pending, at)
                if size is None:
                    return
                yield Token(bytes(self._pending[at : at + size]))
                at += size
        finally:
            del self._pending[:at]

    def reset(self) -> None:
        """Forget what is incomplete: the power was cut."""
        self._pending.clear()


def _size(data: bytearray, at: int) -> int | None:
    """Give the size of the token that starts at `at`, or None while that cannot be told."""
    first = data[at]
    if first >= 0x20:
        end = at
        while end < len(data) and data[end] >= 0x20:
            end += 1
        return end - at
    if first not in _FIXED:
        return 1
    if at + 1 >= len(data):
        return None
    fixed = _FIXED[first].get(data[at + 1])
    size = 2 + fixed if fixed is not None else _long_size(bytes(data[at : at + 12]), data, at)
    if size is None or size > TOKEN_BYTES_MAX:
        return None if size is None else 2
    return size if at + size <= len(data) else None


def _long_size(head: bytes, data: bytearray, at: int) -> int | None:
    """Give the size of a command whose size depends on its parameters."""
    kind = head[:2]
    if kind == b"\x10\x14":
        return None if len(head) < 3 else 2 + _REAL_TIME_MORE.get(head[2], 1)
    if kind == b"\x1dV":
        return None if len(head) < 3 else 4 if head[2] in _CUT_WITH_FEED else 3
    if kind == b"\x1d(":
        return None if len(head) < 5 else 5 + int.from_bytes(head[3:5], "little")
    if kind == b"\x1dv":
        if len(head) < 8:
            return None
        return 8 + int.from_bytes(head[4:6], "little") * int.from_bytes(head[6:8], "little")
    if kind == b"\x1b*":
        if len(head) < 5:
            return None
        return 5 + int.from_bytes(head[3:5], "little") * (3 if head[2] >= 0x20 else 1)
    if kind == b"\x1dk":
        return _barcode_size(head, data, at)
    return 2


def _barcode_size(head: bytes, data: bytearray, at: int) -> int | None:
    if len(head) < 4:
        return None
    if head[2] > _BARCODE_TERMINATED_MAX:
        return 4 + head[3]
    end = data.find(0, at + 3)
    if end < 0:
        return None if len(data) - at < TOKEN_BYTES_MAX else 2
    return end + 1 - at
