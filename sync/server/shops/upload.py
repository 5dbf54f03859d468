"""A form that carries a file: multipart/form-data (RFC 7578), read whole and bounded."""

from __future__ import annotations

import asyncio
import mmap
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import BinaryIO, Final

from starlette.requests import Request

from sync.server.errors import refuse
from sync.server.limits import read_body, spool_body

PARTS_MAX: Final = 8
FRAME_BYTES_MAX: Final = 16 * 1024  # of boundaries and headers around the parts
MULTIPART: Final = "multipart/form-data"
_BOUNDARY = re.compile(
    r'multipart/form-data\s*;.*?boundary="?([\w\'()+,./:=? -]{1,70}?)"?\s*(?:;|$)'
)
_NAME = re.compile(rb';\s*name="([^"\r\n]{1,60})"', re.IGNORECASE)


async def read_upload(request: Request, bytes_max: int) -> dict[str, bytes]:
    """The fields of a form by name, files as they are; Refused for anything else."""
    boundary = _boundary(request)
    body = await read_body(request, bytes_max + FRAME_BYTES_MAX)
    return split_parts(body, boundary)


@dataclass(frozen=True, slots=True)
class Spooled:
    """A file that was sent, on this server's disk; it ends where the file did."""

    file: BinaryIO
    start: int

    def again(self) -> BinaryIO:
        """The file, at its beginning."""
        self.file.seek(self.start)
        return self.file


@asynccontextmanager
async def spooled_upload(
    request: Request, bytes_max: int, seconds_max: float
) -> AsyncIterator[Spooled]:
    """The one file of a form, for as long as it is worked on; too large to be held in memory.

    Refused for anything else than a form of one field.
    """
    boundary = _boundary(request)
    with TemporaryFile() as file:
        await spool_body(request, file, bytes_max + FRAME_BYTES_MAX, seconds_max)
        start = await asyncio.to_thread(_cut_out, file, boundary)
        yield Spooled(file, start)


def _boundary(request: Request) -> bytes:
    kind = _BOUNDARY.match(request.headers.get("content-type", ""))
    if kind is None:
        raise refuse("bad-request", f"expected {MULTIPART}")
    return kind[1].encode("ascii")


def _cut_out(file: BinaryIO, boundary: bytes) -> int:
    """Let a form's body end with the content of its only part; where that begins."""
    file.flush()
    if not file.tell():
        raise refuse("bad-request", "expected a form")
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as body:
        head = body.find(b"\r\n\r\n")
        start, line = head + 4, b"\r\n--" + boundary
        end = body.find(line, head + 2)
        is_form = body[: len(line) - 2] == line[2:] and head >= 0
        if not is_form or end < start or body[end : end + len(line) + 2] != line + b"--":
            raise refuse("bad-request", "expected a form of one file that ends with its boundary")
    file.truncate(end)
    return start


def split_parts(body: bytes, boundary: bytes) -> dict[str, bytes]:
    """The parts of a body by name, the last of each; Refused when it is damaged."""
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise refuse("bad-request", "expected a form that ends with its boundary")
    if len(pieces) - 2 > PARTS_MAX:
        raise refuse("bad-request", f"expected {PARTS_MAX} fields at most")
    fields = {}
    for piece in pieces[1:-1]:
        head, found, content = piece.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if not found or name is None:
            raise refuse("bad-request", "expected a name for each field of the form")
        fields[name[1].decode("utf-8", "replace")] = content
    return fields
