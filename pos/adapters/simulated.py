"""Simulated devices inside the till's own process, for folders marked as a demo."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from drivers.simulators.card.ledger import Ledger
from drivers.simulators.card.protocols import make
from drivers.simulators.card.terminal import Options, SimulatedTerminal
from drivers.simulators.line import serve_pty
from drivers.simulators.printer import PrinterControl, ReceiptSaver, serve_printer
from drivers.simulators.printer_machine import SimulatedPrinter

LOOK_EVERY_S: Final = 0.2
BAUD: Final = 115_200


@dataclass(frozen=True)
class Pace:
    """How fast the simulated world is: the customer at the terminal, and the lines."""

    customer_s: float = 2.0
    baud: int = BAUD


@dataclass(frozen=True)
class SimulatedDevices:
    """Where the simulated devices are plugged in, and the hand on them; terminals by name."""

    printer_port: str
    printer: PrinterControl
    stop: ExitStack
    terminal_ports: dict[str, str] = field(default_factory=dict)
    terminals: dict[str, SimulatedTerminal] = field(default_factory=dict)


def plug_in(terminals: Mapping[str, str], paper: Path | None, pace: Pace) -> SimulatedDevices:
    """Start a printer, and a terminal for each name and protocol, on pseudo-terminals.

    `paper` gets the receipts.
    """
    stop = ExitStack()
    printer = SimulatedPrinter()
    server, printer_port = serve_printer("pty", printer, pace.baud)
    stop.callback(server.stop)
    control = PrinterControl(printer, server)
    devices = SimulatedDevices(printer_port, control, stop)
    for name, protocol in terminals.items():
        _plug_in_terminal(devices, name, protocol, pace)
    if paper is not None:
        stop.callback(_save_receipts(control, paper))
    return devices


def _plug_in_terminal(devices: SimulatedDevices, name: str, protocol: str, pace: Pace) -> None:
    terminal = make(protocol, Options(customer_s=pace.customer_s), ledger=Ledger(), serial=True)
    server = serve_pty(terminal, pace.baud)
    devices.stop.callback(server.stop)
    devices.terminal_ports[name] = server.path
    devices.terminals[name] = terminal


def _save_receipts(control: PrinterControl, folder: Path) -> _Saver:
    return _Saver(control, ReceiptSaver(folder, lambda _: None))


class _Saver:
    """Writes each finished receipt to files, on a thread of its own; call it to stop."""

    def __init__(self, control: PrinterControl, saver: ReceiptSaver) -> None:
        self._control = control
        self._saver = saver
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="paper", daemon=True)
        self._thread.start()

    def __call__(self) -> None:
        self._stopping.set()
        self._thread.join(LOOK_EVERY_S * 10)
        self._saver.save_new(self._control.receipts())

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_EVERY_S):
            self._saver.save_new(self._control.receipts())
