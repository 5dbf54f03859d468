"""What campaign.db says, read-only: the writer and those who only look share these queries."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from sync.contract.entry import GENESIS
from sync.contract.messages import chain_of

NOTICES_SHOWN_MAX: Final = 20
REJECTIONS_SHOWN_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Enrolment:
    """This till in a campaign under one epoch, and how far the server has acknowledged its chain.

    `fingerprint` is for people to compare. `digest` is the hash of the entry acknowledged last.
    `trouble` is a short stable name (SyncError.trouble), empty when nothing stands in the way, and
    `detail` says it in words. A halted enrolment is left by a later epoch only.
    """

    campaign: str
    epoch: int
    origin: str
    campaign_name: str
    shop: str
    shop_name: str
    shop_till: str
    fingerprint: str
    enrolled_at: str
    acknowledged: int = 0
    digest: str = GENESIS
    acknowledged_at: str | None = None
    rejected: int = 0
    trouble: str = ""
    detail: str = ""
    retry_at: str | None = None
    halted: bool = False

    @property
    def chain(self) -> str:
        """The journal chain that is sent there."""
        return chain_of(self.campaign)


@dataclass(frozen=True, slots=True)
class Server:
    """What is known of a server: its clock minus ours, how far its feed was read, its keys."""

    origin: str
    offset_ms: int
    cursor: str
    contact_at: str | None
    trouble: str
    detail: str
    keys: dict[str, str]  # PEM by kid


@dataclass(frozen=True, slots=True)
class Notice:
    """A line of text that an organiser sent to the tills of a campaign."""

    campaign: str
    at: str
    text: str


@dataclass(frozen=True, slots=True)
class Rejection:
    """An entry that the server keeps but does not count, and why."""

    number: int
    reason: str
    at: str


_COLUMNS: Final = ", ".join(field.name for field in fields(Enrolment))


def enrolments(db: sqlite3.Connection) -> list[Enrolment]:
    """Each campaign's enrolment under its latest epoch, by name."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM enrolment AS one WHERE epoch ="  # noqa: S608 - a constant
        " (SELECT max(epoch) FROM enrolment WHERE campaign = one.campaign) ORDER BY campaign"
    )
    return [_enrolment(row) for row in rows]


def enrolment(db: sqlite3.Connection, campaign: str) -> Enrolment | None:
    """A campaign's enrolment under its latest epoch."""
    return next((one for one in enrolments(db) if one.campaign == campaign), None)


def server(db: sqlite3.Connection, origin: str) -> Server:
    """What is known of a server that is stored."""
    keys = dict(db.execute("SELECT kid, pem FROM server_key WHERE origin = ?", (origin,)))
    row = db.execute(
        "SELECT origin, offset_ms, cursor, contact_at, trouble, detail FROM server"
        " WHERE origin = ?",
        (origin,),
    ).fetchone()
    origin, offset_ms, cursor, contact_at, trouble, detail = row
    return Server(origin, offset_ms, cursor, contact_at, trouble, detail, keys)


def offset_ms(db: sqlite3.Connection, origin: str) -> int:
    """A server's clock minus ours; 0 for an unknown server."""
    row = db.execute("SELECT offset_ms FROM server WHERE origin = ?", (origin,)).fetchone()
    return int(row[0]) if row else 0


def last_item(db: sqlite3.Connection, of: Enrolment) -> int:
    """The number of the last feed item that is known of a campaign; 0 for none."""
    (last,) = db.execute(
        "SELECT coalesce(max(id), 0) FROM news WHERE origin = ? AND campaign = ?",
        (of.origin, of.campaign),
    ).fetchone()
    return int(last)


def notices(db: sqlite3.Connection, campaign: str) -> list[Notice]:
    """The latest notices of a campaign, newest first."""
    rows = db.execute(
        "SELECT campaign, at, text FROM news WHERE campaign = ? AND kind = 'notice'"
        " AND text IS NOT NULL ORDER BY id DESC LIMIT ?",
        (campaign, NOTICES_SHOWN_MAX),
    )
    return [Notice(*row) for row in rows]


def rejections(db: sqlite3.Connection, of: Enrolment) -> list[Rejection]:
    """The latest entries that a server rejected, newest first."""
    rows = db.execute(
        "SELECT number, reason, at FROM rejection WHERE campaign = ? AND epoch = ?"
        " ORDER BY number DESC LIMIT ?",
        (of.campaign, of.epoch, REJECTIONS_SHOWN_MAX),
    )
    return [Rejection(*row) for row in rows]


def _enrolment(row: tuple[Any, ...]) -> Enrolment:
    found = Enrolment(*row)
    return replace(found, halted=bool(found.halted))  # SQLite knows no booleans
