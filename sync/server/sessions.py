"""Who has logged in: a secret in the browser's cookie, its hash in the database."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Final

from sync.server.auth import digest, stamp
from sync.server.store.db import Db

SESSION_COOKIE: Final = "comptoir-session"
SESSION_LIFETIME: Final = timedelta(hours=12)
SESSIONS_MAX: Final = 10_000
ADMIN: Final = "admin"
ACCOUNT_PREFIX: Final = "account:"  # before an account's id: who acts, who has logged in


def open_session(db: Db, who: str, now: datetime) -> str:
    """A new session's secret. Sessions that ended go; the oldest too when there are too many."""
    secret = secrets.token_urlsafe(32)
    db.execute("DELETE FROM session WHERE ends_at <= ?", (stamp(now),))
    db.execute(
        "INSERT INTO session (digest, who, ends_at) VALUES (?, ?, ?)",
        (digest(secret), who, stamp(now + SESSION_LIFETIME)),
    )
    db.execute(
        "DELETE FROM session WHERE ends_at < (SELECT ends_at FROM session"
        " ORDER BY ends_at DESC LIMIT 1 OFFSET ?)",
        (SESSIONS_MAX - 1,),
    )
    return secret


def find_session(db: Db, secret: str, now: datetime) -> str | None:
    """Who a session's secret belongs to; None for an unknown one, or one that ended."""
    row = db.execute(
        "SELECT who FROM session WHERE digest = ? AND ends_at > ?", (digest(secret), stamp(now))
    ).fetchone()
    return str(row[0]) if row else None


def end_session(db: Db, secret: str) -> None:
    """Forget a session."""
    db.execute("DELETE FROM session WHERE digest = ?", (digest(secret),))
