"""Records: byte for byte against the captured dialogues, and what must never leave them."""

from __future__ import annotations

import contextlib
import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card.concert.frame import decode_frame, encode_frame
from drivers.card.concert.record import Form, Variant, decode_answer, encode_request, last4
from drivers.card.interface import Answer, AnswerStatus, Kind, Request
from drivers.errors import LocalProtocolError, RemoteProtocolError
from drivers.simulators.card.concert_records import Asked, answer_frame, understand

BLANK = " " * 10
LUHN_VALID_NUMBERS = (
    "4970101234567893",
    "5132830000000001",
    "378282246310005",
    "6304000000000000018",
)

WORKED_REQUEST = bytes.fromhex(
    "02 30 31 30 30 30 30 31 32 35 30 31 31 30 39 37 38 20 20 20 20 20 20 20 20 20 20"
    " 41 30 31 30 42 30 31 30 03 01"
)
APPROVED_SHORT = bytes.fromhex(
    "02 30 31 30 30 30 30 30 31 32 35 30 31 39 37 38 41 31 32 33 34 35 20 20 20 20 03 43"
)
REFUSED_SHORT = bytes.fromhex(
    "02 30 31 37 30 30 30 30 31 32 35 30 31 39 37 38 41 31 32 33 34 35 20 20 20 20 03 44"
)
REP = "4970******1234".ljust(55).encode()
APPROVED_LONG = b"\x020100000125" + b"01" + REP + b"978" + b"A12345    " + b"\x03\x6d"
REFUSED_LONG = b"\x020170000125" + b"01" + REP + b"978" + b"A12345    " + b"\x03\x6a"
ASKED = Asked(
    pos="01",
    amount_cents=1250,
    wants_card_number=False,
    mode="1",
    kind="payment",
    currency="978",
    private=BLANK,
    at_once=False,
    forced_online=False,
)


@dataclasses.dataclass(frozen=True)
class Vector:
    request: Request
    form: Form
    check_byte: int
    frame_bytes: int = 37


VECTORS = {
    "12.50 with the card number": Vector(
        Request(BLANK, 1250), Form(ask_card_number=True), check_byte=0x01
    ),
    "0.01": Vector(Request(BLANK, 1), Form(), check_byte=0x07),
    "1234.56 online on POS 03": Vector(
        Request("T000000042", 123_456, pos_number="03"),
        Form(ask_card_number=True, force_online=True),
        check_byte=0x61,
    ),
    "99999.99 by cheque": Vector(Request(BLANK, 9_999_999, cheque=True), Form(), check_byte=0x7D),
    "5.00 given back": Vector(Request(BLANK, 500, Kind.REFUND), Form(), check_byte=0x02),
    "12.50 in protocol E": Vector(
        Request(BLANK, 1250), Form(Variant.E, ask_card_number=True), check_byte=0x02, frame_bytes=29
    ),
}


def test_the_worked_request_is_written_byte_for_byte() -> None:
    record = encode_request(Request(BLANK, 1250), Form(ask_card_number=True))
    assert encode_frame(record) == WORKED_REQUEST


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS.keys())
def test_each_request_vector_is_written_and_understood(vector: Vector) -> None:
    frame = encode_frame(encode_request(vector.request, vector.form))
    assert (len(frame), frame[-1]) == (vector.frame_bytes, vector.check_byte)
    asked = understand(frame)
    assert asked is not None
    assert asked.amount_cents == vector.request.amount_cents
    assert asked.kind == vector.request.kind
    assert asked.private == vector.request.reference
    assert asked.pos == vector.request.pos_number
    assert (asked.mode == "C") is vector.request.cheque
    assert asked.wants_card_number is vector.form.ask_card_number
    assert asked.forced_online is vector.form.force_online
    assert not asked.at_once


@pytest.mark.parametrize(
    ("frame", "status", "raw", "digits"),
    [
        (APPROVED_SHORT, AnswerStatus.APPROVED, "0", None),
        (REFUSED_SHORT, AnswerStatus.DECLINED, "7", None),
        (APPROVED_LONG, AnswerStatus.APPROVED, "0", "1234"),
        (REFUSED_LONG, AnswerStatus.DECLINED, "7", "1234"),
    ],
    ids=["approved", "refused", "approved with REP", "refused with REP"],
)
def test_each_answer_vector_is_read(
    frame: bytes, status: AnswerStatus, raw: str, digits: str | None
) -> None:
    assert decode_answer(decode_frame(frame)) == Answer(
        status=status,
        amount_cents=1250,
        private_data="A12345    ",
        pos_number="01",
        last4=digits,
        mode="1",
        raw_status=raw,
        currency="978",
    )


@pytest.mark.parametrize(
    ("frame", "status", "number"),
    [
        (APPROVED_SHORT, "0", None),
        (REFUSED_SHORT, "7", None),
        (APPROVED_LONG, "0", "4970******1234"),
        (REFUSED_LONG, "7", "4970******1234"),
    ],
    ids=["approved", "refused", "approved with REP", "refused with REP"],
)
def test_the_simulated_terminal_writes_the_answer_vectors(
    frame: bytes, status: str, number: str | None
) -> None:
    assert answer_frame(ASKED, status, 1250, "A12345", number) == frame


printable_10 = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=10, max_size=10
)


@given(
    reference=printable_10,
    amount_cents=st.integers(1, 99_999_999),
    kind=st.sampled_from(Kind),
    pos=st.integers(1, 99),
    cheque=st.booleans(),
    form=st.builds(Form, st.sampled_from(Variant), st.booleans(), st.booleans()),
)
def test_what_is_asked_is_what_the_terminal_understands(
    *, reference: str, amount_cents: int, kind: Kind, pos: int, cheque: bool, form: Form
) -> None:
    request = Request(reference, amount_cents, kind, f"{pos:02d}", "978", cheque)
    asked = understand(encode_frame(encode_request(request, form)))
    assert asked is not None
    assert (asked.private, asked.amount_cents, asked.kind) == (reference, amount_cents, kind)
    assert (asked.pos, asked.mode) == (f"{pos:02d}", "C" if cheque else "1")
    assert asked.forced_online is (form.force_online and form.variant is Variant.E_PLUS)


@given(
    status=st.characters(min_codepoint=0x20, max_codepoint=0x7E),
    amount_cents=st.integers(0, 99_999_999),
    private=printable_10,
    number=st.none() | st.sampled_from(LUHN_VALID_NUMBERS),
)
def test_what_the_terminal_answers_is_what_is_read(
    status: str, amount_cents: int, private: str, number: str | None
) -> None:
    answer = decode_answer(decode_frame(answer_frame(ASKED, status, amount_cents, private, number)))
    assert (answer.raw_status, answer.amount_cents) == (status, amount_cents)
    assert answer.private_data == private
    assert answer.last4 == (number[-4:] if number else None)
    known = {"0": AnswerStatus.APPROVED, "7": AnswerStatus.DECLINED}
    later = AnswerStatus.ACCEPTED_FOR_LATER if status == "9" else AnswerStatus.UNKNOWN_STATUS
    assert answer.status is known.get(status, later)


@pytest.mark.parametrize("number", LUHN_VALID_NUMBERS)
def test_only_four_digits_of_a_whole_number_leave_the_codec(number: str) -> None:
    answer = decode_answer(decode_frame(answer_frame(ASKED, "0", 1250, BLANK, number)))
    assert answer.last4 == number[-4:]
    assert number[:-4] not in repr(answer)


@pytest.mark.parametrize(
    ("rep", "digits"),
    [
        ("4970******1234", "1234"),
        ("497010XXXXXX1234 0927", "1234"),
        ("############1234", "1234"),
        ("   4970101234567893", "7893"),
        ("4970101234567893=2709", None),
        ("49701012345678932709999", None),
        ("CB 4970", None),
        ("1234", None),
        ("", None),
    ],
)
def test_a_rep_that_is_no_card_number_gives_no_digits(rep: str, digits: str | None) -> None:
    assert last4(rep.ljust(55)) == digits


def test_a_cheque_gives_no_digits() -> None:
    asked = dataclasses.replace(ASKED, mode="C")
    frame = answer_frame(asked, "0", 1250, BLANK, "000000112345678901")
    assert decode_answer(decode_frame(frame)).last4 is None


@given(st.binary(max_size=100) | st.binary(min_size=25, max_size=25))
def test_any_record_is_read_or_refused_as_the_terminals_fault(record: bytes) -> None:
    with contextlib.suppress(RemoteProtocolError):
        cents = decode_answer(record).amount_cents
        assert cents is not None
        assert 0 <= cents <= 99_999_999


@pytest.mark.parametrize("number", LUHN_VALID_NUMBERS)
def test_a_refused_record_is_not_quoted(number: str) -> None:
    record = f"01x0000125?1{number:55}978{BLANK}".encode()
    with pytest.raises(RemoteProtocolError) as caught:
        decode_answer(record)
    assert number[:8] not in f"{caught.value!r} {caught.value}"


@pytest.mark.parametrize(
    "wrong",
    [
        {"reference": "short"},
        {"reference": "é000000001"},
        {"reference": "00000\n0001"},
        {"amount_cents": 0},
        {"amount_cents": -5},
        {"amount_cents": 100_000_000},
        {"pos_number": "00"},
        {"pos_number": "1"},
        {"currency": "EUR"},
        {"currency": "97٨"},
    ],
    ids=str,
)
def test_a_request_that_cannot_be_said_is_our_own_fault(wrong: dict[str, str | int]) -> None:
    right: dict[str, str | int] = {"reference": "T000000001", "amount_cents": 100}
    with pytest.raises(LocalProtocolError, match="expected"):
        Request(**{**right, **wrong})  # type: ignore[arg-type] # each field has its own type
