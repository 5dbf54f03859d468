"""Sending one campaign's chain: from the journal, in order, each entry once.

The journal is the queue; this job only knows up to which number the server has acknowledged it.
After every start and every broken line it first asks the server what it holds, which costs one
small answer, instead of guessing what became of the last request.

    comparing --server holds up to N--> sending --acknowledged--> sending ... --none left--> idle
    sending --gap--> sending from `expected`        any --no answer--> comparing, after a wait
    any --fork, quarantine, closed epoch, rollback--> halted, until the till has a later epoch
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import timedelta

from sync.backoff import Backoff
from sync.batches import Rows, next_rows
from sync.client import Client
from sync.contract.messages import ENTRIES_PER_BATCH_MAX, UplinkAnswer
from sync.errors import (
    Gap,
    Incompatible,
    JournalUnreadable,
    NoAnswer,
    Rejected,
    RolledBack,
    StateError,
    Stopped,
    SyncError,
    TimedOut,
    TooLarge,
)
from sync.pace import HALTED, IDLE, NOW, Mood, Pause, Tools
from sync.ports import Source
from sync.records import Enrolment
from sync.state import State
from sync.writes import Mark


class Uplink:
    """The job of one enrolment. Call `step` again and again, from one thread."""

    def __init__(
        self, enrolment: Enrolment, state: State, source: Source, client: Client, tools: Tools
    ) -> None:
        self._enrolment = enrolment
        self._chain = enrolment.chain
        self._state = state
        self._source = source
        self._client = client
        self._tools = tools
        self._mood = Mood(enrolment.campaign, tools)
        self._backoff = Backoff(tools.uniform)
        self._after = enrolment.acknowledged
        self._written = Mark(enrolment.acknowledged, enrolment.digest)
        self._first_time = enrolment.acknowledged_at is None
        self._troubled = bool(enrolment.trouble)
        self._halted = enrolment.halted
        self._compared = False
        self._limit = self._tried = ENTRIES_PER_BATCH_MAX

    def step(self) -> Pause:
        """Do one thing: compare, send one batch, or find nothing to do. Never raises SyncError."""
        if self._halted:
            return HALTED
        try:
            pause = self._send() if self._compared else self._compare()
        except Stopped:
            return NOW
        except SyncError as error:
            return self._failed(error)
        self._mood.well()
        return pause

    def _compare(self) -> Pause:
        """Find out where to go on; the server's word counts, as far as the journal bears it out."""
        held = self._client.chain(self._chain)
        head = self._source.head(self._chain)
        last = head[0] if head else 0
        if held.acknowledged > last:
            raise RolledBack(f"the server holds {held.acknowledged} entries, this journal {last}")
        if held.acknowledged == 0:
            # Under a new epoch it holds nothing yet, and goes on where the last one ended.
            self._after = min(self._after, last) if self._first_time else 0
        elif self._digest(held.acknowledged) == held.head:
            self._after = held.acknowledged
            self._write(Mark(held.acknowledged, held.head), None)
        else:
            # Two journals under one identity: show ours, so that the server keeps the evidence.
            self._after = held.acknowledged - 1
        self._compared = True
        self._answered()
        return NOW

    def _send(self) -> Pause:
        rows = next_rows(self._source, self._chain, self._after, self._limit)
        if not rows:
            if self._troubled:
                self._state.well(self._enrolment)
                self._troubled = False
            return IDLE
        self._tried = len(rows)
        try:
            answer = self._client.upload(self._chain, [compact for _, _, compact in rows])
        except Gap as gap:
            return self._rewind(gap, rows[0][0])
        mark = self._mark(answer, rows)
        self._write(mark, answer)
        self._after = mark.number
        self._limit = min(ENTRIES_PER_BATCH_MAX, self._limit * 2)
        self._answered()
        return NOW

    def _rewind(self, gap: Gap, first: int) -> Pause:
        # Only ever backwards, so that a confused server cannot send us round in circles.
        if gap.expected is None or not 1 <= gap.expected < first:
            raise Incompatible(f"a gap before {first}, but {gap.expected} is expected")
        self._after = gap.expected - 1
        return NOW

    def _mark(self, answer: UplinkAnswer, rows: Rows) -> Mark:
        number = answer.acknowledged
        if number <= self._after:
            raise Incompatible(f"{number} acknowledged, after {self._after + 1} was sent")
        if number <= rows[-1][0]:
            compact = rows[number - self._after - 1][2]
            return Mark(number, hashlib.sha256(compact).hexdigest())
        head = self._source.head(self._chain)
        if head is None or head[0] < number:
            raise RolledBack(f"the server holds {number} entries, this journal is shorter")
        return Mark(number, self._digest(number))

    def _digest(self, number: int) -> str:
        rows = self._source.read(self._chain, number - 1, 1)
        if not rows or rows[0][0] != number:
            raise JournalUnreadable(f"{self._chain}: entry {number} is not there")
        return hashlib.sha256(rows[0][2]).hexdigest()

    def _write(self, mark: Mark, answer: UplinkAnswer | None) -> None:
        """Keep what the server holds; without news, the disk is left alone."""
        if answer is None and mark == self._written and not self._first_time:
            return
        verdicts = answer.verdicts if answer else []
        sent = range(self._after + 1, self._after + 1 + self._tried)
        verdicts = [one for one in verdicts if one.number in sent]
        self._state.acknowledge(self._enrolment, mark, self._tools.clock(), verdicts)
        self._written, self._first_time, self._troubled = mark, False, False

    def _answered(self) -> None:
        self._backoff.succeeded()
        now = self._tools.clock()
        self._state.contact(self._enrolment.origin, now, self._client.offset_ms)

    def _failed(self, error: SyncError) -> Pause:
        self._mood.troubled(error)
        self._troubled = True
        if isinstance(error, NoAnswer):
            self._compared = False
        if isinstance(error, TooLarge | TimedOut):
            self._limit = max(1, self._tried // 2)
        if error.final:
            self._halted = True
            with suppress(StateError):  # told anyway; the next start finds out again
                self._state.halt(self._enrolment, error)
            return HALTED
        seconds = self._backoff.failed(
            error.retry_after_seconds if isinstance(error, Rejected) else None
        )
        with suppress(StateError):
            retry_at = self._tools.clock() + timedelta(seconds=seconds)
            self._state.trouble(self._enrolment, error, retry_at)
        return Pause(seconds)
