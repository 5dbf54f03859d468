"""A simulated printer to plug a till into: on a pty or on TCP, with faults by name.

    run_printer(listen="pty", announce=print, stop=threading.Event(), folder=Path("paper"))

writes each receipt as receipt-000001.txt and .png when it is cut.  `PrinterControl` is the hand
on the device: it changes the paper, opens the cover, pulls the plug, and looks at what came out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from drivers.errors import BadAddress, NotFound
from drivers.simulators.line import NO_FAULTS, serve_pty, serve_tcp
from drivers.simulators.paper_image import picture
from drivers.simulators.printer_machine import (
    DrawerKick,
    PaperLevel,
    PrinterModel,
    SimulatedPrinter,
)
from drivers.simulators.wire import NAMED_FAULTS

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from drivers.simulators.line import PtyServer, Server, TcpServer
    from drivers.simulators.paper import Receipt

LOOK_EVERY_S: Final = 0.1
LINES_BEFORE_PAPER_OUT: Final = 8
BYTES_BEFORE_POWER_CUT: Final = 300

# What the command line can do to the printer, by name; the line's own faults are in wire.py.
DEVICE_FAULTS: Final[dict[str, Callable[[SimulatedPrinter], None]]] = {
    "paper-out": lambda printer: printer.set_paper("out"),
    "paper-near-end": lambda printer: printer.set_paper("near"),
    "paper-out-midway": lambda printer: printer.set_paper(
        "near", lines_left=LINES_BEFORE_PAPER_OUT
    ),
    "cover-open": lambda printer: printer.set_cover(is_open=True),
    "offline": lambda printer: printer.set_offline(is_offline=True),
    "error": lambda printer: printer.set_error(is_error=True),
    "no-answer": lambda printer: printer.set_silent(is_silent=True),
    "xoff": lambda printer: printer.set_stalled(is_stalled=True),
    "power-cycle": lambda printer: printer.power_cycle_after(BYTES_BEFORE_POWER_CUT),
}


def fault_names() -> tuple[str, ...]:
    """Give the names of all faults, the device's and the line's."""
    return (*DEVICE_FAULTS, *NAMED_FAULTS)


class PrinterControl:
    """The hand on a simulated printer that is being served; safe from any thread."""

    def __init__(self, printer: SimulatedPrinter, server: Server) -> None:
        self._printer = printer
        self._server = server

    def set_paper(self, level: PaperLevel, *, lines_left: int | None = None) -> None:
        """Put in a roll that is ok, near its end, or out; or that ends after some lines."""
        self._server.act(lambda: self._printer.set_paper(level, lines_left=lines_left))

    def open_cover(self) -> None:
        """Open the cover."""
        self._server.act(lambda: self._printer.set_cover(is_open=True))

    def close_cover(self) -> None:
        """Close the cover."""
        self._server.act(lambda: self._printer.set_cover(is_open=False))

    def power_off(self) -> None:
        """Pull the plug."""
        self._server.act(self._printer.power_off)

    def power_on(self) -> None:
        """Put the plug back."""
        self._server.act(self._printer.power_on)

    def power_cycle(self) -> None:
        """Pull the plug and put it back: what was in the buffer is lost."""
        self._server.act(self._printer.power_cycle)

    def close_drawer(self) -> None:
        """Push the drawer shut."""
        self._server.act(self._printer.close_drawer)

    def apply(self, fault: str) -> None:
        """Do what a fault's name says; raises BadAddress naming the faults there are."""
        if fault in DEVICE_FAULTS:
            self._server.act(lambda: DEVICE_FAULTS[fault](self._printer))
        elif fault in NAMED_FAULTS:
            self._server.faults = NAMED_FAULTS[fault]
        else:
            raise unknown_fault(fault)

    def cure(self) -> None:
        """Undo every fault: paper, cover, panel, cutter, answers, reading and line."""
        self._server.faults = NO_FAULTS
        self._server.act(self._cure)

    def receipts(self) -> tuple[Receipt, ...]:
        """Give the finished receipts that are still kept, oldest first."""
        return self._server.act(lambda: tuple(self._printer.roll.receipts))

    def receipts_total(self) -> int:
        """Give the number of receipts cut since the start."""
        return self._server.act(lambda: self._printer.roll.receipts_total)

    def under_way(self) -> Receipt:
        """Give what was printed since the last cut."""
        return self._server.act(lambda: self._printer.roll.under_way)

    def kicks(self) -> tuple[DrawerKick, ...]:
        """Give the drawer kicks so far."""
        return self._server.act(lambda: tuple(self._printer.kicks))

    def unknown_commands(self) -> tuple[bytes, ...]:
        """Give the commands that the printer did not know."""
        return self._server.act(lambda: tuple(self._printer.head.unknown))

    def _cure(self) -> None:
        printer = self._printer
        printer.set_paper("ok")
        printer.set_cover(is_open=False)
        printer.set_offline(is_offline=False)
        printer.set_error(is_error=False)
        printer.set_silent(is_silent=False)
        printer.set_stalled(is_stalled=False)


def unknown_fault(name: str) -> BadAddress:
    """Give the error for a fault that does not exist."""
    expected = ", ".join(fault_names())
    return BadAddress(
        f"there is no fault {name!r}: expected one of {expected}",
        key="simulator.bad_fault",
        fault=name,
        expected=expected,
    )


def serve_printer(
    listen: str, printer: SimulatedPrinter, baud: int | None
) -> tuple[PtyServer | TcpServer, str]:
    """Serve a printer on "pty" or "HOST:PORT"; gives the server and the address it has.

    Raises BadAddress, and OSError when the port is taken.
    """
    if listen == "pty":
        on_pty = serve_pty(printer, baud)
        return on_pty, on_pty.path
    host, colon, port = listen.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise BadAddress(
            f"{listen!r} is no place to listen: expected pty or HOST:PORT", expected="HOST:PORT"
        )
    on_tcp = serve_tcp(printer, host, int(port), baud)
    return on_tcp, f"{on_tcp.host}:{on_tcp.port}"


def run_printer(
    *,
    listen: str,
    announce: Callable[[str], None],
    stop: threading.Event,
    folder: Path | None = None,
    faults: Sequence[str] = (),
    model: PrinterModel | None = None,
    baud: int | None = None,
    warn: Callable[[str], None] = lambda _message: None,
    on_start: Callable[[PrinterControl], None] = lambda _control: None,
) -> None:
    """Be a printer until `stop` is set.

    `announce` gets the address once it can be opened ("/tmp/.../tty" or "127.0.0.1:9100"); with
    `folder`, each receipt is saved there; `warn` gets what could not be done (no Pillow).
    `on_start` gets the control of the device.  Raises BadAddress for an unknown fault or place.
    """
    for fault in faults:
        if fault not in fault_names():
            raise unknown_fault(fault)
    printer = SimulatedPrinter(model)
    server, address = serve_printer(listen, printer, baud)
    with server:
        control = PrinterControl(printer, server)
        for fault in faults:
            control.apply(fault)
        on_start(control)
        announce(address)
        saver = ReceiptSaver(folder, warn)
        while not stop.wait(LOOK_EVERY_S):
            saver.save_new(control.receipts())
        saver.save_new(control.receipts())


class ReceiptSaver:
    """Keeps receipts as files, each once."""

    def __init__(self, folder: Path | None, warn: Callable[[str], None]) -> None:
        self._folder = folder
        self._warn = warn
        self._pictures = True
        self._saved = 0
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def save_new(self, receipts: Sequence[Receipt]) -> None:
        """Write those receipts that were not written yet."""
        for receipt in receipts:
            if receipt.number > self._saved:
                self._saved = receipt.number
                self._save(receipt)

    def _save(self, receipt: Receipt) -> None:
        if self._folder is None:
            return
        path = self._folder / f"receipt-{receipt.number:06d}.txt"
        try:
            path.write_text(receipt.text(), encoding="utf-8")
            if self._pictures:
                path.with_suffix(".png").write_bytes(picture(receipt))
        except NotFound as error:
            self._pictures = False
            self._warn(str(error))
        except OSError as error:
            self._warn(f"{path} could not be written: {error}")


__all__ = [
    "PrinterControl",
    "PrinterModel",
    "ReceiptSaver",
    "SimulatedPrinter",
    "fault_names",
    "run_printer",
    "serve_printer",
]
