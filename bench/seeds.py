"""Simulated seeds with a loss, a double or a gap: the real client and server, a wire that lies.

Each seed is one story of a till, its sync process and its server on virtual time
(tests/sync/simulator.py). `--seeds 1000 --first 0` tells a thousand; the default is what fits
into a minute.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Final

from bench.figure import Figure
from tests.sync.simulator import Outcome, run_seed

SECONDS: Final = 45.0
HOLD_SEEDS: Final = 1_000
BLOCK: Final = 10
WORKERS: Final = os.cpu_count() or 1
YEAR_SECONDS: Final = 365 * 86_400
_MEMORY: Final = Path("/dev/shm")
_Told = tuple[list[Outcome], list[str]]


def main() -> None:
    """Tell stories on all cores and count those that ended badly."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    chosen = parser.parse_args()
    start = perf_counter()
    outcomes, bad = list[Outcome](), list[str]()
    with ProcessPoolExecutor(WORKERS) as pool:
        for seeds in _rounds(chosen.first, chosen.seeds):
            for told, wrong in pool.map(_tell, seeds):
                outcomes += told
                bad += wrong
            if not chosen.seeds and perf_counter() - start > SECONDS:
                break
    for message in bad:
        print(message)
    _show(outcomes, bad, perf_counter() - start)


def _rounds(first: int, seeds: int) -> Iterator[list[range]]:
    """Blocks of seeds, one a core; without an end when no number of seeds is given."""
    size = BLOCK * WORKERS
    for begin in count(first, size):
        end = min(begin + size, first + seeds) if seeds else begin + size
        if begin >= end:
            return
        yield [range(at, min(at + BLOCK, end)) for at in range(begin, end, BLOCK)]


def _show(outcomes: list[Outcome], bad: list[str], took: float) -> None:
    told = len(outcomes) + len(bad)
    Figure(
        "simulated seeds with a loss, a double or a gap",
        f"{len(bad)} in {told:,}",
        "0",
        "-",
        f"0 in {HOLD_SEEDS:,}",
        "0 in 10^6",
        not bad if bad or told >= HOLD_SEEDS else None,
    ).show()
    virtual = sum(one.virtual_seconds for one in outcomes)
    entries, requests = (sum(getattr(one, x) for one in outcomes) for x in ("entries", "requests"))
    Figure(
        "  till-years told a minute",
        f"{virtual / YEAR_SECONDS / took * 60:.1f}",
        f"{told / took:.1f} seeds/s",
        aim="1 a minute",
    ).show()
    Figure("  sales made, requests sent", f"{entries:,}; {requests:,}").show()


def _tell(seeds: range) -> _Told:
    outcomes, bad = list[Outcome](), list[str]()
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as name:
        for seed in seeds:
            folder = Path(name) / str(seed)
            folder.mkdir()
            try:
                outcomes.append(run_seed(seed, folder))
            except AssertionError as error:
                bad.append(str(error))
    return outcomes, bad


if __name__ == "__main__":
    main()
