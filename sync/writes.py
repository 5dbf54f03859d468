"""The statements that change campaign.db, each run inside a transaction of sync.state."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sync.contract.entry import GENESIS
from sync.contract.feed import FeedItem
from sync.contract.jws import VerifyKey
from sync.contract.messages import Verdict
from sync.records import Enrolment

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


@dataclass(frozen=True, slots=True)
class Listed:
    """A batch's status list that was verified, when it was made (UTC), and its compact form."""

    campaign: str
    batch: int
    made_at: datetime
    compact: str


def put_server(db: sqlite3.Connection, made: Enrolment, key: VerifyKey) -> None:
    """Keep a server, and the key of it that people compare."""
    # The cursor starts again: an earlier campaign's has passed over what this one was told.
    db.execute(
        "INSERT INTO server (origin) VALUES (?) ON CONFLICT (origin) DO UPDATE SET cursor = ''",
        (made.origin,),
    )
    # People compare this key's fingerprint: whatever was trusted before it is not any more.
    db.execute("DELETE FROM server_key WHERE origin = ?", (made.origin,))
    _put_key(db, made.origin, key, made.enrolled_at)


def same(one: Enrolment, other: Enrolment) -> bool:
    """Whether two enrolments of a campaign differ in names only."""
    return (one.epoch, one.fingerprint) == (other.epoch, other.fingerprint)


def start(before: Enrolment | None, made: Enrolment) -> Mark:
    """Where a new enrolment goes on: after what was acknowledged under an earlier epoch."""
    if before is None or before.epoch >= made.epoch:
        return Mark()
    return Mark(before.acknowledged, before.digest)


def rename(db: sqlite3.Connection, made: Enrolment) -> None:
    """What people read of an enrolment may change."""
    names = (made.campaign_name, made.shop, made.shop_name, made.shop_till)
    db.execute(
        "UPDATE enrolment SET campaign_name = ?, shop = ?, shop_name = ?, shop_till = ?"
        " WHERE campaign = ? AND epoch = ?",
        (*names, made.campaign, made.epoch),
    )


def put_enrolment(db: sqlite3.Connection, made: Enrolment, start: Mark) -> None:
    """Keep a new enrolment, or one whose server has started afresh."""
    key = (made.campaign, made.epoch)
    db.execute("DELETE FROM rejection WHERE campaign = ? AND epoch = ?", key)
    db.execute("DELETE FROM enrolment WHERE campaign = ? AND epoch = ?", key)
    facts = (made.shop, made.shop_name, made.shop_till, made.fingerprint, made.enrolled_at)
    db.execute(
        "INSERT INTO enrolment (campaign, epoch, origin, campaign_name, shop, shop_name, shop_till,"
        " fingerprint, enrolled_at, acknowledged, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*key, made.origin, made.campaign_name, *facts, start.number, start.digest),
    )


def put_rejections(
    db: sqlite3.Connection, of: Enrolment, rejected: Sequence[Verdict], at: str
) -> None:
    """Keep the latest entries that were rejected."""
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


def put_news(db: sqlite3.Connection, origin: str, news: Sequence[News], at: str) -> None:
    """Keep feed items that are not known yet, and the keys they announce."""
    for one in news:
        _put_item(db, origin, one, at)
    for campaign in {one.item.campaign for one in news}:
        # What was granted stays; of notices only the latest are of use.
        db.execute(
            "DELETE FROM news WHERE origin = ? AND campaign = ? AND kind = 'notice' AND id <="
            " (SELECT id FROM news WHERE origin = ? AND campaign = ? AND kind = 'notice'"
            " ORDER BY id DESC LIMIT 1 OFFSET ?)",
            (origin, campaign, origin, campaign, NEWS_MAX),
        )


def _put_item(db: sqlite3.Connection, origin: str, news: News, at: str) -> None:
    item = news.item
    db.execute(
        "INSERT INTO news (origin, id, campaign, kind, at, text, compact)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (origin, campaign, id) DO NOTHING",
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


def confirm_lists(
    db: sqlite3.Connection, campaign: str, versions: Mapping[int, str], at: str, since: str
) -> set[int]:
    """Note which stored lists still hold, and drop those of batches that are over."""
    rows = db.execute(
        "SELECT batch, etag, made_at FROM status_list WHERE campaign = ?", (campaign,)
    ).fetchall()
    over = [(campaign, batch) for batch, _, _ in rows if batch not in versions]
    db.executemany("DELETE FROM status_list WHERE campaign = ? AND batch = ?", over)
    good = {batch for batch, etag, made in rows if versions.get(batch) == etag and made >= since}
    db.executemany(
        "UPDATE status_list SET checked_at = max(checked_at, ?) WHERE campaign = ? AND batch = ?",
        [(at, campaign, batch) for batch in good],
    )
    return good


def put_list(db: sqlite3.Connection, listed: Listed, etag: str, at: str) -> bool:
    """Keep a list; never an older one in a later one's place."""
    made_at = listed.made_at.isoformat(timespec="milliseconds")
    return (
        db.execute(
            "INSERT INTO status_list (campaign, batch, made_at, checked_at, etag, compact)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (campaign, batch) DO UPDATE SET"
            " made_at = excluded.made_at, checked_at = max(checked_at, excluded.checked_at),"
            " etag = excluded.etag, compact = excluded.compact"
            " WHERE excluded.made_at >= status_list.made_at",
            (listed.campaign, listed.batch, made_at, at, etag, listed.compact),
        ).rowcount
        > 0
    )
