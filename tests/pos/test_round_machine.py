"""No order of events breaks the round: the machine in short, and what its long runs found."""

from __future__ import annotations

from hypothesis import settings

from tests.pos.round_machine import RoundMachine

TestTheRound = RoundMachine.TestCase
TestTheRound.settings = settings(
    max_examples=25, stateful_step_count=30, derandomize=True, database=None, deadline=None
)
