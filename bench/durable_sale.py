"""A durable signed sale, against writing and syncing the same bytes to a file."""

from __future__ import annotations

import os
from time import perf_counter
from typing import Final

from bench.figure import Figure, median, percentile, written_bytes
from bench.long_journal import make_long_journal
from bench.place import enrol_in, open_shop, workspace
from pos.app import ring_up, take_payment
from pos.bootstrap import Till, machine
from pos.demo.shop import shipped
from pos.store.folder import DataFolder

ROUNDS: Final = 5
SALES: Final = 120
WARM_UP: Final = 20
LINES: Final = 3
JOURNAL: Final = 5_000
HOLD, AIM = 1.6, 1.2


def main() -> None:
    """Sell with and without a campaign, each sale followed by its bytes written plainly."""
    with workspace() as path:
        make_long_journal(DataFolder(path / "data"), machine(), JOURNAL)
        with open_shop(path, shipped("catalogue.csv")) as till:
            raw = os.open(path / "raw", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            try:
                _measure(till, raw, f"durable signed sale, {LINES} lines, cash, p50", asked=True)
                enrol_in(till, "demo")
                _measure(till, raw, "  with a campaign's entry too", asked=False)
            finally:
                os.close(raw)


def _measure(till: Till, raw: int, name: str, *, asked: bool) -> None:
    ratios, ours, plain, sizes = list[float](), list[float](), list[float](), list[float]()
    for _ in range(WARM_UP):
        _sell(till)
    for _ in range(ROUNDS):
        sales, writes = list[float](), list[float]()
        for _ in range(SALES):
            took, size = _sell(till)
            sales.append(took)
            sizes.append(size)
            writes.append(_write(raw, size))
        ratios.append(median(sales) / median(writes))
        ours += sales
        plain += writes
    ratio = median(ratios)
    Figure(
        name,
        f"{median(ours) * 1e6:.0f} µs",
        f"{median(plain) * 1e6:.0f} µs ({median(sizes) / 1024:.1f} KiB)",
        f"{ratio:.2f}",
        f"<= {HOLD}" if asked else "-",
        f"{AIM}" if asked else "-",
        ratio <= HOLD if asked else None,
    ).show()
    if asked:
        worst, least = (f"{percentile(times, 99) * 1e3:.1f} ms" for times in (ours, plain))
        Figure("  p99", worst, least).show()


def _sell(till: Till) -> tuple[float, int]:
    """The seconds from the tender to the sale on disk, and the bytes that were written for it."""
    for key in till.desk.ports.catalogue.quick_keys()[:LINES]:
        ring_up.by_code(till.desk, key.code).wait()
    before = written_bytes()
    start = perf_counter()
    take_payment.take_tender(till.desk, "cash").wait()
    took = perf_counter() - start
    return took, written_bytes() - before


def _write(raw: int, count: int) -> float:
    """The seconds that so many bytes take to the same disk."""
    content = os.urandom(count)
    start = perf_counter()
    os.write(raw, content)
    os.fdatasync(raw)
    return perf_counter() - start


if __name__ == "__main__":
    main()
