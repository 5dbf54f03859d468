"""Caisse-AP as the driver sees it: on a network by itself, on a serial line inside the link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from drivers.card.caisse_ap.dialogue import CaisseApDialogue
from drivers.card.caisse_ap.link import CaisseApContents
from drivers.card.caisse_ap.settings import CaisseApSettings, Ticket
from drivers.card.concert.dialogue import ConcertDialogue
from drivers.card.interface import Capabilities
from drivers.card.wire import Dialogue, TerminalProtocol, Wire

if TYPE_CHECKING:
    from collections import deque

    from drivers.card.interface import Recorder

# A terminal serves one call on each line. Longer than a line just opened is listened to.
NETWORK_LINGER_S: Final = 5.0


def capabilities(settings: CaisseApSettings) -> Capabilities:
    """What Caisse-AP can do; only the terminal's red key ends a running operation."""
    return Capabilities(
        cancel_from_till=False,
        refund=True,
        query_last=settings.repeats_last,
        probe=True,
        partial_approval=True,
        ticket_text=settings.ticket is not Ticket.NONE,
        echoes_reference=settings.profile.echoes_reference,
        cancellation=True,
        cheque=True,
    )


def open_dialogue(
    wire: Wire, settings: CaisseApSettings, recorder: Recorder, issued: deque[str]
) -> Dialogue:
    """Speak on an open line, as its kind wants it."""
    if settings.on_link:
        contents = CaisseApContents(settings)
        return ConcertDialogue(wire, settings.link, recorder, issued, contents)
    return CaisseApDialogue(wire, settings, recorder, issued)


PROTOCOL: Final = TerminalProtocol("caisse-ap", capabilities, open_dialogue, NETWORK_LINGER_S)
