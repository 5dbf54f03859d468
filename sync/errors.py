"""What can go wrong between a till and a campaign server, seen from the till.

SyncError
├── BadAddress         the server's address cannot be used; the message says what was expected
├── StateError         campaign.db cannot be opened or written
│   └── InUse          another sync process works on it
├── AlreadyEnrolled    the campaign is served by another address already
├── BadCode            what was typed cannot be a pairing code
├── Untrusted          a signature or a fingerprint does not come from the campaign's key
├── JournalUnreadable  the till's journal cannot be read, or has a hole; a Source raises it too
├── Stopped            the request was broken off from this side: the program ends
├── RolledBack         the server holds entries that this till's journal no longer has
├── NotEnrolled        this till is not in that campaign, or not under its present epoch
├── Malformed          what is asked is nothing that a server could answer
├── BadStick           a file of a USB stick cannot be used; nothing of it was
│   ├── DamagedStick   it is not whole, or nothing that this program wrote
│   ├── ForeignStick   it belongs to another till or campaign
│   └── OldStick       what it answers is over: an earlier epoch, or another export
├── CallError          a call of the till over the socket, not answered with yes
│   ├── CallRefused    no, and why
│   └── CallUnanswered nobody answered in time
│       └── NoSync     the sync process does not run
├── NoAnswer           nothing is known about what the server did: ask again later
│   ├── NotAsked       but it has not heard of it: there was no time, or the line hangs
│   ├── Unreachable    no connection, or cut before the answer was whole
│   ├── TimedOut       no whole answer in time
│   └── Incompatible   something answered that does not speak this protocol
└── Rejected           the server refuses, and says why by a problem (RFC 9457)
    ├── Busy           it asks for patience (408, 425, 429, 5xx)
    ├── Gap            entries are missing before these; `expected` is wanted
    ├── Fork           the same number was seen with other content
    ├── Quarantined    this till is stopped in this epoch
    ├── EpochClosed    a later epoch of this till has taken over
    ├── Unauthorised   the token was not accepted
    │   └── ClockSkew  because the clocks are too far apart
    └── TooLarge       the body is larger than something on the way accepts

`trouble` is the short stable name that screens and files carry. A `final` error is not tried again
by itself: a person, a later epoch or a restart has to come first.
"""

from __future__ import annotations

from typing import ClassVar

from sync.contract.messages import Problem, problem_name


class SyncError(Exception):
    """Anything that the client side raises on purpose."""

    final: ClassVar[bool] = False
    name: ClassVar[str] = "trouble"

    @property
    def trouble(self) -> str:
        """The short stable name of what is wrong."""
        return self.name


class BadAddress(SyncError):
    """An address that no till should send its sales to."""

    name = "bad-address"


class StateError(SyncError):
    """campaign.db cannot be used; the message names the file and the reason."""

    name = "state"


class InUse(StateError):
    """Another process holds campaign.db."""

    name = "in-use"


class AlreadyEnrolled(SyncError):
    """A campaign of this name is already served by another address."""

    name = "already-enrolled"


class BadCode(SyncError):
    """Not a pairing code."""

    name = "bad-code"


class Untrusted(SyncError):
    """Signed, or vouched for, by another key than the campaign's."""

    name = "untrusted"


class JournalUnreadable(SyncError):
    """The till's journal does not give what it announces."""

    name = "journal-unreadable"


class Stopped(SyncError):
    """Broken off by Transport.abort: nothing is wrong."""

    name = "stopped"


class RolledBack(SyncError):
    """This till's journal was put back to an earlier state: it needs a later epoch."""

    final = True
    name = "rolled-back"


class NotEnrolled(SyncError):
    """No enrolment of this till, under its present epoch, in the campaign that is asked about."""

    name = "not-enrolled"


class Malformed(SyncError):
    """A question that no server would read; the message says what was expected."""

    name = "malformed"


class BadStick(SyncError):
    """A file that was brought on a USB stick; the message says what was expected."""

    name = "bad-stick"


class DamagedStick(BadStick):
    """Cut short, changed, or something else."""

    name = "stick-damaged"


class ForeignStick(BadStick):
    """Of another till, or of a campaign that this one is not in."""

    name = "stick-foreign"


class OldStick(BadStick):
    """Of an earlier epoch, or the answer to an export that this till knows nothing of."""

    name = "stick-old"


class CallError(SyncError):
    """A call that was not answered with yes."""


class CallRefused(CallError):
    """The server, or the sync process, says no. `problem` is the short name of why."""

    def __init__(self, problem: str, detail: str) -> None:
        super().__init__(detail or problem)
        self.problem = problem
        self.detail = detail

    @property
    def trouble(self) -> str:
        """The short name of the problem."""
        return self.problem


class CallUnanswered(CallError):
    """Nobody answered in time. `why` is a short name; `perhaps`: it may have been done."""

    def __init__(self, why: str, detail: str, *, perhaps: bool) -> None:
        super().__init__(detail or why)
        self.why = why
        self.detail = detail
        self.perhaps = perhaps

    @property
    def trouble(self) -> str:
        """The short name of why."""
        return self.why


class NoSync(CallUnanswered):
    """Nobody is at the till's socket, or whoever was has gone before he answered."""

    name = "no-sync"

    def __init__(self, detail: str, *, perhaps: bool) -> None:
        super().__init__(self.name, detail, perhaps=perhaps)


class NoAnswer(SyncError):
    """Whether the request arrived is unknown."""

    name = "no-answer"


class NotAsked(NoAnswer):
    """The request was not sent."""

    name = "not-asked"


class Unreachable(NoAnswer):
    """No connection, or it ended before the answer did."""

    name = "unreachable"


class TimedOut(NoAnswer):
    """No whole answer within the time of the request."""

    name = "timed-out"


class Incompatible(NoAnswer):
    """An answer that is not this protocol's: a captive portal, a proxy, another version."""

    name = "incompatible"


class Rejected(SyncError):
    """The server refuses. `retry_after_seconds` is its own wish, when it has one."""

    def __init__(self, problem: Problem, retry_after_seconds: float | None = None) -> None:
        super().__init__(problem.detail or problem.title)
        self.problem = problem
        self.retry_after_seconds = retry_after_seconds

    @property
    def trouble(self) -> str:
        """The short name of the problem."""
        return problem_name(self.problem)


class Busy(Rejected):
    """The server, or what stands before it, cannot serve now."""


class Gap(Rejected):
    """Entries are missing on the server."""

    @property
    def expected(self) -> int | None:
        """The number that the server wants next, when it says so."""
        return self.problem.expected


class Fork(Rejected):
    """Two contents were signed under one number: by this till, or by a copy of it."""

    final = True


class Quarantined(Rejected):
    """Stopped after a fork; left by a later epoch."""

    final = True


class EpochClosed(Rejected):
    """A later epoch goes on in this one's place."""

    final = True


class Unauthorised(Rejected):
    """The server does not accept this till's token."""


class ClockSkew(Unauthorised):
    """The till's idea of the server's time is too far off."""


class TooLarge(Rejected):
    """The batch has to be cut smaller."""
