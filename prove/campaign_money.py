"""Campaigns at random, for minutes, on SQLite and then on PostgreSQL: no order of events may cost.

The machine is the one that scripts/check runs in short (tests/sync/server/campaign_machine.py):
the real server, its real addresses, its real databases, on a clock of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from time import monotonic
from typing import Final

from prove.machine import run_machines_of, story
from prove.tally import Tally
from tests.postgres import Cluster, binaries, cluster
from tests.sync.server.campaign_machine import CampaignMachine, Databases, done

MINUTES: Final = 10
EXAMPLES_A_ROUND: Final = 20
STEPS_MAX: Final = 50


def prove_money(
    tally: Tally, seed: int, count: int | None = None, keep: Path | None = None
) -> None:
    """Run machines for `count` minutes (MINUTES) on each database."""
    del keep  # a failure prints its story
    minutes = count or MINUTES
    _prove_on(tally, "SQLite", nullcontext, seed, minutes)
    found = binaries()
    if found is None:
        tally.case("PostgreSQL", ["it is not installed"])
        return
    with cluster(found) as running:
        _prove_on(tally, "PostgreSQL", lambda: new_database(running), seed, minutes)


@contextmanager
def new_database(running: Cluster) -> Iterator[str]:
    """The URL of an empty database, which is dropped afterwards."""
    url = running.new_database()
    try:
        yield url
    finally:
        running.drop(url)


def _prove_on(tally: Tally, name: str, databases: Databases, seed: int, minutes: int) -> None:
    """Machines on one database until the time is over or one of them is broken."""
    kind = type(
        f"CampaignMachineOn{name}", (CampaignMachine,), {"databases": staticmethod(databases)}
    )
    until_s, rounds, violations = monotonic() + 60 * minutes, 0, 0
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
