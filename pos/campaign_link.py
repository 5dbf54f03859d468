"""What the sync process works with: the till's journal as a source, its key, its enrolments."""

from __future__ import annotations

import hashlib
import logging
import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from pos import __version__
from pos.app.ports import Clock
from pos.domain.errors import NotRecorded
from pos.store import keys
from pos.store.database import Reader
from pos.store.errors import KeyUnusable
from pos.store.folder import DataFolder
from pos.store.journal import read_chain
from pos.store.keys import Identity
from pos.store.machine import Machine
from sync import carry
from sync.address import origin_of
from sync.calls_socket import CallsSocket
from sync.client import Client
from sync.desk import Desk
from sync.drain import drain
from sync.engine import Engine
from sync.enrolment import enrol as join
from sync.errors import InUse, JournalUnreadable, StateError, SyncError
from sync.frames import SOCKET_NAME, Carried
from sync.http import HttpTransport
from sync.pace import Tools
from sync.ports import Transport
from sync.records import Enrolment
from sync.state import State

logger = logging.getLogger(__name__)
LOOK_EVERY_S: Final = 1.0
DRAIN_PATIENCE_S: Final = 20.0


class JournalSource:
    """The till's journal, read while the till writes it (sync.ports.Source).

    Raises JournalUnreadable when the disk refuses, which the sync tries again later.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def head(self, chain: str) -> tuple[int, str] | None:
        """Number and hash of a chain's last entry."""
        last = self._number("SELECT max(number) FROM journal WHERE chain = ?", chain)
        if not last:
            return None
        ((number, _, compact, _),) = self._read(chain, last - 1, 1)
        return number, hashlib.sha256(compact).hexdigest()

    def read(self, chain: str, after: int, limit: int) -> list[tuple[int, int, bytes]]:
        """Entries after a number: number, epoch, compact JWS."""
        found = self._read(chain, after, limit)
        return [(number, epoch, compact) for number, epoch, compact, _ in found]

    def oldest_at(self, chain: str, after: int) -> str | None:
        """When the first entry after a number was made."""
        found = self._read(chain, after, 1)
        return found[0][3] if found else None

    def seq(self) -> int:
        """How far the whole journal is."""
        return self._number("SELECT max(seq) FROM journal")

    def epoch(self) -> int:
        """The epoch in which the till now signs."""
        return self._number("SELECT max(epoch) FROM signing_key")

    def _number(self, sql: str, *parameters: str) -> int:
        try:
            row = self._reader.row(sql, parameters)
        except NotRecorded as error:
            raise JournalUnreadable(str(error)) from error
        return (row and row[0]) or 0

    def _read(self, chain: str, after: int, limit: int) -> list[tuple[int, int, bytes, str]]:
        try:
            return read_chain(self._reader, chain, after, limit)
        except NotRecorded as error:
            raise JournalUnreadable(str(error)) from error


class Voice(Protocol):
    """Who is told what the sync process does; from any thread, and without an error."""

    def begins(self, enrolments: Sequence[Enrolment]) -> None:
        """Sending and listening begin, for these campaigns."""

    def hears(self, server: str, job: str, error: SyncError | None) -> None:
        """A job has trouble with its server, or none any more."""


@dataclass(frozen=True, slots=True)
class Link:
    """A till's side of its campaigns, open for the sync process."""

    identity: Identity
    source: JournalSource
    state: State
    clock: Clock
    voice: Voice | None = None

    def engine(self) -> Engine:
        """The engine over this link, with real lines and real chance."""
        return Engine(self.state, self.source, self.identity, _connect, self._tools())

    def desk(self, engine: Engine) -> Desk:
        """What answers the till's calls, beside a running engine."""
        return Desk(
            *(engine, self.state, self.identity, _connect, self.clock, self.take_in),
            software=__version__,
        )

    def take_in(self, path: Path) -> Carried:
        """Apply a server's answer that a stick brought; SyncError, OSError."""
        return carry.take_in(self.state, self.source, self.identity, path, self.clock)

    def drain(self, patience_s: float = DRAIN_PATIENCE_S) -> int:
        """Send what waits, once; how many entries are left."""
        return drain(
            self.state,
            self.source,
            self.identity,
            _connect,
            self._tools(),
            patience_seconds=patience_s,
        )

    def _tools(self) -> Tools:
        chance = random.SystemRandom()
        return Tools(self.clock, chance.uniform, self._tell, self._met)

    def _tell(self, name: str, error: SyncError | None) -> None:
        if error is None:
            logger.info("%s: well again", name)
        else:
            logger.warning("%s: %s: %s", name, error.trouble, error)
        self._heard(name, error)

    def _met(self, name: str) -> None:
        self._heard(name, None)

    def _heard(self, name: str, error: SyncError | None) -> None:
        """Say it by the server; what a server's lists find, its feed finds too."""
        if self.voice is None:
            return
        with suppress(StateError):
            for one in self.state.enrolments(self.identity.epoch):
                if name in (one.campaign, one.origin):
                    self.voice.hears(one.origin, name, error)
                    return

    def client(self, server: str) -> Client:
        """A client of a server's address, as it was typed; SyncError for one that cannot be."""
        origin = origin_of(server)
        return Client(origin, _connect(origin), self.identity, self.clock)

    def enrol(self, server: str, code: str, shop_till: str) -> Enrolment:
        """Join the campaign that a pairing code is for; SyncError."""
        client = self.client(server)
        try:
            return join(self.state, client, code, shop_till=shop_till, software=__version__)
        finally:
            client.close()


@contextmanager
def open_link(
    folder: DataFolder, machine: Machine, clock: Clock, voice: Voice | None = None
) -> Iterator[Link]:
    """Open a till's folder for the sync process. KeyUnusable before the till's first start."""
    reader = Reader(folder.till_db, "till")
    try:
        state = State(folder.campaign_db)
        try:
            identity = identity_of(reader, folder, machine)
            yield Link(identity, JournalSource(reader), state, clock, voice)
        finally:
            state.close()
    finally:
        reader.close()


def identity_of(reader: Reader, folder: DataFolder, machine: Machine) -> Identity:
    """The till of a folder and its present key; KeyUnusable before its first start."""
    with reader.snapshot() as connection:
        till = keys.till_of(connection)
        if till is None:
            raise KeyUnusable(f"{folder.path}: no till was ever opened here")
        return keys.load(connection, folder, machine, till)


def run(folder: DataFolder, machine: Machine, clock: Clock, voice: Voice | None = None) -> None:
    """Send and listen until a signal; a till that goes on under a new key is taken up again."""
    _run_once(folder, machine, clock, voice)
    while True:
        try:
            _run_once(folder, machine, clock, voice)
        except InUse:  # somebody enrols in the moment between two epochs
            time.sleep(LOOK_EVERY_S)


def _run_once(folder: DataFolder, machine: Machine, clock: Clock, voice: Voice | None) -> None:
    """Send and listen until a signal, or until the till goes on under another epoch."""
    with open_link(folder, machine, clock, voice) as link:
        if voice:
            voice.begins(link.state.enrolments(link.identity.epoch))
        engine, ended = link.engine(), threading.Event()
        watcher = threading.Thread(
            target=_watch, args=(link, engine, ended), name="watch", daemon=True
        )
        watcher.start()
        try:
            with _answering(folder, link.desk(engine)):
                engine.run()
        finally:
            ended.set()
            watcher.join()


@contextmanager
def _answering(folder: DataFolder, desk: Desk) -> Iterator[None]:
    """Answer the till's calls; where no socket can be, the till goes by its offline rules."""
    calls = CallsSocket(folder.path / SOCKET_NAME, desk.answer, time.monotonic)
    try:
        calls.start()
    except StateError as error:
        logger.warning("the till cannot ask: %s", error)
    try:
        yield
    finally:
        calls.stop()
        desk.stop()


def _watch(link: Link, engine: Engine, ended: threading.Event) -> None:
    """Wake the engine when the journal grew, and end it when the till changed its epoch."""
    seen = -1
    while not ended.wait(LOOK_EVERY_S):
        try:
            seq, epoch = link.source.seq(), link.source.epoch()
        except JournalUnreadable as error:
            logger.warning("the journal cannot be read: %s", error)
            continue
        if epoch != link.identity.epoch:
            engine.stop()
        elif seq != seen:
            seen = seq
            engine.wake()


def _connect(origin: str) -> Transport:
    return HttpTransport(origin, software=__version__)
