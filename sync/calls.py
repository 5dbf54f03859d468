"""What a till asks of its sync process while the shopper waits.

The till itself never talks to the network: it asks here, and has an answer or knows that there is
none within CALL_SECONDS_MAX. This module imports neither httpx nor threads: a till starts with it.

    CallError
    ├── CallRefused        no; by a problem's short name (sync.contract.messages.PROBLEMS)
    └── CallUnanswered     no line, no time: the offline rules apply
        └── NoSync         nobody is at the socket, or whoever was has gone

After CallUnanswered with `perhaps`, the server may hold the voucher all the same: asking again with
the same key is safe and tells; else the voucher is free once this till's chain has gone on past the
reservation's time.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from sync.contract.calls import CALL_SECONDS_MAX, Reservation
from sync.errors import CallError, CallRefused, CallUnanswered, NoSync
from sync.frames import (
    REPLIES,
    Ask,
    Carried,
    Carry,
    Done,
    Enrol,
    Enrolled,
    FrameError,
    Held,
    No,
    Release,
    Reply,
    Reserve,
    Silence,
    Wake,
    receive,
    send,
    short_name,
)

__all__ = ["CallError", "CallRefused", "CallUnanswered", "CallsClient", "NoSync"]

# A network is asked twice at most, and a stick is as slow as sticks are.
PATIENT_SECONDS: Final = 60.0
WAKE_SECONDS: Final = 0.2
T = TypeVar("T", bound=Reply)


class CallsClient:
    """The calls of one till. Methods raise CallRefused or CallUnanswered; any thread may call."""

    def __init__(self, path: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`path` is that of the socket: SOCKET_NAME in the data folder."""
        self.path = path
        self._monotonic = monotonic

    def reserve(self, campaign: str, voucher: str, sale: str, due: int, key: str) -> Reservation:
        """Hold a voucher for a sale (its UUID) that still has `due` cents to pay.

        `key` names this question: 8 to 64 letters and digits, the same when it is repeated.
        """
        ask = Reserve(campaign=campaign, voucher=voucher, sale=sale, due=due, key=key)
        return self._call(ask, Held, CALL_SECONDS_MAX).reservation

    def release(self, campaign: str, reservation: str) -> None:
        """Let a voucher go that was held."""
        self._call(Release(campaign=campaign, reservation=reservation), Done, CALL_SECONDS_MAX)

    def is_there(self) -> bool:
        """Whether a sync process listens; asks nothing of it and never waits."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as connection:
            connection.settimeout(0.0)
            try:
                with short_name(self.path) as name:
                    connection.connect(name)
            except BlockingIOError:
                return True  # so many call it that one more would have to wait
            except OSError:
                return False
        return True

    def wake(self) -> None:
        """The journal grew: send it now, instead of within a second."""
        self._call(Wake(), Done, WAKE_SECONDS)

    def enrol(self, epoch: int, server: str, code: str, shop_till: str) -> Enrolled:
        """Join a campaign while the sync process runs; takes as long as its server takes.

        `epoch` is the till's present one, which the process takes up within seconds: until then
        the answer is CallUnanswered, without `perhaps`.
        """
        ask = Enrol(epoch=epoch, server=server, code=code, shop_till=shop_till)
        return self._call(ask, Enrolled, PATIENT_SECONDS)

    def carry(self, path: Path) -> Carried:
        """Take in an answer that a USB stick brought, while the sync process runs."""
        return self._call(Carry(path=str(path.absolute())), Carried, PATIENT_SECONDS)

    def _call(self, ask: Ask, kind: type[T], seconds: float) -> T:
        until = self._monotonic() + seconds
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as connection:
            self._connect(connection, until)
            try:
                send(connection, ask)
                found: Reply = receive(connection, REPLIES, until, self._monotonic)
            except TimeoutError as error:
                raise CallUnanswered("timed-out", str(error), perhaps=True) from error
            except (OSError, FrameError) as error:
                raise NoSync(str(error), perhaps=True) from error
        if isinstance(found, kind):
            return found
        raise _error_of(found)

    def _connect(self, connection: socket.socket, until: float) -> None:
        connection.settimeout(max(0.001, until - self._monotonic()))
        try:
            with short_name(self.path) as name:
                connection.connect(name)
        except OSError as error:
            raise NoSync(str(error), perhaps=False) from error


def _error_of(found: Reply) -> CallError:
    if isinstance(found, No):
        return CallRefused(found.problem, found.detail)
    if isinstance(found, Silence):
        return CallUnanswered(found.why, found.detail, perhaps=found.perhaps)
    return CallUnanswered("incompatible", f"the answer was {type(found).__name__}", perhaps=True)
