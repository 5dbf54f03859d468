from __future__ import annotations

from typing import Any

import pytest

from sync.contract.jws import SigningKey, VerifyKey
from sync.contract.messages import EARLIER_KEYS_MAX, PAIRING_ALPHABET, fingerprint
from sync.server.services import Services
from tests.sync.server.kit import OTHER_TILL, Api, Till, VirtualClock, name_of, verdicts

KEY = SigningKey.from_secret(0xC0FFEE)


@pytest.fixture
def newcomer() -> Till:
    return Till(KEY)


def apply(api: Api, body: bytes) -> tuple[int, str]:
    response = api.ask("POST", "/v1/enrolments", content=body)
    return response.status_code, name_of(response)


def test_a_till_enrols_and_both_sides_show_the_same_fingerprint(
    api: Api, shop: str, newcomer: Till, clock: VirtualClock
) -> None:
    answer = api.enrol(newcomer, shop)
    server_key = VerifyKey.from_pem(answer["server_key"].encode())
    assert answer == {
        "campaign": {"id": "noel", "name": "Noël à Saint-Malo"},
        "shop": {"id": shop, "name": "Épicerie du Port"},
        "till": newcomer.till,
        "epoch": 1,
        "fingerprint": fingerprint(newcomer.key.public, server_key),
        "server_key": server_key.pem,
        "acknowledged": 0,
        "time": "2026-11-22T17:00:00.000+00:00",
    }
    shown = api.status()["campaigns"][0]["shops"][0]["tills"][0]
    assert shown["fingerprint"] == answer["fingerprint"]
    assert shown["state"] == "active"


def test_a_pairing_code_is_easy_to_read_aloud(api: Api, shop: str) -> None:
    code = api.code(shop)
    assert len(code) == 8
    assert set(code) <= set(PAIRING_ALPHABET)


def test_a_code_may_be_typed_with_dashes_and_small_letters(
    api: Api, shop: str, newcomer: Till
) -> None:
    code = api.code(shop)
    typed = f" {code[:4].lower()}-{code[4:]} "
    response = api.ask("POST", "/v1/enrolments", content=newcomer.enrolment(typed))
    assert response.status_code == 201


def test_the_same_request_again_gets_the_same_answer(
    api: Api, shop: str, newcomer: Till, clock: VirtualClock
) -> None:
    body = newcomer.enrolment(api.code(shop))
    first = api.ask("POST", "/v1/enrolments", content=body).json()
    clock.advance(hours=30)
    again = api.ask("POST", "/v1/enrolments", content=body)
    assert again.status_code == 201
    assert again.json() == first | {"time": "2026-11-23T23:00:00.000+00:00"}
    assert len(api.status()["campaigns"][0]["shops"][0]["tills"]) == 1


def test_a_used_code_lets_nobody_else_in(api: Api, shop: str, newcomer: Till) -> None:
    code = api.code(shop)
    api.ask("POST", "/v1/enrolments", content=newcomer.enrolment(code))
    thief = Till(SigningKey.from_secret(666), till=OTHER_TILL)
    assert apply(api, thief.enrolment(code)) == (409, "code-used")
    imitator = Till(SigningKey.from_secret(666))
    assert apply(api, imitator.enrolment(code)) == (409, "code-used")


def test_an_unknown_or_old_code_is_refused(
    api: Api, shop: str, newcomer: Till, clock: VirtualClock
) -> None:
    assert apply(api, newcomer.enrolment("ZZZZZZZZ")) == (404, "code-unknown")
    code = api.code(shop)
    clock.advance(hours=24)
    assert apply(api, newcomer.enrolment(code)) == (410, "code-expired")


def test_a_till_must_hold_the_key_that_it_brings(api: Api, shop: str, newcomer: Till) -> None:
    stolen = newcomer.enrolment(api.code(shop), public_key=SigningKey.from_secret(3).public.pem)
    assert apply(api, stolen) == (422, "malformed")
    whole = newcomer.enrolment(api.code(shop))
    cut = whole[:-8] + (b"AAAAAAAA" if whole[-8:] != b"AAAAAAAA" else b"BBBBBBBB")
    status, name = apply(api, cut)
    assert (status, name) in {(422, "bad-signature"), (422, "malformed")}


@pytest.mark.parametrize("pem", ["x", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"])
def test_what_is_no_key_is_refused(api: Api, shop: str, newcomer: Till, pem: str) -> None:
    assert apply(api, newcomer.enrolment(api.code(shop), public_key=pem)) == (422, "malformed")


def test_an_enrolled_till_needs_a_later_epoch_a_new_key_and_a_new_code(
    api: Api, shop: str, till: Till
) -> None:
    assert apply(api, till.enrolment(api.code(shop))) == (409, "epoch-conflict")
    assert apply(api, till.enrolment(api.code(shop), epoch=2)) == (409, "key-conflict")
    till.go_on(0xBEEF)
    assert api.enrol(till, shop)["epoch"] == 2
    back = Till(SigningKey.from_secret(0xC0FFEE))
    assert apply(api, back.enrolment(api.code(shop))) == (409, "epoch-conflict")
    states = [one["state"] for one in api.status()["campaigns"][0]["shops"][0]["tills"]]
    assert states == ["active", "closed"]


def test_one_key_is_one_till(api: Api, shop: str, till: Till) -> None:
    twin = Till(till.key, till=OTHER_TILL)
    assert apply(api, twin.enrolment(api.code(shop))) == (409, "key-conflict")


def test_a_till_joins_a_second_campaign_with_its_key(api: Api, till: Till) -> None:
    second = Till(till.key, campaign="ete")
    answer = api.enrol(second, api.campaign("ete"))
    assert answer["campaign"]["id"] == "ete"
    till.sell()
    second.sell()
    assert api.send(till).status_code == 200
    assert api.send(second).status_code == 200


def test_an_epoch_that_another_key_holds_cannot_be_joined(api: Api, till: Till) -> None:
    stranger = Till(SigningKey.from_secret(5))
    body = stranger.enrolment(api.code(api.campaign("ete")))
    assert apply(api, body) == (409, "key-conflict")


def test_a_quarantined_epoch_joins_nothing_more(api: Api, till: Till) -> None:
    clone = till.clone()
    till.sell()
    clone.sell(99)
    api.send(till)
    api.send(clone)
    body = till.enrolment(api.code(api.campaign("ete")))
    assert apply(api, body) == (423, "quarantined")


def test_a_key_handed_over_opens_nothing_by_itself(api: Api, shop: str, newcomer: Till) -> None:
    before = newcomer.clone()
    newcomer.go_on(0xBEEF)
    api.enrol(newcomer, shop)
    before.sell()
    assert name_of(api.send(before)) == "unauthorised"
    assert apply(api, before.enrolment(api.code(shop))) == (409, "epoch-conflict")


def test_a_key_handed_over_for_another_epoch_changes_nothing(
    api: Api, shop: str, till: Till
) -> None:
    """The key of epoch 1 stays that, and nobody signs for an epoch that is still to come."""
    till.sell()
    old = till.key
    till.go_on(0xBEEF)
    till.past = [{"epoch": epoch, "public_key": old.public.pem} for epoch in (2, 3)]
    till.sell()
    api.enrol(till, shop)
    assert verdicts(api.send(till)) == ["accepted", "accepted"]


@pytest.mark.parametrize(
    "earlier",
    [
        [{"epoch": 1, "public_key": "x"}],
        [{"epoch": 0, "public_key": KEY.public.pem}],
        [{"public_key": KEY.public.pem}],
        [{"epoch": 1, "public_key": KEY.public.pem}] * (EARLIER_KEYS_MAX + 1),
    ],
    ids=["no key", "no epoch", "nothing said", "too many"],
)
def test_earlier_keys_that_are_none_are_refused(
    api: Api, shop: str, newcomer: Till, earlier: list[dict[str, Any]]
) -> None:
    newcomer.go_on(0xBEEF)
    body = newcomer.enrolment(api.code(shop), earlier=earlier)
    assert apply(api, body) == (422, "malformed")


def test_as_many_earlier_keys_as_may_come_fit_into_a_request(
    api: Api, shop: str, newcomer: Till
) -> None:
    for secret in range(2, EARLIER_KEYS_MAX + 2):
        newcomer.go_on(secret)
        newcomer.sell()
    assert len(newcomer.past) == EARLIER_KEYS_MAX
    api.enrol(newcomer, shop)
    assert set(verdicts(api.send(newcomer))) == {"accepted"}


def test_guessing_codes_is_slowed_down(api: Api, clock: VirtualClock, newcomer: Till) -> None:
    guess = newcomer.enrolment("ZZZZZZZZ")
    seen = [apply(api, guess)[0] for _ in range(11)]
    assert seen == [404] * 10 + [429]
    response = api.ask("POST", "/v1/enrolments", content=guess)
    clock.advance(seconds=int(response.headers["retry-after"]))
    assert apply(api, guess)[0] == 404


def test_a_code_is_kept_only_as_its_hash(api: Api, services: Services, shop: str) -> None:
    code = api.code(shop)
    rows = services.store.write_now(
        lambda db: db.execute("SELECT digest FROM pairing_code").fetchall()
    )
    assert code.encode() not in b"".join(digest for (digest,) in rows)
