"""Concert V2 as the driver sees it."""

from __future__ import annotations

from typing import Final

from drivers.card.concert.dialogue import ConcertDialogue
from drivers.card.concert.settings import ConcertSettings
from drivers.card.interface import Capabilities
from drivers.card.wire import TerminalProtocol


def capabilities(settings: ConcertSettings) -> Capabilities:
    """What Concert V2 can do; there is no way to ask about a past payment."""
    return Capabilities(
        cancel_from_till=False,
        refund=True,
        query_last=False,
        probe=True,
        partial_approval=False,
        ticket_text=False,
        echoes_reference=settings.profile.echoes_reference,
        cancellation=True,
        cheque=True,
    )


PROTOCOL: Final = TerminalProtocol("concert", capabilities, ConcertDialogue)
