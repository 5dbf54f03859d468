"""The card terminal that the till drives; its codec is in drivers.card."""

from drivers.terminal.card_terminal import CardTerminal
from drivers.terminal.dialogue import Presence
from drivers.terminal.settings import Settings

__all__ = ["CardTerminal", "Presence", "Settings"]
