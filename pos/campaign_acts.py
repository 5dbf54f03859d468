"""What a person asks of the sync: to enrol, to use a USB stick, to say how far it is.

Each works beside a sync process that runs, through it where something is written, and without one.
"""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from pos.app.ports import Clock
from pos.campaign_link import LOOK_EVERY_S, JournalSource, identity_of, open_link
from pos.store.database import Reader
from pos.store.folder import DataFolder
from pos.store.machine import Machine
from sync import carry
from sync.calls import CallsClient
from sync.carry import Exported
from sync.errors import CallError, CallUnanswered, InUse, NoSync
from sync.frames import SOCKET_NAME, Carried, Enrolled
from sync.records import Enrolment
from sync.state import StateReader

ENROL_TRIES: Final = 6


def enrol(
    folder: DataFolder, machine: Machine, clock: Clock, server: str, code: str, shop_till: str
) -> Enrolled:
    """Join a campaign, through the sync process when it runs; SyncError, KeyUnusable."""
    try:
        with open_link(folder, machine, clock) as link:
            made = link.enrol(server, code, shop_till)
    except InUse as in_use:
        return _enrol_through(folder, in_use, server, code, shop_till)
    return Enrolled(
        campaign=made.campaign,
        campaign_name=made.campaign_name,
        shop_name=made.shop_name,
        epoch=made.epoch,
        fingerprint=made.fingerprint,
    )


def export(folder: DataFolder, machine: Machine, clock: Clock, target: Path) -> list[Exported]:
    """Write what waits onto a stick, beside a sync process or without one; SyncError, OSError."""
    with (
        closing(Reader(folder.till_db, "till")) as reader,
        closing(StateReader(folder.campaign_db)) as looker,
    ):
        identity = identity_of(reader, folder, machine)
        return carry.export(looker, JournalSource(reader), identity, clock, target)


def take_in(folder: DataFolder, machine: Machine, clock: Clock, path: Path) -> Carried:
    """Apply an answer from a stick, through the sync process when it runs; SyncError, OSError."""
    try:
        with open_link(folder, machine, clock) as link:
            return link.take_in(path)
    except InUse as in_use:
        try:
            return CallsClient(folder.path / SOCKET_NAME).carry(path)
        except NoSync:
            raise in_use from None


def status(folder: DataFolder) -> list[dict[str, Any]]:
    """How far each campaign is, as JSON values; read-only."""
    looker = StateReader(folder.campaign_db)
    reader = Reader(folder.till_db, "till") if folder.exists else None
    try:
        source = JournalSource(reader) if reader else None
        epoch = source.epoch() if source else 0
        return [_status(one, source, epoch) for one in looker.enrolments()]
    finally:
        looker.close()
        if reader:
            reader.close()


def is_running(folder: DataFolder) -> bool:
    """Whether `comptoir sync` runs for a folder; one that does sends at once what waits."""
    try:
        CallsClient(folder.path / SOCKET_NAME).wake()
    except NoSync:
        return False
    except CallError:
        return True  # it is busy
    return True


def _status(one: Enrolment, source: JournalSource | None, epoch: int) -> dict[str, Any]:
    head = source.head(one.chain) if source else None
    total = head[0] if head else 0
    return {
        "campaign": one.campaign,
        "name": one.campaign_name,
        "server": one.origin,
        "shop": one.shop_name,
        "epoch": one.epoch,
        "fingerprint": one.fingerprint,
        "entries": total,
        "acknowledged": one.acknowledged,
        "waiting": max(total - one.acknowledged, 0),
        "oldest_unsent_at": source.oldest_at(one.chain, one.acknowledged) if source else None,
        "acknowledged_at": one.acknowledged_at,
        "rejected": one.rejected,
        "trouble": one.trouble,
        "detail": one.detail,
        "halted": one.halted,
        "needs": _needs(one, epoch),
    }


def _needs(one: Enrolment, epoch: int) -> str:
    """What a person has to do before this campaign goes on: "code", "new-key", or nothing."""
    if one.epoch < epoch:
        return "code"
    return "new-key" if one.halted else ""


def _enrol_through(
    folder: DataFolder, in_use: InUse, server: str, code: str, shop_till: str
) -> Enrolled:
    """Ask the sync process, which may take a moment to see that the till has a new epoch."""
    calls = CallsClient(folder.path / SOCKET_NAME)
    with closing(Reader(folder.till_db, "till")) as reader:
        epoch = JournalSource(reader).epoch()
    for _ in range(ENROL_TRIES):
        try:
            return calls.enrol(epoch, server, code, shop_till)
        except CallUnanswered as error:
            if error.perhaps:
                raise
            time.sleep(LOOK_EVERY_S)
    raise in_use
