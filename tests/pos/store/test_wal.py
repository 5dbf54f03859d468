from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos.store.database import PAGE_BYTES, Database
from pos.store.wal import has_more_frames

FRAME_BYTES = PAGE_BYTES + 24


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.db"


@pytest.fixture
def db(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("CREATE TABLE line (text TEXT)")
        yield db


def wal_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def frames(wal: Path) -> int:
    """All frames that there are, by asking for more and more."""
    count = 0
    while has_more_frames(wal, count):
        count += 1
    return count


def test_frames_are_counted_as_sqlite_counts_them(path: Path, db: sqlite3.Connection) -> None:
    for number in range(50):
        db.execute("INSERT INTO line VALUES (?)", ("x" * 90 * number,))
    _, in_wal, _ = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    assert frames(wal_of(path)) == in_wal > 50


def test_a_wal_that_was_emptied_is_short_whatever_its_size(
    path: Path, db: sqlite3.Connection
) -> None:
    db.execute("INSERT INTO line VALUES (?)", ("x" * 100 * PAGE_BYTES,))
    db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    db.execute("INSERT INTO line VALUES ('y')")
    assert wal_of(path).stat().st_size > 100 * PAGE_BYTES
    assert 0 < frames(wal_of(path)) < 10


def test_where_there_is_no_wal_nothing_waits(tmp_path: Path) -> None:
    assert not has_more_frames(tmp_path / "none-wal", 0)


@given(st.binary(max_size=200))
def test_any_bytes_have_an_answer(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    wal = tmp_path_factory.mktemp("any") / "x-wal"
    wal.write_bytes(raw)
    assert has_more_frames(wal, 0) in {True, False}


def test_a_new_file_has_the_small_pages(path: Path) -> None:
    database = Database(path, "books")
    try:
        (size,) = database.connection.execute("PRAGMA page_size").fetchone()
        assert size == PAGE_BYTES
    finally:
        database.close()


def test_a_till_that_rests_after_each_sale_leaves_its_wal_alone(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pos.store.database.CHECKPOINT_PAGES", 20)
    database = Database(path, "books")
    try:
        sizes = []
        for number in range(60):
            with database.transaction() as connection:
                connection.execute(f"CREATE TABLE sale_{number} (id INTEGER)")
            database.checkpoint()
            sizes.append(path.stat().st_size)
        assert 1 < len(set(sizes)) < 30, "moved into the file now and then, not each time"
    finally:
        database.close()
