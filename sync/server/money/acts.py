"""Acts: what people and the server itself did with a campaign, one line each, never changed."""

from __future__ import annotations

from typing import Any

import msgspec

from sync.server.store.db import Db, next_number

SERVER = "server"  # who acts when nobody asked: expiry, returns


def record(db: Db, campaign: str, kind: str, who: str, at: str, detail: dict[str, Any]) -> int:
    """Write an act; its number in the campaign, which the ledger names as a cause."""
    number = next_number(db, "act", campaign)
    said = msgspec.json.encode(detail).decode("utf-8")
    db.execute(
        "INSERT INTO act (campaign, id, kind, who, at, detail) VALUES (?, ?, ?, ?, ?, ?)",
        (campaign, number, kind, who, at, said),
    )
    return number
