from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.contract.jws import SigningKey
from sync.server import texts
from sync.server.errors import Refused
from sync.server.organiser.words import shops as words
from sync.server.reference.iban import grouped
from sync.server.services import Services
from sync.server.shops import errors
from sync.server.shops.csv_cells import READERS
from sync.server.shops.letters import LETTERS_MAX
from sync.server.shops.upload import split_parts
from sync.server.store.db import Db
from tests.sync.server.kit import Api, Till, VirtualClock, name_of
from tests.sync.server.market import RULES
from tests.sync.server.people import join, session
from tests.sync.server.test_server_pages import Reader
from tests.sync.server.test_shops_csv import siret, sirets, written

SHOWN = texts.typeset(words.TEXTS)["fr"]
IBAN = "FR1420041010050500013M02606"
HOME = "/campaigns/noel"
FACTS = {
    "name": "Épicerie du Port",
    "siret": siret(7),
    "naf": "56.10A",
    "address": "1, quai de l'Été",
    "postcode": "35400",
    "town": "Saint-Malo",
    "iban": grouped(IBAN),
    "hours": "Mo-Sa 09:00-19:00",
    "latitude": "48,65",
    "longitude": "-2,02",
    "listed": "1",
}


@pytest.fixture
def leader(api: Api, services: Services) -> dict[str, str]:
    """An organiser of the campaign, as a browser."""
    api.order("campaigns", id="noel", name="Noël à Saint-Malo")
    admin = session(api, token=services.secrets.admin_token)
    return join(api, admin, "noel", "mairie").cookie


@pytest.fixture
def look(api: Api, leader: dict[str, str]) -> Any:
    def read(path: str, **parameters: Any) -> Reader:
        found = api.ask("GET", HOME + path, params=parameters, headers=leader)
        assert found.status_code == 200, found.text
        return Reader(found.text)

    return read


def send(api: Api, leader: dict[str, str], raw: bytes) -> Any:
    return api.ask("POST", f"{HOME}/shop-list", files={"file": ("l.csv", raw)}, headers=leader)


def rows(services: Services, sql: str, *parameters: Any) -> list[Any]:
    return services.store.write_now(lambda db: db.execute(sql, parameters).fetchall())


def acts(services: Services, kind: str) -> list[tuple[str, Any]]:
    found = rows(services, "SELECT who, detail FROM act WHERE kind = ? ORDER BY id", kind)
    return [(who, msgspec.json.decode(detail)) for who, detail in found]


def add(api: Api, leader: dict[str, str], **changes: str) -> str:
    """Add a shop on its page; its address."""
    done = api.ask("POST", f"{HOME}/shops", data=FACTS | changes, headers=leader)
    assert done.status_code == 303, done.text
    return str(done.headers["location"].removesuffix("?note=added"))


def code_of(html: str) -> str:
    found = re.search(r"--code ([0-9A-Z]{4}-[0-9A-Z]{4})", html)
    assert found, html
    return found[1]


def enrol(api: Api, till: Till, code: str) -> Any:
    return api.ask("POST", "/v1/enrolments", content=till.enrolment(code))


def test_a_shop_is_added_found_and_changed(
    api: Api, services: Services, leader: dict[str, str], look: Any
) -> None:
    address = add(api, leader)
    page = look(address.removeprefix(HOME), note="added")
    assert "✓ Le commerce est ajouté." in page.text
    listed = look("/shops")
    assert [row[1:5] for row in listed.tables[0][1:]] == [
        ["1", "Épicerie du Port", "Saint-Malo", siret(7)]
    ]
    changed = FACTS | {"name": "Épicerie du Quai", "iban": "FR7630006000011234567890189"}
    saved = api.ask("POST", address, data=changed, headers=leader)
    assert saved.headers["location"] == f"{address}?note=saved"
    ((facts, naf_2025, latitude),) = rows(
        services, "SELECT iban, naf_2025, latitude FROM shop_facts"
    )
    assert (facts, naf_2025, latitude) == ("FR7630006000011234567890189", "5611G", "48.65")
    (first, second) = acts(services, "shop")
    assert first[1]["added"] is True
    assert second[1]["other_account"] is True
    assert second[0].startswith("account:")


def test_what_cannot_be_right_is_said_beside_its_field_and_what_was_typed_stays(
    api: Api, services: Services, leader: dict[str, str]
) -> None:
    typed = FACTS | {"siret": "123", "iban": "FR00", "hours": "de 9 h à 19 h"}
    for path in (f"{HOME}/shops", add(api, leader)):
        answer = api.ask("POST", path, data=typed, headers=leader)
        assert answer.status_code == 422
        page = Reader(answer.text)
        for field in ("siret", "iban", "hours"):
            assert f"⚠ Attendu\N{NO-BREAK SPACE}: {SHOWN[f'expected_{field}']}" in page.text
        assert 'value="de 9 h à 19 h"' in answer.text
        assert answer.text.count('aria-invalid="true"') == 3
    assert rows(services, "SELECT count(*) FROM shop") == [(1,)]
    empty = api.ask("POST", f"{HOME}/shops", data={"name": " "}, headers=leader)
    assert "une valeur\N{NO-BREAK SPACE}: la case est vide" in empty.text


def test_a_code_of_2025_that_is_to_be_chosen_is_offered(
    api: Api, leader: dict[str, str], look: Any
) -> None:
    address = add(api, leader, naf="9602A").removeprefix(HOME)
    assert "la NAF 2025 a réparti ce code entre 9621G, 9621H" in look(address).text


def test_shops_are_found_by_any_part_whatever_the_accents(
    api: Api, leader: dict[str, str], look: Any
) -> None:
    add(api, leader)
    add(api, leader, name="Boulangerie", town="Dinan", siret=siret(8), reference="B-77")

    def names(text: str) -> list[str]:
        tables = look("/shops", find=text).tables
        return [row[2] for row in tables[0][1:]] if tables else []

    assert names("epicerie") == ["Épicerie du Port"]
    assert names("MALO port") == ["Épicerie du Port"]
    assert names(siret(8)[3:9]) == ["Boulangerie"]
    assert names("b-77") == ["Boulangerie"]
    assert names("port dinan") == []
    assert names("  ") == ["Boulangerie", "Épicerie du Port"]


def test_shops_come_in_pages_of_fifty(
    api: Api, services: Services, leader: dict[str, str], look: Any
) -> None:
    lines = [[f"Shop {number:03}", one] for number, one in enumerate(sirets(120))]
    confirm(api, leader, written(["nom", "siret"], *lines))
    assert [row[2] for row in look("/shops", page=3).tables[0][1:]][-1].startswith("Shop 119")
    assert len(look("/shops", page=1).tables[0]) == 51
    found = look("/shops", find="shop 1", page=1)
    assert "Page 1 sur 3" in found.text
    assert f"{HOME}/shops?find=shop%201&page=2" in found.addresses
    assert look("/shops", page=9).tables == []


def confirm(api: Api, leader: dict[str, str], raw: bytes) -> Any:
    """Send a list and say yes to what it would do."""
    seen = send(api, leader, raw)
    assert seen.status_code == 200, seen.text
    (path,) = {one for one in Reader(seen.text).addresses if "/shop-list/" in one}
    return api.ask("POST", path, headers=leader)


def test_a_list_names_who_lies_outside_of_the_territory(
    api: Api, services: Services, leader: dict[str, str]
) -> None:
    path = "/v1/admin/campaigns/noel/settings"
    kept = api.ask("PUT", path, json={"territory": ["34"]}, headers=leader)
    assert kept.status_code == 200, kept.text
    raw = written(["nom", "siret", "cp"], ["A", siret(1), "34000"], ["B", siret(2), "35400"])
    seen = send(api, leader, raw)
    assert "un code postal du territoire de la campagne" in seen.text
    assert confirm(api, leader, raw).status_code == 303
    assert [name for (name,) in rows(services, "SELECT name FROM shop")] == ["A"]


def test_a_list_is_shown_and_kept_only_after_a_yes(
    api: Api, services: Services, leader: dict[str, str]
) -> None:
    add(api, leader)
    raw = written(
        ["Enseigne", "SIRET", "IBAN", "Couleur"],
        ["Épicerie du Port", siret(7), "FR7630006000011234567890189", "rouge"],
        ["Boulangerie", siret(8), IBAN, "bleu"],
        ["Coiffure", "123", "", ""],
    )
    seen = send(api, leader, raw)
    page = Reader(seen.text)
    assert rows(services, "SELECT count(*) FROM shop") == [(1,)]
    assert "Colonnes ignorées\N{NO-BREAK SPACE}: Couleur." in page.text
    accounts, problems, sample = page.tables
    assert accounts[1:] == [["Épicerie du Port", IBAN, "FR7630006000011234567890189"]]
    assert problems[1:] == [["4", "SIRET", "123", SHOWN["expected_siret"]]]
    assert [row[1] for row in sample[1:]] == ["Épicerie du Port", "Boulangerie"]
    done = confirm(api, leader, raw)
    assert done.headers["location"] == f"{HOME}/shop-list?added=1&changed=1"
    shown = api.ask("GET", done.headers["location"], headers=leader)
    assert "✓ 1 commerces ajoutés, 1 modifiés." in shown.text
    assert rows(services, "SELECT name FROM shop ORDER BY number") == [
        ("Épicerie du Port",),
        ("Boulangerie",),
    ]
    ((who, said),) = acts(services, "shops")
    assert who.startswith("account:")
    assert (said["added"], said["changed"], len(said["other_accounts"])) == (1, 1, 1)
    assert rows(services, "SELECT count(*) FROM shop_list") == [(0,)]


def test_what_is_confirmed_is_what_was_seen(
    api: Api, services: Services, leader: dict[str, str], clock: VirtualClock
) -> None:
    first, second = (written(["nom", "siret"], [name, siret(1)]) for name in ("A", "B"))
    seen = Reader(send(api, leader, first).text)
    (path,) = {one for one in seen.addresses if "/shop-list/" in one}
    send(api, leader, second)
    assert api.ask("POST", path, headers=leader).status_code == 404
    send(api, leader, first)
    clock.advance(hours=25)
    admin = session(api, token=services.secrets.admin_token)
    assert api.ask("POST", path, headers=admin).status_code == 404
    again = join(api, admin, "noel", "other").cookie
    assert api.ask("POST", path, headers=again).status_code == 404
    assert rows(services, "SELECT count(*) FROM shop") == [(0,)]


@pytest.mark.parametrize("file", ["listed.csv", "listed-excel.csv"])
def test_a_list_that_was_exported_comes_back_as_it_was(
    api: Api, services: Services, leader: dict[str, str], file: str
) -> None:
    add(api, leader)
    add(api, leader, name='=1+1; "rue"', siret=siret(8), latitude="-0,5", naf="", address="-x")
    exported = api.ask("GET", f"{HOME}/exports/{file}", headers=leader)
    assert exported.status_code == 200, exported.text
    page = Reader(send(api, leader, exported.content).text)
    assert re.search(
        r"Nouveaux\s*0\s*Modifiés\s*0\s*Inchangés\s*2\s*Lignes à corriger\s*0", page.text
    )


def test_a_list_can_be_pasted(api: Api, services: Services, leader: dict[str, str]) -> None:
    pasted = written(["nom", "siret"], ["Pâtisserie", siret(3)])
    form = {"file": ("", b""), "pasted": (None, pasted)}
    seen = api.ask("POST", f"{HOME}/shop-list", files=form, headers=leader)
    assert "Pâtisserie" in seen.text


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "aucune ligne"),
        (b"PK\x03\x04\x81", "pas un fichier CSV"),
        (b"nom\nA\n", "aucun titre pour le SIRET"),
        (b"x" * 5_242_881, "plus que ce que le serveur accepte|dépasse 5 Mo"),
    ],
)
def test_a_file_that_is_no_list_is_refused_in_words(
    api: Api, leader: dict[str, str], raw: bytes, why: str
) -> None:
    answer = send(api, leader, raw)
    assert answer.status_code in (413, 422)
    assert re.search(why, Reader(answer.text).text)


def test_a_form_without_parts_is_refused(api: Api, leader: dict[str, str]) -> None:
    for how in ({"data": {"file": "x"}}, {"content": b"x"}):
        headers = leader | ({} if "data" in how else {"Content-Type": "multipart/form-data"})
        answer = api.ask("POST", f"{HOME}/shop-list", headers=headers, **how)
        assert answer.status_code == 400


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=200)
    | st.lists(st.sampled_from([b"--b", b"\r\n", b"--", b'; name="x"']), max_size=12).map(b"".join)
)
def test_no_bytes_break_the_reader_of_forms(body: bytes) -> None:
    try:
        fields = split_parts(body, b"b")
    except Refused:
        return
    assert all(len(content) <= len(body) for content in fields.values())


def test_a_code_is_shown_once_and_lets_a_till_in(
    api: Api, services: Services, leader: dict[str, str], look: Any
) -> None:
    address = add(api, leader)
    made = api.ask("POST", f"{address}/codes", data={"act": "make", "days": "7"}, headers=leader)
    code = code_of(made.text)
    assert "29/11/2026 18:00" in Reader(made.text).text
    page = look(address.removeprefix(HOME))
    assert code not in page.text
    assert "valable jusqu'au 29/11/2026 18:00" in page.text
    enrolled = enrol(api, Till(SigningKey.from_secret(5)), code)
    assert enrolled.status_code == 201
    digits = enrolled.json()["fingerprint"]
    seen = look(address.removeprefix(HOME))
    assert f"{digits[:3]} {digits[3:]}" in seen.text
    assert "Aucun code en cours." in seen.text
    assert acts(services, "pairing-code")[0][1]["days"] == 7


@pytest.mark.parametrize("days", ["0", "31", "x", "1.5", "²", "9999"])
def test_a_code_works_for_one_to_thirty_days(
    api: Api, services: Services, leader: dict[str, str], days: str
) -> None:
    address = add(api, leader)
    form = {"act": "make", "days": days}
    assert api.ask("POST", f"{address}/codes", data=form, headers=leader).status_code == 422
    shop = address.rsplit("/", 1)[1]
    body = {"shop": shop, "days": 31}
    refused = api.ask("POST", "/v1/admin/pairing-codes", json=body, headers=api.admin)
    assert name_of(refused) == "malformed"
    assert rows(services, "SELECT count(*) FROM pairing_code") == [(0,)]


def test_a_mailed_code_works_on_its_last_day_and_not_after(
    api: Api, leader: dict[str, str], clock: VirtualClock
) -> None:
    shop = add(api, leader).rsplit("/", 1)[1]
    early, late = (str(api.order("pairing-codes", shop=shop, days=30)["code"]) for _ in "ab")
    clock.advance(days=29, hours=23)
    assert enrol(api, Till(SigningKey.from_secret(5)), early).status_code == 201
    clock.advance(hours=2)
    assert name_of(enrol(api, Till(SigningKey.from_secret(6)), late)) == "code-expired"


def test_codes_that_were_withdrawn_let_nobody_in(
    api: Api, services: Services, leader: dict[str, str]
) -> None:
    address = add(api, leader)
    made = api.ask("POST", f"{address}/codes", data={"act": "make"}, headers=leader)
    gone = api.ask("POST", f"{address}/codes", data={"act": "withdraw"}, headers=leader)
    assert gone.headers["location"] == f"{address}?note=withdrawn"
    refused = enrol(api, Till(SigningKey.from_secret(5)), code_of(made.text))
    assert name_of(refused) == "code-expired"
    assert acts(services, "codes-withdrawn")[0][1]["codes"] == 1
    assert api.ask("POST", f"{address}/codes", data={"act": "x"}, headers=leader).status_code == 422


def ask_letters(api: Api, leader: dict[str, str], **form: Any) -> Any:
    known = {"which": "waiting", "days": "21", "sender": "Mairie\nTél. 02 99", "language": "fr"}
    return api.ask("POST", f"{HOME}/letters", data=known | form, headers=leader)


def pages_of(pdf: bytes) -> int:
    return pdf.count(b"/Type /Page\n")


def test_letters_are_made_once_for_shops_that_wait(
    api: Api, services: Services, leader: dict[str, str], look: Any
) -> None:
    first = add(api, leader).rsplit("/", 1)[1]
    add(api, leader, name="Autre", siret=siret(9))
    api.enrol(Till(SigningKey.from_secret(5)), first)
    assert "ni code en cours (1)" in look("/letters").text
    made = ask_letters(api, leader)
    assert made.headers["content-type"] == "application/pdf"
    assert 'filename="lettres-noel-20261122-1800.pdf"' in made.headers["content-disposition"]
    assert pages_of(made.content) == 1
    assert "Tél. 02 99" in api.ask("GET", f"{HOME}/letters", headers=leader).text
    again = ask_letters(api, leader)
    assert again.status_code == 422
    assert "Aucun commerce n'attend de lettre." in Reader(again.text).text
    ((_, said),) = acts(services, "letters")
    assert (len(said["shops"]), said["days"]) == (1, 21)


def test_a_new_letter_takes_the_place_of_the_one_that_was_lost(
    api: Api, services: Services, leader: dict[str, str], clock: VirtualClock
) -> None:
    address = add(api, leader)
    lost = api.ask("POST", f"{address}/codes", data={"act": "make", "days": "30"}, headers=leader)
    clock.advance(minutes=1)
    assert ask_letters(api, leader, which="named", n=["1"]).status_code == 200
    refused = enrol(api, Till(SigningKey.from_secret(5)), code_of(lost.text))
    assert name_of(refused) == "code-expired"
    now = clock.now().isoformat(timespec="milliseconds")
    open_codes = rows(services, "SELECT count(*) FROM pairing_code WHERE expires_at > ?", now)
    assert open_codes == [(1,)]
    assert pages_of(ask_letters(api, leader, which="tillless").content) == 1


def test_letters_of_chosen_shops_and_no_more_than_a_file_holds(
    api: Api, services: Services, leader: dict[str, str], look: Any
) -> None:
    lines = [["A", one] for one in sirets(LETTERS_MAX + 30)]
    confirm(api, leader, written(["nom", "siret"], *lines))
    assert "Les 2 commerces choisis" in look("/letters", n=["3", "5"]).text
    assert pages_of(ask_letters(api, leader, which="named", n=["3", "5", "999"]).content) == 2
    assert pages_of(ask_letters(api, leader).content) == LETTERS_MAX
    assert "ni code en cours (28)" in look("/letters").text
    assert pages_of(ask_letters(api, leader).content) == 28


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"which": "all"}, 422),
        ({"days": "31"}, 422),
        ({"sender": "x\n" * 7}, 422),
        ({"sender": "x" * 61}, 422),
        ({"which": "named", "n": ["7", "x", "-1"]}, 422),
    ],
)
def test_letters_that_cannot_be_are_refused_and_make_no_code(
    api: Api, services: Services, leader: dict[str, str], form: dict[str, Any], status: int
) -> None:
    add(api, leader)
    assert ask_letters(api, leader, **form).status_code == status
    assert rows(services, "SELECT count(*) FROM pairing_code") == [(0,)]


@pytest.mark.parametrize(
    ("offset", "named"),
    [("", "20261123-0030"), ("+01:00", "20261123-0030"), ("+04:00", "20261123-0330"),
     ("-04:00", "20261122-1930")],
)  # fmt: skip
def test_sheets_are_named_by_the_campaigns_own_time(
    api: Api, leader: dict[str, str], offset: str, named: str
) -> None:
    """Half an hour after midnight in Paris it is still the day before by UTC."""
    if offset:
        times = {
            "starts_at": f"2026-11-01T00:00:00{offset}",
            "ends_at": f"2026-12-25T00:00:00{offset}",
            "spend_until_at": f"2027-01-31T00:00:00{offset}",
        }
        rules = msgspec.to_builtins(msgspec.structs.replace(RULES, **times))
        path = "/v1/admin/campaigns/noel/rules"
        assert api.ask("POST", path, json=rules, headers=api.admin).status_code == 201
    api.clock.advance(hours=6, minutes=30)
    add(api, leader)
    letters = ask_letters(api, leader).headers["content-disposition"]
    stickers = api.ask("GET", f"{HOME}/stickers", headers=leader).headers["content-disposition"]
    assert f'"lettres-noel-{named}.pdf"' in letters
    assert f'"vignettes-noel-{named}.pdf"' in stickers


def test_stickers_are_bounded(api: Api, leader: dict[str, str]) -> None:
    made = api.ask("GET", f"{HOME}/stickers", params={"sheets": "3"}, headers=leader)
    assert (made.headers["content-type"], pages_of(made.content)) == ("application/pdf", 3)
    for sheets in ("0", "51", "x", ""):
        refused = api.ask("GET", f"{HOME}/stickers", params={"sheets": sheets}, headers=leader)
        assert refused.status_code == 422


def test_a_shop_of_another_campaign_is_not_there(
    api: Api, services: Services, leader: dict[str, str]
) -> None:
    theirs = api.campaign("ete")
    for method, path in (("GET", ""), ("POST", ""), ("POST", "/codes")):
        how: dict[str, Any] = {"data": FACTS | {"act": "make"}} if method == "POST" else {}
        answer = api.ask(method, f"{HOME}/shops/{theirs}{path}", headers=leader, **how)
        assert answer.status_code == 404
    assert ask_letters(api, leader, which="named", n=["1"]).status_code == 422
    assert rows(services, "SELECT count(*) FROM pairing_code") == [(0,)]


def test_pages_of_shops_are_sound_in_both_languages(
    api: Api, leader: dict[str, str], look: Any
) -> None:
    nasty = '"><img src=x onerror=alert(1)>'
    address = add(api, leader, name=nasty, town=nasty[:40]).removeprefix(HOME)
    for path in ("/shops", "/new-shop", address, "/shop-list", "/letters"):
        page = look(path)
        assert not {"script", "img"} & set(page.tags)
        assert len(page.ids) == len(set(page.ids))
        assert all(one.startswith(("/", "#")) for one in page.addresses)
        english = api.ask("GET", HOME + path, headers=leader | {"Accept-Language": "en"})
        assert '<html lang="en">' in english.text


def test_every_sentence_is_there_in_both_languages() -> None:
    french, english = words.TEXTS["fr"], words.TEXTS["en"]
    assert set(french) == set(english)
    for column in READERS:
        assert {f"fact_{column}", f"expected_{column}"} <= set(french)
    for reason in errors.REASONS:
        assert f"list_{reason}" in french
    for key, text in french.items():
        assert re.findall(r"{\w+}", text) == re.findall(r"{\w+}", english[key]), key


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_finding_and_letters_use_indexes(services: Services) -> None:
    def work(db: Db) -> list[str]:
        asked = (
            "SELECT 1 FROM pairing_code WHERE campaign = 'a' AND shop = 'b' AND expires_at > 'c'",
            "SELECT 1 FROM enrolment WHERE campaign = 'a' AND shop = 'b'",
            "SELECT id FROM shop WHERE campaign = 'a' ORDER BY sort_key, id LIMIT 50",
        )
        plans = [db.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall() for sql in asked]
        return [str(row[3]) for found in plans for row in found]

    for step in services.store.write_now(work):
        assert step.startswith("SEARCH"), step
