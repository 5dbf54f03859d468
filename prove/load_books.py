"""What a server's database holds after the crowd was served, beside what the tills had sold."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import groupby
from typing import Final

from prove.load_crowd import head_of
from prove.load_day import Sums
from prove.load_town import CAMPAIGN
from sync.server.config import ServerConfig
from sync.server.money.audit import audit
from sync.server.store.db import Db
from sync.server.store.opening import open_store

_SUMS: Final = (
    "SELECT coalesce(sum(sales), 0), coalesce(sum(refunds), 0), coalesce(sum(total_cents), 0),"
    " (SELECT count(*) FROM earn WHERE campaign = ?),"
    " (SELECT coalesce(sum(cents), 0) FROM balance WHERE campaign = ? AND account = 'unclaimed')"
    " FROM turnover WHERE campaign = ?"
)
_ENTRIES: Final = (
    "SELECT till, digest FROM enrolment JOIN entry ON entry.campaign = enrolment.campaign"
    " AND entry.enrolment = enrolment.id WHERE enrolment.campaign = ? ORDER BY till, entry.number"
)
_WRONG: Final = {
    "entries rejected": "SELECT coalesce(sum(rejected), 0) FROM enrolment WHERE campaign = ?",
    "tills quarantined": "SELECT count(*) FROM identity WHERE quarantine IS NOT NULL AND ? <> ''",
    "findings": "SELECT count(*) FROM finding WHERE campaign = ?",
    "forks": "SELECT count(*) FROM fork WHERE campaign = ?",
    "ticket rows without their entry": (
        "SELECT abs((SELECT count(*) FROM ticket) + (SELECT count(*) FROM closing)"
        " - (SELECT count(*) FROM entry WHERE campaign = ?))"
    ),
}


def problems(config: ServerConfig, sums: Sums, heads: Mapping[str, tuple[int, str]]) -> list[str]:
    """Where the database differs from what the tills had: an entry, a sum, a cent."""

    def look(db: Db) -> list[str]:
        return [*_hashes(db, heads), *_sums(db, sums), *_wrong(db), *_audit(db)]

    store = open_store(config.data_dir, config.database)
    try:
        return asyncio.run(store.read(look))
    finally:
        store.close()


def _hashes(db: Db, heads: Mapping[str, tuple[int, str]]) -> list[str]:
    """Each till's entries, each once and in order, by one hash over all of theirs."""
    rows = db.execute(_ENTRIES, (CAMPAIGN,))
    held = {
        till: head_of([bytes(digest) for _, digest in entries])
        for till, entries in groupby(rows, lambda row: str(row[0]))
    }
    differ = [till for till in heads if held.get(till) != heads[till]]
    return [f"{till}: {held.get(till)} stored, {heads[till]} sent" for till in differ[:10]]


def _sums(db: Db, sums: Sums) -> list[str]:
    row = db.execute(_SUMS, (CAMPAIGN, CAMPAIGN, CAMPAIGN)).fetchone()
    booked = Sums(*map(int, row))
    return [] if booked == sums else [f"the books say {booked}, the tills {sums}"]


def _wrong(db: Db) -> list[str]:
    counts = {what: int(db.execute(sql, (CAMPAIGN,)).fetchone()[0]) for what, sql in _WRONG.items()}
    return [f"{count} {what}" for what, count in counts.items() if count]


def _audit(db: Db) -> list[str]:
    return [f"audit: {one.name} {one.figures}" for one in audit(db, CAMPAIGN) if not one.holds]
