"""The key that lists of shops are sorted by, kept beside the name."""

from __future__ import annotations

from functools import partial

from sync.server.directory.words import sort_key
from sync.server.store.db import Db, Store


def name_key(name: str) -> bytes:
    """A name as it is sorted: without accents, capitals or signs, "Saint" written out."""
    return sort_key(name).encode("ascii")


def fill_sort_keys(store: Store) -> None:
    """Give shops of an earlier version their keys, a campaign in one transaction."""
    for campaign in store.write_now(_without_key):
        store.write_now(partial(_fill, campaign), campaign)


def _without_key(db: Db) -> list[str]:
    rows = db.execute("SELECT DISTINCT campaign FROM shop WHERE sort_key IS NULL")
    return [campaign for (campaign,) in rows.fetchall()]


def _fill(campaign: str, db: Db) -> None:
    rows = db.execute(
        "SELECT id, name FROM shop WHERE campaign = ? AND sort_key IS NULL", (campaign,)
    ).fetchall()
    db.executemany(
        "UPDATE shop SET sort_key = ? WHERE campaign = ? AND id = ?",
        [(name_key(name), campaign, shop) for shop, name in rows],
    )
