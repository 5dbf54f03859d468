"""From the configuration's ports to running devices."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from drivers.card.concert import Variant
from drivers.escpos.profiles import profile_named
from drivers.printer import Printer as PrinterDriver
from drivers.terminal import CardTerminal as TerminalDriver
from drivers.terminal.settings import Settings as TerminalSettings
from drivers.transports import opener
from pos.adapters.card import DriverRecorder, WiredTerminal
from pos.adapters.printing import SpooledPrinter
from pos.app.pay_by_card import PaymentRecorder
from pos.config import SIMULATED, Config

if TYPE_CHECKING:
    from pos.adapters.simulated import Pace, SimulatedDevices

STOP_TIMEOUT_S: Final = 3.0
NETWORK_LINGER_S: Final = 5.0
TERMINAL_NAME: Final = "terminal"
PRINTER_NAME: Final = "printer"


@dataclass(frozen=True)
class Plugs:
    """Where each device is plugged in, or None; `missing` names the sentences that say why not."""

    printer: str | None
    terminal: str | None
    missing: tuple[str, ...] = ()
    simulated: SimulatedDevices | None = None


def find_plugs(
    config: Config, *, is_demo: bool, paper: Path | None, pace: Pace | None, closing: ExitStack
) -> Plugs:
    """The ports of a configuration; simulated ones are started in a demo and missing elsewhere."""
    ports = {PRINTER_NAME: config.printer.port, TERMINAL_NAME: config.terminal.port}
    missing = [f"missing.{name}" for name, port in ports.items() if not port]
    wanted = [name for name, port in ports.items() if port == SIMULATED]
    if wanted and not is_demo:
        missing += [f"missing.{name}_simulated" for name in wanted]
        ports.update(dict.fromkeys(wanted, ""))
        wanted = []
    simulated = None
    if wanted:
        simulated = _simulate(paper, pace, closing)
        here = {PRINTER_NAME: simulated.printer_port, TERMINAL_NAME: simulated.terminal_port}
        ports.update({name: here[name] for name in wanted})
    return Plugs(
        ports[PRINTER_NAME] or None, ports[TERMINAL_NAME] or None, tuple(missing), simulated
    )


def _simulate(paper: Path | None, pace: Pace | None, closing: ExitStack) -> SimulatedDevices:
    from pos.adapters.simulated import Pace, plug_in

    devices = plug_in(paper, pace or Pace())
    closing.callback(devices.stop.close)
    return devices


def connect_printer(port: str, config: Config, printer: SpooledPrinter, closing: ExitStack) -> None:
    """Start the printer's driver on a port; BadAddress for a port or profile that cannot be."""
    open_line, profile = opener(port), profile_named(config.printer.profile)
    closing.callback(printer.stop, STOP_TIMEOUT_S)
    # A printer on the network serves one host at a time: let it go when nothing is printed.
    linger_s = NETWORK_LINGER_S if port.startswith("tcp:") else None
    printer.start(
        lambda observer: PrinterDriver(
            PRINTER_NAME, open_line, profile, observer, linger_s=linger_s
        )
    )


def connect_terminal(
    port: str, config: Config, recorder: PaymentRecorder, closing: ExitStack
) -> WiredTerminal:
    """Start the card terminal's driver on a port; BadAddress for a port that cannot be."""
    wanted = config.terminal
    settings = TerminalSettings(
        variant=Variant(wanted.variant),
        echoes_reference=wanted.echoes_reference,
        answer_timeout_s=float(wanted.answer_timeout_s),
    )
    driver = TerminalDriver(
        TERMINAL_NAME,
        opener(port),
        settings,
        DriverRecorder(recorder, echoes_reference=wanted.echoes_reference),
    )
    closing.callback(driver.stop, STOP_TIMEOUT_S)
    driver.start()
    return WiredTerminal(driver, wanted.pos_number)
