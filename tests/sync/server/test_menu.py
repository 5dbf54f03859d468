"""The words of the organiser's menu: each says its page, and none looks like another."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from itertools import combinations

import pytest

from sync.server.organiser.shell import SECTIONS
from sync.server.organiser.words import settlements, shell
from sync.server.services import Services
from sync.server.texts import Language
from tests.sync.server.kit import Api
from tests.sync.server.people import session


@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_two_words_of_the_menu_look_alike(language: Language) -> None:
    words = [shell.TEXTS[language][f"nav_{one}"].casefold() for one in SECTIONS]
    for one, other in combinations(words, 2):
        assert one[:4] != other[:4], (one, other)
        assert SequenceMatcher(None, one, other).ratio() < 0.75, (one, other)


def test_what_shops_are_owed_is_named_the_same_in_the_menu_and_on_its_page() -> None:
    for language in ("fr", "en"):
        named = shell.TEXTS[language]["nav_settlements"]
        assert named == settlements.TEXTS[language]["settlements"]
    assert shell.TEXTS["fr"]["nav_settlements"] == "Remboursements"


def test_every_page_of_the_menu_stands_and_names_itself(api: Api, services: Services) -> None:
    api.campaign()
    admin = session(api, token=services.secrets.admin_token)
    for section in SECTIONS:
        path = f"/campaigns/noel/{section}".rstrip("/")
        for language in ("fr", "en"):
            found = api.ask("GET", path, headers=admin | {"Accept-Language": language})
            assert found.status_code == 200, section
            current = re.findall(r'aria-current="page">([^<]+)</a>', found.text)
            said = shell.TEXTS[language][f"nav_{section}"]
            assert [one.replace("&#39;", "'") for one in current] == [said]
