"""Search as you type and EAN look-up, over 100,000 products.

The limit is the same question asked of SQLite alone: no words folded, no products made of rows.
"""

from __future__ import annotations

import random
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from time import perf_counter_ns
from typing import Final

from bench.figure import Figure, median, percentile
from bench.place import catalogue, labels, open_shop, workspace
from pos.app.find import FOUND_MAX
from pos.app.ports import Catalogue
from pos.domain.catalogue import fold

TYPED_MAX: Final = 5
QUERIES: Final = 3000
ROUNDS: Final = 3
HOLD_MS, AIM_MS = 1.0, 0.1
_BARE: Final = (
    "SELECT rowid FROM product_fts WHERE product_fts MATCH ? ORDER BY rowid LIMIT 20"
)
_Times = defaultdict[int, list[float]]


def main() -> None:
    """Print both figures."""
    with workspace() as path, open_shop(path, catalogue()) as till:
        found = till.desk.ports.catalogue
        bare = sqlite3.connect(f"file:{till.store.folder.till_db}?mode=ro", uri=True)
        _search(found, bare)
        _look_up(found, bare)
        bare.close()


def _search(found: Catalogue, bare: sqlite3.Connection) -> None:
    typed = list(islice(_typed(random.Random(1)), QUERIES))
    ours, limit = _Times(list), _Times(list)
    for _ in range(ROUNDS):
        for text in typed:
            start = perf_counter_ns()
            found.search(text, FOUND_MAX)
            middle = perf_counter_ns()
            bare.execute(_BARE, (f"{fold(text)}*",)).fetchall()
            end = perf_counter_ns()
            ours[len(text)].append((middle - start) / 1e6)
            limit[len(text)].append((end - middle) / 1e6)
    at_all, at_least = (percentile([x for y in t.values() for x in y], 99) for t in (ours, limit))
    Figure(
        f"search, 1-{TYPED_MAX} letters, 50 found, p99",
        f"{at_all:.3f} ms",
        f"{at_least:.3f} ms (20 rowids)",
        f"{at_all / at_least:.1f}",
        f"<= {HOLD_MS} ms",
        f"{AIM_MS} ms",
        at_all <= HOLD_MS,
    ).show()
    by_length = " ".join(f"{percentile(ours[n], 99):.2f}" for n in sorted(ours))
    Figure("  by letters typed, p99 in ms", by_length).show()


def _typed(draw: random.Random) -> Iterator[str]:
    """What a cashier has typed so far, each length as often as the others."""
    products = labels()
    while True:
        label = draw.choice(products)[1]
        words = [word for word in re.findall(r"[^\W\d_]+", label) if len(word) >= TYPED_MAX]
        if words:
            yield draw.choice(words)[: draw.randint(1, TYPED_MAX)]


def _look_up(found: Catalogue, bare: sqlite3.Connection) -> None:
    draw, ours, limit = random.Random(2), list[float](), list[float]()
    codes = [code for code, _ in draw.choices(labels(), k=QUERIES)]
    for code in codes:
        start = perf_counter_ns()
        found.find(code)
        middle = perf_counter_ns()
        bare.execute("SELECT * FROM product WHERE code = ?", (code,)).fetchone()
        end = perf_counter_ns()
        ours.append((middle - start) / 1e3)
        limit.append((end - middle) / 1e3)
    Figure(
        "EAN look-up, p50",
        f"{median(ours):.1f} µs",
        f"{median(limit):.1f} µs (one SELECT)",
        f"{median(ours) / median(limit):.1f}",
    ).show()


if __name__ == "__main__":
    main()
