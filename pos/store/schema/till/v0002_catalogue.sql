-- What can be sold. Row ids follow popularity, so that a search returns the usual products first.

CREATE TABLE product (
    id     INTEGER PRIMARY KEY,
    code   TEXT    NOT NULL UNIQUE CHECK (length(code) BETWEEN 1 AND 40),
    label  TEXT    NOT NULL CHECK (length(label) BETWEEN 1 AND 200),
    folded TEXT    NOT NULL,
    price  INTEGER NOT NULL CHECK (price BETWEEN 0 AND 99999999),
    rate   INTEGER NOT NULL CHECK (rate BETWEEN 0 AND 10000),
    unit   TEXT    NOT NULL CHECK (unit IN ('piece', 'kg', 'l', 'm')),
    family TEXT    NOT NULL DEFAULT '' CHECK (length(family) <= 80),
    active INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1))
) STRICT;

-- Further codes of a product; its own code stands in product.
CREATE TABLE barcode (
    code    TEXT    PRIMARY KEY CHECK (length(code) BETWEEN 1 AND 40),
    product INTEGER NOT NULL REFERENCES product (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX barcode_product ON barcode (product);

CREATE TABLE price_history (
    id   INTEGER PRIMARY KEY,
    code TEXT    NOT NULL,
    old  INTEGER CHECK (old BETWEEN 0 AND 99999999),
    new  INTEGER NOT NULL CHECK (new BETWEEN 0 AND 99999999),
    at   TEXT    NOT NULL,
    who  TEXT    NOT NULL
) STRICT;

CREATE INDEX price_history_code ON price_history (code, id);

-- Without positions and sizes: a search asks for words and takes the rows in their order. The words
-- are split and folded by pos.store.catalogue, so that a search and the index agree on every letter:
-- to the tokenizer only the spaces between them matter.
CREATE VIRTUAL TABLE product_fts USING fts5 (
    folded,
    content = 'product', content_rowid = 'id',
    prefix = '1 2 3 4 5 6', detail = none, columnsize = 0,
    tokenize = 'ascii'
);

CREATE TRIGGER product_fts_insert AFTER INSERT ON product
BEGIN
    INSERT INTO product_fts (rowid, folded) VALUES (NEW.id, NEW.folded);
END;

CREATE TRIGGER product_fts_delete AFTER DELETE ON product
BEGIN
    INSERT INTO product_fts (product_fts, rowid, folded) VALUES ('delete', OLD.id, OLD.folded);
END;

CREATE TRIGGER product_fts_update AFTER UPDATE OF id, folded ON product
BEGIN
    INSERT INTO product_fts (product_fts, rowid, folded) VALUES ('delete', OLD.id, OLD.folded);
    INSERT INTO product_fts (rowid, folded) VALUES (NEW.id, NEW.folded);
END;

CREATE TABLE quick_key (
    position INTEGER PRIMARY KEY CHECK (position BETWEEN 1 AND 999),
    product  INTEGER NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    label    TEXT    NOT NULL DEFAULT '' CHECK (length(label) <= 40)
) STRICT;
