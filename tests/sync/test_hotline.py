"""The line for calls: kept open while the till is in use, and given up on when it hangs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from time import monotonic

import pytest

from sync import hotline
from sync.client import Client
from sync.errors import NotAsked, TimedOut, Unreachable
from sync.hotline import WAITING_MAX, WARM_FOR_SECONDS, Hotline
from sync.ports import Answer, Request
from tests.sync.rig import ORIGIN, Journal, Who, utc_now
from tests.sync.test_engine import until


class Line:
    """A line that answers when it is let; it counts what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.down = False
        self.open = threading.Event()
        self.open.set()

    def request(self, request: Request) -> Answer:
        self.asked.append(request.target)
        self.open.wait(30)
        if self.down:
            raise Unreachable("no line")
        return Answer(200, {"content-type": "application/json"}, b'{"status":"ok"}')

    def abort(self) -> None:
        self.open.set()

    def close(self) -> None:
        self.asked.append("closed")


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def called(line: Line, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hotline]:
    monkeypatch.setattr(hotline, "WARM_SECONDS", 0.02)
    made = Hotline(Client(ORIGIN, line, Who.of(Journal().till), utc_now), monotonic)
    yield made
    made.stop()
    assert line.asked[-1] == "closed"


def ask(called: Hotline, seconds: float = 30.0) -> str:
    return called.ask(lambda client, left: client.greet(left).status, monotonic() + seconds)


def test_a_line_in_use_is_kept_open_also_through_troubles(called: Hotline, line: Line) -> None:
    until(lambda: line.asked[:2] == ["/healthz", "/healthz"])
    line.down = True
    seen = len(line.asked)
    until(lambda: len(line.asked) > seen + 1)
    with pytest.raises(Unreachable):
        ask(called)
    line.down = False
    assert ask(called) == "ok"


def test_a_line_that_nobody_uses_is_left_alone(
    called: Hotline, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    until(lambda: bool(line.asked))
    monkeypatch.setattr(hotline, "WARM_FOR_SECONDS", -1.0)
    seen = len(line.asked) + 1  # one may be under way
    threading.Event().wait(0.2)
    assert len(line.asked) <= seen
    monkeypatch.setattr(hotline, "WARM_FOR_SECONDS", WARM_FOR_SECONDS)
    called.keep_warm()
    until(lambda: len(line.asked) > seen)


def test_while_a_call_hangs_past_its_time_the_next_ones_are_not_kept_waiting(
    called: Hotline, line: Line
) -> None:
    line.open.clear()
    with pytest.raises(TimedOut):
        ask(called, 0.05)
    began = monotonic()
    with pytest.raises(NotAsked, match="hangs"):
        ask(called)
    assert monotonic() - began < 10
    line.open.set()
    until(lambda: _works(called))


def test_whoever_waits_behind_another_call_for_too_long_was_never_asked_for(
    called: Hotline, line: Line
) -> None:
    line.open.clear()
    first = threading.Thread(target=lambda: _works(called))
    first.start()
    until(lambda: called._jobs.empty() and bool(line.asked))
    done: list[float] = []
    for seconds in (0.05, -1.0):
        with pytest.raises(NotAsked, match="all the time"):
            called.ask(lambda _, left: done.append(left), monotonic() + seconds)
    line.open.set()
    first.join(30)
    assert _works(called)
    assert done == []


def test_only_so_many_may_wait(called: Hotline, line: Line) -> None:
    line.open.clear()
    threads = [
        threading.Thread(target=lambda: _works(called), daemon=True) for _ in range(WAITING_MAX + 1)
    ]
    for thread in threads:
        thread.start()
    until(called._jobs.full)
    with pytest.raises(NotAsked, match="too many"):
        ask(called)
    line.open.set()
    for thread in threads:
        thread.join(30)


def test_one_that_was_stopped_asks_nothing(line: Line) -> None:
    made = Hotline(Client(ORIGIN, line, Who.of(Journal().till), utc_now), monotonic)
    made.stop()
    with pytest.raises(NotAsked):
        ask(made)
    assert line.asked == ["closed"]


def _works(called: Hotline) -> bool:
    try:
        return ask(called) == "ok"
    except NotAsked:
        return False
