"""A disk that fails, and a disk that is full, at every operation of a scripted day.

There are two days: one in a shop that is there, and the very first one, which begins with an empty
folder. For each operation that reaches the disk between the till's opening and its closing: it
fails once, or from then on until the till has refused twice; with EIO and with ENOSPC. Each time
the till has to answer with a refusal, do nothing by halves, lose nothing that it acknowledged, and
go on when the disk is well. Half of the days end with a power cut instead of a closing, because a
disk that failed to sync may have forgotten more than it said.
"""

from __future__ import annotations

import errno
import random
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from drivers.errors import DriverError
from pos.config import ConfigError
from pos.domain.errors import PosError
from pos.store.errors import StoreError
from prove import image
from prove.checks import Ack, problems
from prove.child import CRASHED, Child, Silent, Tell
from prove.day import AFTERWARDS, DAY, NEW, Day, Step, Sums, hold_still, sums
from prove.disk import Disk, mounted
from prove.image import Cut, Folder
from prove.powerfs import Fault
from prove.shop import Place
from prove.tally import Tally

T = TypeVar("T")
SILENCE_S: Final = 60.0
SAY_EVERY: Final = 200
# What every command of the command line turns into a sentence and exit status 1.
TOLD: Final = (PosError, StoreError, ConfigError, DriverError, OSError)
UNTOUCHED: Final = 10**9


class Case(NamedTuple):
    """One day with one fault; `at` counts from the till's opening."""

    at: int
    error: int
    lasting: bool
    power_cut: bool
    seed: int

    @property
    def name(self) -> str:
        """How a failure names it."""
        how = "from" if self.lasting else "once at"
        end = "power cut" if self.power_cut else "closed"
        return f"{errno.errorcode[self.error]} {how} operation {self.at}, {end}, seed {self.seed}"


def prove_disk(tally: Tally, seed: int, count: int | None = None, keep: Path | None = None) -> None:
    """Fail every operation of the day, or `count` of them spread over it."""
    draw = random.Random(seed)  # noqa: S311 - chance, not secrecy
    with mounted(keep) as disk:
        benches = (_Bench(disk, "a day", _stocked(), DAY), _Bench(disk, "first day", Folder(), NEW))
        cases = [(bench, case) for bench in benches for case in _cases(bench.learn(), draw)]
        for bench in benches:
            tally.count(f"operations of {bench.name}", bench.operations)
        if count is not None:
            cases = draw.sample(cases, min(count, len(cases)))
        for number, (bench, case) in enumerate(cases, start=1):
            tally.case(f"{bench.name}: {case.name}", bench.try_case(case, keep))
            if number % SAY_EVERY == 0:
                tally.say(f"{number} of {len(cases)} faults")
        for bench in benches:
            bench.add_to(tally)


def _cases(operations: int, draw: random.Random) -> Iterator[Case]:
    for at in range(1, operations + 1):
        for error in (errno.EIO, errno.ENOSPC):
            for lasting in (False, True):
                yield Case(at, error, lasting, draw.random() < 0.5, draw.randrange(2**32))


def _stocked() -> Folder:
    """The tree of a shop that has its people and its catalogue, and has never sold."""

    def work(_: Tell) -> None:
        place.enter()
        place.stock()

    with tempfile.TemporaryDirectory(prefix="comptoir-shop-") as folder:
        place = Place(Path(folder))
        child = Child(work)
        told = list(child.heard(SILENCE_S))
        if child.wait():
            raise RuntimeError(f"the shop could not be stocked: {told}")
        return image.load(place.path)


class _Bench:
    """Tries the same day again and again, each time on its own copy of the shop."""

    def __init__(self, disk: Disk, name: str, shop: Folder, steps: tuple[Step, ...]) -> None:
        self.name = name
        self.operations = 0
        self._disk = disk
        self._shop = shop
        self._steps = steps
        self._day = Sums({}, 0, 0)
        self._counts: dict[str, int] = {}

    def learn(self) -> int:
        """Work the day on a disk that is well: how many operations it has, and what it comes to."""
        case = Case(UNTOUCHED, errno.EIO, lasting=False, power_cut=False, seed=0)
        found: dict[str, Any] = {}
        before = self._disk.operations()
        wrong = self._live(case, self._disk.plant(self._shop, f"learn {self.name}"), found)
        if wrong or "sums" not in found:
            raise RuntimeError(f"the day does not work on a disk that is well: {wrong}")
        self._day = Sums(*found["sums"])
        self.operations = self._disk.operations() - before
        return self.operations

    def try_case(self, case: Case, keep: Path | None = None) -> list[str]:
        """Work a day with a fault, then come back; what was wrong, and in `keep` what was left."""
        found: dict[str, Any] = {"acks": []}
        day, back = f"day{case.seed}", f"back{case.seed}"  # the kernel remembers what a path was
        wrong = self._live(case, self._disk.plant(self._shop, day), found)
        hits = self._disk.hits()
        self._count(f"{hits[0].kind} {hits[0].file}" if hits else "the day ended before its fault")
        self._count("commands refused", found.get("refused", 0))
        left = self._disk.survivors(day, Cut.DROP, case.seed)
        if not wrong and Sums(*found["sums"]) != self._day:
            wrong.append(f"the day came to {found['sums']}, expected {self._day}")
        if not wrong:
            acks = [Ack(*ack) for ack in found["acks"]]
            wrong = self._come_back(self._disk.plant(left, back), acks)
            self._disk.survivors(back, Cut.DROP, 0)
        if wrong and keep:
            image.save(left, keep / case.name)
        return wrong

    def add_to(self, tally: Tally) -> None:
        """Report where the faults struck."""
        for what in sorted(self._counts):
            tally.count(what, self._counts[what])

    def _count(self, what: str, number: int = 1) -> None:
        self._counts[what] = self._counts.get(what, 0) + number

    # --- the children -----------------------------------------------------------------------------

    def _live(self, case: Case, path: Path, found: dict[str, Any]) -> list[str]:
        return self._listen(Child(lambda tell: self._work(case, Place(path), tell)), found)

    def _come_back(self, path: Path, acks: list[Ack]) -> list[str]:
        def work(tell: Tell) -> None:
            place = Place(path)
            place.enter()
            hold_still()
            with place.open() as till:
                tell("wrong", problems(till, acks))
                day = Day(till, lambda: None, tell)
                day.work(AFTERWARDS)
                tell("wrong", day.problems)

        found: dict[str, Any] = {}
        wrong = self._listen(Child(work), found)
        return [f"afterwards: {problem}" for problem in wrong]

    def _listen(self, child: Child, found: dict[str, Any]) -> list[str]:
        wrong: list[str] = []
        try:
            for kind, *told in child.heard(SILENCE_S):
                if kind == "ack":
                    found.setdefault("acks", []).append(told)
                elif kind in {"wrong", "crashed"}:
                    wrong += told[0] if kind == "wrong" else [told[0]]
                else:
                    found[kind] = told[0]
        except Silent as error:
            wrong.append(str(error))
        if child.wait() not in {0, CRASHED}:
            wrong.append(f"the till ended with status {child.status}")
        return wrong

    def _work(self, case: Case, place: Place, tell: Tell) -> None:
        """In the child: the whole day, from opening to the end."""
        place.enter()
        hold_still()
        self._disk.order_fault(Fault(case.at, case.error, case.lasting), case.seed)
        refused = self._insist(place.stock)[1] if not self._shop.now else 0
        till, refused_too = self._insist(place.open)
        day = Day(till, self._disk.heal, tell)
        day.work(self._steps)
        if not case.power_cut:
            till.closing.close()
        self._disk.heal()
        tell("refused", len(day.refused) + refused + refused_too)
        tell("wrong", day.problems)
        if case.power_cut:
            tell("sums", sums(till))
            return
        with place.open() as again:
            tell("sums", sums(again))

    def _insist(self, act: Callable[[], T]) -> tuple[T, int]:
        """Do it; refused at most twice, because the third time the disk is well."""
        for refused in range(2):
            try:
                return act(), refused
            except TOLD:
                continue
        self._disk.heal()
        return act(), 2
