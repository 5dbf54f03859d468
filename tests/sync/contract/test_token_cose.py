from __future__ import annotations

from contextlib import suppress
from typing import Any

import cbor2
import cwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from sync.contract import cose
from sync.contract.errors import BadSignature, ContractError, Malformed
from sync.contract.jws import SigningKey, VerifyKey

KEY = SigningKey.from_secret(7)
AAD = b"caisse/test/1"

# The key "11" and the message of cose-wg/Examples, sign1-tests/sign-pass-01 and -02 (ES256).
WG_KEY = VerifyKey(
    ec.EllipticCurvePublicNumbers(
        0xBAC5B11CAD8F99F9C72B05CF4B9E26D244DC189F745228255A219A86D6A09EFF,
        0x20138BF82DC1B6D562BE0FA54AB7804A3A64B6D72CCFED6B6FB6ED28BBFC117E,
        ec.SECP256R1(),
    ).public_key()
)


def independent(key: SigningKey) -> Any:
    return cwt.COSEKey.from_pem(key.pem().decode(), kid=cose.short_kid(key.public), alg="ES256")


def test_an_independent_library_verifies_what_we_sign() -> None:
    raw = cose.sign(KEY, b"a payload", AAD)
    said = cwt.COSE.new().decode(raw, independent(KEY), external_aad=AAD)
    assert said == b"a payload"


def test_we_verify_what_an_independent_library_signs() -> None:
    for _ in range(32):  # its signatures are random and may have the high S, which we refuse
        raw = cwt.COSE.new(kid_auto_inclusion=False).encode_and_sign(
            b"a payload",
            independent(KEY),
            protected={1: -7, 4: cose.short_kid(KEY.public)},
            external_aad=AAD,
        )
        read = cose.read(raw)
        assert read.payload == b"a payload"
        with suppress(BadSignature):
            read.check(KEY.public, AAD)
            return
    pytest.fail("32 signatures in a row had the high S")


def test_the_working_groups_own_vector_verifies() -> None:
    signature = bytes.fromhex(
        "8EB33E4CA31D1C465AB05AAC34CC6B23D58FEF5C083106C4D25A91AEF0B0117E"
        "2AF9A291AA32E14AB834DC56ED2A223444547E01F11D3B0916E5A4C345CACB36"
    )
    protected, payload = bytes.fromhex("A10126"), b"This is the content."
    message = cose.Sign1(b"11", payload, protected, signature)
    message.check(WG_KEY, b"")
    with pytest.raises(BadSignature):
        message.check(WG_KEY, b"\x01")
    with pytest.raises(BadSignature):
        cose.Sign1(b"11", payload + b".", protected, signature).check(WG_KEY, b"")


def test_signing_is_deterministic_and_reads_back() -> None:
    raw = cose.sign(KEY, b"x", AAD)
    assert raw == cose.sign(KEY, b"x", AAD)
    read = cose.read(raw)
    read.check(KEY.public, AAD)
    assert (read.kid, read.payload) == (bytes.fromhex(KEY.kid)[:2], b"x")


def test_a_signature_counts_for_its_kind_of_token_only() -> None:
    with pytest.raises(BadSignature):
        cose.read(cose.sign(KEY, b"x", AAD)).check(KEY.public, b"caisse/other/1")
    with pytest.raises(BadSignature):
        cose.read(cose.sign(KEY, b"x", AAD)).check(SigningKey.from_secret(8).public, AAD)


def test_the_tag_must_be_there() -> None:
    parts = cbor2.loads(cose.sign(KEY, b"x", AAD)).value
    for other in (parts, cbor2.CBORTag(17, parts)):
        with pytest.raises(Malformed, match="tag 18"):
            cose.read(cbor2.dumps(other))


@pytest.mark.parametrize(
    "change",
    [
        {0: cbor2.dumps({1: -8, 4: b"ab"})},
        {0: cbor2.dumps({1: -7})},
        {0: cbor2.dumps({1: -7, 4: b"ab", 2: [1]})},
        {1: {4: b"ab"}},
        {2: "text"},
        {3: b"short"},
    ],
)
def test_another_structure_is_refused(change: dict[int, object]) -> None:
    parts = cbor2.loads(cose.sign(KEY, b"x", AAD)).value
    for place, value in change.items():
        parts[place] = value
    with pytest.raises(Malformed):
        cose.read(cbor2.dumps(cbor2.CBORTag(18, parts), canonical=True))


def test_another_spelling_of_the_same_message_is_refused() -> None:
    parts = cbor2.loads(cose.sign(KEY, b"x", AAD)).value
    long = b"\xd2\x9f" + b"".join(cbor2.dumps(part) for part in parts) + b"\xff"
    with pytest.raises(Malformed, match="another CBOR spelling"):
        cose.read(long)


@given(st.binary(max_size=600))
def test_arbitrary_bytes_are_refused(raw: bytes) -> None:
    with pytest.raises(ContractError):
        cose.read(raw)


@given(st.integers(0, 2**20), st.integers(1, 255))
def test_a_flipped_bit_is_noticed(place: int, change: int) -> None:
    raw = bytearray(cose.sign(KEY, b"a payload", AAD))
    raw[place % len(raw)] ^= change
    with pytest.raises(ContractError):
        cose.read(bytes(raw)).check(KEY.public, AAD)


def test_the_public_half_comes_from_the_same_key() -> None:
    pem = KEY.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert cose.short_kid(VerifyKey.from_pem(pem)) == cose.short_kid(KEY.public)
