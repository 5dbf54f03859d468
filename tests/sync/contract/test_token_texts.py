from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import cwt
import pytest
import segno
import zxingcpp
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sync.contract import base32, claims, cose, courier, member_card, token, voucher
from sync.contract.errors import BadSignature, ContractError, Malformed
from sync.contract.jws import SigningKey
from sync.contract.voucher import Audience, Flag, Voucher

CAMPAIGN, TILL = SigningKey.from_secret(7), SigningKey.from_secret(8)
USUAL = Voucher(12, 34_567, 1000, date(2026, 11, 25), date(2026, 12, 24))
LARGEST = Voucher(
    2**31 - 1,
    2**31 - 1,
    voucher.VALUE_CENTS_MAX,
    date(2099, 1, 1),
    date(2099, 12, 31),
    Audience.TILL,
    2**31 - 1,
    Flag(31),
    voucher.VALUE_CENTS_MAX,
)
TAG = token.campaign_tag("noel-2026")
CLAIM = claims.Claim(str(UUID(int=5)), 2, TAG, 311, 1000, date(2026, 11, 25), bytes(range(10)))
CHALLENGE = courier.Challenge(str(UUID(int=5)), 2, TAG, 750, bytes(range(8)))
CARD = member_card.MemberCard("00112233445566ff", date(2026, 12, 24))

vouchers = st.builds(
    Voucher,
    st.integers(1, 2**31 - 1),
    st.integers(0, 2**31 - 1),
    st.integers(1, voucher.VALUE_CENTS_MAX),
    st.dates(date(2020, 1, 1), date(2140, 1, 1)),
    st.dates(date(2020, 1, 1), date(2140, 1, 1)),
    st.sampled_from(Audience),
    st.integers(0, 2**31 - 1),
    st.integers(0, 31).map(Flag),
    st.integers(0, voucher.VALUE_CENTS_MAX),
)

# A US keyboard's keys as a French keyboard types them: what a scanner set up for the one does on
# the other. Upper-case letters come with shift, digits without.
AZERTY = str.maketrans("QWAZM" + "1234567890", "AZQW?" + "&é\"'(-è_çà")


@given(vouchers)
def test_a_voucher_reads_back(said: Voucher) -> None:
    read = voucher.read(voucher.write(said, CAMPAIGN))
    read.check(CAMPAIGN.public)
    assert read.voucher == said


def test_a_voucher_is_as_short_as_a_small_qr_needs() -> None:
    for said, version in ((USUAL, 7), (LARGEST, 8)):
        text = voucher.write(said, CAMPAIGN)
        assert 158 <= len(text) <= 186, len(text)
        assert segno.make(text, error="m").version == version


def test_a_scanner_reads_the_qr_of_a_voucher_back() -> None:
    text = voucher.write(USUAL, CAMPAIGN)
    for dots in (3, 4):
        picture = io.BytesIO()
        segno.make(text, error="m").save(picture, kind="png", scale=dots)
        (found,) = zxingcpp.read_barcodes(Image.open(picture))
        assert found.text == text


def test_an_independent_library_verifies_a_voucher() -> None:
    raw = base32.decode(voucher.write(USUAL, CAMPAIGN)[2:])
    key = cwt.COSEKey.from_pem(
        CAMPAIGN.pem().decode(), kid=cose.short_kid(CAMPAIGN.public), alg="ES256"
    )
    assert cwt.COSE.new().decode(raw, key, external_aad=b"caisse/bon/1")


@pytest.mark.parametrize(
    ("write", "read", "key"),
    [
        (lambda: voucher.write(USUAL, CAMPAIGN), voucher.read, CAMPAIGN),
        (lambda: claims.write(CLAIM, TILL), claims.read, TILL),
        (lambda: courier.write(CHALLENGE, TILL), courier.read, TILL),
        (lambda: member_card.write(CARD, CAMPAIGN), member_card.read, CAMPAIGN),
    ],
)
class TestEveryToken:
    def test_it_survives_a_french_keyboard(
        self, write: Callable[[], str], read: Callable[[str], Any], key: SigningKey
    ) -> None:
        text = write()
        shifted, locked = text.translate(AZERTY), text.lower().translate(_locked())
        for garbled in (text, text.lower(), shifted, locked, f"{text[:40]}\r\n {text[40:]} "):
            found = read(garbled)
            found.check(key.public)
            assert found.token.text == text

    def test_it_is_signed(
        self, write: Callable[[], str], read: Callable[[str], Any], key: SigningKey
    ) -> None:
        other = SigningKey.from_secret(99).public
        with pytest.raises(BadSignature):
            read(write()).check(other)

    def test_another_kind_is_refused(
        self, write: Callable[[], str], read: Callable[[str], Any], key: SigningKey
    ) -> None:
        with pytest.raises(Malformed):
            read("Z9" + write()[2:])
        with pytest.raises(Malformed):
            read(write() + "A")
        with pytest.raises(Malformed):
            read(write()[:-8])


def _locked() -> dict[int, int]:
    """Caps lock is off: letters come small, the key of M gives a comma."""
    return str.maketrans("qwazm1234567890", "azqw,&é\"'(-è_çà")


def test_a_token_renamed_to_another_kind_is_refused() -> None:
    text = voucher.write(USUAL, CAMPAIGN)
    for prefix, read in (("C1", claims.read), ("P1", courier.read), ("M1", member_card.read)):
        with pytest.raises(ContractError):
            read(prefix + text[2:]).check(CAMPAIGN.public)


@given(st.text(max_size=450))
def test_arbitrary_text_is_no_token(text: str) -> None:
    for read in (voucher.read, claims.read, courier.read, member_card.read):
        with pytest.raises(ContractError):
            read(text)


@given(st.binary(max_size=200))
def test_arbitrary_signed_bytes_are_no_token(raw: bytes) -> None:
    for kind, read in (("B1", voucher.read), ("C1", claims.read), ("P1", courier.read)):
        with pytest.raises(ContractError):
            read(kind + base32.encode(raw))


@given(st.lists(st.one_of(st.integers(), st.binary(max_size=20), st.none()), max_size=12))
def test_a_signed_payload_of_other_members_is_refused(members: list[Any]) -> None:
    text = voucher.KIND.write(CAMPAIGN, *members)
    try:
        found = voucher.read(text)
    except Malformed:
        return
    assert len(members) == 9
    assert found.voucher.value >= 1


@given(st.binary(max_size=120))
def test_base32_has_one_text_for_each_byte_string(raw: bytes) -> None:
    assert base32.decode(base32.encode(raw)) == raw


@pytest.mark.parametrize("text", ["A", "AAA", "AB", "a", "A=", "AA1", "AA\n"])
def test_another_spelling_of_base32_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        base32.decode(text)


def test_only_long_texts_with_the_prefix_look_like_vouchers() -> None:
    text = voucher.write(USUAL, CAMPAIGN)
    assert voucher.looks_like(text)
    assert voucher.looks_like(text.translate(AZERTY))
    assert not voucher.looks_like("B1")
    assert not voucher.looks_like("3760001234567")


class TestClaims:
    def test_the_secrets_hash_is_what_the_chain_says(self) -> None:
        read = claims.read(claims.write(CLAIM, TILL)).claim
        assert read == CLAIM
        assert read.hash == claims.claim_hash(bytes(range(10)))

    @given(st.binary(min_size=10, max_size=10))
    def test_a_printed_code_reads_back_however_it_is_typed(self, secret: bytes) -> None:
        code = claims.code(secret)
        assert claims.read_code(code) == secret
        assert claims.read_code(code.lower().replace("-", " ")) == secret
        assert claims.read_code(code.replace("0", "o").replace("1", "l")) == secret

    @pytest.mark.parametrize("typed", ["", "AAAA", "AAAA-AAAA-AAAA-AAA?", "A" * 17])
    def test_another_code_is_refused_with_what_was_expected(self, typed: str) -> None:
        with pytest.raises(Malformed):
            claims.read_code(typed)

    def test_the_address_fits_a_qr_in_alphanumeric_mode(self) -> None:
        address = claims.address("https://campagne.example", claims.write(CLAIM, TILL))
        for error, version in (("m", 9), ("l", 8)):  # on paper, on the till's screen
            qr = segno.make(address, error=error, boost_error=False)
            assert (qr.mode, qr.version) == ("alphanumeric", version)


class TestCourier:
    def test_both_sides_agree_on_the_answer_and_nobody_else(self) -> None:
        ours = courier.shared_secret(TILL, CAMPAIGN.public)
        theirs = courier.shared_secret(CAMPAIGN, TILL.public)
        assert ours == theirs
        digits = courier.answer(theirs, CHALLENGE)
        assert len(digits) == 8
        assert courier.matches(ours, CHALLENGE, f" {digits[:4]} {digits[4:]} ")
        other = courier.shared_secret(SigningKey.from_secret(9), CAMPAIGN.public)
        assert not courier.matches(other, CHALLENGE, digits)

    def test_an_answer_counts_for_one_challenge(self) -> None:
        secret = courier.shared_secret(TILL, CAMPAIGN.public)
        digits = courier.answer(secret, CHALLENGE)
        for other in (
            courier.Challenge(CHALLENGE.till, 2, TAG, 751, CHALLENGE.nonce),
            courier.Challenge(CHALLENGE.till, 3, TAG, 750, CHALLENGE.nonce),
            courier.Challenge(CHALLENGE.till, 2, bytes(4), 750, CHALLENGE.nonce),
            courier.Challenge(CHALLENGE.till, 2, TAG, 750, bytes(8)),
        ):
            assert not courier.matches(secret, other, digits)

    @given(st.text(max_size=12))
    def test_anything_else_that_is_typed_does_not_match(self, typed: str) -> None:
        secret = courier.shared_secret(TILL, CAMPAIGN.public)
        if "".join(typed.split()) != courier.answer(secret, CHALLENGE):
            assert not courier.matches(secret, CHALLENGE, typed)
