from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.escpos.poll import StatusPoll
from drivers.escpos.status import (
    INFO_BYTES_MAX,
    Asb,
    Barrier,
    Event,
    FlowControl,
    Garbage,
    Info,
    Paper,
    ProcessId,
    RealTimeStatus,
    StatusReader,
    read_status,
)


@pytest.mark.parametrize(
    ("raw", "event"),
    [
        (b"\x12", RealTimeStatus(0x12)),
        (b"\x16", RealTimeStatus(0x16)),
        (b"\x7e", RealTimeStatus(0x7E)),
        (b"\x00", Barrier(0)),
        (b"\x0f", Barrier(0x0F)),
        (b"7\x22AB12\x00", ProcessId("AB12")),
        (b"\x14\x00\x00\x00", Asb(b"\x14\x00\x00\x00")),
        (b"\x1c\x00\x0f\x00", Asb(b"\x1c\x00\x0f\x00")),
        (b"_TM-T20III\x00", Info(b"TM-T20III")),
        (b"\x13", FlowControl(stop=True)),
        (b"\x11", FlowControl(stop=False)),
        (b"\xff", Garbage(b"\xff")),
    ],
)
def test_each_answer_is_recognised_by_its_bits(raw: bytes, event: Event) -> None:
    assert StatusReader().receive(raw) == [event]


def test_answers_may_come_in_any_slices_and_with_flow_control_inside() -> None:
    reader = StatusReader()
    events = [event for byte in b"7\x22A\x13B\x1112\x00" for event in reader.receive(bytes([byte]))]
    assert events == [FlowControl(stop=True), FlowControl(stop=False), ProcessId("AB12")]


def test_after_noise_the_next_answer_is_read() -> None:
    events = StatusReader().receive(b"7\x22A\x16\x90\x12")
    assert events == [
        Garbage(b"7\x22A"),
        RealTimeStatus(0x16),
        Garbage(b"\x90"),
        RealTimeStatus(0x12),
    ]


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_no_bytes_upset_the_reader_or_fill_it(slices: list[bytes]) -> None:
    reader = StatusReader()
    for data in slices:
        for event in reader.receive(data):
            assert not isinstance(event, Info) or len(event.text) <= INFO_BYTES_MAX
    # Whatever came before, a fresh sequence of single answers is read within a block's length.
    events = reader.receive(b"\x12" * 2)
    assert RealTimeStatus(0x12) in events


@given(st.binary(max_size=120))
def test_slicing_changes_nothing(data: bytes) -> None:
    whole = StatusReader().receive(data)
    reader = StatusReader()
    assert [event for byte in data for event in reader.receive(bytes([byte]))] == whole


@pytest.mark.parametrize(
    ("answers", "fault", "warning"),
    [
        ((0x12, 0x12, 0x12), None, None),
        ((0x16, 0x12, 0x12), None, None),
        ((0x12, 0x12, 0x1E), None, "printer.paper_near_end"),
        ((0x1E, 0x32, 0x7E), "printer.paper_out", None),
        ((0x1A, 0x16, 0x12), "printer.cover_open", None),
        ((0x1A, 0x52, 0x12), "printer.error", None),
        ((0x1A, 0x12, 0x12), "printer.offline", None),
    ],
)
def test_the_three_bytes_say_what_stops_the_printer(
    answers: tuple[int, int, int], fault: str | None, warning: str | None
) -> None:
    status = read_status(*answers)
    assert (status.fault, status.warning) == (fault, warning)


def test_the_drawers_switch_is_read() -> None:
    assert read_status(0x16, 0x12, 0x12).drawer_signal
    assert read_status(0x12, 0x12, 0x12).paper is Paper.OK


def test_a_round_asks_one_question_at_a_time() -> None:
    poll = StatusPoll(answer_timeout_s=1.0)
    assert poll.ask(0.0) == b"\x10\x04\x01"
    assert poll.ask(0.5) == b""
    assert poll.answered(0x12, 0.6) == b"\x10\x04\x02"
    assert poll.answered(0x12, 0.7) == b"\x10\x04\x04"
    assert (poll.status, poll.rounds) == (None, 0)
    assert poll.answered(0x1E, 0.8) == b""
    assert poll.status == read_status(0x12, 0x12, 0x1E)


def test_a_lost_answer_is_given_up_and_an_unasked_one_passed_over() -> None:
    poll = StatusPoll(answer_timeout_s=1.0)
    assert poll.answered(0x12, 0.0) == b""
    poll.ask(0.0)
    assert not poll.overdue(0.9)
    assert poll.overdue(1.0)
    assert not poll.overdue(1.0, drained_at_s=0.5)
    assert poll.ask(1.0) == b"\x10\x04\x01"
