from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import BadAddress
from drivers.escpos.encoder import encode, encode_atoms
from drivers.escpos.layout import plain
from drivers.escpos.page import Columns, Cut, Element, Feed, Kick, Qr, Rule, Text
from drivers.escpos.profiles import PROFILES, profile_named
from drivers.simulators.printer_machine import PrinterModel, SimulatedPrinter

EPSON = PROFILES["epson"]
START = b"\x1b@\x1c.\x1bR\x00\x1bt\x10"

texts = st.text(max_size=60)
elements: st.SearchStrategy[Element] = st.one_of(
    st.builds(Text, texts, st.booleans(), st.booleans(), st.sampled_from(["left", "center"])),
    st.builds(Columns, texts, st.text(max_size=12), st.booleans(), st.booleans()),
    st.just(Rule()),
    st.builds(Qr, st.text(alphabet="ABCDEFGH234567:/.", min_size=1, max_size=200)),
    st.builds(Feed, st.integers(1, 4)),
    st.just(Cut()),
)


def test_a_small_receipt_has_exactly_these_bytes() -> None:
    page = (Text("Thé", bold=True), Columns("TOTAL", "3 €", double=True), Kick(5), Cut())
    assert encode(page, EPSON) == (
        START
        + b"\x1bE\x01Th\xe9\n"
        + b"\x1bE\x00\x1d!\x11TOTAL                3 \x80\n"
        + b"\x1bp\x01\x19\xfa"
        + b"\x1dVB\x00"
    )


def test_a_qr_code_is_drawn_by_the_printer_and_centred() -> None:
    raw = encode((Qr("AB"),), EPSON)
    assert raw == (
        START
        + b"\x1ba\x01"
        + b"\x1d(k\x04\x001A2\x00\x1d(k\x03\x001C\x06\x1d(k\x03\x001E1"
        + b"\x1d(k\x05\x001P0AB\x1d(k\x03\x001Q0"
        + b"\x1ba\x00"
    )


def test_each_profile_asks_for_its_own_table() -> None:
    for profile in PROFILES.values():
        number = bytes([profile.code_page.number])
        assert b"\x1bt" + number in encode((Text("é"),), profile)


def test_a_printer_without_cutter_feeds_to_the_tear_bar() -> None:
    assert encode((Cut(),), PROFILES["clone-58"]).endswith(b"\x1bd\x05")


def test_a_needle_printer_shows_a_qr_codes_text() -> None:
    assert b"B1ABC\n" in encode((Qr("B1ABC"),), PROFILES["epson-u220"])


def test_a_picture_of_a_qr_code_comes_in_slices_that_clones_survive() -> None:
    for atom in encode_atoms((Qr("A" * 300),), PROFILES["clone-80"]):
        if atom.startswith(b"\x1dv0"):
            assert int.from_bytes(atom[6:8], "little") <= 255
            assert len(atom) == 8 + int.from_bytes(atom[4:6], "little") * int.from_bytes(
                atom[6:8], "little"
            )


def test_an_unknown_profile_is_answered_with_those_there_are() -> None:
    with pytest.raises(BadAddress, match="compatible-858"):
        profile_named("tm-t20")


@given(st.text(max_size=120))
def test_a_products_name_never_becomes_a_command(name: str) -> None:
    raw = encode((Text(name), Columns(name, name)), EPSON)
    printer = SimulatedPrinter(PrinterModel(columns=48))
    printer.receive(raw, 0.0)
    assert not printer.kicks
    assert not printer.roll.receipts
    assert not printer.head.unknown
    body = raw.removeprefix(START)
    assert set(body) & set(range(0x20)) <= {0x0A}


@given(st.lists(elements, max_size=12), st.sampled_from(sorted(PROFILES)))
def test_what_the_simulated_printer_shows_is_what_the_layout_says(
    page: list[Element], name: str
) -> None:
    profile = PROFILES[name]
    printer = SimulatedPrinter(
        PrinterModel(
            columns=profile.columns,
            dots=profile.dots,
            pages={profile.code_page.number: profile.code_page.codec},
            kanji_at_start=True,
        )
    )
    texts_only = tuple(one for one in page if not isinstance(one, Qr | Cut | Feed))
    printer.receive(encode(texts_only, profile), 0.0)
    shown = printer.roll.under_way.lines
    assert "".join(f"{line.rstrip()}\n" for line in shown) == "".join(
        f"{line.rstrip()}\n"
        for line in plain(texts_only, profile.columns, profile.code_page.codec).splitlines()
    )
    assert not printer.head.unknown


@given(st.lists(elements, max_size=12), st.sampled_from(sorted(PROFILES)))
def test_every_command_sent_is_known_to_the_printer(page: list[Element], name: str) -> None:
    printer = SimulatedPrinter(PrinterModel(buffer_bytes=1 << 20))
    for atom in encode_atoms(tuple(page), PROFILES[name]):
        printer.receive(atom, 0.0)
    assert not printer.head.unknown
    cuts = sum(isinstance(one, Cut) for one in page) if PROFILES[name].has_cut else 0
    assert printer.roll.receipts_total == cuts
