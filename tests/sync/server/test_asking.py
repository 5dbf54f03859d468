"""What cannot be undone is asked for once more, with its amount; and what was done is said."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sync.server.services import Services
from tests.sync.server.kit import Api
from tests.sync.server.market import CAMPAIGN, Market
from tests.sync.server.test_organiser_money_pages import (
    FUND,
    HALLES,
    PORT,
    QUAI,
    SETTINGS,
    Office,
    Page,
    earn,
    take,
)

ASKED = {
    "fr": {
        "fund": ("Inscrire ce fonds ?", "Inscrire 1 234,50 €", "4 234,50 €"),
        "run": ("Préparer ce remboursement ?", "20,00 €"),
        "paid": ("La banque a payé cette ligne ?", "20,00 €"),
        "refused": ("La banque a refusé cette ligne ?", "20,00 €"),
        "all-paid": ("La banque a payé toutes ces lignes ?", "20,00 €"),
        "carnets": ("Donner ces bons aux caisses ?", "2,00 €", "6,00 €"),
    },
    "en": {
        "fund": ("Book this fund?", "Book €1,234.50", "€4,234.50"),
        "run": ("Prepare this settlement?", "€20.00"),
        "paid": ("Has the bank paid this line?", "€20.00"),
        "refused": ("Has the bank refused this line?", "€20.00"),
        "all-paid": ("Has the bank paid all these lines?", "€20.00"),
        "carnets": ("Give the tills these vouchers?", "€2.00", "€6.00"),
    },
}


@pytest.fixture
def office(api: Api, services: Services) -> Office:
    market = Market(api, services)
    market.open(PORT, QUAI, HALLES)
    earn(market, "anna", 1, 2)
    for _ in range(2):
        take(market, market.voucher("anna", 1000).token)
    return Office(api, services, market)


def asked(office: Office, what: str, path: str, **form: Any) -> dict[str, str]:
    """What is asked in both languages; the fields that saying yes sends."""
    for language in ("en", "fr"):
        headers = office.who | {"Accept-Language": language}
        found = office.api.ask("POST", f"/campaigns/{CAMPAIGN}/{path}", data=form, headers=headers)
        assert found.status_code == 200, found.text
        Page(found.text)
        shown = " ".join(found.text.replace("\u202f", " ").split())
        for said in ASKED[language][what]:
            assert said in shown.replace("&#39;", "'"), said
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', found.text)
    return {**dict(fields), "sure": "yes"}


def test_a_fund_is_asked_for_before_it_is_booked(office: Office) -> None:
    before = office.market.figures()
    yes = asked(office, "fund", "funds", **FUND, districts="halles; port", until_day="2026-12-24")
    assert office.market.figures() == before
    assert office.post("funds", **yes).endswith("?note=booked")
    assert office.market.figures()["pledged"] == 300_000 + 123_450
    assert "halles, port" in office.get("campaign?note=booked")
    pressed_twice = office.post("funds", 409, **yes)
    assert "Les financements ont changé" in pressed_twice
    assert office.market.figures()["pledged"] == 300_000 + 123_450


def test_a_fund_can_be_corrected_after_it_was_asked_for(office: Office) -> None:
    yes = asked(office, "fund", "funds", **FUND)
    again = office.post("funds", 200, **(yes | {"sure": "back"}))
    assert 'value="1 234,50"' in again
    assert "<details open>" in again
    assert office.market.figures()["pledged"] == 300_000


def test_a_fund_that_comes_too_late_is_not_asked_for(office: Office) -> None:
    office.do("funds", **FUND)
    office.post("funds", 409, **FUND)


def test_a_reimbursement_is_asked_for_before_it_is_prepared(office: Office) -> None:
    yes = asked(office, "run", "settlements")
    assert "Aucun" in office.get("settlements")
    office.post("settlements", **yes)
    office.post("settlements", 404)  # and nothing is left to ask for


@pytest.mark.parametrize("said", ["paid", "refused", "all-paid"])
def test_what_the_bank_did_is_asked_before_it_is_kept(office: Office, said: str) -> None:
    office.do("settlements")
    shop = {} if said == "all-paid" else {"shop": office.market.shops[QUAI]}
    yes = asked(office, said, "settlements/1/lines", **shop, state=said)
    (line,) = office.market.ask("settlements/1", "GET")["lines"]
    assert line["state"] == "prepared"
    office.post("settlements/1/lines", **yes)
    (line,) = office.market.ask("settlements/1", "GET")["lines"]
    assert line["state"] == ("refused" if said == "refused" else "paid")
    office.market.whole()


def test_paper_vouchers_are_asked_for_before_they_are_given(office: Office) -> None:
    path = f"shops/{office.market.shops[PORT]}/carnets"
    yes = asked(office, "carnets", path, value="2,00", count="3")
    office.get(f"shops/{office.market.shops[PORT]}")
    assert office.post(path, **yes).endswith("?note=given")


def test_settings_that_were_kept_are_said_once(office: Office) -> None:
    where = office.post("settings", **SETTINGS)
    assert where == f"/campaigns/{CAMPAIGN}/campaign?note=saved"
    for language, said in (("fr", "Les réglages sont enregistrés."), ("en", "settings are saved")):
        shown = office.get("campaign?note=saved", language=language)
        assert re.search(rf'<p role="status" class="done">[^<]*{said}', shown)
        assert shown.count('role="status"') == 1
        assert 'role="status"' not in office.get("campaign", language=language)
    assert 'role="status"' not in office.get("campaign?note=<b>")
    assert 'role="status"' not in office.post("settings", 422, **(SETTINGS | {"pacing": "x"}))
