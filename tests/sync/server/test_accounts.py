from __future__ import annotations

from base64 import b64decode

import pytest

from sync.server import passwords
from sync.server.organiser.words import accounts as words
from sync.server.organiser.words import shell
from sync.server.services import Services
from sync.server.store.db import Db
from tests.sync.server.kit import Api, VirtualClock, name_of
from tests.sync.server.people import (
    PASSWORD,
    Person,
    accept,
    change,
    invite,
    join,
    session,
    token_of,
)

LIST = "/campaigns/noel/accounts"
FIGURES = "/v1/admin/campaigns/noel/figures"


@pytest.fixture
def admin(api: Api, services: Services, shop: str) -> dict[str, str]:
    return session(api, token=services.secrets.admin_token)


@pytest.fixture
def anna(api: Api, admin: dict[str, str]) -> Person:
    return join(api, admin, "noel", "organiser@example.org")


def log_in(api: Api, name: str, password: str) -> int:
    return api.ask("POST", "/login", data={"name": name, "password": password}).status_code


def test_an_invitation_opens_once_and_for_seven_days(
    api: Api, admin: dict[str, str], clock: VirtualClock
) -> None:
    link = invite(api, admin, "noel", "Organiser@Example.org ")
    assert "organiser@example.org" in api.ask("GET", link).text
    clock.advance(days=6, hours=23)
    admin = session(api, token=api.admin["Authorization"].removeprefix("Bearer "))
    accept(api, link)
    assert "Mot de passe enregistré" in api.ask("GET", "/login?chosen=1").text
    assert "Mot de passe enregistré" not in api.ask("GET", "/login").text
    assert api.ask("GET", link).status_code == 404
    again = api.ask("POST", link, data={"password": PASSWORD, "again": PASSWORD})
    assert again.status_code == 404
    late = invite(api, admin, "noel", "late")
    clock.advance(days=7)
    assert api.ask("GET", late).status_code == 404
    assert log_in(api, "ORGANISER@example.org", PASSWORD) == 303


def test_only_the_hash_of_what_opens_something_is_kept(
    api: Api, admin: dict[str, str], services: Services, anna: Person
) -> None:
    link = invite(api, admin, "noel", "second")
    secret, token = link.rpartition("/")[2], anna.token["Authorization"].rpartition(" ")[2]

    def work(db: Db) -> str:
        return repr(db.execute("SELECT * FROM account").fetchall())

    kept = services.store.write_now(work)
    assert "scrypt$15$8$1$" in kept
    assert not any(one in kept for one in (secret, token, PASSWORD))


@pytest.mark.parametrize(
    ("password", "again", "said"),
    [
        ("eleven char", "eleven char", "trop court"),
        ("x" * 201, "x" * 201, "trop long"),
        (PASSWORD, PASSWORD + "x", "diffèrent"),
    ],
)
def test_a_password_that_will_not_do_is_refused_with_the_reason(
    api: Api, admin: dict[str, str], password: str, again: str, said: str
) -> None:
    link = invite(api, admin, "noel", "x")
    answer = api.ask("POST", link, data={"password": password, "again": again})
    assert answer.status_code == 422
    assert said in answer.text
    assert log_in(api, "x", password) == 401


def test_an_account_that_has_chosen_no_password_cannot_log_in(
    api: Api, admin: dict[str, str]
) -> None:
    invite(api, admin, "noel", "waiting")
    for password in ("", " ", "waiting", "A" * 12):
        assert log_in(api, "waiting", password) == 401


def test_unknown_names_and_wrong_passwords_look_the_same(api: Api, anna: Person) -> None:
    wrong, unknown = (
        api.ask("POST", "/login", data={"name": name, "password": "not the password"})
        for name in (anna.name, "nobody")
    )
    assert (wrong.status_code, wrong.text) == (unknown.status_code, unknown.text)
    assert wrong.status_code == 401
    assert "ne vont pas ensemble" in wrong.text


def test_guessing_one_accounts_password_is_slowed_down_whatever_address_it_comes_from(
    api: Api, services: Services, anna: Person
) -> None:
    seen = [log_in(api, anna.name, "wrong wrong wrong") for _ in range(10)]
    assert seen == [401] * 10
    services.meters.failed_logins.give_back("192.0.2.1")  # as if it came from another address
    assert log_in(api, anna.name, PASSWORD) == 429
    api.clock.advance(minutes=1)
    assert log_in(api, anna.name, PASSWORD) == 303


def test_many_tries_at_once_are_no_way_round_the_limit(api: Api, anna: Person) -> None:
    form = {"name": anna.name, "password": "wrong wrong wrong"}
    asked = [("POST", "/login", {"data": form}) for _ in range(30)]
    seen = sorted(one.status_code for one in api.gather(asked))
    assert seen == [401] * 10 + [429] * 20


def test_logging_in_often_with_the_right_password_is_no_failure(api: Api, anna: Person) -> None:
    assert {log_in(api, anna.name, PASSWORD) for _ in range(12)} == {303}


def test_a_disabled_account_is_out_at_once(api: Api, admin: dict[str, str], anna: Person) -> None:
    link = invite(api, admin, "noel", "second")
    for who in (anna.cookie, anna.token):
        assert api.ask("GET", FIGURES, headers=who).status_code == 200
    assert change(api, "noel", anna.id, "disable", admin).status_code == 303
    for who in (anna.cookie, anna.token):
        assert name_of(api.ask("GET", FIGURES, headers=who)) == "unauthorised"
    assert log_in(api, anna.name, PASSWORD) == 401
    assert change(api, "noel", anna.id, "invite", admin).status_code == 409
    assert change(api, "noel", anna.id, "enable", admin).status_code == 303
    assert name_of(api.ask("GET", FIGURES, headers=anna.cookie)) == "unauthorised"
    assert log_in(api, anna.name, PASSWORD) == 303
    assert api.ask("GET", link).status_code == 200


def test_a_new_invitation_replaces_the_password_and_ends_the_sessions(
    api: Api, admin: dict[str, str], anna: Person
) -> None:
    shown = change(api, "noel", anna.id, "invite", admin).text
    link = "/invitation/" + shown.partition("/invitation/")[2].partition("<")[0]
    assert api.ask("GET", FIGURES, headers=anna.cookie).status_code == 200
    accept(api, link, "an entirely other phrase")
    assert name_of(api.ask("GET", FIGURES, headers=anna.cookie)) == "unauthorised"
    assert log_in(api, anna.name, PASSWORD) == 401
    assert log_in(api, anna.name, "an entirely other phrase") == 303


def test_a_new_token_ends_the_one_before(api: Api, anna: Person) -> None:
    fresh = {"Authorization": f"Bearer {token_of(api, 'noel', anna)}"}
    assert name_of(api.ask("GET", FIGURES, headers=anna.token)) == "unauthorised"
    assert api.ask("GET", FIGURES, headers=fresh).status_code == 200


def test_nobody_makes_a_token_that_speaks_for_another(
    api: Api, admin: dict[str, str], anna: Person
) -> None:
    second = join(api, admin, "noel", "second")
    for who in (admin, second.cookie):
        assert change(api, "noel", anna.id, "token", who).status_code == 404


def test_names_are_taken_once_on_the_whole_server(
    api: Api, admin: dict[str, str], anna: Person
) -> None:
    api.campaign("ete")
    for name in (anna.name, anna.name.upper()):
        form = {"name": name, "role": "organiser"}
        taken = api.ask("POST", "/campaigns/ete/accounts", data=form, headers=admin)
        assert taken.status_code == 409
        assert "déjà pris" in taken.text


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"name": " ", "role": "organiser"}, 422),
        ({"name": "x" * 81, "role": "organiser"}, 422),
        ({"name": "a\x01b", "role": "organiser"}, 422),
        ({"name": "x", "role": "admin"}, 422),
        ({"name": "x", "role": "shop", "shop": ""}, 404),
        ({"name": "x", "role": "shop", "shop": "2"}, 404),
        ({"name": "x", "role": "shop", "shop": "²"}, 404),
    ],
)
def test_an_account_that_cannot_be_is_refused(
    api: Api, admin: dict[str, str], form: dict[str, str], status: int
) -> None:
    assert api.ask("POST", LIST, data=form, headers=admin).status_code == status
    assert "Aucun compte" in api.ask("GET", LIST, headers=admin).text


def test_more_passwords_than_can_wait_are_answered_busy(
    api: Api, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.server.passwords.PENDING_MAX", 2)
    asked = [
        ("POST", "/login", {"data": {"name": f"nobody {number}", "password": "x"}})
        for number in range(5)
    ]
    seen = sorted(one.status_code for one in api.gather(asked))
    assert seen == [401, 401, 503, 503, 503]
    assert log_in(api, anna.name, PASSWORD) == 303


def test_accounts_come_in_pages(
    api: Api, admin: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.server.accounts.PER_PAGE", 2)
    for name in ("ada", "bea", "cleo"):
        invite(api, admin, "noel", name)
    first, second = (api.ask("GET", f"{LIST}?page={n}", headers=admin).text for n in (1, 2))
    assert ("ada" in first, "cleo" in first) == (True, False)
    assert ("ada" in second, "cleo" in second) == (False, True)


def test_a_shops_account_is_led_to_its_shop(api: Api, admin: dict[str, str]) -> None:
    keeper = join(api, admin, "noel", "keeper", "1")
    led = api.ask("GET", "/", headers=keeper.cookie)
    assert (led.status_code, led.headers["location"]) == (303, "/shop")


def test_acts_say_who_did_them(
    api: Api, admin: dict[str, str], services: Services, anna: Person
) -> None:
    fund = {"sponsor": "Ville", "kind": "city", "name": "2026", "cents": 1000}
    for who in (anna.cookie, anna.token, api.admin):
        path = "/v1/admin/campaigns/noel/funds"
        assert api.ask("POST", path, json=fund, headers=who).status_code == 201

    def work(db: Db) -> list[str]:
        rows = db.execute("SELECT who FROM act WHERE kind = 'pledge' ORDER BY id")
        return [row[0] for row in rows.fetchall()]

    anna_is = f"account:{anna.id}"
    assert services.store.write_now(work) == [anna_is, anna_is, "admin"]


def test_a_sessions_writes_must_come_from_this_site(api: Api, anna: Person) -> None:
    fund = {"sponsor": "Ville", "kind": "city", "name": "2026", "cents": 1000}

    def pledge(who: dict[str, str], origin: str) -> int:
        path = "/v1/admin/campaigns/noel/funds"
        return api.ask("POST", path, json=fund, headers=who | {"Origin": origin}).status_code

    assert pledge(anna.cookie, "https://evil.example") == 403
    assert pledge(anna.token, "https://evil.example") == 201  # no browser adds a token by itself
    assert pledge(anna.cookie, "http://testserver") == 201


def test_passwords_are_the_same_however_a_keyboard_writes_accents() -> None:
    kept = passwords.write("l'été à la mer", b"0123456789abcdef")
    assert passwords.matches("l'e\u0301te\u0301 a\u0300 la mer", kept)
    assert not passwords.matches("l'ete a la mer", kept)


def test_what_is_kept_of_a_password_is_plain_scrypt() -> None:
    # By OpenSSL 3: openssl kdf -keylen 32 -kdfopt pass:... -kdfopt salt:... -kdfopt n:32768
    # -kdfopt r:8 -kdfopt p:1 -kdfopt maxmem_bytes:67108864 SCRYPT
    kept = passwords.write("correct horse battery", b"sixteen bytes!!!")
    *cost, salt, found = kept.split("$")
    assert cost == ["scrypt", "15", "8", "1"]
    assert b64decode(salt) == b"sixteen bytes!!!"
    assert b64decode(found).hex() == (
        "12b7448b28bb89bb3834df8ef8c0ce9e4a374cd645531618d7b9ad919865bd12"
    )


def test_every_word_is_there_in_both_languages() -> None:
    for texts in (words.TEXTS, shell.TEXTS):
        assert set(texts["fr"]) == set(texts["en"])
        assert all(texts["fr"].values())
        assert all(texts["en"].values())
