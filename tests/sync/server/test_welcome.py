"""What a phone shows that scans a pairing letter: what the letter is for, and no secret."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from sync.server import texts
from sync.server.organiser.words import welcome as words
from sync.server.services import Services
from sync.server.shops.letters import pairing_text
from sync.server.texts import Language
from tests.sync.server.kit import ORIGIN, Api
from tests.sync.server.people import session
from tests.sync.server.test_organiser_money_pages import Page


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_letters_address_says_what_the_letter_is_for(
    api: Api, shop: str, language: Language
) -> None:
    code = api.code(shop)
    address = urlsplit(pairing_text(ORIGIN, code))
    assert (address.path, address.fragment) == ("/", code)
    headers = {"Accept-Language": language}
    led = api.ask("GET", address.path, headers=headers)  # a browser sends no fragment
    assert (led.status_code, led.headers["location"]) == (303, "/bienvenue")
    shown = api.ask("GET", led.headers["location"], headers=headers)
    assert shown.status_code == 200
    assert "comptoir sync enrol" in " ".join(shown.text.split())
    Page(shown.text)
    plain = re.sub(r"&#39;", "'", shown.text)
    for said in texts.typeset(words.TEXTS)[language].values():
        assert said in plain


def test_it_tells_nobody_anything_of_a_campaign(api: Api, shop: str) -> None:
    code = api.code(shop)
    shown = api.ask("GET", "/bienvenue", params={"code": code}).text
    for secret in (code, shop, "noel", "Noël", "Épicerie"):
        assert secret not in shown


def test_who_is_logged_in_is_led_to_the_campaigns_as_before(
    api: Api, shop: str, services: Services
) -> None:
    assert shop
    admin = session(api, token=services.secrets.admin_token)
    assert "Noël à Saint-Malo" in api.ask("GET", "/", headers=admin).text
    wrong = {"Authorization": "Bearer no"}
    refused = api.ask("GET", "/", headers=wrong)
    assert (refused.status_code, refused.headers["location"]) == (303, "/login")


def test_every_word_of_it_is_there_in_both_languages() -> None:
    assert set(words.TEXTS["fr"]) == set(words.TEXTS["en"])
