-- What is under way at the counter. All of it is gone once it is settled: the journal keeps it.
-- These tables hold a handful of rows, written with each sale: a trigger keeps their keys unique, as
-- an index would add a page to every commit.

CREATE TABLE draft (
    id        INTEGER PRIMARY KEY,
    sale      TEXT    NOT NULL CHECK (length(sale) BETWEEN 1 AND 64),
    parked_as TEXT    CHECK (length(parked_as) <= 80),
    body      TEXT    NOT NULL CHECK (json_valid(body))
) STRICT;

CREATE TRIGGER draft_is_unique BEFORE INSERT ON draft
WHEN EXISTS (SELECT 1 FROM draft WHERE sale = NEW.sale)
BEGIN
    SELECT RAISE(ABORT, 'this sale is stored already');
END;

-- Card attempts with an open question, as their newest journal entry says.
CREATE TABLE open_attempt (
    id        INTEGER PRIMARY KEY,
    reference TEXT    NOT NULL CHECK (length(reference) = 10),
    state     TEXT    NOT NULL CHECK (state IN ('prepared', 'sending', 'answered', 'unknown')),
    body      TEXT    NOT NULL CHECK (json_valid(body))
) STRICT;

CREATE TRIGGER open_attempt_is_unique BEFORE INSERT ON open_attempt
WHEN EXISTS (SELECT 1 FROM open_attempt WHERE reference = NEW.reference)
BEGIN
    SELECT RAISE(ABORT, 'this attempt is open already');
END;

CREATE TABLE print_job (
    id     INTEGER PRIMARY KEY,
    job    TEXT    NOT NULL CHECK (length(job) BETWEEN 1 AND 64),
    title  TEXT    NOT NULL CHECK (length(title) <= 200),
    page   TEXT    NOT NULL CHECK (json_valid(page)),
    state  TEXT    NOT NULL CHECK (state IN ('queued', 'sent', 'held', 'unknown')),
    reason TEXT    NOT NULL DEFAULT ''
) STRICT;

CREATE TRIGGER print_job_is_unique BEFORE INSERT ON print_job
WHEN EXISTS (SELECT 1 FROM print_job WHERE job = NEW.job)
BEGIN
    SELECT RAISE(ABORT, 'this job waits already');
END;
