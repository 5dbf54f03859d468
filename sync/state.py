"""campaign.db: what the campaigns' servers granted and acknowledged. Written by sync only.

A commit has reached the disk when a method returns. Losing the file loses no sale: the journal is
the queue, and the servers know what they hold.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sync import records
from sync.contract.entry import GENESIS
from sync.contract.jws import VerifyKey
from sync.contract.messages import FeedItem, Verdict
from sync.database import Database, Looker
from sync.errors import AlreadyEnrolled, SyncError
from sync.records import Enrolment, Notice, Rejection, Server

CONTACT_SECONDS: Final = 60.0
NEWS_MAX: Final = 1000
REJECTIONS_MAX: Final = 1000
DETAIL_CHARS_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Mark:
    """Up to where a server has acknowledged a chain: number and hash, 0 and GENESIS for none."""

    number: int = 0
    digest: str = GENESIS


@dataclass(frozen=True, slots=True)
class News:
    """A feed item that was verified, as it came and as it reads."""

    item: FeedItem
    compact: str


class State:
    """The writer of campaign.db, for any thread. Methods raise StateError when SQLite refuses."""

    def __init__(self, path: Path) -> None:
        """Open or make the file; InUse when another process writes it, StateError otherwise."""
        self._file = Database(path)
        self._contacts: dict[str, tuple[datetime, int]] = {}

    def close(self) -> None:
        """Close the file and let another process write it."""
        self._file.close()

    def enrolments(self, epoch: int) -> list[Enrolment]:
        """The campaigns that this till takes part in under an epoch."""
        with self._file.read() as db:
            return [one for one in records.enrolments(db) if one.epoch == epoch]

    def enrolment(self, campaign: str) -> Enrolment | None:
        """A campaign's enrolment under its latest epoch."""
        with self._file.read() as db:
            return records.enrolment(db, campaign)

    def server(self, origin: str) -> Server:
        """What is known of a server that a till was enrolled at."""
        with self._file.read() as db:
            return records.server(db, origin)

    def add_enrolment(self, made: Enrolment, server_key: VerifyKey) -> None:
        """Keep an enrolment. Repeated, it keeps its progress; a later epoch goes on from the last.

        Raises AlreadyEnrolled when the campaign lives on another server.
        """
        with self._file.write() as db:
            before = records.enrolment(db, made.campaign)
            if before is not None and before.origin != made.origin:
                raise AlreadyEnrolled(f"{made.campaign} is a campaign of {before.origin}")
            _put_server(db, made, server_key)
            if before is not None and _key(before) == _key(made):
                _rename(db, made)
            else:
                _put_enrolment(db, made, _start(before, made))

    def acknowledge(
        self, of: Enrolment, mark: Mark, at: datetime, verdicts: Sequence[Verdict] = ()
    ) -> None:
        """What a server holds, in one commit with what it rejected. Ends any trouble."""
        rejected = [one for one in verdicts if one.verdict == "rejected"]
        with self._file.write() as db:
            db.execute(
                "UPDATE enrolment SET acknowledged = ?, digest = ?, acknowledged_at = ?,"
                " rejected = rejected + ?, trouble = '', detail = '', retry_at = NULL"
                " WHERE campaign = ? AND epoch = ?",
                (mark.number, mark.digest, _stamp(at), len(rejected), of.campaign, of.epoch),
            )
            if rejected:
                _put_rejections(db, of, rejected, _stamp(at))

    def well(self, of: Enrolment) -> None:
        """Nothing stands in the way of sending any more."""
        self._trouble(of, ("", "", None, 0))

    def trouble(self, of: Enrolment, error: SyncError, retry_at: datetime) -> None:
        """What stands in the way of sending, and when it is tried again."""
        self._trouble(of, (error.trouble, _detail(error), _stamp(retry_at), 0))

    def halt(self, of: Enrolment, error: SyncError) -> None:
        """Stop an enrolment for good: only a later epoch goes on."""
        self._trouble(of, (error.trouble, _detail(error), None, 1))

    def contact(self, origin: str, at: datetime, offset_ms: int) -> None:
        """A server answered. Written at most once a minute, unless the clock's offset changed."""
        then, offset = self._contacts.get(origin, (None, 0))
        recent = then is not None and abs(at - then) < timedelta(seconds=CONTACT_SECONDS)
        if recent and offset == offset_ms:
            return
        with self._file.write() as db:
            db.execute(
                "UPDATE server SET contact_at = ?, offset_ms = ? WHERE origin = ?",
                (_stamp(at), offset_ms, origin),
            )
        self._contacts[origin] = (at, offset_ms)

    def add_news(self, origin: str, cursor: str, news: Sequence[News], at: datetime) -> None:
        """Keep feed items and the cursor that follows them, in one commit; known ones stay."""
        with self._file.write() as db:
            db.execute("UPDATE server SET cursor = ? WHERE origin = ?", (cursor, origin))
            for one in news:
                _put_news(db, origin, one, _stamp(at))
            db.execute(
                "DELETE FROM news WHERE origin = ? AND id <="
                " (SELECT id FROM news WHERE origin = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (origin, origin, NEWS_MAX),
            )

    def feed_trouble(self, origin: str, error: SyncError | None) -> None:
        """What stands in the way of a server's feed; None for nothing."""
        trouble = (error.trouble, _detail(error)) if error else ("", "")
        with self._file.write() as db:
            db.execute(
                "UPDATE server SET trouble = ?, detail = ? WHERE origin = ?", (*trouble, origin)
            )

    def _trouble(self, of: Enrolment, values: tuple[str, str, str | None, int]) -> None:
        with self._file.write() as db:
            db.execute(
                "UPDATE enrolment SET trouble = ?, detail = ?, retry_at = ?, halted = ?"
                " WHERE campaign = ? AND epoch = ?",
                (*values, of.campaign, of.epoch),
            )


class StateReader:
    """Looks into campaign.db from any thread of another process. Reads are short.

    Made before the file is, it finds nothing. Raises StateError when SQLite refuses.
    """

    def __init__(self, path: Path) -> None:
        self._file = Looker(path)

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def enrolments(self) -> list[Enrolment]:
        """Each campaign's enrolment under its latest epoch, by name."""
        with self._file.read() as db:
            return records.enrolments(db) if db else []

    def server(self, origin: str) -> Server | None:
        """What is known of a server."""
        with self._file.read() as db:
            return records.server(db, origin) if db else None

    def notices(self, campaign: str) -> list[Notice]:
        """The latest notices of a campaign, newest first."""
        with self._file.read() as db:
            return records.notices(db, campaign) if db else []

    def rejections(self, of: Enrolment) -> list[Rejection]:
        """The latest entries that a server rejected, newest first."""
        with self._file.read() as db:
            return records.rejections(db, of) if db else []


def _put_server(db: sqlite3.Connection, made: Enrolment, key: VerifyKey) -> None:
    # The cursor starts again: an earlier campaign's has passed over what this one was told.
    db.execute(
        "INSERT INTO server (origin) VALUES (?) ON CONFLICT (origin) DO UPDATE SET cursor = ''",
        (made.origin,),
    )
    # People compare this key's fingerprint: whatever was trusted before it is not any more.
    db.execute("DELETE FROM server_key WHERE origin = ?", (made.origin,))
    _put_key(db, made.origin, key, made.enrolled_at)


def _key(one: Enrolment) -> tuple[str, int, str]:
    """What makes it the same enrolment; the rest are names."""
    return one.campaign, one.epoch, one.fingerprint


def _start(before: Enrolment | None, made: Enrolment) -> Mark:
    """Where a new enrolment goes on: after what was acknowledged under an earlier epoch."""
    if before is None or before.epoch >= made.epoch:
        return Mark()
    return Mark(before.acknowledged, before.digest)


def _rename(db: sqlite3.Connection, made: Enrolment) -> None:
    names = (made.campaign_name, made.shop, made.shop_name, made.shop_till)
    db.execute(
        "UPDATE enrolment SET campaign_name = ?, shop = ?, shop_name = ?, shop_till = ?"
        " WHERE campaign = ? AND epoch = ?",
        (*names, made.campaign, made.epoch),
    )


def _put_enrolment(db: sqlite3.Connection, made: Enrolment, start: Mark) -> None:
    key = (made.campaign, made.epoch)
    db.execute("DELETE FROM rejection WHERE campaign = ? AND epoch = ?", key)
    db.execute("DELETE FROM enrolment WHERE campaign = ? AND epoch = ?", key)
    facts = (made.shop, made.shop_name, made.shop_till, made.fingerprint, made.enrolled_at)
    db.execute(
        "INSERT INTO enrolment (campaign, epoch, origin, campaign_name, shop, shop_name, shop_till,"
        " fingerprint, enrolled_at, acknowledged, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*key, made.origin, made.campaign_name, *facts, start.number, start.digest),
    )


def _put_rejections(
    db: sqlite3.Connection, of: Enrolment, rejected: Sequence[Verdict], at: str
) -> None:
    key = (of.campaign, of.epoch)
    db.executemany(
        "INSERT INTO rejection (campaign, epoch, number, reason, at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        [(*key, one.number, (one.reason or "")[:DETAIL_CHARS_MAX], at) for one in rejected],
    )
    db.execute(
        "DELETE FROM rejection WHERE campaign = ? AND epoch = ? AND number <= (SELECT number"
        " FROM rejection WHERE campaign = ? AND epoch = ? ORDER BY number DESC LIMIT 1 OFFSET ?)",
        (*key, *key, REJECTIONS_MAX),
    )


def _put_news(db: sqlite3.Connection, origin: str, news: News, at: str) -> None:
    item = news.item
    db.execute(
        "INSERT INTO news (origin, id, campaign, kind, at, text, compact)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (origin, id) DO NOTHING",
        (origin, item.id, item.campaign, item.kind, item.at, item.text, news.compact),
    )
    if item.kind == "server-key" and item.server_key is not None:
        _put_key(db, origin, VerifyKey.from_pem(item.server_key.encode("utf-8")), at)


def _put_key(db: sqlite3.Connection, origin: str, key: VerifyKey, since: str) -> None:
    db.execute(
        "INSERT INTO server_key (origin, kid, pem, since) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (origin, kid) DO NOTHING",
        (origin, key.kid, key.pem, since),
    )


def _detail(error: SyncError) -> str:
    return str(error)[:DETAIL_CHARS_MAX]


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
