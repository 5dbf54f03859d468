-- What is under way at the counter. All of it is gone once it is settled: the journal keeps it.

CREATE TABLE draft (
    id        INTEGER PRIMARY KEY,
    sale      TEXT    NOT NULL UNIQUE CHECK (length(sale) BETWEEN 1 AND 64),
    parked_as TEXT    CHECK (length(parked_as) <= 80),
    body      TEXT    NOT NULL CHECK (json_valid(body))
) STRICT;

-- Card attempts with an open question, as their newest journal entry says.
CREATE TABLE open_attempt (
    id        INTEGER PRIMARY KEY,
    reference TEXT    NOT NULL UNIQUE CHECK (length(reference) = 10),
    state     TEXT    NOT NULL CHECK (state IN ('prepared', 'sending', 'answered', 'unknown')),
    body      TEXT    NOT NULL CHECK (json_valid(body))
) STRICT;

CREATE TABLE print_job (
    id     INTEGER PRIMARY KEY,
    job    TEXT    NOT NULL UNIQUE CHECK (length(job) BETWEEN 1 AND 64),
    title  TEXT    NOT NULL CHECK (length(title) <= 200),
    page   TEXT    NOT NULL CHECK (json_valid(page)),
    state  TEXT    NOT NULL CHECK (state IN ('queued', 'sent', 'held', 'unknown')),
    reason TEXT    NOT NULL DEFAULT ''
) STRICT;
