from __future__ import annotations

import re

import pytest
from msgspec.structs import replace as changed

from sync.contract import claims, courier
from sync.server.services import Services
from sync.server.shopper.texts import TEXTS
from tests.sync.server.kit import Api
from tests.sync.server.market import CAMPAIGN, RULES, Market, secret
from tests.sync.server.phone import Phone, sell


@pytest.fixture
def market(api: Api, services: Services) -> Market:
    made = Market(api, services)
    made.open("Port", "Quai")
    return made


@pytest.fixture
def phone(market: Market) -> Phone:
    return Phone(market.api)


def test_a_receipt_becomes_a_voucher_without_any_account(market: Market, phone: Phone) -> None:
    address = sell(market)
    assert "Recevoir mes 10,00 €" in phone.get(address)
    assert "Recevoir mes 10,00 €" in phone.get(address)  # looking changes nothing
    assert "C'est dans votre porte-monnaie" in phone.send(address)
    wallet = phone.get("/porte-monnaie")
    assert "Préparer un bon de 10,00 €" in wallet
    assert "Port : 10,00 €" in wallet
    page = phone.send("/porte-monnaie/bon", campaign=CAMPAIGN, value=500)
    assert "Bon de 5,00 €" in page
    assert "<svg" in page
    assert re.search(r"Code court :.*[0-9A-Z]{5} [0-9A-Z]{5}", page)
    assert "Préparer un bon de 10,00 €" not in phone.get("/porte-monnaie")
    assert "<svg" in phone.get(f"/porte-monnaie/bon/{CAMPAIGN}/1/0")
    phone.send("/porte-monnaie/rendre", campaign=CAMPAIGN, batch=1, index=0)
    assert phone.status == 303
    assert "Préparer un bon de 10,00 €" in phone.get("/porte-monnaie")
    market.whole()


def test_what_can_be_spent_at_once_is_not_given_a_day(market: Market, phone: Phone) -> None:
    assert "à dépenser dès maintenant" in phone.send(sell(market))


def test_what_can_be_spent_later_is_given_its_day(api: Api, services: Services) -> None:
    market = Market(api, services, rules=changed(RULES, pending_days=2))
    market.open("Port")
    page = Phone(api).send(sell(market))
    assert re.search(r"à dépenser dès le \d\d/\d\d/\d{4}", page)
    assert "maintenant" not in page


def test_a_voucher_page_loaded_anew_makes_no_second_voucher(market: Market, phone: Phone) -> None:
    phone.send(sell(market))
    wish = {"campaign": CAMPAIGN, "value": 500, "after": "none"}
    assert "il n'est affiché que maintenant" in phone.send("/porte-monnaie/bon", **wish)
    phone.send("/porte-monnaie/bon", **wish)
    assert phone.last is not None
    assert phone.last.headers["location"] == f"/porte-monnaie/bon/{CAMPAIGN}/1/0"
    assert "le nouveau a un nouveau code" in phone.get(phone.last.headers["location"])
    wallet = phone.get("/porte-monnaie")
    after = re.search(r'name="after" value="([^"]*)"', wallet)
    assert after
    assert after[1] == "1/0"
    assert "<svg" in phone.send("/porte-monnaie/bon", **(wish | {"after": after[1]}))
    phone.send("/porte-monnaie/rendre", campaign=CAMPAIGN, batch=1, index=1)
    phone.send("/porte-monnaie/bon", **(wish | {"after": after[1]}))
    assert phone.last.headers["location"] == "/porte-monnaie"
    assert phone.get("/porte-monnaie").count("rendu ou remplacé") == 1
    market.whole()


def test_a_wallet_says_what_its_next_rewards_make_up_for(market: Market, phone: Phone) -> None:
    phone.send(sell(market))
    phone.send("/porte-monnaie/bon", campaign=CAMPAIGN, value=1000)
    assert "compenseront" not in phone.get("/porte-monnaie")
    till = market.tills["Port"]
    adjust = {"type": "adjust", "ticket": till.tickets, "before": 1000, "after": 0}
    till.add(till.ticket("refund", -6000, "2026-11-22") | {"rewards": [adjust]})
    market.send("Port")
    wallet = phone.get("/porte-monnaie")
    assert "compenseront d'abord 10,00 €" in wallet
    assert "-10,00 €" not in wallet


def test_a_printed_code_is_claimed_once(market: Market, phone: Phone) -> None:
    sell(market)
    code = claims.code(secret(1))
    assert "Recevoir mes 10,00 €" in phone.send("/c", code=code.lower())
    assert "C'est dans votre porte-monnaie" in phone.send("/c/claim", code=code)
    other = Phone(market.api)
    assert "ont déjà été pris" in other.send("/c", code=code)
    assert "Quelqu'un a déjà pris" in other.send("/c/claim", code=code)


def test_guessing_codes_is_slowed_down(market: Market, phone: Phone) -> None:
    seen = []
    for number in range(11):
        phone.send("/c", code=claims.code(secret(number)))
        seen.append(phone.status)
    assert seen == [404] * 10 + [429]


def test_a_wallet_moves_to_another_phone(market: Market, phone: Phone) -> None:
    phone.send(sell(market))
    page = phone.send("/porte-monnaie/code", campaign=CAMPAIGN)
    found = re.search(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", page)
    assert found
    other = Phone(market.api)
    other.send("/porte-monnaie/reprendre", code=found[0])
    assert "10,00 €" in other.get("/porte-monnaie")
    assert "vide" in phone.get("/porte-monnaie")
    other.send("/porte-monnaie/reprendre", code=found[0])
    assert other.status == 404


def test_a_phone_pays_a_till_that_has_no_network(market: Market, phone: Phone) -> None:
    phone.send(sell(market))
    text = market.challenge("Quai", 750, bytes(range(8)))
    assert "Payer 7,50 €" in phone.get(f"/P/{text}")
    paid = phone.send(f"/P/{text}")
    key = market.services.secrets.key
    own = courier.shared_secret(market.tills["Quai"].key, key.public)
    digits = courier.answer(own, courier.read(text).challenge)
    assert f"{digits[:4]} {digits[4:]}" in paid
    assert f"{digits[:4]} {digits[4:]}" in phone.send(f"/P/{text}")
    assert "Il vous reste 2,50 €" in phone.get(f"/P/{market.challenge('Quai', 300, bytes(8))}")
    Phone(market.api).send(f"/P/{text}")
    market.whole()


def test_nobody_sees_another_wallets_voucher(market: Market, phone: Phone) -> None:
    phone.send(sell(market))
    phone.send("/porte-monnaie/bon", campaign=CAMPAIGN, value=500)
    other = Phone(market.api)
    other.send(sell(market, 2))
    for stranger in (other, Phone(market.api)):
        stranger.get(f"/porte-monnaie/bon/{CAMPAIGN}/1/0")
        assert stranger.status == 404
        stranger.send("/porte-monnaie/rendre", campaign=CAMPAIGN, batch=1, index=0)
        assert stranger.status == 404
    stranger = Phone(market.api)
    stranger.send("/porte-monnaie/bon", campaign=CAMPAIGN, value=500)
    assert stranger.status == 404


@pytest.mark.parametrize("path", ["/C/nothing", "/P/nothing", "/C/C1AAAA", "/P/" + "A" * 500])
def test_what_is_no_code_is_said_in_plain_words(market: Market, phone: Phone, path: str) -> None:
    assert "abîmé ou incomplet" in phone.get(path)
    assert phone.status == 422


def test_a_form_of_another_site_changes_nothing(market: Market, phone: Phone) -> None:
    address = sell(market)
    response = market.api.ask("POST", address, headers={"Origin": "https://evil.example"})
    assert response.status_code == 403
    assert "Recevoir mes 10,00 €" in phone.get(address)


def test_more_than_the_wallet_has_is_refused(market: Market, phone: Phone) -> None:
    phone.send(sell(market))
    phone.send("/porte-monnaie/bon", campaign=CAMPAIGN, value=1000)
    said = phone.send("/porte-monnaie/bon", campaign=CAMPAIGN, value=1000)
    assert phone.status == 409
    assert "pas assez de gains" in said
    phone.send("/porte-monnaie/bon", campaign=CAMPAIGN, value="much")
    assert phone.status == 422


def test_both_languages_say_the_same_things(market: Market, phone: Phone) -> None:
    assert TEXTS["fr"].keys() == TEXTS["en"].keys()
    assert "Take my €10.00" in phone.get(sell(market), **{"Accept-Language": "en"})
