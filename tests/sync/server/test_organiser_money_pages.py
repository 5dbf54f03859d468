"""The organiser's pages of money, as a browser uses them: forms in, pages out, cents in between."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest

from sync.contract.jws import parse
from sync.server.money.audit import audit
from sync.server.money.campaigns import standing, versions
from sync.server.money.closing import CLOSING_TYP
from sync.server.money.findings import Kind
from sync.server.organiser.rules_fields import to_fields
from sync.server.organiser.words import audit as audit_words
from sync.server.organiser.words import campaign as campaign_words
from sync.server.organiser.words import fields as field_words
from sync.server.organiser.words import findings as finding_words
from sync.server.organiser.words import rules as rules_words
from sync.server.organiser.words import settlements as settlement_words
from sync.server.services import Services
from tests.sync.server.kit import Api
from tests.sync.server.market import CAMPAIGN, RULES, Market, secret
from tests.sync.server.people import session

PORT, QUAI, HALLES = "Épicerie du Port", "Librairie du Quai", "Boulangerie des Halles"
PAYER = {"debtor_name": "Ville de Saint-Malo", "debtor_iban": "FR76 3000 6000 0112 3456 7890 189"}
SETTINGS = {
    "share_mode": "match",
    "lease_min": "20",
    "lease_max": "200",
    "leased_share": "15",
    "risk_share": "10",
    "pacing": "150",
    "wallet_floor": "20",
    "settle_min": "0,01",
    **PAYER,
}
FUND = {
    "sponsor": "Association",
    "kind": "association",
    "fund_name": "Halles",
    "purpose": "rewards",
    "cents": "1 234,50",
    "after": "2",
}


class Page(HTMLParser):
    """A page as somebody without a screen meets it: labels, headings, tables, and no script."""

    VOID = frozenset(("meta", "link", "input"))

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.labels: set[str] = set()
        self.inputs: list[tuple[str, bool]] = []
        self.headings: list[int] = []
        self.captions = self.tables = 0
        self.feed(html)
        self.close()
        assert self.open == []
        assert self.headings[0] == 1
        assert self.headings.count(1) == 1
        for before, after in zip(self.headings, self.headings[1:], strict=False):
            assert after <= before + 1, self.headings
        assert self.captions == self.tables
        for name, is_inside in self.inputs:
            assert is_inside or name in self.labels, name

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        assert tag not in ("script", "style", "iframe")
        assert "style" not in named
        assert not any(name.startswith("on") for name in named)
        for name in ("href", "src", "action"):
            assert (named.get(name) or "/").startswith(("/", "#"))
        if tag == "label" and named.get("for"):
            self.labels.add(str(named["for"]))
        if tag in ("input", "select", "textarea") and named.get("type") != "hidden":
            inside = any(one == "label" for one, _ in self.open)
            self.inputs.append((str(named.get("id", "")), inside))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        self.tables += tag == "table"
        self.captions += tag == "caption"
        if tag not in self.VOID:
            self.open.append((tag, named))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag


class Office:
    """An organiser in a browser."""

    def __init__(self, api: Api, services: Services, market: Market) -> None:
        self.api, self.services, self.market = api, services, market
        self.log_in()

    def log_in(self) -> None:
        self.who = session(self.api, token=self.services.secrets.admin_token)

    def get(self, path: str, status: int = 200, language: str = "fr") -> str:
        headers = self.who | {"Accept-Language": language}
        found = self.api.ask("GET", f"/campaigns/{CAMPAIGN}/{path}".rstrip("/"), headers=headers)
        assert found.status_code == status, found.text
        Page(found.text)
        return found.text

    def do(self, path: str, status: int = 303, /, **form: Any) -> str:
        """Send a form that asks before it does anything, and say yes."""
        return self.post(path, status, **form, sure="yes")

    def post(self, path: str, status: int = 303, /, **form: Any) -> str:
        """Send a form; the page, or where it leads to."""
        sent = self.api.ask("POST", f"/campaigns/{CAMPAIGN}/{path}", data=form, headers=self.who)
        assert sent.status_code == status, sent.text
        if status == 303:
            return str(sent.headers["location"])
        Page(sent.text)
        return sent.text


@pytest.fixture
def market(api: Api, services: Services) -> Market:
    market = Market(api, services)
    market.open(PORT, QUAI, HALLES)
    return market


@pytest.fixture
def office(api: Api, services: Services, market: Market) -> Office:
    return Office(api, services, market)


def earn(market: Market, who: str, *numbers: int) -> None:
    for number in numbers:
        market.sell(PORT, 6000, market.earn(PORT, 6000, secret(number)))
        market.send(PORT)
        market.claim(market.receipt(PORT, 1000, secret(number)), who)


def take(market: Market, token: str, shop: str = QUAI) -> None:
    market.sell(shop, 3000, market.redeem(token))
    market.send(shop)


@pytest.fixture
def busy(market: Market) -> Market:
    """Two vouchers that were taken, one of them twice."""
    earn(market, "anna", 1, 2)
    first, second = market.voucher("anna", 1000), market.voucher("anna", 1000)
    take(market, first.token)
    take(market, second.token)
    take(market, first.token, HALLES)
    return market


class TestRules:
    def test_rules_are_previewed_then_published_and_kept(self, office: Office) -> None:
        fields: dict[str, Any] = to_fields(RULES) or {}
        fields |= {"percent_rate": ["30"], "percent_base_max": []}
        shown = office.post("rules", 200, **fields, act="preview")
        assert "24,00" in shown
        assert [one.number for one in self.versions(office)] == [1]
        assert office.post("rules", **fields, act="publish") == f"/campaigns/{CAMPAIGN}/rules"
        assert [one.number for one in self.versions(office)] == [2, 1]
        pack = office.market.ledger(lambda ledger: _standing(ledger).pack)
        assert (pack.rules[0].rate, pack.rules[0].base_max) == (3000, None)
        assert 'value="30"' in office.get("rules")
        assert 'value="50"' in office.get("rules?version=1")

    def versions(self, office: Office) -> Any:
        return office.market.ledger(lambda ledger: versions(ledger.db, CAMPAIGN))

    def test_all_that_is_wrong_is_said_and_nothing_is_published(self, office: Office) -> None:
        fields: dict[str, Any] = to_fields(RULES) or {}
        fields |= {"percent_rate": "vingt", "claim_days": "", "ends_at": "2026-10-01T00:00"}
        shown = office.post("rules", 422, **fields, act="publish")
        assert "un pourcentage de 0 à 100" in shown
        assert "un nombre entier" in shown
        assert 'value="vingt"' in shown
        fields |= {"percent_rate": "20", "claim_days": "30"}
        assert "expected a time after starts_at" in office.post(
            "rules", 422, **fields, act="publish"
        )
        assert [one.number for one in self.versions(office)] == [1]

    def test_an_expert_may_say_what_the_form_cannot(self, office: Office) -> None:
        said = msgspec.json.decode(msgspec.json.encode(RULES))
        said["rules"].append({"kind": "percent", "id": "more", "rate": 500, "floor": 1000})
        text = msgspec.json.encode(said).decode()
        assert "14,00" in office.post("rules", 200, pack=text, act="preview")
        office.post("rules", pack=text, act="publish")
        shown = office.get("rules")
        assert "plus que ce que le formulaire sait montrer" in shown
        assert 'name="percent_rate"' not in shown

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("{", "truncated"),
            ("[" * 5000, "recursion"),
            ('{"name": "\\u0000"}', "NUL"),
            ("[]", "Expected `object`, got `array`"),
            ('{"name": "x"}', "missing required field `starts_at`"),
            ('{"name": "x", "rules": [{"kind": "gift"}]}', "Invalid value &#39;gift&#39;"),
        ],
    )
    def test_an_experts_mistake_is_named(self, office: Office, text: str, said: str) -> None:
        assert said in office.post("rules", 422, pack=text, act="publish")

    def test_rules_of_another_campaign_are_refused(self, office: Office) -> None:
        said = msgspec.to_builtins(RULES) | {"campaign": "ete"}
        text = msgspec.json.encode(said).decode()
        assert "campaign: expected noel" in office.post("rules", 422, pack=text, act="publish")

    def test_a_preset_or_version_that_is_none_is_not_found(self, office: Office) -> None:
        for query in ("preset=nothing", "version=9", "version=x", "version=²"):
            office.get(f"rules?{query}", 404)


class TestCampaign:
    def test_a_campaign_is_created_once(self, office: Office) -> None:
        form = {"id": "ete-2027", "campaign_name": "Été"}
        api, who = office.api, office.who
        made = api.ask("POST", "/campaigns", data=form, headers=who)
        assert (made.status_code, made.headers["location"]) == (303, "/campaigns/ete-2027/rules")
        again = api.ask("POST", "/campaigns", data=form, headers=who)
        assert again.status_code == 422
        assert "porte déjà cet identifiant" in again.text
        wrong = api.ask("POST", "/campaigns", data={"id": "É", "campaign_name": " "}, headers=who)
        assert "lettres minuscules" in wrong.text
        Page(wrong.text)
        Page(api.ask("GET", "/campaigns", headers=who).text)

    def test_a_fund_is_booked_to_the_cent_and_once(self, office: Office) -> None:
        said = {"districts": "halles; port", "nafs": "47; 56.10", "from_day": "2026-11-25"}
        office.do("funds", **FUND, **said)
        figures = office.market.figures()
        assert figures["pledged"] == 300_000 + 123_450
        office.do("funds", 409, **FUND)  # the form was sent twice
        assert office.market.figures() == figures
        shown = office.get("campaign")
        assert "1\u202f234,50" in shown
        assert "halles, port ; NAF 47, 5610" in re.sub(r"\s+", " ", shown)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"cents": "0"}, "Expected `int` &gt;= 1"),
            ({"cents": "1,234"}, "un montant en euros"),
            ({"sponsor": ""}, "un nom était attendu"),
            ({"kind": "king"}, "un choix de la liste"),
            ({"nafs": "bread!"}, "codes NAF"),
            ({"until_day": "demain"}, "une date"),
        ],
    )
    def test_a_fund_that_cannot_be_is_refused(
        self, office: Office, change: dict[str, str], said: str
    ) -> None:
        assert said in office.do("funds", 422, **(FUND | change))
        assert office.market.figures()["pledged"] == 300_000

    def test_settings_are_kept_and_shown_again(self, office: Office) -> None:
        office.post("settings", **SETTINGS)
        kept = office.market.ask("settings", "GET")
        assert (kept["share_mode"], kept["lease_max"], kept["leased_share"]) == (
            "match",
            20_000,
            1500,
        )
        assert kept["debtor_iban"] == "FR7630006000011234567890189"
        shown = office.get("campaign")
        assert 'value="FR76 3000 6000 0112 3456 7890 189"' in shown

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"lease_min": "300"}, "le minimum dépasse le maximum"),
            ({"leased_share": "101"}, "un pourcentage de 0 à 100"),
            ({"debtor_iban": "FR76 3000 6000 0112 3456 7890 188"}, "un IBAN"),
            ({"debtor_name": "✂"}, "lettres latines"),
            ({"territory": "34, Hérault"}, "des codes postaux ou leurs débuts"),
        ],
    )
    def test_settings_that_cannot_be_are_refused(
        self, office: Office, change: dict[str, str], said: str
    ) -> None:
        before = office.market.ask("settings", "GET")
        assert said in office.post("settings", 422, **(SETTINGS | change))
        assert office.market.ask("settings", "GET") == before

    def test_shops_lie_in_the_territory(self, office: Office) -> None:
        office.post("settings", **(SETTINGS | {"territory": "34, 30000"}))
        assert office.market.ask("settings", "GET")["territory"] == ["34", "30000"]
        assert 'value="34, 30000"' in office.get("campaign")
        shop = office.market.shops[PORT]
        for postcode, status in (("34070", 200), ("30000", 200), ("30100", 422), ("", 200)):
            office.market.ask(f"shops/{shop}", "PUT", status=status, postcode=postcode)
        form = {"name": PORT, "postcode": "35400", "listed": "1"}
        for path in ("shops", f"shops/{shop}"):
            page = office.post(path, 422, **form)
            assert "un code postal du territoire de la campagne" in page
        assert office.post(f"shops/{shop}", **(form | {"postcode": "34000"})).endswith("saved")

    def test_a_state_is_asked_for_before_it_changes(self, office: Office) -> None:
        assert "Mettre la campagne en pause" in office.get("state?to=paused")
        assert "ouverte" in office.get("campaign")
        office.post("state", to="paused")
        assert "en pause" in office.get("campaign")
        office.post("state", 409, to="paused")
        for wrong in ("draft", "closed", ""):
            office.get(f"state?to={wrong}", 404)
            office.post("state", 404, to=wrong)


class TestFindings:
    def test_a_finding_is_said_plainly_and_decided_once(self, office: Office, busy: Market) -> None:
        shown = office.get("findings")
        assert "Un bon accepté contre les règles du hors-réseau" in shown
        assert HALLES in shown
        (number,) = re.findall(
            r"findings/(\d+)\"><input type=\"hidden\" name=\"decision\" value=\"pay", shown
        )
        owed = busy.figures()["payable"]
        office.post(f"findings/{number}", decision="pay", sure="yes")
        assert busy.figures()["payable"] == owed + 1000
        office.post(f"findings/{number}", 409, decision="pay")
        assert busy.figures()["payable"] == owed + 1000
        assert "✓ payé" in office.get("findings?all=1")
        assert "✓ payé" not in office.get("findings")
        busy.whole()

    @pytest.mark.parametrize(
        ("decision", "french", "english"),
        [
            ("pay", ("Payer ce commerce ?", "Payer 10,00"), ("Pay this shop?", "Pay €10.00")),
            ("refuse", ("Refuser ce paiement ?",), ("Refuse this payment?",)),
        ],
    )
    def test_what_concerns_a_shops_money_is_asked_for_first(
        self,
        office: Office,
        busy: Market,
        decision: str,
        french: tuple[str, ...],
        english: tuple[str, ...],
    ) -> None:
        before = busy.figures()
        (number,) = re.findall(r"findings/(\d+)\"><input[^>]*value=\"pay", office.get("findings"))
        path = f"/campaigns/{CAMPAIGN}/findings/{number}"
        for language, words in (("fr", french), ("en", english)):
            headers = office.who | {"Accept-Language": language}
            asked = office.api.ask("POST", path, data={"decision": decision}, headers=headers)
            Page(asked.text)
            shown = " ".join(asked.text.split()).replace("\u202f", " ").replace("\xa0", " ")
            assert all(one in shown for one in (*words, HALLES)), shown
        assert busy.figures() == before
        office.post(f"findings/{number}", decision=decision, sure="yes")
        assert f'findings/{number}"' not in office.get("findings")

    def test_a_shop_that_was_paid_is_never_paid_again(self, office: Office) -> None:
        market = office.market
        earn(market, "anna", 1)
        voucher = market.voucher("anna", 1000)
        take(market, voucher.token)
        (lease,) = market.leases(HALLES, "risk")
        draws = [{"lease": lease.id, "amount": 1000}]
        market.sell(HALLES, 3000, market.redeem(voucher.token, leases=draws))
        market.send(HALLES)
        assert market.findings() == ["doubled"]
        owed = market.figures()["payable"]
        assert 'value="pay"' not in office.get("findings")
        assert 'value="refuse"' not in office.get("findings")
        office.post("findings/1", 422, decision="pay")
        assert market.figures()["payable"] == owed
        office.post("findings/1", decision="noted")
        market.whole()

    def test_a_decision_that_is_none_is_refused(self, office: Office, busy: Market) -> None:
        office.post("findings/1", 422, decision="perhaps")
        office.post("findings/999", 404, decision="noted")
        office.post("findings/x", 404, decision="noted")


class TestSettlements:
    def test_shops_are_paid_and_each_cent_has_its_line(
        self, office: Office, busy: Market, api: Api
    ) -> None:
        assert "20,00" in office.get("settlements")
        assert office.do("settlements") == f"/campaigns/{CAMPAIGN}/settlements/1"
        office.do("settlements", 404)  # nothing is left to pay
        assert "Dites d&#39;abord qui paie" in office.get("settlements/1")
        office.post("settings", **SETTINGS)
        assert "Ville de Saint-Malo" in office.get("settlements/1")
        path = f"/campaigns/{CAMPAIGN}/settlements/1/file"
        xml = api.ask("POST", path, data={"day": "2026-11-24"}, headers=office.who)
        assert xml.headers["content-type"] == "application/xml"
        assert b'<InstdAmt Ccy="EUR">20.00</InstdAmt>' in xml.content
        office.post("settlements/1/file", 400, day="tomorrow")
        office.do("settlements/1/lines", shop=busy.shops[QUAI], state="paid")
        assert "✓ payé" in office.get("settlements/1")
        office.do("settlements/1/lines", 409, shop=busy.shops[QUAI], state="refused")
        office.do("settlements/1/lines", 409, state="all-paid")
        office.do("settlements/1/lines", 422, shop=busy.shops[QUAI], state="prepared")
        busy.whole()

    def test_a_refused_line_is_owed_again_and_all_others_are_noted_at_once(
        self, office: Office, busy: Market
    ) -> None:
        number = re.findall(r"findings/(\d+)", office.get("findings"))[0]
        office.post(f"findings/{number}", decision="pay", sure="yes")
        office.do("settlements")
        office.do("settlements/1/lines", shop=busy.shops[HALLES], state="refused")
        office.do("settlements/1/lines", state="all-paid")
        states = {one["name"]: one["state"] for one in busy.ask("settlements/1", "GET")["lines"]}
        assert states == {QUAI: "paid", HALLES: "refused"}
        assert busy.figures()["payable"] == 1000
        busy.whole()
        shown = office.get("settlements")
        assert "10,00" in shown

    def test_a_shop_without_an_account_is_named(self, office: Office, busy: Market) -> None:
        path = f"shops/{busy.shops[QUAI]}"
        busy.ask(path, "PUT", status=200, town="Saint-Malo")
        shown = office.get("settlements")
        assert "sans compte bancaire" in shown
        assert f"{QUAI}\N{NO-BREAK SPACE}: 20,00" in shown
        office.do("settlements", 404)

    def test_a_statement_sums_to_its_transfer_on_the_page_and_in_the_file(
        self, office: Office, busy: Market, api: Api
    ) -> None:
        office.do("settlements")
        path = f"settlements/1/shops/{busy.shops[QUAI]}"
        assert "20,00" in office.get(path)
        where = f"/campaigns/{CAMPAIGN}/{path}/statement.csv"
        for language, separator in (("fr", ";"), ("en", ",")):
            headers = office.who | {"Accept-Language": language}
            text = api.ask("GET", where, headers=headers).content.decode("utf-8-sig")
            _, *rows = csv.reader(io.StringIO(text), delimiter=separator)
            assert [re.sub("[,.]", "", row[-1]) for row in rows] == ["1000", "1000"]
        office.get(f"settlements/1/shops/{busy.shops[PORT]}", 404)
        office.get("settlements/2", 404)

    def test_a_long_run_comes_in_pages(
        self, office: Office, busy: Market, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sync.server.organiser.settlement_pages.LINES_PER_PAGE", 1)
        office.do("settlements")
        path = f"settlements/1/shops/{busy.shops[QUAI]}"
        assert "?page=2" in office.get(path)
        assert "?page=1" in office.get(f"{path}?page=2")
        office.get(f"{path}?page=0", 400)


class TestClosing:
    def test_a_campaign_is_closed_when_nothing_hinders_and_its_id_is_typed(
        self, office: Office, busy: Market, api: Api
    ) -> None:
        assert "terminez-la d&#39;abord" in office.get("audit")
        office.post("closing", 409, id=CAMPAIGN)
        office.post("state", to="ended")
        assert "peut encore arriver" in office.get("closing")
        api.clock.advance(days=100)
        office.log_in()
        assert "Commerces encore à payer" in office.get("closing")
        office.do("settlements")
        assert "sans réponse de la banque" in office.get("closing")
        office.do("settlements/1/lines", state="all-paid")
        assert "recopiez" in office.get("closing")
        office.post("closing", 422, id="ete")
        assert office.post("closing", id=CAMPAIGN) == f"/campaigns/{CAMPAIGN}/audit"
        shown = office.get("audit")
        assert "Voici ce que le serveur a signé" in shown
        signed = api.ask("GET", f"/v1/admin/campaigns/{CAMPAIGN}/close", headers=office.who)
        document = parse(signed.content, CLOSING_TYP)
        document.check(office.services.secrets.key.public)
        accounts = msgspec.json.decode(document.payload)["accounts"]
        assert (accounts["paid"], accounts["budget"]) == (2000, 0)
        for path in ("campaign", "rules", "findings", "settlements"):
            office.get(path)
        office.do("funds", 409, **FUND)
        office.post("settings", 409, **SETTINGS)
        busy.whole()

    def test_an_open_campaign_has_no_closing_to_read(self, office: Office) -> None:
        office.market.ask("close", "GET", status=404)


def test_a_shops_page_says_what_became_of_its_paper_vouchers(
    office: Office, market: Market
) -> None:
    shop = market.shops[PORT]
    for _ in range(2):  # pressed twice, it is given twice, and is seen
        wish = {"value": "2,00", "count": "3"}
        assert office.do(f"shops/{shop}/carnets", **wish).endswith("?note=given")
    refs = [{"batch": 1, "index": index} for index in range(2)]
    earn = market.earn(PORT, 2000, secret(77)) | {"claim": None, "handed": refs}
    market.sell(PORT, 2000, earn)
    market.send(PORT)
    page = office.get(f"shops/{shop}")
    row = page[page.index("Expirés ou annulés") :]
    assert re.findall(r'<td class="figure">(\d+)</td>', row)[:4] == ["4", "2", "0", "0"]
    assert "2,00" in row
    assert "⚠" in office.do(f"shops/{shop}/carnets", 422, value="deux", count="3")


def test_every_page_is_whole_in_both_languages(office: Office, busy: Market) -> None:
    office.do("settlements")
    paths = (
        *("", "campaign", "rules", "findings", "findings?all=1", "settlements", "settlements/1"),
        *("audit", "closing", "accounts", "state?to=paused", "rules?preset=tiers"),
        f"settlements/1/shops/{busy.shops[QUAI]}",
    )
    for path in paths:
        french, english = (office.get(path, language=one) for one in ("fr", "en"))
        assert french != english


def test_each_finding_and_each_check_has_its_words(office: Office, busy: Market) -> None:
    checks = busy.ledger(lambda ledger: audit(ledger.db, CAMPAIGN))
    for language in ("fr", "en"):
        said = finding_words.TEXTS[language]
        assert all(said[f"what_{kind}"] and said[f"help_{kind}"] for kind in Kind)
        proof = audit_words.TEXTS[language]
        for one in checks:
            assert proof[f"check_{one.name}"]
            assert proof[f"say_{one.name}"]
            for figure in one.figures:
                assert proof["figure_fund" if figure.startswith("fund ") else f"figure_{figure}"]


@pytest.mark.parametrize(
    "words",
    [audit_words, campaign_words, field_words, finding_words, rules_words, settlement_words],
    ids=lambda words: words.__name__.rpartition(".")[2],
)
def test_every_word_is_there_in_both_languages(words: Any) -> None:
    assert set(words.TEXTS["fr"]) == set(words.TEXTS["en"])
    for key, french in words.TEXTS["fr"].items():
        places = sorted(re.findall(r"{\w+}", french))
        assert sorted(re.findall(r"{\w+}", words.TEXTS["en"][key])) == places


def _standing(ledger: Any) -> Any:
    return standing(ledger.db, CAMPAIGN)
