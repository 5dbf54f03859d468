from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from sync.errors import Incompatible, Stopped, TimedOut, Unreachable
from sync.http import ANSWER_BYTES_MAX, HttpTransport
from sync.ports import Request

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
Serve = Callable[[socket.socket], None]


class Wire:
    """A server of bytes on loopback: `serve` gets each connection."""

    def __init__(self, listener: socket.socket, serve: Serve) -> None:
        self._listener = listener
        self._serve = serve
        self.connections = 0
        self.origin = f"http://127.0.0.1:{listener.getsockname()[1]}"

    def run(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self._listener.accept()
                self.connections += 1
                with line, suppress(OSError):
                    self._serve(line)


@contextmanager
def wire(serve: Serve) -> Iterator[Wire]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Wire(listener, serve)
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@contextmanager
def line_to(origin: str) -> Iterator[HttpTransport]:
    line = HttpTransport(origin)
    try:
        yield line
    finally:
        line.close()


def read_head(line: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        piece = line.recv(4096)
        if not piece:
            return b""
        head += piece
    return head


def once(answer: bytes) -> Serve:
    def serve(line: socket.socket) -> None:
        read_head(line)
        line.sendall(answer)

    return serve


def keep_answering(line: socket.socket) -> None:
    while read_head(line):
        line.sendall(OK)


def get(seconds: float = 10.0) -> Request:
    return Request("GET", "/v1/feed?cursor=a%26b", seconds, {"Authorization": "Bearer x"})


def test_an_answer_comes_with_its_status_headers_and_body() -> None:
    with wire(once(OK)) as server, line_to(server.origin) as line:
        answer = line.request(get())
    assert (answer.status, answer.body) == (200, b"{}")
    assert answer.headers["content-type"] == "application/json"


def test_the_request_is_what_was_asked() -> None:
    seen: list[bytes] = []

    def serve(line: socket.socket) -> None:
        seen.append(read_head(line))
        line.sendall(OK)

    with wire(serve) as server, line_to(server.origin) as line:
        line.request(get())
    assert seen[0].startswith(b"GET /v1/feed?cursor=a%26b HTTP/1.1\r\n")
    assert b"accept-encoding: identity" in seen[0].lower()
    assert b"authorization: bearer x" in seen[0].lower()


def test_a_connection_is_kept_for_the_next_request() -> None:
    with wire(keep_answering) as server, line_to(server.origin) as line:
        for _ in range(5):
            line.request(get())
        assert server.connections == 1


def test_nobody_listening_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with line_to(f"http://127.0.0.1:{port}") as line, pytest.raises(Unreachable):
        line.request(get())


def test_no_such_host_is_unreachable() -> None:
    with line_to("https://nowhere.invalid") as line, pytest.raises(Unreachable):
        line.request(get())


@pytest.mark.parametrize("part", [b"", OK[:12], OK[:-1]])
def test_a_line_cut_before_the_answer_is_whole_is_unreachable(part: bytes) -> None:
    with wire(once(part)) as server, line_to(server.origin) as line, pytest.raises(Unreachable):
        line.request(get())


def test_an_answer_that_is_not_http_is_no_answer() -> None:
    noise = once(b"220 smtp.example ESMTP\r\n")
    with wire(noise) as server, line_to(server.origin) as line, pytest.raises(Unreachable):
        line.request(get())


def test_silence_is_timed_out() -> None:
    def serve(line: socket.socket) -> None:
        read_head(line)
        line.recv(1)

    with wire(serve) as server, line_to(server.origin) as line, pytest.raises(TimedOut):
        line.request(get(0.05))


def test_an_endless_trickle_is_timed_out() -> None:
    def serve(line: socket.socket) -> None:
        read_head(line)
        line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            line.sendall(b" ")

    seconds = iter(range(1_000_000))
    with wire(serve) as server:
        line = HttpTransport(server.origin, monotonic=lambda: float(next(seconds)))
        with pytest.raises(TimedOut):
            line.request(get())
        line.close()


def test_a_huge_answer_is_not_read_to_its_end() -> None:
    def serve(line: socket.socket) -> None:
        read_head(line)
        line.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            line.sendall(b" " * ANSWER_BYTES_MAX)

    with wire(serve) as server, line_to(server.origin) as line, pytest.raises(Incompatible):
        line.request(get())


def test_a_redirect_is_not_followed() -> None:
    portal = b"HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\nContent-Length: 0\r\n\r\n"
    with wire(once(portal)) as server, line_to(server.origin) as line:
        assert line.request(get()).status == 302


def test_a_long_poll_is_broken_off_from_another_thread() -> None:
    asked = threading.Event()

    def serve(line: socket.socket) -> None:
        read_head(line)
        asked.set()
        line.recv(1)

    with wire(serve) as server, line_to(server.origin) as line:

        def stop() -> None:
            asked.wait()
            line.abort()

        stopper = threading.Thread(target=stop)
        stopper.start()
        with pytest.raises(Stopped):
            line.request(get(60.0))
        stopper.join()


def test_a_line_that_was_broken_off_stays_so() -> None:
    with wire(keep_answering) as server, line_to(server.origin) as line:
        line.request(get())
        line.abort()
        with pytest.raises(Stopped):
            line.request(get())


def test_a_till_without_campaigns_does_not_load_the_http_library() -> None:
    code = (
        "import sys, sync.engine, sync.http, sync.drain, sync.status\n"
        "print(sorted({'httpx', 'httpcore', 'ssl', 'starlette', 'pos'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout.strip() == "[]"
