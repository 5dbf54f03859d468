"""Answering the till's calls: over a line kept open, within the time that a shopper waits."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, assert_never

import msgspec

from sync.address import origin_of
from sync.client import Client
from sync.contract.calls import NewReservation
from sync.engine import Engine
from sync.errors import (
    Busy,
    DamagedStick,
    Malformed,
    NoAnswer,
    NotAsked,
    NotEnrolled,
    StateError,
    SyncError,
)
from sync.frames import (
    Ask,
    Carried,
    Carry,
    Done,
    Enrol,
    Enrolled,
    Held,
    No,
    Release,
    Reply,
    Reserve,
    Silence,
    Wake,
)
from sync.hotline import Hotline
from sync.ports import Clock, Connect, Identity
from sync.state import State

# Of CALL_SECONDS_MAX: the rest is for the socket, on a busy machine.
ANSWER_SECONDS: Final = 1.35
_KEY: Final = re.compile(r"[A-Za-z0-9_.:-]{8,64}\Z")


class Desk:
    """Answers for one till under one epoch, from any thread. Owns its lines, not the engine."""

    def __init__(
        self,
        engine: Engine,
        state: State,
        identity: Identity,
        connect: Connect,
        clock: Clock,
        carry: Callable[[Path], Carried],
        *,
        software: str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._state = state
        self._identity = identity
        self._connect = connect
        self._clock = clock
        self._carry = carry
        self._software = software
        self._monotonic = monotonic
        self._turn = threading.Lock()
        self._lines: dict[str, Hotline] = {}

    def stop(self) -> None:
        """Break off the calls under way."""
        with self._turn:
            lines, self._lines = list(self._lines.values()), {}
        for line in lines:
            line.stop()

    def answer(self, ask: Ask) -> Reply:
        """What there is to say to a question. Never raises SyncError."""
        try:
            return self._answer(ask)
        except (NoAnswer, Busy, StateError) as error:
            perhaps = not isinstance(error, NotAsked | StateError)
            return Silence(why=error.trouble, detail=str(error)[:500], perhaps=perhaps)
        except SyncError as error:
            return No(problem=error.trouble, detail=str(error)[:500])

    def _answer(self, ask: Ask) -> Reply:
        if isinstance(ask, Reserve):
            return self._reserve(ask)
        if isinstance(ask, Release):
            self._line(ask.campaign).ask(
                lambda client, seconds: client.release(ask.campaign, ask.reservation, seconds),
                self._until(),
            )
            return Done()
        if isinstance(ask, Wake):
            return self._wake()
        if isinstance(ask, Enrol):
            return self._enrol(ask)
        if isinstance(ask, Carry):
            return self._take_in(Path(ask.path))
        assert_never(ask)

    def _reserve(self, ask: Reserve) -> Reply:
        until = self._until()
        new = _checked(ask)
        reservation = self._line(ask.campaign).ask(
            lambda client, seconds: client.reserve(new, ask.key, seconds), until
        )
        return Held(reservation=reservation)

    def _wake(self) -> Reply:
        self._engine.wake()
        for one in self._state.enrolments(self._identity.epoch):
            self._line_to(one.origin).keep_warm()
        return Done()

    def _enrol(self, ask: Enrol) -> Reply:
        if ask.epoch != self._identity.epoch:
            raise NotAsked(f"the sync still works under epoch {self._identity.epoch}")
        made = self._engine.enrol(
            origin_of(ask.server), ask.code, shop_till=ask.shop_till, software=self._software
        )
        return Enrolled(
            campaign=made.campaign,
            campaign_name=made.campaign_name,
            shop_name=made.shop_name,
            epoch=made.epoch,
            fingerprint=made.fingerprint,
        )

    def _take_in(self, path: Path) -> Reply:
        try:
            return self._carry(path)
        except OSError as error:
            raise DamagedStick(f"{path.name}: {error.strerror}") from error

    def _until(self) -> float:
        return self._monotonic() + ANSWER_SECONDS

    def _line(self, campaign: str) -> Hotline:
        enrolled = self._state.enrolments(self._identity.epoch)
        origin = next((one.origin for one in enrolled if one.campaign == campaign), None)
        if origin is None:
            raise NotEnrolled(f"this till is not enrolled in {campaign[:80]!r} under its epoch")
        return self._line_to(origin)

    def _line_to(self, origin: str) -> Hotline:
        with self._turn:
            found = self._lines.get(origin)
            if found is None:
                client = Client(origin, self._connect(origin), self._identity, self._clock)
                client.offset_ms = self._state.offset_ms(origin)
                found = self._lines[origin] = Hotline(client, self._monotonic)
            return found


def _checked(ask: Reserve) -> NewReservation:
    """The question as the server takes it; Malformed for one that it would not even read."""
    if _KEY.match(ask.key) is None:
        raise Malformed("expected a key of 8 to 64 letters and digits")
    try:
        return msgspec.convert(
            {
                "campaign": ask.campaign,
                "voucher": ask.voucher,
                "sale": ask.sale,
                "due": ask.due,
            },
            NewReservation,
        )
    except msgspec.ValidationError as error:
        raise Malformed(str(error)) from error
