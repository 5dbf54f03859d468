"""Second opinions: programs of other people read what we write, and write what we read.

emupos (https://pypi.org/project/emupos/) is a printer: it decodes our bytes, and our driver prints
on it over a real line.  python-escpos is an encoder: our simulated printer decodes its bytes.
"""

from __future__ import annotations

import io
import threading
from importlib import import_module, resources
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from drivers.escpos.encoder import encode
from drivers.escpos.layout import Line, lay_out
from drivers.escpos.page import Columns, Cut, Kick, Page, Qr, Rule, Text
from drivers.escpos.profiles import PROFILES
from drivers.printer import JobState, Printer
from drivers.runner import Health
from drivers.simulators.line import serve_pty
from drivers.simulators.printer_machine import SimulatedPrinter
from drivers.transports import opener

PATIENCE_S = 30.0
VOUCHER = "B1" + "MFRGGZDFMZTWQ2LK" * 10
PAGE: Page = (
    Text("Épicerie de la Forêt", bold=True, align="center"),
    Text("ÀÂÇÉÈÊËÎÏÔÙÛÜ àâçéèêëîïôùûü"),
    Rule(),
    Columns("Crème brûlée à l'ancienne, recette de Noël", "12,50\u202f€"),
    Columns("TOTAL", "12,50 €", bold=True),
    Qr(VOUCHER),
    Kick(),
    Cut(),
)


class Emupos:
    """emupos' printer, made to look like one of our machines so that it can be served."""

    reading = True

    def __init__(self, profile: str) -> None:
        module: Any = import_module("emupos.printer.printer")
        config: Any = import_module("emupos.config")
        yaml: Any = import_module("yaml")
        data = resources.files("emupos").joinpath("profiles", "printers", f"{profile}.yaml")
        self.faults = module.PrinterFault
        self.printer = module.Printer(
            "essai",
            config.PrinterProfile.model_validate(yaml.safe_load(data.read_text(encoding="utf-8"))),
            sensor_open_level="high",
            job_idle_timeout_ms=60_000,
        )
        self.printer.open_connection(1, 0.0)
        self.receipts: list[Any] = []
        self.events: list[Any] = []
        self.said: list[bytes] = []

    def connected(self, _now_s: float, /) -> list[bytes]:
        return []

    def receive(self, data: bytes, now_s: float, /) -> list[bytes]:
        self._take(self.printer.receive(1, data, now_s))
        return self.tick(now_s)

    def tick(self, _now_s: float, /) -> list[bytes]:
        said, self.said = self.said, []
        return said

    def set_fault(self, name: str, *, active: bool) -> None:
        self._take(self.printer.set_fault(self.faults(name), active, 0.0))

    def _take(self, output: Any) -> None:
        self.receipts += output.receipts
        self.events += output.events
        self.said += [write.data for write in output.writes]


@pytest.fixture
def emupos() -> Emupos:
    pytest.importorskip("emupos", reason="emupos needs Python 3.13 or later")
    return Emupos("epson-tm-t20iii")


@pytest.mark.parametrize("name", ["epson", "compatible-858"])
def test_another_printer_shows_our_receipt_with_accents_and_euro(emupos: Emupos, name: str) -> None:
    profile = PROFILES[name]
    emupos.receive(encode(PAGE, profile), 0.0)
    (receipt,) = emupos.receipts
    shown = [line.strip() for line in receipt.text.splitlines()]
    rows = lay_out(PAGE, profile.columns, profile.code_page.codec)
    meant = [row.text.strip() for row in rows if isinstance(row, Line)]
    assert [line for line in shown if line in meant] == meant
    assert "12,50 €" in receipt.text
    assert "Crème brûlée à l'ancienne" in receipt.text
    unknown = {event.data["bytes"] for event in emupos.events if "unknown" in str(event.type)}
    assert unknown <= {"1b 52 00"}  # the choice of a national set, which it does not simulate


def test_the_qr_code_on_another_printers_paper_is_read(emupos: Emupos) -> None:
    emupos.receive(encode(PAGE, PROFILES["epson"]), 0.0)
    with Image.open(io.BytesIO(emupos.receipts[0].png)) as image:
        assert [found.text for found in zxingcpp.read_barcodes(image)] == [VOUCHER]


def test_our_driver_prints_on_another_printer_through_an_empty_roll(emupos: Emupos) -> None:
    told: list[tuple[str, str | None]] = []
    changed = threading.Condition()

    class Observer:
        def on_health(self, _health: Health, /) -> None:
            pass

        def on_job(self, _job_id: str, state: JobState, reason: str | None, /) -> None:
            with changed:
                told.append((state.value, reason))
                changed.notify_all()

    def until(wanted: tuple[str, str | None]) -> None:
        with changed:
            assert changed.wait_for(lambda: wanted in told, PATIENCE_S), told

    with serve_pty(emupos, 115200) as server:
        printer = Printer("p", opener(server.path), PROFILES["compatible"], Observer())
        server.act(lambda: emupos.set_fault("paper-out", active=True))
        printer.start()
        printer.submit("A", PAGE)
        until(("queued", "printer.paper_out"))
        server.act(lambda: emupos.set_fault("paper-out", active=False))
        until(("printed", None))
        assert printer.stop(PATIENCE_S)
    assert len(emupos.receipts) == 1


def test_another_encoder_s_receipt_is_read_by_our_simulated_printer() -> None:
    escpos: Any = pytest.importorskip("escpos.printer", reason="python-escpos is not installed")
    encoder = escpos.Dummy(profile="TM-T20II")
    encoder.charcode("CP1252")
    encoder.set(align="center", bold=True)
    encoder.textln("Crème brûlée")
    encoder.set(align="left", bold=False, double_width=True, double_height=True)
    encoder.textln("TOTAL 12,50 €")
    encoder.qr(VOUCHER, native=True, size=5)
    encoder.cashdraw(2)
    encoder.cut()
    printer = SimulatedPrinter()
    printer.receive(encoder.output, 0.0)
    (receipt,) = printer.roll.receipts
    assert receipt.lines[:2] == ["Crème brûlée", "TOTAL 12,50 €"]
    assert receipt.qr_codes == [VOUCHER]
    assert [kick.pin for kick in printer.kicks] == [2]
    assert printer.head.unknown == []
