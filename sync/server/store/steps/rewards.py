"""What was earned, by whom: members, earns, the claims that came before their entry.

An earn's money is where its state says: `unclaimed` under the claim's hash; `pending` until
`ready_at`, then `available`, of its member; `spent` when it was handed out as vouchers; `lapsed`
when nothing is left of it. A reissue, the part of a refund that rewards had paid, is an earn too.
"""

from __future__ import annotations

from typing import Final

TABLES: Final = """
CREATE TABLE member (
    campaign TEXT NOT NULL,
    id TEXT NOT NULL,
    secret BLOB,
    recovery BLOB,
    created_at TEXT NOT NULL,
    seen_at TEXT NOT NULL,
    gone_at TEXT,
    PRIMARY KEY (campaign, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_by_secret ON member (secret);
CREATE INDEX member_by_recovery ON member (recovery);

CREATE TABLE earn (
    campaign TEXT NOT NULL,
    enrolment INTEGER NOT NULL,
    number INTEGER NOT NULL,
    part INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('earn', 'reissue')),
    till TEXT NOT NULL,
    ticket INTEGER NOT NULL,
    shop TEXT NOT NULL,
    day TEXT NOT NULL,
    at TEXT NOT NULL,
    pack INTEGER NOT NULL,
    base INTEGER NOT NULL,
    promised INTEGER NOT NULL,
    amount INTEGER NOT NULL CHECK (amount >= 0),
    claim TEXT NOT NULL,
    member TEXT NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('unclaimed', 'pending', 'available', 'spent', 'lapsed')),
    ready_at TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (campaign, enrolment, number, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX earn_by_claim ON earn (campaign, claim);
CREATE INDEX earn_by_member ON earn (campaign, member, state);
CREATE INDEX earn_by_ticket ON earn (campaign, till, ticket);
CREATE INDEX earn_by_shop ON earn (campaign, shop, day);

CREATE TABLE claim (
    campaign TEXT NOT NULL,
    hash TEXT NOT NULL,
    member TEXT NOT NULL,
    till TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    number INTEGER NOT NULL,
    promised INTEGER NOT NULL,
    covered INTEGER NOT NULL,
    day TEXT NOT NULL,
    at TEXT NOT NULL,
    arrived INTEGER NOT NULL CHECK (arrived IN (0, 1)),
    PRIMARY KEY (campaign, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX claim_by_member ON claim (campaign, member);

CREATE TABLE visit (
    campaign TEXT NOT NULL,
    member TEXT NOT NULL,
    shop TEXT NOT NULL,
    day TEXT NOT NULL,
    PRIMARY KEY (campaign, member, shop, day)
) STRICT, WITHOUT ROWID;
"""

APPEND_ONLY: Final[tuple[str, ...]] = ()
