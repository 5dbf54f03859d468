from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.contract.jws import SigningKey
from sync.contract.messages import PAIRING_ALPHABET, PAIRING_CODE_LENGTH, fingerprint
from sync.enrolment import enrol, read_code
from sync.errors import (
    AlreadyEnrolled,
    BadCode,
    Incompatible,
    Rejected,
    Unreachable,
    Untrusted,
)
from sync.ports import Answer, Request
from sync.records import Enrolment
from tests.sync.rig import CAMPAIGN, ORIGIN, Bench, Fault, answer_lost, answers, drain


def join(bench: Bench, code: str) -> Enrolment:
    return enrol(bench.state, bench.client(), code, shop_till="01", software="0.1.0")


def test_a_till_joins_and_both_sides_show_the_same_digits(bench: Bench) -> None:
    made = bench.enrol()
    assert bench.stored() == made
    assert (made.campaign, made.epoch, made.origin) == (CAMPAIGN, 1, ORIGIN)
    assert (made.campaign_name, made.shop_name) == ("Noël à Saint-Malo", "Épicerie du Port")
    till = bench.organiser_sees()
    assert till.fingerprint == made.fingerprint
    assert till.shop_till == "01"


def test_a_code_is_taken_as_people_type_it(bench: Bench) -> None:
    code = bench.server.code(bench.shop)
    join(bench, f" {code[:4].lower()}-{code[4:].lower()} ")


def test_a_lost_answer_is_asked_for_again_with_the_same_code(bench: Bench) -> None:
    code = bench.server.code(bench.shop)
    bench.line.faults = [answer_lost(Unreachable("cut"))]
    with pytest.raises(Unreachable):
        join(bench, code)
    assert bench.state.enrolment(CAMPAIGN) is None
    join(bench, code)
    assert bench.stored().epoch == 1


def test_what_was_sold_under_epochs_never_let_in_is_delivered(bench: Bench) -> None:
    bench.enrol()
    bench.journal.sell(1)
    for secret in (2, 3, 4):
        bench.journal.till.go_on(secret)
        bench.journal.sell(1)
    bench.enrol()
    drain(bench.uplink())
    assert bench.stored().acknowledged == 4
    assert bench.server.numbers() == [1, 2, 3, 4]


def test_asking_again_keeps_what_was_acknowledged(bench: Bench) -> None:
    code = bench.server.code(bench.shop)
    join(bench, code)
    bench.journal.sell(3)
    drain(bench.uplink())
    join(bench, code)
    assert bench.stored().acknowledged == 3


def test_a_later_epoch_goes_on_where_the_earlier_one_was(bench: Bench) -> None:
    bench.enrol()
    bench.journal.sell(3)
    drain(bench.uplink())
    bench.journal.till.go_on(secret=2)
    bench.enrol()
    found = bench.stored()
    assert (found.epoch, found.acknowledged, found.acknowledged_at) == (2, 3, None)


@pytest.mark.parametrize(
    ("code", "trouble"),
    [("AAAAAAAA", "code-unknown"), ("used", "code-used"), ("old", "code-expired")],
)
def test_a_code_that_is_no_good_is_refused_and_said_why(
    bench: Bench, code: str, trouble: str
) -> None:
    typed = code if code == "AAAAAAAA" else bench.server.code(bench.shop)
    if code == "used":
        join(bench, typed)
        bench.journal.till.till = "0c6c1a53-92c4-4f0e-8f39-2f5f0d8a9b11"
        bench.journal.till.key = SigningKey.from_secret(9)
    if code == "old":
        bench.clock.advance(hours=25)
    with pytest.raises(Rejected) as caught:
        join(bench, typed)
    assert caught.value.trouble == trouble


@pytest.mark.parametrize("typed", ["", "ABCD", "ABCDEFGH2", "ABCDEFG0", "ABCDEFGé", "ABC\x00EFGH"])
def test_what_cannot_be_a_code_is_not_even_asked(bench: Bench, typed: str) -> None:
    asked = len(bench.line.asked)
    with pytest.raises(BadCode):
        join(bench, typed)
    assert len(bench.line.asked) == asked


@given(st.text(max_size=20))
def test_any_text_is_a_code_or_refused(typed: str) -> None:
    try:
        code = read_code(typed)
    except BadCode:
        return
    assert len(code) == PAIRING_CODE_LENGTH
    assert set(code) <= set(PAIRING_ALPHABET)


def swapped_key() -> Fault:
    """Somebody in between who puts his own key in the place of the server's."""
    thief = SigningKey.from_secret(666).public

    def fault(request: Request, ask: object) -> Answer:
        assert callable(ask)
        answer: Answer = ask(request)
        start = answer.body.index(b"-----BEGIN")
        end = answer.body.index(b'"', start)
        pem = thief.pem.replace("\n", "\\n").encode()
        return Answer(answer.status, answer.headers, answer.body[:start] + pem + answer.body[end:])

    return fault


def test_a_key_that_was_swapped_on_the_way_is_noticed(bench: Bench) -> None:
    bench.line.faults = [swapped_key()]
    with pytest.raises(Untrusted):
        bench.enrol()
    assert bench.state.enrolment(CAMPAIGN) is None


@pytest.mark.parametrize("body", [b"{}", b"[]", b"\xff", b'{"campaign":{"id":"x","name":"y"}}'])
def test_an_answer_that_is_none_is_refused(bench: Bench, body: bytes) -> None:
    code = bench.server.code(bench.shop)
    bench.line.faults = [answers(201, body, content_type="application/json")]
    with pytest.raises(Incompatible):
        join(bench, code)


def test_a_campaign_of_the_same_name_elsewhere_is_refused(bench: Bench) -> None:
    made = bench.enrol()
    key = bench.server.services.secrets.key.public
    elsewhere = Enrolment(
        *(CAMPAIGN, 1, "https://other.example", "x", "x", "x", "01", "123456"), made.enrolled_at
    )
    with pytest.raises(AlreadyEnrolled, match="localhost"):
        bench.state.add_enrolment(elsewhere, key)
    assert bench.stored() == made


def test_the_fingerprint_depends_on_both_keys() -> None:
    one, two, three = (SigningKey.from_secret(secret).public for secret in (1, 2, 3))
    assert len({fingerprint(one, two), fingerprint(two, one), fingerprint(one, three)}) == 3
