-- The truth: who this till is, and everything it has done.

CREATE TABLE identity (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    till TEXT    NOT NULL CHECK (length(till) = 36)
) STRICT;

CREATE TRIGGER identity_is_for_ever BEFORE UPDATE ON identity
BEGIN
    SELECT RAISE(ABORT, 'a till keeps its identity');
END;

CREATE TRIGGER identity_stays BEFORE DELETE ON identity
BEGIN
    SELECT RAISE(ABORT, 'a till keeps its identity');
END;

-- Every public key that ever signed here: old entries verify for ever.
CREATE TABLE signing_key (
    epoch INTEGER PRIMARY KEY CHECK (epoch >= 1),
    kid   TEXT    NOT NULL UNIQUE CHECK (length(kid) = 16),
    spki  BLOB    NOT NULL CHECK (length(spki) BETWEEN 1 AND 1024)
) STRICT;

CREATE TRIGGER signing_key_follows BEFORE INSERT ON signing_key
WHEN NEW.epoch <= (SELECT coalesce(max(epoch), 0) FROM signing_key)
BEGIN
    SELECT RAISE(ABORT, 'a new key opens a later epoch');
END;

CREATE TRIGGER signing_key_is_for_ever BEFORE UPDATE ON signing_key
BEGIN
    SELECT RAISE(ABORT, 'a key that signed is kept as it was');
END;

CREATE TRIGGER signing_key_stays BEFORE DELETE ON signing_key
BEGIN
    SELECT RAISE(ABORT, 'a key that signed is kept as it was');
END;

CREATE TABLE journal (
    seq       INTEGER PRIMARY KEY CHECK (seq >= 1),
    epoch     INTEGER NOT NULL REFERENCES signing_key (epoch),
    chain     TEXT    NOT NULL CHECK (length(chain) BETWEEN 1 AND 80),
    number    INTEGER NOT NULL CHECK (number >= 1),
    at        TEXT    NOT NULL CHECK (length(at) = 29),
    kid       TEXT    NOT NULL CHECK (length(kid) = 16),
    payload   BLOB    NOT NULL CHECK (length(payload) BETWEEN 2 AND 262144),
    signature BLOB    NOT NULL CHECK (length(signature) = 64),
    UNIQUE (chain, number)
) STRICT;

-- BEFORE INSERT, so that INSERT OR REPLACE cannot take an entry away either.
CREATE TRIGGER journal_has_no_gap BEFORE INSERT ON journal
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM journal)
BEGIN
    SELECT RAISE(ABORT, 'an entry goes to the end of the journal');
END;

CREATE TRIGGER journal_chain_has_no_gap BEFORE INSERT ON journal
WHEN NEW.number IS NOT (SELECT coalesce(max(number), 0) + 1 FROM journal WHERE chain = NEW.chain)
BEGIN
    SELECT RAISE(ABORT, 'an entry goes to the end of its chain');
END;

CREATE TRIGGER journal_is_signed_by_the_latest_key BEFORE INSERT ON journal
WHEN (NEW.epoch, NEW.kid) IS NOT
     (SELECT epoch, kid FROM signing_key ORDER BY epoch DESC LIMIT 1)
BEGIN
    SELECT RAISE(ABORT, 'an entry is signed by the latest key');
END;

CREATE TRIGGER journal_is_never_changed BEFORE UPDATE ON journal
BEGIN
    SELECT RAISE(ABORT, 'an entry is never changed');
END;

CREATE TRIGGER journal_is_never_cut BEFORE DELETE ON journal
BEGIN
    SELECT RAISE(ABORT, 'an entry is never deleted');
END;
