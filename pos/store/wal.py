"""How full a WAL is. Once emptied it keeps its size and is written again from its beginning.

Frames in use bear the salts of the file's header; what is left of earlier rounds bears older ones
(sqlite.org/fileformat2.html#walformat). SQLite puts no locks on this file, so that a look does no
harm to those that it holds on the others.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from pathlib import Path
from typing import Final

_HEADER_BYTES: Final = 32
_FRAME_HEADER_BYTES: Final = 24
_PAGE_SIZE: Final = slice(8, 12)
_SALTS: Final = slice(16, 24)
_FRAME_SALTS_AT: Final = 8
_SALTS_BYTES: Final = 8


def has_more_frames(wal: Path, count: int) -> bool:
    """Whether more than `count` frames of this WAL are in use; False when it cannot be read."""
    try:
        fd = os.open(wal, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return _frames(fd, count) > count
    except OSError:
        return False
    finally:
        os.close(fd)


def _frames(fd: int, enough: int) -> int:
    """How many frames are in use; those of the file when they are few anyway."""
    header = os.pread(fd, _HEADER_BYTES, 0)
    frame_bytes = int.from_bytes(header[_PAGE_SIZE], "big") + _FRAME_HEADER_BYTES
    in_file = max(os.fstat(fd).st_size - _HEADER_BYTES, 0) // frame_bytes
    if in_file <= enough:
        return in_file

    def is_old(frame: int) -> bool:
        place = _HEADER_BYTES + frame * frame_bytes + _FRAME_SALTS_AT
        return os.pread(fd, _SALTS_BYTES, place) != header[_SALTS]

    return bisect_left(range(in_file), True, key=is_old)  # noqa: FBT003 - the first that is old
