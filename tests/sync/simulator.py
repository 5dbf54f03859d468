"""A till, a server and everything between them that can go wrong, decided by one seed.

The uplink, campaign.db, the server's application and its database are the real ones; the wire, the
clock and chance are not. One seed is one story, and the same seed tells the same story again:

* the wire loses requests and answers, doubles them, delivers old ones late, or is down for days;
  portals answer in the server's place, servers shed load;
* the sync process and the server are killed at any moment, also between a server's commit and the
  till's; campaign.db is lost;
* the till goes on selling, and its clock is wrong.

Afterwards every entry must have arrived exactly once and in order, and the money must be right.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sync.client import Client
from sync.enrolment import enrol
from sync.errors import SyncError, TimedOut, Unreachable
from sync.pace import Pause, Tools
from sync.ports import Answer, Request
from sync.state import State
from sync.uplink import Uplink
from tests.sync.rig import CAMPAIGN, CHAIN, ORIGIN, Journal, Server, Who
from tests.sync.server.kit import VirtualClock

ENTRIES_MAX: Final = 400
EVENTS: Final = 120
CALM_STEPS_MAX: Final = 200
LATE_MAX: Final = 20


class Killed(BaseException):
    """The sync process dies here. Nothing in the code under test may catch it."""


@dataclass(frozen=True)
class Outcome:
    """What one story came to."""

    seed: int
    entries: int
    requests: int
    virtual_seconds: float
    happened: Counter[str]


@dataclass
class Weather:
    """How likely each mishap is for one request; they add up to less than one."""

    request_lost: float
    answer_lost: float
    doubled: float
    late: float
    shed: float
    portal: float
    killed: float
    server_killed: float

    @classmethod
    def drawn(cls, chance: random.Random) -> Weather:
        """Anything from a quiet day to a storm."""
        strength = chance.choice((0.0, 0.1, 0.3, 0.8))
        shares = [chance.random() for _ in range(8)]
        return cls(*(strength * share / sum(shares) for share in shares))


@dataclass
class WildLine:
    """A wire with weather (Transport)."""

    server: Server
    clock: VirtualClock
    chance: random.Random
    happened: Counter[str]
    weather: Weather | None = None
    down: bool = False
    late: list[Request] = field(default_factory=list)
    requests: int = 0

    def request(self, request: Request) -> Answer:
        self.requests += 1
        self.clock.advance(seconds=self.chance.uniform(0.01, 2.0))
        if self.late and self.chance.random() < 0.3:
            self._note("late")
            self.server.ask(self.late.pop(self.chance.randrange(len(self.late))))
        if self.down:
            raise self._lost("down")
        return self._through(request, self._mishap())

    def abort(self) -> None:
        """Nothing runs beside the story."""

    def close(self) -> None:
        """Nothing is open."""

    def _mishap(self) -> str:
        if self.weather is None:
            return ""
        names = list(vars(self.weather))
        likely = list(vars(self.weather).values())
        return self.chance.choices([*names, ""], [*likely, 1 - sum(likely)])[0]

    def _through(self, request: Request, mishap: str) -> Answer:
        if mishap:
            self._note(mishap)
        before: dict[str, Callable[[], Answer]] = {
            "request_lost": lambda: self._raise("request lost"),
            "shed": lambda: Answer(503, {"retry-after": "30"}, b""),
            "portal": lambda: Answer(200, {"content-type": "text/html"}, b"<html>"),
            "late": lambda: self._keep_for_later(request),
        }
        if mishap in before:
            return before[mishap]()
        answer = self.server.ask(request)
        if mishap == "doubled":
            answer = self.server.ask(request)
        if mishap == "server_killed":
            self.server.restart()
            raise self._lost("server killed")
        if mishap == "killed":
            raise Killed
        if mishap == "answer_lost":
            raise self._lost("answer lost")
        return answer

    def _keep_for_later(self, request: Request) -> Answer:
        self.late = [*self.late, request][-LATE_MAX:]
        raise self._lost("late")

    def _raise(self, why: str) -> Answer:
        raise self._lost(why)

    def _lost(self, why: str) -> SyncError:
        return self.chance.choice((Unreachable, TimedOut))(why)

    def _note(self, what: str) -> None:
        self.happened[what] += 1


class Story:
    """One seed's till, server and wire."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.seed = seed
        self.chance = random.Random(seed)
        self.clock = VirtualClock()
        self.start = self.clock.at
        self.skew = timedelta(seconds=self.chance.choice((0, 0, -90_000, 400, 10**8)))
        self.journal = Journal()
        self.happened: Counter[str] = Counter()
        self.folder = folder
        self.server = Server(folder / "server", self.clock)
        self.line = WildLine(self.server, self.clock, self.chance, self.happened)
        self.state = State(folder / "campaign.db")
        self.code = self.server.code(self.server.new_shop())
        self._enrol()
        self.uplink = self._uplink()
        self.due = self.clock.at

    def close(self) -> None:
        self.state.close()
        self.server.close()

    def tell(self) -> Outcome:
        """Live through it, let the sky clear, and check what arrived."""
        for _ in range(EVENTS):
            self._event()
        self.line.weather, self.line.down = None, False
        self._calm_down()
        self._check()
        seconds = (self.clock.at - self.start).total_seconds()
        entries = len(self.journal.till.entries)
        return Outcome(self.seed, entries, self.line.requests, seconds, self.happened)

    def _event(self) -> None:
        what = self.chance.choices(
            (self._turn, self._sell, self._weather, self._night, self._kill, self._lose_file),
            (60, 20, 8, 6, 5, 1),
        )[0]
        what()

    def _turn(self) -> None:
        """Time goes on to the next step of the uplink."""
        self.clock.at = max(self.clock.at, self.due)
        try:
            pause = self.uplink.step()
        except Killed:
            self._kill()
            return
        self._next(pause)

    def _next(self, pause: Pause) -> None:
        self.due = self.clock.at + timedelta(seconds=pause.seconds)

    def _sell(self) -> None:
        many = self.chance.choice((1, 1, 2, 5, 30, 250))
        for _ in range(min(many, ENTRIES_MAX - len(self.journal.till.entries))):
            if self.chance.random() < 0.1:
                self.journal.till.refund(-self.chance.randrange(1, 5000))
            else:
                self.journal.till.sell(self.chance.randrange(0, 20_000))

    def _weather(self) -> None:
        self.line.down = self.chance.random() < 0.3
        self.line.weather = Weather.drawn(self.chance)

    def _night(self) -> None:
        self.clock.advance(hours=self.chance.choice((1, 12, 24 * 30)))

    def _kill(self) -> None:
        self.happened["process killed"] += 1
        self.state.close()
        self.state = State(self.folder / "campaign.db")
        self.uplink = self._uplink()
        self.due = self.clock.at

    def _lose_file(self) -> None:
        """campaign.db is deleted; the same pairing code brings the enrolment back."""
        self.happened["file lost"] += 1
        self.state.close()
        for path in self.folder.glob("campaign.db*"):
            path.unlink()
        self.state = State(self.folder / "campaign.db")
        weather, self.line.weather = self.line.weather, None
        down, self.line.down = self.line.down, False
        self._enrol()
        self.line.weather, self.line.down = weather, down
        self.uplink = self._uplink()

    def _calm_down(self) -> None:
        for _ in range(CALM_STEPS_MAX):
            self.clock.at = max(self.clock.at, self.due)
            pause = self.uplink.step()
            self._next(pause)
            if pause.wakeable:
                return
        raise AssertionError(f"seed {self.seed}: not idle {CALM_STEPS_MAX} steps after the storm")

    def _check(self) -> None:
        entries = self.journal.till.entries
        wanted = [one.compact for one in entries]
        assert self.server.compacts() == wanted, f"seed {self.seed}: a loss, a double or a gap"
        total = sum(one.data["total"] for one in entries)
        assert self.server.turnover_cents() == total, f"seed {self.seed}: the money is wrong"
        assert self.server.quarantines() == [], f"seed {self.seed}: quarantined"
        held = self.state.enrolment(CAMPAIGN)
        assert held is not None
        last = self.journal.head(CHAIN) or (0, "0" * 64)
        assert (held.acknowledged, held.digest) == last, f"seed {self.seed}: acknowledged"
        assert (held.trouble, held.halted) == ("", False), f"seed {self.seed}: trouble is left"

    def _now(self) -> datetime:
        return self.clock.at + self.skew

    def _client(self) -> Client:
        return Client(
            ORIGIN, self.line, Who.of(self.journal.till), self._now, lambda: str(self.line.requests)
        )

    def _enrol(self) -> None:
        enrol(self.state, self._client(), self.code, shop_till="01", software="0.1.0")

    def _uplink(self) -> Uplink:
        found = self.state.enrolment(CAMPAIGN)
        assert found is not None
        client = self._client()
        client.offset_ms = self.state.offset_ms(ORIGIN)
        tools = Tools(self._now, self.chance.uniform)
        return Uplink(found, self.state, self.journal, client, tools)


def run_seed(seed: int, folder: Path) -> Outcome:
    """Tell one seed's story in an empty folder; AssertionError, naming the seed, if it ends badly.

    The folder should be in memory (/dev/shm): nothing here depends on a disk.
    """
    story = Story(seed, folder)
    try:
        return story.tell()
    finally:
        story.close()
