"""A receipt on a serial line, against bytes x 10 / baud, and its first byte after the commit.

The printer is the simulated one, on a pseudo-terminal, slowed down to the line's speed; it notes
when it was given each piece.
"""

from __future__ import annotations

import threading
from time import monotonic, sleep
from typing import Final

from bench.figure import Figure, median, percentile
from bench.place import open_shop, workspace
from drivers.simulators.printer import serve_printer
from drivers.simulators.printer_machine import SimulatedPrinter
from drivers.simulators.wire import BITS_A_BYTE
from pos.app import print_receipt, ring_up, take_payment
from pos.app.ports import DeviceState
from pos.bootstrap import Till
from pos.config import Config, PrinterConfig
from pos.demo.replay import wait_for_paper
from pos.demo.shop import shipped

BAUD: Final = 19_200
BYTE_S: Final = BITS_A_BYTE / BAUD
STATUS_QUESTION: Final = b"\x10\x04"  # DLE EOT n
STATUS_QUESTION_BYTES: Final = 3
RECEIPTS: Final = 10
LINES: Final = 20
ONLINE_SECONDS_MAX: Final = 10.0
HOLD: Final = 1.05
FIRST_BYTE_AIM_MS: Final = 5


class TimedPrinter(SimulatedPrinter):
    """Notes each byte that it was given, and when."""

    def __init__(self) -> None:
        super().__init__()
        self._noted: list[tuple[float, int]] = []
        self._noting = threading.Lock()

    def receive(self, data: bytes, now_s: float) -> list[bytes]:
        """Note it, then do what a printer does."""
        with self._noting:
            self._noted += ((now_s, byte) for byte in data)
        return super().receive(data, now_s)

    def take(self) -> list[float]:
        """When each byte came since the last call, without the status questions before paper."""
        with self._noting:
            taken, self._noted = self._noted, []
        content = bytes(byte for _, byte in taken)
        begins = 0
        while content.startswith(STATUS_QUESTION, begins):
            begins += STATUS_QUESTION_BYTES
        return [at for at, _ in taken[begins:]]


def main() -> None:
    """Print receipts of 20 lines, one after the other."""
    printer = TimedPrinter()
    server, port = serve_printer("pty", printer, BAUD)
    with workspace() as path, server:
        config = Config(printer=PrinterConfig(port=port))
        with open_shop(path, shipped("catalogue.csv"), config) as till:
            _wait_until_online(till)
            measured = [_print(till, printer) for _ in range(RECEIPTS)]
    on_wire = median([took for took, _, _, _ in measured])
    count = round(median([count for _, count, _, _ in measured]))
    least = count * BYTE_S
    first, asked = ([one[index] * 1000 for one in measured] for index in (2, 3))
    Figure(
        f"receipt of {LINES} lines on the wire, {BAUD} baud",
        f"{on_wire * 1000:.0f} ms",
        f"{least * 1000:.0f} ms ({count} bytes)",
        f"{on_wire / least:.3f}",
        f"<= {HOLD}",
        "1.0",
        on_wire / least <= HOLD,
    ).show()
    Figure(
        "  first byte after the commit, p50",
        f"{median(first):.1f} ms",
        f"{BYTE_S * 1000:.1f} ms (one byte)",
        aim=f"{FIRST_BYTE_AIM_MS} ms",
    ).show()
    Figure("  worst of all", f"{percentile(first, 100):.1f} ms").show()
    Figure("  the cashier's thread is held, p50", f"{median(asked):.1f} ms", "1 commit").show()


def _print(till: Till, printer: TimedPrinter) -> tuple[float, int, float, float]:
    """Seconds on the wire, bytes, seconds from commit to first byte, seconds the desk was held."""
    for key in (till.desk.ports.catalogue.quick_keys() * LINES)[:LINES]:
        ring_up.by_code(till.desk, key.code).wait()
    take_payment.take_tender(till.desk, "cash").wait()
    wait_for_paper(till)
    printer.take()
    start = monotonic()
    print_receipt.print_receipt(till.desk).wait()
    committed = monotonic()
    wait_for_paper(till)
    times = printer.take()
    first_piece_s = times.count(times[0]) * BYTE_S
    on_wire = times[-1] - times[0] + first_piece_s
    return on_wire, len(times), times[0] - committed, committed - start


def _wait_until_online(till: Till) -> None:
    until = monotonic() + ONLINE_SECONDS_MAX
    while till.desk.ports.printer.health().state is not DeviceState.ONLINE:
        if monotonic() > until:
            raise SystemExit("the simulated printer did not come online")
        sleep(0.02)


if __name__ == "__main__":
    main()
