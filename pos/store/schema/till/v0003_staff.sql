-- Who may sign on. Names stay here; the journal knows codes only.

CREATE TABLE staff (
    code       TEXT    PRIMARY KEY CHECK (length(code) BETWEEN 1 AND 16),
    name       TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    role       TEXT    NOT NULL CHECK (role IN ('cashier', 'manager', 'trainee')),
    scrypt     TEXT    NOT NULL, -- n:r:p of this hash, so that the cost can rise later
    salt       BLOB    NOT NULL CHECK (length(salt) >= 16),
    hash       BLOB    NOT NULL CHECK (length(hash) >= 32),
    active     INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    failures   INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
    blocked_until_ms INTEGER NOT NULL DEFAULT 0, -- since 1970, by the till's clock
    at         TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
