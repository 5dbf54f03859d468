-- Read models, derived from the journal and nothing else: this file may be deleted at any time.
-- Training is not in here.

-- How far the journal has been read, and the hash of the entry there.
CREATE TABLE cursor (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    seq    INTEGER NOT NULL CHECK (seq >= 0),
    digest TEXT    NOT NULL CHECK (length(digest) = 64)
) STRICT;

INSERT INTO cursor (id, seq, digest) VALUES (1, 0, printf('%064d', 0));

CREATE TABLE ticket (
    number   INTEGER PRIMARY KEY,
    seq      INTEGER NOT NULL,
    epoch    INTEGER NOT NULL,
    at       TEXT    NOT NULL,
    operator TEXT    NOT NULL,
    type     TEXT    NOT NULL,
    sale     TEXT    NOT NULL,
    day      TEXT    NOT NULL,
    session  INTEGER NOT NULL,
    till     TEXT    NOT NULL,
    ttc      INTEGER NOT NULL,
    ht       INTEGER NOT NULL,
    vat      INTEGER NOT NULL,
    CHECK (ttc = ht + vat)
) STRICT;

CREATE INDEX ticket_day ON ticket (day);

CREATE TABLE ticket_line (
    ticket        INTEGER NOT NULL,
    line          INTEGER NOT NULL,
    kind          TEXT    NOT NULL,
    code          TEXT    NOT NULL,
    label         TEXT    NOT NULL,
    family        TEXT    NOT NULL,
    unit          TEXT    NOT NULL,
    quantity      INTEGER NOT NULL,
    unit_price    INTEGER NOT NULL,
    gross         INTEGER NOT NULL,
    discount      INTEGER NOT NULL,
    rate          INTEGER NOT NULL,
    ttc           INTEGER NOT NULL,
    ht            INTEGER NOT NULL,
    vat           INTEGER NOT NULL,
    origin_ticket INTEGER,
    origin_line   INTEGER,
    PRIMARY KEY (ticket, line),
    CHECK (ttc = ht + vat)
) STRICT, WITHOUT ROWID;

CREATE INDEX ticket_line_origin ON ticket_line (origin_ticket, origin_line)
WHERE origin_ticket IS NOT NULL;

CREATE TABLE ticket_rate (
    ticket INTEGER NOT NULL,
    rate   INTEGER NOT NULL,
    ttc    INTEGER NOT NULL,
    ht     INTEGER NOT NULL,
    vat    INTEGER NOT NULL,
    PRIMARY KEY (ticket, rate)
) STRICT, WITHOUT ROWID;

CREATE TABLE ticket_tender (
    ticket   INTEGER NOT NULL,
    position INTEGER NOT NULL,
    name     TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    amount   INTEGER NOT NULL,
    given    INTEGER NOT NULL,
    change   INTEGER NOT NULL,
    kept     INTEGER NOT NULL,
    PRIMARY KEY (ticket, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE closing (
    number             INTEGER PRIMARY KEY,
    seq                INTEGER NOT NULL,
    at                 TEXT    NOT NULL,
    operator           TEXT    NOT NULL,
    session            INTEGER NOT NULL,
    day                TEXT    NOT NULL,
    tickets            INTEGER NOT NULL,
    ttc                INTEGER NOT NULL,
    ht                 INTEGER NOT NULL,
    vat                INTEGER NOT NULL,
    perpetual_net      INTEGER NOT NULL,
    perpetual_absolute INTEGER NOT NULL,
    body               TEXT    NOT NULL
) STRICT;

CREATE TABLE cash_movement (
    number   INTEGER PRIMARY KEY,
    seq      INTEGER NOT NULL,
    at       TEXT    NOT NULL,
    operator TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    amount   INTEGER NOT NULL,
    reason   TEXT    NOT NULL
) STRICT;

CREATE TABLE copy (
    number   INTEGER PRIMARY KEY,
    seq      INTEGER NOT NULL,
    at       TEXT    NOT NULL,
    operator TEXT    NOT NULL,
    of_chain TEXT    NOT NULL,
    ticket   INTEGER NOT NULL,
    medium   TEXT    NOT NULL
) STRICT;

CREATE INDEX copy_ticket ON copy (of_chain, ticket);
