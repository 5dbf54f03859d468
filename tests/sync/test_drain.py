"""Draining into a real server, over real HTTP on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sync.client import Client
from sync.contract.jws import Signed, SigningKey, VerifyKey
from sync.drain import drain
from sync.enrolment import enrol
from sync.errors import SyncError
from sync.http import HttpTransport
from sync.organiser import OrganiserClient
from sync.pace import Tools
from sync.server.config import ADMIN_TOKEN_FILE, ServerConfig
from sync.server.run import CampaignServer
from sync.state import State
from tests.sync.server.kit import Till

READY_SECONDS_MAX = 30.0


class Journal:
    """A till's chain as a Source, and its key as an Identity."""

    def __init__(self) -> None:
        self.book = Till(SigningKey.from_secret(0xC0FFEE))

    @property
    def till(self) -> str:
        return self.book.till

    @property
    def epoch(self) -> int:
        return self.book.epoch

    @property
    def public(self) -> VerifyKey:
        return self.book.key.public

    @property
    def earlier(self) -> Sequence[tuple[int, VerifyKey]]:
        return ()

    def sign(self, payload: bytes, typ: str) -> Signed:
        return self.book.key.sign(payload, typ)

    def head(self, chain: str) -> tuple[int, str] | None:
        entries = self.book.entries
        return (len(entries), entries[-1].digest) if entries else None

    def read(self, chain: str, after: int, limit: int) -> Sequence[tuple[int, int, bytes]]:
        found = self.book.entries[after : after + limit]
        return [(one.payload.number, one.payload.epoch, one.compact) for one in found]

    def oldest_at(self, chain: str, after: int) -> str | None:
        return next((one.payload.at for one in self.book.entries[after : after + 1]), None)


class Organiser:
    """A server's data folder, and what its organiser does and sees."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = 0

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @contextmanager
    def serving(self) -> Iterator[None]:
        """The server runs for the length of a block, always on the same port."""
        ready = threading.Event()

        def on_ready(_host: str, port: int) -> None:
            self._port = port
            ready.set()

        server = CampaignServer(ServerConfig(self._folder, port=self._port))
        thread = threading.Thread(target=server.run, args=(on_ready,))
        thread.start()
        try:
            assert ready.wait(READY_SECONDS_MAX)
            yield
        finally:
            server.stop()
            thread.join()

    @contextmanager
    def asking(self) -> Iterator[OrganiserClient]:
        line = HttpTransport(self.origin)
        token = (self._folder / ADMIN_TOKEN_FILE).read_text(encoding="ascii").strip()
        try:
            yield OrganiserClient(line, token)
        finally:
            line.close()

    def code(self) -> str:
        with self.asking() as organiser:
            organiser.create_campaign("noel", "Noël à Saint-Malo")
            shop = organiser.create_shop("noel", "Épicerie du Port")
            return organiser.pairing_code(shop.id).code

    def booked(self) -> tuple[int, int]:
        """Sales and cents that the server has counted."""
        with self.asking() as organiser:
            turnover = organiser.status().campaigns[0].turnover
        return turnover.sales, turnover.total_cents


class Bench:
    """An enrolled till beside its server."""

    def __init__(self, journal: Journal, state: State, organiser: Organiser) -> None:
        self.journal = journal
        self.state = state
        self.organiser = organiser
        self.slept: list[float] = []
        self.told: list[str] = []

    def drain(self, patience_seconds: float = 0.0) -> int:
        tools = Tools(lambda: datetime.now(UTC), lambda _low, high: high, self._tell)
        return drain(
            self.state,
            self.journal,
            self.journal,
            HttpTransport,
            tools,
            patience_seconds=patience_seconds,
            sleep=self.slept.append,
        )

    @property
    def standing(self) -> tuple[int, str, bool]:
        (enrolment,) = self.state.enrolments(1)
        return enrolment.acknowledged, enrolment.trouble, enrolment.halted

    def _tell(self, name: str, error: SyncError | None) -> None:
        self.told.append(f"{name} {error.trouble if error else 'well'}")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    organiser, journal = Organiser(tmp_path / "server"), Journal()
    state = State(tmp_path / "campaign.db")
    with organiser.serving():
        code = organiser.code()
        line = HttpTransport(organiser.origin)
        client = Client(organiser.origin, line, journal, lambda: datetime.now(UTC))
        enrol(state, client, code, shop_till="01", software="test")
        client.close()
    yield Bench(journal, state, organiser)
    state.close()


def test_all_that_waits_is_sent_and_a_second_drain_sends_nothing(bench: Bench) -> None:
    for _ in range(450):
        bench.journal.book.sell(100)
    with bench.organiser.serving():
        for _ in range(2):
            assert bench.drain() == 0
            assert bench.standing == (450, "", False)
            assert bench.organiser.booked() == (450, 45_000)


def test_without_a_server_the_rest_is_counted_and_the_next_drain_sends_it(bench: Bench) -> None:
    bench.journal.book.sell(100)
    assert bench.drain(patience_seconds=5.0) == 1
    assert bench.standing == (0, "unreachable", False)
    assert bench.slept == [1.0, 2.0]  # the next wait would be 4 s, with 2 s of patience left
    assert bench.told == ["noel unreachable"]
    with bench.organiser.serving():
        assert bench.drain() == 0
        assert bench.organiser.booked() == (1, 100)
    assert bench.standing == (1, "", False)


def test_a_halted_campaign_is_not_waited_for(bench: Bench) -> None:
    for _ in range(3):
        bench.journal.book.sell(100)
    with bench.organiser.serving():
        bench.drain()
        del bench.journal.book.entries[1:]  # the journal is put back to an earlier day
        bench.drain(patience_seconds=1e9)
    assert bench.standing == (3, "rolled-back", True)
    assert bench.slept == []
