"""The books: what accepted entries say, as rows that can be summed, committed with the entries.

A ticket is booked once per campaign, whatever number or epoch it arrives under.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from sync.contract.operations import Closing, Refund, Sale
from sync.server.store.db import Db
from sync.server.tills.ingest import Received
from sync.server.tills.tallies import add_tallies

TICKET_TWICE: Final = "this ticket is booked already"


def refuse_tickets_twice(db: Db, campaign: str, new: Sequence[Received]) -> list[Received]:
    """The entries, those rejected whose ticket is booked or comes a second time among them."""
    digests = [entry.ticket for entry in new if entry.ticket is not None]
    if not digests:
        return list(new)
    marks = ",".join("?" * len(digests))
    rows = db.execute(
        f"SELECT digest FROM ticket WHERE campaign = ? AND digest IN ({marks})",  # noqa: S608 - question marks only
        (campaign, *digests),
    )
    booked: set[bytes | None] = {digest for (digest,) in rows}
    kept: list[Received] = []
    for entry in new:
        if entry.ticket in booked:
            entry = replace(entry, operation=None, ticket=None, rejection=TICKET_TWICE)
        elif entry.ticket is not None:
            booked.add(entry.ticket)
        kept.append(entry)
    return kept


def book(db: Db, enrolment: int, campaign: str, new: Sequence[Received]) -> None:
    """Write the rows of accepted entries and add them to the turnover of their days."""
    _insert_tickets(db, enrolment, campaign, new)
    db.executemany(
        "INSERT INTO closing (campaign, enrolment, number, z_number, day, total_cents, tickets)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (campaign, enrolment, entry.number, z.number, z.day, z.total, z.tickets)
            for entry in new
            if isinstance(z := entry.operation, Closing)
        ],
    )
    db.executemany(
        "INSERT INTO turnover (campaign, enrolment, day, sales, refunds, total_cents)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (campaign, enrolment, day) DO UPDATE SET"
        " sales = turnover.sales + excluded.sales,"
        " refunds = turnover.refunds + excluded.refunds,"
        " total_cents = turnover.total_cents + excluded.total_cents",
        [(campaign, enrolment, day, *sums) for day, sums in _by_day(new).items()],
    )
    add_tallies(db, campaign, new)


def _insert_tickets(db: Db, enrolment: int, campaign: str, new: Sequence[Received]) -> None:
    db.executemany(
        "INSERT INTO ticket (enrolment, campaign, number, digest, kind, ticket_number, day,"
        " total_cents, eligible_cents) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (enrolment, campaign, entry.number, entry.ticket, *_ticket_columns(said))
            for entry in new
            if isinstance(said := entry.operation, Sale | Refund)
        ],
    )


def _ticket_columns(said: Sale | Refund) -> tuple[str, int, str, int, int]:
    kind = "sale" if isinstance(said, Sale) else "refund"
    return kind, said.ticket.number, said.day, said.total, said.eligible


def _by_day(new: Sequence[Received]) -> Mapping[str, list[int]]:
    days: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for entry in new:
        said = entry.operation
        if isinstance(said, Sale | Refund):
            sums = days[said.day]
            sums[isinstance(said, Refund)] += 1
            sums[2] += said.total
    return days
