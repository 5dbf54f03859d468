"""The whole engine with its threads, over real HTTP on loopback, against the real server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import pytest

from sync.address import origin_of
from sync.engine import Engine
from sync.errors import BadCode, SyncError
from sync.http import HttpTransport
from sync.organiser import OrganiserClient
from sync.pace import Tools
from sync.ports import Transport
from sync.server.config import ADMIN_TOKEN_FILE
from sync.state import State
from tests.sync.rig import CAMPAIGN, Journal, Who, served, utc_now

PATIENCE_SECONDS = 60.0


def until(done: Callable[[], bool]) -> None:
    """Wait for something that must come; how long it takes is not the test's affair."""
    end = monotonic() + PATIENCE_SECONDS
    while not done():
        assert monotonic() < end, "it never came"
        sleep(0.005)


class Site:
    """A till and its sync process on one side, an organiser with a real server on the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.journal = Journal()
        self.state = State(folder / "campaign.db")
        self.told: list[tuple[str, str]] = []
        self.lines = 0

    def tell(self, name: str, error: SyncError | None) -> None:
        self.told.append((name, error.trouble if error else ""))

    def connect(self, origin: str) -> Transport:
        self.lines += 1
        return HttpTransport(origin_of(origin))

    def engine(self) -> Engine:
        tools = Tools(utc_now, lambda _low, _high: 0.01, self.tell)
        return Engine(self.state, self.journal, Who.of(self.journal.till), self.connect, tools)

    def acknowledged(self) -> int:
        found = self.state.enrolment(CAMPAIGN)
        return found.acknowledged if found else 0

    @contextmanager
    def running(self) -> Iterator[Engine]:
        engine = self.engine()
        thread = threading.Thread(target=engine.run)
        thread.start()
        try:
            yield engine
        finally:
            engine.stop()
            thread.join()

    @contextmanager
    def organiser(self, origin: str) -> Iterator[OrganiserClient]:
        line = HttpTransport(origin)
        token = (self.folder / "server" / ADMIN_TOKEN_FILE).read_text().strip()
        try:
            yield OrganiserClient(line, token)
        finally:
            line.close()

    def code(self, origin: str) -> str:
        with self.organiser(origin) as organiser:
            organiser.create_campaign(CAMPAIGN, "Noël")
            return organiser.pairing_code(organiser.create_shop(CAMPAIGN, "Épicerie").id).code


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.state.close()


def test_a_running_engine_joins_sends_and_is_woken(site: Site) -> None:
    site.journal.sell(250)
    with served(site.folder / "server") as (origin, _), site.running() as engine:
        engine.enrol(origin, site.code(origin), shop_till="01", software="0.1.0")
        until(lambda: site.acknowledged() == 250)
        site.journal.sell(3)
        engine.wake()
        until(lambda: site.acknowledged() == 253)
    assert site.told == []


def test_an_engine_takes_up_what_was_joined_before(site: Site) -> None:
    with served(site.folder / "server") as (origin, _):
        with site.running() as engine:
            engine.enrol(origin, site.code(origin), shop_till="01", software="0.1.0")
        site.journal.sell(5)
        with site.running():
            until(lambda: site.acknowledged() == 5)


def test_the_server_goes_and_comes_back(site: Site) -> None:
    with served(site.folder / "server") as (origin, _), site.running() as engine:
        engine.enrol(origin, site.code(origin), shop_till="01", software="0.1.0")
    port = int(origin.rpartition(":")[2])
    site.journal.sell(450)
    with site.running():
        until(lambda: (CAMPAIGN, "unreachable") in site.told)
        with served(site.folder / "server", port):
            until(lambda: site.acknowledged() == 450)
            until(lambda: (CAMPAIGN, "") in site.told)


def test_a_long_poll_does_not_hold_up_the_end(site: Site) -> None:
    """Without being broken off it would last 25 seconds; a stop is no trouble either."""
    with served(site.folder / "server") as (origin, _), site.running() as engine:
        engine.enrol(origin, site.code(origin), shop_till="01", software="0.1.0")
        until(lambda: site.state.server(origin).contact_at is not None)
    found = site.state.enrolment(CAMPAIGN)
    assert found is not None
    assert found.trouble == ""
    assert site.told == []


def test_joining_with_a_bad_code_leaves_the_rest_alone(site: Site) -> None:
    with served(site.folder / "server") as (origin, _), site.running() as engine:
        engine.enrol(origin, site.code(origin), shop_till="01", software="0.1.0")
        with pytest.raises(BadCode):
            engine.enrol(origin, "nonsense", shop_till="01", software="0.1.0")
        site.journal.sell(2)
        engine.wake()
        until(lambda: site.acknowledged() == 2)


def test_an_error_that_nobody_expected_ends_the_process(site: Site) -> None:
    class Broken(Journal):
        def head(self, chain: str) -> tuple[int, str] | None:
            raise ZeroDivisionError

    with served(site.folder / "server") as (origin, _):
        with site.running() as engine:
            engine.enrol(origin, site.code(origin), shop_till="01", software="0.1.0")
        site.journal = Broken()
        with pytest.raises(ZeroDivisionError):
            site.engine().run()


def test_stopping_twice_or_before_the_start_is_harmless(site: Site) -> None:
    engine = site.engine()
    engine.stop()
    engine.run()
    engine.stop()
