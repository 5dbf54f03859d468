"""One act at a time, in the order of the keys.

An act takes its place when its key is pressed, and gives it up when it asks a question. One that
must be on disk before it counts keeps its turn until it is; what is typed meanwhile waits. A line
that is rung up is shown at once and written behind, and keeps its turn only while it is put on the
sale. Whatever takes the desk back to what is stored (a refusal of the disk, news of a card) first
waits for the lines that are still being written.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from pos.app.desk import COMMIT_TIMEOUT_S, CardNews, Desk, Pending
from pos.domain.errors import DiskSlow, PosError

T = TypeVar("T")
Start: TypeAlias = Callable[[], Pending[T]]


@dataclass(eq=False, slots=True)
class Place:
    """A place in the queue of acts."""

    turn: asyncio.Event = field(default_factory=asyncio.Event)


class Acts:
    """The order of what happens at one desk. Used from the application's thread only."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._queue: deque[Place] = deque()
        self._writing: set[asyncio.Future[Any]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> bool:
        """Whether an act has or awaits its turn."""
        return bool(self._queue)

    def take_place(self) -> Place:
        """A place at the end of the queue."""
        place = Place()
        self._queue.append(place)
        self._queue[0].turn.set()
        return place

    def leave(self, place: Place) -> None:
        """Give a place up, used or not; the next one has its turn."""
        if place in self._queue:
            self._queue.remove(place)
        if self._queue:
            self._queue[0].turn.set()

    async def record(self, start: Start[T], place: Place | None = None) -> T:
        """Do an act and wait until it is on disk; its PosError, with the desk put back."""
        async with self._in_turn(place):
            pending = start()
            try:
                result = await self._written(pending)
            except PosError:
                await self._lines_written()
                pending.undo()
                raise
            pending.then(result)
            return result

    async def catch_up(self, news: CardNews, place: Place | None = None) -> None:
        """Let the desk take what the device thread recorded."""
        async with self._in_turn(place):
            await self._lines_written()
            self._desk.catch_up(news)

    def ring_up(
        self,
        start: Start[None],
        shown: Callable[[], None],
        refused: Callable[[PosError], None],
    ) -> None:
        """Put a line on the sale and show it, at once when it is its turn."""
        if self._queue:
            self._spawn(self._ring_up_in_turn(self.take_place(), start, shown, refused))
        else:
            self._ring_up(start, shown, refused)

    def _ring_up(
        self,
        start: Start[None],
        shown: Callable[[], None],
        refused: Callable[[PosError], None],
    ) -> None:
        try:
            pending = start()
        except PosError as error:
            refused(error)
            return
        written = asyncio.wrap_future(pending.future)
        self._writing.add(written)

        def done(future: asyncio.Future[None]) -> None:
            self._writing.discard(future)
            error = future.exception() if not future.cancelled() else None
            if isinstance(error, PosError):
                self._spawn(self._take_back(pending, error, shown, refused))
            elif error is not None:
                raise error

        written.add_done_callback(done)
        shown()

    async def _ring_up_in_turn(
        self,
        place: Place,
        start: Start[None],
        shown: Callable[[], None],
        refused: Callable[[PosError], None],
    ) -> None:
        async with self._in_turn(place):
            self._ring_up(start, shown, refused)

    async def _take_back(
        self,
        pending: Pending[None],
        error: PosError,
        shown: Callable[[], None],
        refused: Callable[[PosError], None],
    ) -> None:
        async with self._in_turn():
            await self._lines_written()
            pending.undo()
        shown()
        refused(error)

    async def _written(self, pending: Pending[T]) -> T:
        try:
            async with asyncio.timeout(COMMIT_TIMEOUT_S):
                return await asyncio.shield(asyncio.wrap_future(pending.future))
        except TimeoutError as error:
            raise DiskSlow(seconds=round(COMMIT_TIMEOUT_S)) from error

    async def _lines_written(self) -> None:
        if self._writing:
            await asyncio.wait(tuple(self._writing), timeout=COMMIT_TIMEOUT_S)

    @asynccontextmanager
    async def _in_turn(self, place: Place | None = None) -> AsyncIterator[None]:
        place = self.take_place() if place is None or place not in self._queue else place
        try:
            await place.turn.wait()
            yield
        finally:
            self.leave(place)

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
