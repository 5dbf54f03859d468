"""Scan to line and total on the real screen, on a terminal, held to a quarter of a core.

A scan is 13 digits and an Enter in one write. It counts until line and total have both been drawn.
The limit is a bare screen of two line-API widgets (bare_screen.py), scanned in turn with the till.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final

from bench import bare_screen
from bench.figure import Figure, median, percentile
from bench.place import PRODUCTS, catalogue, workspace
from bench.pty_till import OnPty
from bench.till_screen import pay, scan, sign_on, till_on_pty
from pos.bootstrap import now, open_for_writing
from pos.demo.shop import stock
from pos.i18n import language
from pos.store.catalogue_rows import Row, parse
from pos.store.folder import DataFolder

SALES: Final = 5
SCANS: Final = 40  # a long sale: the lines fill the screen
PAUSE_SECONDS: Final = 0.04  # then everything is drawn, and the next burst is another scan
LABEL_SEEN: Final = 10
QUOTA, PERIOD_US = 0.25, 20_000
HOLD_MS, AIM_MS, HOLD_CPU_MS, AIM_CPU_MS = 100, 75, 12, 8
_CGROUP: Final = Path("/sys/fs/cgroup/cpu")


def main() -> None:
    """Scan sale after sale, on the till and on the bare screen."""
    raw = catalogue()
    with workspace() as path, _quarter_of_a_core() as group:
        folder = DataFolder(path / "data")
        with open_for_writing(folder) as store:
            stock(store, now, raw)
        products = list(islice(_easy_to_see(parse(raw).rows), SCANS))
        with till_on_pty(folder, group=group) as till, OnPty(["bench.bare_screen"], group) as bare:
            bare.wait_for(bare_screen.READY)
            sign_on(till)
            _measure(till, bare, products, held=group is not None)


def _measure(till: OnPty, bare: OnPty, products: list[Row], *, held: bool) -> None:
    ours, limit = list[float](), list[float]()
    ours_cpu = limit_cpu = 0.0
    number = 0
    for _ in range(SALES):
        total = 0
        for product in products:
            total += product.price
            money = language("fr").number(total)
            before = till.cpu_seconds
            ours.append(_scan(till, product.code, product.label[:LABEL_SEEN], money))
            ours_cpu += till.cpu_seconds - before
            number += 1
            before, seen = bare.cpu_seconds, f"total {number * bare_screen.PRICE}"
            limit.append(_scan(bare, product.code, product.code, seen))
            limit_cpu += bare.cpu_seconds - before
        pay(till)
    _show(ours, limit, held=held)
    cpu, least = (1000 * used / len(ours) for used in (ours_cpu, limit_cpu))
    Figure(
        "  processor time a scan",
        f"{cpu:.1f} CPU-ms",
        f"{least:.1f} CPU-ms (bare)",
        f"{cpu / least:.1f}",
        f"<= {HOLD_CPU_MS}",
        f"{AIM_CPU_MS}",
        cpu <= HOLD_CPU_MS,
    ).show()


def _show(ours: list[float], limit: list[float], *, held: bool) -> None:
    p99, least = (percentile(times, 99) * 1000 for times in (ours, limit))
    Figure(
        f"scan to line and total, p99, {PRODUCTS:,} products" + ("" if held else ", CPU not held"),
        f"{p99:.0f} ms",
        f"{least:.0f} ms (bare widgets)",
        f"{p99 / least:.1f}",
        f"<= {HOLD_MS} ms" if held else "-",
        f"{AIM_MS} ms",
        p99 <= HOLD_MS if held else None,
    ).show()
    usual, least_usual = (f"{median(times) * 1000:.0f} ms" for times in (ours, limit))
    Figure("  p50", usual, least_usual).show()


def _scan(screen: OnPty, code: str, line: str, total: str) -> float:
    return scan(screen, code, line, total, pause_seconds=PAUSE_SECONDS)


def _easy_to_see(rows: Iterable[Row]) -> Iterator[Row]:
    """Products whose name is drawn as it is, and begins like no other's."""
    seen = set[str]()
    for row in rows:
        start = row.label[:LABEL_SEEN]
        if re.fullmatch(r"(?! )[A-Za-z ]{10}(?<! )", start) and "  " not in start:
            if start not in seen:
                yield row
            seen.add(start)


@contextmanager
def _quarter_of_a_core() -> Iterator[Path | None]:
    """A control group that may use so much of a core; None where none can be made."""
    group = _CGROUP / f"comptoir-bench-{os.getpid()}"
    try:
        group.mkdir()
    except OSError:
        yield None
        return
    try:
        (group / "cpu.cfs_period_us").write_text(str(PERIOD_US), encoding="ascii")
        (group / "cpu.cfs_quota_us").write_text(str(int(PERIOD_US * QUOTA)), encoding="ascii")
        yield group
    finally:
        group.rmdir()


if __name__ == "__main__":
    main()
