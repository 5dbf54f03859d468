"""A new campaign's overview says what is left to do, until nothing is."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from sync.contract.jws import SigningKey
from sync.server.organiser.words import home as words
from sync.server.services import Services
from tests.sync.server.kit import Api, Till
from tests.sync.server.market import RULES
from tests.sync.server.people import session

ORDER = ["fund", "rules", "shops", "letters", "open"]
HOME = "/campaigns/noel"


class Start:
    """A campaign that has just been made, and its overview."""

    def __init__(self, api: Api, services: Services) -> None:
        api.order("campaigns", id="noel", name="Noël")
        self.api = api
        self.who = session(api, token=services.secrets.admin_token)

    def left(self, language: str = "fr") -> list[str]:
        """The steps that are not ticked; each stands with its link, in order."""
        headers = self.who | {"Accept-Language": language}
        page = self.api.ask("GET", HOME, headers=headers).text
        said = words.TEXTS["en" if language == "en" else "fr"]
        if said["steps_title"] not in page.replace("&#39;", "'"):
            return []
        found = re.findall(
            r'>([✓○])</span> <a href="([^"]+)">([^<]+)</a> <span class="hidden">\(([^)]+)\)', page
        )
        assert [name for *_, name, _ in found] == [said[f"step_{one}"] for one in ORDER]
        for sign, path, _, state in found:
            assert state == said["step_done" if sign == "✓" else "step_todo"]
            assert self.api.ask("GET", path, headers=headers).status_code == 200, path
        return [one for one, (sign, *_) in zip(ORDER, found, strict=True) if sign == "○"]

    def admin(self, path: str, **body: Any) -> None:
        found = self.api.ask("POST", f"/v1/admin{HOME}/{path}", json=body, headers=self.api.admin)
        assert found.status_code in (200, 201), found.text


@pytest.fixture
def start(api: Api, services: Services) -> Start:
    return Start(api, services)


def letters(start: Start) -> None:
    form = {"which": "waiting", "days": "21", "language": "fr", "sender": ""}
    path = f"{HOME}/letters"
    assert start.api.ask("POST", path, data=form, headers=start.who).status_code == 200


@pytest.mark.parametrize("language", ["fr", "en"])
def test_each_step_is_ticked_when_it_is_done(start: Start, language: str) -> None:
    assert start.left(language) == ORDER
    fee = {"sponsor": "Ville", "kind": "city", "name": "2026", "cents": 5000, "purpose": "fee"}
    start.admin("funds", **fee)  # which rewards nobody
    assert start.left(language) == ORDER
    start.admin("funds", **fee | {"purpose": "rewards", "name": "2027"})
    assert start.left(language) == ORDER[1:]
    start.admin("rules", **msgspec.to_builtins(RULES))
    assert start.left(language) == ORDER[2:]
    start.api.order("shops", campaign="noel", name="Port")
    assert start.left(language) == ORDER[3:]
    letters(start)
    assert start.left(language) == ORDER[4:]
    start.admin("state", state="open")
    assert start.left(language) == []


def test_a_till_that_has_come_ticks_the_letters(start: Start) -> None:
    shop = str(start.api.order("shops", campaign="noel", name="Port")["id"])
    start.api.order("shops", campaign="noel", name="Quai")
    assert "letters" in start.left()
    start.api.enrol(Till(SigningKey.from_secret(5)), shop)
    assert "letters" not in start.left()


def test_letters_that_ran_out_are_to_be_sent_again(start: Start) -> None:
    start.api.order("shops", campaign="noel", name="Port")
    letters(start)
    assert "letters" not in start.left()
    start.api.clock.advance(days=22)
    start.who = session(start.api, token=start.api.admin["Authorization"].split()[1])
    assert "letters" in start.left()


def test_a_campaign_that_is_over_needs_nothing(start: Start) -> None:
    start.admin("rules", **msgspec.to_builtins(RULES))
    start.admin("state", state="open")
    assert start.left() == ["fund", "shops", "letters"]
    start.admin("state", state="paused")
    assert start.left() == ["fund", "shops", "letters"]
    start.admin("state", state="ended")
    assert start.left() == []
