"""The status lists of a running campaign, over real HTTP, and as the till reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import pytest

from sync.client import Client
from sync.contract import status_list
from sync.contract.jws import SigningKey
from sync.contract.status_list import INVALID, VALID
from sync.contract.voucher import read as read_voucher
from sync.enrolment import enrol
from sync.errors import StateError, SyncError
from sync.http import HttpTransport
from sync.lists import LOOK_EVERY_SECONDS, Lists
from sync.pace import Tools
from sync.ports import Answer, Request
from sync.server.money import vouchers
from sync.server.money.campaigns import standing
from sync.server.money.ledger import Ledger
from sync.state import State, StateReader
from tests.sync.live import City, SyncProcess, live_city
from tests.sync.rig import Journal, Who
from tests.sync.server.market import CAMPAIGN
from tests.sync.test_engine import until

Tamper = Callable[[Request, Answer], Answer]


@dataclass
class Line:
    """A real line, whose answers a test may change; what was asked is kept."""

    origin: str
    tamper: Tamper = lambda _, answer: answer
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._real = HttpTransport(self.origin)

    def request(self, request: Request) -> Answer:
        self.asked.append(request.target)
        return self.tamper(request, self._real.request(request))

    def abort(self) -> None:
        self._real.abort()

    def close(self) -> None:
        self._real.close()

    def fetched(self) -> list[int]:
        """The batches whose list was fetched since the last look."""
        found = [int(one.rpartition("/")[2]) for one in self.asked if one.startswith("/v1/camp")]
        self.asked.clear()
        return found


@dataclass
class Till:
    """A till's side: its campaign.db, and the job."""

    city: City
    state: State
    line: Line
    reader: StateReader
    told: list[str] = field(default_factory=list)

    def tell(self, _name: str, error: SyncError | None) -> None:
        self.told.append(error.trouble if error else "")

    def client(self) -> Client:
        who = Who.of(Journal().till)
        return Client(self.city.origin, self.line, who, self.city.clock.now)

    def job(self) -> Lists:
        tools = Tools(self.city.clock.now, lambda _low, high: high, self.tell)
        return Lists(self.state, self.client(), tools)

    def status(self, token: str) -> int | None:
        """What the till's lists say of a voucher; None without a list of its batch."""
        said = read_voucher(token).voucher
        known = self.reader.status_lists(CAMPAIGN).get(said.batch)
        return known.list.get(said.index) if known else None


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    with live_city(tmp_path / "server") as city:
        yield city


@pytest.fixture
def till(tmp_path: Path, city: City) -> Iterator[Till]:
    path = tmp_path / "campaign.db"
    with (
        closing(State(path)) as state,
        closing(Line(city.origin)) as line,
        closing(StateReader(path)) as reader,
    ):
        till = Till(city, state, line, reader)
        enrol(state, till.client(), city.code(), shop_till="01", software="0.1.0")
        yield till


def spend(city: City, token: str) -> None:
    """Another shop takes a voucher."""
    city.market.sell("Quai", 3000, city.market.redeem(token))
    city.market.send("Quai")


def of_one_shop(city: City, shop: str) -> str:
    """A voucher that one shop alone takes."""

    def work(ledger: Ledger) -> vouchers.Issued:
        pack = standing(ledger.db, CAMPAIGN).pack
        assert pack is not None
        (number,) = ledger.db.execute(
            "SELECT number FROM shop WHERE id = ?", (city.market.shops[shop],)
        ).fetchone()
        made = vouchers.issue_bonus(
            ledger, "", 500, {1: 500}, pack, int(number), city.market.chance
        )
        ledger.flush()
        return made

    issued: vouchers.Issued = city.market.ledger(work)
    return issued.token


def test_a_voucher_is_good_until_another_shop_took_it(city: City, till: Till) -> None:
    token, job = city.voucher(), till.job()
    assert till.status(token) is None
    pause = job.step()
    assert (pause.seconds, pause.wakeable) == (LOOK_EVERY_SECONDS, True)
    assert till.status(token) == VALID
    spend(city, token)
    assert till.status(token) == VALID  # nobody has told this till
    job.step()
    assert till.status(token) == INVALID
    assert till.told == []


def test_what_did_not_change_is_confirmed_and_not_fetched(city: City, till: Till) -> None:
    token, job = city.voucher(), till.job()
    job.step()
    batch = read_voucher(token).voucher.batch
    assert till.line.fetched() == [batch]
    before = till.reader.status_lists(CAMPAIGN)[batch]
    city.clock.advance(hours=3)
    job.step()
    assert till.line.fetched() == []
    after = till.reader.status_lists(CAMPAIGN)[batch]
    assert (after.made_at, after.at > before.at) == (before.made_at, True)
    assert after.list is before.list  # nor unpacked again
    city.clock.advance(hours=22)
    job.step()  # before the end that is written in the list
    assert till.line.fetched() == [batch]
    assert till.reader.status_lists(CAMPAIGN)[batch].made_at > before.made_at


def test_a_restart_of_the_sync_process_loses_no_list(city: City, till: Till) -> None:
    token = city.voucher()
    till.job().step()
    till.line.fetched()
    till.job().step()
    assert till.line.fetched() == []
    assert till.status(token) == VALID


def test_a_shop_has_the_lists_of_its_own_vouchers_and_of_no_other_shops(
    city: City, till: Till
) -> None:
    ours, theirs = of_one_shop(city, "Port"), of_one_shop(city, "Quai")
    till.job().step()
    assert (till.status(ours), till.status(theirs)) == (VALID, None)


def test_the_list_of_a_batch_that_is_over_is_dropped(city: City, till: Till) -> None:
    token, job = city.voucher(), till.job()
    job.step()
    city.clock.advance(days=31)
    job.step()
    assert till.reader.status_lists(CAMPAIGN) == {}
    assert till.status(token) is None


class TestNotBelieved:
    """One list is not what it says; the other one arrives all the same."""

    def check(self, city: City, till: Till, tamper: Tamper) -> str:
        first, second = city.voucher(1, 500), city.voucher(2, 1000)
        bad = read_voucher(second).voucher.batch

        def change(request: Request, answer: Answer) -> Answer:
            return tamper(request, answer) if request.target.endswith(f"lists/{bad}") else answer

        till.line.tamper = change
        assert till.job().step().seconds < LOOK_EVERY_SECONDS
        assert till.status(first) == VALID
        assert till.status(second) is None
        till.line.tamper = lambda _, answer: answer
        till.job().step()
        assert till.status(second) == VALID
        return till.told[0]

    def test_a_list_of_another_key(self, city: City, till: Till) -> None:
        thief = SigningKey.from_secret(666)

        def forge(request: Request, answer: Answer) -> Answer:
            at = int(city.clock.now().timestamp())
            uri = city.origin + request.target
            made = status_list.write(b"\x00", thief, uri=uri, at=at, ttl=600, lifetime=3600)
            return replace(answer, body=made.compact)

        assert self.check(city, till, forge) == "untrusted"

    def test_a_list_of_another_batch(self, city: City, till: Till) -> None:
        def swap(request: Request, _: Answer) -> Answer:
            other = request.target.rpartition("/")[0] + "/1"
            return till.line._real.request(replace(request, target=other))

        assert self.check(city, till, swap) == "untrusted"

    @pytest.mark.parametrize("days", [-8, 1])
    def test_a_list_of_another_time(self, city: City, till: Till, days: int) -> None:
        def age(request: Request, answer: Answer) -> Answer:
            at = int(city.clock.now().timestamp()) + days * 86_400
            uri, key = city.origin + request.target, city.services.secrets.key
            made = status_list.write(b"\x00", key, uri=uri, at=at, ttl=600, lifetime=7 * 86_400)
            return replace(answer, body=made.compact)

        assert self.check(city, till, age) == "untrusted"

    def test_a_list_that_is_damaged(self, city: City, till: Till) -> None:
        def damage(_: Request, answer: Answer) -> Answer:
            return replace(answer, body=answer.body[:-20] + b"A" * 20)

        assert self.check(city, till, damage) == "untrusted"

    def test_a_portals_page(self, city: City, till: Till) -> None:
        def page(_: Request, __: Answer) -> Answer:
            return Answer(200, {"content-type": "text/html"}, b"<h1>Wifi</h1>")

        assert self.check(city, till, page) == "incompatible"

    def test_a_server_that_is_busy(self, city: City, till: Till) -> None:
        def busy(_: Request, __: Answer) -> Answer:
            return Answer(503, {"retry-after": "7"}, b"")

        assert self.check(city, till, busy) == "about:blank"


def test_an_older_list_never_takes_a_later_ones_place(city: City, till: Till) -> None:
    token, job = city.voucher(), till.job()
    batch = read_voucher(token).voucher.batch
    old: list[Answer] = []

    def keep(request: Request, answer: Answer) -> Answer:
        if request.target.startswith("/v1/campaigns/"):
            old.append(answer)
        return answer

    def replay(request: Request, answer: Answer) -> Answer:
        return old[0] if request.target.startswith("/v1/campaigns/") else answer

    till.line.tamper = keep
    job.step()
    city.clock.advance(hours=1)
    spend(city, token)
    job.step()
    assert till.status(token) == INVALID
    till.line.tamper = replay
    city.voucher(2)  # the batch changes again
    job.step()
    assert till.status(token) == INVALID
    assert till.reader.status_lists(CAMPAIGN)[batch].list.get(0) == INVALID


def test_a_list_that_the_file_lost_the_sense_of_is_an_error(city: City, till: Till) -> None:
    city.voucher()
    till.job().step()
    with till.state._file.write() as db:
        db.execute("UPDATE status_list SET compact = 'x', etag = 'y'")
    with pytest.raises(StateError, match="list 1"):
        till.reader.status_lists(CAMPAIGN)


def test_before_there_is_a_file_there_are_no_lists(tmp_path: Path) -> None:
    with closing(StateReader(tmp_path / "campaign.db")) as reader:
        assert reader.status_lists(CAMPAIGN) == {}


def test_the_running_sync_hears_of_a_new_batch(city: City, tmp_path: Path) -> None:
    process = SyncProcess(tmp_path, city.clock)
    with process.running(), closing(StateReader(tmp_path / "campaign.db")) as reader:
        process.calls.enrol(1, city.origin, city.code(), "01")
        until(lambda: reader.enrolments() != [])
        token = city.voucher()
        _ring(city)
        said = read_voucher(token).voucher
        until(lambda: said.batch in reader.status_lists(CAMPAIGN))


def _ring(city: City) -> None:
    """What else is published lets the long poll go, which then brings all."""
    with closing(HttpTransport(city.origin)) as line:
        body = msgspec.json.encode({"campaign": CAMPAIGN, "text": "Bonjour"})
        token = city.services.secrets.admin_token
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        answer = line.request(Request("POST", "/v1/admin/notices", 20, headers, body))
    assert answer.status == 201
