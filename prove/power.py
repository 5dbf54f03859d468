"""Power cuts: a till sells on powerfs until the power goes, at every kind of moment.

Each life of the till opens it on what the last cut left, checks it against everything that was ever
acknowledged, and sells on until the next cut. Cuts also hit the opening, the checks themselves and,
with a new disk from time to time, the very first start.

The control: the same till with `synchronous=NORMAL` for what must be durable. It has to lose
acknowledged sales, or these proofs prove nothing.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from pos.store import database
from pos.store.database import Database
from prove.checks import Ack, lost, problems
from prove.child import CRASHED, Child, Silent, Tell
from prove.disk import Disk, mounted
from prove.image import Cut
from prove.shop import BASKETS_A_DAY, WHO, Place, Returning, shoppers
from prove.tally import Tally

CUTS: Final = 100
CONTROL_CUTS: Final = 20
CONTROL_CUTS_MIN: Final = 3
LIVES_A_DISK: Final = 10
# Opening a shop takes about 300 operations, a sale 15 to 60.
EARLY_SHARE: Final = 0.3
AT_SYNC_SHARE: Final = 0.4
EARLY_OPERATIONS: Final = 400
OPERATIONS_MAX: Final = 3000
SILENCE_S: Final = 60.0
CHECKPOINT_PAGES: Final = 60
QUIET: Final = 0.2
QUIET_S: Final = 0.07


def prove_power(
    tally: Tally, seed: int, count: int | None = None, keep: Path | None = None
) -> None:
    """Cut the power `count` times (CUTS); then the control."""
    count = count or CUTS
    _cut_often(tally, random.Random(seed), count, keep)  # noqa: S311 - chance, not secrecy
    _control(tally, random.Random(seed + 1), max(CONTROL_CUTS_MIN, min(count, CONTROL_CUTS)))  # noqa: S311


def _cut_often(tally: Tally, draw: random.Random, count: int, keep: Path | None) -> None:
    done = 0
    while done < count:
        lives = min(LIVES_A_DISK, count - done)
        with mounted(keep) as disk:
            story = _Story(disk, draw)
            for _ in range(lives):
                found = story.life(draw.choice(list(Cut)))
                done += 1
                tally.case(f"power cut {done}", found)
                if found and keep:
                    disk.save(keep / f"cut-{done}")
            tally.case(f"after cut {done}", story.last_life())
            story.add_to(tally)
        tally.say(f"{done} of {count} cuts, {tally.counts['acknowledged entries']} acknowledged")


def _control(tally: Tally, draw: random.Random, count: int) -> None:
    """Fewer syncs must lose acknowledged sales: the cut and the checks see it."""
    lost = 0
    for _ in range(count):
        with mounted() as disk:
            story = _Story(disk, draw, weaken=not_durable)
            story.life(Cut.DROP, in_the_day=True)
            lost += story.lost()
    tally.count("control: cuts with synchronous=NORMAL", count)
    tally.count("control: acknowledged entries lost, as expected", lost)
    missing = [] if lost else ["synchronous=NORMAL lost nothing: this proof cannot see a loss"]
    tally.case("control", missing)


def not_durable() -> None:
    """Take the sync out of every commit of this process, as no setting of the till can.

    Checkpoints sync too, so there are none.
    """
    database.CHECKPOINT_PAGES = OPERATIONS_MAX  # type: ignore[misc] # more than the till will write

    def normal(self: Database, level: int) -> None:
        del level
        self.connection.execute("PRAGMA synchronous = NORMAL")

    Database._set_synchronous = normal  # type: ignore[method-assign] # the control


class _Story:
    """One disk through several lives of its till."""

    def __init__(
        self, disk: Disk, draw: random.Random, weaken: Callable[[], None] = lambda: None
    ) -> None:
        self._disk = disk
        self._draw = draw
        self._weaken = weaken
        self._acked: list[Ack] = []
        self._examined = 0
        self._where: list[str] = []

    def life(self, cut: Cut, *, in_the_day: bool = False) -> list[str]:
        """Live until the power goes; what went wrong before, and what was checked, is returned."""
        early = not in_the_day and self._draw.random() < EARLY_SHARE
        at_sync = not in_the_day and self._draw.random() < AT_SYNC_SHARE
        upto = EARLY_OPERATIONS if early else OPERATIONS_MAX
        at = self._draw.randint(1 if early else EARLY_OPERATIONS, upto)
        seed = self._draw.randrange(2**32)
        self._disk.order_cut(at, at_sync=at_sync)
        found = self._live(lambda tell: self._sell(seed, tell))
        self._where += [f"{hit.kind} {hit.file}" for hit in self._disk.hits()]
        self._disk.restart(cut, seed)
        return found

    def last_life(self) -> list[str]:
        """Come back once more, check everything with a full audit, close the day and the till."""
        seed = self._draw.randrange(2**32)
        return self._live(lambda tell: self._sell(seed, tell, last=True))

    def lost(self) -> int:
        """Come back once more: how many acknowledged entries are not there."""

        def work(tell: Tell) -> None:
            place = Place(self._disk.mount)
            place.enter()
            with place.open() as till:
                tell("lost", len(list(lost(till, self._acked))))

        return sum(told[0] for kind, *told in Child(work).heard(SILENCE_S) if kind == "lost")

    def add_to(self, tally: Tally) -> None:
        """Report what happened on this disk."""
        tally.count("acknowledged entries", len(self._acked))
        tally.count("acknowledged sales", sum(ack.chain == "ticket" for ack in self._acked))
        tally.count("times examined", self._examined)
        for where in self._where:
            tally.count(f"cut before {where}")

    def _live(self, work: Callable[[Tell], None]) -> list[str]:
        child = Child(work)
        self._disk.plug(child.pid)
        found: list[str] = []
        try:
            for kind, *told in child.heard(SILENCE_S):
                found += self._hear(kind, told)
        except Silent as error:
            found.append(str(error))
        if child.wait() == CRASHED and not found:
            found.append("the till ended in an exception")
        return found

    def _hear(self, kind: str, told: list[Any]) -> list[str]:
        if kind == "ack":
            self._acked.append(Ack(*told))
        elif kind == "examined":
            self._examined += 1
            return list(told[0])
        elif kind == "crashed" and not self._disk_is_off():
            return [str(told[0])]
        return []

    def _disk_is_off(self) -> bool:
        """Whatever a till says in the moment between the cut and its end does not count."""
        return bool(self._disk.hits())

    def _sell(self, seed: int, tell: Tell, *, last: bool = False) -> None:
        """In the child: open, examine, sell."""
        place = Place(self._disk.mount)
        place.enter()
        place.stock()
        database.CHECKPOINT_PAGES = CHECKPOINT_PAGES  # type: ignore[misc] # many, to cut them
        self._weaken()
        draw = random.Random(seed)  # noqa: S311 - chance, not secrecy
        with place.open() as till:
            tell("examined", problems(till, self._acked, full_audit=last))
            cashier = Returning(
                till.desk,
                draw,
                acknowledge=lambda s: tell("ack", "ticket", s.number, s.entry.digest),
            )
            cashier.arrive(WHO.code, WHO.pin)
            for number, basket in enumerate(shoppers(draw), start=1):
                cashier.open_day()
                cashier.serve(basket)
                if draw.random() < QUIET:
                    time.sleep(QUIET_S)  # the till catches up with books and checkpoints
                if number % BASKETS_A_DAY == 0:
                    cashier.close_day()
                    closing = till.desk.ports.ledger.last("closing")
                    if closing:
                        tell("ack", "closing", closing.payload.number, closing.digest)
                    if last:
                        return
