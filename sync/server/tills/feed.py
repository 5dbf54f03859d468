"""What the server tells tills: signed items, in order, waited for or asked for.

Each campaign numbers its items from 1. A cursor says how far a till has read each of its campaigns:
"noel:12,ete:7". A plain number, of a till that began when one numbering went over all, stands for
that number in each.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sync.contract.feed import (
    FEED_ITEMS_MAX,
    FEED_TYP,
    FEED_WAIT_SECONDS_MAX,
    FeedItem,
    FeedPage,
    Kind,
)
from sync.contract.jws import SigningKey
from sync.contract.messages import to_payload
from sync.server.errors import refuse
from sync.server.store.db import Db, next_number

WAITING_MAX: Final = 8192
CURSOR_CHARS_MAX: Final = 2000
PAGE_BYTES_MAX: Final = 512 * 1024
_NUMBER = re.compile(r"[0-9]{1,15}\Z")
_PLACE = re.compile(r"([a-z0-9][a-z0-9-]{0,62}):([0-9]{1,15})\Z")


@dataclass(frozen=True, slots=True)
class News:
    """An item that is not in the feed yet; `members` are those of FeedItem that its kind has.

    With a till and an epoch it is for that till alone.
    """

    campaign: str
    kind: Kind
    members: Mapping[str, Any] = field(default_factory=dict)
    till: str = ""
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a till has read, by campaign, and in campaigns that are not named."""

    by_campaign: Mapping[str, int] = field(default_factory=dict)
    others: int = 0

    def of(self, campaign: str) -> int:
        """The last item that was read of a campaign; 0 for none."""
        return self.by_campaign.get(campaign, self.others)


@dataclass(frozen=True, slots=True)
class Item:
    """An item as it stands in the feed: its number there, and the SHA-256 of its JWS."""

    number: int
    digest: str


def publish(db: Db, news: News, key: SigningKey, now: str) -> int:
    """Sign an item and append it to its campaign's feed; its number there."""
    return publish_item(db, news, key, now).number


def publish_item(db: Db, news: News, key: SigningKey, now: str) -> Item:
    """Sign an item and append it to its campaign's feed."""
    number = next_number(db, "feed", news.campaign)
    item = FeedItem(
        at=now,
        campaign=news.campaign,
        id=number,
        kind=news.kind,
        till=news.till or None,
        epoch=news.epoch or None,
        **news.members,
    )
    signed = key.sign(to_payload(item), FEED_TYP)
    db.execute(
        "INSERT INTO feed (campaign, id, till, epoch, compact) VALUES (?, ?, ?, ?, ?)",
        (news.campaign, number, news.till, news.epoch, signed.compact),
    )
    return Item(number, signed.digest)


def campaigns_of(db: Db, till: str, epoch: int) -> list[str]:
    """The campaigns that a till is enrolled in under an epoch."""
    rows = db.execute(
        "SELECT campaign FROM enrolment WHERE till = ? AND epoch = ? ORDER BY campaign",
        (till, epoch),
    )
    return [str(campaign) for (campaign,) in rows]


def read_feed(db: Db, till: str, epoch: int, after: Cursor) -> FeedPage:
    """The items after a cursor, of a till's campaigns under an epoch, for all or for this till."""
    items: list[str] = []
    places: list[str] = []
    for campaign in campaigns_of(db, till, epoch):
        most = FEED_ITEMS_MAX - len(items)
        found, last = read_items(
            db, campaign, till, epoch, after.of(campaign), most, PAGE_BYTES_MAX
        )
        items += found
        places.append(f"{campaign}:{last}")
    return FeedPage(cursor=",".join(places), items=items)


def read_items(
    db: Db, campaign: str, till: str, epoch: int, after: int, most: int, bytes_max: int
) -> tuple[list[str], int]:
    """The items of one campaign after a number, for all or for this till; the last one's number.

    No more than `most`, and but for the first no more than `bytes_max` in all.
    """
    items: list[str] = []
    for number, compact in db.execute(
        "SELECT id, compact FROM feed WHERE campaign = ? AND till IN ('', ?)"
        " AND epoch IN (0, ?) AND id > ? ORDER BY id LIMIT ?",
        (campaign, till, epoch, after, most),
    ).fetchall():
        bytes_max -= len(compact)
        if bytes_max < 0 and items:
            break
        items.append(bytes(compact).decode("ascii"))
        after = int(number)
    return items, after


def read_cursor(text: str) -> Cursor:
    """The places in a cursor; Refused for what the server never gave."""
    if not text:
        return Cursor()
    if _NUMBER.match(text):
        return Cursor(others=int(text))
    found = [_PLACE.match(part) for part in text[: CURSOR_CHARS_MAX + 1].split(",")]
    if len(text) > CURSOR_CHARS_MAX or not all(found):
        raise refuse("bad-request", "expected the cursor of an earlier answer, or none")
    return Cursor({place[1]: int(place[2]) for place in found if place})


def read_wait(text: str) -> int:
    """Seconds that a till is ready to wait; Refused when out of bounds."""
    if not text.isascii() or not text.isdecimal() or len(text) > 3:
        raise refuse("bad-request", "expected `wait` in whole seconds")
    return min(int(text), FEED_WAIT_SECONDS_MAX)


class Hub:
    """Wakes those who wait for news of a campaign, or for one till.

    Bounded: past the limit an asker gets his answer at once.
    """

    def __init__(self) -> None:
        self._bells: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._waiting = 0
        self.closed = False

    def ring(self, *keys: str) -> None:
        """Something was published for these campaigns or tills."""
        for key in keys:
            for bell in self._bells.get(key, ()):
                bell.set()

    def close(self) -> None:
        """Let everybody go: the server stops."""
        self.closed = True
        self.ring(*self._bells)

    @contextmanager
    def listen(self, keys: Sequence[str]) -> Iterator[asyncio.Event]:
        """A bell that rings for these. Clear it before looking, so that no news slips between."""
        bell = asyncio.Event()
        for key in keys:
            self._bells[key].add(bell)
        try:
            yield bell
        finally:
            for key in keys:
                self._bells[key].discard(bell)
                if not self._bells[key]:
                    del self._bells[key]

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


def highest_items(db: Db) -> dict[str, int]:
    """The last item of each campaign's feed."""
    rows = db.execute("SELECT campaign, max(id) FROM feed GROUP BY campaign")
    return {str(campaign): int(last) for campaign, last in rows.fetchall()}
