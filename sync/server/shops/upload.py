"""A form that carries a file: multipart/form-data (RFC 7578), read whole and bounded."""

from __future__ import annotations

import re
from typing import Final

from starlette.requests import Request

from sync.server.errors import refuse
from sync.server.limits import read_body

PARTS_MAX: Final = 8
FRAME_BYTES_MAX: Final = 16 * 1024  # of boundaries and headers around the parts
MULTIPART: Final = "multipart/form-data"
_BOUNDARY = re.compile(
    r'multipart/form-data\s*;.*?boundary="?([\w\'()+,./:=? -]{1,70}?)"?\s*(?:;|$)'
)
_NAME = re.compile(rb';\s*name="([^"\r\n]{1,60})"', re.IGNORECASE)


async def read_upload(request: Request, bytes_max: int) -> dict[str, bytes]:
    """The fields of a form by name, files as they are; Refused for anything else."""
    kind = _BOUNDARY.match(request.headers.get("content-type", ""))
    if kind is None:
        raise refuse("bad-request", f"expected {MULTIPART}")
    body = await read_body(request, bytes_max + FRAME_BYTES_MAX)
    return split_parts(body, kind[1].encode("ascii"))


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
