"""The tests that the daily run only samples, with nothing left out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from prove.tally import Tally

TESTS: Final = Path(__file__).parents[1] / "tests"
SAMPLES: Final = re.compile(r"^from (hypothesis|tests\.sampling) ", re.MULTILINE)
WHOLE: Final = {"COMPTOIR_TESTS": "whole"}
PROCESSES: Final = 2
TEST_TIMEOUT_S: Final = 600
PASSED: Final = re.compile(r"(\d+) passed")


def prove_faults(
    tally: Tally, seed: int, count: int | None = None, keep: Path | None = None
) -> None:
    """Run every test that draws a sample; the seed is for what hypothesis draws."""
    del count, keep  # nothing is left out, and a failure prints its story
    files = sampling_tests()
    words = ["-q", f"--hypothesis-seed={seed}", f"--numprocesses={PROCESSES}"]
    done = subprocess.run(  # noqa: S603 - our own tests
        [sys.executable, "-m", "pytest", *words, f"--timeout={TEST_TIMEOUT_S}", *map(str, files)],
        cwd=TESTS.parent,
        env={**os.environ, **WHOLE},
        capture_output=True,
        text=True,
        check=False,
    )
    tally.count("test files", len(files))
    tally.passed += passed(done.stdout)
    for line in broken(done.stdout):
        tally.case(line, ["repeat it: COMPTOIR_TESTS=whole .venv/bin/python -m pytest TEST"])
    if done.returncode and not tally.failed:
        tally.case("pytest", (done.stdout + done.stderr).splitlines()[-20:])


def sampling_tests() -> list[Path]:
    """The test files that try more when they may."""
    found = sorted(TESTS.rglob("test_*.py"))
    return [path for path in found if SAMPLES.search(path.read_text(encoding="utf-8"))]


def passed(said: str) -> int:
    """How many tests passed, from pytest's last line."""
    last = PASSED.search((said.splitlines() or [""])[-1])
    return int(last[1]) if last else 0


def broken(said: str) -> list[str]:
    """The tests that failed, and how, from pytest's summary."""
    return [
        line.partition(" ")[2]
        for line in said.splitlines()
        if line.startswith(("FAILED ", "ERROR "))
    ]
