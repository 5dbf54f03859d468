"""The ledger's tables: sponsors and their money, the transfers, the balances, the acts."""

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

CREATE TABLE balance (
    campaign TEXT NOT NULL,
    account TEXT NOT NULL,
    owner TEXT NOT NULL,
    fund INTEGER NOT NULL,
    cents INTEGER NOT NULL,
    PRIMARY KEY (campaign, account, owner, fund)
) STRICT, WITHOUT ROWID;
"""

# Tables whose rows are never changed nor deleted.
APPEND_ONLY: Final = ("act", "transfer")
