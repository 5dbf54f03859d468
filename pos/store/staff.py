"""Who may sign on: codes, names, roles, and PINs that nobody can read.

A PIN has four to eight digits, so whoever holds the file can try them all, scrypt or not; what the
hash buys is time. At the counter the tries are what is limited: three are free, then each costs a
wait that doubles up to a minute. A try is counted on disk before it is judged, so that switching
the till off and on gives none back.

Names stay here. Everything else, the journal first, knows a person by the code.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import scrypt
from hmac import compare_digest
from typing import Final, Protocol, TypeVar

from pos.app.ports import Clock, Role, Staff
from pos.domain.errors import PinDelayed, UnknownStaff, WrongPin
from pos.store.database import Reader
from pos.store.errors import StaffRefused

T = TypeVar("T")
SALT_BYTES: Final = 16
HASH_BYTES: Final = 32
FREE_TRIES: Final = 3
DELAY_SECONDS_MAX: Final = 60
NAME_LENGTH_MAX: Final = 80
# 16 MiB and 40 ms of a desktop processor: what a Raspberry Pi can spend on a sign-on.
COST: Final = "16384:8:1"
_SCRYPT_BYTES_MAX: Final = 64 * 1024 * 1024
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CODE = re.compile(r"[a-z0-9]{1,16}\Z")
_PIN = re.compile(r"[0-9]{4,8}\Z")


class Write(Protocol):
    """Does work in one durable transaction of `till.db` and waits for it; NotRecorded if not."""

    def __call__(self, work: Callable[[sqlite3.Connection], T], /) -> T:
        """The result of the work."""


@dataclass(frozen=True, slots=True)
class PinHash:
    """A PIN as it is kept: `cost` is scrypt's n:r:p, so that it can rise for new PINs."""

    salt: bytes
    hash: bytes
    cost: str = COST

    def fits(self, pin: str) -> bool:
        """Whether this is the PIN; takes the same time either way."""
        return compare_digest(_derive(pin, self.salt, self.cost), self.hash)


@dataclass(frozen=True, slots=True)
class Listed:
    """A person, and whether the code can sign on."""

    staff: Staff
    active: bool


class SqliteStaffBook:
    """The people in `till.db`."""

    def __init__(self, reader: Reader, write: Write, clock: Clock) -> None:
        self._reader = reader
        self._write = write
        self._clock = clock

    def get(self, code: str) -> Staff | None:
        """The person of a code who can sign on."""
        row = self._reader.row(
            "SELECT code, name, role FROM staff WHERE code = ? AND active", (_fold(code),)
        )
        return Staff(row[0], row[1], Role(row[2])) if row else None

    def check_pin(self, code: str, pin: str) -> Staff:
        """The person, if the PIN is right; UnknownStaff, WrongPin or PinDelayed."""
        staff = self.get(code)
        if staff is None:
            raise UnknownStaff(code=code)
        now_ms = (self._clock() - _EPOCH) // timedelta(milliseconds=1)
        wait_ms = self._write(lambda connection: _count_try(connection, staff.code, now_ms))
        if wait_ms:
            raise PinDelayed(seconds=-(-wait_ms // 1000))
        row = self._reader.row("SELECT salt, hash, scrypt FROM staff WHERE code = ?", (staff.code,))
        if row is None or not _PIN.match(pin) or not PinHash(*row).fits(pin):
            raise WrongPin
        self._write(lambda connection: _forget_tries(connection, staff.code))
        return staff

    def is_empty(self) -> bool:
        """Whether there is nobody who could sign on."""
        return self._reader.row("SELECT 1 FROM staff WHERE active LIMIT 1") is None


def hash_pin(pin: str, salt: bytes) -> PinHash:
    """A PIN to keep, with SALT_BYTES of fresh randomness; StaffRefused for a bad PIN."""
    if not _PIN.match(pin):
        raise StaffRefused("the PIN: expected 4 to 8 digits")
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes")
    return PinHash(salt, _derive(pin, salt, COST))


def add(connection: sqlite3.Connection, staff: Staff, pin: PinHash, at: str) -> Staff:
    """Add a person inside the caller's transaction, under a code that nobody ever had.

    A code that was used stays with its person: the journal knows nothing else. Returns the person
    as kept, the code in small letters; StaffRefused says what was expected.
    """
    code, name = _fold(staff.code), staff.name.strip()
    if not _CODE.match(code):
        raise StaffRefused(f"the code {staff.code!r}: expected 1 to 16 letters a-z or digits")
    if not 1 <= len(name) <= NAME_LENGTH_MAX or not name.isprintable():
        raise StaffRefused(f"the name: expected 1 to {NAME_LENGTH_MAX} printable characters")
    taken = connection.execute("SELECT 1 FROM staff WHERE code = ?", (code,)).fetchone()
    if taken:
        raise StaffRefused(f"the code {code!r}: expected one that nobody has or had")
    connection.execute(
        "INSERT INTO staff (code, name, role, scrypt, salt, hash, at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (code, name, str(staff.role), pin.cost, pin.salt, pin.hash, at),
    )
    return Staff(code, name, staff.role)


def set_pin(connection: sqlite3.Connection, code: str, pin: PinHash) -> None:
    """Give a person another PIN, and the free tries back; UnknownStaff."""
    _change(
        connection,
        "SET scrypt = ?, salt = ?, hash = ?, failures = 0, blocked_until_ms = 0",
        (pin.cost, pin.salt, pin.hash),
        code,
    )


def set_active(connection: sqlite3.Connection, code: str, *, active: bool) -> None:
    """Let a code sign on, or no more; UnknownStaff."""
    _change(connection, "SET active = ?", (int(active),), code)


def listed(reader: Reader) -> tuple[Listed, ...]:
    """Everybody, by code."""
    rows = reader.rows("SELECT code, name, role, active FROM staff ORDER BY code")
    return tuple(Listed(Staff(code, name, Role(role)), bool(on)) for code, name, role, on in rows)


def delay_seconds(failures: int) -> int:
    """The wait after so many wrong PINs in a row: none, none, none, 1, 2, 4, up to 60."""
    beyond = failures - FREE_TRIES
    return min(2 ** min(beyond, 6), DELAY_SECONDS_MAX) if beyond >= 0 else 0


def _count_try(connection: sqlite3.Connection, code: str, now_ms: int) -> int:
    """Count a try as failed until it proves right; or the milliseconds to wait before one."""
    failures, blocked_until_ms = connection.execute(
        "SELECT failures, blocked_until_ms FROM staff WHERE code = ?", (code,)
    ).fetchone()
    delay_ms = delay_seconds(failures) * 1000
    wait_ms: int = max(blocked_until_ms - now_ms, 0)
    if wait_ms > delay_ms:  # the clock was put back: wait the delay again, not until it caught up
        wait_ms = delay_ms
        _store_tries(connection, code, failures, now_ms + delay_ms)
    if wait_ms:
        return wait_ms
    next_delay_ms = delay_seconds(failures + 1) * 1000
    _store_tries(connection, code, failures + 1, now_ms + next_delay_ms)
    return 0


def _forget_tries(connection: sqlite3.Connection, code: str) -> None:
    _store_tries(connection, code, 0, 0)


def _store_tries(connection: sqlite3.Connection, code: str, failures: int, until_ms: int) -> None:
    connection.execute(
        "UPDATE staff SET failures = ?, blocked_until_ms = ? WHERE code = ?",
        (failures, until_ms, code),
    )


def _change(
    connection: sqlite3.Connection, assignments: str, values: tuple[object, ...], code: str
) -> None:
    statement = f"UPDATE staff {assignments} WHERE code = ?"
    if connection.execute(statement, (*values, _fold(code))).rowcount == 0:
        raise UnknownStaff(code=code)


def _derive(pin: str, salt: bytes, cost: str) -> bytes:
    n, r, p = map(int, cost.split(":"))
    return scrypt(
        pin.encode(), salt=salt, n=n, r=r, p=p, maxmem=_SCRYPT_BYTES_MAX, dklen=HASH_BYTES
    )


def _fold(code: str) -> str:
    return code.strip().lower()
