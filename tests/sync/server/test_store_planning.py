from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from sync.server.store.schema import VERSION, migrate


@pytest.fixture
def db(tmp_path: Path) -> sqlite3.Connection:
    """A database as a server finds it when it is started again."""
    path = tmp_path / "server.db"
    migrate(sqlite3.connect(path, isolation_level=None))
    return sqlite3.connect(path, isolation_level=None)


@pytest.mark.parametrize(
    ("question", "index"),
    [
        ("SELECT amount FROM earn WHERE campaign = ? AND claim = ?", "earn_by_claim"),
        ("SELECT amount FROM earn WHERE campaign = ? AND member = ?", "earn_by_member"),
        ("SELECT amount FROM earn WHERE campaign = ? AND till = ? AND ticket = ?",
         "earn_by_ticket"),
        ("SELECT mode FROM redemption WHERE campaign = ? AND batch = ? AND idx = ?",
         "redemption_by_voucher"),
        ("SELECT token FROM voucher WHERE campaign = ? AND member = ?", "voucher_by_member"),
        ("SELECT token FROM voucher WHERE campaign = ? AND code = ?", "voucher_by_code"),
        ("SELECT detail FROM finding WHERE campaign = ? AND shop = ? ORDER BY id DESC LIMIT 5",
         "finding_by_shop"),
        ("SELECT cents FROM transfer WHERE campaign = ? AND debit_owner = ? AND debit = 'payable'",
         "transfer_from_shop"),
        ("SELECT cents FROM balance WHERE campaign = ? AND account = ? AND owner = ?",
         "PRIMARY KEY"),
        ("SELECT name FROM shop WHERE campaign = ? AND sort_key > ? ORDER BY sort_key, id",
         "shop_in_order"),
        ("SELECT compact FROM entry WHERE campaign = ? AND enrolment = ? AND number > ?",
         "sqlite_autoindex_entry_1"),
    ],
)  # fmt: skip
def test_questions_that_a_campaign_asks_all_day_read_few_rows(
    db: sqlite3.Connection, question: str, index: str
) -> None:
    asked = ("x",) * question.count("?")
    ((*_, plan),) = db.execute(f"EXPLAIN QUERY PLAN {question}", asked).fetchall()
    assert f" {index} (campaign=? AND " in plan


def test_every_table_of_a_campaign_is_told_of(db: sqlite3.Connection) -> None:
    assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)
    told = {row[0] for row in db.execute("SELECT tbl FROM sqlite_stat1")}
    tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    of_campaigns = {
        table
        for table in tables
        if any(
            (name, place) == ("campaign", 1)
            for _, name, *_, place in db.execute(f"PRAGMA table_info({table})").fetchall()
        )
    }
    assert len(of_campaigns) > 20
    assert of_campaigns <= told
