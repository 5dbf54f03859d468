"""Tickets counted by kind, by hour of the day and by kind of tender, as they are booked.

An entry says its till's local time; where a till's clock is wrong, so is its hour here. Databases
from before these tallies get them from the stored entries when the server starts.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Final, TypeAlias

import msgspec

from sync.contract.entry import ENTRY_TYP
from sync.contract.jws import parse
from sync.contract.operations import Operation, Refund, Sale, read_operation
from sync.server.store.db import Db, Store
from sync.server.tills.ingest import Received

# The kinds that tills know; whatever else one should name counts as "other".
TENDERS: Final = frozenset(("cash", "card", "cheque", "voucher", "campaign", "other"))
ENTRIES_PER_STEP: Final = 1000

Cell: TypeAlias = tuple[str, str, str]  # what, business day, cell
Sums: TypeAlias = dict[Cell, list[int]]  # times, cents


class _Stored(msgspec.Struct, frozen=True):
    """What an entry's payload says that is counted here."""

    at: str
    data: msgspec.Raw


def add_tallies(db: Db, campaign: str, new: Iterable[Received]) -> None:
    """Count the tickets of accepted entries."""
    sums: Sums = {}
    for entry in new:
        if entry.operation is not None:
            _count(sums, entry.at, entry.operation)
    _write(db, campaign, sums)


def fill_missing(store: Store) -> None:
    """Count the entries of campaigns that have tickets and no tally, each in one transaction."""
    for campaign in store.write_now(_uncounted):
        store.write_now(partial(_recount, campaign), campaign)


def _uncounted(db: Db) -> list[str]:
    rows = db.execute(
        "SELECT id FROM campaign WHERE EXISTS (SELECT 1 FROM turnover WHERE campaign = campaign.id)"
        " AND NOT EXISTS (SELECT 1 FROM tally WHERE campaign = campaign.id AND what = 'hour')"
    )
    return [campaign for (campaign,) in rows.fetchall()]


def _recount(campaign: str, db: Db) -> None:
    if campaign not in _uncounted(db):
        return  # another process did it meanwhile
    sums: Sums = {}
    last = (0, 0)
    while rows := db.execute(
        "SELECT enrolment, number, rejection, compact FROM entry WHERE campaign = ?"
        " AND (enrolment, number) > (?, ?) ORDER BY enrolment, number LIMIT ?",
        (campaign, *last, ENTRIES_PER_STEP),
    ).fetchall():
        for enrolment, number, rejection, compact in rows:
            last = (enrolment, number)
            if rejection is None:
                said = _stored.decode(parse(bytes(compact), ENTRY_TYP).payload)
                _count(sums, said.at, read_operation(said.data))
    _write(db, campaign, sums)


def _count(sums: Sums, at: str, said: Operation) -> None:
    if not isinstance(said, Sale | Refund):
        return
    _add(sums, ("ticket", said.day, "sale" if isinstance(said, Sale) else "refund"), said.total)
    hour = f"{datetime.fromisoformat(at).hour:02}"
    _add(sums, ("hour", said.day, hour), said.total)
    for tender in said.tenders:
        kind = tender.kind if tender.kind in TENDERS else "other"
        _add(sums, ("tender", said.day, kind), tender.amount)


def _add(sums: Sums, cell: Cell, cents: int) -> None:
    one = sums.setdefault(cell, [0, 0])
    one[0] += 1
    one[1] += cents


def _write(db: Db, campaign: str, sums: Sums) -> None:
    db.executemany(
        "INSERT INTO tally (campaign, what, day, cell, times, cents) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (campaign, what, day, cell) DO UPDATE SET"
        " times = tally.times + excluded.times, cents = tally.cents + excluded.cents",
        [(campaign, *cell, *sums[cell]) for cell in sorted(sums)],
    )


_stored = msgspec.json.Decoder(_Stored)
