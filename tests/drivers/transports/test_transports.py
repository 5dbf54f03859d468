from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.errors import Busy, DeviceError, NotFound, Offline, Timeout
from drivers.simulators.line import PtyServer, Server, TcpServer, serve_pty, serve_tcp
from drivers.simulators.wire import LineFaults
from drivers.transports import Transport, opener
from drivers.transports.loopback import loopback_pair
from drivers.transports.record import Recorded

FULL_LINE_BYTES = 1 << 20


class Echo:
    """A device that says back what it hears."""

    reading = True

    def connected(self, _now_s: float, /) -> list[bytes]:
        return []

    def receive(self, data: bytes, _now_s: float, /) -> list[bytes]:
        return [data]

    def tick(self, _now_s: float, /) -> list[bytes]:
        return []


def read_exactly(line: Transport, count: int, patience: int = 50) -> bytes:
    data = b""
    for _ in range(patience):
        data += line.read(count - len(data), 0.2)
        if len(data) == count:
            break
    return data


def write_often(line: Transport, data: bytes) -> None:
    for _ in range(64):
        line.read(16, 0.01)
        line.write(data, 0.05)


def address_of(server: Server, scheme: str) -> str:
    if isinstance(server, PtyServer):
        return f"serial://{server.path}?baud=115200"
    assert isinstance(server, TcpServer)
    settings = "?bits=7&parity=E" if scheme == "socket" else ""
    return f"{scheme}://{server.host}:{server.port}{settings}"


@pytest.fixture(params=["serial", "socket", "tcp"])
def echo(request: pytest.FixtureRequest) -> Iterator[tuple[Server, Callable[[], Transport]]]:
    server = serve_pty(Echo(), None) if request.param == "serial" else serve_tcp(Echo())
    with server:
        yield server, opener(address_of(server, request.param))


def test_bytes_go_there_and_back(echo: tuple[Server, Callable[[], Transport]]) -> None:
    _, opened = echo
    line = opened()
    try:
        sent = bytes(range(128)) * 4
        line.write(sent, 1.0)
        assert read_exactly(line, len(sent)) == sent
        assert line.read(16, 0.0) == b""
    finally:
        line.close()


def test_reading_gives_what_has_come_without_waiting_for_more(
    echo: tuple[Server, Callable[[], Transport]],
) -> None:
    _, opened = echo
    line = opened()
    try:
        line.write(b"ab", 1.0)
        assert read_exactly(line, 2) == b"ab"
        line.write(b"c", 1.0)
        assert line.read(1000, 10.0)[:1] == b"c"
    finally:
        line.close()


def test_a_device_that_reads_nothing_costs_a_timeout_that_counts_the_bytes_gone(
    echo: tuple[Server, Callable[[], Transport]],
) -> None:
    server, opened = echo
    server.faults = LineFaults(deaf=True)
    line = opened()
    try:
        with pytest.raises(Timeout) as caught:
            write_often(line, b"x" * FULL_LINE_BYTES)
        assert 0 <= caught.value.written < FULL_LINE_BYTES
    finally:
        line.close()


def test_a_line_whose_device_is_gone_is_offline(
    echo: tuple[Server, Callable[[], Transport]],
) -> None:
    server, opened = echo
    line = opened()
    line.write(b"a", 1.0)
    assert read_exactly(line, 1) == b"a"
    server.stop()
    with pytest.raises(Offline):
        write_often(line, b"a")
    line.close()
    line.close()


def test_a_closed_line_is_offline(echo: tuple[Server, Callable[[], Transport]]) -> None:
    _, opened = echo
    line = opened()
    line.close()
    with pytest.raises(Offline):
        line.write(b"a", 0.1)
    with pytest.raises(Offline):
        line.read(1, 0.1)


def test_a_serial_port_is_not_shared() -> None:
    with serve_pty(Echo(), None) as server:
        opened = opener(server.path)
        line = opened()
        with pytest.raises(Busy):
            opened()
        line.close()


def test_a_port_that_is_not_plugged_in_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        opener(f"{tmp_path}/ttyUSB9")()
    with pytest.raises(NotFound):
        opener(f"file://{tmp_path}/usb/lp9")()


@pytest.mark.parametrize("scheme", ["tcp", "socket"])
def test_a_host_that_does_not_listen_is_offline(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(DeviceError):
        opener(f"{scheme}://127.0.0.1:{port}")()


def test_what_is_no_terminal_is_refused_as_a_serial_port(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_bytes(b"")
    with pytest.raises(DeviceError):
        opener(str(plain))()


def test_a_plain_file_is_appended_to_and_never_answers(tmp_path: Path) -> None:
    path = tmp_path / "out.bin"
    path.write_bytes(b"before ")
    line = opener(f"file://{path}")()
    line.write(b"after", 1.0)
    assert line.read(10, 0.0) == b""
    line.close()
    assert path.read_bytes() == b"before after"


def test_a_printer_missing_from_dev_is_not_replaced_by_a_file() -> None:
    with pytest.raises(NotFound):
        opener("file:///dev/comptoir-no-such-printer")()
    assert not Path("/dev/comptoir-no-such-printer").exists()


def test_a_character_device_is_written_and_read() -> None:
    with serve_pty(Echo(), None) as server:
        line = opener(f"file://{server.path}")()
        line.write(b"lp", 1.0)
        assert read_exactly(line, 2) == b"lp"
        line.close()


def test_a_line_in_memory_carries_both_ways_and_is_bounded() -> None:
    near, far = loopback_pair(bytes_max=4)
    near.write(b"abcd", 0.1)
    with pytest.raises(Timeout) as caught:
        near.write(b"e", 0.01)
    assert caught.value.written == 0
    assert far.read(2, 0.1) == b"ab"
    far.write(b"z", 0.1)
    assert near.read(9, 0.1) == b"z"
    assert near.read(9, 0.0) == b""


def test_a_line_in_memory_that_is_cut_gives_its_last_bytes_first() -> None:
    near, far = loopback_pair()
    near.write(b"bye", 0.1)
    near.close()
    assert far.read(9, 0.1) == b"bye"
    with pytest.raises(Offline):
        far.read(9, 0.1)
    with pytest.raises(Offline):
        far.write(b"?", 0.1)


def test_a_full_line_in_memory_goes_on_when_the_other_end_reads() -> None:
    near, far = loopback_pair(bytes_max=2)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.extend(far.read(1, 5.0) for _ in range(6)))
    reader.start()
    near.write(b"abcdef", 5.0)
    reader.join(5.0)
    assert b"".join(got) == b"abcdef"


def test_a_recorded_line_keeps_the_last_bytes_redacted() -> None:
    near, far = loopback_pair()
    ticks = iter(range(100))

    def redact(direction: str, data: bytes) -> bytes:
        return b"*" * len(data) if direction == "<" else data

    line = Recorded(near, redact=redact, clock=lambda: next(ticks), entries_max=2)
    line.write(b"\x05", 0.1)
    line.write(b"\x06", 0.1)
    far.write(b"4970", 0.1)
    assert line.read(9, 0.1) == b"4970"
    assert line.read(9, 0.0) == b""
    line.close()
    assert [str(entry).split() for entry in line.trace()] == [
        ["1.000", ">", "06"],
        ["2.000", "<", "2a", "2a", "2a", "2a"],
    ]


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_opening_and_closing_leaves_no_descriptor_behind() -> None:
    with serve_tcp(Echo()) as server:
        opened = opener(f"socket://{server.host}:{server.port}")
        opened().close()
        before = open_descriptors()
        for _ in range(3):
            opened().close()
        assert open_descriptors() <= before + 1
