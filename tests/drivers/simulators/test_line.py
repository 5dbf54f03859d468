from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import DeviceError, Offline
from drivers.simulators.line import Server, serve_memory, serve_pty, serve_tcp
from drivers.simulators.wire import HANGUP, NAMED_FAULTS, LineFaults, Outgoing, Pace, Reply
from drivers.transports import Opener, Transport, opener

PATIENCE_S = 20.0


class Parrot:
    """Answers each byte with itself; hangs up at '!'; says 'tick' once by itself when told."""

    def __init__(self) -> None:
        self.reading = True
        self.heard = b""
        self.says: list[Reply] = []

    def connected(self, _now_s: float, /) -> list[Reply]:
        return []

    def receive(self, data: bytes, _now_s: float, /) -> list[Reply]:
        self.heard += data
        return [HANGUP if byte == ord("!") else bytes([byte]) for byte in data]

    def tick(self, _now_s: float, /) -> list[Reply]:
        said, self.says = self.says, []
        return said


def read_for(line: Transport, count: int) -> bytes:
    data = b""
    deadline = time.monotonic() + PATIENCE_S
    while len(data) < count and time.monotonic() < deadline:
        data += line.read(count - len(data), 0.1)
    return data


def served(kind: str, machine: Parrot, faults: LineFaults) -> tuple[Server, Opener]:
    if kind == "pty":
        on_pty = serve_pty(machine, None, faults)
        return on_pty, opener(on_pty.path)
    if kind == "tcp":
        on_tcp = serve_tcp(machine, faults=faults)
        return on_tcp, opener(f"tcp://{on_tcp.host}:{on_tcp.port}")
    in_memory = serve_memory(machine, None, faults)
    return in_memory, in_memory.opener


def sent(data: bytes, faults: LineFaults, baud: int | None = None) -> list[Reply]:
    """What a host gets of one reply, in pieces, with no regard to time."""
    wire = Outgoing(baud)
    wire.put(data, faults)
    pieces: list[Reply] = []
    while wire.due_s(0.0, faults) is not None:
        pieces.append(wire.take())
    return pieces


def test_a_byte_takes_ten_bits_of_time() -> None:
    pace = Pace(9600)
    assert pace.passed_at_s(960, 100.0) == pytest.approx(101.0)
    assert pace.passed_at_s(96, 100.0) == pytest.approx(101.1)


def test_a_timer_that_is_late_does_not_slow_the_line_down() -> None:
    pace = Pace(9600)
    at_s = 100.0
    for _ in range(100):
        at_s = pace.passed_at_s(96, at_s + 0.01)
    assert at_s == pytest.approx(100.01 + 10.0)


def test_a_line_at_rest_gives_no_credit() -> None:
    pace = Pace(9600)
    pace.passed_at_s(96, 100.0)
    assert pace.passed_at_s(96, 200.0) == pytest.approx(200.1)


def test_without_faults_all_bytes_pass() -> None:
    assert b"".join(p for p in sent(bytes(range(100)), LineFaults()) if isinstance(p, bytes)) == (
        bytes(range(100))
    )


@pytest.mark.parametrize(
    ("faults", "pieces"),
    [
        (LineFaults(silent=True), []),
        (LineFaults(fragment_gap_s=0.0), [b"A", b"B", b"C"]),
        (LineFaults(garbage=b"?"), [b"?ABC"]),
        (LineFaults(flip_byte=1), [b"ACC"]),
        (LineFaults(cut_after_bytes=2), [b"AB", HANGUP]),
    ],
)
def test_each_fault_does_what_it_says(faults: LineFaults, pieces: list[Reply]) -> None:
    assert sent(b"ABC", faults) == pieces


def test_slow_and_fragmented_pieces_are_due_later() -> None:
    wire = Outgoing(9600)
    wire.put(b"ABC", LineFaults())
    assert wire.due_s(10.0, LineFaults(slow_factor=10.0)) == pytest.approx(10.0 + 3 / 96)
    wire = Outgoing(None)
    wire.put(b"ABC", LineFaults())
    assert wire.due_s(10.0, LineFaults(fragment_gap_s=0.5)) == pytest.approx(10.5)


@given(st.binary(max_size=300), st.integers(0, 320))
def test_a_cut_line_gives_the_first_bytes_and_no_more(data: bytes, cut: int) -> None:
    pieces = sent(data, LineFaults(cut_after_bytes=cut), baud=9600)
    assert b"".join(piece for piece in pieces if isinstance(piece, bytes)) == data[:cut]


def test_faults_have_names() -> None:
    assert LineFaults.named("silent").silent
    assert set(NAMED_FAULTS) >= {"none", "silent", "deaf", "fragment", "garbage", "slow", "cut"}


@pytest.mark.parametrize("kind", ["pty", "tcp", "memory"])
def test_a_machine_is_served_and_may_speak_by_itself(kind: str) -> None:
    machine = Parrot()
    server, opened = served(kind, machine, LineFaults())
    with server:
        line = opened()
        line.write(b"bonjour", 1.0)
        assert read_for(line, 7) == b"bonjour"
        server.act(lambda: machine.says.append(b"late"))
        assert read_for(line, 4) == b"late"
        line.close()


@pytest.mark.parametrize("kind", ["pty", "tcp", "memory"])
def test_a_device_that_hangs_up_can_be_opened_again(kind: str) -> None:
    server, opened = served(kind, Parrot(), LineFaults())
    with server:
        line = opened()
        line.write(b"!", 1.0)
        with pytest.raises(Offline):
            read_for(line, 1)
        line.close()
        line = reopened(opened)
        assert read_for(line, 2) == b"ok"
        line.close()


def reopened(opened: Opener) -> Transport:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            line = opened()
        except DeviceError:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        else:
            line.write(b"ok", 1.0)
            return line


def test_a_device_that_is_not_reading_leaves_bytes_on_the_line() -> None:
    machine = Parrot()
    machine.reading = False
    with serve_memory(machine) as server:
        line = server.opener()
        line.write(b"wait", 1.0)
        assert line.read(4, 0.1) == b""
        server.act(lambda: setattr(machine, "reading", True))
        assert read_for(line, 4) == b"wait"
        line.close()


def test_a_pulled_cable_is_gone_until_it_is_put_back() -> None:
    with serve_pty(Parrot(), None) as server:
        opened = opener(server.path)
        line = opened()
        server.unplug()
        with pytest.raises(Offline):
            read_for(line, 1)
        line.close()
        server.replug()
        line = reopened(opened)
        assert read_for(line, 2) == b"ok"
        line.close()


def test_a_pty_and_a_socket_are_paced_like_a_real_line() -> None:
    for server, address in (
        ((one := serve_pty(Parrot(), 9600)), f"serial://{one.path}?baud=9600"),
        (
            (two := serve_tcp(Parrot(), baud=9600)),
            f"socket://{two.host}:{two.port}?bits=7&parity=E",
        ),
    ):
        with server:
            line = opener(address)()
            start_s = time.monotonic()
            line.write(b"x" * 192, 1.0)
            assert read_for(line, 192) == b"x" * 192
            # Never faster than the wire; how much slower depends on the machine that runs this.
            assert time.monotonic() - start_s >= 0.2
            line.close()


def test_only_so_many_hosts_may_wait() -> None:
    machine = Parrot()
    with serve_memory(machine) as server:
        lines = [server.opener()]
        with pytest.raises(Offline):
            lines.extend(server.opener() for _ in range(8))
        for line in lines:
            line.close()
