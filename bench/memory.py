"""Memory of the till with its devices, and its processor time when nobody touches it.

The limit is a bare screen (bare_screen.py): Textual, two widgets, nothing else.
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import Final

from bench.bare_screen import READY
from bench.figure import Figure
from bench.place import catalogue, workspace
from bench.pty_till import OnPty
from bench.till_screen import pay, scan, sign_on, till_on_pty
from drivers.simulators.card.concert import ConcertTerminal
from drivers.simulators.card.ledger import Ledger
from drivers.simulators.line import serve_pty
from drivers.simulators.printer import serve_printer
from drivers.simulators.printer_machine import SimulatedPrinter
from pos.bootstrap import now, open_for_writing
from pos.demo.shop import stock
from pos.store.catalogue_rows import parse
from pos.store.folder import DataFolder

BAUD: Final = 115_200
SALES: Final = 5
LINES: Final = 10
PAUSE_SECONDS: Final = 0.1
CALM_SECONDS: Final = 5.0  # read models and checkpoints of the sales before
IDLE_SECONDS: Final = 12.0
HOLD_MIB, AIM_MIB, HOLD_IDLE_PERCENT = 90, 60, 1.0


def main() -> None:
    """Sell a little on a till with printer, card terminal and 100,000 products, then wait."""
    raw = catalogue()
    codes = [row.code for row in parse(raw).rows[:LINES]]
    printer, printer_port = serve_printer("pty", SimulatedPrinter(), BAUD)
    terminal = serve_pty(ConcertTerminal(ledger=Ledger()), BAUD)
    with workspace() as path, printer, terminal:
        folder = DataFolder(path / "data")
        with open_for_writing(folder) as store:
            stock(store, now, raw)
        config = _config(path, printer_port, terminal.path)
        with till_on_pty(folder, config=config) as till, OnPty(["bench.bare_screen"]) as bare:
            sign_on(till)
            for _ in range(SALES):
                for number, code in enumerate(codes, start=1):
                    scan(till, code, f"{number} ", pause_seconds=PAUSE_SECONDS)
                pay(till)
            bare.wait_for(READY)
            _show(till, bare)


def _show(till: OnPty, bare: OnPty) -> None:
    till.listen(CALM_SECONDS)
    ours, least = till.resident_mib, bare.resident_mib
    Figure(
        f"memory of the till (RSS) after {SALES} sales",
        f"{ours:.0f} MiB",
        f"{least:.0f} MiB (bare widgets)",
        f"{ours / least:.1f}",
        f"<= {HOLD_MIB} MiB",
        f"{AIM_MIB} MiB",
        ours <= HOLD_MIB,
    ).show()
    idle, least = _idle_percent(till, bare)
    Figure(
        "idle processor time of one core",
        f"{idle:.2f} %",
        f"{least:.2f} % (bare widgets)",
        "-",
        f"<= {HOLD_IDLE_PERCENT} %",
        "-",
        idle <= HOLD_IDLE_PERCENT,
    ).show()


def _idle_percent(till: OnPty, bare: OnPty) -> tuple[float, float]:
    start, before = perf_counter(), (till.cpu_seconds, bare.cpu_seconds)
    till.listen(IDLE_SECONDS)
    took, after = perf_counter() - start, (till.cpu_seconds, bare.cpu_seconds)
    ours, least = (100 * (b - a) / took for a, b in zip(before, after, strict=True))
    return ours, least


def _config(path: Path, printer_port: str, terminal_port: str) -> Path:
    config = path / "config.toml"
    config.write_text(
        f'[printer]\nport = "{printer_port}"\n[[terminal]]\nport = "{terminal_port}"\n',
        encoding="utf-8",
    )
    return config


if __name__ == "__main__":
    main()
