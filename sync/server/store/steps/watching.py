"""What the dashboard adds up: small sums by day, written in the transaction that books.

`reward_day` has the rewards of a till's business day beside its row in `turnover`; `tally` counts
by business day: tickets by kind and by hour, tenders by kind, what earned (`base` and `reward`),
redemptions by mode, and visits by how often a shopper had come before;
`flow` is what the ledger moved on a day (the server's, UTC), by kind, accounts and fund. All of it
can be worked out anew: from `earn`, `redemption`, `visit` and `transfer` below, and what tickets
say from the entries themselves (tills.tallies).
"""

from __future__ import annotations

from typing import Final

TABLES: Final = """
CREATE TABLE reward_day (
    campaign TEXT NOT NULL,
    enrolment INTEGER NOT NULL,
    day TEXT NOT NULL,
    earns INTEGER NOT NULL,
    base_cents INTEGER NOT NULL,
    reward_cents INTEGER NOT NULL,
    redemptions INTEGER NOT NULL,
    redeemed_cents INTEGER NOT NULL,
    PRIMARY KEY (campaign, enrolment, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE tally (
    campaign TEXT NOT NULL,
    what TEXT NOT NULL
        CHECK (what IN ('ticket', 'hour', 'tender', 'earn', 'mode', 'visit')),
    day TEXT NOT NULL,
    cell TEXT NOT NULL,
    times INTEGER NOT NULL,
    cents INTEGER NOT NULL,
    PRIMARY KEY (campaign, what, day, cell)
) STRICT, WITHOUT ROWID;

CREATE TABLE flow (
    campaign TEXT NOT NULL,
    day TEXT NOT NULL,
    kind TEXT NOT NULL,
    debit TEXT NOT NULL,
    credit TEXT NOT NULL,
    fund INTEGER NOT NULL,
    times INTEGER NOT NULL,
    cents INTEGER NOT NULL,
    PRIMARY KEY (campaign, day, kind, debit, credit, fund)
) STRICT, WITHOUT ROWID;

INSERT INTO flow SELECT campaign, substr(at, 1, 10), kind, debit, credit, fund, count(*), sum(cents)
    FROM transfer GROUP BY 1, 2, 3, 4, 5, 6;
INSERT INTO reward_day
    SELECT campaign, enrolment, day, sum(earns), sum(base), sum(amount), sum(taken), sum(payable)
    FROM (
        SELECT campaign, enrolment, day, 1 AS earns, base, amount, 0 AS taken, 0 AS payable
        FROM earn WHERE kind = 'earn' AND promised > 0
        UNION ALL
        SELECT campaign, enrolment, day, 0, 0, 0, 1, payable FROM redemption
    ) AS booked GROUP BY 1, 2, 3;
INSERT INTO tally SELECT campaign, 'earn', day, 'base', sum(earns), sum(base_cents) FROM reward_day
    WHERE earns > 0 GROUP BY campaign, day;
INSERT INTO tally SELECT campaign, 'earn', day, 'reward', sum(earns), sum(reward_cents)
    FROM reward_day WHERE earns > 0 GROUP BY campaign, day;
INSERT INTO tally SELECT campaign, 'mode', day, mode, count(*), sum(payable) FROM redemption
    GROUP BY campaign, day, mode;
INSERT INTO tally SELECT campaign, 'visit', day, cell, count(*), 0 FROM (
        SELECT campaign, day, CASE
            row_number() OVER (PARTITION BY campaign, member ORDER BY day, shop)
            WHEN 1 THEN 'first' WHEN 2 THEN 'second' ELSE 'later' END AS cell
        FROM visit
    ) AS visits GROUP BY campaign, day, cell;
"""

APPEND_ONLY: Final[tuple[str, ...]] = ()
