"""The proof of load in small: sixty tills instead of three thousand, both databases, both kills."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.postgres import binaries

TILLS = 60
TIMEOUT_S = 110


@pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed")
def test_sixty_tills_that_come_back_at_once_lose_nothing_while_the_database_is_killed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "prove", "load", "--count", str(TILLS), "--seed", "1"],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "2 passed, 0 failed"
