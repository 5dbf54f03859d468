from __future__ import annotations

import base64
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey

from sync.contract import status_list
from sync.contract.errors import ContractError, Malformed, WrongKey
from sync.contract.jws import SigningKey
from sync.contract.status_list import INVALID, StatusList

KEY = SigningKey.from_secret(7)
URI = "https://campagne.example/v1/campaigns/demo/lists/3"
# The examples of draft-ietf-oauth-status-list, sections 4.1 and 4.2.
ONE_BIT = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]
TWO_BITS = [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]


def test_the_drafts_one_bit_example() -> None:
    assert status_list.pack(ONE_BIT, 1) == bytes.fromhex("b9a3")
    assert status_list.compress(bytes.fromhex("b9a3")) == "eNrbuRgAAhcBXQ"
    read = StatusList(1, status_list.inflate("eNrbuRgAAhcBXQ"))
    assert [read.get(index) for index in range(16)] == ONE_BIT


def test_the_drafts_two_bit_example() -> None:
    assert status_list.pack(TWO_BITS, 2) == bytes.fromhex("c944f9")
    read = StatusList(2, status_list.inflate("eNo76fITAAPfAgc"))
    assert [read.get(index) for index in range(12)] == TWO_BITS


def test_nothing_was_issued_beyond_the_end() -> None:
    assert StatusList(2, b"\x00").get(4) == INVALID
    assert StatusList(2, b"\x00").get(-1) == INVALID


@given(st.lists(st.integers(0, 3), max_size=300))
def test_statuses_come_back_through_a_signed_list(statuses: list[int]) -> None:
    raw = status_list.pack(statuses)
    signed = status_list.write(raw, KEY, uri=URI, at=1_795_600_000, ttl=600, lifetime=604_800)
    found, claims, again = status_list.read(signed.compact)
    again.check(KEY.public)
    assert [found.get(index) for index in range(len(statuses))] == statuses
    assert (claims.sub, claims.exp - claims.iat, claims.ttl) == (URI, 604_800, 600)


def test_an_independent_library_reads_the_list() -> None:
    signed = status_list.write(b"\xb9\xa3", KEY, uri=URI, at=1, ttl=600, lifetime=10, bits=1)
    read = jwt.decode(signed.compact.decode(), ECKey.import_key(KEY.public.pem), ["ES256"])
    assert read.header["typ"] == "statuslist+jwt"
    assert read.claims["status_list"] == {"bits": 1, "lst": "eNrbuRgAAhcBXQ"}


def test_a_hundred_thousand_vouchers_take_little() -> None:
    raw = status_list.pack([index % 10 == 0 for index in range(100_000)], 2)
    assert len(raw) == 25_000
    assert len(status_list.compress(raw)) < 1_000


def test_a_list_that_grows_beyond_bounds_is_refused() -> None:
    bomb = base64.urlsafe_b64encode(zlib.compress(bytes(8 * 1024 * 1024))).decode()
    with pytest.raises(Malformed, match="at most"):
        status_list.inflate(bomb)


@pytest.mark.parametrize("lst", ["", "AAAA", "eNrbuRgAAhcBX", "eNrbuRgAAhcBXQAA", "é"])
def test_a_damaged_list_is_refused(lst: str) -> None:
    with pytest.raises(Malformed):
        status_list.inflate(lst)


def test_another_key_is_noticed() -> None:
    signed = status_list.write(b"\x00", KEY, uri=URI, at=1, ttl=600, lifetime=10)
    _, _, again = status_list.read(signed.compact)
    with pytest.raises(WrongKey):
        again.check(SigningKey.from_secret(8).public)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_no_list(raw: bytes) -> None:
    with pytest.raises(ContractError):
        status_list.read(raw)
