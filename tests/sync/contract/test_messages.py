from __future__ import annotations

import hashlib
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.contract import feed
from sync.contract import messages as m
from sync.contract.errors import ContractError, Malformed, WrongKey
from sync.contract.jws import SigningKey

TILL_KEY = SigningKey.from_secret(1)
SERVER_KEY = SigningKey.from_secret(2)
TILL = "7d1f6d2e-5a0e-4a57-9d0c-0b6f5e1c2a3b"
REQUEST = m.EnrolmentRequest(
    at="2026-11-22T18:00:00.000+01:00",
    code="ABCD2345",
    epoch=1,
    public_key=TILL_KEY.public.pem,
    shop_till="01",
    software="0.1.0",
    till=TILL,
)


def test_a_signed_message_comes_back_with_its_signature() -> None:
    compact = TILL_KEY.sign(m.to_payload(REQUEST), m.ENROLMENT_TYP).compact
    request, signed = m.open_signed(compact, m.ENROLMENT_TYP, m.EnrolmentRequest)
    signed.check(TILL_KEY.public)
    assert request == REQUEST
    with pytest.raises(WrongKey):
        signed.check(SERVER_KEY.public)


def test_a_signed_message_is_no_message_of_another_type() -> None:
    compact = TILL_KEY.sign(m.to_payload(REQUEST), m.ENROLMENT_TYP).compact
    with pytest.raises(WrongKey):
        m.open_signed(compact, feed.FEED_TYP, feed.FeedItem)
    with pytest.raises(Malformed, match="FeedItem"):
        m.open_signed(compact, m.ENROLMENT_TYP, feed.FeedItem)


def test_a_member_that_a_later_version_adds_is_ignored() -> None:
    later = m.to_payload(REQUEST).replace(b'{"at"', b'{"added":1,"at"')
    compact = TILL_KEY.sign(later, m.ENROLMENT_TYP).compact
    assert m.open_signed(compact, m.ENROLMENT_TYP, m.EnrolmentRequest)[0] == REQUEST


def test_a_feed_item_leaves_out_what_it_does_not_say() -> None:
    item = feed.FeedItem(
        at="2026-11-22T17:00:00+00:00", campaign="noel", id=1, kind="notice", text="x"
    )
    assert m.to_payload(item) == (
        b'{"at":"2026-11-22T17:00:00+00:00","campaign":"noel","id":1,"kind":"notice","text":"x"}'
    )


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_no_signed_message(raw: bytes) -> None:
    with pytest.raises(ContractError):
        m.open_signed(raw, feed.FEED_TYP, feed.FeedItem)


def test_the_fingerprint_is_six_digits_that_both_sides_compute() -> None:
    both = TILL_KEY.public.spki + SERVER_KEY.public.spki
    expected = int(hashlib.sha256(both).hexdigest(), 16) % 1_000_000
    assert m.fingerprint(TILL_KEY.public, SERVER_KEY.public) == f"{expected:06}"
    assert m.fingerprint(SERVER_KEY.public, TILL_KEY.public) != f"{expected:06}"


def test_every_problem_has_an_error_status_and_a_title() -> None:
    for name, (status, title) in m.PROBLEMS.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
        assert 400 <= status < 600
        assert m.problem_name(m.problem(name)) == name
        assert m.problem(name).title == title


def test_a_problem_carries_only_the_members_it_has() -> None:
    assert msgspec.json.decode(msgspec.json.encode(m.problem("gap", "why", expected=4))) == {
        "type": "urn:comptoir:problem:gap",
        "title": "Entries are missing before these",
        "status": 409,
        "detail": "why",
        "expected": 4,
    }


def test_a_problem_of_another_server_is_named_by_its_type() -> None:
    assert m.problem_name(m.Problem(type="about:blank", title="", status=500)) == "about:blank"


def test_a_code_is_read_as_people_type_it() -> None:
    assert m.tidy_code(" abcd-2345 ") == "ABCD2345"
    assert not set(m.PAIRING_ALPHABET) & set("0O1ILU")


@pytest.mark.parametrize("text", [TILL.upper(), TILL + "\n", TILL[1:], "", "../" + TILL[3:]])
def test_only_lower_case_uuids_are_tills(text: str) -> None:
    assert m.is_uuid(TILL)
    assert not m.is_uuid(text)


def test_a_batch_is_bounded() -> None:
    entries = ["x"] * (m.ENTRIES_PER_BATCH_MAX + 1)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"chain": "campaign:a", "entries": entries}, m.Uplink)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"chain": "campaign:a", "entries": []}, m.Uplink)
