"""A scripted day at the plain front, worked by somebody who repeats what the till refused.

The day is the same every time, so what it comes to is known: a refused command that was carried out
all the same, or one that was answered and is not there, shows in the sums.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from pos.app.views import show
from pos.bootstrap import Till
from pos.domain.errors import DiskFailed, DiskFull, NotRecorded
from pos.domain.events import EventCode
from pos.domain.ticket import from_data as read_ticket
from pos.plain.front import PlainFront
from pos.plain.replies import sale_data
from pos.store import database, writer
from prove.checks import Ack
from prove.shop import WHO
from sync.contract.entry import Entry

BREAD: Final = "2000000000015"
LOAF: Final = "2000000000022"
CROISSANT: Final = "2000000000046"
REST: Final = ""
DISK_SAYS: Final = frozenset(error.key for error in (DiskFailed, DiskFull, NotRecorded))
NEVER_S: Final = 3600.0
CHECKPOINT_PAGES: Final = 8
STARTS: Final = f"event {EventCode.STARTED.name.lower()}"
WAIT_S: Final = 10.0


class Step(NamedTuple):
    """A line for the front, and the chain in which it leaves an entry."""

    line: str
    chain: str = ""


MORNING: Final = (
    Step(f"login {WHO.code} {WHO.pin}"),
    Step("float 150,00", "cash"),
)
DAY: Final = (
    *MORNING,
    Step(BREAD),
    Step(f"2*{LOAF}"),
    Step("cash 20,00", "ticket"),
    Step(REST),
    Step(f"3*{CROISSANT}"),
    Step(BREAD),
    Step("void 2"),
    Step("discount 10%"),
    Step("tender Titre-restaurant 2,00"),
    Step("cash", "ticket"),
    Step(LOAF),
    Step("park Martin"),
    Step(BREAD),
    Step("cash", "ticket"),
    Step("recall Martin"),
    Step("cash 5,00", "ticket"),
    Step("receipt", "copy"),
    Step("refund 1 1"),
    Step("cash", "ticket"),
    Step(REST),
    Step(CROISSANT),
    Step("cancel"),
    Step("paid-out 3,50 timbres", "cash"),
    Step("x"),
    Step("pickup 5,00", "cash"),
    Step("z 140,00", "closing"),
)
AFTERWARDS: Final = (*MORNING, Step(BREAD), Step("cash", "ticket"))
NEW: Final = (*AFTERWARDS, Step(REST), Step("z", "closing"))


class Sums(NamedTuple):
    """What the journal comes to: entries by kind, tickets' and closings' totals in cents."""

    entries: dict[str, int]
    tickets: int
    closings: int


class Refused(NamedTuple):
    """A command that the till refused, and its reason's key."""

    line: str
    error: str


def hold_still() -> None:
    """Let leftover work (books, checkpoints) happen at the script's rests only, and every time."""
    writer.IDLE_AFTER_SECONDS = NEVER_S  # type: ignore[misc] # the proofs need the same day each time
    database.CHECKPOINT_PAGES = CHECKPOINT_PAGES  # type: ignore[misc]


class Day:
    """Works a script line by line. `heal` makes the disk well again."""

    def __init__(self, till: Till, heal: Callable[[], None], tell: Callable[..., None]) -> None:
        self.problems: list[str] = []
        self.refused: list[Refused] = []
        self._till = till
        self._front = PlainFront(till.desk, till.language, WAIT_S)
        self._heal = heal
        self._tell = tell

    def work(self, steps: tuple[Step, ...]) -> None:
        """Carry out each step; what is refused is tried twice more, lastly on a well disk."""
        for step in steps:
            if step.line == REST:
                self._rest()
            elif not self._do(step) and not self._do(step):
                self._heal()
                if not self._do(step):
                    self.problems.append(f"{step.line!r}: refused on a disk that is well")
                    return

    def _do(self, step: Step) -> bool:
        before = self._counter()
        reply = self._front.do(step.line)
        if reply is None:
            raise ValueError(f"{step.line!r} is no command")
        if reply.ok:
            self._acknowledge(step)
            return True
        self.refused.append(Refused(step.line, str(reply.data.get("error"))))
        if reply.data.get("error") not in DISK_SAYS:
            self.problems.append(f"{step.line!r}: {reply.text}")
        after = self._counter()
        if after != before:
            self.problems.append(f"{step.line!r} was refused and yet changed {before} to {after}")
        return False

    def _counter(self) -> dict[str, Any]:
        """The sale under way, as the front shows it."""
        return sale_data(show(self._till.desk).sale)

    def _acknowledge(self, step: Step) -> None:
        if step.chain:
            entry = self._till.desk.ports.ledger.last(step.chain)
            if entry is None:
                self.problems.append(f"{step.line!r} was answered and left no entry")
            else:
                self._tell("ack", *Ack(step.chain, entry.payload.number, entry.digest))

    def _rest(self) -> None:
        """Nobody is at the counter: the till catches up."""
        turns = self._till.store.writer
        writer.IDLE_AFTER_SECONDS = 0.0  # type: ignore[misc] # see hold_still
        turns.submit(lambda: None).result(WAIT_S)
        time.sleep(0.005)
        writer.IDLE_AFTER_SECONDS = NEVER_S  # type: ignore[misc]
        turns.submit(lambda: None).result(WAIT_S)


def sums(till: Till) -> Sums:
    """Add the journal up."""
    entries: Counter[str] = Counter()
    tickets = closings = 0
    for entry in till.desk.ports.ledger.since(0):
        entries[_kind(entry)] += 1
        if entry.payload.chain == "ticket":
            tickets += read_ticket(entry.data).total.ttc
        elif entry.payload.chain == "closing":
            closings += entry.data["total"]["ttc"]
    del entries[STARTS]  # as often as somebody tried
    return Sums(dict(entries), tickets, closings)


def _kind(entry: Entry) -> str:
    """A chain's name; events by their own."""
    chain = entry.payload.chain
    return f"{chain} {entry.data['name']}" if chain == "event" else chain
