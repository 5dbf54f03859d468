"""The simulated card terminals by the name of their protocol; each is loaded when it is wanted.

A new protocol is one line in `SIMULATORS` and a function that makes its terminal. Its options may
be the protocol's own (`ConcertOptions`); plain `Options` are widened to them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, Final, TypeAlias, TypeVar

from drivers.simulators.card.director import Director, Table
from drivers.simulators.card.ledger import Ledger
from drivers.simulators.card.terminal import AS_USUAL, Options, SimulatedTerminal

OptionsT = TypeVar("OptionsT", bound=Options)
_Maker: TypeAlias = Callable[
    [Options, Director[Any] | None, Ledger | None, bool], SimulatedTerminal
]


def make(
    protocol: str,
    options: Options = AS_USUAL,
    *,
    director: Director[Any] | None = None,
    ledger: Ledger | None = None,
    serial: bool,
) -> SimulatedTerminal:
    """Make a terminal of a protocol in `SIMULATORS`, for a serial line or a network; KeyError.

    Without a director every customer pays; without a ledger one is kept in memory.
    """
    return SIMULATORS[protocol].make(options, director, ledger, serial)


def scenarios(protocol: str) -> Table[Any]:
    """Give the scenarios of a protocol in `SIMULATORS`; KeyError."""
    table: Table[Any] = import_module(SIMULATORS[protocol].scenarios).SCENARIOS
    return table


def _concert(
    options: Options, director: Director[Any] | None, ledger: Ledger | None, serial: bool
) -> SimulatedTerminal:
    from drivers.simulators.card.concert import ConcertOptions, ConcertTerminal

    del serial  # the link is the same on a socket
    return ConcertTerminal(_widened(options, ConcertOptions), director, ledger)


def _caisse_ap(
    options: Options, director: Director[Any] | None, ledger: Ledger | None, serial: bool
) -> SimulatedTerminal:
    from drivers.simulators.card.caisse_ap import CaisseApOptions, CaisseApTerminal

    own = replace(_widened(options, CaisseApOptions), on_link=serial)
    return CaisseApTerminal(own, director, ledger)


def _zvt(
    options: Options, director: Director[Any] | None, ledger: Ledger | None, serial: bool
) -> SimulatedTerminal:
    from drivers.simulators.card.zvt import ZvtOptions, ZvtTerminal

    own = replace(_widened(options, ZvtOptions), on_serial=serial)
    return ZvtTerminal(own, director, ledger)


def _widened(options: Options, kind: type[OptionsT]) -> OptionsT:
    if isinstance(options, kind):
        return options
    return kind(customer_s=options.customer_s, by_hand=options.by_hand)


@dataclass(frozen=True, slots=True)
class Simulator:
    """How the terminal of one protocol is made, and the module with its `SCENARIOS`."""

    make: _Maker
    scenarios: str


SIMULATORS: Final = {
    "concert": Simulator(_concert, "drivers.simulators.card.concert_scenarios"),
    "caisse-ap": Simulator(_caisse_ap, "drivers.simulators.card.caisse_ap_scenarios"),
    "zvt": Simulator(_zvt, "drivers.simulators.card.zvt_scenarios"),
}
