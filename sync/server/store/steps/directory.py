"""What shoppers search: the shops that are listed, in order, and the words each is found by.

Both are derived from `shop` and `shop_facts`, and written in the same transaction.
"""

from __future__ import annotations

from typing import Final

TABLES: Final = """
CREATE TABLE shop_listing (
    campaign TEXT NOT NULL,
    shop TEXT NOT NULL,
    trade TEXT NOT NULL,
    postcode TEXT NOT NULL,
    town_key TEXT NOT NULL,
    name_key TEXT NOT NULL,
    PRIMARY KEY (campaign, shop),
    FOREIGN KEY (campaign, shop) REFERENCES shop
) STRICT, WITHOUT ROWID;
CREATE INDEX shop_listing_in_order ON shop_listing (campaign, town_key, name_key, shop);
CREATE INDEX shop_listing_by_trade ON shop_listing (campaign, trade, town_key, name_key, shop);
CREATE INDEX shop_listing_by_postcode ON shop_listing (campaign, postcode);

CREATE TABLE shop_word (
    campaign TEXT NOT NULL,
    word TEXT NOT NULL,
    shop TEXT NOT NULL,
    PRIMARY KEY (campaign, word, shop)
) STRICT, WITHOUT ROWID;
CREATE INDEX shop_word_by_shop ON shop_word (campaign, shop);
"""

APPEND_ONLY: Final[tuple[str, ...]] = ()
