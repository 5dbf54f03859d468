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
from prove.virtual.standalone import ByHand, standalone_cases

ALWAYS: Final = (Fault.LINE, Fault.TERMINAL, Fault.TILL, Fault.DISK)
OF_ANY_LINE: Final = (Fault.MUTE, Fault.STALL)
OF_A_SERIAL_LINE: Final = (Fault.LOST, Fault.FLIPPED, Fault.DOUBLED)
CASES: Final = 40_000  # of the 277,000 that there are: --count 10000000 tries every one
BITS: Final = 7
EVERY: Final = 3  # a bad line strikes at every third byte, at others in each scenario
SECOND_EVERY: Final = 5  # the next customer comes after every fifth cut
BACK_EVERY: Final = 7  # in every seventh the money goes back to the customer
CONTROL_CUTS: Final = 150  # of a wrong till: far more than it needs to be found out
SHOWN_MAX: Final = 5
SAY_EVERY: Final = 20
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
    """What a job found: cases by kind of cut and state of the payment, and what was wrong.

    The state is what the till came to by itself, before anybody read the terminal's paper.
    """

    link: str
    ends: Counter[tuple[str, str]] = field(default_factory=Counter)
    sins: Counter[str] = field(default_factory=Counter)
    told: list[tuple[str, list[str]]] = field(default_factory=list)


def prove_matrix(
    tally: Tally, seed: int, count: int | None = None, keep: Path | None = None
) -> None:
    """Try about `count` of the cases (CASES), chosen by the seed and spread over all scenarios."""
    del keep  # a case leaves nothing behind: its name is enough to try it again
    draw = random.Random(seed)  # noqa: S311 - chance, not secrecy
    wanted = [
        Job(link.name, scenario, draw.randrange(SEEDS))
        for link in LINKS
        for scenario in scenarios(link.protocol)
    ]
    most = max(1, (count or CASES) // len(wanted))
    wanted = [Job(job.link, job.scenario, job.seed, most) for job in wanted]
    draw.shuffle(wanted)
    sums = _Sums(tally)
    with _pool() as pool:
        for number, report in enumerate(pool.map(_try_job, wanted), start=1):
            sums.add(report)
            if number % SAY_EVERY == 0:
                tally.say(f"{number} of {len(wanted)} scenarios, {sums.ends.total()} cases")
        controls = list(pool.map(_try_job, _controls(draw)))
    for report in map(_by_hand, standalone_cases()):
        sums.add(report)
    sums.say()
    _judge_controls(tally, controls)


class _Sums:
    """The reports of all jobs added up."""

    def __init__(self, tally: Tally) -> None:
        self.ends: Counter[tuple[str, str, str]] = Counter()
        self._sins: Counter[str] = Counter()
        self._tally = tally

    def add(self, report: Report) -> None:
        """Take a report; what it found wrong is shown at once."""
        for (kind, end), times in report.ends.items():
            self.ends[report.link, kind, end] += times
        self._sins += report.sins
        self._tally.passed += report.ends.total() - len(report.told)
        for name, wrong in report.told:
            self._tally.case(name, wrong)

    def say(self) -> None:
        """Put the sums into the table: by link, by cut, by what the till knew by itself."""
        for position, prefix in enumerate(("", "cut: ", "then: ")):
            by_word: Counter[str] = Counter()
            for key, times in self.ends.items():
                by_word[key[position]] += times
            for word in sorted(by_word):
                self._tally.count(f"{prefix}{word}", by_word[word])
        for sin in Sin:
            self._tally.count(str(sin), self._sins[sin])


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
        back, second = number % BACK_EVERY == 0, number % SECOND_EVERY == 0
        ended = _case(setup, job).run(cut, back=back, second=second)
        report.ends[cut.kind, ended.end or "never begun"] += 1
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


def _judge_controls(tally: Tally, reports: list[Report]) -> None:
    for sinner, report in zip(SINNERS, reports, strict=True):
        found = report.sins[sinner.sin]
        tally.count(f"control: {sinner.name}", found)
        tally.case(f"control: a till that {sinner.name}", [] if found else ["was not found out"])


def _by_hand(case: ByHand) -> Report:
    report = Report("stand-alone", Counter({(f"commit {case.fate}", case.end): 1}))
    if case.wrong:
        report.sins["stand-alone"] += 1
        report.told.append((case.name, case.wrong))
    return report
