from __future__ import annotations

from datetime import date, datetime, time

import pytest

from sync.server.directory.hours_words import say_day, say_state
from sync.server.reference.hours import days, openness

SHOP = "Mo-Sa 09:00-12:30,14:00-19:00; PH off"
BAR = "Fr-Sa 18:00-02:30"


def said(spec: str, at: str) -> tuple[str, str]:
    moment = datetime.fromisoformat(at)
    found = openness(spec, moment)
    french = say_state(found, moment, "fr").replace("\N{NO-BREAK SPACE}", " ")
    return french, say_state(found, moment, "en")


@pytest.mark.parametrize(
    ("spec", "at", "french", "english"),
    [
        (SHOP, "2026-11-28T18:00+01:00", "ouvert jusqu'à 19 h", "open until 19:00"),
        (SHOP, "2026-11-27T13:00+01:00", "ouvre à 14 h", "opens at 14:00"),
        (SHOP, "2026-11-26T20:00+01:00", "ouvre demain à 9 h", "opens tomorrow at 09:00"),
        (SHOP, "2026-11-28T19:00+01:00", "ouvre lundi à 9 h", "opens on Monday at 09:00"),
        # A server's time is UTC: an hour or two behind the shop's.
        (SHOP, "2026-11-28T17:59:59+00:00", "ouvert jusqu'à 19 h", "open until 19:00"),
        (SHOP, "2026-11-28T18:00:00+00:00", "ouvre lundi à 9 h", "opens on Monday at 09:00"),
        (SHOP, "2026-07-18T17:00:00+00:00", "ouvre lundi à 9 h", "opens on Monday at 09:00"),
        # 14 July 2026 is a Tuesday.
        (SHOP, "2026-07-13T19:30+02:00", "ouvre mercredi à 9 h", "opens on Wednesday at 09:00"),
        (SHOP, "2026-07-14T10:00+02:00", "ouvre demain à 9 h", "opens tomorrow at 09:00"),
        ("Mo-Su 09:00-24:00", "2026-11-28T20:00+01:00", "ouvert jusqu'à minuit",
         "open until midnight"),
        ("Mo-Su 09:00-24:00", "2026-11-29T00:00+01:00", "ouvre à 9 h", "opens at 09:00"),
        ("Mo-Sa 09:30-19:00", "2026-11-26T20:00+01:00", "ouvre demain à 9 h 30",
         "opens tomorrow at 09:30"),
        (BAR, "2026-11-27T23:00+01:00", "ouvert jusqu'à 2 h 30", "open until 02:30"),
        (BAR, "2026-11-29T01:00+01:00", "ouvert jusqu'à 2 h 30", "open until 02:30"),
        (BAR, "2026-11-29T02:30+01:00", "ouvre vendredi à 18 h", "opens on Friday at 18:00"),
        ("24/7", "2026-11-29T02:30+01:00", "ouvert en continu", "open around the clock"),
        ("24/7; Dec 25 off", "2026-12-23T12:00+01:00", "ouvert jusqu'à demain minuit",
         "open until tomorrow midnight"),
        ("24/7; Dec 25 off", "2026-12-01T12:00+01:00", "ouvert jusqu'au 24 décembre à minuit",
         "open until 24 December, midnight"),
        ("Jan 1-31 10:00-12:00", "2026-12-20T12:00+01:00", "ouvre le 1er janvier à 10 h",
         "opens on 1 January at 10:00"),
        ("off", "2026-12-20T12:00+01:00", "fermé", "closed"),
        # The same hours in other words are no change.
        ('Mo-Fr 09:00-12:00 "shop"; Mo-Fr 12:00-14:00 "bar"', "2026-11-27T13:00+01:00",
         "ouvert jusqu'à 14 h", "open until 14:00"),
        ("", "2026-12-20T12:00+01:00", "", ""),
        ("Mo-Su unknown", "2026-12-20T12:00+01:00", "", ""),
    ],
)  # fmt: skip
def test_hours_are_said_as_people_say_them(spec: str, at: str, french: str, english: str) -> None:
    assert said(spec, at) == (french, english)


def test_in_the_night_that_is_an_hour_longer_a_bar_closes_once() -> None:
    seen = [
        openness(BAR, datetime.fromisoformat(f"2026-10-25T{utc}+00:00")).is_open
        for utc in ("00:15", "00:29", "00:30", "00:59", "01:00", "01:15", "01:45", "02:00")
    ]
    assert seen == [True, True, False, False, False, False, False, False]
    until = openness(BAR, datetime.fromisoformat("2026-10-25T00:15+00:00")).until
    assert until is not None
    assert until.timestamp() == datetime.fromisoformat("2026-10-25T00:30+00:00").timestamp()


def test_in_the_night_that_is_an_hour_shorter_a_bar_closes_at_three() -> None:
    at = datetime.fromisoformat("2026-03-29T00:45+00:00")
    found = openness(BAR, at)
    assert found.is_open
    assert found.until is not None
    assert found.until.timestamp() == datetime.fromisoformat("2026-03-29T01:00+00:00").timestamp()
    assert not openness(BAR, datetime.fromisoformat("2026-03-29T01:00+00:00")).is_open


def test_a_week_shows_holidays_and_nights_on_the_day_they_began() -> None:
    week = days("Mo-Th 09:00-12:30,14:00-19:00; Fr-Sa 22:00-02:30; PH off", date(2026, 7, 9), 7)
    morning, afternoon = (time(9), time(12, 30)), (time(14), time(19))
    night = (time(22), time(2, 30))
    assert [one.spans for one in week] == [
        (morning, afternoon),
        (night,),
        (night,),
        (),
        (morning, afternoon),
        (),
        (morning, afternoon),
    ]
    assert say_day(week[5], "fr") == ("mardi 14 juillet", ["fermé"])
    assert say_day(week[1], "en") == ("Friday 10 July", ["22:00 – 02:30"])


def test_a_shop_that_never_closes_is_open_all_day() -> None:
    for one in days("24/7", date(2026, 7, 9), 2):
        assert one.spans == ((time(), time()),)
        assert say_day(one, "fr")[1] == ["24 h sur 24"]


def test_a_day_can_end_at_midnight() -> None:
    shown = days("Mo-Su 09:00-24:00", date(2026, 7, 1), 1)[0]
    day, spans = say_day(shown, "fr")
    assert day == "mercredi 1er juillet"
    assert [one.replace("\N{NO-BREAK SPACE}", " ") for one in spans] == ["9 h – minuit"]
