-- Answers that belong to no attempt are open questions too; and what each terminal numbered last.

DROP TRIGGER open_attempt_is_unique;

ALTER TABLE open_attempt RENAME TO open_attempt_v4;

CREATE TABLE open_attempt (
    id        INTEGER PRIMARY KEY,
    reference TEXT    NOT NULL CHECK (length(reference) = 10),
    state     TEXT    NOT NULL
        CHECK (state IN ('prepared', 'sending', 'answered', 'unknown', 'orphan')),
    body      TEXT    NOT NULL CHECK (json_valid(body))
) STRICT;

INSERT INTO open_attempt (id, reference, state, body)
SELECT id, reference, state, body FROM open_attempt_v4;

DROP TABLE open_attempt_v4;

CREATE TRIGGER open_attempt_is_unique BEFORE INSERT ON open_attempt
WHEN EXISTS (SELECT 1 FROM open_attempt WHERE reference = NEW.reference)
BEGIN
    SELECT RAISE(ABORT, 'this attempt is open already');
END;

-- The number of a terminal's last operation that the till knows of: an operation that the terminal
-- still calls its last one cannot be a later attempt.
CREATE TABLE terminal_receipt (
    terminal TEXT PRIMARY KEY CHECK (length(terminal) BETWEEN 1 AND 40),
    receipt  TEXT NOT NULL CHECK (length(receipt) BETWEEN 1 AND 64)
) STRICT, WITHOUT ROWID;
