"""Search as you type and EAN look-up, over 100,000 products.

The limit is the same question asked of SQLite alone: no words folded, no products made of rows.
"""

from __future__ import annotations

import random
import re
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from time import perf_counter_ns
from typing import Final

from bench.figure import Figure, median, percentile
from bench.place import catalogue, labels, open_shop, workspace
from pos.app.find import FOUND_MAX
from pos.app.ports import Catalogue
from pos.domain.catalogue import fold

TYPED_MAX: Final = 5
QUERIES: Final = 2000
ROUNDS: Final = 5  # each query counts with its median: what interrupts one round is not its cost
HOLD_MS, AIM_MS = 1.0, 0.1
_BARE: Final = "SELECT rowid FROM product_fts WHERE product_fts MATCH ? ORDER BY rowid LIMIT 20"
_Question = Callable[[str], object]


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
    ours, limit = _interleaved(
        typed,
        lambda text: found.search(text, FOUND_MAX),
        lambda text: bare.execute(_BARE, (f"{fold(text)}*",)).fetchall(),
    )
    p99, least = percentile(ours, 99) / 1000, percentile(limit, 99) / 1000
    Figure(
        f"search, 1-{TYPED_MAX} letters, {FOUND_MAX} products, p99",
        f"{p99:.3f} ms",
        f"{least:.3f} ms (20 rowids)",
        f"{p99 / least:.1f}",
        f"<= {HOLD_MS} ms",
        f"{AIM_MS} ms",
        p99 <= HOLD_MS,
    ).show()
    by_length = defaultdict[int, list[float]](list)
    for text, took in zip(typed, ours, strict=True):
        by_length[len(text)].append(took / 1000)
    each = " ".join(f"{percentile(by_length[n], 99):.2f}" for n in sorted(by_length))
    Figure("  1, 2, 3, 4, 5 letters, p99 in ms", each).show()


def _interleaved(
    questions: Sequence[str], one: _Question, other: _Question
) -> tuple[list[float], list[float]]:
    """The microseconds that each question takes, asked of the one and of the other in turn."""
    ones: list[list[float]] = [[] for _ in questions]
    others: list[list[float]] = [[] for _ in questions]
    for _ in range(ROUNDS):
        for index, question in enumerate(questions):
            start = perf_counter_ns()
            one(question)
            middle = perf_counter_ns()
            other(question)
            end = perf_counter_ns()
            ones[index].append((middle - start) / 1000)
            others[index].append((end - middle) / 1000)
    return [median(x) for x in ones], [median(x) for x in others]


def _typed(draw: random.Random) -> Iterator[str]:
    """What a cashier has typed so far, each length as often as the others."""
    products = labels()
    while True:
        label = draw.choice(products)[1]
        words = [word for word in re.findall(r"[^\W\d_]+", label) if len(word) >= TYPED_MAX]
        if words:
            yield draw.choice(words)[: draw.randint(1, TYPED_MAX)]


def _look_up(found: Catalogue, bare: sqlite3.Connection) -> None:
    codes = [code for code, _ in random.Random(2).choices(labels(), k=QUERIES)]
    ours, limit = _interleaved(
        codes,
        found.find,
        lambda code: bare.execute("SELECT * FROM product WHERE code = ?", (code,)).fetchone(),
    )
    Figure(
        "EAN look-up, p50",
        f"{median(ours):.1f} µs",
        f"{median(limit):.1f} µs (one SELECT)",
        f"{median(ours) / median(limit):.1f}",
    ).show()


if __name__ == "__main__":
    main()
