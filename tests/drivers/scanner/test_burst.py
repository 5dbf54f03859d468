from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.scanner.burst import (
    PASTE_CHARS_MAX,
    SCAN_CHARS_MAX,
    BurstDetector,
    BurstSettings,
    Misread,
    Outcome,
    Scan,
    TooLong,
    Typed,
)

EAN = "3017620422003"
STX = "\x02"


def keys(detector: BurstDetector, text: str, *, gap_s: float, at_s: float = 0.0) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for place, char in enumerate(text):
        outcomes += detector.feed(char, at_s + place * gap_s)
    return outcomes


def scans(outcomes: list[Outcome]) -> list[str]:
    return [one.reading.text for one in outcomes if isinstance(one, Scan)]


def typed(outcomes: list[Outcome]) -> str:
    return "".join(one.text for one in outcomes if isinstance(one, Typed))


@pytest.mark.parametrize("suffix", ["\r", "\n", "\t", "\r\n"])
@pytest.mark.parametrize("gap_s", [0.0, 0.0001, 0.005, 0.021, 0.045])
def test_a_burst_that_ends_in_a_suffix_is_one_scan_and_nothing_else(
    suffix: str, gap_s: float
) -> None:
    outcomes = keys(BurstDetector(), EAN + suffix, gap_s=gap_s)
    assert len(outcomes) == 1
    assert scans(outcomes) == [EAN]


@pytest.mark.parametrize("gap_s", [0.06, 0.1, 0.3])
def test_a_person_types_and_every_key_comes_through_in_order(gap_s: float) -> None:
    outcomes = keys(BurstDetector(), EAN + "\r", gap_s=gap_s)
    assert typed(outcomes) == EAN + "\r"
    assert scans(outcomes) == []


def test_a_few_fast_keys_are_typing() -> None:
    detector = BurstDetector()
    assert typed(keys(detector, "12,5\r", gap_s=0.01)) == "12,5\r"


def test_keys_held_back_are_due_soon_and_then_given() -> None:
    detector = BurstDetector()
    assert detector.feed("7", 1.0) == []
    assert detector.due_s == pytest.approx(1.05)
    assert detector.tick(1.02) == []
    assert detector.tick(1.051) == [Typed("7")]
    assert detector.due_s is None


def test_a_scan_without_suffix_ends_in_silence() -> None:
    detector = BurstDetector()
    assert keys(detector, EAN, gap_s=0.001) == []
    assert scans(detector.tick(0.2)) == [EAN]


def test_a_late_enter_of_the_scanner_presses_nothing() -> None:
    detector = BurstDetector()
    keys(detector, EAN, gap_s=0.001)
    assert scans(detector.tick(0.1)) == [EAN]
    assert detector.feed("\r", 0.2) == []
    assert detector.feed("\r", 0.25) == [Typed("\r")]


def test_an_enter_pressed_by_the_cashier_after_a_scan_comes_through() -> None:
    detector = BurstDetector()
    assert scans(keys(detector, EAN + "\r", gap_s=0.001)) == [EAN]
    assert detector.feed("\r", 0.1) == [Typed("\r")]


def test_another_kind_of_key_decides_at_once() -> None:
    detector = BurstDetector()
    detector.feed("4", 0.0)
    assert detector.flush(0.001) == [Typed("4")]
    assert detector.flush(0.001) == []


def test_a_wrong_check_digit_is_a_misread_not_typing() -> None:
    outcomes = keys(BurstDetector(), EAN[:-1] + "4\r", gap_s=0.001)
    assert [type(one) for one in outcomes] == [Misread]


def test_check_digits_may_be_left_unchecked() -> None:
    detector = BurstDetector(BurstSettings(checksum=False))
    assert scans(keys(detector, EAN[:-1] + "4\r", gap_s=0.001)) == [EAN[:-1] + "4"]


def test_two_scans_one_after_the_other_are_two() -> None:
    detector = BurstDetector()
    outcomes = keys(detector, f"{EAN}\r96385074\r", gap_s=0.002)
    assert scans(outcomes) == [EAN, "96385074"]


def test_typing_then_scanning_keeps_the_order() -> None:
    detector = BurstDetector()
    outcomes = keys(detector, "3*", gap_s=0.12)
    outcomes += keys(detector, EAN + "\r", gap_s=0.001, at_s=1.0)
    assert outcomes[-1] == outcomes[2]
    assert typed(outcomes[:2]) == "3*"
    assert scans(outcomes) == [EAN]


def test_the_group_separator_stays_in_a_scan() -> None:
    outcomes = keys(BurstDetector(), "]C10103017620422003\x1d10A\r", gap_s=0.001)
    assert scans(outcomes) == ["0103017620422003\x1d10A"]


def test_a_scan_that_is_too_long_is_passed_over_whole() -> None:
    outcomes = keys(BurstDetector(), "A" * (SCAN_CHARS_MAX + 1) + "\r", gap_s=0.001)
    assert outcomes == [TooLong(SCAN_CHARS_MAX + 1)]


def test_with_a_prefix_nothing_else_is_held_back() -> None:
    detector = BurstDetector(BurstSettings(prefix=STX))
    assert detector.feed("5", 0.0) == [Typed("5")]
    assert detector.feed("\r", 0.001) == [Typed("\r")]
    assert detector.due_s is None


def test_with_a_prefix_a_scan_may_be_short_and_slow() -> None:
    detector = BurstDetector(BurstSettings(prefix=STX))
    assert scans(keys(detector, f"{STX}AB1\r", gap_s=0.2)) == ["AB1"]


def test_with_a_prefix_fast_typing_is_never_a_scan() -> None:
    detector = BurstDetector(BurstSettings(prefix=STX))
    assert typed(keys(detector, EAN + "\r", gap_s=0.001)) == EAN + "\r"


def test_with_a_prefix_silence_ends_the_scan() -> None:
    detector = BurstDetector(BurstSettings(prefix=STX))
    assert keys(detector, STX + EAN, gap_s=0.001) == []
    assert scans(detector.tick(0.4)) == [EAN]
    assert detector.feed("\r", 0.5) == []


def test_pasted_scans_are_scans() -> None:
    detector = BurstDetector()
    assert scans(detector.paste(f"{EAN}\r96385074\r\n")) == [EAN, "96385074"]
    assert scans(detector.paste(EAN)) == [EAN]


def test_pasted_words_are_text() -> None:
    detector = BurstDetector()
    assert detector.paste("miel de lavande") == [Typed("miel de lavande")]
    assert detector.paste("") == []
    assert detector.paste("\r") == [Typed("\r")]


def test_a_pasted_prefix_marks_a_scan() -> None:
    detector = BurstDetector(BurstSettings(prefix=STX))
    assert scans(detector.paste(f"{STX}AB\r")) == ["AB"]
    assert detector.paste("toto et titi\r") == [Typed("toto et titi\r")]


def test_a_huge_paste_is_passed_over() -> None:
    size = PASTE_CHARS_MAX + 1
    assert BurstDetector().paste("x" * size) == [TooLong(size)]
    assert BurstDetector().paste("9" * 300 + "\r") == [TooLong(300)]


@given(
    st.lists(
        st.tuples(
            st.sampled_from("0123456789abcé*,\x1d\r\n\t" + STX),
            st.sampled_from([0.0, 0.001, 0.02, 0.049, 0.051, 0.2, 0.5]),
        ),
        max_size=60,
    ),
    st.sampled_from([None, STX]),
)
def test_every_key_comes_out_once_in_order_or_in_a_scan(
    presses: list[tuple[str, float]], prefix: str | None
) -> None:
    detector = BurstDetector(BurstSettings(prefix=prefix, checksum=False))
    now_s = 0.0
    outcomes: list[Outcome] = []
    for char, gap_s in presses:
        now_s += gap_s
        outcomes += detector.feed(char, now_s)
    outcomes += detector.tick(now_s + 10)
    given_back = "".join(
        one.text if isinstance(one, Typed) else one.reading.text
        for one in outcomes
        if not isinstance(one, TooLong)
    )
    # Only a scanner's own prefix and suffixes may be missing; every other sign is there.
    dropped = "\r\n\t" + STX

    def solid(text: str) -> str:
        return "".join(char for char in text if char not in dropped)

    pressed = solid("".join(char for char, _ in presses))
    rewritten = any(
        isinstance(one, Scan) and (one.reading.garbled or one.reading.symbology) for one in outcomes
    )
    if not rewritten and not any(len(scan) == 13 for scan in scans(outcomes)):
        assert solid(given_back) == pressed
    assert detector.due_s is None
    assert all(one.text for one in outcomes if isinstance(one, Typed))


@given(st.text(max_size=400), st.sampled_from([None, STX]))
def test_any_pasted_text_is_answered(text: str, prefix: str | None) -> None:
    for outcome in BurstDetector(BurstSettings(prefix=prefix)).paste(text):
        assert isinstance(outcome, Scan | Misread | TooLong | Typed)


@pytest.mark.parametrize(
    "text", ["0,350*00109", "0.350*109", "400123@2,50", "-10,50%", "-10.50", "1234.50", "bananes"]
)
def test_a_quick_hand_or_a_paste_is_typing_when_no_code_looks_like_it(text: str) -> None:
    assert typed(keys(BurstDetector(), text + "\r", gap_s=0.001)) == text + "\r"
    assert BurstDetector().paste(text) == [Typed(text)]
    assert BurstDetector().paste(text + "\r") == [Typed(text + "\r")]


@pytest.mark.parametrize(
    "text", ["SAC-0012", "0012.AB/7", "https://a.example/01?n=5%25,2", "10ABC*\x1d21XY"]
)
def test_codes_with_signs_and_links_are_scans_still(text: str) -> None:
    assert scans(keys(BurstDetector(), text + "\r", gap_s=0.001)) == [text]


def test_with_a_prefix_whatever_was_scanned_is_a_scan() -> None:
    detector = BurstDetector(BurstSettings(prefix=STX))
    assert scans(keys(detector, f"{STX}3*400@2\r", gap_s=0.001)) == ["3*400@2"]
