"""The campaign's money: rules, sponsors, the ledger, leases, limits, exceptions, settlement."""

from __future__ import annotations

from typing import Final

TABLES: Final = """
CREATE TABLE act (
    campaign TEXT NOT NULL,
    id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    who TEXT NOT NULL,
    at TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (campaign, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE transfer (
    campaign TEXT NOT NULL,
    id INTEGER NOT NULL,
    debit TEXT NOT NULL,
    debit_owner TEXT NOT NULL,
    credit TEXT NOT NULL,
    credit_owner TEXT NOT NULL,
    fund INTEGER NOT NULL,
    cents INTEGER NOT NULL CHECK (cents > 0),
    kind TEXT NOT NULL,
    bears TEXT NOT NULL CHECK (bears IN ('', 'sponsor', 'shop')),
    source_kind TEXT NOT NULL CHECK (source_kind IN ('entry', 'act')),
    source TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (campaign, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX transfer_to_shop ON transfer (campaign, credit_owner, id) WHERE credit = 'payable';
CREATE INDEX transfer_from_shop ON transfer (campaign, debit_owner, id) WHERE debit = 'payable';

CREATE TABLE balance (
    campaign TEXT NOT NULL,
    account TEXT NOT NULL,
    owner TEXT NOT NULL,
    fund INTEGER NOT NULL,
    cents INTEGER NOT NULL,
    PRIMARY KEY (campaign, account, owner, fund)
) STRICT, WITHOUT ROWID;

CREATE TABLE standing (
    campaign TEXT PRIMARY KEY REFERENCES campaign,
    state TEXT NOT NULL CHECK (state IN ('draft', 'open', 'paused', 'ended', 'closed')),
    since TEXT NOT NULL,
    pack INTEGER,
    settings TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE closing_document (
    campaign TEXT PRIMARY KEY REFERENCES campaign,
    at TEXT NOT NULL,
    compact BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE pack (
    campaign TEXT NOT NULL,
    number INTEGER NOT NULL,
    digest TEXT NOT NULL,
    payload BLOB NOT NULL,
    published_at TEXT NOT NULL,
    PRIMARY KEY (campaign, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE sponsor (
    campaign TEXT NOT NULL,
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    PRIMARY KEY (campaign, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE fund (
    campaign TEXT NOT NULL,
    id INTEGER NOT NULL,
    sponsor INTEGER NOT NULL,
    name TEXT NOT NULL,
    cents INTEGER NOT NULL CHECK (cents > 0),
    purpose TEXT NOT NULL CHECK (purpose IN ('rewards', 'fee')),
    restriction TEXT NOT NULL,
    PRIMARY KEY (campaign, id),
    FOREIGN KEY (campaign, sponsor) REFERENCES sponsor
) STRICT, WITHOUT ROWID;

CREATE TABLE shop_facts (
    campaign TEXT NOT NULL,
    shop TEXT NOT NULL,
    siret TEXT NOT NULL DEFAULT '',
    naf TEXT NOT NULL DEFAULT '',
    naf_2025 TEXT NOT NULL DEFAULT '',
    address TEXT NOT NULL DEFAULT '',
    postcode TEXT NOT NULL DEFAULT '',
    town TEXT NOT NULL DEFAULT '',
    district TEXT NOT NULL DEFAULT '',
    iban TEXT NOT NULL DEFAULT '',
    hours TEXT NOT NULL DEFAULT '',
    latitude TEXT NOT NULL DEFAULT '',
    longitude TEXT NOT NULL DEFAULT '',
    listed INTEGER NOT NULL DEFAULT 1 CHECK (listed IN (0, 1)),
    chain INTEGER NOT NULL DEFAULT 0 CHECK (chain IN (0, 1)),
    reference TEXT NOT NULL DEFAULT '',
    access BLOB,
    PRIMARY KEY (campaign, shop),
    FOREIGN KEY (campaign, shop) REFERENCES shop
) STRICT, WITHOUT ROWID;
CREATE INDEX shop_facts_by_district ON shop_facts (campaign, district);

CREATE TABLE lease (
    campaign TEXT NOT NULL,
    id INTEGER NOT NULL,
    till TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('earn', 'risk')),
    cents INTEGER NOT NULL CHECK (cents > 0),
    drawn INTEGER NOT NULL DEFAULT 0 CHECK (drawn BETWEEN 0 AND cents),
    from_at TEXT NOT NULL,
    until_at TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'closed', 'lost')),
    PRIMARY KEY (campaign, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX lease_by_till ON lease (campaign, till, epoch, kind, state);

CREATE TABLE limit_use (
    campaign TEXT NOT NULL,
    action TEXT NOT NULL,
    scope TEXT NOT NULL,
    owner TEXT NOT NULL,
    period TEXT NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (campaign, action, scope, owner, period)
) STRICT, WITHOUT ROWID;

CREATE TABLE finding (
    campaign TEXT NOT NULL,
    id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    source_kind TEXT NOT NULL,
    source TEXT NOT NULL,
    shop TEXT NOT NULL,
    cents INTEGER NOT NULL,
    detail TEXT NOT NULL,
    at TEXT NOT NULL,
    decision TEXT NOT NULL DEFAULT '' CHECK (decision IN ('', 'pay', 'refuse', 'noted')),
    decided_by INTEGER,
    PRIMARY KEY (campaign, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX finding_open ON finding (campaign, decision, id);
CREATE INDEX finding_by_shop ON finding (campaign, shop, id);

CREATE TABLE settlement (
    campaign TEXT NOT NULL,
    id INTEGER NOT NULL,
    cutoff TEXT NOT NULL,
    act INTEGER NOT NULL,
    PRIMARY KEY (campaign, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE settlement_line (
    campaign TEXT NOT NULL,
    settlement INTEGER NOT NULL,
    shop TEXT NOT NULL,
    cents INTEGER NOT NULL CHECK (cents > 0),
    name TEXT NOT NULL,
    iban TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('prepared', 'paid', 'refused')),
    PRIMARY KEY (campaign, settlement, shop)
) STRICT, WITHOUT ROWID;
CREATE INDEX settlement_line_by_shop ON settlement_line (campaign, shop, settlement);
"""

# Tables whose rows are never changed nor deleted.
APPEND_ONLY: Final = ("act", "transfer", "closing_document")
