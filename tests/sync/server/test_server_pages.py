from __future__ import annotations

import re
from collections import defaultdict
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.contract.jws import SigningKey
from sync.server import texts
from sync.server.services import Services
from sync.server.store.db import Db
from tests.sync.server.kit import OTHER_TILL, Api, Till, VirtualClock, name_of

HOME = "/campaigns/noel"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Reader(HTMLParser):
    """Reads a page as a strict reader does: nesting, tables, addresses, names."""

    VOID = frozenset(("meta", "link", "input"))

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.text = ""
        self.tags: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        assert "style" not in named
        assert not any(name.startswith("on") for name in named)
        self.tags.append(tag)
        self.addresses += [str(named[k]) for k in ("href", "src", "action") if k in named]
        if "id" in named:
            self.ids.append(str(named["id"]))
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.open and {"td", "th"} & set(self.open) and self.tables:
            self.tables[-1][-1][-1] += data


def cents(shown: str) -> int:
    return int(re.sub(r"[^\d-]", "", shown))


def log_in(api: Api, services: Services) -> dict[str, str]:
    form = {"token": services.secrets.admin_token}
    response = api.ask("POST", "/login", data=form)
    assert (response.status_code, response.headers["location"]) == (303, "/")
    kept = response.headers["set-cookie"]
    assert "HttpOnly" in kept
    assert "SameSite=strict" in kept
    assert services.secrets.admin_token not in kept
    api.client.cookies.clear()
    return {"Cookie": kept.split(";")[0]}


@pytest.fixture
def busy(api: Api, till: Till, shop: str) -> Till:
    other = Till(SigningKey.from_secret(99), till=OTHER_TILL, shop_till="02")
    api.enrol(other, shop)
    for day in ("2026-11-20", "2026-11-21", "2026-11-22"):
        for total in (1, 1999, 123_456, 5):
            till.sell(total, day)
        till.refund(-777, day)
        other.sell(350, day)
    till.add({"type": "lottery"})
    till.close("2026-11-22", 1, 125_461 - 777, 5)
    other.close("2026-11-22", 1, 999, 1)
    api.send(till)
    api.send(other)
    return till


def test_turnover_by_day_is_the_sum_of_accepted_entries_to_the_cent(
    api: Api, services: Services, busy: Till
) -> None:
    expected: defaultdict[str, int] = defaultdict(int)
    for entry in busy.entries:
        if entry.data["type"] in ("sale", "refund"):
            expected[entry.data["day"]] += entry.data["total"]
    for day in expected:
        expected[day] += 350
    campaign = api.status()["campaigns"][0]
    assert {one["day"]: one["total_cents"] for one in campaign["days"]} == expected
    assert campaign["turnover"]["total_cents"] == sum(expected.values())
    assert campaign["shops"][0]["days"] == campaign["days"]

    page = Reader(api.ask("GET", HOME, headers=log_in(api, services)).text)
    for table in page.tables:
        shown = {row[0]: cents(row[3]) for row in table[1:]}
        assert shown == {texts.day(day, "fr"): total for day, total in expected.items()}


def test_the_books_agree_with_the_tickets_and_with_the_stored_entries(
    api: Api, services: Services, busy: Till
) -> None:
    def work(db: Db) -> list[Any]:
        return [
            db.execute(f"SELECT {column}, sum(total_cents) FROM {table} GROUP BY 1").fetchall()
            for column, table in (("day", "ticket"), ("day", "turnover"))
        ]

    by_ticket, by_turnover = services.store.write_now(work)
    assert by_ticket == by_turnover != []


def test_the_page_shows_what_the_status_says(api: Api, services: Services, busy: Till) -> None:
    html = api.ask("GET", HOME, headers=log_in(api, services)).text
    page = Reader(html)
    tills = api.status()["campaigns"][0]["shops"][0]["tills"]
    assert "Épicerie du Port" in page.text
    for one in tills:
        assert f"{one['fingerprint'][:3]} {one['fingerprint'][3:]}" in page.text
        assert f"n° {one['last_number']}" in page.text
    assert [one["last_closing"]["agrees"] for one in tills] == [True, False]
    assert "✓ conforme" in page.text
    assert "la caisse annonce 9,99\N{NO-BREAK SPACE}€" in page.text
    assert [one["rejected"] for one in tills] == [1, 0]


def test_the_page_needs_no_script_and_no_other_host(
    api: Api, services: Services, busy: Till
) -> None:
    response = api.ask("GET", HOME, headers=log_in(api, services))
    page = Reader(response.text)
    assert "script" not in page.tags
    assert all(address.startswith(("/", "#")) for address in page.addresses)
    assert len(page.ids) == len(set(page.ids))
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert response.headers["cache-control"] == "no-store"
    style = api.ask("GET", "/style.css")
    assert "url(" not in style.text
    assert "@import" not in style.text


def test_pages_speak_french_and_english(api: Api, services: Services, busy: Till) -> None:
    cookie = log_in(api, services)
    english = api.ask("GET", HOME, headers=cookie | {"Accept-Language": "en-GB,en;q=0.9"})
    french = api.ask("GET", HOME, headers=cookie | {"Accept-Language": "de, fr;q=0.5, en;q=0.1"})
    assert '<html lang="en">' in english.text
    assert "Turnover by day" in english.text
    assert '<html lang="fr">' in french.text
    assert english.headers["vary"] == "Accept-Language"
    assert set(texts.TEXTS["fr"]) == set(texts.TEXTS["en"])


def test_names_are_text_and_never_markup(api: Api, services: Services) -> None:
    api.order("campaigns", id="x", name="<script>alert(1)</script>")
    api.order("shops", campaign="x", name='"><img src=x onerror=alert(1)>')
    page = Reader(api.ask("GET", "/", headers=log_in(api, services)).text)
    assert "script" not in page.tags
    assert "img" not in page.tags


def test_a_silent_a_quarantined_and_a_replaced_till_are_told_apart(
    api: Api, services: Services, till: Till, shop: str, clock: VirtualClock
) -> None:
    def page() -> str:
        return Reader(api.ask("GET", HOME, headers=log_in(api, services)).text).text

    assert "✓ active" in page()
    clock.advance(hours=25)
    assert "… muette" in page()
    clone = till.clone()
    till.sell()
    clone.sell(99)
    api.send(till)
    api.send(clone)
    assert "⚠ en quarantaine" in page()
    till.go_on(0xBEEF)
    api.enrol(till, shop)
    assert "○ remplacée" in page()


def test_shops_come_in_pages(api: Api, services: Services) -> None:
    api.order("campaigns", id="noel", name="Noël")
    for number in range(51):
        api.order("shops", campaign="noel", name=f"Shop {number:02}")
    second = api.ask("GET", "/v1/status?page=2", headers=api.admin).json()
    assert (second["pages"], len(second["campaigns"][0]["shops"])) == (2, 1)
    assert second["campaigns"][0]["shops_count"] == 51
    page = Reader(api.ask("GET", f"{HOME}?page=2", headers=log_in(api, services)).text)
    assert "Shop 50" in page.text
    assert f"{HOME}?page=1" in page.addresses


@pytest.mark.parametrize("page", ["0", "-1", "x", "", "1.5", "99999999", "²"])
def test_a_page_that_is_no_number_is_refused(api: Api, page: str) -> None:
    response = api.ask("GET", "/v1/status", params={"page": page}, headers=api.admin)
    assert name_of(response) == "bad-request"


def test_the_pages_are_seen_only_after_logging_in(api: Api, services: Services) -> None:
    response = api.ask("GET", "/")
    assert (response.status_code, response.headers["location"]) == (303, "/bienvenue")
    response = api.ask("GET", HOME)
    assert (response.status_code, response.headers["location"]) == (303, "/login")
    form = api.ask("GET", "/login")
    assert 'type="password"' in form.text
    wrong = api.ask("POST", "/login", data={"token": "wrong"})
    assert wrong.status_code == 401
    assert 'role="alert"' in wrong.text
    cookie = log_in(api, services)
    assert api.ask("GET", "/v1/status", headers=cookie).status_code == 200
    api.ask("POST", "/logout", headers=cookie)
    assert api.ask("GET", "/", headers=cookie).status_code == 303


def test_guessing_at_the_log_in_is_slowed_down(api: Api) -> None:
    seen = [api.ask("POST", "/login", data={"token": "x"}).status_code for _ in range(11)]
    assert seen == [401] * 10 + [429]


@pytest.mark.parametrize("path", ["/login", "/logout"])
def test_a_form_from_another_site_is_refused(api: Api, services: Services, path: str) -> None:
    form = {"token": services.secrets.admin_token}
    for origin in ("https://evil.example", "null", "x[", "http://testserver.evil.example"):
        response = api.ask("POST", path, data=form, headers={"Origin": origin})
        assert name_of(response) == "cross-site"
    same = api.ask("POST", path, data=form, headers={"Origin": "http://testserver"})
    assert same.status_code == 303


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a=1&b=2&c=3&d=4&e=5&f=6"])
def test_a_form_that_cannot_be_read_is_refused(api: Api, body: bytes) -> None:
    assert name_of(api.ask("POST", "/login", content=body, headers=FORM)) == "bad-request"


def test_an_empty_server_says_so(api: Api, services: Services) -> None:
    page = Reader(api.ask("GET", "/", headers=log_in(api, services)).text)
    assert "Aucune campagne" in page.text


@given(st.text(max_size=60))
def test_any_accept_language_chooses_a_language(header: str) -> None:
    assert texts.choose(header) in texts.TEXTS


@pytest.mark.parametrize(
    ("amount", "french", "english"),
    [
        (0, "0,00 €", "€0.00"),
        (5, "0,05 €", "€0.05"),
        (-1, "-0,01 €", "-€0.01"),
        (123_456_789, "1 234 567,89 €", "€1,234,567.89"),
    ],
)
def test_amounts_are_written_as_each_language_does(amount: int, french: str, english: str) -> None:
    plain = texts.euros(amount, "fr").replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert plain.replace("\N{NO-BREAK SPACE}", " ") == french
    assert texts.euros(amount, "en") == english


def test_times_are_written_to_the_minute_as_their_own_clock_showed_them() -> None:
    at_the_till, on_the_server = "2026-11-22T18:04:05.123+01:00", "2026-11-22T17:04:05.123+00:00"
    assert texts.moment(at_the_till, "fr") == "22/11/2026 18:04"
    assert texts.moment(at_the_till, "en") == "2026-11-22 18:04"
    assert texts.moment(on_the_server, "fr") == "22/11/2026 18:04"
    assert texts.moment(on_the_server, "en") == "2026-11-22 18:04"


def test_french_signs_stay_on_the_line_of_their_word() -> None:
    said = {"a": "Prêts : 20 000 lignes ; « Noël » ? 5 % à 24:00", "b": "{euros} : {day}"}
    shown = texts.typeset({"fr": said, "en": {"a": "20 000 : ?"}})
    assert shown["fr"]["a"].replace("\N{NO-BREAK SPACE}", "_") == (
        "Prêts_: 20_000 lignes_; «_Noël_»_? 5_% à 24:00"
    )
    assert shown["fr"]["b"] == "{euros}\N{NO-BREAK SPACE}: {day}"
    assert shown["en"] == {"a": "20 000 : ?"}
