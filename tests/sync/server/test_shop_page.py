from __future__ import annotations

import html
import re
from typing import Any

import pytest

from sync.server.keeper.books import read_average
from sync.server.keeper.owed import Concern, read_account
from sync.server.keeper.words import TEXTS
from sync.server.money.findings import Kind
from sync.server.services import Services
from sync.server.settlement.statement import read_owed, read_statement
from sync.server.store.db import Db
from tests.sync.server.kit import Api
from tests.sync.server.market import CAMPAIGN, Market, secret
from tests.sync.server.people import Person, join, session

DAY = "2026-11-22"


@pytest.fixture
def market(api: Api, services: Services) -> Market:
    made = Market(api, services)
    made.open("Port", "Quai")
    return made


@pytest.fixture
def admin(api: Api, services: Services) -> dict[str, str]:
    return session(api, token=services.secrets.admin_token)


@pytest.fixture
def keeper(market: Market, admin: dict[str, str]) -> Person:
    """Whoever keeps the shop Quai."""
    return join(market.api, admin, CAMPAIGN, "quai@example.org", market.shops["Quai"])


def path(market: Market, shop: str = "Quai") -> str:
    return f"/shops/{CAMPAIGN}/{market.shops[shop]}"


def page(market: Market, who: dict[str, str], where: str = "", language: str = "fr") -> str:
    found = market.api.ask(
        "GET", where or path(market), headers=who | {"Accept-Language": language}
    )
    assert found.status_code == 200, found.text
    return plain(found.text)


def plain(text: str) -> str:
    """A page's text as a person reads it: without tags, on one line."""
    flat = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())
    return flat.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


def take_voucher(market: Market, number: int = 1, shop: str = "Quai") -> None:
    """Somebody earns ten euros in the shop Port and spends five of them in another."""
    market.sell("Port", 6000, market.earn("Port", 6000, secret(number)))
    market.send("Port")
    who = f"who {number}"
    market.claim(market.receipt("Port", 1000, secret(number)), who)
    market.sell(shop, 2000, market.redeem(market.voucher(who).token))
    market.send(shop)


def change(market: Market, who: dict[str, str], **fields: str) -> tuple[int, str]:
    found = market.api.ask("POST", path(market), data=fields, headers=who)
    return found.status_code, html.unescape(found.text)


# --- who sees it ---


def test_a_shops_account_is_led_to_its_own_page(market: Market, keeper: Person) -> None:
    home = market.api.ask("GET", "/shop", headers=keeper.cookie)
    assert (home.status_code, home.headers["location"]) == (303, path(market))
    assert "Ce qui vous est dû" in page(market, keeper.cookie)
    other = market.api.ask("GET", path(market, "Port"), headers=keeper.cookie)
    assert other.status_code == 404


def test_whoever_leads_the_campaign_sees_every_shop(market: Market, admin: dict[str, str]) -> None:
    anna = join(market.api, admin, CAMPAIGN, "organiser@example.org")
    assert "Quai" in page(market, anna.cookie)
    assert "Port" in page(market, anna.cookie, path(market, "Port"))
    facts = f"/campaigns/{CAMPAIGN}/shops/{market.shops['Quai']}"
    assert f'href="{path(market)}"' in market.api.ask("GET", facts, headers=anna.cookie).text
    assert f'href="{facts}"' in market.api.ask("GET", path(market), headers=anna.cookie).text
    home = market.api.ask("GET", "/shop", headers=anna.cookie)
    assert (home.status_code, home.headers["location"]) == (303, "/")


def test_nobody_else_sees_it_or_changes_it(market: Market, keeper: Person) -> None:
    for method, where in (("GET", path(market)), ("POST", path(market)), ("GET", "/shop")):
        found = market.api.ask(method, where)
        assert (found.status_code, found.headers["location"]) == (303, "/login")
    statement = f"{path(market, 'Port')}/statements/1"
    assert market.api.ask("GET", statement, headers=keeper.cookie).status_code == 404
    denied = market.api.ask("POST", path(market, "Port"), data={"hours": ""}, headers=keeper.cookie)
    assert denied.status_code == 404
    foreign = keeper.cookie | {"Origin": "https://evil.example"}
    assert change(market, foreign, hours="24/7")[0] == 403


# --- its money ---


def test_it_says_what_is_owed_and_for_what(market: Market, keeper: Person) -> None:
    take_voucher(market)
    shown = page(market, keeper.cookie)
    assert "Ce qui vous est dû 5,00 €" in shown
    assert "FR76 … 0189" in shown
    assert "30006000011234567890" not in shown
    assert re.search(r"22/11/2026 bon \d+:\d+ 01 1 5,00 €", shown)
    assert "Aucun virement" in shown
    market.ask("settlements")
    shown = page(market, keeper.cookie)
    assert "Ce qui vous est dû 0,00 €" in shown
    assert "22/11/2026 en préparation 5,00 €" in shown
    market.ask("settlements/1/lines", shop=market.shops["Quai"], state="paid")
    assert "22/11/2026 ✓ viré 5,00 €" in page(market, keeper.cookie)
    market.whole()


def test_a_statement_says_what_a_transfer_paid(market: Market, keeper: Person) -> None:
    take_voucher(market)
    market.ask("settlements")
    found = market.api.ask("GET", f"{path(market)}/statements/1", headers=keeper.cookie)
    assert found.headers["content-type"].startswith("text/plain")
    assert found.text.startswith("Relevé du remboursement n° 1 : Quai\n")
    assert "5,00" in found.text
    for number in ("2", "none", "9" * 30):
        missing = f"{path(market)}/statements/{number}"
        assert market.api.ask("GET", missing, headers=keeper.cookie).status_code == 404


def test_what_is_owed_is_the_sum_of_its_lines(market: Market) -> None:
    take_voucher(market, 1)
    market.ask("settlements")
    market.ask("settlements/1/lines", shop=market.shops["Quai"], state="refused")
    take_voucher(market, 2)
    found = market.ledger(lambda ledger: read_account(ledger.db, CAMPAIGN, market.shops["Quai"]))
    assert found.cents == sum(item.cents for item in found.items) == 1000
    assert [item.kind for item in found.items] == ["voucher", "refused"]


def test_without_an_iban_it_says_why_nothing_is_paid(market: Market, keeper: Person) -> None:
    market.ask(f"shops/{market.shops['Quai']}", "PUT", status=200, town="Saint-Malo")
    assert "Nous n'avons pas votre IBAN" in page(market, keeper.cookie)


class Explained:
    """A connection to SQLite that notes how each question is answered."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self.plans: list[str] = []

    def execute(self, sql: str, parameters: Any = ()) -> Any:
        rows = self._db.execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()
        self.plans += [str(row[-1]) for row in rows]
        return self._db.execute(sql, parameters)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_shops_statement_reads_no_other_shops_transfers(market: Market) -> None:
    take_voucher(market)
    market.ask("settlements")
    shop = market.shops["Quai"]

    def work(ledger: Any) -> list[str]:
        db: Any = Explained(ledger.db)
        read_statement(db, CAMPAIGN, 1, shop)
        read_owed(db, CAMPAIGN, shop)
        plans: list[str] = db.plans
        return plans

    plans = [one for one in market.ledger(work) if re.search(r"\btransfer\b", one)]
    assert plans
    assert all(re.search(r"INDEX transfer_(to|from)_shop", one) for one in plans), plans


# --- its figures ---


def test_it_shows_its_days(market: Market, keeper: Person) -> None:
    market.sell("Quai", 6000, market.earn("Quai", 6000, secret(9)))
    market.send("Quai")
    take_voucher(market)
    shown = page(market, keeper.cookie)
    assert "22/11/2026 80,00 € 60,00 € 10,00 € 5,00 € (1)" in shown
    assert "22/11/2026 120,00" not in shown


def test_the_districts_mean_tells_nothing_of_one_shop(market: Market, keeper: Person) -> None:
    quai = market.shops["Quai"]

    def average() -> Any:
        today = market.api.clock.now().date()
        return market.ledger(lambda ledger: read_average(ledger.db, CAMPAIGN, quai, today))

    assert average() is None
    for name, total in (("Port", 6000), ("Halle", 5000), ("Tour", 4050)):
        if name not in market.shops:
            market.add_shop(name)
        market.sell(name, total, market.earn(name, total, secret(total)))
        assert average() is None  # two others, or fewer
        market.send(name)
    market.sell("Quai", 100_000)
    market.send("Quai")
    found = average()
    assert (found.district, found.shops, found.turnover) == ("port", 3, 5000)  # of 50.16
    assert "Moyenne de 3 commerces, hors le vôtre" in page(market, keeper.cookie)
    market.sell("Port", 90_000)
    market.send("Port")
    assert average() is None  # one of them is nearly all of it
    assert "Aucune moyenne de quartier" in page(market, keeper.cookie)


def test_the_districts_mean_forgets_what_is_old(market: Market) -> None:
    for name in ("Port", "Halle", "Tour"):
        if name not in market.shops:
            market.add_shop(name)
        market.sell(name, 6000, market.earn(name, 6000, secret(len(name))))
        market.send(name)
    today, quai = market.api.clock.now().date(), market.shops["Quai"]

    def shops(later: int) -> bool:
        day = today.fromordinal(today.toordinal() + later)
        found = market.ledger(lambda ledger: read_average(ledger.db, CAMPAIGN, quai, day))
        return found is not None

    assert [shops(27), shops(28)] == [True, False]


# --- what to know, and its tills ---


def test_findings_are_said_in_plain_words(market: Market, keeper: Person) -> None:
    take_voucher(market)
    token = market.voucher("who 1").token
    market.sell("Port", 2000, market.redeem(token))
    market.send("Port")
    market.sell("Quai", 2000, market.redeem(token, "online"))
    market.send("Quai")
    shown = page(market, keeper.cookie)
    assert "5,00 €. Un bon déjà dépensé a été pris hors des règles hors ligne" in shown
    assert "à décider par l'organisateur" in shown
    (finding,) = market.ask("findings", "GET")["findings"]
    market.ask(f"findings/{finding['id']}", decision="refuse")
    assert "décidé : non payé" in page(market, keeper.cookie)
    other = page(market, {"Authorization": market.api.admin["Authorization"]}, path(market, "Port"))
    assert "Rien à signaler" in other


def test_a_shop_waits_only_for_what_may_still_be_paid() -> None:
    def waits(kind: Kind, decision: str = "") -> bool:
        return Concern(1, kind, 500, "2026-11-23T09:00:00.000+01:00", decision).is_waiting

    assert waits(Kind.POLICY)
    assert not waits(Kind.POLICY, "pay")
    assert not waits(Kind.DOUBLED)  # it was paid already


def test_every_kind_of_finding_has_words() -> None:
    for kind in Kind:
        assert f"found_{kind}" in TEXTS["fr"]
    assert TEXTS["fr"].keys() == TEXTS["en"].keys()


def test_it_says_what_to_do_about_a_till(market: Market, keeper: Person) -> None:
    assert "jamais" in page(market, keeper.cookie)
    till = market.tills["Quai"]
    market.sell("Quai", 2000)
    market.send("Quai")
    assert "Rien : tout est reçu" in page(market, keeper.cookie)
    till.close(DAY, 1, 2500, 2)
    market.send("Quai")
    shown = page(market, keeper.cookie)
    assert "Sa clôture du 22/11/2026 annonce 25,00 €, nous avons reçu 20,00 €" in shown
    market.api.clock.advance(hours=25)
    admin = session(market.api, token=market.services.secrets.admin_token)
    shown = page(market, admin)
    assert "Vérifiez qu'elle est allumée" in shown


def test_a_quarantined_till_is_to_be_enrolled_again(market: Market, keeper: Person) -> None:
    till = market.tills["Quai"]
    market.sell("Quai", 2000)
    market.send("Quai")
    copy = till.clone()
    till.sell(100)
    market.send("Quai")
    copy.sell(200)
    market.api.send(copy, len(copy.entries), len(copy.entries))
    shown = page(market, keeper.cookie)
    assert "⚠ en quarantaine" in shown
    assert "réappairez-la" in shown


# --- what shoppers see ---


def test_a_keeper_changes_its_hours_and_no_more(market: Market, keeper: Person) -> None:
    done, shown = change(
        market, keeper.cookie, hours="Su 10:00-19:00", listed="yes", iban="X", name="Y"
    )
    assert done == 200
    assert "C'est enregistré" in shown
    assert "Su 10:00-19:00" in shown
    public = f"/commerces/{CAMPAIGN}/{market.shops['Quai']}"
    assert "ouvert jusqu'à 19 h" in page(market, {}, public)
    shown = page(market, keeper.cookie)
    assert "FR76 … 0189" in shown
    assert "Quai" in shown
    acts = market.ledger(
        lambda ledger: ledger.db.execute(
            "SELECT who, detail FROM act WHERE campaign = ? AND kind = 'listing'", (CAMPAIGN,)
        ).fetchall()
    )
    assert [who for who, _ in acts] == [f"account:{keeper.id}"]
    assert "Su 10:00-19:00" in acts[0][1]


def test_a_keeper_can_leave_the_list(market: Market, keeper: Person) -> None:
    public = f"/commerces/{CAMPAIGN}/{market.shops['Quai']}"
    assert market.api.ask("GET", public).status_code == 200
    assert change(market, keeper.cookie, hours="")[0] == 200
    assert market.api.ask("GET", public).status_code == 404
    assert "Voir ma page publique" not in page(market, keeper.cookie)


def test_hours_nobody_can_read_change_nothing(market: Market, keeper: Person) -> None:
    change(market, keeper.cookie, hours="Mo 09:00-12:00", listed="yes")
    status, shown = change(market, keeper.cookie, hours="lundi matin <b>", listed="yes")
    assert status == 422
    assert "ne se lisent pas" in shown
    assert 'aria-invalid="true"' in shown
    assert "Mo 09:00-12:00" in market.api.ask("GET", path(market), headers=keeper.cookie).text


def test_it_is_there_in_english_too(market: Market, keeper: Person) -> None:
    take_voucher(market)
    shown = page(market, keeper.cookie, language="en")
    assert "What you are owed €5.00" in shown
    assert "Nothing: all of it is here." in shown
