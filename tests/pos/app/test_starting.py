from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from pos.app.start import start
from pos.app.take_payment import take_tender
from pos.domain.events import EventCode
from tests.pos.fakes import WINE, Counter


def test_each_start_is_journaled_with_the_version_of_the_program(counter: Counter) -> None:
    before = len(counter.events(EventCode.STARTED))
    counter.restart()
    started = counter.events(EventCode.STARTED)
    assert len(started) == before + 1
    assert started[-1]["software"] == "Comptoir"


def test_a_change_of_what_tickets_say_of_the_shop_is_an_event(counter: Counter) -> None:
    counter.restart()
    assert counter.events(EventCode.SETTINGS_CHANGED) == []
    settings = counter.desk.settings
    counter.desk.settings = replace(settings, shop=replace(settings.shop, siret="12345678901234"))
    start(counter.desk)
    (told,) = counter.events(EventCode.SETTINGS_CHANGED)
    assert told["changed"] == ["siret"]
    assert (told["before"]["siret"], told["after"]["siret"]) == ("", "12345678901234")


def test_a_version_other_than_that_of_the_last_ticket_is_an_event(counter: Counter) -> None:
    counter.ring(WINE)
    take_tender(counter.desk, "cash").wait()
    counter.restart()
    assert counter.events(EventCode.NEW_VERSION) == []
    settings = counter.desk.settings
    counter.desk.settings = replace(settings, shop=replace(settings.shop, software="Comptoir 2"))
    start(counter.desk)
    told = {"before": "Comptoir", "software": "Comptoir 2"}
    assert counter.events(EventCode.NEW_VERSION) == [told]


def test_a_new_version_is_told_once_even_when_nothing_is_sold(counter: Counter) -> None:
    settings = counter.desk.settings
    counter.desk.settings = replace(settings, shop=replace(settings.shop, software="Comptoir 2"))
    start(counter.desk)
    start(counter.desk)
    assert len(counter.events(EventCode.NEW_VERSION)) == 1


def test_a_clock_that_went_back_is_told_and_the_till_goes_on(counter: Counter) -> None:
    last = counter.last.payload.at
    counter.now -= timedelta(hours=1)
    counter.restart()
    assert counter.events(EventCode.CLOCK_WENT_BACK) == [{"last": last}]
    counter.sign_on()
    counter.ring(WINE)
    assert take_tender(counter.desk, "cash").wait() is not None
    counter.audit()
