"""The tables of the first version, as SQLite files of that time have them. Never edited."""

from __future__ import annotations

from typing import Final

TABLES: Final = """
CREATE TABLE campaign (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE shop (
    id TEXT PRIMARY KEY,
    campaign TEXT NOT NULL REFERENCES campaign,
    name TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX shop_in_order ON shop (campaign, name, id);

CREATE TABLE identity (
    till TEXT NOT NULL,
    epoch INTEGER NOT NULL CHECK (epoch > 0),
    kid TEXT NOT NULL UNIQUE,
    spki BLOB NOT NULL,
    since TEXT NOT NULL,
    quarantined_at TEXT,
    quarantine TEXT,
    PRIMARY KEY (till, epoch),
    CHECK ((quarantined_at IS NULL) = (quarantine IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE enrolment (
    id INTEGER PRIMARY KEY,
    till TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    campaign TEXT NOT NULL REFERENCES campaign,
    shop TEXT NOT NULL REFERENCES shop,
    shop_till TEXT NOT NULL,
    software TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    enrolled_at TEXT NOT NULL,
    head_number INTEGER NOT NULL DEFAULT 0 CHECK (head_number >= 0),
    head_digest BLOB NOT NULL DEFAULT (zeroblob(32)) CHECK (length(head_digest) = 32),
    rejected INTEGER NOT NULL DEFAULT 0,
    last_entry_at TEXT,
    last_received_at TEXT,
    UNIQUE (till, epoch, campaign),
    FOREIGN KEY (till, epoch) REFERENCES identity
) STRICT;
CREATE INDEX enrolment_by_shop ON enrolment (shop);

CREATE TABLE pairing_code (
    digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
    shop TEXT NOT NULL REFERENCES shop,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    enrolment INTEGER UNIQUE REFERENCES enrolment
) STRICT, WITHOUT ROWID;

CREATE TABLE entry (
    enrolment INTEGER NOT NULL REFERENCES enrolment,
    number INTEGER NOT NULL CHECK (number > 0),
    epoch INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    received_at TEXT NOT NULL,
    rejection TEXT,
    compact BLOB NOT NULL,
    PRIMARY KEY (enrolment, number)
) STRICT;
CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'an entry is never changed'); END;
CREATE TRIGGER entry_is_never_deleted BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'an entry is never deleted'); END;

CREATE TABLE ticket (
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    campaign TEXT NOT NULL REFERENCES campaign,
    enrolment INTEGER NOT NULL REFERENCES enrolment,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('sale', 'refund')),
    ticket_number INTEGER NOT NULL,
    day TEXT NOT NULL,
    total_cents INTEGER NOT NULL,
    eligible_cents INTEGER NOT NULL,
    PRIMARY KEY (digest, campaign)
) STRICT, WITHOUT ROWID;

CREATE TABLE closing (
    enrolment INTEGER NOT NULL REFERENCES enrolment,
    number INTEGER NOT NULL,
    z_number INTEGER NOT NULL,
    day TEXT NOT NULL,
    total_cents INTEGER NOT NULL,
    tickets INTEGER NOT NULL,
    PRIMARY KEY (enrolment, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE turnover (
    enrolment INTEGER NOT NULL REFERENCES enrolment,
    day TEXT NOT NULL,
    sales INTEGER NOT NULL,
    refunds INTEGER NOT NULL,
    total_cents INTEGER NOT NULL,
    PRIMARY KEY (enrolment, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE fork (
    id INTEGER PRIMARY KEY,
    enrolment INTEGER NOT NULL REFERENCES enrolment,
    number INTEGER NOT NULL,
    received_at TEXT NOT NULL,
    compact BLOB NOT NULL
) STRICT;

CREATE TABLE feed (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    campaign TEXT NOT NULL REFERENCES campaign,
    compact BLOB NOT NULL
) STRICT;
CREATE INDEX feed_by_campaign ON feed (campaign, id);
"""
