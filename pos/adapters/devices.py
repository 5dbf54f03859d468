"""From the configuration's ports to running devices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from drivers.card.settings import Profile, Settings
from drivers.card_terminal import ISSUED_MAX, protocol_named
from drivers.card_terminal import CardTerminal as TerminalDriver
from drivers.escpos.profiles import profile_named
from drivers.printer import Printer as PrinterDriver
from drivers.transports import opener
from pos.adapters.card import DriverRecorder, Shown, StandaloneTerminal, WiredTerminal
from pos.adapters.printing import SpooledPrinter
from pos.app.payment_recorder import PaymentRecorder
from pos.app.ports import CardTerminal
from pos.config import SIMULATED, STANDALONE, Config, TerminalConfig
from pos.domain.finding import Trust

if TYPE_CHECKING:
    from pos.adapters.simulated import Pace, SimulatedDevices

STOP_TIMEOUT_S: Final = 3.0
NETWORK_LINGER_S: Final = 5.0
PRINTER_NAME: Final = "printer"
_NETWORK: Final = ("tcp:", "socket:")


@dataclass(frozen=True)
class Plugs:
    """Where each device is plugged in; `missing` names the sentences that say why one is not.

    `terminals` has the port of each terminal that can be reached, "" for one that stands alone.
    """

    printer: str | None
    terminals: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    simulated: SimulatedDevices | None = None


def find_plugs(
    config: Config, *, is_demo: bool, paper: Path | None, pace: Pace | None, closing: ExitStack
) -> Plugs:
    """The ports of a configuration; simulated ones are started in a demo and missing elsewhere."""
    printer = config.printer.port
    terminals = {terminal.name: terminal.port for terminal in config.terminal}
    wanted = SIMULATED in (printer, *terminals.values())
    missing = [] if printer else ["missing.printer"]
    missing += [] if terminals else ["missing.terminal"]
    if wanted and not is_demo:
        missing += ["missing.printer_simulated"] if printer == SIMULATED else []
        missing += ["missing.terminal_simulated"] if SIMULATED in terminals.values() else []
        printer = "" if printer == SIMULATED else printer
        terminals = {name: port for name, port in terminals.items() if port != SIMULATED}
    if not (wanted and is_demo):
        return Plugs(printer or None, terminals, tuple(missing))
    simulated = _simulate(config, paper, pace, closing)
    return Plugs(
        simulated.printer_port if printer == SIMULATED else printer or None,
        {**terminals, **simulated.terminal_ports},
        tuple(missing),
        simulated,
    )


def _simulate(
    config: Config, paper: Path | None, pace: Pace | None, closing: ExitStack
) -> SimulatedDevices:
    from pos.adapters.simulated import Pace, plug_in

    wanted = {x.name: x.protocol for x in config.terminal if x.port == SIMULATED}
    devices = plug_in(wanted, paper, pace or Pace())
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


def connect_terminals(
    plugs: Plugs, config: Config, recorder: PaymentRecorder, closing: ExitStack
) -> dict[str, CardTerminal]:
    """Start the driver of each terminal; BadAddress for a port that cannot be."""
    return {
        wanted.name: _connect(wanted, plugs.terminals[wanted.name], recorder, closing)
        for wanted in config.terminal
        if wanted.name in plugs.terminals
    }


def _connect(
    wanted: TerminalConfig, port: str, recorder: PaymentRecorder, closing: ExitStack
) -> CardTerminal:
    if wanted.protocol == STANDALONE:
        return StandaloneTerminal(wanted.name)
    on_network = port.startswith(_NETWORK)
    progress = Shown()
    driver = TerminalDriver(
        wanted.name,
        opener(port),
        protocol_named(wanted.protocol),
        driver_settings(wanted, on_network=on_network),
        DriverRecorder(recorder, wanted.name, trust_of(wanted), progress),
        on_network=on_network,
        issued=recorder.issued(wanted.name, ISSUED_MAX),
    )
    closing.callback(driver.stop, STOP_TIMEOUT_S)
    driver.start()
    return WiredTerminal(driver, wanted.pos_number, progress)


def trust_of(wanted: TerminalConfig) -> Trust:
    """What the till may conclude from what this terminal tells."""
    return Trust(echoes=wanted.echoes_reference, reverses=wanted.reverses)


def driver_settings(wanted: TerminalConfig, *, on_network: bool) -> Settings:
    """The settings of a terminal's driver, of its protocol's own kind."""
    profile = Profile(
        echoes_reference=wanted.echoes_reference,
        keeps_answers=wanted.keeps_answers,
        reverses=wanted.reverses,
        repeats_last={"usual": None, "yes": True, "no": False}[wanted.repeats_last],
        tips=wanted.tips,
    )
    return _SETTINGS[wanted.protocol](wanted, profile, on_network)


def _concert(wanted: TerminalConfig, profile: Profile, on_network: bool) -> Settings:
    from drivers.card.concert.record import Variant
    from drivers.card.concert.settings import ConcertSettings

    del on_network  # the link is the same on a socket
    return ConcertSettings(
        profile=profile,
        answer_timeout_s=float(wanted.answer_timeout_s),
        variant=Variant(wanted.variant),
        force_online=wanted.force_online,
        eot_may_be_missing=wanted.eot_may_be_missing,
        ask_card_number=wanted.card_digits,
    )


def _caisse_ap(wanted: TerminalConfig, profile: Profile, on_network: bool) -> Settings:
    from drivers.card.caisse_ap.settings import CaisseApSettings, Ticket, Version

    return CaisseApSettings(
        profile=profile,
        answer_timeout_s=float(wanted.answer_timeout_s),
        version=Version(wanted.version),
        register_id=wanted.register_id,
        force_online=wanted.force_online,
        append_crlf=wanted.append_crlf,
        eot_may_be_missing=wanted.eot_may_be_missing,
        ticket=Ticket.BOTH if wanted.slips else Ticket.NONE,
        on_link=not on_network,
    )


def _zvt(wanted: TerminalConfig, profile: Profile, on_network: bool) -> Settings:
    from drivers.card.zvt.settings import ZvtSettings
    from drivers.card.zvt.slips import Charset

    return ZvtSettings(
        profile=profile,
        answer_timeout_s=float(wanted.answer_timeout_s),
        password=wanted.password,
        receipts=wanted.slips,
        charset={"cp437": Charset.CP437, "latin1": Charset.LATIN_1}[wanted.charset],
        abort=wanted.stops,
        mirrors_id=wanted.mirrors_id,
        on_serial=not on_network,
    )


_SETTINGS: Final[dict[str, Callable[[TerminalConfig, Profile, bool], Settings]]] = {
    "concert": _concert,
    "caisse-ap": _caisse_ap,
    "zvt": _zvt,
}
