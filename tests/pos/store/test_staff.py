from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos.app.ports import Role, Staff
from pos.domain.errors import DiskFailed, PinDelayed, UnknownStaff, WrongPin
from pos.store import staff as book_of
from pos.store.database import Database, Reader
from pos.store.errors import StaffRefused
from pos.store.staff import SALT_BYTES, Listed, PinHash, SqliteStaffBook, delay_seconds, hash_pin

T = TypeVar("T")
AT = "2026-11-22T18:04:05.123+01:00"
MARTHE = Staff("ma", "Marthe Petit", Role.CASHIER)
SALT = bytes(range(SALT_BYTES))
PIN = hash_pin("1234", SALT)


class Counter:
    """A staff book on disk, with a clock that stands still until it is moved."""

    def __init__(self, path: Path) -> None:
        self.now = datetime(2026, 11, 22, 18, 4, 5, 500, timezone(timedelta(hours=1)))
        self.database = Database(path, "till")
        self.reader = Reader(path, "till")
        self.broken = False
        self.book = SqliteStaffBook(self.reader, self.write, lambda: self.now)

    def write(self, work: Callable[[sqlite3.Connection], T], /) -> T:
        if self.broken:
            raise DiskFailed(reason="made so")
        with self.database.transaction() as connection:
            return work(connection)

    def restart(self) -> None:
        self.book = SqliteStaffBook(self.reader, self.write, lambda: self.now)

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def fail(self, times: int = 1) -> None:
        for _ in range(times):
            with pytest.raises(WrongPin):
                self.book.check_pin("ma", "9999")

    def seconds_to_wait(self, pin: str = "1234") -> object:
        with pytest.raises(PinDelayed) as refusal:
            self.book.check_pin("ma", pin)
        return refusal.value.params["seconds"]

    def close(self) -> None:
        self.reader.close()
        self.database.close()


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    counter = Counter(tmp_path / "till.db")
    counter.write(lambda connection: book_of.add(connection, MARTHE, PIN, AT))
    yield counter
    counter.close()


def test_the_right_pin_signs_on(counter: Counter) -> None:
    assert counter.book.check_pin("ma", "1234") == counter.book.get("ma") == MARTHE
    assert counter.book.check_pin(" MA ", "1234") == MARTHE


@pytest.mark.parametrize("pin", ["4321", "", "123", "12345", "123456789", "١٢٣٤", "1234\n", "é"])
def test_any_other_pin_does_not(counter: Counter, pin: str) -> None:
    with pytest.raises(WrongPin):
        counter.book.check_pin("ma", pin)


def test_nobody_signs_on_under_an_unknown_or_disabled_code(counter: Counter) -> None:
    with pytest.raises(UnknownStaff):
        counter.book.check_pin("zz", "1234")
    counter.write(lambda connection: book_of.set_active(connection, "ma", active=False))
    assert counter.book.get("ma") is None
    with pytest.raises(UnknownStaff):
        counter.book.check_pin("ma", "1234")
    assert book_of.listed(counter.reader) == (Listed(MARTHE, active=False),)
    counter.write(lambda connection: book_of.set_active(connection, "MA", active=True))
    assert counter.book.check_pin("ma", "1234") == MARTHE


def test_three_tries_are_free_and_then_each_doubles_the_wait(counter: Counter) -> None:
    counter.fail(3)
    for seconds in (1, 2, 4, 8, 16, 32, 60, 60):
        assert counter.seconds_to_wait() == seconds
        counter.wait(seconds - 0.5)
        assert counter.seconds_to_wait() == 1
        counter.wait(0.5)
        counter.fail()


def test_the_right_pin_after_the_wait_gives_the_free_tries_back(counter: Counter) -> None:
    counter.fail(3)
    counter.wait(1)
    assert counter.book.check_pin("ma", "1234") == MARTHE
    counter.fail(3)
    assert counter.seconds_to_wait() == 1


def test_a_wait_outlives_a_restart_and_asking_does_not_lengthen_it(counter: Counter) -> None:
    counter.fail(3)
    counter.wait(1)
    counter.fail()
    counter.restart()
    assert [counter.seconds_to_wait() for _ in range(5)] == [2] * 5
    counter.wait(2)
    assert counter.book.check_pin("ma", "1234") == MARTHE


def test_a_clock_put_back_costs_one_more_wait_and_no_more(counter: Counter) -> None:
    counter.fail(3)
    counter.wait(1)
    counter.fail()
    counter.wait(-86_400)
    assert counter.seconds_to_wait() == 2
    counter.wait(2)
    assert counter.book.check_pin("ma", "1234") == MARTHE


def test_a_try_is_counted_before_it_is_judged(counter: Counter) -> None:
    counter.broken = True
    with pytest.raises(DiskFailed):
        counter.book.check_pin("ma", "1234")
    counter.broken = False
    counter.fail()
    assert counter.reader.rows("SELECT failures FROM staff") == [(1,)]


def test_people_do_not_wait_for_each_other(counter: Counter) -> None:
    other = Staff("jo", "Jo", Role.MANAGER)
    counter.write(lambda connection: book_of.add(connection, other, PIN, AT))
    counter.fail(3)
    assert counter.seconds_to_wait() == 1
    assert counter.book.check_pin("jo", "1234") == other


def test_a_new_pin_takes_the_place_of_the_old_one(counter: Counter) -> None:
    counter.fail(3)
    pin = hash_pin("87654321", SALT)
    counter.write(lambda connection: book_of.set_pin(connection, "ma", pin))
    with pytest.raises(WrongPin):
        counter.book.check_pin("ma", "1234")
    assert counter.book.check_pin("ma", "87654321") == MARTHE
    with pytest.raises(UnknownStaff):
        counter.write(lambda connection: book_of.set_pin(connection, "zz", pin))


def test_a_hash_of_an_older_cost_still_fits() -> None:
    cheap = PinHash(SALT, book_of._derive("1234", SALT, "2:8:1"), "2:8:1")
    assert cheap.fits("1234")
    assert not cheap.fits("1235")


def test_the_file_holds_no_pin_and_equal_pins_look_different(counter: Counter) -> None:
    other = hash_pin("1234", bytes(SALT_BYTES))
    assert other.hash != PIN.hash
    row = counter.reader.rows("SELECT scrypt, salt, hash FROM staff")[0]
    assert row == ("16384:8:1", SALT, PIN.hash)
    assert "1234" not in repr(counter.reader.rows("SELECT * FROM staff"))


@pytest.mark.parametrize("pin", ["", "123", "123456789", "12a4", "12 4", "١٢٣٤", "1234\n"])
def test_a_pin_has_four_to_eight_digits(pin: str) -> None:
    with pytest.raises(StaffRefused, match="4 to 8 digits"):
        hash_pin(pin, SALT)


@pytest.mark.parametrize(
    ("code", "name", "expected"),
    [
        ("", "Jo", "code"),
        ("j o", "Jo", "code"),
        ("é", "Jo", "code"),
        ("j" * 17, "Jo", "code"),
        ("MA", "Jo", "nobody has or had"),
        ("jo", " ", "name"),
        ("jo", "J\x1bo", "name"),
        ("jo", "J" * 81, "name"),
    ],
)
def test_a_person_needs_a_free_code_and_a_name(
    counter: Counter, code: str, name: str, expected: str
) -> None:
    with pytest.raises(StaffRefused, match=expected):
        counter.write(lambda c: book_of.add(c, Staff(code, name, Role.CASHIER), PIN, AT))
    assert len(book_of.listed(counter.reader)) == 1


def test_a_code_is_kept_in_small_letters(counter: Counter) -> None:
    jo = counter.write(lambda c: book_of.add(c, Staff("JO1", " Jo ", Role.TRAINEE), PIN, AT))
    assert jo == Staff("jo1", "Jo", Role.TRAINEE)
    assert [person.staff.code for person in book_of.listed(counter.reader)] == ["jo1", "ma"]


@given(st.integers(0, 10**6))
def test_the_wait_never_shrinks_and_never_exceeds_a_minute(failures: int) -> None:
    assert 0 <= delay_seconds(failures) <= delay_seconds(failures + 1) <= 60


def test_a_salt_is_whole() -> None:
    with pytest.raises(ValueError, match="salt"):
        hash_pin("1234", b"short")


def test_a_book_is_empty_while_nobody_can_sign_on(counter: Counter) -> None:
    assert not counter.book.is_empty()
    counter.write(lambda connection: book_of.set_active(connection, "ma", active=False))
    assert counter.book.is_empty()
