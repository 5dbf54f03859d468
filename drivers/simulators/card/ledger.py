"""What the simulated customers were charged: the truth that a till is judged by.

With a file, each fact is one line of JSON, written before the answer is sent, so that it
outlives a till (and a simulator) that is killed. `fsync` makes it outlive the machine.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol


class Asked(Protocol):
    """What the ledger needs of a request, as the terminal understood it.

    `kind` is payment, refund or cancellation; `reference` the till's, or "" where none was told.
    """

    @property
    def reference(self) -> str:
        """The till's own reference."""

    @property
    def kind(self) -> str:
        """What was asked."""

    @property
    def amount_cents(self) -> int:
        """The amount asked."""

    @property
    def pos(self) -> str:
        """The till's number."""

    @property
    def currency(self) -> str:
        """The ISO 4217 number."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One request that came to an end at the terminal.

    `charged_cents` is what left the customer's account: nothing when it was not paid,
    negative for a refund or a cancellation.
    """

    number: int
    reference: str
    kind: str
    asked_cents: int
    charged_cents: int
    status: str
    scenario: str
    pos: str
    currency: str


class Ledger:
    """Entries in order, and which of them a till has acknowledged; optionally in a file.

    A file that exists is read first and gone on with. Raises OSError, and ValueError for
    a file that is no ledger.
    """

    def __init__(self, path: Path | None = None, *, fsync: bool = False) -> None:
        self.entries: list[Entry] = []
        self.acknowledged: set[int] = set()
        self._path = path
        self._fsync = fsync
        if path is not None and path.exists():
            self._read(path)

    @property
    def charged_cents(self) -> int:
        """What all customers paid, refunds deducted."""
        return sum(entry.charged_cents for entry in self.entries)

    def charges(self, reference: str) -> list[Entry]:
        """Return what was charged under a till's reference."""
        return [
            entry
            for entry in self.entries
            if entry.reference == reference and entry.charged_cents != 0
        ]

    def enter(self, asked: Asked, charged_cents: int, status: str, scenario: str) -> Entry:
        """Write down how a request ended."""
        entry = Entry(
            number=len(self.entries) + 1,
            reference=asked.reference,
            kind=asked.kind,
            asked_cents=asked.amount_cents,
            charged_cents=charged_cents,
            status=status,
            scenario=scenario,
            pos=asked.pos,
            currency=asked.currency,
        )
        self._write({"event": "ended", **asdict(entry)})
        self.entries.append(entry)
        return entry

    def acknowledge(self, number: int) -> None:
        """Write down that the till acknowledged the answer to an entry."""
        if number not in self.acknowledged:
            self._write({"event": "acknowledged", "number": number})
            self.acknowledged.add(number)

    def _write(self, fact: dict[str, str | int]) -> None:
        if self._path is None:
            return
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(fact) + "\n")
            file.flush()
            if self._fsync:
                os.fsync(file.fileno())

    def _read(self, path: Path) -> None:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                fact = json.loads(line)
                event = fact.pop("event")
                if event == "ended":
                    self.entries.append(Entry(**fact))
                else:
                    self.acknowledged.add(fact["number"])
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise ValueError(f"{path}: line {number} is no ledger entry: {error}") from error
