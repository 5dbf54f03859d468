-- What this till did in its campaigns, as the entries of their chains say: written with them.

-- Tickets that earned or were paid with rewards; `returned` is what came back of them so far.
CREATE TABLE campaign_ticket (
    campaign TEXT    NOT NULL,
    ticket   INTEGER NOT NULL CHECK (ticket > 0),
    number   INTEGER NOT NULL CHECK (number > 0),
    earned   INTEGER NOT NULL CHECK (earned >= 0),
    redeemed INTEGER NOT NULL CHECK (redeemed >= 0),
    returned INTEGER NOT NULL DEFAULT 0,
    reissued INTEGER NOT NULL DEFAULT 0 CHECK (reissued >= 0),
    PRIMARY KEY (campaign, ticket)
) STRICT, WITHOUT ROWID;

CREATE TABLE lease_drawn (
    campaign TEXT    NOT NULL,
    lease    INTEGER NOT NULL,
    drawn    INTEGER NOT NULL CHECK (drawn >= 0),
    closed   INTEGER NOT NULL DEFAULT 0 CHECK (closed IN (0, 1)),
    PRIMARY KEY (campaign, lease)
) STRICT, WITHOUT ROWID;

-- Vouchers that were taken here or handed out here; `unsure`: it might be spent elsewhere too.
CREATE TABLE voucher_here (
    campaign TEXT    NOT NULL,
    batch    INTEGER NOT NULL,
    idx      INTEGER NOT NULL,
    what     TEXT    NOT NULL CHECK (what IN ('taken', 'handed')),
    number   INTEGER NOT NULL,
    cents    INTEGER NOT NULL,
    unsure   INTEGER NOT NULL CHECK (unsure IN (0, 1)),
    PRIMARY KEY (campaign, batch, idx, what)
) STRICT, WITHOUT ROWID;

CREATE INDEX voucher_here_unsure ON voucher_here (campaign, number) WHERE unsure = 1;

-- What a ticket's holder can claim: the secret is nowhere else, the chain has its hash only.
CREATE TABLE claim (
    campaign TEXT    NOT NULL,
    number   INTEGER NOT NULL,
    part     INTEGER NOT NULL,
    ticket   INTEGER NOT NULL,
    epoch    INTEGER NOT NULL,
    amount   INTEGER NOT NULL CHECK (amount > 0),
    day      TEXT    NOT NULL,
    secret   TEXT    NOT NULL CHECK (length(secret) IN (0, 20)),
    voucher  TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (campaign, number, part, voucher)
) STRICT, WITHOUT ROWID;

CREATE INDEX claim_of_ticket ON claim (ticket);
