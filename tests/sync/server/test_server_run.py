"""The server as it runs: a real socket, real signals, a real disk."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from sync.contract.jws import SigningKey
from sync.server.config import ServerConfig
from sync.server.errors import BadConfig
from sync.server.run import CONNECTIONS_MAX, CampaignServer, connections_max, run
from tests.sync.server.kit import Till, verdicts

WAIT_SECONDS = 30
PROGRAM = """
import sys
from pathlib import Path
from sync.server.config import ServerConfig
from sync.server.run import run
run(ServerConfig(Path(sys.argv[1])), lambda host, port: print(host, port, flush=True))
print("closed", flush=True)
"""


@contextmanager
def serving(config: ServerConfig) -> Iterator[str]:
    """A server in a thread; its origin."""
    found: list[str] = []
    ready = threading.Event()

    def on_ready(host: str, port: int) -> None:
        found.append(f"http://{host}:{port}")
        ready.set()

    server = CampaignServer(config)
    thread = threading.Thread(target=server.run, args=(on_ready,))
    thread.start()
    try:
        assert ready.wait(WAIT_SECONDS)
        yield found[0]
    finally:
        server.stop()
        thread.join(WAIT_SECONDS)
        assert not thread.is_alive()


@contextmanager
def process(data: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server as a process of its own, and its origin."""
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(data)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    try:
        host, port = child.stdout.readline().split()
        yield child, f"http://{host}:{port}"
    finally:
        if child.poll() is None:
            child.kill()
        child.wait(WAIT_SECONDS)
        child.stdout.close()


class Link:
    """An organiser and a till over a real connection."""

    def __init__(self, origin: str, data: Path) -> None:
        token = (data / "admin-token").read_text().strip()
        self.origin = origin
        self.address = ("127.0.0.1", int(origin.rpartition(":")[2]))
        self.client = httpx.Client(base_url=origin, timeout=WAIT_SECONDS)
        self.admin = {"Authorization": f"Bearer {token}"}

    def __enter__(self) -> Link:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def order(self, what: str, /, **body: str) -> dict[str, Any]:
        answer = self.client.post(f"/v1/admin/{what}", json=body, headers=self.admin)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def enrol(self, till: Till) -> None:
        self.order("campaigns", id=till.campaign, name="Noël")
        shop = self.order("shops", campaign=till.campaign, name="Port")["id"]
        code = self.order("pairing-codes", shop=shop)["code"]
        answer = self.client.post("/v1/enrolments", content=till.enrolment(code))
        assert answer.status_code == 201, answer.text

    def bearer(self, till: Till) -> dict[str, str]:
        token = till.token(datetime.now(UTC), aud=self.origin)
        return {"Authorization": f"Bearer {token}"}

    def send(self, till: Till) -> httpx.Response:
        body = {"chain": "campaign:noel", "entries": till.batch().entries}
        path = f"/v1/tills/{till.till}/entries"
        return self.client.post(path, json=body, headers=self.bearer(till))

    def total(self) -> int:
        status = self.client.get("/v1/status", headers=self.admin).json()
        return int(status["campaigns"][0]["turnover"]["total_cents"])


@pytest.fixture
def till() -> Till:
    return Till(SigningKey.from_secret(0xC0FFEE))


def test_a_till_enrols_and_sends_over_a_real_connection(tmp_path: Path, till: Till) -> None:
    with serving(ServerConfig(tmp_path)) as origin, Link(origin, tmp_path) as link:
        link.enrol(till)
        till.sell(1250)
        assert verdicts(link.send(till)) == ["accepted"]
        assert link.total() == 1250
        assert link.client.get("/healthz").json() == {"status": "ok"}


def test_what_was_acknowledged_is_there_after_the_server_was_killed(
    tmp_path: Path, till: Till
) -> None:
    with process(tmp_path) as (child, origin), Link(origin, tmp_path) as link:
        link.enrol(till)
        till.sell(100)
        assert verdicts(link.send(till)) == ["accepted"]
        child.kill()
    till.sell(200)
    with process(tmp_path) as (_, origin), Link(origin, tmp_path) as link:
        assert verdicts(link.send(till)) == ["duplicate", "accepted"]
        assert link.total() == 300


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_even_while_tills_wait_for_news(
    tmp_path: Path, till: Till, number: signal.Signals
) -> None:
    with process(tmp_path) as (child, origin), Link(origin, tmp_path) as link:
        link.enrol(till)
        with socket.create_connection(link.address, WAIT_SECONDS) as waiting:
            waiting.sendall(
                f"GET /v1/tills/{till.till}/feed?cursor=1 HTTP/1.1\r\nHost: x\r\n"
                f"Authorization: {link.bearer(till)['Authorization']}\r\n\r\n".encode()
            )
            link.client.get("/healthz")  # by its answer, the request before it has arrived
            os.kill(child.pid, number)
            answer = waiting.recv(4096)
        assert answer.startswith(b"HTTP/1.1 200")
        assert child.wait(WAIT_SECONDS) == 0
        assert child.stdout is not None
        assert child.stdout.read() == "closed\n"


def test_a_body_without_a_length_is_bounded_too(tmp_path: Path) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield bytes(1024)

    with serving(ServerConfig(tmp_path)) as origin, httpx.Client(base_url=origin) as client:
        answer = client.post("/v1/enrolments", content=endless())
    assert answer.status_code == 413


def test_open_pages_need_no_log_in(tmp_path: Path) -> None:
    config = ServerConfig(tmp_path, open_pages=True)
    with serving(config) as origin, httpx.Client(base_url=origin) as client:
        assert client.get("/").status_code == 200
        assert client.get("/v1/status").json()["campaigns"] == []
        assert client.post("/v1/admin/shops", json={}).status_code == 401


def test_an_address_that_is_taken_is_a_configuration_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BadConfig, match=str(port)):
            run(ServerConfig(tmp_path, port=port))


def test_a_server_that_was_stopped_before_it_ran_does_not_run(tmp_path: Path) -> None:
    server = CampaignServer(ServerConfig(tmp_path))
    server.stop()
    server.run()


@pytest.mark.parametrize(
    ("limits", "connections", "raised"),
    [
        ((1024, 524_288), CONNECTIONS_MAX, [(10_256, 524_288)]),
        ((1024, 4096), 3840, [(4096, 4096)]),
        ((20_000, 20_000), CONNECTIONS_MAX, []),
    ],
)
def test_as_many_connections_are_taken_as_files_may_be_open(
    monkeypatch: pytest.MonkeyPatch,
    limits: tuple[int, int],
    connections: int,
    raised: list[tuple[int, int]],
) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _, wanted: asked.append(wanted))
    assert connections_max() == connections
    assert asked == raised


def test_a_server_seldom_looks_for_cycles() -> None:
    script = (
        "import gc\n"
        "from sync.server.memory import OBJECTS_BETWEEN_LOOKS, collect_rarely\n"
        "collect_rarely()\n"
        "assert gc.isenabled() and gc.get_freeze_count() > 0\n"
        "assert gc.get_threshold()[0] == OBJECTS_BETWEEN_LOOKS\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=WAIT_SECONDS)
