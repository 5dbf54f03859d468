"""The campaigns' grants, read from campaign.db by the till while the sync process writes it."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from sync import records
from sync.contract.errors import ContractError
from sync.contract.feed import FEED_TYP, FeedItem
from sync.contract.grants import Grants, collect
from sync.contract.jws import VerifyKey
from sync.contract.messages import open_signed
from sync.database import Looker
from sync.records import Enrolment

logger = logging.getLogger(__name__)
ITEMS_MAX: Final = 5_000


class GrantsReader:
    """What each campaign of a till granted it; read again only when the file has changed.

    Methods may be called from any thread. Raises StateError when SQLite refuses.
    """

    def __init__(self, path: Path, till: str, epoch: int) -> None:
        self._file = Looker(path)
        self._till = till
        self._epoch = epoch
        self._version = -1
        self._known: tuple[Grants, ...] = ()
        # Items that were read before: each signature is verified once, not at each commit.
        self._items: dict[str, tuple[FeedItem, str] | None] = {}

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def read(self) -> tuple[Grants, ...]:
        """The grants of the campaigns that this till is enrolled in, by id."""
        with self._file.read() as db:
            if db is None:
                return ()
            (version,) = db.execute("PRAGMA data_version").fetchone()
            if version != self._version:
                self._known = tuple(self._grants(db))
                self._version = version
            return self._known

    def _grants(self, db: sqlite3.Connection) -> Iterator[Grants]:
        for enrolment in records.enrolments(db):
            if enrolment.epoch != self._epoch:
                continue
            try:
                yield self._of(db, enrolment)
            except (ContractError, LookupError, TypeError, ValueError):
                # Somebody else wrote there. The till sells on, without what is granted here.
                logger.exception("campaign %s cannot be read", enrolment.campaign)

    def _of(self, db: sqlite3.Connection, enrolment: Enrolment) -> Grants:
        server = records.server(db, enrolment.origin)
        keys = {kid: VerifyKey.from_pem(pem.encode("ascii")) for kid, pem in server.keys.items()}
        rows = db.execute(
            "SELECT compact FROM news WHERE origin = ? AND campaign = ?"
            " AND kind IN ('rules', 'state', 'shop', 'lease', 'carnet') ORDER BY id LIMIT ?",
            (enrolment.origin, enrolment.campaign, ITEMS_MAX),
        )
        items = [found for (compact,) in rows if (found := self._item(compact, keys))]
        return Grants(
            enrolment.campaign,
            enrolment.campaign_name,
            enrolment.origin,
            collect(items, self._till, self._epoch),
            tuple(keys.values()),
            enrolment.acknowledged,
            _moment(server.contact_at),
            server.offset_ms,
        )

    def _item(self, compact: str, keys: dict[str, VerifyKey]) -> tuple[FeedItem, str] | None:
        if compact not in self._items:
            self._items[compact] = _item(compact, keys)
        return self._items[compact]


def _moment(text: str | None) -> str | None:
    """A time with its offset; ValueError for what is none."""
    if text is not None and datetime.fromisoformat(text).tzinfo is None:
        raise ValueError(f"{text} has no offset")
    return text


def _item(compact: str, keys: dict[str, VerifyKey]) -> tuple[FeedItem, str] | None:
    """An item and its hash. What is not signed by the server any more was changed by somebody."""
    try:
        item, signed = open_signed(compact, FEED_TYP, FeedItem)
        signed.check(keys[signed.kid])
    except (ContractError, KeyError) as error:
        logger.warning("an item of campaign.db is passed over: %s", error)
        return None
    return item, signed.digest
