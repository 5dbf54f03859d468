"""What a campaign entry says: a sale, a refund, or a till's closing, in integer cents.

Never a basket and never a name. Each one names the ticket it comes from by number and hash, so the
same ticket cannot be booked twice. Members may be added within protocol version 1.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from sync.contract.errors import Malformed
from sync.contract.messages import Count, MemberId, Number, Sha256, ShortText
from sync.contract.rewards.rules import Moment

# One hundred million euros: far above any ticket, far below what 2^53 or a sum of them could break.
AMOUNT_CENTS_MAX: Final = 10_000_000_000
TICKETS_PER_CLOSING_MAX: Final = 1_000_000
REWARDS_MAX: Final = 50  # of one ticket
LEASE_DRAWS_MAX: Final = 20  # of one reward
HANDED_MAX: Final = 20  # vouchers handed out for one reward
Cents = Annotated[int, Meta(ge=-AMOUNT_CENTS_MAX, le=AMOUNT_CENTS_MAX)]
Positive = Annotated[int, Meta(ge=1, le=AMOUNT_CENTS_MAX)]
NotNegative = Annotated[int, Meta(ge=0, le=AMOUNT_CENTS_MAX)]
# Reservations and challenges that sales of this till which are still open hold.
Holds = Annotated[list[ShortText], Meta(max_length=1_000)]
Challenge = Annotated[str, Meta(pattern=r"^[0-9a-f]{16}$")]
# `synced`: checked against a server's signed time since the machine started.
ClockQuality = Literal["synced", "unsynced", "unknown"]
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


class FamilyPart(Part, frozen=True):
    """What was sold of a family of rewards.rules.FAMILIES, VAT included."""

    family: ShortText
    ttc: Cents


class LeaseDraw(Part, frozen=True):
    """What an operation took out of a lease that the server granted this till."""

    lease: Number
    amount: Positive


class RulePart(Part, frozen=True):
    """What one rule of the pack gave."""

    rule: ShortText
    amount: Positive


class VoucherRef(Part, frozen=True):
    """A voucher by its place: the position in its batch's status list."""

    batch: Number
    index: Count


class Earn(Part, frozen=True, tag_field="type", tag="earn"):
    """What a sale earned, by the rule pack that the till had (its number and the hash of its JWS).

    `leases` cover it; an amount that they do not cover is promised subject to the budget. It is
    claimed by whoever shows the secret whose SHA-256 is `claim`, belongs to `member` already, or
    was handed out as the shop's own vouchers, `handed`. `parts` are said once for a ticket: its
    second earn has none.
    """

    pack: Number
    pack_hash: Sha256
    base: Positive
    amount: Positive
    parts: Annotated[list[RulePart], Meta(max_length=20)] = []
    leases: Annotated[list[LeaseDraw], Meta(max_length=LEASE_DRAWS_MAX)] = []
    claim: Sha256 | None = None
    member: MemberId | None = None
    handed: Annotated[list[VoucherRef], Meta(max_length=HANDED_MAX)] = []


class Redeem(Part, frozen=True, tag_field="type", tag="redeem"):
    """A voucher that was taken as money. `amount` is what it paid of the ticket, never change.

    What its face `value` exceeds that by is forfeited. `mode`: `online` by a reservation; `locked`
    because only this shop takes it; `courier` by the answer of the shopper's phone to a challenge;
    `bearer` offline within the signed policy, drawing on a lease of kind `risk`; `taken_at` is then
    the moment by which the policy was kept, which may be long before the ticket was settled.
    `funding`: `tender` when a third party pays the shop, `discount` when the shop bears it. A
    courier payment names no voucher but its challenge.
    """

    value: Positive
    amount: Positive
    mode: Literal["online", "locked", "courier", "bearer"]
    funding: Literal["tender", "discount"] = "tender"
    voucher: VoucherRef | None = None
    reservation: ShortText | None = None
    challenge: Challenge | None = None
    leases: Annotated[list[LeaseDraw], Meta(max_length=LEASE_DRAWS_MAX)] = []
    pack: Number | None = None
    list_at: ShortText | None = None  # when the status list that was consulted was made
    taken_at: Moment | None = None


class Adjust(Part, frozen=True, tag_field="type", tag="adjust"):
    """What a sale earns after goods of it came back: what it earned before, and what remains."""

    ticket: Number
    before: NotNegative
    after: NotNegative


class Reissue(Part, frozen=True, tag_field="type", tag="reissue"):
    """The part of a refund that had been paid with rewards: given back as a reward, never in cash.

    Claimed by whoever shows the secret whose SHA-256 is `claim`.
    """

    ticket: Number
    amount: Positive
    claim: Sha256


Reward: TypeAlias = Earn | Redeem | Adjust | Reissue


class Booked(Part, frozen=True):
    """What a sale and a refund both tell. `day` is the ticket's business day.

    `origins` has what came back against earlier tickets; goods without their ticket have none.
    `eligible` is the total less what is sold of campaign families; `clock` how far the till's time
    can be trusted.
    """

    ticket: TicketRef
    shop_till: ShortText
    day: Day
    total: Cents
    vat: Annotated[list[VatPart], Meta(max_length=20)]
    eligible: Cents
    tenders: Annotated[list[TenderPart], Meta(max_length=50)]
    origins: Annotated[list[Origin], Meta(max_length=500)] = []
    rewards: Annotated[list[Reward], Meta(max_length=REWARDS_MAX)] = []
    families: Annotated[list[FamilyPart], Meta(max_length=20)] = []
    clock: ClockQuality = "unknown"
    holds: Holds = []


class Sale(Booked, frozen=True, tag_field="type", tag="sale"):
    """A ticket on which at least as much was sold as came back."""


class Refund(Booked, frozen=True, tag_field="type", tag="refund"):
    """A ticket on which more came back than was sold: its amounts are negative."""


class LeaseDrawn(Part, frozen=True):
    """A lease, and what was drawn from it in all."""

    lease: Number
    drawn: NotNegative


class Closing(Part, frozen=True, tag_field="type", tag="closing"):
    """A till's Z: its number, the day it closes, its total, and how many tickets it counts."""

    day: Day
    number: Number
    total: Cents
    tickets: Annotated[int, Meta(ge=0, le=TICKETS_PER_CLOSING_MAX)]
    holds: Holds = []


class LeaseClosed(Part, frozen=True, tag_field="type", tag="lease-closed"):
    """This till draws no more on these leases; what it drew in all is said once more."""

    day: Day
    leases: Annotated[list[LeaseDrawn], Meta(min_length=1, max_length=50)]
    holds: Holds = []


class Released(Part, frozen=True, tag_field="type", tag="released"):
    """Reservations that this till made and will not use: the sale was cancelled."""

    day: Day
    reservations: Annotated[list[ShortText], Meta(min_length=1, max_length=50)]
    holds: Holds = []


Operation: TypeAlias = Sale | Refund | Closing | LeaseClosed | Released


def read_operation(data: bytes | msgspec.Raw) -> Operation:
    """The operation of an entry's `data` (JSON); Malformed, with the reason, when it is none."""
    try:
        operation: Operation = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(str(error)) from error
    _check_day(operation.day)
    if isinstance(operation, Sale | Refund):
        _check_sums(operation)
        _check_moments(operation)
    return operation


def _check_day(day: str) -> None:
    try:
        date.fromisoformat(day)
    except ValueError as error:
        raise Malformed(f"there is no day {day}") from error


def _check_moments(ticket: Sale | Refund) -> None:
    for reward in ticket.rewards:
        if isinstance(reward, Redeem) and reward.taken_at is not None:
            try:
                has_offset = datetime.fromisoformat(reward.taken_at).tzinfo is not None
            except ValueError:
                has_offset = False
            if not has_offset:
                raise Malformed(f"{reward.taken_at!r} is not a time with its offset")


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
