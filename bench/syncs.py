"""Syncs to disk per sale, counted at the system call, and the bytes of WAL that a sale writes."""

from __future__ import annotations

import queue
import sys
from pathlib import Path
from typing import Final

from bench.figure import Figure, median, written_bytes
from bench.long_journal import make_long_journal
from bench.place import enrol_in, open_shop, workspace
from bench.sync_log import count, mark
from pos.adapters.simulated import Pace
from pos.app import pay_by_card, print_receipt, ring_up, take_payment
from pos.app.desk import CardNews, News
from pos.bootstrap import Till, machine
from pos.config import SIMULATED, Config, PrinterConfig, TerminalConfig
from pos.demo.replay import wait_for_paper
from pos.demo.shop import shipped
from pos.store.folder import DataFolder

SALES: Final = 50
LINES: Final = 3
JOURNAL: Final = 5_000
CARD_SECONDS_MAX: Final = 20.0
HOLD: Final = 1
AIM_KIB: Final = 16
PARTS: Final = ("start", "cash", "campaign", "restart", "receipt", "card", "stop")
_WAL: Final = "till.db-wal"
_MODULE: Final = "bench.syncs"


def main() -> None:
    """Have a child sell, and print what its log says."""
    with workspace() as path:
        sizes = path / "sizes"
        parts = count(_MODULE, [str(path)], path)
        if parts is None:
            Figure("syncs to disk per cash sale", "unmeasured: needs cc or strace").show()
            return
        by_name = dict(zip(PARTS, parts, strict=True))
        _show(by_name, [int(word) for word in sizes.read_text(encoding="ascii").split()])


def _show(parts: dict[str, list[str]], sizes: list[int]) -> None:
    cash = _commits(parts["cash"]) / SALES
    Figure(
        f"syncs to disk per cash sale of {LINES} lines",
        f"{cash:.2f}",
        "1 (a commit)",
        f"{cash:.2f}",
        str(HOLD),
        str(HOLD),
        cash == HOLD,
    ).show()
    for name, what in (
        ("campaign", "  with a campaign's entry too"),
        ("receipt", "  a receipt asked for: journaled, then sent"),
        ("card", "  a card sale: one a state"),
    ):
        Figure(what, f"{_commits(parts[name]) / SALES:.2f}").show()
    sold = [parts[name] for name in ("cash", "campaign", "receipt", "card")]
    apart = sum(map(len, sold)) - sum(map(_commits, sold))
    Figure("  apart: checkpoints, read models", f"{apart} in {len(sold) * SALES} sales").show()
    sale, with_campaign = (f"{size / 1024:.1f} KiB" for size in sizes)
    Figure(f"WAL of a cash sale of {LINES} lines", sale, aim=f"{AIM_KIB} KiB").show()
    Figure("  with a campaign's entry too", with_campaign).show()


def _commits(files: list[str]) -> int:
    """The syncs of commits: a checkpoint syncs the WAL once too, then the file itself."""
    return files.count(_WAL) - files.count("till.db")


# --- in the child --------------------------------------------------------------------------------


def sell_all(path: Path) -> None:
    """Sell in four ways, a mark before each; write down how much a sale adds to the WAL."""
    folder = DataFolder(path / "data")
    folder.mark_demo()
    make_long_journal(folder, machine(), JOURNAL)
    with open_shop(path, shipped("catalogue.csv")) as till:
        mark()
        sizes = [_sell(till)]
        enrol_in(till, "demo")
        mark()
        sizes.append(_sell(till))
        mark()
    (path / "sizes").write_text(" ".join(map(str, sizes)), encoding="ascii")
    devices = Config(
        printer=PrinterConfig(port=SIMULATED), terminal=(TerminalConfig(port=SIMULATED),)
    )
    with open_shop(path, config=devices, pace=Pace(customer_s=0)) as till:
        _ring_up(till)
        take_payment.take_tender(till.desk, "cash").wait()
        mark()
        for _ in range(SALES):
            print_receipt.print_receipt(till.desk).wait()
            wait_for_paper(till)
        mark()
        _sell_by_card(till)
        mark()


def _sell(till: Till) -> int:
    """Sell for cash; the bytes that a sale and its lines write, head file included."""
    sizes = list[float]()
    for _ in range(SALES):
        before = written_bytes()
        _ring_up(till)
        take_payment.take_tender(till.desk, "cash").wait()
        sizes.append(written_bytes() - before)
    return int(median(sizes))


def _sell_by_card(till: Till) -> None:
    news: queue.SimpleQueue[CardNews] = queue.SimpleQueue()

    def take(one: News) -> None:
        if isinstance(one, CardNews):
            news.put(one)

    till.news.target = take
    for _ in range(SALES):
        _ring_up(till)
        pay_by_card.begin(till.desk).wait()
        while till.desk.sale:
            till.desk.catch_up(news.get(timeout=CARD_SECONDS_MAX))


def _ring_up(till: Till) -> None:
    for key in till.desk.ports.catalogue.quick_keys()[:LINES]:
        ring_up.by_code(till.desk, key.code).wait()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sell_all(Path(sys.argv[1]))
    else:
        main()
