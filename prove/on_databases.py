"""A campaign's state machine at random, on SQLite and then on PostgreSQL, for some time each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from prove.machine import run_machines_of, story
from prove.tally import Tally
from tests.postgres import Cluster, binaries, cluster
from tests.sync.server.campaign_machine import Databases

STEPS_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Play:
    """A machine whose `databases` say where it plays; it counts in `done` what it did."""

    machine: type[Any]
    done: Counter[str]
    examples_a_round: int


def prove_on_both(
    tally: Tally, play: Play, seed: int, sqlite_seconds: int, postgres_seconds: int
) -> None:
    """Run machines for so long on each database; a missing PostgreSQL is a violation."""
    _prove_on(tally, play, "SQLite", nullcontext, seed, sqlite_seconds)
    found = binaries()
    if found is None:
        tally.case("PostgreSQL", ["it is not installed"])
        return
    with cluster(found) as running:
        _prove_on(tally, play, "PostgreSQL", lambda: _new_database(running), seed, postgres_seconds)


@contextmanager
def _new_database(running: Cluster) -> Iterator[str]:
    """The URL of an empty database, which is dropped afterwards."""
    url = running.new_database()
    try:
        yield url
    finally:
        running.drop(url)


def _prove_on(
    tally: Tally, play: Play, name: str, databases: Databases, seed: int, seconds: int
) -> None:
    """Machines on one database until the time is over or one of them is broken."""
    base, done = play.machine, play.done
    kind = type(f"{base.__name__}On{name}", (base,), {"databases": staticmethod(databases)})
    until_s, rounds, violations = monotonic() + seconds, 0, 0
    done.clear()
    while monotonic() < until_s and not violations:
        try:
            run_machines_of(kind, play.examples_a_round, STEPS_MAX, seed + rounds)
        except Exception as error:  # noqa: BLE001 - a 500 comes as what the server raised
            violations += 1
            tally.case(f"{name}, seed {seed + rounds}", [str(error), *story(error)])
        else:
            tally.passed += play.examples_a_round
        rounds += 1
    tally.say(
        f"{name}: {done['machines']} machines, {done['steps']} steps, {violations} violations"
    )
    for what in sorted(done):
        tally.count(f"{name}: {what}", done[what])
