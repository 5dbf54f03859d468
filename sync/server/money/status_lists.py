"""The status list of a batch, signed: which of its vouchers a till may still take."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sync.contract import status_list
from sync.contract.jws import SigningKey
from sync.contract.status_list import INVALID, SUSPENDED, VALID
from sync.server.errors import refuse
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
