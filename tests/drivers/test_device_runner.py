from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import pytest

from drivers.errors import NotFound, Offline, QueueFull, RemoteProtocolError
from drivers.mailbox import Mailbox
from drivers.runner import Dropped, Health, Line, Runner, State
from drivers.transports import Transport
from drivers.transports.loopback import Loopback, loopback_pair

PATIENCE_S = 20.0


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that must come, as long as a slow machine may need."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.002)


class Plug:
    """A socket in the wall: plugged in or not, and the far ends of the lines opened."""

    def __init__(self) -> None:
        self.is_in = True
        self.attempts = 0
        self.far_ends: list[Loopback] = []

    def __call__(self) -> Transport:
        self.attempts += 1
        if not self.is_in:
            raise NotFound("nothing is plugged in")
        near, far = loopback_pair()
        self.far_ends.append(far)
        return near

    def pull(self) -> None:
        self.is_in = False
        self.far_ends[-1].close()


class Notes:
    """A device that writes down what it is asked."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.dropped_ones: list[tuple[str, Dropped]] = []
        self.opened = 0
        self.at_work = threading.Event()
        self.release = threading.Event()
        self.release.set()
        self.first_report: tuple[State, str] | None = None

    def on_open(self, line: Line[str], /) -> None:
        self.opened += 1
        if self.first_report is not None:
            line.report(*self.first_report)

    def handle(self, line: Line[str], command: str, /) -> None:
        if command == "break":
            raise RemoteProtocolError("nonsense came", expected="ACK")
        if command == "bug":
            raise ZeroDivisionError
        self.at_work.set()
        while not self.release.is_set() and not line.stopping:
            if (urgent := line.next_urgent()) is not None:
                self.done.append(f"urgent {urgent}")
            line.read(1, 0.01)
        line.write(command.encode(), 1.0)
        self.done.append(command)

    def idle(self, line: Line[str], /) -> None:
        line.read(16, 0.0)

    def dropped(self, command: str, why: Dropped, /) -> None:
        self.dropped_ones.append((command, why))


class Bench:
    def __init__(self, **settings: float) -> None:
        self.plug = Plug()
        self.device = Notes()
        self.health: list[Health] = []
        self.runner: Runner[str] = Runner(
            "essai",
            self.plug,
            self.device,
            on_health=self.health.append,
            backoff_s=(0.01, 0.02),
            idle_poll_s=0.01,
            commands_max=4,
            linger_s=settings.get("linger_s"),
        )

    def __enter__(self) -> Bench:
        self.runner.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.device.release.set()
        assert self.runner.stop(PATIENCE_S)

    def states(self) -> list[State]:
        return [one.state for one in self.health]


def test_commands_are_carried_out_in_order() -> None:
    with Bench() as bench:
        for command in ("a", "b", "c"):
            bench.runner.submit(command)
        until(lambda: bench.device.done == ["a", "b", "c"])
        assert bench.states() == [State.ONLINE]


def test_an_unplugged_device_is_opened_again_when_it_is_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    with Bench() as bench:
        until(lambda: bench.states() == [State.ONLINE])
        bench.plug.pull()
        until(lambda: bench.runner.health.reason == "device.not_found")
        tried = bench.plug.attempts
        until(lambda: bench.plug.attempts > tried + 3)
        bench.plug.is_in = True
        until(lambda: bench.runner.health.state is State.ONLINE)
        bench.runner.submit("again")
        until(lambda: bench.device.done == ["again"])
    said = [record.message for record in caplog.records]
    assert len([line for line in said if "is gone" in line]) == 1
    assert [line for line in said if "is back" in line] == ["essai is back"]


def test_what_waits_while_the_device_is_away_is_done_when_it_is_back() -> None:
    bench = Bench()
    bench.plug.is_in = False
    with bench:
        until(lambda: bench.states() == [State.OFFLINE])
        bench.runner.submit("later")
        bench.plug.is_in = True
        until(lambda: bench.device.done == ["later"])


def test_a_command_that_waited_too_long_is_dropped_never_done_late() -> None:
    bench = Bench()
    bench.plug.is_in = False
    with bench:
        bench.runner.submit("open the drawer", urgent=True, expires_s=0.05)
        until(lambda: bench.device.dropped_ones == [("open the drawer", Dropped.EXPIRED)])
        bench.plug.is_in = True
        until(lambda: bench.runner.health.state is State.ONLINE)
        assert bench.device.done == []


def test_urgent_commands_reach_a_device_at_work() -> None:
    with Bench() as bench:
        bench.device.release.clear()
        bench.runner.submit("long")
        assert bench.device.at_work.wait(PATIENCE_S)
        bench.runner.submit("now", urgent=True)
        until(lambda: bench.device.done == ["urgent now"])
        bench.device.release.set()
        until(lambda: bench.device.done == ["urgent now", "long"])


def test_the_queue_is_bounded_and_says_so() -> None:
    bench = Bench()
    for _ in range(4):
        bench.runner.submit("x")
    with pytest.raises(QueueFull):
        bench.runner.submit("one too many")
    assert bench.runner.stop(1.0)
    assert bench.device.dropped_ones == [("x", Dropped.STOPPED)] * 4


def test_stopping_is_quick_whatever_the_device_does_and_drops_the_rest() -> None:
    bench = Bench()
    bench.device.release.clear()
    bench.runner.start()
    bench.runner.submit("endless")
    bench.runner.submit("never begun")
    until(lambda: bench.device.opened == 1)
    assert bench.runner.stop(PATIENCE_S)
    assert ("never begun", Dropped.STOPPED) in bench.device.dropped_ones
    with pytest.raises(Offline, match="stopped"):
        bench.runner.submit("too late")


def test_a_line_that_the_device_spoils_is_opened_anew() -> None:
    with Bench() as bench:
        bench.runner.submit("break")
        bench.runner.submit("after")
        until(lambda: bench.device.done == ["after"])
        assert bench.device.opened == 2
        assert [one.reason for one in bench.health] == [None, "device.protocol", None]


def test_a_defect_is_seen_and_survived(caplog: pytest.LogCaptureFixture) -> None:
    with Bench() as bench:
        bench.runner.submit("bug")
        bench.runner.submit("after")
        until(lambda: bench.device.done == ["after"])
        assert State.FAULT in bench.states()
    assert any(record.exc_info for record in caplog.records)


def test_an_observer_that_fails_does_not_end_the_thread(caplog: pytest.LogCaptureFixture) -> None:
    plug, device = Plug(), Notes()

    def fail(_health: Health) -> None:
        raise ValueError("screen is gone")

    runner: Runner[str] = Runner("essai", plug, device, on_health=fail, idle_poll_s=0.01)
    runner.start()
    runner.submit("a")
    until(lambda: device.done == ["a"])
    assert runner.stop(PATIENCE_S)
    assert "screen is gone" in caplog.text


def test_a_device_may_come_up_with_a_fault() -> None:
    bench = Bench()
    bench.device.first_report = (State.FAULT, "printer.paper_out")
    with bench:
        until(lambda: bench.states() == [State.FAULT])


def test_a_lingering_line_is_closed_and_opened_for_the_next_command() -> None:
    with Bench(linger_s=0.02) as bench:
        bench.runner.submit("a")
        until(lambda: bench.device.done == ["a"])
        assert bench.plug.far_ends[0].read(2, PATIENCE_S) == b"a"
        with pytest.raises(Offline):
            bench.plug.far_ends[0].read(1, PATIENCE_S)
        bench.runner.submit("b")
        until(lambda: bench.device.done == ["a", "b"])
        assert bench.device.opened == 2


def test_waiting_for_a_lingering_line_ends_when_stopped() -> None:
    bench = Bench(linger_s=0.0)
    bench.runner.start()
    until(lambda: bench.device.opened == 1)
    assert bench.runner.stop(PATIENCE_S)


def test_a_mailbox_gives_urgent_commands_first_and_keeps_late_ones_apart() -> None:
    now_s = [0.0]
    box: Mailbox[str] = Mailbox(3, 2, lambda: now_s[0])
    box.put("slow", urgent=False, expires_s=None)
    box.put("soon", urgent=True, expires_s=5.0)
    box.put("sooner", urgent=True, expires_s=1.0)
    assert box.next_deadline_s() == 1.0
    now_s[0] = 2.0
    assert box.take(0.0) == "soon"
    assert box.take_urgent() is None
    assert box.expired() == ["sooner"]
    assert box.take(0.0) == "slow"
    assert box.take(0.0) is None
    box.close()
    assert len(box) == 0
