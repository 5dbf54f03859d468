"""The round at random, for minutes: real tills, the real server, everything between them.

The machine is the one that scripts/check runs in short (tests/pos/round_machine.py): tills with
their journals on disk, delivered by hand to the server in this process, on clocks of their own.
"""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from time import monotonic
from typing import Final

from prove.campaign_money import new_database
from prove.machine import run_machines_of, story
from prove.tally import Tally
from tests.pos.round_machine import RoundMachine, done
from tests.postgres import binaries, cluster
from tests.sync.server.campaign_machine import Databases

MINUTES: Final = 10
EXAMPLES_A_ROUND: Final = 10
STEPS_MAX: Final = 50


def prove_round(
    tally: Tally, seed: int, count: int | None = None, keep: Path | None = None
) -> None:
    """Run machines for `count` minutes (MINUTES) on SQLite, and a fifth of it on PostgreSQL."""
    del keep  # a failure prints its story
    minutes = count or MINUTES
    _prove_on(tally, "SQLite", nullcontext, seed, 60 * minutes)
    found = binaries()
    if found is None:
        tally.case("PostgreSQL", ["it is not installed"])
        return
    with cluster(found) as running:
        _prove_on(tally, "PostgreSQL", lambda: new_database(running), seed, 12 * minutes)


def _prove_on(tally: Tally, name: str, databases: Databases, seed: int, seconds: int) -> None:
    """Machines on one database until the time is over or one of them is broken."""
    kind = type(f"RoundMachineOn{name}", (RoundMachine,), {"databases": staticmethod(databases)})
    until_s, rounds, violations = monotonic() + seconds, 0, 0
    done.clear()
    while monotonic() < until_s and not violations:
        try:
            run_machines_of(kind, EXAMPLES_A_ROUND, STEPS_MAX, seed + rounds)
        except Exception as error:  # noqa: BLE001 - a 500 comes as what the server raised
            violations += 1
            tally.case(f"{name}, seed {seed + rounds}", [str(error), *story(error)])
        else:
            tally.passed += EXAMPLES_A_ROUND
        rounds += 1
    tally.say(
        f"{name}: {done['machines']} machines, {done['steps']} steps, {violations} violations"
    )
    for what in sorted(done):
        tally.count(f"{name}: {what}", done[what])
