from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws as jose
from joserfc.jwk import ECKey

from sync.contract import entry as entries
from sync.contract.entry import ENTRY_TYP, GENESIS, Entry, Place, seal
from sync.contract.errors import BadSignature, ContractError, Malformed, WrongKey
from sync.contract.jws import _ORDER, Signed, SigningKey, b64, parse, unb64

KEY = SigningKey.from_secret(0xC0FFEE)
PLACE = Place("7d1f6d2e-5a0e-4a57-9d0c-0b6f5e1c2a3b", 1, 1, GENESIS, "ticket", 1, GENESIS)
AT = "2026-11-22T18:04:05.123+01:00"
PINNED_DIGEST = "8e4d04775c6d5e0a4ae1e07b70e87b7c4e40e54856b153912bb1911ca66c53c0"


def sample() -> Entry:
    return seal(PLACE, AT, "ma", {"total": 1250, "label": "Crème"}, KEY)


def test_an_entry_is_pinned_byte_for_byte() -> None:
    assert sample().signed.payload.decode() == (
        '{"at":"2026-11-22T18:04:05.123+01:00","chain":"ticket","chain_prev":"' + "0" * 64 + '",'
        '"data":{"label":"Crème","total":1250},"epoch":1,"number":1,"operator":"ma",'
        '"prev":"' + "0" * 64 + '","seq":1,"till":"7d1f6d2e-5a0e-4a57-9d0c-0b6f5e1c2a3b","v":1}'
    )
    assert sample().digest == PINNED_DIGEST


def test_an_entry_comes_back_from_its_compact_form() -> None:
    assert entries.read(sample().compact) == sample()


def test_an_independent_library_verifies_an_entry_with_the_printed_key() -> None:
    key = ECKey.import_key(KEY.public.pem)
    seen = jose.deserialize_compact(sample().compact, key, algorithms=["ES256"])
    assert seen.payload == sample().signed.payload
    assert seen.headers() == {"alg": "ES256", "kid": KEY.kid, "typ": ENTRY_TYP}


def test_the_other_valid_signature_is_refused() -> None:
    signed = sample().signed
    high = _ORDER - int.from_bytes(signed.signature[32:], "big")
    twin = Signed(
        signed.kid, signed.typ, signed.payload, signed.signature[:32] + high.to_bytes(32, "big")
    )
    with pytest.raises(BadSignature, match="high"):
        twin.check(KEY.public)


def test_any_changed_byte_is_noticed() -> None:
    compact = sample().compact
    for index in range(len(compact)):
        for flip in (0x01, 0x20):
            changed = bytearray(compact)
            changed[index] ^= flip
            with pytest.raises(ContractError):
                parse(bytes(changed), ENTRY_TYP).check(KEY.public)


def test_another_type_signed_by_the_key_is_no_entry() -> None:
    with pytest.raises(WrongKey):
        entries.read(KEY.sign(sample().signed.payload, "JWT").compact)


def test_another_key_is_named() -> None:
    with pytest.raises(WrongKey):
        sample().signed.check(SigningKey.from_secret(2).public)


def test_links_are_read_without_the_data() -> None:
    seen = entries.links(sample().signed.payload)
    assert (seen.chain, seen.number, seen.seq, seen.prev) == ("ticket", 1, 1, GENESIS)


def test_a_chain_that_does_not_exist_is_refused() -> None:
    with pytest.raises(Malformed):
        seal(Place("t", 1, 1, GENESIS, "tickets", 1, GENESIS), AT, "ma", {}, KEY)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(ContractError):
        entries.read(raw)


@given(st.binary(max_size=80))
def test_base64url_has_one_spelling(raw: bytes) -> None:
    assert unb64(b64(raw)) == raw
