"""What is searched of a shop, written whenever its facts are: its place, its trade, its words."""

from __future__ import annotations

from sync.server.directory.words import sort_key, words
from sync.server.reference.naf import trade_of
from sync.server.store.db import Db

WORDS_MAX = 60  # a name, a town and a district have fewer, unless somebody plays


def write_listing(db: Db, campaign: str, shop: str) -> None:
    """Bring the list that shoppers search up to date with a shop's facts."""
    db.execute("DELETE FROM shop_word WHERE campaign = ? AND shop = ?", (campaign, shop))
    db.execute("DELETE FROM shop_listing WHERE campaign = ? AND shop = ?", (campaign, shop))
    row = db.execute(
        "SELECT name, naf, naf_2025, postcode, town, district FROM shop JOIN shop_facts"
        " ON shop_facts.campaign = shop.campaign AND shop_facts.shop = shop.id"
        " WHERE shop.campaign = ? AND id = ? AND listed = 1",
        (campaign, shop),
    ).fetchone()
    if row is None:
        return
    name, naf, naf_2025, postcode, town, district = row
    db.execute(
        "INSERT INTO shop_listing (campaign, shop, trade, postcode, town_key, name_key)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (campaign, shop, trade_of(naf, naf_2025), postcode, sort_key(town), sort_key(name)),
    )
    said = dict.fromkeys(words(f"{postcode} {town} {district} {name}"))
    db.executemany(
        "INSERT INTO shop_word (campaign, word, shop) VALUES (?, ?, ?)",
        [(campaign, word, shop) for word in list(said)[:WORDS_MAX]],
    )
