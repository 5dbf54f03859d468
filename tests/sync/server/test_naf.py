from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.server.reference import naf
from sync.server.reference.errors import BadNaf
from sync.server.reference.naf_tables import DIVISIONS, SUCCESSORS, TRADES


@pytest.mark.parametrize("typed", ["4724Z", "47.24z", " 47.24 Z ", "1071C", "4711F", "01.11Z"])
def test_a_code_of_revision_2_is_tidied(typed: str) -> None:
    assert naf.check_rev_2(typed) == typed.replace(".", "").replace(" ", "").upper()


@pytest.mark.parametrize("typed", ["4724Y", "47.11G", "96.21h", "9540Y"])
def test_a_code_of_2025_is_tidied(typed: str) -> None:
    assert naf.check_2025(typed) == typed.replace(".", "").upper()


@pytest.mark.parametrize("typed", ["", "47", "4724", "47244Z", "0011Z", "3400Z", "²724Z", "4724Ž"])
def test_what_is_no_code_is_refused_by_both(typed: str) -> None:
    for check in (naf.check_rev_2, naf.check_2025):
        with pytest.raises(BadNaf, match="expected four digits and a letter"):
            check(typed)


def test_a_code_in_the_wrong_column_is_named() -> None:
    with pytest.raises(BadNaf, match="4724Y is a code of NAF 2025"):
        naf.check_rev_2("47.24Y")
    with pytest.raises(BadNaf, match=r"4724Z is a code of rév\. 2"):
        naf.check_2025("47.24Z")


def test_division_45_is_in_revision_2_only() -> None:
    assert naf.check_rev_2("4520A") == "4520A"
    with pytest.raises(BadNaf):
        naf.check_2025("4520Y")


@given(st.text(max_size=12))
def test_any_text_is_a_code_or_is_refused(typed: str) -> None:
    for check in (naf.check_rev_2, naf.check_2025):
        try:
            code = check(typed)
        except BadNaf:
            continue
        assert check(code) == code
        assert len(code) == 5


def test_all_88_divisions_have_a_name_in_both_languages() -> None:
    assert len(DIVISIONS) == 88
    assert all(french and english for french, english in DIVISIONS.values())
    assert naf.division_name("4724Z", "fr") == "Commerce de détail"
    assert naf.division_name("4724Z", "en") == "Retail"
    assert naf.division_name("", "fr") == ""


def test_every_successor_is_a_code_of_2025_for_a_code_of_revision_2() -> None:
    for old, new in SUCCESSORS.items():
        assert naf.check_rev_2(old) == old
        assert [naf.check_2025(code) for code in new] == list(new)
        assert len(set(new)) == len(new) > 0


@pytest.mark.parametrize(
    ("old", "new"),
    [("5610A", "5611G"), ("1071C", "1071H"), ("9602B", "9622Y"), ("5630Z", "5630Y")],
)
def test_one_successor_is_certain(old: str, new: str) -> None:
    assert naf.successor(old) == new


def test_several_successors_are_left_to_choose() -> None:
    assert naf.successors("9602A") == ("9621G", "9621H")  # in a salon, or at people's homes
    assert naf.successor("9602A") == ""
    assert naf.successors("4771Z") == ("4771Y", "4792J")
    assert naf.successor("4771Z") == ""


def test_what_is_not_known_is_not_guessed() -> None:
    assert naf.successors("0111Z") == ()
    assert naf.successor("0111Z") == ""


@pytest.mark.parametrize(
    ("rev_2", "trade"),
    [
        *(("1071C", "bakery"), ("4724Z", "bakery"), ("1013B", "food"), ("4711D", "food")),
        *(("4729Z", "food"), ("5610A", "restaurant"), ("5630Z", "restaurant")),
        *(("4771Z", "clothing"), ("4772A", "clothing"), ("4777Z", "clothing")),
        *(("4761Z", "books"), ("4726Z", "books"), ("4764Z", "leisure"), ("4765Z", "leisure")),
        *(("9602A", "beauty"), ("4775Z", "beauty"), ("4752A", "home"), ("4776Z", "home")),
        *(("4773Z", "health"), ("4778A", "health"), ("4778C", "other"), ("9601B", "services")),
        *(("4520A", "services"), ("4719A", "other"), ("8411Z", "other"), ("", "other")),
    ],
)
def test_a_trade_comes_from_the_code(rev_2: str, trade: str) -> None:
    assert naf.trade_of(rev_2) == trade


def test_without_a_code_of_revision_2_the_trade_comes_from_2025() -> None:
    assert naf.trade_of("", "4763Y") == "leisure"
    assert naf.trade_of("", "9621G") == "beauty"
    assert naf.trade_of("4724Z", "9621G") == "bakery"


def test_a_shop_keeps_its_trade_when_its_code_changes() -> None:
    for old, new in SUCCESSORS.items():
        if len(new) == 1:
            assert naf.trade_of(old) == naf.trade_of("", new[0]), old


def test_every_trade_has_a_name_in_both_languages_and_a_code() -> None:
    for names in naf.TRADE_NAMES.values():
        assert set(names) == set(TRADES)
    assert {naf.trade_of(old) for old in SUCCESSORS} | {"other"} == set(TRADES)
