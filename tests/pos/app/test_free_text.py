"""Whatever a person types by mistake, or a terminal tells: no card number reaches the disk."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card.interface import Answer, AnswerStatus, Conclusion, Outcome, Reason, Slip
from pos.adapters.card import DriverRecorder, Shown
from pos.app import move_cash, park, pay_by_card, resolve_card
from pos.app.ports import Abilities
from pos.domain.finding import Trust
from pos.domain.payment import State
from pos.domain.scrub import MASK, scrub
from tests.pos.fakes import WINE, Counter

NUMBER = "4970101234567893"
WRITTEN = (NUMBER, "4970 1012 3456 7893", "4970-1012-3456-7893")


def nothing_of(counter: Counter) -> None:
    """The number is neither in the files of the till nor in what is kept beside them."""
    counter.close()
    for file in counter.folder.path.rglob("*"):
        if file.is_file():
            held = file.read_bytes()
            assert not any(written.encode() in held for written in WRITTEN), file.name
    counter.store = counter._open()  # the fixture closes it once more


def in_doubt(counter: Counter) -> str:
    counter.ring(WINE)
    reference = pay_by_card.begin(counter.desk).wait().attempt.reference
    counter.answers(State.UNKNOWN)
    return reference


def _park(counter: Counter, text: str) -> None:
    counter.ring(WINE)
    park.park(counter.desk, text).wait()


def _charged(counter: Counter, text: str) -> None:
    reference = in_doubt(counter)
    resolve_card.resolve(counter.desk, reference, charged=True, authorisation=text).wait()


def _by_hand(counter: Counter, text: str) -> None:
    counter.terminal.abilities = Abilities(by_hand=True)
    counter.ring(WINE)
    attempt = pay_by_card.begin(counter.desk).wait().attempt
    pay_by_card.answer_by_hand(
        counter.desk, attempt.reference, State.APPROVED, authorisation=text, last4=text
    ).wait()


TYPED: dict[str, Callable[[Counter, str], object]] = {
    "paid in": lambda counter, text: move_cash.paid_in(counter.desk, 100, text).wait(),
    "paid out": lambda counter, text: (
        move_cash.paid_in(counter.desk, 100, "x").wait(),
        move_cash.paid_out(counter.desk, 100, text).wait(),
    ),
    "no sale": lambda counter, text: move_cash.no_sale(counter.desk, text).wait(),
    "park": _park,
    "authorisation": _charged,
    "by hand": _by_hand,
}


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("where", TYPED)
def test_a_card_number_that_is_typed_is_not_kept(
    counter: Counter, where: str, written: str
) -> None:
    TYPED[where](counter, f"carte {written}")
    nothing_of(counter)


FIELDS = ("private_data", "authorisation", "brand", "receipt", "raw_status", "mode", "last4")


@pytest.mark.parametrize("field", FIELDS)
def test_a_card_number_in_any_field_of_an_answer_is_not_kept(counter: Counter, field: str) -> None:
    told = dict.fromkeys(FIELDS, "x") | {field: NUMBER}
    slip = Slip(f"CARTE {NUMBER}", for_customer=False)
    answer = Answer(
        AnswerStatus.APPROVED,
        899,
        pos_number="01",
        slips=(slip,),
        **told,  # type: ignore[arg-type] # every one of them is text
    )
    recorder = DriverRecorder(counter.recorder, "tpe", Trust(), Shown())
    counter.ring(WINE)
    reference = pay_by_card.begin(counter.desk).wait().attempt.reference
    recorder.sending(reference)
    recorder.answered(reference, answer)
    recorder.late(answer)
    recorder.concluded(
        reference, Conclusion(Outcome.APPROVED, Reason.APPROVED, answer, slips=(slip,))
    )
    nothing_of(counter)


BESIDE = (
    "{n} 12/27",
    "{n} 123",
    "{n} 12/2027 123",
    "03 {n}",
    "2026-11-25 {n}",
    "12/27 {n}",
    "{n}/{n}",
    "0{n}",
    "{n}0",
    "n° {n}.",
)
GROUPED = (
    NUMBER,
    "4970 1012 3456 7893",
    "4970  1012  3456  7893",
    "4970.1012.3456.7893",
    "4970\u00a01012\u00a03456\u00a07893",
    "4970\u20091012\u20093456\u20097893",
    "4970/1012/3456/7893",
    "4970 - 1012 - 3456 - 7893",
    "4970_1012_3456_7893",
    "4970\n1012\n3456\n7893",
)


@pytest.mark.parametrize("grouped", GROUPED)
@pytest.mark.parametrize("beside", BESIDE)
def test_a_number_is_found_however_it_is_written_and_whatever_stands_beside_it(
    grouped: str, beside: str
) -> None:
    scrubbed = scrub(beside.format(n=grouped))
    assert MASK in scrubbed
    assert "7893" not in scrubbed
    assert "3456" not in scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "3250391234561",
        "attempt R4T5Y6U7I8: approved",
        "2026-11-25 10:42:07,123 INFO",
        "12 345,67 €",
    ],
)
def test_what_is_no_card_number_stays(text: str) -> None:
    assert scrub(text) == text


def test_what_is_written_after_a_number_goes_with_it() -> None:
    assert scrub(f"{NUMBER} 12/27 fin") == f"{MASK} fin"
    assert scrub(f"{NUMBER} 123 fin") == f"{MASK} fin"


@given(st.text(alphabet="0123456789 -x", max_size=40))
def test_the_scrubber_leaves_nothing_that_it_would_take_out(text: str) -> None:
    scrubbed = scrub(text)
    assert scrub(scrubbed) == scrubbed
    assert MASK in scrubbed or scrubbed == text
