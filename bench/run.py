"""Print the figures of the design: `bench/run.py [NAME...]`, each under a minute.

Each figure is a program of its own (`python -m bench.NAME --help` has its options), so that one
does not warm the caches, or fill the memory, of the next.
"""

from __future__ import annotations

import argparse
import ast
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
SECONDS_MAX: Final = 180
NAMES: Final = (
    "syncs",
    "durable_sale",
    "screen",
    "start",
    "search",
    "audit",
    "drain",
    "ingest",
    "ingest_rewards",
    "booking",
    "seeds",
    "receipt",
    "memory",
    "import_catalogue",
)


def main() -> int:
    """Run the figures that are named, or all; 1 when one could not be measured."""
    parser = argparse.ArgumentParser(description="Print the figures of the design.")
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[[], *NAMES], default=[])
    parser.add_argument("--list", action="store_true", help="say what there is")
    chosen = parser.parse_args()
    if chosen.list:
        for name in NAMES:
            print(f"{name:17} {_sentence(name)}")
        return 0
    failed = 0
    for number, name in enumerate(chosen.names or NAMES):
        failed += not _run(name, with_heading=number == 0)
    return 1 if failed else 0


def _run(name: str, *, with_heading: bool) -> bool:
    if with_heading:
        _say_where()
    try:
        done = subprocess.run(
            [sys.executable, "-m", f"bench.{name}"], cwd=ROOT, timeout=SECONDS_MAX, check=False
        )
    except subprocess.TimeoutExpired:
        print(f"{name}: not done after {SECONDS_MAX} s", flush=True)
        return False
    if done.returncode:
        print(f"{name}: ended with status {done.returncode}", flush=True)
    return done.returncode == 0


def _say_where() -> None:
    sys.path.insert(0, str(ROOT))
    from bench.figure import heading

    load = os.getloadavg()[0]
    when = datetime.now().astimezone().isoformat(timespec="minutes")
    print(f"{when}, Python {sys.version.split()[0]}, {os.cpu_count()} CPUs, load {load:.1f}\n")
    print(heading(), flush=True)


def _sentence(name: str) -> str:
    module = ast.parse((ROOT / "bench" / f"{name}.py").read_text(encoding="utf-8"))
    return (ast.get_docstring(module) or "").partition("\n")[0]


if __name__ == "__main__":
    raise SystemExit(main())
