"""The status list of a batch, signed: which of its vouchers a till may still take."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sync.contract import status_list
from sync.contract.jws import SigningKey
from sync.contract.status_list import (
    INVALID,
    LISTS_MAX,
    SUSPENDED,
    VALID,
    BatchList,
    BatchLists,
)
from sync.contract.voucher import Audience
from sync.server.errors import refuse
from sync.server.money.context import Sender
from sync.server.money.funding import where_is
from sync.server.store.db import Db

TTL_SECONDS: Final = 600
LIFETIME_SECONDS: Final = 7 * 86_400
_STATUS: Final = {
    "valid": VALID,
    "suspended": SUSPENDED,
    "redeemed": INVALID,
    "expired": INVALID,
    "revoked": INVALID,
}


def current(db: Db, campaign: str, sender: Sender, today: str) -> BatchLists:
    """The lists that a till should have: of batches it may be shown and that are not over.

    Newest first; a batch of another shop or till is not among them. `today` is YYYY-MM-DD.
    """
    rows = db.execute(
        "SELECT id, version FROM batch WHERE campaign = ? AND last_day >= ? AND"
        " (audience IN (?, ?) OR (audience = ? AND audience_id = ?)"
        " OR (audience = ? AND audience_id = ?))"
        " ORDER BY id DESC LIMIT ?",
        (
            *(campaign, today, int(Audience.ANY), int(Audience.GROUP)),
            *(int(Audience.SHOP), where_is(db, campaign, sender.shop).number),
            *(int(Audience.TILL), sender.enrolment, LISTS_MAX),
        ),
    )
    return BatchLists(
        lists=[BatchList(batch=int(batch), etag=etag(number)) for batch, number in rows.fetchall()]
    )


def etag(number: int) -> str:
    """The ETag of a version of a list."""
    return f'"{number}"'


def version(db: Db, campaign: str, batch: int) -> int:
    """How often a batch has changed, which is its list's ETag; Refused for no such batch."""
    row = db.execute(
        "SELECT version FROM batch WHERE campaign = ? AND id = ?", (campaign, batch)
    ).fetchone()
    if row is None:
        raise refuse("not-found", f"no batch {batch}")
    return int(row[0])


def build(db: Db, campaign: str, batch: int, key: SigningKey, uri: str, now: datetime) -> bytes:
    """The signed list of a batch as of now, as a compact JWT."""
    rows = db.execute(
        "SELECT state FROM voucher WHERE campaign = ? AND batch = ? ORDER BY idx",
        (campaign, batch),
    )
    raw = status_list.pack(_STATUS[state] for (state,) in rows.fetchall())
    at = int(now.timestamp())
    return status_list.write(
        raw, key, uri=uri, at=at, ttl=TTL_SECONDS, lifetime=LIFETIME_SECONDS
    ).compact
