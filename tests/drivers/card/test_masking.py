"""Whatever a terminal prints, no card number, track, expiry or code is kept of it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card.interface import SLIP_CHARS_MAX
from drivers.card.masking import mask

NUMBERS = (
    "4970101234567893",
    "5132830000000001",
    "378282246310005",
    "6304000000000000018",
    "501800000009",
)


@pytest.mark.parametrize("number", NUMBERS)
def test_only_the_last_four_digits_of_a_number_stay(number: str) -> None:
    assert mask(f"CARTE {number} FIN") == f"CARTE {'*' * (len(number) - 4)}{number[-4:]} FIN"


@pytest.mark.parametrize(
    "between",
    [
        " ", "  ", "   ", "-", " - ", ".", "/", ":", "_", ",", ", ", "\t", "\u00a0", "\u2009",
        "\u202f", "\u00a0\u00a0", "\u2013", " \u00b7 ", "\n", "\r\n", "  \n    ", "-\n- ",
    ],
)  # fmt: skip
def test_a_number_is_seen_through_what_separates_its_groups(between: str) -> None:
    printed = between.join(("4970", "1012", "3456", "7893"))
    assert mask(printed) == between.join(("****", "****", "****", "7893"))


@pytest.mark.parametrize("at", range(1, 16))
def test_a_number_is_seen_across_the_end_of_a_line(at: int) -> None:
    number = NUMBERS[0]
    masked = mask(f"No {number[:at]}\n{number[at:]} OK")
    assert re.sub(r"\D", "", masked) == "7893"


@pytest.mark.parametrize("number", ["4970101234567893", "4970 1012 3456 7893", "378282246310005"])
@pytest.mark.parametrize(
    "behind",
    [" 12/27", "  12/27", " 12.27", " 12-27", " 12 27", " 12/2027", " 27/12", " 1227", " 123",
     " 1234", "/12/27", "\n12/27", "     12/27", "     123", " 12/27 123", "\t1227"],
)  # fmt: skip
def test_an_expiry_or_a_code_behind_a_number_goes_with_it(number: str, behind: str) -> None:
    masked = mask(f"CARTE {number}{behind} OK")
    assert re.sub(r"[^0-9]", "", masked) in {"", number[-4:]}
    assert masked.endswith(" OK")


@pytest.mark.parametrize("number", ["************7893", "**** **** **** 7893", "XXXXXXXXXXXX7893"])
@pytest.mark.parametrize(
    "behind",
    [" 12/27", "   12/27", " 27-12", " 12/2027", " 1227", " 123", " 12/27 123", "\n12/27"],
)
def test_an_expiry_or_a_code_behind_a_masked_number_goes_too(number: str, behind: str) -> None:
    masked = mask(f"CARTE {number}{behind} OK")
    assert re.sub(r"[^0-9]", "", masked) == "7893"
    assert masked.startswith(f"CARTE {number}")


def test_a_masked_number_without_its_last_digits_is_followed_by_nothing_either() -> None:
    assert mask("497010****** 12/27 123") == "************ **/** ***"
    assert mask("************ 7893") == "************ 7893"


@pytest.mark.parametrize(
    "behind", [" 12,50 EUR", " 25/11/26", "\n25/11/26 18:30:12", "\n1234 EUR", " LE 25/11"]
)
def test_what_is_neither_expiry_nor_code_stays_behind_a_masked_number(behind: str) -> None:
    assert mask(f"************7893{behind}") == f"************7893{behind}"


def test_a_date_with_a_time_stays_and_hides_no_number() -> None:
    assert mask("4970101234567893 25/11/26 18:30:12") == "************7893 25/11/26 18:30:12"
    assert mask("25.11.2026 18:30 4970101234567893") == "25.11.2026 18:30 ************7893"
    for no_moment in ("49/70/10 12:34:56", "25/11/26 18:30:123", "125/11/26 18:30:12"):
        assert not re.search(r"[0-9]{3}|[0-9]{2}\D[0-9]{2}\D[0-9]{2}", mask(no_moment))


def test_two_numbers_in_a_row_lose_everything() -> None:
    assert mask("4970101234567893 1227") == "**************** ****"
    assert mask("4970101234567893\n5132830000000001") == "*" * 16 + "\n" + "*" * 16


@pytest.mark.parametrize(
    ("printed", "kept"),
    [
        ("505581######2440", "************2440"),
        ("497010XXXXXX1234", "************1234"),
        ("4970101234***893", "*************893"),
        ("************1234", "************1234"),
    ],
)
def test_a_number_that_was_masked_keeps_no_more_than_its_last_four(printed: str, kept: str) -> None:
    assert mask(f"CARTE {printed}") == f"CARTE {kept}"


@pytest.mark.parametrize(
    "printed",
    [
        ";4970101234567893=27092010000012345678?",
        "4970101234567893=2709201000001234",
        "4970101234567893D2709201000001234",
        "497010******7893=2709201",
        "%B4970101234567893^DUPONT/JEAN^2709201000000?",
        "B4970101234567893^DUPONT/JEAN^2709201000000",
        ";12345678=2709?",
    ],
)
def test_a_track_leaves_neither_number_nor_name_nor_expiry(printed: str) -> None:
    masked = mask(f"X {printed} Y")
    assert len(re.sub(r"\D", "", masked)) <= 4
    assert "DUPONT" not in masked
    assert "2709" not in masked


@pytest.mark.parametrize(
    "printed",
    [
        "EXP 12/27",
        "EXP: 12/2027",
        "Exp.1227",
        "EXPIRE LE 12/27",
        "EXPIRY DATE 27-12",
        "FIN 12/27",
        "FIN: 2712",
        "FIN DE VALIDITE : 12/27",
        "fin de validité 12 27",
        "VALID 12/27",
        "VALID THRU 12/27",
        "VALIDITE 12/2027",
        "JUSQU'AU 12/27",
        "jusqu’au 31/12/2027",
        "GÜLTIG BIS 12/27",
        "FIN\n12/27",
    ],
)
def test_a_labelled_expiry_loses_its_digits(printed: str) -> None:
    masked = mask(f"CB {printed} OK")
    assert not re.search(r"\d", masked)
    assert masked.startswith("CB ")
    assert masked.endswith(" OK")


@pytest.mark.parametrize(
    "printed",
    ["CVV 123", "CVC: 1234", "CVV2=123", "CVC2 : 123", "CRYPTOGRAMME VISUEL 123", "PIN 1234"],
)
def test_a_labelled_code_loses_its_digits(printed: str) -> None:
    assert not re.search(r"\d", mask(f"{printed} OK").replace("CVV2", "").replace("CVC2", ""))


@pytest.mark.parametrize(
    "line",
    [
        "LE 25/11/26 A 18:30:12",
        "25/11/26 18:30:12",
        "22.11.2026  18:10",
        "2026-11-22 18:10:05",
        "No AUTO : 624477",
        "MONTANT REEL : 12,50 EUR",
        "75001 PARIS",
        "FIN DE TRANSACTION 25/11/26",
        "EXPRESS 1227",
        "Contrat 1234567",
        "Crédit différé",
        "001 000012 24 C @",
        "Merci, et à bientôt !",
    ],
)
def test_what_is_no_card_data_is_left_alone(line: str) -> None:
    assert mask(line) == line


def test_a_slip_is_cut_at_its_limit_without_uncovering_a_number() -> None:
    for before in range(SLIP_CHARS_MAX - 20, SLIP_CHARS_MAX + 1):
        masked = mask("x" * before + NUMBERS[0] + "x" * 100)
        assert len(masked) == SLIP_CHARS_MAX
        assert len(re.sub(r"\D", "", masked)) <= 4


slips = st.lists(
    st.one_of(
        st.text("0123456789 .-\n=D^%;?*#EXPFINCV/é_,\u00a0", max_size=30),
        st.sampled_from(NUMBERS),
        st.sampled_from(["EXP ", "CVV ", "FIN "]),
    ),
    max_size=12,
).map("".join)


@given(slips)
def test_masking_leaves_no_number_keeps_the_form_and_happens_once(text: str) -> None:
    masked = mask(text)
    assert len(masked) == len(text)
    assert masked.count("\n") == text.count("\n")
    assert not re.search(r"[0-9](?:(?:\n|[ .\-/_,\u00a0]{1,3})?[0-9]){11}", masked)
    assert mask(masked) == masked


def test_what_the_first_pass_uncovers_is_masked_too() -> None:
    assert mask("00000000000000000000EXP0000") == "*" * 20 + "EXP****"


@given(st.text(max_size=200))
def test_any_text_is_masked_in_bounds(text: str) -> None:
    assert len(mask(text)) == len(text)


def test_a_text_without_end_is_masked_in_time() -> None:
    for unit in (
        "1 ",
        "4970 \n",
        "%1",
        " ",
        "=1234",
        "EXP ",
        "*1",
        "* ",
        "*",
        "1   ",
        "* 123 ",
        "-\n",
    ):
        assert len(mask(unit * 1_000_000)) == SLIP_CHARS_MAX
