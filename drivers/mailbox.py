"""The commands waiting for one device: bounded, each with a limit to how long it may wait."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from drivers.errors import Offline, QueueFull

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[T]):
    command: T
    deadline_s: float | None


class Mailbox(Generic[T]):
    """Two bounded queues, ordinary and urgent, filled by any thread and emptied by one."""

    def __init__(self, commands_max: int, urgent_max: int, clock: Callable[[], float]) -> None:
        self._ordinary: deque[_Waiting[T]] = deque()
        self._urgent: deque[_Waiting[T]] = deque()
        self._commands_max = commands_max
        self._urgent_max = urgent_max
        self._clock = clock
        self._changed = threading.Condition()
        self._arrivals = 0
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether the device is being stopped."""
        return self._closed

    def put(self, command: T, *, urgent: bool, expires_s: float | None) -> None:
        """Take a command in; raises QueueFull, or Offline once closed."""
        deadline_s = None if expires_s is None else self._clock() + expires_s
        with self._changed:
            if self._closed:
                raise Offline("the driver is stopped", key="driver.stopped")
            queue, limit = (
                (self._urgent, self._urgent_max) if urgent else (self._ordinary, self._commands_max)
            )
            if len(queue) >= limit:
                raise QueueFull(f"{limit} operations are waiting already", limit=limit)
            queue.append(_Waiting(command, deadline_s))
            self._arrivals += 1
            self._changed.notify_all()

    def take(self, timeout_s: float) -> T | None:
        """Give the next command that may still be carried out, urgent ones first."""
        with self._changed:
            self._changed.wait_for(
                lambda: bool(self._urgent or self._ordinary or self._closed), timeout_s
            )
            if self._closed:
                return None
            urgent = self._next(self._urgent)
            return self._next(self._ordinary) if urgent is None else urgent

    def take_urgent(self) -> T | None:
        """Give the next urgent command, without waiting."""
        with self._changed:
            return None if self._closed else self._next(self._urgent)

    def expired(self) -> list[T]:
        """Take out every command that has waited too long."""
        now_s = self._clock()
        late: list[T] = []
        with self._changed:
            for queue in (self._urgent, self._ordinary):
                late += [one.command for one in queue if _is_late(one, now_s)]
                kept = [one for one in queue if not _is_late(one, now_s)]
                queue.clear()
                queue.extend(kept)
        return late

    def wait_for_arrival(self, timeout_s: float) -> bool:
        """Wait for a command that was not there before, or the closing; say whether one came."""
        with self._changed:
            seen = self._arrivals
            return self._changed.wait_for(lambda: self._arrivals > seen or self._closed, timeout_s)

    def wait_for_any(self, timeout_s: float | None = None) -> None:
        """Wait until a command is there, or the closing, or until `timeout_s` is over."""
        with self._changed:
            self._changed.wait_for(
                lambda: bool(self._urgent or self._ordinary or self._closed), timeout_s
            )

    def next_deadline_s(self) -> float | None:
        """Give the moment at which the first waiting command expires."""
        with self._changed:
            deadlines = [
                one.deadline_s
                for one in (*self._urgent, *self._ordinary)
                if one.deadline_s is not None
            ]
        return min(deadlines, default=None)

    def close(self) -> None:
        """Take nothing more, and wake whoever waits."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def drain(self) -> list[T]:
        """Take out everything."""
        with self._changed:
            rest = [one.command for one in (*self._urgent, *self._ordinary)]
            self._urgent.clear()
            self._ordinary.clear()
        return rest

    def __len__(self) -> int:
        return len(self._urgent) + len(self._ordinary)

    def _next(self, queue: deque[_Waiting[T]]) -> T | None:
        # Late ones stay for expired(), which hands them back to their owner.
        now_s = self._clock()
        for one in queue:
            if not _is_late(one, now_s):
                queue.remove(one)
                return one.command
        return None


def _is_late(one: _Waiting[T], now_s: float) -> bool:
    return one.deadline_s is not None and now_s >= one.deadline_s
