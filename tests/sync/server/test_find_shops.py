from __future__ import annotations

import html
import re
from typing import Any

import msgspec
import pytest

from sync.contract.rewards.rules import (
    InstantWin,
    Limit,
    Percent,
    ReturnVisit,
    Tier,
    Tiers,
    Window,
)
from sync.server.directory.words import words
from sync.server.services import Services
from sync.server.shopper.find_texts import TEXTS
from sync.server.shopper.rules_words import say_limits, say_rules
from tests.sync.server.kit import Api
from tests.sync.server.market import CAMPAIGN, RULES, Market

HOURS = "Mo-Sa 09:00-19:00; PH off"
SEARCH = f"/commerces/{CAMPAIGN}"


@pytest.fixture
def market(api: Api, services: Services) -> Market:
    made = Market(api, services)
    made.open()
    return made


def add(market: Market, name: str, **facts: Any) -> str:
    """A shop that is listed. The tests begin on a Sunday at 18:00 in Paris."""
    shop = str(market.api.order("shops", campaign=CAMPAIGN, name=name)["id"])
    usual = {"town": "Saint-Malo", "postcode": "35400", "naf": "4724Z", "hours": HOURS}
    market.ask(f"shops/{shop}", "PUT", status=200, **(usual | facts))
    market.shops[name] = shop
    return shop


def page(market: Market, path: str, language: str = "fr", status: int = 200) -> str:
    found = market.api.ask("GET", path, headers={"Accept-Language": language})
    assert found.status_code == status, found.text
    return html.unescape(found.text).replace("\N{NO-BREAK SPACE}", " ")


def names(market: Market, **asked: str) -> list[str]:
    """The shops of a search's first page, as they are listed."""
    found = market.api.ask("GET", SEARCH, params=asked)
    assert found.status_code == 200
    return [html.unescape(one) for one in re.findall(r"<h3><a [^>]*>([^<]*)</a>", found.text)]


def test_words_are_found_without_accents_capitals_or_dashes() -> None:
    assert words("Saint-Malo") == words("ST MALO") == ("saint", "malo")
    assert words("L'Œuf à la Crème") == ("l", "oeuf", "a", "la", "creme")
    assert words(" -- ") == ()


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("saint malo", ["Crêperie du Môle", "Épicerie du Port"]),
        ("ST-MALO", ["Crêperie du Môle", "Épicerie du Port"]),
        ("creperie", ["Crêperie du Môle"]),
        ("épi", ["Épicerie du Port"]),
        ("intra-muros", ["Crêperie du Môle"]),
        ("epi cancale", []),
        ("cancale", ["La Criée"]),
        ("35260", ["La Criée", "Crêperie du Môle", "Épicerie du Port"]),
        ("35400", ["Crêperie du Môle", "Épicerie du Port", "La Criée"]),
        ("29200", []),
        ("%", ["La Criée", "Crêperie du Môle", "Épicerie du Port"]),
        ("_riee", []),
    ],
)
def test_shops_are_found_by_place_and_name(market: Market, typed: str, found: list[str]) -> None:
    add(market, "Épicerie du Port", district="Sillon")
    add(market, "Crêperie du Môle", district="Intra-Muros")
    add(market, "La Criée", town="Cancale", postcode="35260")
    assert names(market, q=typed) == found


def test_shops_are_found_by_trade(market: Market) -> None:
    add(market, "Fournil", naf="1071C")
    add(market, "Librairie", naf="4761Z")
    add(market, "Café", naf="", naf_2025="5630Y")
    assert names(market, trade="bakery") == ["Fournil"]
    assert names(market, trade="books") == ["Librairie"]
    shown = page(market, SEARCH)
    assert '<option value="restaurant">Restaurant, café</option>' in shown
    assert 'value="health"' not in shown  # nobody has that trade


def test_only_the_shops_that_are_open_now(market: Market) -> None:
    add(market, "Dimanche", hours="Su 10:00-19:00")
    add(market, "Semaine")
    add(market, "Muet", hours="")
    assert names(market, open="1") == ["Dimanche"]
    assert names(market) == ["Dimanche", "Muet", "Semaine"]
    shown = page(market, SEARCH)
    assert "ouvert jusqu'à 19 h" in shown
    assert "ouvre demain à 9 h" in shown
    assert "horaires non communiqués" in shown
    market.api.clock.advance(hours=1)
    assert names(market, open="1") == []
    assert "Aucun commerce trouvé" in page(market, f"{SEARCH}?open=1")


def test_a_search_comes_in_pages(market: Market) -> None:
    for number in range(31):
        add(market, f"Échoppe {number:02}")
    shown = page(market, f"{SEARCH}?q=echoppe")
    assert "31 commerces" in shown
    assert "Page 1 sur 2" in shown
    found = re.search(r'rel="next" href="([^"]*)"', shown)
    assert found
    assert "Échoppe 30" in page(market, found[1])
    assert "Échoppe 30" not in shown
    page(market, f"{SEARCH}?page=none", status=400)


def test_a_shop_that_is_not_listed_is_not_found(market: Market) -> None:
    hidden = add(market, "Caché", listed=False)
    shop = add(market, "Visible")
    assert names(market) == ["Visible"]
    page(market, f"{SEARCH}/{hidden}", status=404)
    market.ask(f"shops/{shop}", "PUT", status=200, town="Cancale", listed=False)
    assert names(market) == []
    page(market, f"{SEARCH}/{shop}", status=404)
    market.ask(f"shops/{shop}", "PUT", status=200, town="Cancale")
    assert names(market, q="malo") == []
    assert names(market, q="cancale") == ["Visible"]


def test_a_shop_says_where_it_is_and_what_it_gives(market: Market) -> None:
    place = {"address": "3 quai Duguay-Trouin", "latitude": "48.6493", "longitude": "-2.0257"}
    shop = add(market, "Épicerie <du> Port", **place)
    shown = page(market, f"{SEARCH}/{shop}")
    assert "3 quai Duguay-Trouin" in shown
    assert 'href="geo:48.6493,-2.0257"' in shown
    assert "openstreetmap.org/?mlat=48.6493&mlon=-2.0257#map=18/48.6493/-2.0257" in shown
    assert "20 % des 50 premiers euros de chaque achat" in shown
    assert "Ne comptent pas : alcool, tabac ou cartes cadeaux." in shown
    assert "lundi 23 novembre" in shown
    assert "9 h – 19 h" in shown
    raw = market.api.ask("GET", f"{SEARCH}/{shop}").text
    assert "&lt;du&gt;" in raw
    assert "FR76" not in raw
    assert "20% of the first €50 of each purchase" in page(market, f"{SEARCH}/{shop}", "en")


def test_what_a_shop_gives_depends_on_the_campaign(market: Market) -> None:
    path = f"{SEARCH}/{add(market, 'Port')}"
    assert "Jusqu'au 24/12/2026. Vos bons se dépensent jusqu'au 30/01/2027." in page(market, path)
    market.ask("state", state="paused")
    assert "suspendue" in page(market, path)
    market.ask("state", state="open")
    market.api.clock.advance(days=40)
    shown = page(market, path)
    assert "On ne gagne plus de récompenses" in shown
    assert "20 %" not in shown


def test_campaigns_are_chosen_from_when_there_are_several(market: Market) -> None:
    one = market.api.ask("GET", "/commerces")
    assert (one.status_code, one.headers["location"]) == (303, SEARCH)
    market.api.order("campaigns", id="draft", name="Brouillon")
    page(market, "/commerces/draft", status=404)
    market.api.order("campaigns", id="ete", name="Été")
    rules = msgspec.to_builtins(msgspec.structs.replace(RULES, campaign="ete"))
    for path, body in (("rules", rules), ("state", {"state": "open"})):
        market.api.ask(
            "POST", f"/v1/admin/campaigns/ete/{path}", json=body, headers=market.api.admin
        )
    shown = page(market, "/commerces")
    assert re.findall(r'href="/commerces/(\w+)"', shown) == ["noel", "ete"]


def test_no_campaign_says_so(api: Api) -> None:
    found = api.ask("GET", "/commerces")
    assert "Aucune campagne" in found.text


@pytest.mark.parametrize("path", ["/commerces/none", f"{SEARCH}/none"])
def test_what_is_not_there_is_a_page_too(market: Market, path: str) -> None:
    page(market, path, status=404)


def test_rules_are_said_in_plain_words() -> None:
    pack = msgspec.structs.replace(
        RULES,
        rules=(
            Percent(id="a", rate=1250, floor=2000, windows=(Window((2, 4)), Window((), "14:00"))),
            Tiers(id="b", tiers=(Tier(5000, 1000), Tier(10000, 2050)), first=100),
            ReturnVisit(id="c", reward=500, within_days=30),
            InstantWin(id="d", reward=10000, chance=50),
        ),
        sole=True,
        excluded=("alcohol",),
        limits=(
            Limit("earn", "person", "day", 3000),
            Limit("count", "person", "campaign", 5),
            Limit("earn", "shop", "day", 90000),
        ),
    )
    french = [one.replace("\N{NO-BREAK SPACE}", " ") for one in say_rules(pack, "fr")]
    assert french == [
        "12,5 % de vos achats, à partir de 20 € d'achats, le mardi, jeudi ou de 14:00 à 24:00",
        "10 € dès 50 € d'achats, 20,50 € dès 100 € d'achats, pour les 100 premiers",
        "un bon de 5 € si vous revenez dans le même commerce dans les 30 jours",
        "une chance sur 200 de gagner un bon de 100 €",
    ]
    assert say_rules(pack, "en")[0] == (
        "12.5% of what you buy, from €20 on, on Tuesday, Thursday or from 14:00 to 24:00"
    )
    assert say_limits(pack, "en") == [
        "These do not add up: you get the best one.",
        "Not counted: alcohol.",
        "At most €30 per person and day.",
        "At most 5 rewards per person in all.",
        "Scan the code of your receipt within 30 days.",
    ]


def test_both_languages_say_the_same_things() -> None:
    assert TEXTS["fr"].keys() == TEXTS["en"].keys()
