"""ZVT as the driver sees it."""

from __future__ import annotations

from typing import Final

from drivers.card.interface import Capabilities
from drivers.card.wire import TerminalProtocol
from drivers.card.zvt.dialogue import ZvtDialogue
from drivers.card.zvt.settings import ZvtSettings

NETWORK_LINGER_S: Final = 5.0  # the till opens the line for a command, and closes it


def capabilities(settings: ZvtSettings) -> Capabilities:
    """What ZVT can do; it carries no reference of the till's."""
    return Capabilities(
        cancel_from_till=settings.abort,
        refund=True,
        query_last=settings.tells_last,
        probe=True,
        partial_approval=False,
        ticket_text=settings.receipts,
        echoes_reference=False,
        cancellation=True,
        end_of_day=True,
    )


PROTOCOL: Final = TerminalProtocol("zvt", capabilities, ZvtDialogue, NETWORK_LINGER_S)
