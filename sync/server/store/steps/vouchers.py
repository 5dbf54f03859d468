"""Vouchers: their batches, who holds them for a sale, who took them, what phones paid."""

from __future__ import annotations

from typing import Final

TABLES: Final = """
CREATE TABLE batch (
    campaign TEXT NOT NULL,
    id INTEGER NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('wallet', 'bonus', 'carnet', 'handout')),
    value INTEGER NOT NULL CHECK (value > 0),
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL,
    audience INTEGER NOT NULL,
    audience_id INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    min_spend INTEGER NOT NULL,
    size INTEGER NOT NULL,
    version INTEGER NOT NULL,
    changed_at TEXT NOT NULL,
    PRIMARY KEY (campaign, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX batch_by_terms ON batch (campaign, purpose, value, last_day, audience, audience_id);

CREATE TABLE voucher (
    campaign TEXT NOT NULL,
    batch INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('suspended', 'valid', 'redeemed', 'expired', 'revoked')),
    member TEXT NOT NULL,
    code BLOB NOT NULL,
    token TEXT NOT NULL,
    issued_at TEXT NOT NULL,
    shop TEXT NOT NULL DEFAULT '',
    used_at TEXT,
    PRIMARY KEY (campaign, batch, idx),
    FOREIGN KEY (campaign, batch) REFERENCES batch
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX voucher_by_code ON voucher (campaign, code);
CREATE INDEX voucher_by_member ON voucher (campaign, member);

CREATE TABLE reservation (
    campaign TEXT NOT NULL,
    id TEXT NOT NULL,
    batch INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    till TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    sale TEXT NOT NULL,
    made_at TEXT NOT NULL,
    expires_at TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'captured', 'released', 'lapsed')),
    PRIMARY KEY (campaign, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX reservation_by_voucher ON reservation (campaign, batch, idx, state);
CREATE INDEX reservation_by_till ON reservation (campaign, till, state);

CREATE TABLE redemption (
    campaign TEXT NOT NULL,
    enrolment INTEGER NOT NULL,
    number INTEGER NOT NULL,
    part INTEGER NOT NULL,
    batch INTEGER,
    idx INTEGER,
    challenge TEXT NOT NULL,
    mode TEXT NOT NULL,
    shop TEXT NOT NULL,
    till TEXT NOT NULL,
    ticket INTEGER NOT NULL,
    day TEXT NOT NULL,
    at TEXT NOT NULL,
    value INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    payable INTEGER NOT NULL,
    bears TEXT NOT NULL CHECK (bears IN ('', 'sponsor', 'shop')),
    PRIMARY KEY (campaign, enrolment, number, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX redemption_by_voucher ON redemption (campaign, batch, idx);
CREATE INDEX redemption_by_shop ON redemption (campaign, shop, day);
CREATE INDEX redemption_by_ticket ON redemption (campaign, till, ticket);

CREATE TABLE courier_payment (
    campaign TEXT NOT NULL,
    challenge TEXT NOT NULL,
    till TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    member TEXT NOT NULL,
    cents INTEGER NOT NULL CHECK (cents > 0),
    at TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('paid', 'captured', 'returned')),
    PRIMARY KEY (campaign, challenge)
) STRICT, WITHOUT ROWID;
CREATE INDEX courier_by_member ON courier_payment (campaign, member);

CREATE TABLE idempotency (
    till TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    campaign TEXT NOT NULL,
    reservation TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (till, key)
) STRICT, WITHOUT ROWID;
"""

APPEND_ONLY: Final = ("redemption",)
