"""The schema, as numbered steps. A step that has shipped is never edited; a change is a new one.

SQLite files of the first version are carried over; PostgreSQL came later and starts with step 2.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from sync.server.errors import BadConfig
from sync.server.store.dialect import frozen_in_sqlite
from sync.server.store.planning import tell_planner
from sync.server.store.steps import (
    accounts,
    base,
    directory,
    earlier_keys,
    enrolling,
    first,
    ledger,
    rewards,
    sorting,
    spared,
    vouchers,
    watching,
)

_AREAS = (ledger, rewards, vouchers, accounts, enrolling, directory)
# The steps from the second on, in the words that both databases share; their append-only tables.
SHARED_STEPS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (base.TABLES, base.APPEND_ONLY),
    (
        "".join(area.TABLES for area in _AREAS),
        tuple(table for area in _AREAS for table in area.APPEND_ONLY),
    ),
    (watching.TABLES, watching.APPEND_ONLY),
    (earlier_keys.TABLES, earlier_keys.APPEND_ONLY),
    (spared.TABLES, spared.APPEND_ONLY),
    (sorting.TABLES, sorting.APPEND_ONLY),
)
VERSION: Final = 1 + len(SHARED_STEPS)


def check_version(done: int) -> None:
    """Raise BadConfig for a database that a later version of the program has written."""
    if done > VERSION:
        raise BadConfig(f"the database has schema {done}, this program knows {VERSION}")


def migrate(db: sqlite3.Connection) -> None:
    """Bring an SQLite database up to date, each step in one transaction; BadConfig."""
    (done,) = db.execute("PRAGMA user_version").fetchone()
    check_version(done)
    for number in range(done + 1, VERSION + 1):
        db.execute("PRAGMA foreign_keys = OFF")  # tables are renamed and dropped in between
        script = _script(number, is_new=done == 0)
        db.executescript(f"BEGIN IMMEDIATE;{script}PRAGMA user_version = {number};COMMIT;")
        db.execute("PRAGMA foreign_keys = ON")
    if done < VERSION:
        tell_planner(db)


def _script(number: int, *, is_new: bool) -> str:
    if number == 1:
        return "" if is_new else first.TABLES
    tables, frozen = SHARED_STEPS[number - 2]
    script = tables + frozen_in_sqlite(frozen)
    return script if number > 2 or is_new else _carried_over(script)


def _carried_over(script: str) -> str:
    drop_old = (
        "DROP TRIGGER entry_is_never_changed; DROP TRIGGER entry_is_never_deleted;"
        "DROP INDEX shop_in_order; DROP INDEX enrolment_by_shop; DROP INDEX feed_by_campaign;"
    )
    rename = "".join(f"ALTER TABLE {name} RENAME TO old_{name};" for name in base.OLD_TABLES)
    drop = "".join(f"DROP TABLE old_{name};" for name in base.OLD_TABLES)
    return drop_old + rename + script + base.CARRY_OVER + drop
