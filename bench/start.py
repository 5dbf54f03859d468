"""Start to ready to sell, cold, against `import textual.app`: the sign-on drawn on a terminal.

100,000 products, and a journal of 100,000 tickets (`--tickets 1000000` takes four minutes to make).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Final

from bench.figure import Figure, median, seconds
from bench.long_journal import make_long_journal
from bench.place import OPENING_FLOAT, PRODUCTS, ROOT, catalogue, workspace
from bench.till_screen import till_on_pty, wait_until_ready
from pos.bootstrap import machine, now, open_for_writing
from pos.demo.shop import stock
from pos.store.folder import DataFolder

TICKETS: Final = 100_000
ROUNDS: Final = 7
HOLD, AIM = 1.5, 1.15


def main() -> None:
    """Start the till and import textual, in turn, each in a new process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=TICKETS)
    tickets: int = parser.parse_args().tickets
    with workspace() as path:
        folder = _shop(path, tickets)
        _start(folder)  # modules that were changed are compiled once
        ours, limit = list[float](), list[float]()
        for _ in range(ROUNDS):
            limit.append(seconds(_import_textual))
            ours.append(_start(folder))
    ratio = median(ours) / median(limit)
    Figure(
        f"start to ready to sell, {PRODUCTS:,} products, {tickets:,} tickets",
        f"{median(ours) * 1000:.0f} ms",
        f"{median(limit) * 1000:.0f} ms (import textual)",
        f"{ratio:.2f}",
        f"<= {HOLD}",
        f"{AIM}",
        ratio <= HOLD,
    ).show()


def _shop(path: Path, tickets: int) -> DataFolder:
    folder = DataFolder(path / "data")
    make_long_journal(folder, machine(), tickets, closed=True)
    with open_for_writing(folder) as store:
        stock(store, now, catalogue())
        opened = {"kind": "float", "amount": OPENING_FLOAT, "declared": True}
        data = {**opened, "session": 2, "day": now().date().isoformat()}
        store.ledger.run(lambda tx: tx.append("cash", data), "1").result()
        store.update_books()
    return folder


def _start(folder: DataFolder) -> float:
    with till_on_pty(folder) as till:
        return wait_until_ready(till) - till.started


def _import_textual() -> None:
    subprocess.run([sys.executable, "-c", "import textual.app"], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
