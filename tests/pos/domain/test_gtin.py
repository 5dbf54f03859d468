from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos.domain.errors import BadCode
from pos.domain.gtin import (
    CODE_LENGTH_MAX,
    InStore,
    Template,
    check_digit,
    is_gtin,
    looks_misread,
    normalise,
    read_in_store,
)

WEIGHT = Template.parse("21IIIIIWWWWWC")
PRICE_5 = Template.parse("02IIIIIPPPPPC")
PRICE_4 = Template.parse("26IIIIPPPPPPC")
TEMPLATES = (WEIGHT, PRICE_5, PRICE_4)
bodies = st.sampled_from((7, 11, 12, 13)).flatmap(
    lambda size: st.text("0123456789", min_size=size, max_size=size)
)


@given(bodies)
def test_a_check_digit_makes_a_code(body: str) -> None:
    code = body + str(check_digit(body))
    assert is_gtin(code)
    assert sum(int(d) * (1, 3)[i % 2] for i, d in enumerate(reversed(code))) % 10 == 0


@given(bodies, st.data())
def test_one_wrong_digit_is_always_noticed(body: str, data: st.DataObject) -> None:
    code = body + str(check_digit(body))
    place = data.draw(st.integers(0, len(code) - 1))
    other = data.draw(st.sampled_from(sorted(set("0123456789") - {code[place]})))
    wrong = code[:place] + other + code[place + 1 :]
    assert not is_gtin(wrong)
    assert looks_misread(wrong) == (len(wrong) in {8, 13})


@given(bodies)
def test_a_code_has_one_spelling(body: str) -> None:
    code = body + str(check_digit(body))
    spelling = normalise(f" {code}\r")
    assert normalise(spelling) == spelling
    assert is_gtin(spelling)
    assert int(spelling) == int(code)
    assert len(spelling) == {8: 8, 12: 13, 13: 13}.get(len(code), 13 if code[0] == "0" else 14)


@pytest.mark.parametrize("code", ["212345012994", "0212345012994", "00212345012994"])
def test_a_leading_zero_that_the_scanner_dropped_comes_back(code: str) -> None:
    assert normalise(code) == "0212345012994"


@pytest.mark.parametrize("code", ["BAG-1", "12", "212345012995", "١٢٣٤٥٦٧٨٩٠١٢٣"])
def test_a_shops_own_code_stays_as_it_is(code: str) -> None:
    assert normalise(code) == code


@pytest.mark.parametrize("code", ["", "  ", "a\x1db", "7" * (CODE_LENGTH_MAX + 1)])
def test_an_empty_endless_or_unprintable_code_is_refused(code: str) -> None:
    with pytest.raises(BadCode):
        normalise(code)


@pytest.mark.parametrize(
    ("code", "read"),
    [
        ("2112345012506", InStore("12345", 1250, None)),
        ("0212345012994", InStore("12345", None, 1299)),
        ("2612340012995", InStore("1234", None, 1299)),
        (normalise("212345012994"), InStore("12345", None, 1299)),
    ],
)
def test_in_store_codes_are_read_by_the_shops_templates(code: str, read: InStore) -> None:
    assert read_in_store(code, TEMPLATES) == read


@pytest.mark.parametrize("code", ["2012345012507", "3017620422003", "21123", "21A2345012506"])
def test_what_no_template_describes_is_no_in_store_code(code: str) -> None:
    assert read_in_store(code, TEMPLATES) is None


@pytest.mark.parametrize(
    ("code", "reason"),
    [("2112345012507", "check_digit"), ("2112345000008", "zero"), ("0212345000007", "zero")],
)
def test_a_damaged_or_empty_label_is_refused(code: str, reason: str) -> None:
    with pytest.raises(BadCode) as refusal:
        read_in_store(code, TEMPLATES)
    assert refusal.value.params == {"code": code, "reason": reason}


@given(st.integers(0, 99_999), st.integers(1, 99_999))
def test_every_weight_that_a_scale_prints_is_read_back(item: int, grams: int) -> None:
    body = f"21{item:05d}{grams:05d}"
    code = body + str(check_digit(body))
    assert read_in_store(code, TEMPLATES) == InStore(f"{item:05d}", grams, None)


@pytest.mark.parametrize(
    "text",
    ["", "21IIIIIWWWWW", "21IIIIIWWPPPC", "2XIIIIIWWWWWC", "21WWWWWIIIIIC", "21IIIIIWWWWWWC"],
)
def test_a_template_has_thirteen_places_in_order(text: str) -> None:
    with pytest.raises(ValueError, match="expected 13 places"):
        Template.parse(text)


@given(st.text(max_size=20))
def test_reading_a_code_never_raises_anything_but_bad_code(code: str) -> None:
    try:
        read_in_store(normalise(code), TEMPLATES)
    except BadCode as refusal:
        reason = refusal.params["reason"]
    else:
        return
    assert reason in {"length", "check_digit", "zero"}
