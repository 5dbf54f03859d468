"""The customers of a simulated Concert V2 terminal: what each pays, and what the answer tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from drivers.simulators.card.concert_records import CHEQUE, Asked

if TYPE_CHECKING:
    from drivers.simulators.card.concert_scenarios import ConcertScenario
    from drivers.simulators.card.ledger import Ledger

REFUSED: Final = "7"
MASKED_NUMBER: Final = "4970******1234"
# Passes the Luhn check and belongs to nobody: the till must never keep it.
WHOLE_NUMBER: Final = "4970101234567893"
CMC7: Final = "0000123 030002570012 345678901234"
STRANGER: Final = Asked(
    pos="01",
    amount_cents=700,
    wants_card_number=False,
    mode="1",
    kind="payment",
    currency="978",
    private=" " * 10,
    at_once=False,
    forced_online=False,
)

_WAYS: Final = {"payment": 1, "refund": -1, "cancellation": -1}


@dataclass(frozen=True, slots=True)
class End:
    """How a request ended: what is answered, and what left the customer's account."""

    status: str
    taken_cents: int
    charged_cents: int


def pays(asked: Asked, scenario: ConcertScenario, ledger: Ledger) -> End:
    """Let the customer do what the scenario says; this terminal reserves no amounts (type 4)."""
    taken_cents = asked.amount_cents - scenario.short_cents
    way = _WAYS.get(asked.kind)
    nothing_to_undo = asked.kind == "cancellation" and not _can_undo(asked.amount_cents, ledger)
    if way is None or nothing_to_undo:
        return End(REFUSED, asked.amount_cents, 0)
    return End(scenario.status, taken_cents, way * taken_cents if scenario.charges else 0)


def report(asked: Asked, scenario: ConcertScenario) -> str | None:
    """Give the REP: what was read of the card or the cheque; None for an answer without."""
    if asked.mode == CHEQUE:
        return CMC7 if asked.wants_card_number else None
    if scenario.full_number:
        return WHOLE_NUMBER
    return MASKED_NUMBER if asked.wants_card_number else None


def _can_undo(cents: int, ledger: Ledger) -> bool:
    """Tell whether a payment of that amount was made that no cancellation took back."""
    paid = _count(ledger, "payment", cents)
    return paid > _count(ledger, "cancellation", -cents)


def _count(ledger: Ledger, kind: str, charged_cents: int) -> int:
    return sum((one.kind, one.charged_cents) == (kind, charged_cents) for one in ledger.entries)
