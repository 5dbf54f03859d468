"""What waits for the database shares a commit, and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.server.store.db import Db, Work
from sync.server.store.writer import JOBS_A_COMMIT_MAX, Writer

TABLES = """
CREATE TABLE parent (id INTEGER PRIMARY KEY);
CREATE TABLE kept (
    id INTEGER PRIMARY KEY,
    parent INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED
);
"""
WAIT_SECONDS = 30.0


@dataclass
class Rig:
    """A writer on a file, and every statement that it ran."""

    path: Path
    statements: list[str] = field(default_factory=list)
    held: Event = field(default_factory=Event)

    def connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, isolation_level=None)
        db.execute("PRAGMA foreign_keys = ON")
        db.executescript(TABLES)
        db.set_trace_callback(self.statements.append)
        return db

    @property
    def commits(self) -> int:
        return self.statements.count("COMMIT")

    def rows(self) -> set[int]:
        """What somebody else sees."""
        with closing(sqlite3.connect(self.path)) as other:
            return {number for (number,) in other.execute("SELECT id FROM kept")}

    @contextmanager
    def holding(self, writer: Writer) -> Iterator[None]:
        """What is submitted meanwhile waits, and joins the transaction that is under way."""
        begun = Event()

        def hold(_: Db) -> None:
            begun.set()
            assert self.held.wait(WAIT_SECONDS)

        first = writer.submit(hold)
        assert begun.wait(WAIT_SECONDS)
        yield
        self.held.set()
        first.exception(WAIT_SECONDS)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "file.db")


@pytest.fixture
def writer(rig: Rig) -> Iterator[Writer]:
    with closing(Writer(rig.connect)) as found:
        yield found


def insert(number: int, parent: int | None = None) -> Work[int]:
    def work(db: Db) -> int:
        db.execute("INSERT INTO kept VALUES (?, ?)", (number, parent))
        return number

    return work


def fail(number: int) -> Work[int]:
    def work(db: Db) -> int:
        db.execute("INSERT INTO kept VALUES (?, NULL)", (number,))
        raise ValueError(number)

    return work


def test_what_waits_shares_a_commit(rig: Rig, writer: Writer) -> None:
    with rig.holding(writer):
        waiting = [writer.submit(insert(number)) for number in range(5)]
    assert [one.result(WAIT_SECONDS) for one in waiting] == [0, 1, 2, 3, 4]
    assert rig.commits == 1


def test_only_so_much_shares_a_commit(rig: Rig, writer: Writer) -> None:
    with rig.holding(writer):
        waiting = [writer.submit(insert(number)) for number in range(JOBS_A_COMMIT_MAX)]
    assert [one.result(WAIT_SECONDS) for one in waiting] == list(range(JOBS_A_COMMIT_MAX))
    assert rig.commits == 2


def test_what_is_answered_is_there_for_everybody(rig: Rig, writer: Writer) -> None:
    for number in range(20):
        assert writer.submit(insert(number)).result(WAIT_SECONDS) == number
        assert number in rig.rows()


def test_one_that_fails_takes_nothing_along(rig: Rig, writer: Writer) -> None:
    with rig.holding(writer):
        good, bad, last = (writer.submit(work) for work in (insert(1), fail(2), insert(3)))
    assert good.result(WAIT_SECONDS) == 1
    with pytest.raises(ValueError, match="2"):
        bad.result(WAIT_SECONDS)
    assert last.result(WAIT_SECONDS) == 3
    assert rig.rows() == {1, 3}


def test_a_commit_that_fails_is_only_his_who_spoiled_it(rig: Rig, writer: Writer) -> None:
    with rig.holding(writer):
        good, orphan, last = (
            writer.submit(work) for work in (insert(1), insert(2, parent=404), insert(3))
        )
    with pytest.raises(sqlite3.IntegrityError):
        orphan.result(WAIT_SECONDS)
    assert (good.result(WAIT_SECONDS), last.result(WAIT_SECONDS)) == (1, 3)
    assert rig.rows() == {1, 3}


def test_a_transaction_that_is_lost_in_between_is_only_his_who_lost_it(
    rig: Rig, writer: Writer
) -> None:
    def lose(db: Db) -> None:
        db.execute("ROLLBACK")  # as SQLite does by itself when the disk fails
        raise sqlite3.OperationalError("disk I/O error")

    with rig.holding(writer):
        good, lost, last = (writer.submit(work) for work in (insert(1), lose, insert(2)))
    with pytest.raises(sqlite3.OperationalError):
        lost.result(WAIT_SECONDS)
    assert (good.result(WAIT_SECONDS), last.result(WAIT_SECONDS)) == (1, 2)
    assert rig.rows() == {1, 2}


def test_a_refusal_that_changed_nothing_undoes_nothing(rig: Rig, writer: Writer) -> None:
    def refuse(_: Db) -> None:
        raise ValueError("no")

    with rig.holding(writer):
        good, refused, last = (writer.submit(work) for work in (insert(1), refuse, insert(2)))
    with pytest.raises(ValueError, match="no"):
        refused.result(WAIT_SECONDS)
    assert (good.result(WAIT_SECONDS), last.result(WAIT_SECONDS)) == (1, 2)
    assert (rig.commits, rig.statements.count("ROLLBACK")) == (1, 0)


def test_what_was_given_up_while_it_waited_is_not_done(rig: Rig, writer: Writer) -> None:
    with rig.holding(writer):
        given_up, other = writer.submit(insert(1)), writer.submit(insert(2))
        assert given_up.cancel()
    assert other.result(WAIT_SECONDS) == 2
    with pytest.raises(CancelledError):
        given_up.result(WAIT_SECONDS)
    assert rig.rows() == {2}


def test_closing_finishes_what_waits(rig: Rig) -> None:
    writer = Writer(rig.connect)
    waiting = [writer.submit(insert(number)) for number in range(100)]
    writer.close()
    assert {one.result(0) for one in waiting} == rig.rows() == set(range(100))


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        Writer(lambda: sqlite3.connect(tmp_path / "no such folder" / "file.db"))


@given(
    works=st.lists(
        st.sampled_from(("good", "good", "bad", "orphan", "twice", "given up")), max_size=40
    )
)
def test_whatever_comes_together_the_answers_are_the_file(
    tmp_path_factory: pytest.TempPathFactory, works: list[str]
) -> None:
    rig = Rig(tmp_path_factory.mktemp("writer") / "file.db")
    asked: dict[int, Future[int]] = {}
    with closing(Writer(rig.connect)) as writer, rig.holding(writer):
        for number, what in enumerate(works):
            work = {
                "good": insert(number),
                "bad": fail(number),
                "orphan": insert(number, parent=404),
                "twice": insert(0),
                "given up": insert(number),
            }[what]
            asked[number] = writer.submit(work)
            if what == "given up":
                assert asked[number].cancel()
    answered = [one for one in asked.values() if not one.cancelled()]
    done = {one.result(0) for one in answered if one.exception(0) is None}
    assert done == rig.rows()
