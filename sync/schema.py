"""The tables of campaign.db, as numbered steps. A step that has shipped is never edited.

`enrolment` is this till in one campaign under one epoch, with how far its server has acknowledged
the campaign's chain. `server` is shared by the campaigns that live on it.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from sync.errors import StateError

_STEP_1: Final = """
CREATE TABLE server (
    origin TEXT PRIMARY KEY,
    offset_ms INTEGER NOT NULL DEFAULT 0,
    cursor TEXT NOT NULL DEFAULT '',
    contact_at TEXT,
    trouble TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE server_key (
    origin TEXT NOT NULL REFERENCES server,
    kid TEXT NOT NULL,
    pem TEXT NOT NULL,
    since TEXT NOT NULL,
    PRIMARY KEY (origin, kid)
) STRICT, WITHOUT ROWID;

CREATE TABLE enrolment (
    campaign TEXT NOT NULL,
    epoch INTEGER NOT NULL CHECK (epoch > 0),
    origin TEXT NOT NULL REFERENCES server,
    campaign_name TEXT NOT NULL,
    shop TEXT NOT NULL,
    shop_name TEXT NOT NULL,
    shop_till TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    enrolled_at TEXT NOT NULL,
    acknowledged INTEGER NOT NULL CHECK (acknowledged >= 0),
    digest TEXT NOT NULL CHECK (length(digest) = 64),
    acknowledged_at TEXT,
    rejected INTEGER NOT NULL DEFAULT 0,
    trouble TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '',
    retry_at TEXT,
    halted INTEGER NOT NULL DEFAULT 0 CHECK (halted IN (0, 1)),
    PRIMARY KEY (campaign, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE rejection (
    campaign TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    number INTEGER NOT NULL,
    reason TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (campaign, epoch, number),
    FOREIGN KEY (campaign, epoch) REFERENCES enrolment
) STRICT, WITHOUT ROWID;

CREATE TABLE news (
    origin TEXT NOT NULL REFERENCES server,
    id INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    text TEXT,
    compact TEXT NOT NULL,
    PRIMARY KEY (origin, id)
) STRICT, WITHOUT ROWID;
"""

# Feed items are numbered by campaign. The cursor starts again, because the version before passed
# over the items whose kinds it did not know.
_STEP_2: Final = """
CREATE TABLE news_by_campaign (
    origin TEXT NOT NULL REFERENCES server,
    campaign TEXT NOT NULL,
    id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    text TEXT,
    compact TEXT NOT NULL,
    PRIMARY KEY (origin, campaign, id)
) STRICT, WITHOUT ROWID;
INSERT INTO news_by_campaign SELECT origin, campaign, id, kind, at, text, compact FROM news;
DROP TABLE news;
ALTER TABLE news_by_campaign RENAME TO news;
UPDATE server SET cursor = '';
"""

# `made_at` is when the server made the list, `checked_at` when it last said that it still holds.
_STEP_3: Final = """
CREATE TABLE status_list (
    campaign TEXT NOT NULL,
    batch INTEGER NOT NULL CHECK (batch > 0),
    made_at TEXT NOT NULL,
    checked_at TEXT NOT NULL,
    etag TEXT NOT NULL,
    compact TEXT NOT NULL,
    PRIMARY KEY (campaign, batch)
) STRICT;
"""

STEPS: Final = (_STEP_1, _STEP_2, _STEP_3)


def check_known(db: sqlite3.Connection) -> int:
    """How many steps a database has taken.

    Raises StateError for one that a later version of the program has written.
    """
    (done,) = db.execute("PRAGMA user_version").fetchone()
    if done > len(STEPS):
        raise StateError(f"campaign.db has schema {done}, this program knows {len(STEPS)}")
    return int(done)


def migrate(db: sqlite3.Connection) -> None:
    """Bring a database up to date, each step in one transaction. Raises as check_known."""
    done = check_known(db)
    for number, step in enumerate(STEPS[done:], done + 1):
        db.executescript(f"BEGIN IMMEDIATE;{step}PRAGMA user_version = {number};COMMIT;")
