"""What the printer's thread does: one job after the other, and the drawer in between.

    QUEUED --status good--> SENT --barrier answered--> PRINTED
                            SENT <--fault, cleared--> HELD
                            SENT, HELD --silence, line lost, cancelled, stopped--> UNKNOWN

A job of which no byte has left stays QUEUED, whatever happens, with the reason.  Once bytes have
left nothing is ever sent again: after new paper a printer finishes by itself what it holds, and
after a power cut it has forgotten it, and the till cannot know which.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Literal

from drivers.errors import DeviceError, DriverError, LocalProtocolError, Offline
from drivers.escpos import commands
from drivers.printer_talk import ANY_BARRIER, BLOCKED, MUTE, NO_ANSWER, PrinterTalk
from drivers.runner import Dropped, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from drivers.escpos.profiles import Profile
    from drivers.printer_talk import PrinterTiming
    from drivers.runner import Line

CHUNK_BYTES_MAX: Final = 256
TAGS: Final = 10_000

CANCELLED: Final = "printer.cancelled"
NOT_CONFIRMED: Final = "printer.not_confirmed"
STOPPED: Final = "driver.stopped"
TOO_LATE: Final = "drawer.too_late"


class JobState(StrEnum):
    """Where a print job is."""

    QUEUED = "queued"
    SENT = "sent"
    HELD = "held"
    PRINTED = "printed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PrintJob:
    """A page to print, in atoms (see encoder.py)."""

    job_id: str
    atoms: tuple[bytes, ...]
    serial: int
    """Grows with each submission: the same job submitted anew is another one."""


@dataclass(frozen=True, slots=True)
class KickDrawer:
    """Open the drawer before this moment of the runner's clock, or never."""

    pin: Literal[2, 5]
    before_s: float


@dataclass(frozen=True, slots=True)
class CancelJob:
    """Do not print the job with this serial, or no further."""

    serial: int


Command = PrintJob | KickDrawer | CancelJob
Outcome = tuple[JobState, str | None]


class _Abandoned(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PrinterDevice:
    """The printer as its runner sees it."""

    def __init__(
        self,
        profile: Profile,
        timing: PrinterTiming,
        on_job: Callable[[str, JobState, str | None], None],
        on_kick: Callable[[int, str | None], None],
    ) -> None:
        self._profile = profile
        self._timing = timing
        self._on_job = on_job
        self._on_kick = on_kick
        self._jobs: deque[PrintJob] = deque()
        self._cancelled: set[int] = set()
        self._tags = 0
        self._told: Outcome | None = None
        self._talk: PrinterTalk

    # What the runner calls.

    def on_open(self, line: Line[Command], /) -> None:
        """Ask the printer how it is."""
        self._talk = PrinterTalk(line, self._timing, answers=self._profile.answers)
        if self._profile.answers:
            self._talk.ask_and_wait()
        else:
            line.report(State.UNKNOWN, MUTE)

    def handle(self, line: Line[Command], command: Command, /) -> None:
        """Print, open the drawer, or note a cancellation."""
        match command:
            case PrintJob():
                self._jobs.append(command)
                self._print_all(line)
            case KickDrawer():
                self._kick(line, command)
            case CancelJob():
                self._cancelled.add(command.serial)

    def idle(self, line: Line[Command], /) -> None:
        """Take up what a lost line left waiting; else keep an eye on the printer."""
        if self._jobs:
            self._print_all(line)
        self._talk.listen(0.0)
        if self._talk.blocked:
            self._talk.push()
        self._talk.poll(self._timing.idle_poll_s)

    def dropped(self, command: Command, why: Dropped, /) -> None:
        """Tell of a drawer that stayed shut; a job not begun stays queued in the till's spool."""
        if isinstance(command, KickDrawer):
            self._on_kick(command.pin, TOO_LATE if why is Dropped.EXPIRED else STOPPED)

    # Jobs.

    def _print_all(self, line: Line[Command]) -> None:
        while self._jobs:
            job = self._jobs[0]
            self._told = None
            try:
                self._make_ready(line, job)
            except _Abandoned as why:
                self._end(job, (JobState.QUEUED, why.reason))
                continue
            self._end(job, self._send_and_confirm(line, job))
            if self._talk.blocked:
                # Half a command is inside the printer: only a new line starts afresh.
                raise Offline("the printer takes nothing more", key=BLOCKED)

    def _end(self, job: PrintJob, outcome: Outcome) -> None:
        self._jobs.popleft()
        # Jobs come in the order of their serials: older cancellations concern nobody.
        self._cancelled = {serial for serial in self._cancelled if serial > job.serial}
        self._tell(job, *outcome)

    def _make_ready(self, line: Line[Command], job: PrintJob) -> None:
        """Wait until the printer is fit to print; nothing of the job leaves before."""
        while True:
            self._attend(line, job)
            if not self._profile.answers:
                return
            status = self._talk.ask_and_wait()
            reason = NO_ANSWER if status is None else status.fault
            if self._talk.blocked:
                reason = BLOCKED
                self._talk.push()
            if reason is None:
                return
            self._tell(job, JobState.QUEUED, reason)
            self._pause(line, job, self._timing.held_poll_s)

    def _send_and_confirm(self, line: Line[Command], job: PrintJob) -> Outcome:
        # Told first: if the till dies now, its spool knows that bytes may have left.
        self._tell(job, JobState.SENT, None)
        try:
            for chunk in chunks(job.atoms):
                self._send(line, job, chunk)
            return self._confirm(line, job)
        except _Abandoned as why:
            if why.reason == CANCELLED:
                self._talk.push_now_or_never(commands.CLEAR_AND_RECOVER)
            return JobState.UNKNOWN, why.reason
        except Exception as error:
            # Whatever it is, a defect too: this job must never be sent a second time.
            key = error.key if isinstance(error, DriverError) else LocalProtocolError.default_key
            self._end(job, (JobState.UNKNOWN, key))
            raise

    def _send(self, line: Line[Command], job: PrintJob, data: bytes) -> None:
        done = self._talk.push(data)
        while not done:
            self._tell(job, JobState.HELD, BLOCKED)
            self._attend(line, job)
            self._talk.listen()
            done = self._talk.push()
        self._tell(job, JobState.SENT, None)
        self._attend(line, job)
        self._talk.listen(0.0)

    def _confirm(self, line: Line[Command], job: PrintJob) -> Outcome:
        """Wait until the printer says that all of it was printed."""
        if not self._profile.answers:
            return JobState.UNKNOWN, MUTE
        tag, barrier = self._barrier()
        self._talk.forget_barriers()
        self._send(line, job, barrier)
        size = sum(len(atom) for atom in job.atoms)
        allowed_s = self._timing.barrier_timeout_s + size / self._timing.slowest_bytes_per_s
        deadline_s = line.now_s() + allowed_s
        while not self._talk.confirmed(tag):
            self._attend(line, job)
            self._talk.poll(self._timing.held_poll_s)
            self._talk.listen()
            fault = self._fault()
            if fault is not None:
                # It will go on by itself once cured, however long that takes.
                deadline_s = line.now_s() + allowed_s
                self._tell(job, JobState.HELD, fault)
            elif self._talk.answered_recently:
                self._tell(job, JobState.SENT, None)
            if line.now_s() >= deadline_s:
                silent = not self._talk.answered_recently
                return JobState.UNKNOWN, NO_ANSWER if silent else NOT_CONFIRMED
        return self._last_look()

    def _last_look(self) -> Outcome:
        # GS r answers for what was processed: the last millimetres may still be in the mechanism.
        if not self._profile.process_id:
            status = self._talk.ask_and_wait()
            if status is not None and status.fault is not None:
                return JobState.UNKNOWN, status.fault
        return JobState.PRINTED, None

    def _barrier(self) -> tuple[str, bytes]:
        if not self._profile.process_id:
            return ANY_BARRIER, commands.BARRIER
        self._tags = (self._tags + 1) % TAGS
        tag = f"{self._tags:04d}"
        return tag, commands.process_id(tag)

    def _fault(self) -> str | None:
        if self._talk.blocked:
            return BLOCKED
        status = self._talk.status
        return None if status is None else status.fault

    def _tell(self, job: PrintJob, state: JobState, reason: str | None) -> None:
        if (state, reason) != self._told:
            self._told = (state, reason)
            self._on_job(job.job_id, state, reason)

    # What may come in the midst of a job.

    def _attend(self, line: Line[Command], job: PrintJob) -> None:
        """Serve the drawer and heed a cancellation; raises _Abandoned."""
        while (urgent := line.next_urgent()) is not None:
            if isinstance(urgent, KickDrawer):
                self._kick(line, urgent)
            elif isinstance(urgent, CancelJob):
                self._cancelled.add(urgent.serial)
        if job.serial in self._cancelled:
            raise _Abandoned(CANCELLED)
        if line.stopping:
            raise _Abandoned(STOPPED)

    def _pause(self, line: Line[Command], job: PrintJob, pause_s: float) -> None:
        until_s = line.now_s() + pause_s
        while line.now_s() < until_s:
            self._attend(line, job)
            self._talk.listen()

    def _kick(self, line: Line[Command], kick: KickDrawer) -> None:
        """Open the drawer if it opens at once: later, nobody would stand before it."""
        try:
            reason = self._kick_or_reason(line, kick)
        except DeviceError as error:
            self._on_kick(kick.pin, error.key)
            raise
        self._on_kick(kick.pin, reason)

    def _kick_or_reason(self, line: Line[Command], kick: KickDrawer) -> str | None:
        talk = self._talk
        if self._profile.answers and not talk.answered_recently and talk.ask_and_wait() is None:
            return BLOCKED if talk.blocked else NO_ANSWER
        if line.now_s() >= kick.before_s:
            return TOO_LATE
        if self._profile.real_time_kick:
            command = commands.kick_now(kick.pin)
        elif (fault := self._fault()) is not None:
            return fault  # an ordinary kick would wait inside the printer for new paper
        else:
            command = commands.kick(kick.pin)
        return None if talk.push_now_or_never(command) else BLOCKED


def chunks(atoms: tuple[bytes, ...]) -> Iterator[bytes]:
    """Join atoms into pieces of CHUNK_BYTES_MAX at most; a longer atom goes alone."""
    piece = b""
    for atom in atoms:
        if piece and len(piece) + len(atom) > CHUNK_BYTES_MAX:
            yield piece
            piece = b""
        piece += atom
    if piece:
        yield piece
