"""What a campaign entry says: a sale, a refund, or a till's closing, in integer cents.

Never a basket and never a name. Each one names the ticket it comes from by number and hash, so the
same ticket cannot be booked twice. Members may be added within protocol version 1.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from msgspec import Meta

from sync.contract.errors import Malformed
from sync.contract.messages import Number, Sha256, ShortText

# One hundred million euros: far above any ticket, far below what 2^53 or a sum of them could break.
AMOUNT_CENTS_MAX: Final = 10_000_000_000
TICKETS_PER_CLOSING_MAX: Final = 1_000_000
Cents = Annotated[int, Meta(ge=-AMOUNT_CENTS_MAX, le=AMOUNT_CENTS_MAX)]
Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]


class Part(msgspec.Struct, frozen=True):
    """A part of an operation, read-only."""


class TicketRef(Part, frozen=True):
    """The ticket that an operation stands for: its number, and the SHA-256 of its journal entry."""

    number: Number
    hash: Sha256


class VatPart(Part, frozen=True):
    """What was sold at one VAT rate (basis points), VAT included."""

    rate: Annotated[int, Meta(ge=0, le=10_000)]
    ttc: Cents


class TenderPart(Part, frozen=True):
    """What was paid in one kind of tender, change deducted."""

    kind: ShortText
    amount: Cents


class Origin(Part, frozen=True):
    """A ticket of which goods came back, and what they were worth: negative, VAT included."""

    number: Number
    ttc: Cents


class Booked(Part, frozen=True):
    """What a sale and a refund both tell. `day` is the ticket's business day.

    `origins` has what came back against earlier tickets; goods without their ticket have none.
    """

    ticket: TicketRef
    shop_till: ShortText
    day: Day
    total: Cents
    vat: Annotated[list[VatPart], Meta(max_length=20)]
    eligible: Cents
    tenders: Annotated[list[TenderPart], Meta(max_length=50)]
    origins: Annotated[list[Origin], Meta(max_length=500)] = []
    rewards: Annotated[list[Any], Meta(max_length=50)] = []


class Sale(Booked, frozen=True, tag_field="type", tag="sale"):
    """A ticket on which at least as much was sold as came back."""


class Refund(Booked, frozen=True, tag_field="type", tag="refund"):
    """A ticket on which more came back than was sold: its amounts are negative."""


class Closing(Part, frozen=True, tag_field="type", tag="closing"):
    """A till's Z: its number, the day it closes, its total, and how many tickets it counts."""

    day: Day
    number: Number
    total: Cents
    tickets: Annotated[int, Meta(ge=0, le=TICKETS_PER_CLOSING_MAX)]


Operation: TypeAlias = Sale | Refund | Closing


def read_operation(data: bytes | msgspec.Raw) -> Operation:
    """The operation of an entry's `data` (JSON); Malformed, with the reason, when it is none."""
    try:
        operation: Operation = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(str(error)) from error
    _check_day(operation.day)
    if not isinstance(operation, Closing):
        _check_sums(operation)
    return operation


def _check_day(day: str) -> None:
    try:
        date.fromisoformat(day)
    except ValueError as error:
        raise Malformed(f"there is no day {day}") from error


def _check_sums(ticket: Sale | Refund) -> None:
    if ticket.total < 0 and isinstance(ticket, Sale):
        raise Malformed(f"a sale of {ticket.total} cents: expected 0 or more")
    if ticket.total > 0 and isinstance(ticket, Refund):
        raise Malformed(f"a refund of {ticket.total} cents: expected 0 or less")
    by_rate = sum([part.ttc for part in ticket.vat])
    if by_rate != ticket.total:
        raise Malformed(f"VAT parts sum to {by_rate} cents, the total is {ticket.total}")
    paid = sum([part.amount for part in ticket.tenders])
    if paid != ticket.total:
        raise Malformed(f"tenders sum to {paid} cents, the total is {ticket.total}")


_decoder = msgspec.json.Decoder(Operation)
