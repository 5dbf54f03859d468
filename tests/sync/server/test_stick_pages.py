"""The organiser's page for USB sticks: a till's file in, the answer out, each bad file named."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from sync.contract.jws import SigningKey
from sync.contract.stick import STICK_BYTES_MAX
from sync.server import texts
from sync.server.organiser.words import sticks as words
from sync.server.services import Services
from sync.server.tills.errors import REASONS
from sync.server.tills.stick_pages import _REASONS
from tests.sync.server.kit import Api
from tests.sync.server.people import Person, join, session
from tests.sync.server.test_server_pages import Reader
from tests.sync.server.test_server_sticks import head
from tests.sync.test_usb import Trip, trip

__all__ = ["trip"]
STICKS = "/campaigns/noel/sticks"
FR, EN = (texts.typeset(words.TEXTS)[language] for language in ("fr", "en"))


def plain(text: str) -> str:
    """A text without what is only typography."""
    return " ".join(text.split())


class Desk:
    """An organiser at a browser, in a campaign of a server that a till's stick comes to."""

    def __init__(self, trip: Trip) -> None:
        self.trip = trip
        self.api: Api = trip.city.market.api
        services: Services = trip.city.services
        self.admin = session(self.api, token=services.secrets.admin_token)
        self.person: Person = join(self.api, self.admin, "noel", "mairie")

    def send(self, raw: bytes, **headers: str) -> Any:
        files = {"file": ("x.comptoir-export", raw)}
        return self.api.ask("POST", STICKS, files=files, headers=self.person.cookie | headers)

    def answer(self, shown: str) -> Any:
        (stick,) = re.findall(r'name="stick" value="([^"]+)"', shown)
        return self.ask_answer(stick)

    def ask_answer(self, stick: str) -> Any:
        how = {"data": {"stick": stick}, "headers": self.person.cookie}
        return self.api.ask("POST", f"{STICKS}/answer", **how)

    def refused(self, raw: bytes, reason: str, status: int = 422) -> str:
        """That a file is refused in both languages, and why."""
        for language, said in (("en", EN), ("fr", FR)):
            found = self.send(raw, **{"Accept-Language": language})
            shown = plain(Reader(found.text).text)
            assert found.status_code == status
            assert plain(said[f"stick_{reason}"].split("{")[0]) in shown
            assert 'role="alert"' in found.text
        return shown


@pytest.fixture
def desk(trip: Trip) -> Desk:
    return Desk(trip)


def exported(desk: Desk, sales: int) -> bytes:
    desk.trip.journal.sell(sales)
    return desk.trip.export().path.read_bytes()


class TestATillsFile:
    def test_is_booked_and_its_answer_is_read_at_the_till(self, desk: Desk) -> None:
        trip = desk.trip
        trip.city.voucher()
        shown = desk.send(exported(desk, 450))
        assert shown.status_code == 200
        page = Reader(shown.text)
        assert "Port, caisse 01" in page.text
        assert "1 à 450" in page.text
        assert trip.booked() == 450
        answer = desk.answer(shown.text)
        name = re.findall(r'filename="([^"]+)"', answer.headers["content-disposition"])[0]
        assert name.endswith(".comptoir-answer")
        (trip.stick / name).write_bytes(answer.content)
        carried = trip.take_in(trip.stick / name)
        assert (carried.acknowledged, carried.lists) == (450, 1)

    def test_is_told_in_english(self, desk: Desk) -> None:
        shown = desk.send(exported(desk, 2), **{"Accept-Language": "en"})
        assert "New, counted" in shown.text
        form = desk.api.ask("GET", STICKS, headers=desk.person.cookie | {"Accept-Language": "en"})
        assert "The till's file" in " ".join(Reader(form.text).text.split())

    def test_that_the_command_brought_too_counts_once(self, desk: Desk) -> None:
        raw = exported(desk, 3)
        desk.trip.bring(desk.trip.export().path)
        shown = desk.send(raw).text
        assert re.search(r"Déjà connues</dt><dd>3<", shown)
        assert desk.trip.booked() == 3

    def test_without_sales_brings_the_news_all_the_same(self, desk: Desk) -> None:
        shown = desk.send(exported(desk, 0))
        assert "aucune" in Reader(shown.text).text
        path = desk.trip.stick / "a.comptoir-answer"
        path.write_bytes(desk.answer(shown.text).content)
        assert desk.trip.take_in(path).items > 0

    def test_with_entries_that_say_nothing_known_says_so(self, desk: Desk) -> None:
        desk.trip.journal.till.add({"type": "dance"})
        shown = desk.send(exported(desk, 1)).text
        assert re.search(r"non comptées</dt><dd>⚠ 1<", shown)

    def test_of_a_clone_stops_the_till_and_is_answered(self, desk: Desk) -> None:
        trip = desk.trip
        trip.journal.sell(2)
        trip.round()
        clone = trip.journal.till.clone()
        desk.send(exported(desk, 1))
        trip.journal.till = clone
        shown = desk.send(exported(desk, 1))
        assert plain(FR["stick_stop_fork"]) in plain(Reader(shown.text).text)
        again = desk.send(trip.export().path.read_bytes())
        assert FR["stick_stop_quarantined"] in again.text
        assert desk.answer(again.text).status_code == 200
        assert trip.booked() == 3

    def test_that_leaves_something_out_is_answered_with_where_to_go_on(self, desk: Desk) -> None:
        trip = desk.trip
        raw = exported(desk, 2)
        path = trip.stick / "a.comptoir-answer"
        path.write_bytes(desk.answer(desk.send(raw).text).content)
        trip.take_in(path)
        raw = exported(desk, 1)
        trip.city.services.store.write_now(_lose_entries)
        assert plain(FR["stick_stop_gap"]) in plain(Reader(desk.send(raw).text).text)


def _lose_entries(db: Any) -> None:
    db.execute("UPDATE enrolment SET head_number = 0, head_digest = ?", (bytes(32),))
    db.execute("DROP TRIGGER entry_is_never_deleted")
    db.execute("DELETE FROM entry")


class TestABadFile:
    @pytest.mark.parametrize("raw", [b"", b"\xff\xd8\xff\xe0 a photograph\n", b"{}\n{}\n"])
    def test_that_no_till_wrote(self, desk: Desk, raw: bytes) -> None:
        desk.refused(raw, "no_export")

    def test_that_is_an_answer(self, desk: Desk) -> None:
        answer = desk.answer(desk.send(exported(desk, 1)).text).content
        desk.refused(answer, "is_answer")

    @pytest.mark.parametrize(
        "change",
        [
            lambda raw: raw[: len(raw) * 2 // 3],
            lambda raw: b"".join(raw.splitlines(keepends=True)[:-1]),
            lambda raw: raw + raw.splitlines(keepends=True)[-1],
            lambda raw: raw.replace(b"campaign:noel", b"campaign:ete"),
        ],
    )
    def test_that_is_not_whole_books_nothing(
        self, desk: Desk, change: Callable[[bytes], bytes]
    ) -> None:
        desk.refused(change(exported(desk, 401)), "not_whole")
        assert desk.trip.booked() == 0

    def test_that_is_too_large(self, desk: Desk) -> None:
        desk.refused(b"x" * (STICK_BYTES_MAX + 32 * 1024), "too_large", 413)

    def test_of_another_campaign(self, desk: Desk) -> None:
        desk.api.campaign("ete")
        other = join(desk.api, desk.admin, "ete", "other")
        raw = exported(desk, 1)
        mine, desk.person = desk.person, other
        assert desk.send(raw).status_code == 404  # whose page is not this organiser's
        found = desk.api.ask(
            "POST", "/campaigns/ete/sticks", files={"file": ("x", raw)}, headers=other.cookie
        )
        assert found.status_code == 422
        assert plain(FR["stick_elsewhere"].format(detail="noel")) in plain(Reader(found.text).text)
        desk.person = mine
        (stick,) = re.findall(r'name="stick" value="([^"]+)"', desk.send(raw).text)
        how = {"data": {"stick": stick}, "headers": other.cookie}
        assert desk.api.ask("POST", "/campaigns/ete/sticks/answer", **how).status_code == 404

    def test_of_a_till_that_nobody_knows(self, desk: Desk) -> None:
        desk.trip.journal.till.key = SigningKey.from_secret(666)
        desk.refused(exported(desk, 1), "unknown_till")

    def test_of_an_earlier_epoch(self, desk: Desk) -> None:
        raw = exported(desk, 1)
        desk.trip.journal.till.go_on(0xBEEF)
        desk.trip.enrol()
        desk.refused(raw, "earlier_epoch")

    def test_of_a_till_that_is_not_in_the_campaign(self, desk: Desk) -> None:
        desk.api.campaign("ete")
        other = join(desk.api, desk.admin, "ete", "other")
        raw = head(desk.trip.journal.till, campaign="ete", last=0).encode() + b"\n"
        how = {"files": {"file": ("x", raw)}, "headers": other.cookie}
        found = desk.api.ask("POST", "/campaigns/ete/sticks", **how)
        assert found.status_code == 422
        assert plain(FR["stick_not_enrolled"]) in plain(Reader(found.text).text)

    def test_with_a_changed_entry(self, desk: Desk) -> None:
        lines = exported(desk, 3).splitlines(keepends=True)
        entries = re.findall(rb'"([\w.-]{100,})"', lines[1])
        lines[1] = lines[1].replace(entries[1], entries[0])
        shown = desk.refused(b"".join(lines), "changed")
        assert "L'écriture n° 2" in shown
        assert desk.trip.booked() == 0

    def test_that_comes_too_often(self, desk: Desk) -> None:
        raw = exported(desk, 1)
        meter = desk.trip.city.services.meters.uplinks
        for _ in range(1200):
            meter.take(desk.trip.who.till)
        desk.refused(raw, "later")
        desk.api.clock.advance(minutes=1)
        assert desk.send(raw).status_code == 200

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"--x\r\n\r\n",
            b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nhalf',
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x\r\n\r\n2\r\n--x--',
            b"garbage",
        ],
    )
    def test_that_is_no_form_is_refused(self, desk: Desk, body: bytes) -> None:
        headers = desk.person.cookie | {"Content-Type": "multipart/form-data; boundary=x"}
        found = desk.api.ask("POST", STICKS, content=body, headers=headers)
        assert found.status_code == 400


def test_each_reason_has_its_sentence() -> None:
    assert set(_REASONS.values()) <= set(REASONS)
    for reason in REASONS:
        assert f"stick_{reason}" in FR
        assert f"stick_{reason}" in EN


def test_an_answer_needs_the_head_of_a_tills_file(desk: Desk) -> None:
    assert desk.ask_answer("").status_code == 422
    thief = desk.trip.journal.till.clone()
    thief.key = SigningKey.from_secret(666)
    assert desk.ask_answer(head(thief)).status_code == 422
