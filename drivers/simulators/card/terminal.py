"""What every simulated card terminal offers, whatever protocol it speaks.

It is pure: bytes and time go in, replies come out. It decides by its protocol alone and shares no
code with the driver beyond byte framing. Its ledger says what the customer was really charged,
written before the answer leaves: the truth that tests compare with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from drivers.simulators.card.director import Director
    from drivers.simulators.card.ledger import Asked, Ledger
    from drivers.simulators.wire import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a terminal behaves, whatever the scenario.

    `customer_s`: how long a customer takes; 0 suits a replay. `by_hand`: a customer waits for
    `choose` instead.
    """

    customer_s: float = 0.0
    by_hand: bool = False


AS_USUAL: Final = Options()


class SimulatedTerminal(Protocol):
    """A `Machine` (session.py) with a customer, a ledger and a power plug."""

    ledger: Ledger
    director: Director[Any]

    @property
    def reading(self) -> bool:
        """Whether it takes bytes now."""

    @property
    def due_s(self) -> float | None:
        """When it will next do something by itself, if nothing is said to it."""

    @property
    def waiting(self) -> Asked | None:
        """What the customer is asked at this moment; None when nobody is."""

    def connected(self, now_s: float, /) -> list[Reply]:
        """Start on a fresh line."""

    def receive(self, data: bytes, now_s: float, /) -> list[Reply]:
        """Take bytes from the till; return what is said at once."""

    def tick(self, now_s: float, /) -> list[Reply]:
        """Return what the terminal says by itself by now."""

    def choose(self, scenario: str) -> None:
        """Let the customer who waits do this (`by_hand`); ScriptError, LookupError if none does."""

    def power_cut(self) -> None:
        """Lose the power: what is not in the ledger or the terminal's own memory is gone.

        The line is gone too; `connected` is called when it is back.
        """
