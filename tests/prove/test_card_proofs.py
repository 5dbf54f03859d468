"""The proofs of card payments in small: a sample of the fault matrix, and a few machines."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest

from prove.machine import run_machines
from prove.virtual.case import Case
from prove.virtual.setups import Setup, setups
from prove.virtual.standalone import standalone_cases
from tests.sampling import examples

CASES = examples(1500)
MACHINES = 40
TIMEOUT_S = 110


@pytest.fixture(autouse=True)
def _logs_again() -> Iterator[None]:
    """The proofs switch logging off for their process; the other tests of this one need it."""
    yield
    logging.disable(logging.NOTSET)


def test_cuts_drawn_from_all_double_nothing_and_forget_nothing() -> None:
    # In a process of its own: it forks, which a process with threads should not.
    done = subprocess.run(
        [sys.executable, "-m", "prove", "matrix", "--count", str(CASES), "--seed", "1"],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].endswith(" passed, 0 failed")


@pytest.mark.parametrize("setup", tuple(setups()), ids=lambda setup: setup.name)
def test_an_undisturbed_payment_is_paid_on_every_terminal(setup: Setup) -> None:
    size = Case(setup, "approve").measure()
    assert size.bytes > 50
    assert size.commits == 5  # the line, prepared, sending, answered, approved with its ticket


def test_a_stand_alone_terminal_survives_every_commit() -> None:
    assert [case for case in standalone_cases() if case.wrong] == []


def test_forty_machines_at_random_find_nothing() -> None:
    run_machines(MACHINES, 1)
