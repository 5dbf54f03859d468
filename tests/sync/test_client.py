from __future__ import annotations

import gzip
from datetime import timedelta

import pytest

from sync.client import Client
from sync.contract.jws import parse
from sync.contract.messages import TOKEN_LIFETIME_SECONDS, TOKEN_TYP, Claims, open_signed
from sync.errors import ClockSkew, Gap, Rejected, Unauthorised
from sync.ports import Request
from tests.sync.rig import CHAIN, ORIGIN, Bench, Line, Who, answers


def claims_of(request: Request) -> Claims:
    token = request.headers["Authorization"].removeprefix("Bearer ")
    claims, _ = open_signed(token, TOKEN_TYP, Claims)
    return claims


def test_a_token_names_server_and_till_and_lives_a_minute(enrolled: Bench) -> None:
    enrolled.client().chain(CHAIN)
    claims = claims_of(enrolled.line.asked[-1])
    assert claims.aud == ORIGIN
    assert claims.iss == claims.sub == enrolled.journal.till.till
    assert claims.exp - claims.iat == TOKEN_LIFETIME_SECONDS
    token = enrolled.line.asked[-1].headers["Authorization"].removeprefix("Bearer ")
    parse(token, TOKEN_TYP).check(enrolled.journal.till.key.public)


def test_a_token_is_used_again_and_renewed_in_time(enrolled: Bench) -> None:
    client = enrolled.client()
    enrolled.line.asked.clear()
    for _ in range(3):
        client.chain(CHAIN)
        enrolled.clock.advance(seconds=20)
    names = [claims_of(request).jti for request in enrolled.line.asked]
    assert names[0] == names[1] != names[2]


@pytest.mark.parametrize("hours", [-30_000, -3, 3, 30_000])
def test_a_wrong_clock_costs_one_more_request(enrolled: Bench, hours: int) -> None:
    skew = timedelta(hours=hours)
    client = enrolled.client(now=lambda: enrolled.clock.now() + skew)
    enrolled.line.asked.clear()
    client.chain(CHAIN)
    client.chain(CHAIN)
    assert len(enrolled.line.asked) == 3
    assert client.offset_ms == -hours * 3_600_000 + 500


def test_a_clock_that_is_right_to_a_second_is_left_alone(enrolled: Bench) -> None:
    client = enrolled.client(now=lambda: enrolled.clock.now() + timedelta(seconds=1))
    client.chain(CHAIN)
    assert client.offset_ms == 0


def test_a_server_that_never_likes_the_clock_is_not_asked_for_ever(enrolled: Bench) -> None:
    body = b'{"type":"urn:comptoir:problem:clock-skew","title":"no","status":401}'
    skew = answers(401, body, content_type="application/problem+json")
    enrolled.line.faults = [skew, skew]
    with pytest.raises(ClockSkew):
        enrolled.client().chain(CHAIN)


def test_another_key_is_not_accepted(enrolled: Bench) -> None:
    enrolled.journal.till.go_on(secret=0xBAD)
    with pytest.raises(Unauthorised):
        enrolled.client().chain(CHAIN)


def test_a_gap_names_the_number_wanted(enrolled: Bench) -> None:
    enrolled.journal.sell(5)
    compacts = [one.compact for one in enrolled.journal.till.entries]
    with pytest.raises(Gap) as caught:
        enrolled.client().upload(CHAIN, compacts[3:])
    assert caught.value.expected == 1


def test_a_campaign_that_does_not_exist_is_rejected(enrolled: Bench) -> None:
    with pytest.raises(Rejected) as caught:
        enrolled.client().chain("campaign:ete")
    assert caught.value.trouble == "not-found"


def test_entries_are_compressed_on_their_way_through_the_city(enrolled: Bench) -> None:
    enrolled.journal.sell(50)
    compacts = [one.compact for one in enrolled.journal.till.entries]
    answer = answers(200, b'{"acknowledged":50,"verdicts":[]}', content_type="application/json")
    line = Line(enrolled.server, answer)
    till = Who.of(enrolled.journal.till)
    Client("https://campagne.example", line, till, enrolled.clock.now).upload(CHAIN, compacts)
    request = line.asked[0]
    assert request.headers["Content-Encoding"] == "gzip"
    assert compacts[49] in gzip.decompress(request.body)
    assert len(request.body) < 0.8 * sum(map(len, compacts))


def test_the_server_reads_what_was_compressed(enrolled: Bench) -> None:
    enrolled.journal.sell(5)
    client = enrolled.client()
    client.upload(CHAIN, [one.compact for one in enrolled.journal.till.entries])
    plain = enrolled.line.asked[-1]
    packed = gzip.compress(plain.body, 1)
    headers = {**plain.headers, "Content-Encoding": "gzip"}
    answer = enrolled.server.ask(Request("POST", plain.target, 10.0, headers, packed))
    assert answer.status == 200
