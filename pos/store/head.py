"""The journal's head outside the data folder: the witness against a copy that was put back.

Written without a sync after each commit, so after a power cut it may be behind the journal, which
means nothing. It can be ahead only if the journal lost entries that were committed. Two slots of
fixed length take turns: a torn write leaves the other one.
"""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

_SLOT_BYTES: Final = 128
_SLOTS: Final = 2


@dataclass(frozen=True, slots=True, order=True)
class Head:
    """The newest entry of a journal: a later epoch counts more than a higher place."""

    epoch: int
    seq: int
    digest: str


class HeadState(StrEnum):
    """How the journal stands to its witness."""

    NONE = "none"  # there is no witness: a new till, or a new machine
    SAME = "same"
    BEHIND = "behind"  # the witness is older: normal after a power cut
    AHEAD = "ahead"  # the journal was put back, or its end was cut off
    OTHER = "other"  # the journal has another entry in that place


PUT_BACK: Final = frozenset((HeadState.AHEAD, HeadState.OTHER))
"""The states that no power cut explains."""


class HeadFile:
    """Keeps the head of one till's journal."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = -1

    def read(self) -> Head | None:
        """The newest head that was written whole; None when there is none."""
        try:
            raw = self.path.read_bytes()[: _SLOT_BYTES * _SLOTS]
        except OSError:
            return None
        slots = (_parse(raw[i : i + _SLOT_BYTES]) for i in range(0, len(raw), _SLOT_BYTES))
        return max((head for head in slots if head), default=None)

    def write(self, head: Head) -> bool:
        """Note a head. Never raises, as a sale does not depend on it; False when it failed."""
        try:
            if self._fd < 0:
                self._fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            slot = _format(head)
            return os.pwrite(self._fd, slot, head.seq % _SLOTS * _SLOT_BYTES) == len(slot)
        except OSError:
            return False

    def close(self) -> None:
        """Close the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _format(head: Head) -> bytes:
    text = f"{head.epoch} {head.seq} {head.digest}".encode("ascii")
    return (b"%s %08x" % (text, zlib.crc32(text))).ljust(_SLOT_BYTES - 1) + b"\n"


def _parse(slot: bytes) -> Head | None:
    text, _, crc = slot.strip().rpartition(b" ")
    try:
        if int(crc, 16) != zlib.crc32(text):
            return None
        epoch, seq, digest = text.split(b" ")
        return Head(int(epoch), int(seq), digest.decode("ascii"))
    except ValueError:
        return None
