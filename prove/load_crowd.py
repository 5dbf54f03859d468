"""Many tills in one process, each with its own chain, that all come back to their server at once.

`python -m prove.load_crowd JOB`: makes the chains of its tills, says `ready`, waits for a line on
stdin, and then says a line of JSON: `acked` as the server takes entries in, `done` with the sums.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

import msgspec

from pos.store.keys import Identity
from prove.load_day import Day, Sums
from prove.load_town import CAMPAIGN, Place
from sync.backoff import Backoff
from sync.client import ANSWER_SECONDS, UPLOAD_SECONDS
from sync.contract.feed import FEED_WAIT_SECONDS_MAX, FeedPage
from sync.contract.messages import (
    ENTRIES_PER_BATCH_MAX,
    Uplink,
    UplinkAnswer,
    chain_of,
)
from sync.token import Tokens

HEAD_BYTES_MAX: Final = 16 * 1024
OK: Final = 200
AGAIN: Final = (429, 503)


class Job(msgspec.Struct, frozen=True):
    """What a crowd does: `arrive_s` is within how many seconds its tills come."""

    origin: str
    places: list[Place]
    entries: int
    begins: datetime
    arrive_s: float
    seed: int


class Line(msgspec.Struct):
    """What a crowd says: entries acknowledged since its last line, or the end."""

    acked: int = 0
    done: bool = False
    problems: list[str] = []
    retries: dict[str, int] = {}
    sums: Sums = msgspec.field(default_factory=Sums)
    heads: dict[str, tuple[int, str]] = {}  # by till: its entries, and the hash of their hashes


class Answer(msgspec.Struct, frozen=True):
    """What the server answered; `wait_s` is its Retry-After."""

    status: int
    wait_s: float | None
    body: bytes


class Crowd:
    """The tills of a job."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._draw = random.Random(job.seed)  # noqa: S311 - chance, not secrecy
        self.days = [Day(place, job.entries, job.begins) for place in job.places]
        self.retries: Counter[str] = Counter()
        self.problems: list[str] = []
        self.acked = 0

    async def come(self) -> None:
        """All tills, each in its own time; one that is refused is a problem.

        Each stays, and listens for news as tills do, until the last has brought its day.
        """
        reporter = asyncio.create_task(self._report())
        tills = [_Till(day, self._job.origin) for day in self.days]
        listening: list[asyncio.Task[bool]] = []
        async with asyncio.TaskGroup() as group:
            for till in tills:
                after_s = self._draw.uniform(0, self._job.arrive_s)
                group.create_task(self._bring(till, after_s, listening))
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
        reporter.cancel()
        say(Line(acked=self.acked))

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(1)
            say(Line(acked=self.acked))
            self.acked = 0

    async def _bring(
        self, till: _Till, after_s: float, listening: list[asyncio.Task[bool]]
    ) -> None:
        await asyncio.sleep(after_s)
        if await self._go_on(till, till.send, lambda: till.has_more):
            listen = self._go_on(till, till.listen, lambda: True)
            listening.append(asyncio.create_task(listen))

    async def _go_on(
        self, till: _Till, ask: Callable[[], Awaitable[int | Answer]], more: Callable[[], bool]
    ) -> bool:
        """Ask until there is no more, as patiently as tills are; whether it was never refused."""
        backoff = Backoff(self._draw.uniform)
        while more():
            try:
                taken = await ask()
            except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError) as error:
                self.retries[type(error).__name__] += 1
                await asyncio.sleep(backoff.failed())
                continue
            if isinstance(taken, int):
                self.acked += taken
                backoff.succeeded()
            elif taken.status in AGAIN:
                self.retries[str(taken.status)] += 1
                await asyncio.sleep(backoff.failed(taken.wait_s))
            else:
                said = taken.body[:200].decode("utf-8", "replace")
                self.problems.append(f"{till.name}: {taken.status} {said}")
                return False
        return True


class _Till:
    """One till's line to the server: its entries, then its news."""

    def __init__(self, day: Day, origin: str) -> None:
        self._day = day
        self._at = urlsplit(origin)
        self._tokens = Tokens(Identity(day.till, 1, day.key), origin, lambda: "1")
        self._acknowledged = 0
        self._cursor = ""
        self._line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    @property
    def name(self) -> str:
        """The till's name."""
        return self._day.till

    @property
    def has_more(self) -> bool:
        """Whether entries are left that the server has not acknowledged."""
        return self._acknowledged < len(self._day.chain)

    async def listen(self) -> int | Answer:
        """Wait for news: the answer that refuses, or 0."""
        cursor = quote(self._cursor, safe="")
        target = f"/v1/tills/{self.name}/feed?cursor={cursor}&wait={FEED_WAIT_SECONDS_MAX}"
        answer = await self._ask("GET", target, b"", FEED_WAIT_SECONDS_MAX + ANSWER_SECONDS)
        if answer.status != OK:
            return answer
        self._cursor = msgspec.json.decode(answer.body, type=FeedPage).cursor
        return 0

    async def send(self) -> int | Answer:
        """Send what is next: how many entries were taken in, or the answer that refuses."""
        first = self._acknowledged
        entries = self._day.chain[first : first + ENTRIES_PER_BATCH_MAX]
        compacts = [entry.compact.decode("ascii") for entry in entries]
        body = msgspec.json.encode(Uplink(chain=chain_of(CAMPAIGN), entries=compacts))
        answer = await self._ask(
            "POST", f"/v1/tills/{self._day.till}/entries", body, UPLOAD_SECONDS
        )
        if answer.status != OK:
            return answer
        said = msgspec.json.decode(answer.body, type=UplinkAnswer)
        if any(one.verdict == "rejected" for one in said.verdicts):
            return Answer(OK, None, answer.body)
        self._acknowledged = said.acknowledged
        return self._acknowledged - first

    async def _ask(self, method: str, target: str, body: bytes, seconds: float) -> Answer:
        try:
            async with asyncio.timeout(seconds):
                if self._line is None:
                    self._line = await asyncio.open_connection(
                        self._at.hostname, self._at.port, limit=HEAD_BYTES_MAX
                    )
                reader, writer = self._line
                writer.write(self._head(method, target, len(body)) + body)
                await writer.drain()
                return await self._read(reader)
        except BaseException:
            self.close()
            raise

    def _head(self, method: str, target: str, size: int) -> bytes:
        token = self._tokens.at(datetime.now(UTC))
        return (
            f"{method} {target} HTTP/1.1\r\nHost: {self._at.netloc}\r\n"
            f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {size}\r\n\r\n"
        ).encode("ascii")

    async def _read(self, reader: asyncio.StreamReader) -> Answer:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
        length = fields.get("content-length")
        body = await (reader.readexactly(int(length)) if length else reader.read())
        if fields.get("connection") == "close" or length is None:
            self.close()
        wait = fields.get("retry-after")
        return Answer(int(head[0].split(" ")[1]), float(wait) if wait else None, body)

    def close(self) -> None:
        """Hang up."""
        if self._line is not None:
            self._line[1].close()
            self._line = None


def say(line: Line) -> None:
    """A line to whoever started this."""
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()


def head_of(digests: list[bytes]) -> tuple[int, str]:
    """How many entries, and one hash over all of theirs."""
    return len(digests), hashlib.sha256(b"".join(digests)).hexdigest()


def _end(crowd: Crowd) -> Line:
    sums = Sums()
    for day in crowd.days:
        sums.add(day.sums)
    heads = {
        day.till: head_of([bytes.fromhex(entry.digest) for entry in day.chain])
        for day in crowd.days
    }
    problems = crowd.problems[:10]
    return Line(done=True, problems=problems, retries=crowd.retries, sums=sums, heads=heads)


def main() -> None:
    """Make the chains, wait for the word, bring them."""
    crowd = Crowd(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Job))
    say(Line())
    if sys.stdin.readline():
        asyncio.run(crowd.come())
        say(_end(crowd))


if __name__ == "__main__":
    main()
