from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.scanner.aim import Symbology, check_digit_holds, read, ungarbled

# A French keyboard under a scanner that thinks it is a US one, written out by hand.
FRENCH = dict(zip("1234567890", "&é\"'(-è_çà", strict=True)) | {
    "A": "Q", "Q": "A", "Z": "W", "W": "Z", "M": "?", "]": "$", "-": ")", "/": "!", ":": "M",
    ".": ":", "a": "q", "q": "a", "z": "w", "w": "z", "m": ",", "_": "°",
}  # fmt: skip


def as_azerty(text: str) -> str:
    return "".join(FRENCH.get(char, char) for char in text)


@pytest.mark.parametrize(
    ("raw", "symbology", "text"),
    [
        ("]E03017620422003", Symbology.EAN_13, "3017620422003"),
        ("]E496385074", Symbology.EAN_8, "96385074"),
        ("]C0ABC-123", Symbology.CODE_128, "ABC-123"),
        ("]C10103017620422003", Symbology.GS1_128, "0103017620422003"),
        ("]e00103017620422003", Symbology.GS1_DATABAR, "0103017620422003"),
        ("]d20103017620422003\x1d10A", Symbology.GS1_DATAMATRIX, "0103017620422003\x1d10A"),
        ("]Q1https://id.gs1.org/01/1", Symbology.QR, "https://id.gs1.org/01/1"),
        ("]Q3010", Symbology.GS1_QR, "010"),
        ("]A0TIROIR", Symbology.CODE_39, "TIROIR"),
        ("]X9quoi", Symbology.OTHER, "quoi"),
        ("3017620422003", None, "3017620422003"),
    ],
)
def test_aim_identifiers_are_understood_and_taken_off(
    raw: str, symbology: Symbology | None, text: str
) -> None:
    reading = read(raw)
    assert (reading.symbology, reading.text, reading.garbled) == (symbology, text, False)


def test_only_gs1_variants_hold_element_strings() -> None:
    assert read("]C12112345012506").is_gs1
    assert not read("2112345012506").is_gs1
    assert not read("]E02112345012506").is_gs1


def test_twelve_digits_of_a_upc_get_their_zero_back() -> None:
    assert read("036000291452").text == "0036000291452"
    assert read("]E0036000291452").text == "0036000291452"


def test_twelve_digits_that_are_no_upc_stay_as_they_are() -> None:
    assert read("123456789013").text == "123456789013"
    assert read("]C0036000291452").text == "036000291452"


def test_known_check_digits_hold() -> None:
    assert all(map(check_digit_holds, ("3017620422003", "2112345012506", "96385074")))
    assert not check_digit_holds("3017620422004")


@pytest.mark.parametrize(
    ("garbled", "plain"),
    [
        ("&é\"'(-è_çà", "1234567890"),
        ('$Eà"à&è-éà\'ééàà"', "]E03017620422003"),
        ("httpsM!!id:gs&:org!à&", "https://id.gs1.org/01"),
        ("B&QZW?é", "B1AWZM2"),
    ],
)
def test_a_us_scanner_on_a_french_keyboard_is_undone(garbled: str, plain: str) -> None:
    assert ungarbled(garbled) == plain
    assert read(garbled).garbled


@pytest.mark.parametrize(
    "text", ["3017620422003", "ABC-DEF", "épicerie", "l'été", "https://a.fr/b?c&d", "", "A_B", "?"]
)
def test_what_is_not_garbled_is_left_alone(text: str) -> None:
    assert ungarbled(text) is None


@given(st.from_regex(r"B1[A-Z2-7]{20,180}", fullmatch=True))
def test_vouchers_survive_the_wrong_layout(voucher: str) -> None:
    assert read(as_azerty(voucher)).text == voucher


@given(st.from_regex(r"[0-9]{8,14}", fullmatch=True).filter(lambda code: set(code) - set("68")))
def test_digits_survive_the_wrong_layout(code: str) -> None:
    assert read(as_azerty(code)).text == read(code).text


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    read(text)
