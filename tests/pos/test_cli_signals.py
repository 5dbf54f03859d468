"""A signal ends a command, but never between two halves of opening or closing something."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pos.cli.signals import SIGNALS, Stopped, until_stopped, whole


class Shop:
    """Notes what became of it; the signals named come while it opens or closes."""

    def __init__(self, *, opening: int = 0, closing: int = 0) -> None:
        self.seen: list[str] = []
        self._opening = opening
        self._closing = closing

    @contextmanager
    def open(self) -> Iterator[Shop]:
        self.seen.append("opening")
        for _ in range(self._opening):
            signal.raise_signal(signal.SIGTERM)
        self.seen.append("open")
        try:
            yield self
        finally:
            self.seen.append("closing")
            for _ in range(self._closing):
                signal.raise_signal(signal.SIGTERM)
            self.seen.append("closed")

    def work(self) -> None:
        with whole(self.open):
            self.seen.append("working")
            signal.raise_signal(signal.SIGTERM)
            self.seen.append("worked on")


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_a_clean_end(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    done: list[str] = []

    def work() -> None:
        try:
            signal.raise_signal(number)
            done.append("too far")
        finally:
            done.append("closed")

    until_stopped(work)
    assert done == ["closed"]
    assert signal.getsignal(number) == before


def test_work_that_ends_by_itself_ends_with_its_own_error() -> None:
    def work() -> None:
        raise SystemExit(1)

    with pytest.raises(SystemExit):
        until_stopped(work)


def test_a_signal_at_work_closes_what_is_open() -> None:
    shop = Shop()
    until_stopped(shop.work)
    assert shop.seen == ["opening", "open", "working", "closing", "closed"]


def test_a_signal_while_something_opens_counts_once_it_is_open() -> None:
    shop = Shop(opening=1)
    until_stopped(shop.work)
    assert shop.seen == ["opening", "open", "closing", "closed"]


def test_a_signal_while_something_closes_lets_it_close() -> None:
    shop = Shop(closing=1)
    until_stopped(shop.work)
    assert shop.seen == ["opening", "open", "working", "closing", "closed"]


def test_who_asks_twice_does_not_wait() -> None:
    shop = Shop(opening=2)
    until_stopped(shop.work)
    assert shop.seen == ["opening"]


def test_what_cannot_open_leaves_the_next_signal_its_force() -> None:
    def refuse() -> Shop:
        raise SystemExit(1)

    def work() -> None:
        with pytest.raises(SystemExit), whole(refuse):  # type: ignore[arg-type] # it never opens
            pytest.fail("it opened")
        signal.raise_signal(signal.SIGTERM)
        pytest.fail("the signal was lost")

    until_stopped(work)


def test_stopped_is_no_error_that_a_handler_of_errors_would_swallow() -> None:
    assert not issubclass(Stopped, Exception)
