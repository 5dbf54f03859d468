"""What can be wrong with money.

MoneyError
└── Overdrawn       a place has less than should leave it
"""

from __future__ import annotations

from sync.server.money.accounts import Place


class MoneyError(Exception):
    """The campaign's money does not allow it; nothing was moved."""


class Overdrawn(MoneyError):
    """A place holds less than should be taken out of it."""

    def __init__(self, place: Place, held_cents: int, wanted_cents: int) -> None:
        super().__init__(f"{place.account} {place.owner}: {held_cents} cents, not {wanted_cents}")
        self.place = place
        self.held_cents = held_cents
        self.wanted_cents = wanted_cents
