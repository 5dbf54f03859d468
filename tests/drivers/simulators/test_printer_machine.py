from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.simulators.escpos_tokens import Tokeniser
from drivers.simulators.paper import PaperLine
from drivers.simulators.printer_machine import PrinterModel, SimulatedPrinter

ASK = {n: b"\x10\x04" + bytes([n]) for n in (1, 2, 3, 4)}


def answers(printer: SimulatedPrinter, data: bytes, at_s: float = 0.0) -> bytes:
    return b"".join(printer.receive(data, at_s))


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("none", b"\x12\x12\x12\x12"),
        ("near", b"\x12\x12\x12\x1e"),
        ("out", b"\x1a\x32\x12\x7e"),
        ("cover", b"\x1a\x16\x12\x12"),
        ("error", b"\x1a\x52\x1a\x12"),
        ("offline", b"\x1a\x12\x12\x12"),
    ],
)
def test_status_bytes_are_those_of_the_manual(fault: str, expected: bytes) -> None:
    printer = SimulatedPrinter()
    if fault in ("near", "out"):
        printer.set_paper("near" if fault == "near" else "out")
    printer.set_cover(is_open=fault == "cover")
    printer.set_error(is_error=fault == "error")
    printer.set_offline(is_offline=fault == "offline")
    assert answers(printer, b"".join(ASK.values())) == expected


def test_text_is_read_in_the_table_that_was_chosen() -> None:
    printer = SimulatedPrinter()
    answers(printer, b"\x1b@\x1bt\x10\x80\xe9\n\x1bt\x13\xd5\x82\n")
    assert printer.roll.under_way.lines == ["€é", "€é"]


def test_after_an_initialisation_the_table_is_the_default_again() -> None:
    printer = SimulatedPrinter()
    answers(printer, b"\x1bt\x10\x1b@\x82\n")
    assert printer.roll.under_way.lines == ["é"]


def test_a_chinese_clone_pairs_bytes_until_told_not_to() -> None:
    printer = SimulatedPrinter(PrinterModel(kanji_at_start=True))
    answers(printer, b"\x1b@\x1bt\x10\xe9\xe8\n\x1c.\xe9\xe8\n")
    assert printer.roll.under_way.lines == ["〓", "éè"]


def test_the_french_set_replaces_signs() -> None:
    printer = SimulatedPrinter()
    answers(printer, b"\x1bR\x01a@b{c\n\x1bR\x00a@b\n")
    assert printer.roll.under_way.lines == ["aàbéc", "a@b"]


def test_a_barrier_is_answered_in_turn_and_not_without_paper() -> None:
    printer = SimulatedPrinter()
    assert answers(printer, b"a\n\x1dr\x01") == b"\x00"
    printer.set_paper("out")
    assert answers(printer, b"b\n\x1dr\x01") == b""
    assert answers(printer, ASK[4]) == b"\x7e"
    printer.set_paper("ok")
    assert b"".join(printer.tick(1.0)) == b"\x00"
    assert printer.roll.under_way.lines == ["a", "b"]


def test_a_process_id_comes_back() -> None:
    assert answers(SimulatedPrinter(), b"\x1d(H\x06\x0000AB12") == b"7\x22AB12\x00"
    clone = SimulatedPrinter(PrinterModel(process_id=False))
    assert answers(clone, b"\x1d(H\x06\x0000AB12") == b""
    assert clone.head.unknown


def test_a_power_cut_loses_the_buffer_and_the_modes() -> None:
    printer = SimulatedPrinter()
    printer.set_cover(is_open=True)
    answers(printer, b"\x1bE\x01lost\n\x1dr\x01")
    printer.power_cycle()
    printer.set_cover(is_open=False)
    assert list(printer.tick(1.0)) == []
    answers(printer, b"kept\n")
    assert printer.roll.under_way.lines == ["kept"]
    (line,) = printer.roll.under_way.items
    assert isinstance(line, PaperLine)
    assert not line.bold


def test_a_printer_switched_off_hears_nothing() -> None:
    printer = SimulatedPrinter()
    printer.power_off()
    assert answers(printer, b"a\n" + ASK[1]) == b""
    printer.power_on()
    assert answers(printer, ASK[1]) == b"\x12"
    assert printer.roll.under_way.items == ()


def test_the_drawer_opens_in_turn_or_at_once() -> None:
    printer = SimulatedPrinter()
    printer.set_paper("out")
    answers(printer, b"\x1bp\x00\x19\xfa", 1.0)
    assert not printer.kicks
    answers(printer, b"\x10\x14\x01\x01\x01", 2.0)
    assert [(kick.pin, kick.real_time) for kick in printer.kicks] == [(5, True)]
    assert answers(printer, ASK[1]) == b"\x1e"
    printer.close_drawer()
    printer.set_paper("ok")
    printer.tick(3.0)
    assert [kick.pin for kick in printer.kicks] == [5, 2]


def test_a_real_time_command_inside_another_is_data() -> None:
    printer = SimulatedPrinter()
    assert answers(printer, b"\x1dv0\x00\x01\x00\x03\x00" + ASK[1]) == b""
    assert printer.roll.under_way.text() == "[picture 8 x 3]\n"


def test_a_full_buffer_stops_reading_or_loses_what_comes() -> None:
    printer = SimulatedPrinter(PrinterModel(buffer_bytes=600, xonxoff=True))
    printer.set_paper("out")
    assert answers(printer, b"x" * 400) == b""
    assert answers(printer, b"x" * 100) == b"\x13"
    assert not printer.reading
    answers(printer, b"y" * 300)
    assert printer.lost_bytes == 300
    printer.set_paper("ok")
    assert b"".join(printer.tick(1.0)) == b"\x11"
    assert printer.reading


def test_automatic_status_tells_of_changes_until_an_initialisation() -> None:
    printer = SimulatedPrinter()
    assert answers(printer, b"\x1da\xff") == b"\x10\x00\x00\x00"
    printer.set_cover(is_open=True)
    assert b"".join(printer.tick(0.0)) == b"\x38\x00\x00\x00"
    printer.set_cover(is_open=False)
    printer.tick(0.0)
    answers(printer, b"\x1b@")
    printer.set_paper("near")
    assert list(printer.tick(0.0)) == []


def test_the_paper_may_end_in_the_midst_of_a_receipt() -> None:
    printer = SimulatedPrinter()
    printer.set_paper("near", lines_left=2)
    answers(printer, b"1\n2\n3\n4\n\x1dr\x01")
    assert printer.roll.under_way.lines == ["1", "2"]
    assert answers(printer, ASK[2]) == b"\x32"
    printer.set_paper("ok")
    assert b"".join(printer.tick(0.0)) == b"\x00"
    assert printer.roll.under_way.lines == ["1", "2", "3", "4"]


def test_clearing_the_buffers_forgets_the_rest() -> None:
    printer = SimulatedPrinter()
    printer.set_paper("out")
    answers(printer, b"old\n\x10\x05\x02")
    printer.set_paper("ok")
    printer.tick(0.0)
    assert printer.roll.under_way.items == ()


def test_a_slow_printer_takes_its_time() -> None:
    printer = SimulatedPrinter(PrinterModel(lines_per_s=10.0))
    assert answers(printer, b"1\n2\n3\n\x1dr\x01", 100.0) == b""
    assert printer.roll.under_way.lines == ["1"]
    assert b"".join(printer.tick(100.15)) == b""
    assert b"".join(printer.tick(100.25) + printer.tick(100.4)) == b"\x00"


def test_a_long_line_goes_on_below() -> None:
    printer = SimulatedPrinter(PrinterModel(columns=4))
    answers(printer, b"abcdef\n\x1d!\x11ABC\n")
    assert printer.roll.under_way.lines == ["abcd", "ef", "AB", "C"]


def test_a_cut_ends_a_receipt_and_old_ones_are_let_go() -> None:
    printer = SimulatedPrinter()
    for _ in range(120):
        answers(printer, b"r\n\x1dVB\x00")
    assert printer.roll.receipts_total == 120
    assert [receipt.number for receipt in printer.roll.receipts] == list(range(21, 121))


def test_the_text_of_a_receipt_is_placed() -> None:
    printer = SimulatedPrinter(PrinterModel(columns=10))
    answers(printer, b"\x1ba\x01mid\n\x1ba\x02end\n\x1bd\x01\x1dVA\x00")
    assert printer.roll.receipts[0].text() == "   mid\n       end\n\n"


@given(st.lists(st.binary(max_size=60), max_size=12))
def test_no_bytes_upset_the_printer(slices: list[bytes]) -> None:
    printer = SimulatedPrinter()
    for at_s, data in enumerate(slices):
        for reply in printer.receive(data, float(at_s)):
            assert isinstance(reply, bytes)
    printer.roll.under_way.text()


@given(
    st.lists(
        st.sampled_from(
            [b"\x1b@", b"\x1bt\x10", b"caf\xe9\n", b"\x1dVB\x00", b"\x10\x04\x01", b"\x1dr\x01",
             b"\x1d(k\x05\x001P0AB", b"\x1d(k\x03\x001Q0", b"\x1bp\x00\x19\xfa", b"\x1d!\x11",
             b"\x1dv0\x00\x01\x00\x01\x00\xff", b"\x1dkE\x03ABC", b"\x1dk\x04ABC\x00"]
        ),
        max_size=20,
    ),
    st.integers(1, 7),
)  # fmt: skip
def test_slicing_changes_nothing_on_paper(commands: list[bytes], size: int) -> None:
    data = b"".join(commands)
    whole, sliced = SimulatedPrinter(), SimulatedPrinter()
    said = answers(whole, data)
    assert said == b"".join(
        answers(sliced, data[at : at + size]) for at in range(0, len(data), size)
    )
    assert [one.text() for one in whole.roll.receipts] == [
        one.text() for one in sliced.roll.receipts
    ]


@given(st.binary(max_size=300))
def test_tokens_are_the_bytes_in_order(data: bytes) -> None:
    tokens = list(Tokeniser().receive(data))
    assert data.startswith(b"".join(token.raw for token in tokens))
    assert all(token.raw for token in tokens)
