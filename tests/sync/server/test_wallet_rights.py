from __future__ import annotations

import json
import re
from typing import Any

import pytest

from sync.server.services import Services
from tests.sync.server.kit import Api
from tests.sync.server.market import CAMPAIGN, Market
from tests.sync.server.phone import Phone, sell

EXPORT = "/porte-monnaie/donnees"
VOUCHER = f"/porte-monnaie/bon/{CAMPAIGN}/1"


@pytest.fixture
def market(api: Api, services: Services) -> Market:
    made = Market(api, services)
    made.open("Port", "Quai")
    return made


@pytest.fixture
def phone(market: Market) -> Phone:
    """A phone with ten euros."""
    made = Phone(market.api)
    made.send(sell(market))
    made.get("/porte-monnaie")
    return made


def known(phone: Phone) -> Any:
    text = phone.get(EXPORT)
    assert phone.status == 200
    return json.loads(text)["wallets"]


def make_voucher(phone: Phone, value: int = 500) -> None:
    phone.send("/porte-monnaie/bon", campaign=CAMPAIGN, value=value)
    assert phone.status == 200


def token(market: Market, index: int) -> str:
    found = market.ledger(
        lambda ledger: ledger.db.execute(
            "SELECT token FROM voucher WHERE campaign = ? AND batch = 1 AND idx = ?",
            (CAMPAIGN, index),
        ).fetchone()
    )
    return str(found[0])


def forget(phone: Phone) -> str:
    return phone.send("/porte-monnaie/oublier", campaign=CAMPAIGN, sure="yes")


# --- taking away what is known ---


def test_all_that_is_known_can_be_taken_away(market: Market, phone: Phone) -> None:
    make_voucher(phone)
    market.sell("Quai", 2000, market.redeem(token(market, 0)))
    market.send("Quai")
    phone.send(f"/P/{market.challenge('Quai', 300, bytes(8))}")
    wallet = known(phone)[0]
    assert (wallet["campaign"], wallet["available"], wallet["pending"]) == (CAMPAIGN, 200, 0)
    assert wallet["is_complete"]
    earn = wallet["earns"][0]
    assert (earn["shop"], earn["amount"], earn["base"]) == ("Port", 1000, 6000)
    voucher = wallet["vouchers"][0]
    assert (voucher["value"], voucher["state"], voucher["shop"]) == (500, "redeemed", "Quai")
    assert voucher["used_at"]
    assert [one["cents"] for one in wallet["payments"]] == [300]
    assert wallet["visits"] == [{"shop": "Port", "day": "2026-11-22"}]
    assert [one["promised"] for one in wallet["claims"]] == [1000]


def test_the_file_is_no_money(market: Market, phone: Phone) -> None:
    make_voucher(phone)
    text = phone.get(EXPORT)
    assert phone.last is not None
    assert phone.last.headers["content-disposition"].startswith("attachment")
    assert token(market, 0) not in text
    assert phone.cookie not in text


def test_nobody_takes_away_anothers_wallet(market: Market, phone: Phone) -> None:
    assert len(known(phone)) == 1
    assert known(Phone(market.api)) == []


# --- being forgotten ---


def test_what_is_lost_is_said_before(market: Market, phone: Phone) -> None:
    make_voucher(phone)
    page = phone.get(f"/porte-monnaie/oublier/{CAMPAIGN}")
    assert "5,00 € seront perdus" in page
    assert "Vos bons (5,00 €) restent valables" in page
    assert known(phone)  # looking changes nothing
    phone.send("/porte-monnaie/oublier", campaign=CAMPAIGN)
    assert phone.status == 422
    assert known(phone)


def test_a_forgotten_wallet_is_gone_and_its_sums_stay(market: Market, phone: Phone) -> None:
    make_voucher(phone)
    spends = token(market, 0)
    before = market.figures()
    assert "C'est effacé" in forget(phone)
    assert phone.last is not None
    assert 'comptoir-wallet=""' in phone.last.headers["set-cookie"]
    assert known(phone) == []
    assert "vide" in phone.get("/porte-monnaie")
    phone.get(f"{VOUCHER}/0")
    assert phone.status == 404
    after = market.figures()
    assert after["earned"] == before["earned"]
    assert (after["available"], after["expired"]) == (0, before["available"])
    visits = "SELECT count(*) FROM visit WHERE campaign = ?"
    assert market.ledger(lambda ledger: ledger.db.execute(visits, (CAMPAIGN,)).fetchone())[0] == 0
    # The voucher was handed over before: whoever holds it is still served.
    market.sell("Quai", 2000, market.redeem(spends))
    market.send("Quai")
    assert market.figures()["redeemed"] == 500
    market.whole()


def test_a_transfer_code_does_not_bring_a_forgotten_wallet_back(
    market: Market, phone: Phone
) -> None:
    page = phone.send("/porte-monnaie/code", campaign=CAMPAIGN)
    code = re.search(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", page)
    assert code
    forget(phone)
    other = Phone(market.api)
    other.send("/porte-monnaie/reprendre", code=code[0])
    assert other.status == 404
    assert known(other) == []


def test_a_receipt_of_a_forgotten_wallet_is_not_paid_twice(market: Market) -> None:
    address = sell(market)
    phone = Phone(market.api)
    phone.send(address)
    forget(phone)
    assert "Quelqu'un a déjà pris" in Phone(market.api).send(address)
    market.whole()


def test_nobody_deletes_anothers_wallet(market: Market, phone: Phone) -> None:
    stranger = Phone(market.api)
    forget(stranger)
    assert stranger.status == 404
    assert known(phone)


# --- a lost voucher ---


def test_a_lost_voucher_is_replaced_and_the_old_one_is_dead(market: Market, phone: Phone) -> None:
    make_voucher(phone)
    old = token(market, 0)
    page = phone.send("/porte-monnaie/perdu", campaign=CAMPAIGN, batch=1, index=0)
    assert "Bon de 5,00 €" in page
    assert re.search(r"Code court :.*[0-9A-Z]{5} [0-9A-Z]{5}", page)
    phone.get(f"{VOUCHER}/0")
    assert phone.status == 404
    phone.get(f"{VOUCHER}/1")
    assert phone.status == 200
    market.sell("Quai", 2000, market.redeem(old, "online"))
    market.send("Quai")
    assert market.findings() == ["policy"]
    assert market.figures()["redeemed"] == 0
    market.sell("Port", 2000, market.redeem(token(market, 1)))
    market.send("Port")
    assert market.figures()["redeemed"] == 500
    market.whole()


def test_a_voucher_that_was_spent_is_not_replaced(market: Market, phone: Phone) -> None:
    make_voucher(phone)
    market.sell("Quai", 2000, market.redeem(token(market, 0)))
    market.send("Quai")
    page = phone.send("/porte-monnaie/perdu", campaign=CAMPAIGN, batch=1, index=0)
    assert phone.status == 409
    assert "déjà été dépensé" in page
    phone.send("/porte-monnaie/perdu", campaign=CAMPAIGN, batch=1, index=0)
    assert market.figures()["vouchers"] == 0
    market.whole()


def test_nobody_replaces_anothers_voucher(market: Market, phone: Phone) -> None:
    make_voucher(phone)
    other = Phone(market.api)
    other.send(sell(market, 2))
    other.send("/porte-monnaie/perdu", campaign=CAMPAIGN, batch=1, index=0)
    assert other.status == 404
    phone.send("/porte-monnaie/perdu", campaign=CAMPAIGN, batch=1, index=7)
    assert phone.status == 404
    phone.get(f"{VOUCHER}/0")
    assert phone.status == 200
