"""Where uploads wait their turn: thousands of tills that come back together are not all refused.

So many are in the room at once; so few of them hold the threads and the database's queue that
everybody else still gets there. Who finds it full is told when to come again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from starlette.requests import Request

from sync.server.errors import refuse
from sync.server.limits import discard_body, read_body

IN_ROOM_MAX: Final = 512
AT_ONCE: Final = 16
RETRY_AFTER_SECONDS: Final = 5


class Room:
    """Belongs to one event loop."""

    def __init__(self, in_room_max: int = IN_ROOM_MAX, at_once: int = AT_ONCE) -> None:
        self._most = in_room_max
        self._inside = 0
        self._turn = asyncio.Semaphore(at_once)

    @property
    def has_one(self) -> bool:
        """Whether a single till is being served."""
        return self._inside == 1

    @asynccontextmanager
    async def enter(self, request: Request, bytes_max: int) -> AsyncIterator[bytes]:
        """Read what a till brings, and wait for its turn. Refused: busy, when the room is full."""
        if self._inside >= self._most:
            await discard_body(request, bytes_max)
            detail = f"{self._most} tills are being served"
            raise refuse("busy", detail, retry_after_seconds=RETRY_AFTER_SECONDS)
        self._inside += 1
        try:
            body = await read_body(request, bytes_max)
            async with self._turn:
                yield body
        finally:
            self._inside -= 1
