"""The status lists of campaign.db, unpacked, for whoever looks at vouchers again and again."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sync.contract import status_list
from sync.contract.errors import ContractError
from sync.contract.status_list import StatusList
from sync.errors import StateError


@dataclass(frozen=True, slots=True)
class KnownList:
    """A batch's statuses (sync.contract.status_list), by a list that was verified when it came.

    `made_at` is when the server made it, `at` until when it is known to hold, both ISO 8601 in
    UTC by the server's clock: `at` is what a policy's age of the list counts from.
    """

    list: StatusList
    made_at: str
    at: str
    etag: str


class ListShelf:
    """What was unpacked, by campaign. Belongs to one connection; not for two threads at once."""

    def __init__(self) -> None:
        self._version: int | None = None
        self._fresh: set[str] = set()
        self._lists: dict[str, Mapping[int, KnownList]] = {}

    def forget(self) -> None:
        """Another connection comes, whose counter starts elsewhere."""
        self._version = None
        self._lists = {}

    def of(self, db: sqlite3.Connection, campaign: str) -> Mapping[int, KnownList]:
        """The lists of a campaign, read again as far as they changed. Raises StateError."""
        (version,) = db.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            # It counts every commit, also those of other tables: what did not change is kept.
            self._version, self._fresh = version, set()
        if campaign not in self._fresh:
            self._lists[campaign] = _read(db, campaign, self._lists.get(campaign, {}))
            self._fresh.add(campaign)
        return self._lists[campaign]


def _read(
    db: sqlite3.Connection, campaign: str, before: Mapping[int, KnownList]
) -> Mapping[int, KnownList]:
    found: dict[int, KnownList] = {}
    db.execute("BEGIN")  # the writer may be at work between two queries
    try:
        for batch, *marks in db.execute(
            "SELECT batch, made_at, checked_at, etag FROM status_list WHERE campaign = ?",
            (campaign,),
        ).fetchall():
            known = before.get(batch)
            if known is None or [known.made_at, known.etag] != [marks[0], marks[2]]:
                found[batch] = KnownList(_unpack(db, campaign, batch), *marks)
            else:
                found[batch] = KnownList(known.list, *marks)
    finally:
        db.execute("ROLLBACK")
    return MappingProxyType(found)


def _unpack(db: sqlite3.Connection, campaign: str, batch: int) -> StatusList:
    (compact,) = db.execute(
        "SELECT compact FROM status_list WHERE campaign = ? AND batch = ?", (campaign, batch)
    ).fetchone()
    try:
        return status_list.read(compact)[0]
    except ContractError as error:
        raise StateError(f"campaign.db: list {batch} of {campaign}: {error}") from error
