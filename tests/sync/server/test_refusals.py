"""What a page says when something cannot be done: in the reader's language, and what to do."""

from __future__ import annotations

import ast
import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from starlette.requests import Request
from starlette.responses import Response

import sync.server
from sync.contract import claims
from sync.contract.feed import CampaignState
from sync.server.errors import refuse
from sync.server.money.findings import Kind, find
from sync.server.money.ledger import Source
from sync.server.money.reasons import NeverIssued
from sync.server.money.vouchers import VoucherState
from sync.server.organiser.shell import guarded
from sync.server.refusal_words import TEXTS, read_out
from sync.server.refusals import Say, Sentence, say
from sync.server.saying import Sentences
from sync.server.services import Services
from sync.server.settlement.runs import LineState
from tests.sync.server.french import assert_french, text_of
from tests.sync.server.kit import Api
from tests.sync.server.market import CAMPAIGN, IBAN, Market
from tests.sync.server.people import accept, invite, join, session
from tests.sync.server.phone import Phone, sell

SENTENCES: tuple[Sentence, ...] = get_args(Sentence)
HOME = f"/campaigns/{CAMPAIGN}"
NARROW = "\N{NARROW NO-BREAK SPACE}"
NOWHERE = "00000000-0000-4000-8000-000000000000"
KEYED = {
    "state_": get_args(CampaignState),
    "decision_": ("pay", "refuse", "noted"),
    "line_": get_args(LineState),
    "voucher_": set(get_args(VoucherState)) - {"valid"},
}
SAMPLES: dict[str, Any] = {
    "euros": 1234,
    "day": "2026-11-20",
    "moment": "2026-11-22T14:05:00.000+01:00",
    **{prefix: min(names) for prefix, names in KEYED.items()},
}


def places(sentence: str) -> dict[str, str]:
    """The places of a sentence, and how each is shown."""
    found = re.findall(r"{(\w+):?([^}]*)}", TEXTS["fr"][sentence])
    return dict(found)


def example(sentence: Sentence) -> Say:
    values = {name: SAMPLES.get(how, 7) for name, how in places(sentence).items()}
    return say(sentence, **values)


def calls() -> Iterator[tuple[str, set[str]]]:
    """Each `say(...)` of the server: its sentence, and the values that it gives."""
    for path in Path(sync.server.__file__).parent.rglob("*.py"):
        if "refusals import say" not in path.read_text("utf-8"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or getattr(node.func, "id", "") != "say":
                continue
            for one in ast.walk(node.args[0]):
                if isinstance(one, ast.Constant) and one.value in SENTENCES:
                    yield str(one.value), {str(word.arg) for word in node.keywords}


def test_each_sentence_is_there_in_both_languages_with_the_same_places() -> None:
    french, english = TEXTS["fr"], TEXTS["en"]
    assert set(french) == set(english)
    keys = {f"{prefix}{name}" for prefix, names in KEYED.items() for name in names}
    assert set(french) == keys | set(SENTENCES)
    for key, text in french.items():
        found = sorted(re.findall(r"{[^}]*}", text))
        assert sorted(re.findall(r"{[^}]*}", english[key])) == found


def test_each_refusal_gives_what_its_sentence_shows() -> None:
    said = list(calls())
    assert {sentence for sentence, _ in said} == set(SENTENCES)
    for sentence, values in said:
        assert values == set(places(sentence)), sentence


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_page_says_each_without_a_word_of_english(sentence: Sentence) -> None:
    async def endpoint(_: Request) -> Any:
        raise refuse("exists", "the technical detail is for programs", say=example(sentence))

    async def answer(request: Request) -> Response:
        return await guarded(endpoint)(request)

    def page(language: str) -> str:
        headers = [(b"accept-language", language.encode())]
        scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
        shown = asyncio.run(answer(Request(scope)))
        assert shown.status_code == 409
        return bytes(shown.body).decode()

    french = page("fr")
    assert_french(french)
    assert read_out(example(sentence), "fr").replace("\N{NO-BREAK SPACE}", " ") in text_of(french)
    english = page("en")
    assert "technical" not in english
    assert not set("{}") & set(text_of(french) + text_of(english))


def test_a_place_says_how_its_value_is_shown() -> None:
    words = {
        "all": "{cents:euros}, {first:day}, {until:moment}, {minutes:duration},"
        " {state:is_}{by:?by}",
        "is_on": "on",
        "by": " by {it}",
    }
    sentences = Sentences(words, "en")
    values = {"cents": 5, "first": "2026-11-20", "until": "2026-11-22T14:05:00.000+01:00"}
    shown = sentences.say("all", values | {"minutes": 1565, "state": "on", "by": ""})
    assert (
        shown
        == "€0.05, 2026-11-20, 2026-11-22 14:05, 26\N{NO-BREAK SPACE}h 05\N{NO-BREAK SPACE}min, on"
    )
    assert sentences.say("all", values | {"minutes": 0, "state": "on", "by": "me"}).endswith(
        "on by me"
    )


class Desk:
    """An organiser who does what cannot be done."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.log_in()

    def log_in(self) -> None:
        self.who = session(self.market.api, token=self.market.services.secrets.admin_token)

    def page(self, path: str, **form: str) -> str:
        """A page that refuses, or what a form comes to."""
        how = {"data": form} if form else {}
        method = "POST" if form else "GET"
        found = self.market.api.ask(method, path, headers=self.who, **how)
        assert found.status_code >= 400, found.text
        return str(found.text)

    def fails(self, path: str, sentence: Sentence, /, **form: Any) -> str:
        """Ask, with a form if there is one: the refusal's own sentence, and no English."""
        return check(self.page(f"{HOME}{path}", **form), sentence)

    def does(self, path: str, /, **form: Any) -> None:
        done = self.market.api.ask("POST", f"{HOME}{path}", headers=self.who, data=form)
        assert done.status_code in (200, 303), done.text


def check(page: str, sentence: Sentence) -> str:
    assert_french(page)
    text = text_of(page)
    beginning = re.split("{", TEXTS["fr"][sentence])[0].strip()
    assert beginning in text, text
    return text


@pytest.fixture
def market(api: Api, services: Services) -> Market:
    market = Market(api, services)
    market.open("Port", "Quai", "Halles")
    return market


@pytest.fixture
def desk(market: Market) -> Desk:
    return Desk(market)


def spend_twice(market: Market) -> str:
    """A voucher that two shops took: one is owed ten euros, the other waits for a decision."""
    phone = Phone(market.api)
    phone.send(sell(market))
    voucher = market.voucher(phone.cookie, 1000)
    for shop in ("Quai", "Halles"):
        market.sell(shop, 3000, market.redeem(voucher.token))
        market.send(shop)
    (finding,) = market.ask("findings", "GET")["findings"]
    return str(finding["id"])


class TestFindings:
    def test_it_is_decided_once(self, desk: Desk) -> None:
        number = spend_twice(desk.market)
        desk.does(f"/findings/{number}", decision="pay", sure="yes")
        text = desk.fails(f"/findings/{number}", "finding-decided", decision="refuse")
        assert f"Le n° {number} est déjà décidé : payé." in text
        desk.fails("/findings/999", "no-finding", decision="noted")

    def test_no_more_is_paid_than_the_budget_holds(self, desk: Desk) -> None:
        self.find(desk.market, Kind.POLICY, 99_999_999)
        text = desk.fails("/findings/1", "finding-unpayable", decision="pay", sure="yes")
        assert "999 999,99 € ne peuvent pas être payés" in text.replace(NARROW, " ")

    def test_nobody_is_paid_for_what_no_shop_waits_for(self, desk: Desk) -> None:
        self.find(desk.market, Kind.DOUBLED, 100)
        desk.fails("/findings/1", "finding-unowed", decision="pay")

    def find(self, market: Market, kind: Kind, cents: int) -> None:
        source, shop = Source("entry", "1:1"), market.shops["Quai"]
        market.ledger(
            lambda ledger: find(ledger, kind, source, shop=shop, cents=cents, detail=NeverIssued())
        )

    def test_what_no_word_was_written_for_has_its_detail_folded(self, desk: Desk) -> None:
        asked = f"{HOME}/findings/1"
        found = desk.market.api.ask("POST", asked, headers=desk.who, data={"decision": "perhaps"})
        assert found.status_code == 422
        assert "Une valeur n&#39;a pas la forme attendue" in found.text
        folded = (
            r"<details>\s*<summary>Détail technique</summary>\s*<p lang=\"en\" class=\"quiet\">"
        )
        assert re.search(folded + "decision: expected one of", found.text)


class TestCampaigns:
    def test_what_is_not_there_is_said(self, desk: Desk) -> None:
        check(desk.page("/campaigns/nowhere"), "no-campaign")
        desk.fails(f"/shops/{NOWHERE}", "no-shop")
        desk.fails("/shops/7", "no-shop")
        desk.fails(f"/accounts/{NOWHERE}", "no-account", act="invite")

    def test_a_campaign_goes_on_step_by_step(self, desk: Desk) -> None:
        text = desk.fails("/state", "state-step", to="open")
        assert "La campagne est ouverte : elle ne peut pas passer à l'état « ouverte »." in text
        desk.market.api.order("campaigns", id="ete", name="Été")
        check(desk.page("/campaigns/ete/state", to="open"), "no-rules")

    def test_a_form_that_is_sent_twice_is_noticed(self, desk: Desk) -> None:
        fund = {"sponsor": "Ville", "kind": "city", "fund_name": "Halles", "purpose": "rewards"}
        desk.fails("/funds", "funds-changed", **fund, cents="10", after="1")

    def test_it_is_closed_at_its_end_when_all_are_paid(self, desk: Desk) -> None:
        spend_twice(desk.market)
        desk.fails("/closing", "not-ended", id=CAMPAIGN)
        desk.does("/state", to="ended")
        desk.fails("/closing", "still-arrives", id=CAMPAIGN)
        desk.market.api.clock.advance(days=100)
        desk.log_in()
        text = desk.fails("/closing", "still-owed", id=CAMPAIGN)
        assert "commerces encore à payer, 1 ; virements sans réponse de la banque, 0." in text


class TestSettlements:
    def test_each_is_paid_once(self, desk: Desk) -> None:
        desk.fails("/settlements", "nobody-owed", sure="yes")
        desk.fails("/settlements/1", "no-settlement")
        spend_twice(desk.market)
        desk.does("/settlements", sure="yes")
        shops = desk.market.shops
        desk.fails("/settlements/1/file", "payer-missing", day="2026-11-24")
        desk.does("/settlements/1/lines", shop=shops["Quai"], state="paid", sure="yes")
        text = desk.fails(
            "/settlements/1/lines", "line-answered", shop=shops["Quai"], state="refused", sure="yes"
        )
        assert "Ce virement est déjà noté : payé." in text
        desk.fails(
            "/settlements/1/lines", "line-missing", shop=shops["Port"], state="paid", sure="yes"
        )
        desk.fails("/settlements/1/lines", "bank-answered", state="all-paid", sure="yes")
        desk.fails(f"/settlements/1/shops/{shops['Port']}", "line-missing")

    def test_the_banks_file_has_a_day_that_banks_take(self, desk: Desk) -> None:
        spend_twice(desk.market)
        kept = desk.market.ask("settings", "GET")
        payer = {"debtor_name": "Ville", "debtor_iban": IBAN}
        desk.market.ask("settings", "PUT", **(kept | payer))
        desk.does("/settlements", sure="yes")
        text = desk.fails("/settlements/1/file", "payment-day", day="2025-01-01")
        assert re.search(r"entre le \d\d/\d\d/20\d\d et le", text)
        desk.does("/settlements/1/lines", state="all-paid", sure="yes")
        desk.fails("/settlements/1/file", "part-empty", day="2026-11-24")


class TestShops:
    def test_what_a_shop_is_given_can_be_given(self, desk: Desk) -> None:
        bare = str(desk.market.api.order("shops", campaign=CAMPAIGN, name="Neuf")["id"])
        desk.fails(f"/shops/{bare}/carnets", "shop-tillless", value="2,00", count="3", sure="yes")
        text = desk.fails(f"/shops/{bare}/carnets", "carnet-wish", value="deux", count="3")
        assert "un nombre de bons de 1 à" in text
        desk.fails(f"/shops/{bare}/codes", "code-days", act="make", days="99")
        desk.fails("/stickers?sheets=0", "sticker-sheets")

    def test_a_list_is_confirmed_once(self, desk: Desk) -> None:
        desk.fails(f"/shop-list/{'0' * 64}", "list-gone", sure="1")


class TestAccounts:
    def test_an_invitation_opens_once(self, desk: Desk, api: Api) -> None:
        link = invite(api, desk.who, CAMPAIGN, "anna")
        accept(api, link)
        check(desk.page(link), "invitation-over")

    def test_a_disabled_account_is_enabled_first(self, desk: Desk, api: Api) -> None:
        person = join(api, desk.who, CAMPAIGN, "anna")
        desk.does(f"/accounts/{person.id}", act="disable")
        desk.fails(f"/accounts/{person.id}", "account-disabled", act="invite")

    def test_a_shop_reads_its_own_statements_only(self, desk: Desk, api: Api) -> None:
        shop = desk.market.shops["Port"]
        desk.who = join(api, desk.who, CAMPAIGN, "port", shop).cookie
        check(desk.page(f"/shops/{CAMPAIGN}/{shop}/statements/1"), "no-settlement")
        check(desk.page(f"/shops/{CAMPAIGN}/{desk.market.shops['Quai']}"), "no-shop")
        check(desk.page(HOME), "no-campaign")


class TestShoppers:
    def test_a_phone_without_a_wallet_is_told_so(self, market: Market) -> None:
        phone = Phone(market.api)
        check(phone.send("/porte-monnaie/bon", campaign=CAMPAIGN, value=1000), "no-wallet")
        check(phone.send("/porte-monnaie/oublier", campaign=CAMPAIGN), "not-sure")

    def test_a_voucher_is_of_money_that_is_there(self, market: Market) -> None:
        phone = Phone(market.api)
        phone.send(sell(market))
        make = {"campaign": CAMPAIGN, "value": 1000}
        check(phone.send("/porte-monnaie/bon", campaign=CAMPAIGN, value=77), "voucher-values")
        phone.send("/porte-monnaie/bon", **make)
        text = check(phone.send("/porte-monnaie/bon", **make), "wallet-short")
        assert "0,00 € à dépenser, il en faut 10,00 €" in text
        place = {"campaign": CAMPAIGN, "batch": 1, "index": 0}
        phone.send("/porte-monnaie/rendre", **place)
        check(phone.send("/porte-monnaie/rendre", **place), "voucher-gone")
        text = check(phone.send("/porte-monnaie/perdu", **place), "voucher-over")
        assert "Ce bon est remplacé ou rendu" in text

    def test_what_is_not_there_is_said(self, market: Market) -> None:
        phone = Phone(market.api)
        check(phone.get("/commerces/nowhere"), "campaign-unlisted")
        check(phone.get(f"/commerces/{CAMPAIGN}/999"), "shop-unlisted")
        code = claims.code(bytes(range(claims.SECRET_BYTES)))
        check(phone.send("/c/claim", code=code), "receipt-awaited")
