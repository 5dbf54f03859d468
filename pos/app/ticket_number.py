"""The ticket that somebody names: by its number alone, or by all that is on its paper."""

from __future__ import annotations

from typing import Final

from pos.app.desk import Desk
from pos.domain.errors import UnknownTicket
from sync.contract.entry import Entry

DIGITS_MAX: Final = 12


def ticket_number(desk: Desk, text: str) -> int:
    """The number of `311`, or of `01-1-0000311` as it is printed; UnknownTicket.

    What another till printed, or this one under another epoch, is no ticket of ours: its number
    alone would name a stranger's.
    """
    *printed, digits = (part.strip() for part in text.split("-"))
    if not (digits.isascii() and digits.isdigit() and len(digits) <= DIGITS_MAX):
        raise UnknownTicket(ticket=text)
    number = int(digits)
    if printed:
        entry = desk.ports.ledger.entry("ticket", number)
        if entry is None or printed != [entry.data["shop"]["till"], str(entry.payload.epoch)]:
            raise UnknownTicket(ticket=text)
    return number


def ticket_entry(desk: Desk, number: int | None) -> Entry:
    """The entry of a ticket, the last one when none is named; UnknownTicket."""
    if number is None:
        entry = desk.last.entry if desk.last else desk.ports.ledger.last("ticket")
    else:
        entry = desk.ports.ledger.entry("ticket", number)
    if entry is None:
        raise UnknownTicket(ticket=number or "-")
    return entry
