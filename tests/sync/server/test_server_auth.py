from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from sync.contract import canonical
from sync.contract.jws import SigningKey
from sync.contract.messages import ENROLMENT_TYP
from sync.server.services import Services
from sync.server.sessions import end_session, find_session, open_session
from sync.server.store.db import Db
from tests.sync.server.kit import OTHER_TILL, START, Api, Till, VirtualClock, name_of

SECONDS = int(START.timestamp())


def look(api: Api, till: Till, token: str) -> tuple[int, str]:
    response = api.ask(
        "GET",
        f"/v1/tills/{till.till}/chains/campaign:noel",
        headers={"Authorization": f"Bearer {token}"},
    )
    return response.status_code, "" if response.status_code == 200 else name_of(response)


def test_a_token_of_the_tills_key_opens_its_addresses(api: Api, till: Till) -> None:
    assert look(api, till, till.token(START)) == (200, "")


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"aud": "https://elsewhere.example"}, (401, "unauthorised")),
        ({"sub": OTHER_TILL}, (403, "other-till")),
        ({"iss": OTHER_TILL}, (403, "other-till")),
        ({"exp": SECONDS + 61}, (401, "unauthorised")),
        ({"exp": SECONDS}, (401, "unauthorised")),
        ({"exp": -1, "iat": -61}, (401, "clock-skew")),
        ({"exp": SECONDS - 121, "iat": SECONDS - 181}, (401, "clock-skew")),
        ({"exp": SECONDS + 181, "iat": SECONDS + 121}, (401, "clock-skew")),
        ({"exp": SECONDS - 120, "iat": SECONDS - 180}, (200, "")),
        ({"exp": SECONDS + 180, "iat": SECONDS + 120}, (200, "")),
        ({"sub": None}, (401, "unauthorised")),
    ],
)
def test_each_claim_is_checked(
    api: Api, till: Till, claims: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert look(api, till, till.token(START, **claims)) == expected


def test_a_skewed_clock_is_told_the_time(api: Api, till: Till, clock: VirtualClock) -> None:
    token = till.token(clock.now())
    clock.advance(hours=2)
    response = api.ask(
        "GET", f"/v1/tills/{till.till}/feed", headers={"Authorization": f"Bearer {token}"}
    )
    assert response.json()["time"] == "2026-11-22T19:00:00.000+00:00"
    assert response.headers["date"] == "Sun, 22 Nov 2026 19:00:00 GMT"
    assert response.headers["www-authenticate"] == "Bearer"


def test_another_key_type_or_algorithm_opens_nothing(api: Api, till: Till) -> None:
    assert look(api, till, Till(SigningKey.from_secret(9)).token(START)) == (401, "unauthorised")
    entry = till.sell().compact.decode()
    assert look(api, till, entry) == (401, "unauthorised")
    other = till.key.sign(canonical.encode({"aud": "x"}), ENROLMENT_TYP).compact.decode()
    assert look(api, till, other) == (401, "unauthorised")
    unsigned = "eyJhbGciOiJub25lIn0.e30."
    assert look(api, till, unsigned) == (401, "unauthorised")


def test_an_unknown_till_and_no_token_look_the_same_from_outside(api: Api, till: Till) -> None:
    stranger = Till(SigningKey.from_secret(9), till=OTHER_TILL)
    assert look(api, stranger, stranger.token(START)) == (401, "unauthorised")
    assert api.ask("GET", f"/v1/tills/{till.till}/feed").status_code == 401
    assert api.ask("GET", "/v1/tills/not-a-uuid/feed").status_code == 401


def test_failed_tokens_are_counted_and_good_ones_are_not_stopped(api: Api, till: Till) -> None:
    bad = Till(SigningKey.from_secret(9)).token(START)
    seen = {look(api, till, bad)[0] for _ in range(241)}
    assert seen == {401, 429}
    assert look(api, till, till.token(START)) == (200, "")


@pytest.mark.parametrize(
    "path", ["campaigns", "shops", "pairing-codes", "notices"], ids=lambda path: path
)
def test_an_organisers_orders_need_the_admin_token(api: Api, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp5"}):
        response = api.ask("POST", f"/v1/admin/{path}", json={}, headers=headers)
        assert (response.status_code, name_of(response)) == (401, "unauthorised")


def test_a_tills_token_is_no_admin_token(api: Api, till: Till) -> None:
    response = api.ask("POST", "/v1/admin/shops", json={}, headers=api.bearer(till))
    assert response.status_code == 401
    assert api.ask("GET", "/v1/status", headers=api.bearer(till)).status_code == 401


def test_guessing_the_admin_token_is_slowed_down(api: Api) -> None:
    wrong = {"Authorization": "Bearer wrong"}
    seen = [api.ask("GET", "/v1/status", headers=wrong).status_code for _ in range(11)]
    assert seen == [401] * 10 + [429]


def test_a_session_ends_after_its_time_and_when_it_is_left(services: Services) -> None:
    store = services.store
    secret = store.write_now(lambda db: open_session(db, "admin", START))

    def who(at: datetime) -> str | None:
        return store.write_now(lambda db: find_session(db, secret, at))

    assert who(START + timedelta(hours=11)) == "admin"
    assert who(START + timedelta(hours=12)) is None
    store.write_now(lambda db: end_session(db, secret))
    assert who(START) is None


def test_sessions_are_bounded(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.server.sessions.SESSIONS_MAX", 3)

    def work(db: Db) -> list[str | None]:
        moments = [START + timedelta(seconds=second) for second in range(4)]
        secrets = [open_session(db, "admin", moment) for moment in moments]
        return [find_session(db, secret, START) for secret in secrets]

    assert services.store.write_now(work) == [None, "admin", "admin", "admin"]
