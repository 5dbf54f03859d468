from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sync.contract.feed import FeedItem
from sync.contract.jws import SigningKey
from sync.contract.messages import Verdict
from sync.errors import InUse, StateError, Unreachable
from sync.records import Enrolment
from sync.state import State, StateReader
from sync.writes import NEWS_MAX, REJECTIONS_MAX, Mark, News

KEY = SigningKey.from_secret(1).public
AT = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
ORIGIN = "https://campagne.example"
MADE = Enrolment(
    "noel", 1, ORIGIN, "Noël", "shop", "Épicerie", "01", "123456", "2026-11-22T17:00:00.000+00:00"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "campaign.db"


def opened(path: Path) -> State:
    state = State(path)
    state.add_enrolment(MADE, KEY)
    return state


def stored(state: State) -> Enrolment:
    found = state.enrolment("noel")
    assert found is not None
    return found


def test_what_was_acknowledged_survives(path: Path) -> None:
    state = opened(path)
    state.acknowledge(MADE, Mark(7, "a" * 64), AT)
    state.close()
    state = State(path)
    assert (stored(state).acknowledged, stored(state).digest) == (7, "a" * 64)
    state.close()


def test_the_file_is_durable_strict_and_private(path: Path) -> None:
    state = opened(path)
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        kinds = db.execute("SELECT strict FROM pragma_table_list WHERE name NOT LIKE 'sqlite%'")
        assert {row[0] for row in kinds} == {1}
    db.close()
    assert path.stat().st_mode & 0o077 == 0
    state.close()


def test_one_process_writes(path: Path) -> None:
    state = opened(path)
    with pytest.raises(InUse):
        State(path)
    state.close()
    State(path).close()


def test_others_look_while_it_is_written(path: Path) -> None:
    state = opened(path)
    reader = StateReader(path)
    assert reader.enrolments() == [MADE]
    state.acknowledge(MADE, Mark(2, "b" * 64), AT)
    assert reader.enrolments()[0].acknowledged == 2
    state.close()
    assert reader.enrolments()[0].acknowledged == 2
    reader.close()


def test_looking_before_there_is_a_file_finds_nothing(path: Path) -> None:
    reader = StateReader(path)
    assert reader.enrolments() == []
    assert reader.server(ORIGIN) is None
    state = opened(path)
    assert reader.enrolments() == [MADE]
    reader.close()
    state.close()


def test_a_reader_cannot_write_or_checkpoint(path: Path) -> None:
    opened(path).close()
    before = path.read_bytes()
    reader = StateReader(path)
    reader.enrolments()
    reader.close()
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    path.write_bytes(b"not a database, but somebody's file" * 100)
    before = path.read_bytes()
    with pytest.raises(StateError, match=r"campaign\.db"):
        State(path)
    assert path.read_bytes() == before
    reader = StateReader(path)
    with pytest.raises(StateError):
        reader.enrolments()
    reader.close()


def test_a_file_of_a_later_version_is_refused(path: Path) -> None:
    opened(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StateError, match="99"):
        State(path)
    reader = StateReader(path)
    with pytest.raises(StateError, match="99"):
        reader.enrolments()
    reader.close()


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="nowhere"):
        State(tmp_path / "nowhere" / "campaign.db")


def test_trouble_comes_and_goes_and_a_halt_stays(path: Path) -> None:
    state = opened(path)
    state.trouble(MADE, Unreachable("no network"), AT)
    assert (stored(state).trouble, stored(state).detail) == ("unreachable", "no network")
    state.well(MADE)
    assert stored(state) == MADE
    state.halt(MADE, Unreachable("for good"))
    assert stored(state).halted
    state.add_enrolment(replace(MADE, campaign_name="Noël 2026"), KEY)
    assert stored(state).halted, "asking again with the same code mends nothing"
    state.add_enrolment(replace(MADE, epoch=2), KEY)
    assert not stored(state).halted
    state.close()


def test_only_a_later_epoch_counts(path: Path) -> None:
    state = opened(path)
    state.add_enrolment(replace(MADE, epoch=2, fingerprint="654321"), KEY)
    assert state.enrolments(1) == []
    assert [one.epoch for one in state.enrolments(2)] == [2]
    state.close()


def test_a_server_that_started_afresh_is_sent_everything(path: Path) -> None:
    state = opened(path)
    state.acknowledge(MADE, Mark(7, "a" * 64), AT)
    state.add_enrolment(replace(MADE, fingerprint="999999"), KEY)
    assert stored(state).acknowledged == 0
    state.close()


def test_rejections_are_counted_and_the_latest_are_kept(path: Path) -> None:
    state = opened(path)
    for first in range(1, REJECTIONS_MAX + 400, 200):
        verdicts = [
            Verdict(number=n, verdict="rejected", reason=f"no {n}")
            for n in range(first, first + 200)
        ]
        state.acknowledge(MADE, Mark(first + 199, "a" * 64), AT, verdicts)
    state.close()
    reader = StateReader(path)
    (found,) = reader.enrolments()
    assert found.rejected == 1400
    assert reader.rejections(found)[0].reason == "no 1400"
    reader.close()
    db = sqlite3.connect(path)
    assert db.execute("SELECT count(*) FROM rejection").fetchone() == (REJECTIONS_MAX,)
    db.close()


def news(number: int, text: str = "Bonjour") -> News:
    item = FeedItem(
        at="2026-11-22T17:00:00.000+00:00", campaign="noel", id=number, kind="notice", text=text
    )
    return News(item, f"compact {number}")


def test_news_are_kept_once_and_the_oldest_make_room(path: Path) -> None:
    state = opened(path)
    for first in range(1, NEWS_MAX + 100, 50):
        state.add_news(ORIGIN, str(first), [news(n) for n in range(first, first + 50)], AT)
    state.add_news(ORIGIN, "again", [news(NEWS_MAX, "Autre")], AT)
    assert state.server(ORIGIN).cursor == "again"
    state.close()
    db = sqlite3.connect(path)
    assert db.execute("SELECT count(*), max(id) FROM news").fetchone() == (NEWS_MAX, 1100)
    assert db.execute("SELECT count(*) FROM news WHERE text = 'Autre'").fetchone() == (0,)
    db.close()


def test_joining_another_campaign_reads_the_feed_from_the_start(path: Path) -> None:
    state = opened(path)
    state.add_news(ORIGIN, "41", [news(41)], AT)
    state.add_enrolment(replace(MADE, campaign="ete"), KEY)
    assert state.server(ORIGIN).cursor == ""
    state.close()


def test_only_the_key_that_people_compared_is_trusted(path: Path) -> None:
    state = opened(path)
    other = SigningKey.from_secret(2).public
    state.add_enrolment(replace(MADE, fingerprint="999999"), other)
    assert state.server(ORIGIN).keys == {other.kid: other.pem}
    state.close()


def test_contact_is_written_once_a_minute_unless_the_clock_moved(path: Path) -> None:
    state = opened(path)
    seen = []
    for seconds, offset in ((0, 0), (30, 0), (61, 0), (62, 5000)):
        state.contact(ORIGIN, AT + timedelta(seconds=seconds), offset)
        seen.append((state.server(ORIGIN).contact_at or "")[14:19])
    assert seen == ["00:00", "00:00", "01:01", "01:02"]
    assert state.offset_ms(ORIGIN) == 5000
    state.close()


def test_threads_take_turns(path: Path) -> None:
    state = opened(path)

    def write(first: int) -> None:
        for number in range(first, first + 20):
            state.add_news(ORIGIN, str(number), [news(number)], AT)

    threads = [threading.Thread(target=write, args=(n,)) for n in (1, 101, 201)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    state.close()
    db = sqlite3.connect(path)
    assert db.execute("SELECT count(*) FROM news").fetchone() == (60,)
    db.close()


def test_a_closed_file_refuses(path: Path) -> None:
    state = opened(path)
    state.close()
    with pytest.raises(StateError):
        state.acknowledge(MADE, Mark(1, "a" * 64), AT)
