"""The card terminals of the proofs: each protocol on each of its links, as it is set up.

Each stands there three times: with the safe assumptions that the till makes by default, in front of
a terminal that keeps nothing, repeats nothing and takes nothing back; the same in front of one that
does all of that, unknown to the till; and with all of that known. A new protocol is one line in
LINKS for each of its links.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from drivers.card.settings import SAFE, Profile, Settings
from drivers.card.wire import TerminalProtocol
from drivers.card_terminal import protocol_named
from drivers.simulators.card.director import Director, Scenario, Table
from drivers.simulators.card.ledger import Ledger
from drivers.simulators.card.protocols import make, scenarios
from drivers.simulators.card.terminal import Options, SimulatedTerminal
from pos.adapters.devices import driver_settings
from pos.config import TerminalConfig
from pos.domain.finding import Trust

# Longer than any customer takes, shorter than an answer that is meant to come too late.
ANSWER_TIMEOUT_S: Final = 40
CUSTOMER_S: Final = 3.0
OFFERS: Final = 3
ABLE: Final = Profile(echoes_reference=True, keeps_answers=True, reverses=True, repeats_last=True)


@dataclass(frozen=True, slots=True)
class Link:
    """A protocol on one kind of line. On a `network` bytes are late or gone, never wrong.

    `options` makes the terminal behave as a profile says.
    """

    name: str
    protocol: str
    network: bool
    options: Callable[[Profile], Options]
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Setup:
    """A link, what the till is told of the terminal at its end, and how that one is in truth."""

    link: Link
    known: Profile = SAFE
    truth: Profile = SAFE

    @property
    def name(self) -> str:
        """How counts and failures call it."""
        said = "all known" if self.known != SAFE else "nothing known"
        return f"{self.link.name} ({said}, {'able' if self.truth != SAFE else 'plain'})"

    @property
    def protocol(self) -> TerminalProtocol[Any]:
        """The driver's side."""
        return protocol_named(self.link.protocol)

    @property
    def trust(self) -> Trust:
        """What the till may conclude."""
        return Trust(self.known.echoes_reference, self.known.reverses)

    @property
    def scenarios(self) -> Table[Scenario]:
        """The ways a payment may go there."""
        return scenarios(self.link.protocol)

    @property
    def settings(self) -> Settings:
        """The driver's, as the configuration gives them."""
        usual = {None: "usual", True: "yes", False: "no"}
        config = TerminalConfig(
            protocol=self.link.protocol,  # type: ignore[arg-type]
            answer_timeout_s=ANSWER_TIMEOUT_S,
            echoes_reference=self.known.echoes_reference,
            keeps_answers=self.known.keeps_answers,
            reverses=self.known.reverses,
            repeats_last=usual[self.known.repeats_last],  # type: ignore[arg-type]
            **self.link.more,
        )
        return driver_settings(config, on_network=self.link.network)

    def make(self, scenario: str, ledger: Ledger) -> SimulatedTerminal:
        """The terminal, where every payment goes this way."""
        return make(
            self.link.protocol,
            self.link.options(self.truth),
            director=Director(self.scenarios, self.scenarios[scenario]),
            ledger=ledger,
            serial=not self.link.network,
        )


def _concert(truth: Profile) -> Options:
    from drivers.simulators.card.concert import ConcertOptions

    return ConcertOptions(
        customer_s=CUSTOMER_S,
        reoffers=OFFERS if truth.keeps_answers else 0,
        forgets_on_power_cut=not truth.keeps_answers,
    )


def _caisse_ap(truth: Profile) -> Options:
    from drivers.simulators.card.caisse_ap import CaisseApOptions

    return CaisseApOptions(
        customer_s=CUSTOMER_S,
        duplicates=1 if truth.repeats_last else 0,
        reoffers=OFFERS if truth.keeps_answers else 0,
    )


def _zvt(truth: Profile) -> Options:
    from drivers.simulators.card.zvt import Repeats, ZvtOptions

    return ZvtOptions(
        customer_s=CUSTOMER_S,
        reverses=truth.reverses,
        repeats=Repeats.STATUS if truth.repeats_last else Repeats.BARE,
    )


LINKS: Final = (
    Link("concert E", "concert", network=False, options=_concert, more={"variant": "E"}),
    Link("concert E+", "concert", network=False, options=_concert, more={"variant": "E+"}),
    Link("caisse-ap tcp", "caisse-ap", network=True, options=_caisse_ap),
    Link("caisse-ap link", "caisse-ap", network=False, options=_caisse_ap),
    Link("zvt tcp", "zvt", network=True, options=_zvt),
    Link("zvt serial", "zvt", network=False, options=_zvt, more={"slips": True}),
)


def setups(*names: str) -> Iterator[Setup]:
    """Every link in its three forms, or those of some links."""
    for link in LINKS:
        if not names or link.name in names:
            yield Setup(link)
            yield Setup(link, truth=ABLE)
            yield Setup(link, ABLE, ABLE)
