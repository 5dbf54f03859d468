"""The books of a simulated ZVT terminal: they outlive its power, and the ledger follows them.

A payment counts once the till has accepted its status information. One that the till does not have
is taken back, which leaves two entries in the ledger and nothing together, or kept (`reverses`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from drivers.simulators.card import zvt_records as records
from drivers.simulators.card.zvt_scenarios import Result

if TYPE_CHECKING:
    from drivers.simulators.card.ledger import Ledger
    from drivers.simulators.card.zvt_records import Asked
    from drivers.simulators.card.zvt_scenarios import ZvtScenario

ALREADY_REVERSED: Final = 0xB4
NOT_REVERSIBLE: Final = 0xB5


@dataclass(slots=True)
class Operation:
    """A payment, refund or reversal on its way; `number` is that of its entry in the ledger."""

    asked: Asked
    scenario: ZvtScenario
    receipt: int = 0
    number: int = 0

    @property
    def cents(self) -> int:
        """What is taken or given."""
        return self.asked.amount_cents - self.scenario.short_cents

    @property
    def charged_cents(self) -> int:
        """What the customer is charged; negative when money is given back."""
        if not self.scenario.charges:
            return 0
        return self.cents if self.asked.kind == "payment" else -self.cents

    @property
    def succeeds(self) -> bool:
        """Tell whether there is a payment to take back."""
        return self.scenario.code == 0 and self.scenario.result is not Result.ABORT


@dataclass(slots=True)
class Stored:
    """An operation in the books; `data` is its status information."""

    cents: int
    data: bytes
    reversed: bool = False


class Books:
    """What was done since the last end of day, and the last operation."""

    def __init__(self, ledger: Ledger, *, reverses: bool) -> None:
        self.last: Stored | None = None
        self._ledger = ledger
        self._reverses = reverses
        self._day: dict[int, Stored] = {}
        self._receipt = 0
        self._trace = 0

    @property
    def amounts(self) -> list[int]:
        """What each operation of the day charged, in cents."""
        return [stored.cents for stored in self._day.values()]

    @property
    def totals(self) -> bytes:
        """The status information of an end of day."""
        return records.totals(self.amounts, (min(self._day, default=0), max(self._day, default=0)))

    def close_day(self) -> None:
        """Begin a new day."""
        self._day.clear()

    def number(self, operation: Operation) -> None:
        """Give an operation its receipt, once."""
        if not operation.receipt:
            self._receipt += 1
            operation.receipt = self._receipt

    def status(self, operation: Operation, code: int) -> bytes:
        """Write the status information of an operation."""
        self._trace += 1
        writing = operation.scenario.writing
        return records.status(code, operation.cents, operation.receipt, self._trace, writing)

    def why_not_reverse(self, asked: Asked) -> int | None:
        """Say why a reversal is refused; None when it may be."""
        stored = self._day.get(int(asked.receipt or 0))
        if stored is None or stored.cents != asked.amount_cents:
            return NOT_REVERSIBLE
        return ALREADY_REVERSED if stored.reversed else None

    def enter(self, operation: Operation, charged_cents: int) -> None:
        """Write down what a customer was charged."""
        code, name = f"{operation.scenario.code:02X}", operation.scenario.name
        operation.number = self._ledger.enter(operation.asked, charged_cents, code, name).number

    def acknowledge(self, operation: Operation) -> None:
        """Write down that the till has the answer."""
        self._ledger.acknowledge(operation.number)

    def store(self, operation: Operation, data: bytes) -> None:
        """The till has it: from here on it counts."""
        self.enter(operation, operation.charged_cents)
        self.acknowledge(operation)
        self._keep(operation, data)
        if operation.asked.kind == "cancellation":
            self._day[int(operation.asked.receipt)].reversed = True

    def end(self, operation: Operation, data: bytes, *, charges: bool) -> None:
        """End an operation that is no success; one that charges all the same is in the books."""
        self.enter(operation, operation.charged_cents if charges else 0)
        if charges:
            self._keep(operation, data)

    def withdraw(self, operation: Operation) -> None:
        """Take back what was stored."""
        self.enter(operation, -operation.charged_cents)
        del self._day[operation.receipt]
        self.last = None

    def take_back(self, operation: Operation) -> None:
        """The till does not have the result: take the payment back, or keep it."""
        if not operation.succeeds:
            self.enter(operation, 0)
            return
        self.number(operation)
        self.enter(operation, operation.charged_cents)
        if self._reverses:
            self.enter(operation, -operation.charged_cents)
        else:
            self._keep(operation, self.status(operation, 0x00))

    def _keep(self, operation: Operation, data: bytes) -> None:
        self._day[operation.receipt] = self.last = Stored(operation.charged_cents, data)
