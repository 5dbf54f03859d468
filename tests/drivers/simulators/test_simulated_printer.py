from __future__ import annotations

import io
import sys
import threading
import time
from pathlib import Path

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from drivers.errors import BadAddress, NotFound
from drivers.escpos.encoder import encode
from drivers.escpos.page import Columns, Cut, Kick, Qr, Rule, Text
from drivers.escpos.profiles import PROFILES, Profile
from drivers.simulators.paper import Receipt
from drivers.simulators.paper_image import picture
from drivers.simulators.printer import (
    PrinterControl,
    PrinterModel,
    ReceiptSaver,
    SimulatedPrinter,
    fault_names,
    run_printer,
    serve_printer,
)
from drivers.transports import opener

PATIENCE_S = 20.0
VOUCHER = "B1" + "MFRGGZDFMZTWQ2LK" * 10
PAGE = (
    Text("Épicerie de l'Œuvre", bold=True, double=True, align="center"),
    Rule(),
    Columns("Crème brûlée", "12,50\u202f€"),
    Qr(VOUCHER),
    Kick(),
    Cut(),
)


def printed(profile: Profile) -> Receipt:
    printer = SimulatedPrinter(
        PrinterModel(
            columns=profile.columns,
            dots=profile.dots,
            pages={profile.code_page.number: profile.code_page.codec},
            buffer_bytes=1 << 20,
        )
    )
    printer.receive(encode(PAGE, profile), 0.0)
    return printer.roll.receipts[0] if profile.has_cut else printer.roll.under_way


def decoded(png: bytes) -> list[str]:
    with Image.open(io.BytesIO(png)) as image:
        return [found.text for found in zxingcpp.read_barcodes(image)]


@pytest.mark.parametrize("name", ["epson", "epson-t88", "clone-80", "clone-58"])
def test_the_qr_code_on_the_picture_is_read_by_another_program(name: str) -> None:
    assert decoded(picture(printed(PROFILES[name]))) == [VOUCHER]


@settings(max_examples=15)
@given(st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ234567:/.-", min_size=1, max_size=250))
def test_any_qr_code_is_read_back(data: str) -> None:
    printer = SimulatedPrinter()
    printer.receive(encode((Qr(data), Cut()), PROFILES["epson"]), 0.0)
    assert printer.roll.receipts[0].qr_codes == [data]
    assert decoded(picture(printer.roll.receipts[0])) == [data]


def test_the_picture_is_as_wide_as_the_paper_and_shows_ink() -> None:
    with Image.open(io.BytesIO(picture(printed(PROFILES["epson"])))) as image:
        assert image.width == 576 + 32
        assert image.getextrema() == (0, 255)


def test_accents_and_the_euro_are_drawn_differently_from_their_letters() -> None:
    def drawn(text: str) -> bytes:
        printer = SimulatedPrinter()
        printer.receive(encode((Text(text), Cut()), PROFILES["epson"]), 0.0)
        return picture(printer.roll.receipts[0])

    shown = [drawn(char) for char in "eéèêëE€CœŒç"]
    assert len(set(shown)) == len(shown)


def test_without_pillow_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    receipt = printed(PROFILES["epson"])
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(NotFound, match="pip install pillow"):
        picture(receipt)


def test_without_pillow_receipts_are_still_saved_as_text(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    receipt = printed(PROFILES["epson"])
    monkeypatch.setitem(sys.modules, "PIL", None)
    warnings: list[str] = []
    saver = ReceiptSaver(tmp_path / "paper", warnings.append)
    saver.save_new([receipt])
    saver.save_new([receipt])
    assert [path.name for path in (tmp_path / "paper").iterdir()] == ["receipt-000001.txt"]
    assert len(warnings) == 1


@pytest.mark.parametrize("listen", ["pty", "127.0.0.1:0"])
def test_a_printer_runs_until_it_is_stopped_and_saves_its_receipts(
    listen: str, tmp_path: Path
) -> None:
    stop, ready = threading.Event(), threading.Event()
    addresses: list[str] = []

    def announce(address: str) -> None:
        addresses.append(address)
        ready.set()

    thread = threading.Thread(
        target=lambda: run_printer(listen=listen, announce=announce, stop=stop, folder=tmp_path)
    )
    thread.start()
    try:
        assert ready.wait(PATIENCE_S)
        line = opener(addresses[0] if listen == "pty" else f"tcp://{addresses[0]}")()
        line.write(encode(PAGE, PROFILES["epson"]), 1.0)
        deadline = time.monotonic() + PATIENCE_S
        while not (tmp_path / "receipt-000001.png").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        line.close()
    finally:
        stop.set()
        thread.join(PATIENCE_S)
    assert not thread.is_alive()
    text = (tmp_path / "receipt-000001.txt").read_text(encoding="utf-8")
    assert "Épicerie de l'Œuvre" in text
    assert "12,50 €" in text
    assert decoded((tmp_path / "receipt-000001.png").read_bytes()) == [VOUCHER]


def test_every_fault_has_a_name_and_can_be_cured() -> None:
    printer = SimulatedPrinter()
    server, _ = serve_printer("pty", printer, None)
    with server:
        control = PrinterControl(printer, server)
        for name in fault_names():
            control.apply(name)
        control.cure()
        assert b"".join(printer.receive(b"\x10\x04\x02\x10\x04\x04", 0.0)) == b"\x12\x12"
        with pytest.raises(BadAddress, match="paper-out"):
            control.apply("tired")


@pytest.mark.parametrize("listen", ["", "9100", "host:", "127.0.0.1:99999", ":80"])
def test_a_place_that_cannot_be_listened_on_is_refused(listen: str) -> None:
    with pytest.raises(BadAddress):
        serve_printer(listen, SimulatedPrinter(), None)


def test_an_unknown_fault_is_refused_before_anything_is_opened() -> None:
    with pytest.raises(BadAddress, match="cover-open"):
        run_printer(listen="pty", announce=print, stop=threading.Event(), faults=["fire"])
