"""The till's journal, key and enrolments as the sync process works with them, and a real server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from pos import campaign_acts, campaign_link
from pos.bootstrap import now
from pos.campaign_link import JournalSource, Link, open_link
from pos.domain.errors import DiskFailed
from pos.store.database import Reader
from pos.store.errors import NotOurs
from pos.store.folder import DataFolder
from pos.store.machine import Machine
from sync.contract.overview import Status
from sync.engine import Engine
from sync.errors import (
    AlreadyEnrolled,
    BadAddress,
    BadCode,
    InUse,
    JournalUnreadable,
    Rejected,
    StateError,
    Unreachable,
)
from sync.organiser import OrganiserClient, organiser_at
from tests.pos.adapters.campaign_counter import CampaignCounter
from tests.pos.adapters.printer_bench import eventually
from tests.sync.rig import served

CAMPAIGN = "alpes"
CHAIN = "campaign:alpes"


@dataclass
class Town:
    """A till, a server on loopback, and a shop that the campaign knows."""

    counter: CampaignCounter
    origin: str
    organiser: OrganiserClient
    shop: str

    def code(self) -> str:
        return self.organiser.pairing_code(self.shop).code

    def status(self) -> Status:
        return self.organiser.status()

    def booked(self) -> tuple[int, int]:
        """Sales and cents that the server booked."""
        turnover = self.status().campaigns[0].turnover
        return turnover.sales, turnover.total_cents


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[CampaignCounter]:
    made = CampaignCounter(tmp_path)
    made.now = now()
    yield made
    made.close()


@pytest.fixture
def town(tmp_path: Path, counter: CampaignCounter) -> Iterator[Town]:
    with ExitStack() as rest:
        origin, _ = rest.enter_context(served(tmp_path / "server"))
        (tmp_path / "server" / "address").write_text(origin, encoding="ascii")
        organiser = rest.enter_context(organiser_at(tmp_path / "server"))
        organiser.create_campaign(CAMPAIGN, "Noël des Alpes")
        shop = organiser.create_shop(CAMPAIGN, "Épicerie du Peyrou").id
        yield Town(counter, origin, organiser, shop)


@contextmanager
def linked(counter: CampaignCounter) -> Iterator[Link]:
    with open_link(counter.folder, counter.machine, now) as link:
        yield link


# --- the journal as a source -------------------------------------------------------------------


def test_the_source_gives_the_chain_as_the_ledger_has_it(counter: CampaignCounter) -> None:
    counter.enrol(CAMPAIGN)
    for _ in range(5):
        counter.sell()
    entries = [one for one in counter.entries if one.payload.chain == CHAIN]
    with closing(Reader(counter.folder.till_db, "till")) as reader:
        source = JournalSource(reader)
        assert source.head(CHAIN) == (5, entries[-1].digest)
        assert source.seq() == counter.entries[-1].payload.seq
        assert source.epoch() == 1
        assert source.read(CHAIN, 0, 100) == [
            (one.payload.number, 1, one.signed.compact) for one in entries
        ]
        assert [number for number, _, _ in source.read(CHAIN, 2, 2)] == [3, 4]
        assert source.oldest_at(CHAIN, 3) == entries[3].payload.at


def test_the_source_finds_nothing_in_a_chain_that_is_not_there_or_all_sent(
    counter: CampaignCounter,
) -> None:
    with closing(Reader(counter.folder.till_db, "till")) as reader:
        source = JournalSource(reader)
        assert source.head("campaign:nowhere") is None
        assert source.read("campaign:nowhere", 0, 10) == []
        assert source.oldest_at("campaign:nowhere", 0) is None


def test_the_source_says_that_the_journal_cannot_be_read(
    counter: CampaignCounter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise DiskFailed(reason="disk I/O error")

    with closing(Reader(counter.folder.till_db, "till")) as reader:
        source = JournalSource(reader)
        monkeypatch.setattr(reader, "row", broken)
        monkeypatch.setattr(reader, "rows", broken)
        with pytest.raises(JournalUnreadable, match="disk"):
            source.seq()
        with pytest.raises(JournalUnreadable, match="disk"):
            source.read(CHAIN, 0, 1)


# --- enrolling ---------------------------------------------------------------------------------


def test_enrolling_shows_the_same_six_digits_on_both_sides(town: Town) -> None:
    with linked(town.counter) as link:
        made = link.enrol(town.origin, town.code(), "01")
    assert (made.campaign, made.shop_name, made.epoch) == (CAMPAIGN, "Épicerie du Peyrou", 1)
    (till,) = town.status().campaigns[0].shops[0].tills
    assert till.fingerprint == made.fingerprint
    assert len(made.fingerprint) == 6
    town.counter.sell()  # while the till is open it takes part from the next sale
    assert len(town.counter.chain(CHAIN)) == 1


def test_a_code_typed_with_spaces_and_small_letters_is_the_same_code(town: Town) -> None:
    code = town.code().lower()
    with linked(town.counter) as link:
        assert link.enrol(town.origin + "/", f" {code[:4]} {code[4:]} ", "01").epoch == 1


def test_enrolling_twice_keeps_what_was_acknowledged(town: Town) -> None:
    code = town.code()
    with linked(town.counter) as link:
        first = link.enrol(town.origin, code, "01")
        town.counter.sell()
        _run_until_sent(town, link)
        again = link.enrol(town.origin, code, "01")
        assert again.fingerprint == first.fingerprint
        stored = link.state.enrolment(CAMPAIGN)
    assert stored is not None
    assert stored.acknowledged == 1


@pytest.mark.parametrize(
    ("server", "code", "error"),
    [
        (None, "ABCDEFG2", Rejected),
        (None, "short", BadCode),
        ("http://127.0.0.1:1", "ABCDEFG2", Unreachable),
        ("ftp://127.0.0.1", "ABCDEFG2", BadAddress),
        ("not an address", "ABCDEFG2", BadAddress),
    ],
)
def test_an_enrolment_that_fails_leaves_no_trace(
    town: Town, server: str | None, code: str, error: type[Exception]
) -> None:
    with linked(town.counter) as link, pytest.raises(error):
        link.enrol(server or town.origin, code, "01")
    assert campaign_acts.status(town.counter.folder) == []
    assert town.counter.reader.active() == ()


def test_a_campaign_cannot_move_to_another_server_by_itself(town: Town) -> None:
    town.counter.enrol(CAMPAIGN)  # at another address
    with linked(town.counter) as link, pytest.raises(AlreadyEnrolled):
        link.enrol(town.origin, town.code(), "01")


def test_enrolling_is_refused_while_the_sync_runs(town: Town) -> None:
    busy = pytest.raises(InUse, match="another sync process")
    with linked(town.counter), busy, linked(town.counter):
        pytest.fail("two links are open")


def test_a_folder_in_which_no_till_was_opened_has_no_link(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "empty")
    folder.make()
    machine = Machine(tmp_path / "machine")
    with pytest.raises(NotOurs), open_link(folder, machine, now):
        pytest.fail("there is nothing to link")


# --- sending -----------------------------------------------------------------------------------


def _run_until_sent(town: Town, link: Link) -> Engine:
    """Run the engine on threads of its own until the server has it all."""
    engine = link.engine()
    engine.start()
    try:
        head = link.source.head(CHAIN)
        wanted = head[0] if head else 0

        def sent() -> bool:
            stored = link.state.enrolment(CAMPAIGN)
            return stored is not None and stored.acknowledged >= wanted

        eventually(sent)
    finally:
        engine.stop()
    return engine


def test_every_sale_reaches_the_server_once(town: Town) -> None:
    with linked(town.counter) as link:
        link.enrol(town.origin, town.code(), "01")
        for _ in range(7):
            town.counter.sell()
        _run_until_sent(town, link)
        assert town.booked() == (7, 7 * 345)
        town.counter.sell()
        _run_until_sent(town, link)
        _run_until_sent(town, link)
    assert town.booked() == (8, 8 * 345)
    assert town.counter.reader.link().waiting == 0


def test_the_status_counts_what_is_sent_and_what_waits(town: Town) -> None:
    folder = town.counter.folder
    assert campaign_acts.status(folder) == []
    with linked(town.counter) as link:
        link.enrol(town.origin, town.code(), "01")
        town.counter.sell()
        _run_until_sent(town, link)
    town.counter.sell()
    town.counter.sell()
    (found,) = campaign_acts.status(folder)
    oldest = [one for one in town.counter.entries if one.payload.chain == CHAIN][1]
    assert (found["entries"], found["acknowledged"], found["waiting"]) == (3, 1, 2)
    assert found["oldest_unsent_at"] == oldest.payload.at
    assert (found["campaign"], found["epoch"], found["trouble"]) == (CAMPAIGN, 1, "")
    assert found["server"] == town.origin
    assert found["halted"] is False


def test_the_status_of_a_damaged_file_is_an_error_that_says_so(town: Town) -> None:
    town.counter.enrol(CAMPAIGN)
    town.counter.folder.campaign_db.write_text("not a database" * 100)
    with pytest.raises(StateError, match=r"campaign\.db"):
        campaign_acts.status(town.counter.folder)


def test_a_restored_till_goes_on_under_its_new_epoch_and_every_sale_arrives_once(
    town: Town,
) -> None:
    with linked(town.counter) as link:
        link.enrol(town.origin, town.code(), "01")
        town.counter.sell()
        town.counter.sell()
        _run_until_sent(town, link)
    town.counter.renew()
    with linked(town.counter) as link:
        made = link.enrol(town.origin, town.code(), "01")
        assert made.epoch == 2
        town.counter.sell()
        _run_until_sent(town, link)
    assert town.booked() == (3, 3 * 345)


# --- the process's own loop --------------------------------------------------------------------


class Enough(Exception):
    """The test has seen what it wanted."""


def test_a_new_epoch_is_taken_up_while_the_sync_runs(
    counter: CampaignCounter, monkeypatch: pytest.MonkeyPatch
) -> None:
    epochs: list[int] = []
    ended: list[BaseException] = []
    first = threading.Event()
    make = Link.engine

    def engine(link: Link) -> Engine:
        epochs.append(link.identity.epoch)
        if len(epochs) == 2:
            raise Enough
        first.set()
        return make(link)

    def work() -> None:
        try:
            campaign_link.run(counter.folder, counter.machine, now)
        except Enough as error:
            ended.append(error)

    monkeypatch.setattr(Link, "engine", engine)
    monkeypatch.setattr(campaign_link, "LOOK_EVERY_S", 0.02)
    thread = threading.Thread(target=work, name="sync")
    thread.start()
    assert first.wait(30)
    counter.renew()
    thread.join(30)
    assert not thread.is_alive()
    assert epochs == [1, 2]
    assert len(ended) == 1


def test_new_entries_wake_the_engine_and_a_journal_that_cannot_be_read_is_only_logged(
    counter: CampaignCounter, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    woken = threading.Semaphore(0)

    class Woken:
        def wake(self) -> None:
            woken.release()

        def stop(self) -> None:
            pytest.fail("nothing changed its epoch")

    monkeypatch.setattr(campaign_link, "LOOK_EVERY_S", 0.02)
    ended = threading.Event()
    with linked(counter) as link:
        watcher = threading.Thread(target=campaign_link._watch, args=(link, Woken(), ended))
        watcher.start()
        try:
            assert woken.acquire(timeout=30)  # once at the start
            counter.sell()
            assert woken.acquire(timeout=30)
            assert not woken.acquire(blocking=False)
            with monkeypatch.context() as patch:
                patch.setattr(JournalSource, "seq", _unreadable)
                eventually(lambda: "cannot be read" in caplog.text)
            counter.sell()
            assert woken.acquire(timeout=30)
        finally:
            ended.set()
            watcher.join(30)


def _unreadable(_: JournalSource) -> int:
    raise JournalUnreadable("disk I/O error")
