"""What every booking of an entry needs to know: whose entry it is, and the ledger it moves."""

from __future__ import annotations

from dataclasses import dataclass

from sync.contract.operations import Refund, Sale
from sync.server.money.ledger import Ledger, Source, of_entry
from sync.server.store.db import Db


@dataclass(frozen=True, slots=True)
class Sender:
    """The till that an entry comes from: its enrolment, and the shop it stands in."""

    enrolment: int
    till: str
    epoch: int
    shop: str


@dataclass(frozen=True, slots=True)
class Booking:
    """One accepted entry in the transaction that stores it.

    `number` is its place in the campaign's chain; `at` the till's time, `now` the server's (both
    ISO 8601 with offset); `said` its sale or refund.
    """

    db: Db
    ledger: Ledger
    campaign: str
    sender: Sender
    number: int
    at: str
    now: str
    said: Sale | Refund

    @property
    def source(self) -> Source:
        """What the ledger's rows name as their cause."""
        return of_entry(self.sender.enrolment, self.number)
