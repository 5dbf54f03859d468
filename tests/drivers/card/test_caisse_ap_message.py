"""Messages: byte for byte against the captured ones, and what must never leave them."""

from __future__ import annotations

import base64
import contextlib
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card.caisse_ap.fields import encode
from drivers.card.caisse_ap.message import (
    WANTED,
    ApAnswer,
    decode_answer,
    encode_duplicate,
    encode_identification,
    encode_request,
    last4,
    read_answer,
)
from drivers.card.caisse_ap.proof import is_result, judge, last_operation, presence
from drivers.card.caisse_ap.settings import CaisseApSettings, Form, Ticket, Version
from drivers.card.caisse_ap.ticket import read_ticket
from drivers.card.interface import (
    AnswerStatus,
    Kind,
    Outcome,
    Presence,
    Question,
    Reason,
    Request,
    Slip,
)
from drivers.errors import LocalProtocolError, RemoteProtocolError
from drivers.simulators.card.caisse_ap_fields import join, split, understand

REFERENCE = "T000000042"
REQUEST = Request(REFERENCE, 1234)
OUR_REFERENCE = b"CF010" + REFERENCE.encode()
FORM = Form()
OLD_FORM = Form(version=Version.V3_00)
LUHN_VALID_NUMBERS = (
    "4970101234567893",
    "5132830000000001",
    "378282246310005",
    "6304000000000000018",
)

AKRETION_REQUEST = b"CZ0040300CJ012012345678901CA00201CE003978BA0010CD0010CB0041234"
AKRETION_APPROVED = (
    b"CZ0040300CJ012012345678901CA00201CE003978BA0010CD0010CB0041234AE00210CC003001CI0011"
    b"AC006244774AA016505581######2440AI021A00000000421010123456AB0042703CF0101010000000"
    b"CG006424242"
)
AKRETION_REFUSED = b"CZ0040300CJ012012345678901CA00201CE003978BA0010CD0010CB00205AE00201AF00204"
HIPAY_BAD_FORMAT = b"CZ0040320CJ012999999999999AE00201AF00209CA00201CB00512345CD0010CE003978"
INGENICO_IDENTIFIED = b"CZ0040301CJ012330538600404CA00201CD001IAE00210"


# What is asked.


def test_the_captured_request_is_written_byte_for_byte() -> None:
    ours = encode_request(REQUEST, OLD_FORM)
    assert OUR_REFERENCE in ours
    assert ours.replace(OUR_REFERENCE, b"") == AKRETION_REQUEST


def test_the_amount_is_the_last_word_of_every_request() -> None:
    whole = Form(ticket=Ticket.BOTH, force_online=True)
    for kind in Kind:
        request = Request(REFERENCE, 5, kind, cheque=True, receipt="000017")
        assert encode_request(request, whole).endswith(b"CB00205")


def test_each_request_names_its_action() -> None:
    actions = {Kind.PAYMENT: b"CD0010", Kind.REFUND: b"CD0011", Kind.CANCELLATION: b"CD0012"}
    for kind, action in actions.items():
        assert action in encode_request(replace(REQUEST, kind=kind), FORM)


def test_a_cheque_is_an_application() -> None:
    assert b"CC00300C" in encode_request(replace(REQUEST, cheque=True), FORM)
    assert b"CC" not in encode_request(REQUEST, FORM)


def test_a_cancellation_names_the_terminals_own_number() -> None:
    request = Request(REFERENCE, 1234, Kind.CANCELLATION, receipt="000017")
    assert b"CH006000017" in encode_request(request, FORM)
    assert b"CH" not in encode_request(replace(request, receipt=""), FORM)
    assert b"CH" not in encode_request(replace(request, kind=Kind.PAYMENT), FORM)
    with pytest.raises(LocalProtocolError):
        encode_request(replace(request, receipt="n° 17"), FORM)


def test_a_ticket_is_asked_for_as_text() -> None:
    for ticket in (Ticket.CUSTOMER, Ticket.MERCHANT, Ticket.BOTH):
        wanted = f"CK0031{ticket}0".encode()
        assert wanted in encode_request(REQUEST, Form(ticket=ticket))
    assert b"CK" not in encode_request(REQUEST, FORM)


def test_questions_name_neither_reference_nor_amount() -> None:
    opening = b"CZ0040320CJ012012345678901CA00201"
    assert encode_identification(FORM) == opening + b"CD001I"
    assert encode_duplicate(FORM) == opening + b"CE003978CD0013"


@pytest.mark.parametrize("version", Version)
def test_each_version_is_announced(version: Version) -> None:
    form = Form(version=version, register_id="247300123456", append_crlf=True)
    for message in (
        encode_request(REQUEST, form),
        encode_identification(form),
        encode_duplicate(form),
    ):
        assert message.startswith(f"CZ004{version}CJ012247300123456".encode())
        assert message.endswith(b"\r\n")


printable_10 = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=10, max_size=10
)


@given(
    request=st.builds(
        Request,
        printable_10,
        st.integers(1, 99_999_999),
        st.sampled_from(Kind),
        st.integers(1, 99).map(lambda number: f"{number:02d}"),
        st.sampled_from(["978", "953", "840"]),
        st.booleans(),
        st.sampled_from(["", "000017"]),
    ),
    form=st.builds(
        Form,
        version=st.sampled_from(Version),
        ticket=st.sampled_from(Ticket),
        force_online=st.booleans(),
    ),
)
def test_what_is_asked_is_what_the_terminal_understands(request: Request, form: Form) -> None:
    fields = split(encode_request(request, form))
    assert fields is not None
    asked = understand(fields)
    assert (asked.kind, asked.amount_cents) == (request.kind, request.amount_cents)
    assert (asked.reference, asked.pos, asked.currency) == (
        request.reference,
        request.pos_number,
        request.currency,
    )
    assert (asked.application == "00C") is request.cheque
    assert asked.version == form.version
    assert not asked.partial


@pytest.mark.parametrize("wrong", ["", "1234", "01234567890a", "0123456789012"])
def test_a_register_that_cannot_be_said_is_refused_at_once(wrong: str) -> None:
    with pytest.raises(LocalProtocolError, match="register_id"):
        CaisseApSettings(register_id=wrong)


# What is answered.


def test_the_captured_approval_is_read() -> None:
    answer = decode_answer(AKRETION_APPROVED)
    assert answer == ApAnswer(
        status=AnswerStatus.APPROVED,
        amount_cents=1234,
        private_data="1010000000",
        pos_number="01",
        last4="2440",
        mode="001",
        raw_status="10",
        currency="978",
        authorisation="244774",
        brand="CB",
        contactless=False,
        action="0",
    )


def test_the_captured_refusals_are_read() -> None:
    refused = decode_answer(AKRETION_REFUSED)
    assert (refused.status, refused.amount_cents) == (AnswerStatus.DECLINED, 5)
    rejected = decode_answer(HIPAY_BAD_FORMAT)
    assert (rejected.status, rejected.raw_status) == (AnswerStatus.NOT_POSSIBLE, "01/09")
    assert rejected.amount_cents == 12345


def test_the_captured_identification_is_read() -> None:
    answer = decode_answer(INGENICO_IDENTIFIED)
    assert presence(answer) is Presence.READY
    assert not is_result(answer)


WHY = {
    "04": AnswerStatus.DECLINED,
    "05": AnswerStatus.DECLINED,
    "06": AnswerStatus.CANCELLED,
    "08": AnswerStatus.CANCELLED,
    "11": AnswerStatus.CANCELLED,
    "09": AnswerStatus.NOT_POSSIBLE,
    "10": AnswerStatus.NOT_POSSIBLE,
    "12": AnswerStatus.NOT_POSSIBLE,
    "13": AnswerStatus.NOT_POSSIBLE,
}


@pytest.mark.parametrize("code", [f"{code:02d}" for code in range(100)])
@pytest.mark.parametrize("complement", ["", "51REFUS                0000"], ids=["bare", "long"])
def test_each_reason_is_known_or_unknown_but_never_guessed(code: str, complement: str) -> None:
    answer = read_answer({"CZ": "0320", "AE": "01", "AF": code + complement})
    assert answer.status is WHY.get(code, AnswerStatus.UNKNOWN_STATUS)
    assert answer.raw_status == f"01/{code}"
    assert "REFUS" not in repr(answer)


@pytest.mark.parametrize("done", [f"{done:02d}" for done in range(100)])
def test_only_ten_is_done(done: str) -> None:
    status = read_answer({"CZ": "0320", "AE": done}).status
    known = {"10": AnswerStatus.APPROVED, "11": AnswerStatus.ACCEPTED_FOR_LATER}
    assert status is known.get(done, AnswerStatus.UNKNOWN_STATUS)


@pytest.mark.parametrize(
    ("application", "entry", "brand", "contactless"),
    [
        ("001", "1", "CB", False),
        ("00B", "", "CB", True),
        ("00B", "0", "CB", True),
        ("001", "2", "CB", True),
        ("00D", "", "American Express", True),
        ("00E", "", "Conecs", False),
        ("10E", "", "Conecs", True),
        ("004", "", "Cetelem", None),
        ("00U", "3", "UnionPay", False),
        ("ZZZ", "", "", None),
        ("", "4", "", False),
    ],
)
def test_the_card_is_told_by_application_and_entry(
    application: str, entry: str, brand: str, *, contactless: bool | None
) -> None:
    answer = read_answer({"CZ": "0320", "AE": "10", "CC": application, "CI": entry})
    assert (answer.brand, answer.contactless) == (brand, contactless)


@pytest.mark.parametrize(
    ("number", "digits"),
    [
        ("505581######2440", "2440"),
        ("4970101234567893", "7893"),
        ("************1234", "1234"),
        ("378282246310005 ", "0005"),
        ("4970101234567893=2709", None),
        ("2440", None),
        ("", None),
    ],
)
def test_four_digits_are_kept_of_a_card_number(number: str, digits: str | None) -> None:
    assert last4(number) == digits


def test_a_number_of_the_terminal_that_could_be_a_card_is_not_kept() -> None:
    fields = {"CZ": "0320", "AE": "10", "CH": LUHN_VALID_NUMBERS[0], "AC": "4970101234567893"}
    answer = read_answer(fields)
    assert (answer.receipt, answer.authorisation) == ("", "")
    assert read_answer({**fields, "CH": "000017"}).receipt == "000017"
    assert read_answer({**fields, "CH": "1" * 33}).receipt == ""


@pytest.mark.parametrize("tag", ["CZ", "CA", "CB", "CD", "CE", "AE"])
def test_a_field_in_no_shape_is_refused_and_not_quoted(tag: str) -> None:
    with pytest.raises(RemoteProtocolError, match=tag) as caught:
        read_answer({"CZ": "0320", "AE": "10", tag: LUHN_VALID_NUMBERS[0]})
    assert LUHN_VALID_NUMBERS[0][:6] not in f"{caught.value!r} {caught.value}"


@pytest.mark.parametrize("number", LUHN_VALID_NUMBERS)
@pytest.mark.parametrize("tag", [*sorted(WANTED), "AB", "AD", "AG", "AH", "AI", "AK", "TI", "XX"])
@pytest.mark.parametrize("form", ["{}", "x{}x", "4970 {}", ";{}=2709?", "{}\n{}"])
def test_a_whole_number_in_any_field_never_leaves(number: str, tag: str, form: str) -> None:
    spoilt = form.format(number, number)
    ticket = base64.b64encode(spoilt.encode()).decode()
    value = join({"CK": "120", "AK": ticket}).decode() if tag == "ZT" else spoilt
    data = join({"CZ": "0320", "CB": "1234", "AE": "10"} | {tag: value})
    try:
        seen = repr(decode_answer(data))
    except RemoteProtocolError as error:
        seen = f"{error!r} {error} {error.params}"
    for at in range(len(number) - 11):
        assert number[at : at + 12] not in seen
    assert "2709" not in seen


answers = st.dictionaries(
    st.sampled_from(sorted(WANTED - {"CZ", "AE"})),
    st.one_of(
        st.text("0123456789#*ABCI", min_size=1, max_size=20),
        st.text(st.characters(min_codepoint=1, max_codepoint=255), min_size=1, max_size=60),
        st.sampled_from(["978", "0", "01", "000000001234", "CK003120AK008SGVsbG8h"]),
    ),
).map(lambda fields: {"CZ": "0320", **fields, "AE": "10"})


@given(answers)
def test_any_fields_are_read_or_refused_as_the_terminals_fault(fields: dict[str, str]) -> None:
    with contextlib.suppress(RemoteProtocolError):
        answer = decode_answer(join(fields))
        assert answer.status is AnswerStatus.APPROVED
        assert not re.search(r"\d{13,}", repr(answer))


@given(st.binary(max_size=200).map(lambda tail: b"CZ0040320AE00210" + tail) | st.binary())
def test_any_bytes_are_read_or_refused_as_the_terminals_fault(data: bytes) -> None:
    with contextlib.suppress(RemoteProtocolError):
        decode_answer(data)


@given(
    amount_cents=st.integers(0, 99_999_999),
    width=st.integers(2, 12),
    reference=printable_10,
    pos=st.sampled_from(["01", "1"]),
)
def test_padding_changes_nothing(amount_cents: int, width: int, reference: str, pos: str) -> None:
    fields = {"CZ": "0320", "CA": pos, "CB": f"{amount_cents:0{width}d}", "CF": reference}
    answer = decode_answer(encode([*fields.items(), ("AE", "10")]))
    assert (answer.amount_cents, answer.private_data, answer.pos_number) == (
        amount_cents,
        reference,
        "01",
    )


# What it proves.


ANSWER = decode_answer(AKRETION_APPROVED)
PROVED = (Outcome.APPROVED, Reason.APPROVED)
ANOTHER = (Outcome.UNKNOWN, Reason.ANSWER_OF_ANOTHER)
DIFFERS = (Outcome.UNKNOWN, Reason.AMOUNT_DIFFERS)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, PROVED),
        ({"pos_number": "02"}, ANOTHER),
        ({"pos_number": ""}, PROVED),
        ({"action": "1"}, ANOTHER),
        ({"action": ""}, PROVED),
        ({"currency": "953"}, DIFFERS),
        ({"currency": ""}, PROVED),
        ({"amount_cents": None}, DIFFERS),
        ({"amount_cents": 0}, DIFFERS),
        ({"amount_cents": 1235}, DIFFERS),
        ({"amount_cents": 617}, (Outcome.APPROVED, Reason.PARTLY_APPROVED)),
        ({"status": AnswerStatus.DECLINED}, (Outcome.DECLINED, Reason.DECLINED)),
        ({"status": AnswerStatus.DECLINED, "amount_cents": 617}, DIFFERS),
        ({"status": AnswerStatus.CANCELLED, "action": "1"}, ANOTHER),
        (
            {"status": AnswerStatus.CANCELLED, "amount_cents": None, "currency": ""},
            (Outcome.CANCELLED, Reason.CANCELLED),
        ),
    ],
    ids=str,
)
def test_an_answer_proves_what_was_asked_and_nothing_else(
    told: dict[str, object], expected: tuple[Outcome, Reason]
) -> None:
    answer = replace(ANSWER, **told)  # type: ignore[arg-type] # each field has its own type
    conclusion = judge(answer, REQUEST)
    assert (conclusion.outcome, conclusion.reason) == expected
    assert conclusion.answer is answer


QUESTION = Question(REFERENCE, 1234, Kind.PAYMENT)


def test_a_duplicate_proves_a_charge_by_its_authorisation() -> None:
    told = replace(ANSWER, action="3")
    assert last_operation(told, QUESTION) == told
    copy = last_operation(replace(told, authorisation=""), QUESTION)
    assert copy is not None
    assert copy.status is AnswerStatus.UNKNOWN_STATUS


def test_an_operation_that_was_known_before_is_not_the_one_in_question() -> None:
    told = replace(ANSWER, action="3", receipt="000016", private_data="T000000041")
    assert last_operation(told, QUESTION, ()) == told
    assert last_operation(told, QUESTION, ["T000000041"]) is None
    assert last_operation(told, replace(QUESTION, receipt_before="000016"), ()) is None
    ours = replace(told, private_data=REFERENCE)
    assert last_operation(ours, QUESTION, [REFERENCE]) == ours


@pytest.mark.parametrize("status", sorted(set(AnswerStatus) - {AnswerStatus.APPROVED}))
def test_a_duplicate_that_failed_tells_something_only_of_our_own(status: AnswerStatus) -> None:
    told = replace(ANSWER, action="3", status=status, private_data="")
    assert last_operation(told, QUESTION) is None
    ours = replace(told, private_data=REFERENCE)
    assert last_operation(ours, QUESTION) == ours


# Tickets.


def ticket(text: str, handling: str) -> str:
    coded = base64.b64encode(text.encode("latin-1")).decode()
    return join({"CK": handling, "AK": coded}).decode()


def test_a_ticket_belongs_to_the_customer_only_when_it_is_the_customers_alone() -> None:
    assert read_ticket(ticket("Merci", "100")) == (Slip("Merci", for_customer=True),)
    assert read_ticket(ticket("Débit", "110")) == (Slip("Débit", for_customer=False),)
    assert read_ticket(ticket("both", "120")) == (Slip("both", for_customer=False),)


def test_a_ticket_in_html_becomes_lines() -> None:
    marked = (
        "<html><head><title>t</title><style>p{}</style></head><body><p>CARTE&nbsp;BANCAIRE</p>"
        "4970<b>1012</b><br/>3456<!-- x -->7893<script>1</script><div>D&eacute;bit</div></body>"
    )
    (slip,) = read_ticket(ticket(marked, "101"))
    assert slip.text.splitlines() == ["CARTE\u00a0BANCAIRE", "********", "****7893Débit"]


@pytest.mark.parametrize(
    "value",
    [
        "",
        "CK003120",
        "AK008SGVsbG8h",
        "CK003120AK003???",
        "CK003020AK008SGVsbG8h",
        "CK999",
        "CK003190AK008SGVsbG8h",
        "CK003120AK008SGVsbG8",
    ],
)
def test_a_ticket_that_cannot_be_read_is_none(value: str) -> None:
    assert read_ticket(value) == ()


def test_control_characters_do_not_reach_a_ticket() -> None:
    (slip,) = read_ticket(ticket("A\x1b[2JB\x00\r\nC\x07\xadD", "100"))
    assert slip.text == "A[2JB\nCD"


@given(st.text(st.characters(max_codepoint=255), max_size=300), st.sampled_from(["100", "121"]))
def test_any_ticket_is_read_in_bounds(text: str, handling: str) -> None:
    for slip in read_ticket(ticket(text, handling)):
        assert all(sign.isprintable() or sign in "\n\u00a0" for sign in slip.text)
