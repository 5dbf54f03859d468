"""A till that had a network once, to enrol, and since then knows its campaign by USB stick only."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from sync.bringing import Delivered, bring
from sync.carry import Exported, export, take_in
from sync.client import Client
from sync.contract.feed import FEED_TYP, FeedItem
from sync.contract.jws import SigningKey
from sync.contract.messages import open_signed, to_payload
from sync.contract.status_list import INVALID, VALID
from sync.contract.stick import RECEIPT_TYP, STICK_LINES, ItemLine, StickReceipt
from sync.contract.voucher import read as read_voucher
from sync.enrolment import enrol
from sync.errors import (
    DamagedStick,
    ForeignStick,
    Fork,
    OldStick,
    Quarantined,
    Rejected,
    RolledBack,
    SyncError,
    Untrusted,
)
from sync.frames import Carried
from sync.http import HttpTransport
from sync.organiser import OrganiserClient
from sync.records import Enrolment
from sync.state import State, StateReader
from sync.stick import write_lines
from tests.sync.live import City, SyncProcess, live_city
from tests.sync.rig import Journal, Who
from tests.sync.server.market import CAMPAIGN
from tests.sync.test_engine import until

THIEF = SigningKey.from_secret(666)


@dataclass
class Trip:
    """A till, a stick, and the organiser's desk."""

    city: City
    folder: Path
    state: State
    reader: StateReader
    journal: Journal
    organiser: OrganiserClient

    @property
    def stick(self) -> Path:
        made = self.folder / "stick"
        made.mkdir(exist_ok=True)
        return made

    @property
    def who(self) -> Who:
        return Who.of(self.journal.till)

    def enrol(self) -> None:
        """The one thing that needs a network."""
        with closing(HttpTransport(self.city.origin)) as line:
            client = Client(self.city.origin, line, self.who, self.city.clock.now)
            enrol(self.state, client, self.city.code(), shop_till="01", software="0.1.0")

    def export(self) -> Exported:
        now = self.city.clock.now
        (made,) = export(self.reader, self.journal, self.who, now, self.stick)
        return made

    def bring(self, path: Path) -> Delivered:
        return bring(self.organiser, path, path.parent)

    def take_in(self, path: Path) -> Carried:
        return take_in(self.state, self.journal, self.who, path, self.city.clock.now)

    def round(self) -> Carried:
        """Out, to the organiser, and back in."""
        return self.take_in(self.bring(self.export().path).answer)

    @contextmanager
    def file_free(self) -> Iterator[None]:
        """Let another process have campaign.db for a while."""
        self.state.close()
        yield
        self.state = State(self.folder / "campaign.db")

    def stored(self) -> Enrolment:
        found = self.state.enrolment(CAMPAIGN)
        assert found is not None
        return found

    def booked(self) -> int:
        """Sales of the shop that the server counts."""
        shops = self.city.market.api.status()["campaigns"][0]["shops"]
        return sum(one["turnover"]["sales"] for one in shops if one["name"] == "Port")

    def nothing_changed(self) -> tuple[Enrolment, int, int]:
        """What a refused file must leave as it was."""
        lists = len(self.reader.status_lists(CAMPAIGN))
        return self.stored(), self.state.last_item(self.stored()), lists


@pytest.fixture
def trip(tmp_path: Path) -> Iterator[Trip]:
    path = tmp_path / "campaign.db"
    with (
        live_city(tmp_path / "server") as city,
        closing(StateReader(path)) as reader,
        closing(HttpTransport(city.origin)) as line,
    ):
        token = city.services.secrets.admin_token
        organiser = OrganiserClient(line, token, city.clock.now)
        trip = Trip(city, tmp_path, State(path), reader, Journal(), organiser)
        trip.enrol()
        yield trip
        trip.state.close()


def receipt_of(path: Path) -> StickReceipt:
    first = path.read_bytes().split(b"\n")[0]
    return open_signed(first, RECEIPT_TYP, StickReceipt)[0]


def resigned(path: Path, key: SigningKey, **changes: object) -> None:
    """Write another receipt into an answer."""
    lines = path.read_bytes().split(b"\n")
    receipt = msgspec.structs.replace(receipt_of(path), **changes)
    lines[0] = key.sign(to_payload(receipt), RECEIPT_TYP).compact
    path.write_bytes(b"\n".join(lines))


class TestTheRoundTrip:
    def test_sales_go_out_and_the_acknowledgement_comes_back(self, trip: Trip) -> None:
        trip.journal.sell(450)
        made = trip.export()
        assert (made.entries, made.left) == (450, 0)
        delivered = trip.bring(made.path)
        assert (delivered.accepted, delivered.duplicate, delivered.rejected) == (450, 0, 0)
        assert trip.booked() == 450
        assert trip.stored().acknowledged == 0
        assert trip.take_in(delivered.answer).acknowledged == 450
        assert trip.stored().acknowledged == 450
        assert trip.stored().digest == trip.journal.till.entries[-1].digest

    def test_the_news_and_the_lists_come_with_it(self, trip: Trip) -> None:
        token = trip.city.voucher()
        said = read_voucher(token).voucher
        carried = trip.round()
        assert carried.lists == 1
        kinds = {one.kind for one in _news(trip)}
        assert {"rules", "state", "shop", "lease", "lists"} <= kinds
        assert carried.items == len(_news(trip))
        assert trip.reader.status_lists(CAMPAIGN)[said.batch].list.get(said.index) == VALID
        trip.city.market.sell("Quai", 3000, trip.city.market.redeem(token))
        trip.city.market.send("Quai")
        trip.city.clock.advance(hours=1)
        again = trip.round()
        assert again.items == 0
        assert trip.reader.status_lists(CAMPAIGN)[said.batch].list.get(said.index) == INVALID

    def test_everything_twice_counts_once(self, trip: Trip) -> None:
        trip.journal.sell(3)
        path = trip.export().path
        first = trip.bring(path)
        second = trip.bring(path)
        assert (second.accepted, second.duplicate) == (0, 3)
        assert trip.booked() == 3
        before = trip.take_in(first.answer)
        assert trip.take_in(second.answer).acknowledged == before.acknowledged == 3
        assert trip.stored().rejected == 0

    def test_only_what_is_new_goes_out_the_next_time(self, trip: Trip) -> None:
        trip.journal.sell(3)
        trip.round()
        trip.journal.sell(2)
        assert trip.export().entries == 2
        assert trip.round().acknowledged == 5
        assert trip.booked() == 5

    def test_what_the_server_does_not_count_is_told_once(self, trip: Trip) -> None:
        trip.journal.sell(1)
        trip.journal.till.add({"type": "dance"})
        delivered = trip.bring(trip.export().path)
        assert (delivered.accepted, delivered.rejected) == (1, 1)
        for _ in range(2):
            trip.take_in(delivered.answer)
        assert trip.stored().rejected == 1
        (rejection,) = trip.reader.rejections(trip.stored())
        assert rejection.number == 2

    def test_a_line_that_comes_back_goes_on_where_the_stick_was(self, trip: Trip) -> None:
        trip.journal.sell(3)
        trip.round()
        trip.journal.sell(1)
        process = SyncProcess(trip.folder, trip.city.clock, trip.journal)
        with trip.file_free(), process.running():
            until(lambda: trip.reader.enrolments()[0].acknowledged == 4)
        assert trip.booked() == 4
        assert process.told == []

    def test_a_sync_that_runs_takes_the_answer_in(self, trip: Trip) -> None:
        trip.journal.sell(2)
        answer = trip.bring(trip.export().path).answer
        process = SyncProcess(trip.folder, trip.city.clock, trip.journal)
        with trip.file_free(), process.running():
            assert process.calls.carry(answer).acknowledged == 2
            with pytest.raises(SyncError) as refused:
                process.calls.carry(trip.stick / "nothing")
            assert refused.value.trouble == "stick-damaged"

    def test_a_new_epoch_hands_over_what_the_old_one_had_not_sent(self, trip: Trip) -> None:
        trip.journal.sell(3)
        trip.round()
        trip.journal.sell(2)
        trip.journal.till.go_on(0xBEEF)
        trip.journal.sell(1)  # under the new epoch, before the organiser knows of it
        trip.enrol()
        for _ in range(2):  # the server may first have to ask for entries before those
            trip.round()
        assert trip.stored().epoch == 2
        assert trip.stored().acknowledged == 6
        assert trip.booked() == 6

    def test_a_server_that_was_put_back_is_given_all_it_lost(self, trip: Trip) -> None:
        trip.journal.sell(2)
        trip.round()
        lost = trip.export()
        answer = trip.bring(lost.path).answer
        nothing = {"acknowledged": 0, "head": "0" * 64}
        resigned(answer, trip.city.services.secrets.key, **nothing)
        assert trip.take_in(answer).acknowledged == 0
        assert trip.export().entries == 2


class TestTheTillsFile:
    def test_is_whole_or_not_there(self, trip: Trip, monkeypatch: pytest.MonkeyPatch) -> None:
        trip.journal.sell(1)

        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(OSError, match="No space"):
                trip.export()
        assert list(trip.stick.iterdir()) == []
        assert trip.export().entries == 1
        assert len(list(trip.stick.iterdir())) == 1

    @pytest.mark.parametrize("cut", ["half", "line", "head", "nothing"])
    def test_cut_short_is_refused_before_anything_is_booked(self, trip: Trip, cut: str) -> None:
        trip.journal.sell(401)
        path = trip.export().path
        whole = path.read_bytes()
        lines = whole.splitlines(keepends=True)
        left = {
            "half": whole[: len(whole) // 2],
            "line": b"".join(lines[:-1]),
            "head": lines[0],
            "nothing": b"",
        }
        path.write_bytes(left[cut])
        with pytest.raises(DamagedStick):
            trip.bring(path)
        assert trip.booked() == 0
        assert not list(trip.stick.glob("*.comptoir-answer"))

    @pytest.mark.parametrize(
        "change",
        [
            lambda lines: [lines[0], b"garbage\n", *lines[2:]],
            lambda lines: [lines[0], b"\n", *lines[1:]],
            lambda lines: [*lines, lines[-1]],
            lambda lines: [b"x" + lines[0], *lines[1:]],
            lambda lines: [lines[0], lines[1].replace(b"campaign:noel", b"campaign:ete"), lines[2]],
        ],
    )
    def test_changed_is_refused_before_anything_is_booked(
        self, trip: Trip, change: Callable[[list[bytes]], list[bytes]]
    ) -> None:
        trip.journal.sell(201)
        path = trip.export().path
        path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))
        with pytest.raises(DamagedStick):
            trip.bring(path)
        assert trip.booked() == 0

    def test_with_a_changed_entry_books_none_of_its_piece(self, trip: Trip) -> None:
        trip.journal.sell(3)
        path = trip.export().path
        head, line = path.read_bytes().splitlines()
        piece = json.loads(line)
        piece["entries"][1] = piece["entries"][0]
        write_lines(path, [head, json.dumps(piece).encode()])
        with pytest.raises(Rejected) as refused:
            trip.bring(path)
        assert refused.value.trouble == "broken-link"
        assert trip.booked() == 0

    def test_of_a_stranger_is_refused(self, trip: Trip) -> None:
        trip.journal.sell(1)
        trip.journal.till.key = THIEF
        with pytest.raises(Rejected) as refused:
            trip.bring(trip.export().path)
        assert refused.value.trouble == "unauthorised"

    def test_of_an_earlier_epoch_is_refused(self, trip: Trip) -> None:
        trip.journal.sell(1)
        path = trip.export().path
        trip.journal.till.go_on(0xBEEF)
        trip.enrol()
        with pytest.raises(Rejected) as refused:
            trip.bring(path)
        assert refused.value.trouble == "epoch-closed"
        assert trip.round().acknowledged == 1  # the same sale, under the new epoch

    def test_needs_the_organiser(self, trip: Trip) -> None:
        trip.journal.sell(1)
        path = trip.export().path
        with closing(HttpTransport(trip.city.origin)) as line:
            stranger = OrganiserClient(line, "x" * 40, trip.city.clock.now)
            with pytest.raises(Rejected) as refused:
                bring(stranger, path, trip.stick)
        assert refused.value.trouble == "unauthorised"

    def test_of_a_clone_stops_it_and_the_answer_says_so(self, trip: Trip) -> None:
        trip.journal.sell(2)
        trip.round()
        clone = Journal(trip.journal.till.clone())
        trip.journal.sell(1)
        trip.bring(trip.export().path)
        clone.sell(1)
        trip.journal = clone
        delivered = trip.bring(trip.export().path)
        assert isinstance(delivered.refused, Fork)
        with pytest.raises(Fork):
            trip.take_in(delivered.answer)
        assert (trip.stored().halted, trip.stored().trouble) == (True, "fork")
        assert trip.booked() == 3

    def test_of_a_till_in_quarantine_is_answered_with_that(self, trip: Trip) -> None:
        trip.journal.sell(1)
        trip.round()
        trip.city.services.store.write_now(
            lambda db: db.execute(
                "UPDATE identity SET quarantine = 'two cards', quarantined_at = '2026'"
                " WHERE till = ?",
                (trip.who.till,),
            )
        )
        trip.journal.sell(1)
        delivered = trip.bring(trip.export().path)
        assert isinstance(delivered.refused, Quarantined)
        with pytest.raises(Quarantined, match="two cards"):
            trip.take_in(delivered.answer)
        assert (trip.stored().halted, trip.stored().acknowledged) == (True, 1)


class TestTheAnswer:
    """Whatever is wrong with it, the till is as it was, and the true one still works."""

    @pytest.fixture
    def answer(self, trip: Trip) -> Path:
        trip.journal.sell(2)
        trip.city.voucher()
        return trip.bring(trip.export().path).answer

    def refuse(self, trip: Trip, answer: Path, error: type[SyncError]) -> None:
        before = trip.nothing_changed()
        with pytest.raises(error):
            trip.take_in(answer)
        assert trip.nothing_changed() == before

    @pytest.mark.parametrize("share", [0, 1, 2, 3, 5])
    def test_cut_short(self, trip: Trip, answer: Path, share: int) -> None:
        whole = answer.read_bytes()
        answer.write_bytes(whole[: len(whole) * share // 6])
        self.refuse(trip, answer, DamagedStick)
        answer.write_bytes(whole)
        assert trip.take_in(answer).acknowledged == 2

    def test_without_one_of_its_items(self, trip: Trip, answer: Path) -> None:
        lines = answer.read_bytes().splitlines(keepends=True)
        answer.write_bytes(b"".join([lines[0], *lines[2:]]))
        self.refuse(trip, answer, DamagedStick)

    def test_signed_by_somebody_else(self, trip: Trip, answer: Path) -> None:
        resigned(answer, THIEF, acknowledged=1)
        self.refuse(trip, answer, Untrusted)

    def test_with_an_item_that_somebody_else_signed(self, trip: Trip, answer: Path) -> None:
        item = FeedItem(
            at="2026-11-22T18:00:00.000+00:00", campaign=CAMPAIGN, id=99, kind="notice", text="!"
        )
        _with_items(trip, answer, [THIEF.sign(to_payload(item), FEED_TYP).compact.decode()], 99)
        self.refuse(trip, answer, Untrusted)

    def test_with_an_item_for_another_till(self, trip: Trip, answer: Path) -> None:
        item = FeedItem(
            at="2026-11-22T18:00:00.000+00:00",
            campaign=CAMPAIGN,
            id=99,
            kind="notice",
            text="!",
            till="0c6c1a53-92c4-4f0e-8f39-2f5f0d8a9b11",
            epoch=1,
        )
        key = trip.city.services.secrets.key
        _with_items(trip, answer, [key.sign(to_payload(item), FEED_TYP).compact.decode()], 99)
        self.refuse(trip, answer, ForeignStick)

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"till": "0c6c1a53-92c4-4f0e-8f39-2f5f0d8a9b11"}, ForeignStick),
            ({"campaign": "ete"}, ForeignStick),
            ({"epoch": 2}, OldStick),
            ({"after": 10_000}, OldStick),
        ],
    )
    def test_for_somebody_else_or_another_time(
        self, trip: Trip, answer: Path, changes: dict[str, object], error: type[SyncError]
    ) -> None:
        resigned(answer, trip.city.services.secrets.key, **changes)
        self.refuse(trip, answer, error)

    def test_of_an_earlier_trip_takes_nothing_back(self, trip: Trip, answer: Path) -> None:
        trip.take_in(answer)
        trip.journal.sell(1)
        trip.round()
        assert trip.take_in(answer).acknowledged == 3
        assert trip.stored().acknowledged == 3

    def test_that_knows_more_than_the_journal_halts_the_till(
        self, trip: Trip, answer: Path
    ) -> None:
        trip.journal.put_back_to(1)
        with pytest.raises(RolledBack):
            trip.take_in(answer)
        assert (trip.stored().halted, trip.stored().trouble) == (True, "rolled-back")

    def test_that_is_no_answer(self, trip: Trip, answer: Path) -> None:
        self.refuse(trip, trip.export().path, DamagedStick)
        answer.write_bytes(os.urandom(5000))
        self.refuse(trip, answer, DamagedStick)

    def test_with_a_list_that_lies_is_taken_without_it(self, trip: Trip, answer: Path) -> None:
        lines = answer.read_bytes().splitlines()
        found = STICK_LINES.decode(lines[-1])
        assert not isinstance(found, ItemLine)
        forged = msgspec.structs.replace(found, batch=7)
        write_lines(answer, [*lines[:-1], msgspec.json.encode(forged)])
        carried = trip.take_in(answer)
        assert (carried.acknowledged, carried.lists) == (2, 0)
        assert trip.reader.status_lists(CAMPAIGN) == {}


def _with_items(trip: Trip, path: Path, items: list[str], through: int) -> None:
    """An answer with other items, under a receipt that the server signed."""

    digest = hashlib.sha256("\n".join(items).encode()).hexdigest()
    lines = [msgspec.json.encode(ItemLine(compact=one)) for one in items]
    write_lines(path, [path.read_bytes().splitlines()[0], *lines])
    key = trip.city.services.secrets.key
    resigned(path, key, items=len(items), digest=digest, after=0, through=through)


def _news(trip: Trip) -> list[FeedItem]:
    """What is stored of the feed."""
    with trip.state._file.read() as db:
        rows = db.execute("SELECT compact FROM news ORDER BY id").fetchall()
    return [open_signed(compact, FEED_TYP, FeedItem)[0] for (compact,) in rows]
