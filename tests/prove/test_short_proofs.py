"""The proofs of scripts/prove in small, where this machine can serve a file system."""

from __future__ import annotations

import subprocess
import sys

import pytest

TIMEOUT_S = 110
TROUBLE = "from prove.__main__ import fuse_trouble; print(fuse_trouble())"


@pytest.fixture(scope="module", autouse=True)
def file_system() -> None:
    # In a process of its own: it forks, which a process with threads should not.
    asked = subprocess.run(
        [sys.executable, "-c", TROUBLE],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=True,
    )
    if trouble := asked.stdout.strip():
        pytest.skip(f"no FUSE here: {trouble}")


def prove(suite: str, count: int) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "prove", suite, "--count", str(count), "--seed", "1"],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def test_three_power_cuts_lose_nothing_that_was_acknowledged() -> None:
    # Three cuts, the life after them, and the control that has to lose something.
    assert prove("power", 3)[-1] == "5 passed, 0 failed"


def test_ten_faults_of_the_disk_are_refused_and_lose_nothing() -> None:
    assert prove("disk", 10)[-1] == "10 passed, 0 failed"
