"""A shop's tills: when each was heard of, and what its keeper should do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from sync.contract.overview import ClosingStatus, TillStatus
from sync.server import texts
from sync.server.organiser.overview import tills_of
from sync.server.store.db import Db

Advice: TypeAlias = Literal["active", "silent", "waiting", "rejected", "quarantined", "closed"]


@dataclass(frozen=True, slots=True)
class Till:
    """A till and what to do about it, the most urgent first. `waits` is the Z that is not met."""

    status: TillStatus
    advice: tuple[Advice, ...]
    waits: ClosingStatus | None


def read_tills(db: Db, campaign: str, shop: str, now: str) -> list[Till]:
    """The tills of a shop; `now` is a time of the server."""
    return [_advised(one, now) for one in tills_of(db, campaign, shop)]


def _advised(till: TillStatus, now: str) -> Till:
    """Each epoch that is over says so and no more."""
    if till.state != "active":
        return Till(till, (till.state,), None)
    waits = till.last_closing if till.last_closing and not till.last_closing.agrees else None
    found: list[Advice] = []
    if texts.is_silent(till.last_received_at or till.enrolled_at, now):
        found.append("silent")
    if waits:
        found.append("waiting")
    if till.rejected:
        found.append("rejected")
    return Till(till, tuple(found) or ("active",), waits)
