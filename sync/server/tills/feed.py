"""What the server tells tills: signed items, in order, waited for or asked for."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from dataclasses import dataclass
from typing import Final, Literal

from sync.contract.feed import FEED_ITEMS_MAX, FEED_TYP, FEED_WAIT_SECONDS_MAX, FeedItem, FeedPage
from sync.contract.jws import SigningKey
from sync.contract.messages import to_payload
from sync.server.errors import refuse

WAITING_MAX: Final = 512
_CURSOR = re.compile(r"[0-9]{1,15}\Z")


@dataclass(frozen=True, slots=True)
class News:
    """An item that is not in the feed yet."""

    campaign: str
    kind: Literal["notice", "server-key"]
    text: str | None = None
    server_key: str | None = None


def publish(db: sqlite3.Connection, news: News, key: SigningKey, now: str) -> int:
    """Sign an item and append it; its number in the feed."""
    (number,) = db.execute("SELECT coalesce(max(id), 0) + 1 FROM feed").fetchone()
    item = FeedItem(
        at=now,
        campaign=news.campaign,
        id=number,
        kind=news.kind,
        text=news.text,
        server_key=news.server_key,
    )
    compact = key.sign(to_payload(item), FEED_TYP).compact
    db.execute(
        "INSERT INTO feed (id, campaign, compact) VALUES (?, ?, ?)",
        (number, news.campaign, compact),
    )
    return int(number)


def read_feed(db: sqlite3.Connection, till: str, epoch: int, after: int) -> FeedPage:
    """The items after a number, of the campaigns that a till is enrolled in under an epoch."""
    rows = db.execute(
        "SELECT id, compact FROM feed WHERE id > ? AND campaign IN"
        " (SELECT campaign FROM enrolment WHERE till = ? AND epoch = ?) ORDER BY id LIMIT ?",
        (after, till, epoch, FEED_ITEMS_MAX),
    ).fetchall()
    cursor = rows[-1][0] if rows else after
    return FeedPage(cursor=str(cursor), items=[compact.decode("ascii") for _, compact in rows])


def read_cursor(text: str) -> int:
    """The number in a cursor, 0 for an empty one; Refused for what the server never gave."""
    if text and not _CURSOR.match(text):
        raise refuse("bad-request", "expected the cursor of an earlier answer, or none")
    return int(text or 0)


def read_wait(text: str) -> int:
    """Seconds that a till is ready to wait; Refused when out of bounds."""
    if not text.isascii() or not text.isdecimal() or len(text) > 3:
        raise refuse("bad-request", "expected `wait` in whole seconds")
    return min(int(text), FEED_WAIT_SECONDS_MAX)


class Hub:
    """Wakes those who wait for news. Bounded: past the limit an asker gets his answer at once."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()
        self._waiting = 0
        self.closed = False

    def ring(self) -> None:
        """Something was published."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def close(self) -> None:
        """Let everybody go: the server stops."""
        self.closed = True
        self.ring()

    def bell(self) -> asyncio.Event:
        """What the next ring sets. Take it before looking for news, so that none slips between."""
        return self._changed

    async def wait(self, bell: asyncio.Event, seconds: float) -> bool:
        """Wait for a bell; whether it is worth looking again."""
        if self.closed or seconds <= 0 or self._waiting >= WAITING_MAX:
            return False
        self._waiting += 1
        try:
            async with asyncio.timeout(seconds):
                await bell.wait()
        except TimeoutError:
            return False
        finally:
            self._waiting -= 1
        return not self.closed
