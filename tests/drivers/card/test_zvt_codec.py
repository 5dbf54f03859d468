"""The bytes of ZVT, both ways: the vectors of the reference, round trips, and any bytes at all."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card.interface import Answer, AnswerStatus, BrandTotal, Kind, Presence, Request
from drivers.card.zvt import apdu, bitmap, codes, frame, messages, tlv
from drivers.card.zvt.apdu import Apdu, ApduReader
from drivers.card.zvt.frame import FrameReader, crc, encode_frame
from drivers.card.zvt.link import NetworkLink, SerialLink
from drivers.card.zvt.settings import ZvtSettings
from drivers.card.zvt.slips import Charset, Papers
from drivers.errors import LocalProtocolError, RemoteProtocolError

SETTINGS = ZvtSettings(password="123456", receipts=True)
PAYMENT = Request("T000000042", 1250)
NUMBER = "4970101234567893"  # passes the Luhn check and belongs to nobody


def unhex(text: str) -> bytes:
    return bytes.fromhex(text)


# Vectors.


@pytest.mark.parametrize(
    ("message", "check"),
    [
        ("06 00 01", "D9 60"),
        ("80 00 00", "F5 1F"),
        ("06 0F 00", "C6 33"),
        ("05 01", "FE 12"),
        ("06 B0 00", "43 F3"),
        ("06 1E 01 6C", "C9 F2"),
        ("06 01 07 04 00 00 00 00 12 50", "2D F7"),
        ("06 20 05 00 00 00 03 03", "DB 15"),
    ],
)
def test_the_check_of_a_frame(message: str, check: str) -> None:
    assert crc(unhex(message)) == unhex(check)


def test_a_frame_doubles_the_10_in_it_and_counts_it_once() -> None:
    message = unhex("06 0f 0a 19 00 29 29 00 10 06 49 09 78")
    framed = encode_frame(message)
    assert framed.startswith(unhex("10 02 06 0f 0a 19 00 29 29 00 10 10 06 49 09 78 10 03"))
    reader = FrameReader()
    assert [whole for byte in framed if (whole := reader.feed(byte))] == [message]


def test_the_commands_as_they_go_on_the_line() -> None:
    expected = "06 00 0E 123456 BE 0978 06 06 26 04 0A 02 06 D3"
    assert messages.registration(SETTINGS, "978").encode() == unhex(expected)
    expected = "06 01 0C 04 000000001250 49 0978 19 40"
    assert messages.request(PAYMENT, SETTINGS).encode() == unhex(expected)
    expected = "06 20 05 000000 03 03"
    assert messages.repeat_receipt(ZvtSettings()).encode() == unhex(expected)
    refund = Request("T000000042", 1250, Kind.REFUND)
    expected = "06 31 0F 123456 04 000000001250 49 0978 19 40"
    assert messages.request(refund, SETTINGS).encode() == unhex(expected)
    reversal = Request("T000000042", 1250, Kind.CANCELLATION, receipt="0470")
    expected = "06 30 10 123456 87 0470 04 000000001250 49 0978"
    assert messages.request(reversal, SETTINGS).encode() == unhex(expected)
    assert messages.end_of_day(SETTINGS).encode() == unhex("06 50 03 123456")


def test_the_last_known_receipt_is_mirrored_only_where_that_is_set() -> None:
    mirrors = ZvtSettings(mirrors_id=True)
    known = Request("T000000042", 1250, receipt_before="0470")
    assert messages.request(known, mirrors).encode().endswith(unhex("06 05 1f1f 02 0470"))
    assert messages.request(PAYMENT, mirrors).encode().endswith(unhex("06 03 1f1f 00"))


@pytest.mark.parametrize(
    "asked",
    [
        Request("T000000042", 1250, cheque=True),
        Request("T000000042", 1250, Kind.CANCELLATION),
        Request("T000000042", 1250, Kind.CANCELLATION, receipt="A12345"),
    ],
)
def test_what_cannot_be_said_is_refused(asked: Request) -> None:
    with pytest.raises(LocalProtocolError):
        messages.request(asked, SETTINGS)


def test_a_long_apdu_has_its_length_low_byte_first() -> None:
    assert Apdu(0x06D3, bytes(300)).encode()[:5] == unhex("06 D3 FF 2C 01")
    with pytest.raises(LocalProtocolError):
        Apdu(0x06D3, bytes(70_000)).encode()


def test_84_00_counts_as_a_yes() -> None:
    assert apdu.decode(unhex("84 00 00")).refusal is None
    assert apdu.decode(unhex("84 9C 00")).refusal == 0x9C
    assert apdu.decode(unhex("80 00 00")).is_answer


# What a terminal tells.


def test_the_status_information_of_the_transcript() -> None:
    data = "27 00 04 000000002040 49 0978 87 0470 8b f1 f7" + b"Debit Mastercard\0".hex()
    answer = messages.read_status(unhex(data))
    assert answer.status is AnswerStatus.APPROVED
    assert (answer.amount_cents, answer.currency, answer.receipt) == (2040, "978", "0470")
    assert answer.brand == "Debit Mastercard"


def test_a_status_information_with_all_that_is_kept() -> None:
    data = (
        "27 00 04 000000001250 22 f0 f8 497010eeeeee7893 3b" + b"123456\0\0".hex()
        + "49 0978 87 0012 8a 0a 06 04 1f12 01 02"
    )  # fmt: skip
    answer = messages.read_status(unhex(data))
    assert answer == Answer(
        AnswerStatus.APPROVED, 1250, "", "", "7893", "0A", "00",
        authorisation="123456", brand="Visa", contactless=True, receipt="0012",
    )  # fmt: skip


def test_a_field_that_nobody_knows_ends_the_reading_and_spoils_nothing_before_it() -> None:
    fields = bitmap.read(unhex("27 00 04 000000001250 f7 01 02 03"))
    assert not fields.whole
    assert fields.number(bitmap.AMOUNT) == 1250
    lost = messages.read_status(unhex("27 00 f7 01 04 000000001250"))
    assert lost.amount_cents is None, "an approval without its amount proves nothing"


@pytest.mark.parametrize(
    "data",
    [
        "04 0000",  # cut
        "27 00 27 05",  # twice, and they differ
        "8b fa f1 41",  # no counter
        "06 83 00 00 01 00",  # no TLV length
        "06 02 1f 80",  # a tag that is cut
        "06 02 24 05",  # a value that is cut
    ],
)
def test_what_cannot_be_read_is_said(data: str) -> None:
    with pytest.raises(RemoteProtocolError):
        messages.read_status(unhex(data))


def test_tlv_lengths_of_one_two_and_three_bytes() -> None:
    for size in (0, 127, 128, 255, 256, 5_000):
        written = tlv.encode(tlv.TEXT_LINE, b"x" * size)
        assert tlv.read(written) == [(tlv.TEXT_LINE, b"x" * size)]
    with pytest.raises(LocalProtocolError):
        tlv.length(70_000)


def test_tlv_too_deep_or_too_much_is_refused() -> None:
    nested = b""
    for _ in range(tlv.DEPTH_MAX + 2):
        nested = tlv.encode(tlv.DISPLAY_TEXTS, nested)
    with pytest.raises(RemoteProtocolError):
        tlv.read(nested)
    with pytest.raises(RemoteProtocolError):
        tlv.read(bytes(2 * (tlv.OBJECTS_MAX + 1)))


def test_news_may_have_a_time_and_a_text() -> None:
    text = tlv.encode(tlv.DISPLAY_TEXTS, tlv.encode(tlv.TEXT_LINE, b"Karte \x81ber"))
    data = unhex("0a 12 06") + bytes([len(text)]) + text
    news = messages.read_news(data, Charset.CP437)
    assert (news.code, news.minutes, news.text) == (0x0A, 12, "Karte über")
    assert messages.read_news(unhex("0a"), Charset.CP437).minutes is None


@pytest.mark.parametrize(
    ("data", "state"),
    [("", 0), ("00", 0), ("9c", 0x9C), ("f0", 0xF0), ("f0f0f3313233dc", 0xDC),
     ("f0f0f0f33132339c", 0x9C), ("f0f0f3313233", 0)],
)  # fmt: skip
def test_the_state_of_a_terminal(data: str, state: int) -> None:
    assert messages.read_state(unhex(data)) == state
    assert codes.presence(0xDC) is Presence.BUSY


def test_the_totals_of_a_day() -> None:
    sums = "0068 0071" + "04 000000002600" + "00 000000000000" * 3 + "02 000000000500"
    sums += "00 000000000000" + "01 000000000001"
    data = unhex("27 00 04 000000003101 60 f0 f5 f3" + sums)
    day = messages.read_day(data)
    assert day is not None
    assert (day.total_cents, day.succeeded) == (3101, True)
    assert day.brands == (
        BrandTotal("girocard", 4, 2600),
        BrandTotal("Visa", 2, 500),
        BrandTotal("", 1, 1),
    )
    without = messages.read_day(unhex("04 000000003101 60 f0 f0 f1 00"))
    assert without is not None
    assert without.brands == ()


# The tables.


def test_only_00_approves_and_only_in_a_status_information() -> None:
    for code in range(256):
        approved = codes.result_status(code) is AnswerStatus.APPROVED
        assert approved == (code == 0)
        assert codes.abort_status(code) is not AnswerStatus.APPROVED
        assert codes.refusal_status(code) in {
            AnswerStatus.NOT_POSSIBLE, AnswerStatus.UNKNOWN_STATUS,
        }  # fmt: skip
    assert codes.result_status(None) is AnswerStatus.UNKNOWN_STATUS


@pytest.mark.parametrize("code", [0x00, 0x08, 0x0A, 0x10, 0x66, 0x7D, 0x9A, 0xA1, 0xA3, 0xD7, 0xFF])
def test_a_doubtful_end_is_no_refusal(code: int) -> None:
    assert codes.abort_status(code) is AnswerStatus.UNKNOWN_STATUS


# Papers.


def test_lines_and_blocks_become_masked_papers() -> None:
    papers = Papers(Charset.CP437)
    papers.print_line(b"\x00H\x8eNDLERBELEG")
    papers.print_line(b"\x40" + NUMBER.encode())
    papers.print_line(b"\xff\x02")
    papers.print_line(b"\x81EUR 12,50")
    lines = b"".join(tlv.encode(tlv.TEXT_LINE, line) for line in (b"CARD", NUMBER.encode()))
    texts = tlv.encode(tlv.PRINT_TEXTS, lines + tlv.encode(tlv.END_OF_RECEIPT, b"\x01"))
    block = tlv.encode(tlv.RECEIPT_TYPE, b"\x02") + texts
    papers.print_block(bytes([bitmap.CONTAINER]) + tlv.length(len(block)) + block)
    papers.print_line(b"\x00never ended")
    merchant, customer, rest = papers.taken()
    assert merchant.text.startswith("HÄNDLERBELEG\n")
    assert (merchant.for_customer, customer.for_customer, rest.text) == (
        False, True, "never ended",
    )  # fmt: skip
    assert NUMBER[:12] not in merchant.text + customer.text
    assert papers.taken() == ()


def test_papers_have_limits() -> None:
    papers = Papers(Charset.CP437)
    for _ in range(20_000):
        papers.print_line(b"\x00" + b"x" * 40)
    for _ in range(100):
        papers.print_line(b"\x81last")
    slips = papers.taken()
    assert len(slips) <= 8
    assert all(len(slip.text) <= 4_000 for slip in slips)


# Round trips, and anything at all.


@given(st.integers(0x0600, 0x06FF), st.binary(max_size=600), st.data())
def test_an_apdu_survives_any_cut(code: int, data: bytes, cuts: st.DataObject) -> None:
    written = Apdu(code, data).encode() * 2
    reader, read = ApduReader(), []
    while written:
        size = cuts.draw(st.integers(1, len(written)))
        reader.feed(written[:size])
        written = written[size:]
        while (one := reader.take()) is not None:
            read.append((one.code, one.data))
    assert read == [(code, data)] * 2


@given(st.binary(max_size=300))
def test_a_frame_gives_back_what_it_was_given(message: bytes) -> None:
    reader = FrameReader()
    assert [w for byte in encode_frame(message) if (w := reader.feed(byte)) is not None] == [
        message
    ]


@given(st.integers(0, 10**12 - 1))
def test_a_number_in_decimal_digits_comes_back(cents: int) -> None:
    assert bitmap.read(bytes([bitmap.AMOUNT]) + bitmap.bcd(cents, 6)).number(4) == cents


@given(st.binary(max_size=400))
def test_any_bytes_give_an_answer_or_a_protocol_error(data: bytes) -> None:
    papers = Papers(Charset.CP437)
    for read in (
        messages.read_status,
        messages.read_day,
        messages.read_state,
        tlv.read,
        papers.print_line,
        papers.print_block,
        lambda some: messages.read_news(some, Charset.LATIN_1),
        apdu.decode,
    ):
        with suppress(RemoteProtocolError):
            read(data)


@given(st.lists(st.binary(max_size=80), max_size=20))
def test_any_bytes_on_a_line_are_survived(pieces: list[bytes]) -> None:
    for link in (NetworkLink(), SerialLink()):
        for piece in pieces:
            try:
                link.receive(piece)
                while link.next_step() is not None:
                    pass
            except RemoteProtocolError:
                pass
        if link.wait_ms is not None:
            link.expire()


def test_a_line_that_floods_is_cut_off() -> None:
    link = SerialLink()
    with pytest.raises(RemoteProtocolError):
        link.receive(bytes(10_000))
    reader = ApduReader()
    with pytest.raises(RemoteProtocolError):
        reader.feed(bytes(200_000))
    assert frame.BODY_BYTES_MAX < 100_000


FIELDS = sorted(bitmap.LENGTHS)


@pytest.mark.parametrize("field", FIELDS, ids=hex)
def test_no_card_number_leaves_any_field(field: int) -> None:
    length = bitmap.LENGTHS[field]
    for written in (unhex(NUMBER), NUMBER.encode(), unhex("d" + NUMBER + "d28122010000000")):
        if length < 0:
            counter = bytes(0xF0 | int(digit) for digit in f"{len(written):0{-length}d}")
            data = bytes([field]) + counter + written
        else:
            data = bytes([field]) + written[:length].ljust(length, b"\0")
        for read in (messages.read_status, messages.read_day, bitmap.read):
            assert NUMBER[4:12] not in told_by(read, data)
        assert NUMBER[4:12] not in repr(Apdu(apdu.STATUS, data))


def told_by(read: Callable[[bytes], object], data: bytes) -> str:
    """Return all that a reader says, be it an error."""
    try:
        return repr(read(data))
    except RemoteProtocolError as error:
        return repr(error)
