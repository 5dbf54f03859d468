"""The link and its frames: sequences of bytes in, steps out, no line and no clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card.concert.frame import (
    ACK,
    ENQ,
    EOT,
    NAK,
    NOISE_BYTES_MAX,
    FrameReader,
    decode_frame,
    encode_frame,
    redacted,
)
from drivers.card.concert.link import (
    RESENDS_MAX,
    TABLE,
    UNREAD_BYTES_MAX,
    Link,
    News,
    Signal,
    State,
    Step,
)
from drivers.card.concert.record import ANSWER_LENGTHS
from drivers.errors import LocalProtocolError, RemoteProtocolError

RECORD = b"0100000125019780123456789"
LONG_RECORD = RECORD[:12] + b"4970******1234".ljust(55) + RECORD[12:]
REQUEST = b"01000012500109780123456789A010B010"


def new_link() -> Link:
    return Link(ANSWER_LENGTHS)


def told(link: Link, *data: int | bytes) -> list[Step]:
    """Give the link some bytes and return every step it makes of them."""
    link.receive(b"".join(bytes([one]) if isinstance(one, int) else one for one in data))
    steps = []
    while (step := link.next_step()) is not None:
        steps.append(step)
    return steps


def said(steps: list[Step]) -> bytes:
    return b"".join(step.send for step in steps)


def news(steps: list[Step]) -> list[News]:
    return [step.news for step in steps if step.news]


def bad(frame: bytes) -> bytes:
    return frame[:-1] + bytes([frame[-1] ^ 1])


# Frames.


@given(st.binary(min_size=1, max_size=80).map(lambda data: bytes(0x20 + b % 0x60 for b in data)))
def test_a_frame_gives_its_record_back(record: bytes) -> None:
    assert decode_frame(encode_frame(record)) == record


@given(st.sampled_from([RECORD, LONG_RECORD]), st.data())
def test_one_flipped_bit_anywhere_is_noticed(record: bytes, data: st.DataObject) -> None:
    frame = bytearray(encode_frame(record))
    frame[data.draw(st.integers(0, len(frame) - 1))] ^= 1 << data.draw(st.integers(0, 6))
    with pytest.raises(RemoteProtocolError):
        decode_frame(bytes(frame))


@pytest.mark.parametrize("control", [ENQ, ACK, EOT, 0x02, 0x03, NAK], ids=hex)
def test_a_check_byte_may_look_like_any_control(control: int) -> None:
    record = _with_check(control)
    link = new_link()
    told(link, ENQ)
    steps = told(link, encode_frame(record))
    assert [step.record for step in steps] == [record]


def _with_check(control: int) -> bytes:
    for first in range(0x20, 0x7F):
        for second in range(0x20, 0x7F):
            record = RECORD[:-2] + bytes([first, second])
            if encode_frame(record)[-1] == control:
                return record
    raise AssertionError("no record has that check byte")


def test_an_etx_lookalike_never_ends_a_long_record() -> None:
    reader = FrameReader(ANSWER_LENGTHS)
    records = [reader.feed(byte) for byte in encode_frame(LONG_RECORD)]
    assert records[-1] == LONG_RECORD
    assert records[:-1] == [None] * (len(records) - 1)


@given(st.lists(st.binary(max_size=200), max_size=30))
def test_the_reader_survives_any_bytes_and_stays_bounded(chunks: list[bytes]) -> None:
    reader = FrameReader(ANSWER_LENGTHS)
    for byte in b"".join(chunks):
        try:
            record = reader.feed(byte)
        except RemoteProtocolError:
            assert not reader.started
        else:
            assert record is None or len(record) in ANSWER_LENGTHS


def test_noise_before_a_frame_has_a_limit() -> None:
    reader = FrameReader(ANSWER_LENGTHS)
    for _ in range(NOISE_BYTES_MAX):
        reader.feed(0x7F)
    with pytest.raises(RemoteProtocolError, match="STX"):
        reader.feed(0x7F)


def test_a_record_that_no_frame_may_hold_is_our_own_fault() -> None:
    for wrong in (b"", b"\x03", b"\x80"):
        with pytest.raises(LocalProtocolError):
            encode_frame(wrong)


def test_a_trace_keeps_the_controls_and_the_lengths_only() -> None:
    kept = redacted("<", b"\x024970101234567893\x03\x6d")
    assert kept == b"\x02" + b"." * 16 + b"\x03."


# Speaking.


def test_a_record_goes_out_after_the_ack_and_is_closed_with_eot() -> None:
    link = new_link()
    assert link.call(REQUEST).send == bytes([ENQ])
    (frame,) = told(link, ACK)
    assert (frame.send, frame.payload, frame.news) == (encode_frame(REQUEST), True, None)
    (end,) = told(link, ACK)
    assert (end.send, end.news, link.state) == (bytes([EOT]), News.DELIVERED, State.IDLE)


@pytest.mark.parametrize(
    ("byte", "expected"), [(ACK, News.READY), (NAK, News.BUSY)], ids=["ready", "busy"]
)
def test_a_probe_is_ended_with_eot_and_carries_nothing(byte: int, expected: News) -> None:
    link = new_link()
    link.probe()
    (step,) = told(link, byte)
    assert (step.send, step.news, step.payload) == (bytes([EOT]), expected, False)


def test_silence_after_enq_leaves_nothing_of_the_record() -> None:
    link = new_link()
    link.call(REQUEST)
    step = link.expire()
    assert (step.send, step.news, step.payload) == (bytes([EOT]), News.SILENT, False)


def test_enq_against_enq_takes_the_terminals_message_first() -> None:
    link = new_link()
    link.call(REQUEST)
    steps = told(link, ENQ)
    assert (said(steps), news(steps)) == (bytes([ACK]), [News.COLLISION])
    assert news(told(link, encode_frame(RECORD))) == [News.RECORD]
    link.accept()
    assert news(told(link, EOT)) == [News.CLOSED]
    assert link.call(REQUEST).send == bytes([ENQ])


def test_a_refused_frame_is_sent_again_a_few_times_only() -> None:
    link = new_link()
    link.call(REQUEST)
    steps = told(link, ACK, *[NAK] * (RESENDS_MAX + 1))
    frames = [step for step in steps if step.payload]
    assert len(frames) == 1 + RESENDS_MAX
    assert (steps[-1].send, steps[-1].news) == (bytes([EOT]), News.REJECTED)


def test_silence_after_the_record_is_no_word_about_it() -> None:
    link = new_link()
    link.call(REQUEST)
    told(link, ACK)
    assert link.expire().news is News.UNANSWERED


# Listening.


def test_a_record_is_held_until_it_is_accepted_and_nothing_more_is_read() -> None:
    link = new_link()
    steps = told(link, ENQ, encode_frame(RECORD), EOT)
    assert (said(steps), news(steps)) == (bytes([ACK]), [News.CALLED, News.RECORD])
    assert link.state is State.HOLDING
    assert link.accept().send == bytes([ACK])
    assert news(told(link)) == [News.CLOSED]


def test_a_bad_frame_is_asked_for_again_and_then_given_up() -> None:
    link = new_link()
    told(link, ENQ)
    for _ in range(RESENDS_MAX):
        assert said(told(link, bad(encode_frame(RECORD)))) == bytes([NAK])
    steps = told(link, bad(encode_frame(RECORD)))
    assert (said(steps), news(steps)) == (bytes([EOT]), [News.UNREADABLE])


def test_each_session_has_all_its_resends() -> None:
    link = new_link()
    for _ in range(3):
        told(link, ENQ, bad(encode_frame(RECORD)) * RESENDS_MAX, encode_frame(RECORD))
        assert link.state is State.HOLDING
        link.accept()
        assert news(told(link, EOT)) == [News.CLOSED]


def test_a_frame_that_stops_is_asked_for_again() -> None:
    link = new_link()
    told(link, ENQ, encode_frame(RECORD)[:12])
    assert link.expire().send == bytes([NAK])
    assert news(told(link, encode_frame(RECORD))) == [News.RECORD]


def test_a_frame_that_is_repeated_is_handed_up_again() -> None:
    link = new_link()
    told(link, ENQ, encode_frame(RECORD))
    link.accept()
    steps = told(link, encode_frame(RECORD))
    assert [step.record for step in steps] == [RECORD]


def test_a_session_that_is_not_closed_is_told() -> None:
    link = new_link()
    told(link, ENQ, encode_frame(RECORD))
    link.accept()
    step = link.expire()
    assert (step.send, step.news) == (b"", News.NOT_CLOSED)


def test_a_dropped_record_is_followed_by_silence() -> None:
    link = new_link()
    told(link, ENQ, encode_frame(RECORD))
    link.drop()
    assert link.state is State.IDLE
    assert told(link, encode_frame(RECORD)) == []


def test_nothing_is_due_while_idle_or_holding() -> None:
    link = new_link()
    waits = [link.wait_ms]
    for data in (bytes([ENQ]), encode_frame(RECORD)):
        told(link, data)
        waits.append(link.wait_ms)
    assert waits == [None, 3_000, None]


def test_wishes_out_of_turn_are_our_own_fault() -> None:
    link = new_link()
    for wish in (link.accept, link.refuse, link.expire):
        with pytest.raises(LocalProtocolError):
            wish()
    link.probe()
    with pytest.raises(LocalProtocolError):
        link.call(REQUEST)


def test_a_record_never_shows_in_a_representation() -> None:
    step = Step(b"4970101234567893", News.RECORD, record=b"4970101234567893")
    assert "4970" not in repr(step)


# Any bytes.


def test_every_state_but_the_waiting_ones_survives_silence() -> None:
    waiting = {State.PROBING, State.CALLING, State.SENT, State.CLOSING}
    assert {state for state, signal in TABLE if signal is Signal.SILENCE} == waiting


peers = st.lists(
    st.one_of(
        st.sampled_from([bytes([one]) for one in (ENQ, ACK, NAK, EOT)]),
        st.sampled_from([encode_frame(RECORD), encode_frame(LONG_RECORD)]),
        st.binary(max_size=60),
        st.just(None),
    ),
    max_size=60,
)


@given(peers, st.lists(st.sampled_from(["probe", "call", "accept", "refuse", "drop"]), max_size=60))
def test_no_bytes_and_no_silence_break_the_link(
    data: list[bytes | None], wishes: list[str]
) -> None:
    link = new_link()
    for index, piece in enumerate(data):
        try:
            if piece is None:
                if link.wait_ms is not None:
                    link.expire()
            else:
                link.receive(piece)
        except RemoteProtocolError:
            assert link.state is State.IDLE
        _wish(link, wishes[index] if index < len(wishes) else "")
        steps = 0
        while (step := link.next_step()) is not None:
            steps += 1
            assert step.payload is (step.send == encode_frame(REQUEST))
            assert steps <= UNREAD_BYTES_MAX


def _wish(link: Link, wish: str) -> None:
    if wish == "call" and link.state is State.IDLE:
        link.call(REQUEST)
    elif wish == "probe" and link.state is State.IDLE:
        link.probe()
    elif wish in {"accept", "refuse"} and link.state is State.HOLDING:
        link.accept() if wish == "accept" else link.refuse()
    elif wish == "drop":
        link.drop()


def test_a_terminal_that_talks_without_pause_is_cut_short() -> None:
    link = new_link()
    told(link, ENQ, encode_frame(RECORD))
    link.receive(bytes(UNREAD_BYTES_MAX))
    with pytest.raises(RemoteProtocolError):
        link.receive(b"x")
    assert link.state is State.IDLE
