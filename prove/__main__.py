"""`python -m prove [SUITE...]`: run the proofs, print counts, exit with 1 on any violation."""

from __future__ import annotations

import random
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Final, TypeAlias

import click

from prove.tally import Tally

Suite: TypeAlias = Callable[[Tally, int, int | None, Path | None], None]

# Each suite is a module with a function `prove_NAME`, imported when it runs: some need FUSE.
SUITES: Final = {
    "power": "prove.power",
    "disk": "prove.faults",
    "kills": "prove.kills",
    "link": "prove.link",
    "matrix": "prove.matrix",
    "cards": "prove.cards",
    "machine": "prove.machine",
    "stall": "prove.stall",
    "faults": "prove.thorough",
    "money": "prove.campaign_money",
    "load": "prove.load",
    "contract": "prove.contract",
    "round": "prove.campaign_round",
}
ON_POWERFS: Final = frozenset({"power", "disk"})


@click.command()
@click.argument("suites", nargs=-1, type=click.Choice(tuple(SUITES)))
@click.option(
    "--seed", type=int, help="Repeat a run: it prints its seed. Default: another each time."
)
@click.option(
    "--count",
    type=click.IntRange(1),
    help="Cuts, faults, kills, breaks, cases, tills or questions; minutes of machine, money and"
    " round, seconds of stall.",
)
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep what a failed case left behind in this folder.",
)
def prove(suites: tuple[str, ...], seed: int | None, count: int | None, keep: Path | None) -> None:
    """Prove that the till keeps its promises; all suites by default.

    power: power cuts on a disk that drops and tears what was not synced.
    disk: EIO and ENOSPC at every operation of a day. kills: kill -9 of the till.
    link: server killed, sync killed, line broken.
    matrix: card payments cut at every byte and commit, in virtual time.
    cards: the same with processes, real lines and kill -9.
    machine: till, terminal and line at random. stall: a terminal that stalls holds up nothing.
    faults: the tests that draw a sample every day, with nothing left out.
    money: campaigns at random, on SQLite and on PostgreSQL.
     round: the same with real tills on disk, copied, put back, offline and wrong about the time.
     load: 3,000 tills come back at once, the database is killed meanwhile.
     contract: every operation of the campaign server, as schemathesis asks it.
    """
    signal.signal(signal.SIGTERM, _stopped)
    seed = random.SystemRandom().randrange(2**32) if seed is None else seed
    click.echo(f"seed {seed}")
    tallies = [_run(name, seed, count, keep) for name in suites or SUITES]
    click.echo()
    for tally in tallies:
        click.echo("\n".join(tally.table()))
    failed = sum(tally.failed for tally in tallies)
    click.echo(f"{sum(tally.passed for tally in tallies)} passed, {failed} failed")
    sys.exit(1 if failed else 0)


def _run(name: str, seed: int, count: int | None, keep: Path | None) -> Tally:
    tally = Tally(name)
    trouble = fuse_trouble() if name in ON_POWERFS else ""
    if trouble:
        tally.case(name, [f"cannot run here: {trouble}"])
        return tally
    suite: Suite = getattr(import_module(SUITES[name]), f"prove_{name}")
    try:
        suite(tally, seed, count, keep / name if keep else None)
    except (OSError, RuntimeError) as error:
        tally.case(name, [f"did not come to its end: {error!r}"])
    return tally


def fuse_trouble() -> str:
    """What keeps FUSE from working here, or nothing."""
    try:
        from prove.disk import fuse_trouble as trouble
    except OSError as error:  # its library is not installed
        return str(error)
    return trouble()


def _stopped(number: int, frame: FrameType | None) -> None:
    """SIGTERM ends everything that was started, as SIGINT does."""
    del number, frame
    raise KeyboardInterrupt


if __name__ == "__main__":
    prove()
