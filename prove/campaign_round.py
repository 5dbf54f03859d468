"""The round at random, for minutes: real tills, the real server, everything between them.

The machine is the one that scripts/check runs in short (tests/pos/round_machine.py): tills with
their journals on disk, delivered by hand to the server in this process, on clocks of their own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from prove.on_databases import Play, prove_on_both
from prove.tally import Tally
from tests.pos.round_machine import RoundMachine, done

MINUTES: Final = 10
PLAY: Final = Play(RoundMachine, done, examples_a_round=10)


def prove_round(
    tally: Tally, seed: int, count: int | None = None, keep: Path | None = None
) -> None:
    """Run machines for `count` minutes (MINUTES) on SQLite, and a fifth of it on PostgreSQL."""
    del keep  # a failure prints its story
    minutes = count or MINUTES
    prove_on_both(tally, PLAY, seed, 60 * minutes, 12 * minutes)
