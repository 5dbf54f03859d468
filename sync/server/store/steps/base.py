"""Campaigns, shops, tills, and what tills sent: each table's keys begin with its campaign.

So PostgreSQL can spread them over machines or partitions by campaign. `identity` and `session`
belong to no campaign and are small. `enrolment` is one till in one campaign under one epoch, and
carries the head of its chain there. `entry` keeps what was received, for ever; `ticket`, `closing`
and `turnover` are the books, written in the same transaction. A digest is the 32 bytes of a
SHA-256.
"""

from __future__ import annotations

from typing import Final

TABLES: Final = """
CREATE TABLE campaign (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

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

CREATE TABLE session (
    digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
    who TEXT NOT NULL,
    ends_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE shop (
    campaign TEXT NOT NULL REFERENCES campaign,
    id TEXT NOT NULL,
    number INTEGER NOT NULL CHECK (number > 0),
    name TEXT NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (campaign, id),
    UNIQUE (campaign, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX shop_in_order ON shop (campaign, name, id);
CREATE INDEX shop_by_id ON shop (id);

CREATE TABLE enrolment (
    campaign TEXT NOT NULL,
    id INTEGER NOT NULL CHECK (id > 0),
    till TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    shop TEXT NOT NULL,
    shop_till TEXT NOT NULL,
    software TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    enrolled_at TEXT NOT NULL,
    head_number INTEGER NOT NULL CHECK (head_number >= 0),
    head_digest BLOB NOT NULL CHECK (length(head_digest) = 32),
    rejected INTEGER NOT NULL DEFAULT 0,
    last_entry_at TEXT,
    last_received_at TEXT,
    PRIMARY KEY (campaign, id),
    UNIQUE (campaign, till, epoch),
    FOREIGN KEY (campaign, shop) REFERENCES shop,
    FOREIGN KEY (till, epoch) REFERENCES identity
) STRICT, WITHOUT ROWID;
CREATE INDEX enrolment_by_shop ON enrolment (campaign, shop);
CREATE INDEX enrolment_by_till ON enrolment (till, epoch);

CREATE TABLE pairing_code (
    campaign TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    shop TEXT NOT NULL,
    created_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    enrolment INTEGER,
    PRIMARY KEY (campaign, digest),
    FOREIGN KEY (campaign, shop) REFERENCES shop,
    FOREIGN KEY (campaign, enrolment) REFERENCES enrolment
) STRICT, WITHOUT ROWID;
CREATE INDEX pairing_code_by_digest ON pairing_code (digest);

CREATE TABLE entry (
    campaign TEXT NOT NULL,
    enrolment INTEGER NOT NULL,
    number INTEGER NOT NULL CHECK (number > 0),
    epoch INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    received_at TEXT NOT NULL,
    rejection TEXT,
    compact BLOB NOT NULL,
    PRIMARY KEY (campaign, enrolment, number),
    FOREIGN KEY (campaign, enrolment) REFERENCES enrolment
) STRICT;

CREATE TABLE ticket (
    campaign TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    enrolment INTEGER NOT NULL,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('sale', 'refund')),
    ticket_number INTEGER NOT NULL,
    day TEXT NOT NULL,
    total_cents INTEGER NOT NULL,
    eligible_cents INTEGER NOT NULL,
    PRIMARY KEY (campaign, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE closing (
    campaign TEXT NOT NULL,
    enrolment INTEGER NOT NULL,
    number INTEGER NOT NULL,
    z_number INTEGER NOT NULL,
    day TEXT NOT NULL,
    total_cents INTEGER NOT NULL,
    tickets INTEGER NOT NULL,
    PRIMARY KEY (campaign, enrolment, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE turnover (
    campaign TEXT NOT NULL,
    enrolment INTEGER NOT NULL,
    day TEXT NOT NULL,
    sales INTEGER NOT NULL,
    refunds INTEGER NOT NULL,
    total_cents INTEGER NOT NULL,
    PRIMARY KEY (campaign, enrolment, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE fork (
    campaign TEXT NOT NULL,
    enrolment INTEGER NOT NULL,
    number INTEGER NOT NULL,
    digest BLOB NOT NULL,
    received_at TEXT NOT NULL,
    compact BLOB NOT NULL,
    PRIMARY KEY (campaign, enrolment, number, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE feed (
    campaign TEXT NOT NULL REFERENCES campaign,
    id INTEGER NOT NULL CHECK (id > 0),
    till TEXT NOT NULL DEFAULT '',
    epoch INTEGER NOT NULL DEFAULT 0,
    compact BLOB NOT NULL,
    PRIMARY KEY (campaign, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX feed_by_till ON feed (campaign, till, id);
"""

# Tables whose rows are never changed nor deleted.
APPEND_ONLY: Final = ("entry",)

# What a file of the first version becomes. The old tables were renamed to old_*.
CARRY_OVER: Final = """
INSERT INTO campaign SELECT * FROM old_campaign;
INSERT INTO identity SELECT * FROM old_identity;
INSERT INTO shop SELECT campaign, id, row_number() OVER (PARTITION BY campaign
    ORDER BY created_at, id), name, created_at FROM old_shop;
INSERT INTO enrolment SELECT campaign, id, till, epoch, shop, shop_till, software, fingerprint,
    enrolled_at, head_number, head_digest, rejected, last_entry_at, last_received_at
    FROM old_enrolment;
INSERT INTO pairing_code SELECT campaign, digest, shop, old_pairing_code.created_at, expires_at,
    enrolment FROM old_pairing_code JOIN old_shop ON old_shop.id = shop;
INSERT INTO entry SELECT campaign, enrolment, number, old_entry.epoch, digest, received_at,
    rejection, compact FROM old_entry JOIN old_enrolment ON id = enrolment;
INSERT INTO ticket SELECT campaign, digest, enrolment, number, kind, ticket_number, day,
    total_cents, eligible_cents FROM old_ticket;
INSERT INTO closing SELECT campaign, enrolment, number, z_number, day, total_cents, tickets
    FROM old_closing JOIN old_enrolment ON id = enrolment;
INSERT INTO turnover SELECT campaign, enrolment, day, sales, refunds, total_cents
    FROM old_turnover JOIN old_enrolment ON id = enrolment;
INSERT INTO fork SELECT campaign, enrolment, number, CAST(hex(old_fork.id) AS BLOB), received_at,
    compact FROM old_fork JOIN old_enrolment ON old_enrolment.id = enrolment;
INSERT INTO feed SELECT campaign, id, '', 0, compact FROM old_feed;
"""
OLD_TABLES: Final = (
    *("feed", "fork", "turnover", "closing", "ticket", "entry"),
    *("pairing_code", "enrolment", "identity", "shop", "campaign"),
)
