"""What every booking of an entry needs to know: whose entry it is, and the batch it came in."""

from __future__ import annotations

from dataclasses import dataclass

from sync.contract.operations import Refund, Sale
from sync.server.money.batch import Batch
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

    `epoch` is the entry's own, which may be earlier than its sender's; `number` its place in the
    campaign's chain, `at` the till's time (ISO 8601 with offset), `said` its sale or refund.
    """

    batch: Batch
    sender: Sender
    epoch: int
    number: int
    at: str
    said: Sale | Refund

    @property
    def ledger(self) -> Ledger:
        """The campaign's money."""
        return self.batch.ledger

    @property
    def db(self) -> Db:
        """The connection."""
        return self.ledger.db

    @property
    def campaign(self) -> str:
        """The campaign whose chain the entry stands in."""
        return self.ledger.campaign

    @property
    def source(self) -> Source:
        """What the ledger's rows name as their cause."""
        return of_entry(self.sender.enrolment, self.number)
