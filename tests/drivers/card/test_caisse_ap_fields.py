"""Fields: round trips, pieces of any size, and whatever else a line may bring."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card.caisse_ap.fields import (
    FIELDS_MAX,
    MESSAGE_BYTES_MAX,
    FieldReader,
    decode,
    decode_inner,
    encode,
)
from drivers.errors import LocalProtocolError, RemoteProtocolError

WANTED = frozenset({"CZ", "CB", "CF", "AE", "AF"})
ANSWER = b"CZ0040320CB0041234AE00210"
NUMBER = "4970101234567893"

tags = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=2)
values = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=120)


def messages() -> st.SearchStrategy[dict[str, str]]:
    others = st.dictionaries(tags.filter(lambda tag: tag not in {"CZ", "AE"}), values, max_size=20)
    return others.map(lambda fields: {"CZ": "0320", **fields, "AE": "10"})


@given(messages())
def test_what_is_written_is_read(fields: dict[str, str]) -> None:
    assert decode(encode(fields.items()), frozenset(fields)) == fields


@given(messages(), st.integers(1, 7))
def test_pieces_of_any_size_make_the_same_message(fields: dict[str, str], size: int) -> None:
    data = encode(fields.items())
    reader = FieldReader(frozenset(fields))
    for at in range(0, len(data), size):
        assert not reader.whole
        reader.feed(data[at : at + size])
    assert reader.whole
    assert reader.take() == fields
    assert not reader.started


@given(messages())
def test_only_what_is_wanted_is_held(fields: dict[str, str]) -> None:
    assert decode(encode(fields.items()), WANTED).keys() == fields.keys() & WANTED


def test_two_answers_in_a_row_are_two() -> None:
    reader = FieldReader(WANTED)
    reader.feed(ANSWER + b"CZ0040310AE00201AF00204")
    assert reader.whole
    assert reader.followed
    assert reader.take() == {"CZ": "0320", "CB": "1234", "AE": "10"}
    reader.feed(b"")
    assert reader.take() == {"CZ": "0310", "AE": "01", "AF": "04"}


def test_what_follows_an_answer_wrongly_does_not_spoil_it() -> None:
    reader = FieldReader(WANTED)
    reader.feed(ANSWER + b"CZ0040310??")
    assert reader.take()["AE"] == "10"
    with pytest.raises(RemoteProtocolError):
        reader.feed(b"")


def test_line_ends_between_fields_are_nothing() -> None:
    assert decode(b"CZ0040320\r\nAE00210\r\n", WANTED) == {"CZ": "0320", "AE": "10"}
    reader = FieldReader(WANTED)
    reader.feed(b"\r\n\r\n")
    assert not reader.started


def test_an_answer_is_whole_only_between_fields_and_once_it_tells_its_end() -> None:
    reader = FieldReader(WANTED)
    seen = []
    for byte in b"CZ0040320AE00210CB0041234":
        reader.feed(bytes([byte]))
        seen.append(reader.whole)
    # Between AE and CB, and after CB.
    assert [at for at, whole in enumerate(seen) if whole] == [15, 24]


@pytest.mark.parametrize(
    "data",
    [
        b"AE00210",
        b"CB0041234AE00210",
        b"CZ0040320CB000AE00210",
        b"CZ0040320CB0041234CB0041234AE00210",
        b"CZ0040320CZ0040320AE00210",
        b"CZ0040320cb0041234AE00210",
        b"CZ0040320C10041234AE00210",
        b"CZ0040320CB 041234AE00210",
        b"CZ0040320CB0041234",
        b"CZ0040320AE0021",
        b"CZ0040320AE00210C",
        ANSWER + ANSWER,
        b"\x02CZ0040320AE00210",
        b"",
    ],
    ids=repr,
)
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="expected"):
        decode(data, WANTED)


def test_a_message_without_end_is_refused() -> None:
    many = {f"{chr(65 + at // 26)}{chr(65 + at % 26)}": "1" for at in range(FIELDS_MAX)}
    with pytest.raises(RemoteProtocolError, match="64 fields"):
        FieldReader(WANTED).feed(encode({"CZ": "0320", **many}.items()))
    long = [("CZ", "0320"), *((tag, "1" * 999) for tag in ("BA", "BB", "BC", "BD", "BE"))]
    with pytest.raises(RemoteProtocolError, match=f"{MESSAGE_BYTES_MAX} bytes"):
        FieldReader(WANTED).feed(encode(long))


@pytest.mark.parametrize(
    "field",
    [
        ("cb", "1"),
        ("CBA", "1"),
        ("C1", "1"),
        ("ÉÀ", "1"),
        ("CB", ""),
        ("CB", "é"),
        ("CB", "1\n"),
        ("CB", "1" * 1000),
    ],
    ids=lambda field: f"{field[0]} {field[1][:3]!r}",
)
def test_what_no_field_may_be_is_our_own_fault(field: tuple[str, str]) -> None:
    with pytest.raises(LocalProtocolError):
        encode([field])


def test_fields_inside_a_field_are_read_in_any_order() -> None:
    assert decode_inner("AK0041234CK003120", frozenset({"CK", "AK"})) == {
        "AK": "1234",
        "CK": "120",
    }
    with pytest.raises(RemoteProtocolError):
        decode_inner("CK003120AK00512", frozenset({"CK", "AK"}))


pieces = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from([ANSWER, b"CZ0040320", b"AE00210", b"AA016" + NUMBER.encode(), b"CZ999"]),
        messages().map(lambda fields: encode(fields.items())),
    ),
    max_size=40,
)


@given(pieces)
def test_any_bytes_are_read_or_refused_as_the_terminals_fault(data: list[bytes]) -> None:
    reader = FieldReader(WANTED)
    for piece in data:
        with contextlib.suppress(RemoteProtocolError):
            reader.feed(piece)
        if reader.whole:
            assert reader.take().keys() <= WANTED
        assert len(reader._unread) <= MESSAGE_BYTES_MAX
        assert len(reader._seen) <= FIELDS_MAX


def test_endless_bytes_are_cut_short() -> None:
    for endless in (b"CZ999" + b"1" * 9_999, b"\r" * 9_999, b"CZ0040320AE00210" + b"CZ" * 9_999):
        reader = FieldReader(WANTED)
        with contextlib.suppress(RemoteProtocolError):
            for _ in range(100):
                reader.feed(endless)
        assert len(reader._unread) <= MESSAGE_BYTES_MAX + len(endless)


@pytest.mark.parametrize(
    "data", [f"CZ0040320AA016{NUMBER}AA016{NUMBER}", f"{NUMBER}", f"AA{NUMBER}"]
)
def test_what_is_refused_is_not_quoted(data: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        FieldReader(WANTED).feed(data.encode())
    assert NUMBER[:6] not in f"{caught.value!r} {caught.value}"


def test_a_reader_shows_nothing_of_what_it_holds() -> None:
    reader = FieldReader(frozenset({"AA"}), first="")
    reader.feed(f"AA016{NUMBER}".encode())
    assert NUMBER not in repr(reader)
