"""The fault matrix: every way a card payment goes, cut at every byte and every commit of it.

    protocol and link x scenario, with what is known of the terminal in turn (prove.virtual.setups)
        x before each byte: line cut, terminal's power cut, till killed, disk full, and what a bad
          line does to single bytes
        x at each commit: refused, slow, till killed before or after it

After each cut the till recovers by itself, and the terminal's ledger is compared with the journal
and with what the screen names. Then the cashier reads the terminal's paper, the next customer pays,
and everything is compared again. All of it is the real till in virtual time (prove.virtual).
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from drivers.simulators.card.protocols import scenarios
from prove.tally import Tally
from prove.virtual.case import Case, Cut, Size
from prove.virtual.disk import Fate
from prove.virtual.judge import Sin
from prove.virtual.line import Fault
from prove.virtual.setups import LINKS, Setup, setups
from prove.virtual.sinners import SINNERS
from prove.virtual.standalone import standalone_cases

ALWAYS: Final = (Fault.LINE, Fault.TERMINAL, Fault.TILL, Fault.DISK)
OF_ANY_LINE: Final = (Fault.MUTE, Fault.STALL)
OF_A_SERIAL_LINE: Final = (Fault.LOST, Fault.FLIPPED, Fault.DOUBLED)
BITS: Final = 7
EVERY: Final = 3  # a bad line strikes at every third byte, at others in each scenario
SECOND_EVERY: Final = 5  # the next customer comes after every fifth cut
CONTROL_CUTS: Final = 150  # of a wrong till: far more than it needs to be found out
SHOWN_MAX: Final = 5
SEEDS: Final = 2**32


@dataclass(frozen=True, slots=True)
class Job:
    """The cases of one scenario on one terminal; `most` of them, chosen by `seed`."""

    link: str
    scenario: str
    seed: int
    most: int | None = None
    sinner: int | None = None


@dataclass
class Report:
    """What a job found: cases by kind of cut and end of the payment, and what was wrong."""

    link: str
    ends: Counter[tuple[str, str]] = field(default_factory=Counter)
    sins: Counter[str] = field(default_factory=Counter)
    told: list[tuple[str, list[str]]] = field(default_factory=list)


def prove_matrix(
    tally: Tally, seed: int, count: int | None = None, keep: Path | None = None
) -> None:
    """Try every case, or about `count` of them spread over all scenarios."""
    del keep  # a case leaves nothing behind: its name is enough to try it again
    draw = random.Random(seed)  # noqa: S311 - chance, not secrecy
    wanted = [
        Job(link.name, scenario, draw.randrange(SEEDS))
        for link in LINKS
        for scenario in scenarios(link.protocol)
    ]
    if count is not None:
        most = max(1, count // len(wanted))
        wanted = [Job(job.link, job.scenario, job.seed, most) for job in wanted]
    draw.shuffle(wanted)
    ends: Counter[tuple[str, str, str]] = Counter()
    sins: Counter[str] = Counter()
    with _pool() as pool:
        for number, report in enumerate(pool.map(_try_job, wanted), start=1):
            for (kind, end), times in report.ends.items():
                ends[report.link, kind, end] += times
            sins += report.sins
            tally.passed += report.ends.total() - len(report.told)
            for name, wrong in report.told:
                tally.case(name, wrong)
            if number % 20 == 0:
                tally.say(f"{number} of {len(wanted)} scenarios, {ends.total()} cases")
        _control(tally, pool.map(_try_job, _controls(draw)))
    for name, wrong in standalone_cases():
        tally.case(name, wrong)
        ends["stand-alone", "commit", "named"] += 1
    _count(tally, ends, sins)


def _count(tally: Tally, ends: Counter[tuple[str, str, str]], sins: Counter[str]) -> None:
    for link in dict.fromkeys([*(link.name for link in LINKS), *(key[0] for key in ends)]):
        tally.count(link, sum(times for key, times in ends.items() if key[0] == link))
    for position, prefix in ((1, "cut: "), (2, "then: ")):
        for word in sorted({key[position] for key in ends}):
            number = sum(times for key, times in ends.items() if key[position] == word)
            tally.count(f"{prefix}{word}", number)
    for sin in Sin:
        tally.count(str(sin), sins[sin])


def _pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("fork"))


# One scenario, in a process of its own.


def _try_job(job: Job) -> Report:
    logging.disable(logging.CRITICAL)  # every case is a misfortune that the till would log
    report = Report(job.link)
    tried = list(_cuts_in_turn(job))
    if job.most is not None and job.most < len(tried):
        tried = random.Random(job.seed).sample(tried, job.most)  # noqa: S311 - chance
    for number, (setup, cut) in enumerate(tried):
        ended = _case(setup, job).run(cut, second=number % SECOND_EVERY == 0)
        report.ends[cut.kind, str(ended.end)] += 1
        for violation in ended.violations:
            report.sins[violation.sin] += 1
        if ended.violations:
            name = f"{setup.name}, {job.scenario}, {cut}"
            told = [f"{sin}: {detail}" for sin, detail in ended.violations[:SHOWN_MAX]]
            report.told.append((name, told))
    return report


def _cuts_in_turn(job: Job) -> Iterator[tuple[Setup, Cut]]:
    """Every cut, each on one of the link's terminals: known or not, able or not."""
    places = [(setup, Case(setup, job.scenario).measure()) for setup in setups(job.link)]
    most = Size(max(size.bytes for _, size in places), max(size.commits for _, size in places))
    for number, cut in enumerate(cuts_of(places[0][0], most, job.seed), start=job.seed):
        yield places[number % len(places)][0], cut


def _case(setup: Setup, job: Job) -> Case:
    if job.sinner is None:
        return Case(setup, job.scenario)
    sinner = SINNERS[job.sinner]
    protocol = sinner.protocol(setup.protocol)
    return Case(setup, job.scenario, wrap=sinner.wrap, protocol=protocol)


def cuts_of(setup: Setup, size: Size, seed: int) -> Iterator[Cut]:
    """Every place where a dialogue of this size can break, and how."""
    for byte in range(size.bytes):
        for fault in ALWAYS:
            yield Cut(byte, fault)
    line = OF_ANY_LINE if setup.link.network else (*OF_ANY_LINE, *OF_A_SERIAL_LINE)
    for number, fault in enumerate(line):
        for byte in range((seed + number) % EVERY, size.bytes, EVERY):
            yield Cut(byte, fault, mask=1 << (byte + seed) % BITS)
    for commit in range(1, size.commits + 1):
        for fate in Fate:
            yield Cut(commit=commit, fate=fate)


# The control: the same cases with tills that are wrong must find what is wrong with each.

_CONTROL_SCENARIOS: Final = {"keeps nothing of what comes late": "collision"}


def _controls(draw: random.Random) -> list[Job]:
    return [
        Job(
            LINKS[0].name,
            _CONTROL_SCENARIOS.get(sinner.name, "approve"),
            draw.randrange(SEEDS),
            CONTROL_CUTS,
            number,
        )
        for number, sinner in enumerate(SINNERS)
    ]


def _control(tally: Tally, reports: Iterator[Report]) -> None:
    for sinner, report in zip(SINNERS, reports, strict=True):
        found = report.sins[sinner.sin]
        tally.count(f"control: {sinner.name}", found)
        tally.case(f"control: a till that {sinner.name}", [] if found else ["was not found out"])
