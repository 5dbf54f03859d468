"""What the till makes of the file that the sync process writes, whole or damaged."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest

from pos.adapters.campaigns import NOT_ENROLLED, STOPPED, UNREADABLE
from pos.adapters.sync_watch import GRACE_SECONDS, LOOK_SECONDS, SyncWatch
from pos.app import take_payment
from pos.app.campaign_ports import CampaignLink
from pos.app.views import show
from pos.i18n import language
from pos.plain.front import PlainFront
from sync.calls_socket import CallsSocket
from sync.errors import TimedOut
from sync.frames import SOCKET_NAME, Done
from tests.pos.adapters.campaign_counter import CampaignCounter
from tests.pos.fakes import BREAD

Damage = Callable[[Path], None]


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[CampaignCounter]:
    made = CampaignCounter(tmp_path)
    yield made
    made.close()


def chain_length(counter: CampaignCounter, campaign: str) -> int:
    """How many sales the chain of a campaign has."""
    return len(counter.chain(f"campaign:{campaign}"))


# --- a till in no campaign, in one, in two -----------------------------------------------------


def test_a_till_that_is_enrolled_nowhere_sells_and_writes_no_chain(
    counter: CampaignCounter,
) -> None:
    counter.sell()
    assert counter.reader.active() == ()
    assert counter.reader.link() == CampaignLink()
    assert not counter.folder.campaign_db.exists()  # looking makes no file


def test_a_campaign_joined_while_the_till_runs_is_written_from_the_next_sale(
    counter: CampaignCounter,
) -> None:
    counter.sell()
    counter.enrol("alpes")
    counter.sell()
    counter.enrol("noel")
    counter.sell()
    assert (chain_length(counter, "alpes"), chain_length(counter, "noel")) == (2, 1)


def test_the_link_counts_what_waits_and_since_when(counter: CampaignCounter) -> None:
    counter.enrol("alpes", "noel")
    began = counter.now
    for minute in range(3):
        counter.now = began + timedelta(minutes=minute)
        counter.sell()
    third = counter.entries[-1].payload.at
    counter.acknowledge("alpes", 3)
    counter.acknowledge("noel", 2)
    assert counter.reader.link() == CampaignLink(("alpes", "noel"), 1, third)
    counter.acknowledge("noel", 3)
    assert counter.reader.link() == CampaignLink(("alpes", "noel"))


def test_a_server_that_holds_more_than_the_journal_makes_nothing_wait(
    counter: CampaignCounter,
) -> None:
    counter.enrol("alpes")
    counter.sell()
    counter.acknowledge("alpes", 9)
    assert counter.reader.link().waiting == 0


def test_the_link_names_what_stands_in_the_way(counter: CampaignCounter) -> None:
    counter.enrol("alpes")
    counter.trouble("alpes", TimedOut("no answer in 30 s"))
    assert counter.reader.link().trouble == "timed-out"
    counter.sell()
    assert chain_length(counter, "alpes") == 1


# --- a sync process that does not run ------------------------------------------------------------


@contextmanager
def running(counter: CampaignCounter) -> Iterator[None]:
    """The sync process is there, as far as a till can see."""
    calls = CallsSocket(counter.folder.path / SOCKET_NAME, lambda _: Done(), monotonic)
    calls.start()
    try:
        yield
    finally:
        calls.stop()


def test_a_sync_that_is_gone_is_told_after_its_grace_though_nothing_waits(
    counter: CampaignCounter,
) -> None:
    counter.enrol("alpes")
    counter.trouble("alpes", TimedOut("what it wrote last"))
    with running(counter):
        assert counter.reader.link().trouble == "timed-out"
        counter.seconds += 10 * GRACE_SECONDS
        assert counter.reader.link().trouble == "timed-out"
    counter.seconds += LOOK_SECONDS
    assert counter.reader.link().trouble == "timed-out"
    counter.seconds += GRACE_SECONDS
    assert counter.reader.link() == CampaignLink(("alpes",), trouble=STOPPED)
    with running(counter):
        counter.seconds += LOOK_SECONDS
        assert counter.reader.link().trouble == "timed-out"


def test_a_socket_that_a_killed_sync_left_behind_is_nobody(counter: CampaignCounter) -> None:
    counter.enrol("alpes")
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(counter.folder.path / SOCKET_NAME))
    left.close()
    counter.reader.link()
    counter.seconds += GRACE_SECONDS
    assert counter.reader.link().trouble == STOPPED


def test_the_plain_front_says_that_sync_is_stopped_and_what_to_do(
    counter: CampaignCounter,
) -> None:
    counter.enrol("alpes")
    front = PlainFront(counter.desk, language("fr"), 0.01)
    front.do("show")
    counter.seconds += GRACE_SECONDS
    reply = front.do("show")
    assert reply is not None
    assert "Campagnes : Sync arrêtée : lancez « comptoir sync »" in reply.text
    assert reply.data["status"]["campaign_trouble"] == STOPPED


def test_a_till_in_no_campaign_misses_no_sync(counter: CampaignCounter) -> None:
    counter.reader.link()
    counter.seconds += 10 * GRACE_SECONDS
    assert counter.reader.link() == CampaignLink()


def test_a_short_restart_is_no_news_and_looks_are_far_between() -> None:
    looks, now, there = [], 0.0, True

    def is_there() -> bool:
        looks.append(now)
        return there

    watch = SyncWatch(is_there, lambda: now)
    for second in range(120):
        now, there = float(second), not 40 <= second < 60
        assert not watch.is_stopped()
    assert len(looks) == 120 / LOOK_SECONDS


# --- epochs ------------------------------------------------------------------------------------


def test_a_till_under_a_new_key_goes_on_with_its_campaigns_before_it_is_enrolled_anew(
    counter: CampaignCounter,
) -> None:
    counter.enrol("alpes")
    counter.sell()
    counter.renew()
    counter.sell()
    assert counter.reader.active() == ("alpes",)
    assert counter.reader.link().trouble == NOT_ENROLLED
    assert chain_length(counter, "alpes") == 2
    assert counter.reader.grants() == ()
    counter.enrol("alpes", epoch=2)
    counter.sell()
    assert chain_length(counter, "alpes") == 3
    counter.acknowledge("alpes", 1, epoch=2)
    assert counter.reader.link().waiting == 2


# --- damage ------------------------------------------------------------------------------------


def flipped(path: Path) -> None:
    """Bytes of the middle are others."""
    content = bytearray(path.read_bytes())
    content[100:4000] = bytes(byte ^ 0x5A for byte in content[100:4000])
    path.write_bytes(content)


def torn(path: Path) -> None:
    """Half of it is there."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 - 77])


def emptied(path: Path) -> None:
    """A power cut left a name and nothing in it."""
    path.write_bytes(b"")


def gone(path: Path) -> None:
    """It is not there."""
    path.unlink()


def text(path: Path) -> None:
    """It is no database."""
    path.write_text("not a database" * 100)


def a_folder(path: Path) -> None:
    """It is not even a file."""
    path.unlink()
    path.mkdir()


def of_a_later_version(path: Path) -> None:
    """A newer program wrote it."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 999")


def without_its_tables(path: Path) -> None:
    """Somebody emptied it with a tool."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TABLE enrolment")


def made_anew(path: Path) -> None:
    """The sync process found none, and made an empty one."""
    from sync.state import State

    path.unlink()
    State(path).close()


DAMAGES = (
    flipped, torn, emptied, gone, text, a_folder, of_a_later_version, without_its_tables, made_anew,
)  # fmt: skip


def damage_file(counter: CampaignCounter, damage: Damage) -> None:
    """Damage campaign.db, which nobody else has open."""
    path = counter.folder.campaign_db
    for more in ("-wal", "-shm"):
        path.with_name(path.name + more).unlink(missing_ok=True)
    damage(path)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_whatever_happens_to_the_file_no_sale_stops_and_none_misses_its_campaign(
    counter: CampaignCounter, damage: Damage
) -> None:
    counter.enrol("alpes")
    counter.sell()
    counter.reader.close()
    damage_file(counter, damage)
    counter.sell()
    counter.restart()  # nothing is remembered but what the journal has
    counter.sell()
    assert chain_length(counter, "alpes") == 3
    assert counter.reader.active() == ("alpes",)
    link = counter.reader.link()
    assert link.campaigns == ("alpes",)
    assert link.trouble in {UNREADABLE, NOT_ENROLLED}
    counter.audit()


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_campaign_that_was_read_once_goes_on_though_it_has_no_sale_yet(
    counter: CampaignCounter, damage: Damage
) -> None:
    counter.enrol("alpes")
    assert counter.reader.active() == ("alpes",)
    counter.reader.close()
    damage_file(counter, damage)
    counter.sell()
    assert chain_length(counter, "alpes") == 1


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("server.origin", "nowhere"),
        ("server.contact_at", "yesterday"),
        ("server.contact_at", "2026-11-22T18:00:00"),
        ("server_key.pem", "no key"),
        ("server_key.pem", "clé"),
        ("enrolment.origin", "nowhere"),
        ("enrolment.campaign", ""),
    ],
)
def test_values_that_make_no_sense_stop_no_sale(
    counter: CampaignCounter, column: str, value: str
) -> None:
    counter.enrol("alpes")
    table, name = column.split(".")
    with closing(sqlite3.connect(counter.folder.campaign_db)) as db:
        db.execute(f"UPDATE {table} SET {name} = ?", (value,))
        db.commit()
    counter.ring(BREAD)
    assert show(counter.desk).sale.due == 345
    assert take_payment.take_tender(counter.desk, "cash").wait() is not None
    counter.audit()


def test_a_file_that_is_damaged_under_an_open_reader_stops_no_sale(
    counter: CampaignCounter,
) -> None:
    counter.enrol("alpes")
    counter.sell()
    flipped(counter.folder.campaign_db)
    counter.sell()
    assert chain_length(counter, "alpes") == 2


def test_the_log_tells_of_a_damaged_file_once_and_again_after_it_was_well(
    counter: CampaignCounter, caplog: pytest.LogCaptureFixture
) -> None:
    counter.enrol("alpes")
    counter.sell()
    counter.reader.close()
    whole = counter.folder.campaign_db.read_bytes()
    for _ in range(2):
        damage_file(counter, text)
        for _ in range(3):
            assert counter.reader.link().trouble == UNREADABLE
        counter.folder.campaign_db.write_bytes(whole)
        assert counter.reader.link().trouble == ""
        counter.reader.close()
    assert len([one for one in caplog.records if "cannot be read" in one.message]) == 2
