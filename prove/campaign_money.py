"""Campaigns at random, for minutes, on SQLite and then on PostgreSQL: no order of events may cost.

The machine is the one that scripts/check runs in short (tests/sync/server/campaign_machine.py):
the real server, its real addresses, its real databases, on a clock of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from prove.on_databases import Play, prove_on_both
from prove.tally import Tally
from tests.sync.server.campaign_machine import CampaignMachine, done

MINUTES: Final = 10
PLAY: Final = Play(CampaignMachine, done, examples_a_round=20)


def prove_money(
    tally: Tally, seed: int, count: int | None = None, keep: Path | None = None
) -> None:
    """Run machines for `count` minutes (MINUTES) on each database."""
    del keep  # a failure prints its story
    seconds = 60 * (count or MINUTES)
    prove_on_both(tally, PLAY, seed, seconds, seconds)
