"""Signals that ask for the end: it comes when nothing is half open or half closed."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from types import FrameType
from typing import Any, Final, TypeVar

T = TypeVar("T")
# SIGHUP: the terminal was closed.
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A signal asked for the end: on its way out this closes everything."""


class _Handler:
    """Raises Stopped in the main thread, or keeps it until it may; a second signal is at once."""

    def __init__(self) -> None:
        self._holds = 0
        self._asked = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        if self._holds and not self._asked:
            self._asked = True
            return
        raise Stopped

    def hold(self) -> None:
        self._holds += 1

    def release(self) -> None:
        self._holds -= 1
        if self._asked and not self._holds:
            self._asked = False
            raise Stopped


_handler = _Handler()


def until_stopped(work: Callable[[], Any]) -> None:
    """Run until the work ends, or a signal asks for its end: both are a clean end."""
    before = {number: signal.signal(number, _handler) for number in SIGNALS}
    try:
        work()
    except Stopped:
        return
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def whole(make: Callable[[], AbstractContextManager[T]]) -> Iterator[T]:
    """What `make` makes, opened and closed whole: a signal that comes meanwhile counts afterwards.

    Threads that already work on something must not find it taken away before they were told.
    """
    with ExitStack() as closing:
        closing.callback(_handler.release)
        _handler.hold()
        opened = closing.enter_context(make())
        closing.callback(_handler.hold)
        _handler.release()
        yield opened
