"""Why something is a finding: what happened, with the figures that say it, and no word of it.

A reason is kept as JSON, its name in the member `reason`. `why` is a reason within another. Each is
put into words where somebody reads it (sync.server.organiser.reason_words).
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

from sync.contract.rewards.split import NotEnough
from sync.server.money import errors
from sync.server.money.accounts import Account
from sync.server.money.lease_rows import LeaseKind

RewardName: TypeAlias = Literal["earn", "redeem", "adjust", "reissue"]
# What a voucher was that could not be taken: its own state, or `held` by another till.
VoucherWasIn: TypeAlias = Literal["redeemed", "expired", "revoked", "suspended", "held"]
Mode: TypeAlias = Literal["online", "locked", "courier", "bearer"]


class Reason(msgspec.Struct, frozen=True, tag_field="reason"):
    """What happened. Amounts are cents, moments ISO 8601, vouchers batch:index."""


# --- why a till may not draw on a lease -----------------------------------------------------------


class NoLease(Reason, frozen=True, tag="no-lease"):
    """It was never granted."""


class OthersLease(Reason, frozen=True, tag="others-lease"):
    """It is another till's, or of another epoch."""


class OtherKind(Reason, frozen=True, tag="other-kind"):
    """It was granted for something else."""

    kind: LeaseKind
    wanted: LeaseKind


class LeaseClosed(Reason, frozen=True, tag="lease-closed"):
    """The till had closed it."""


class LeaseEnded(Reason, frozen=True, tag="lease-ended"):
    """Its time was over."""

    until: str


class LeaseUsedUp(Reason, frozen=True, tag="lease-used-up"):
    """Less is left in it."""

    left: int


LeaseFault: TypeAlias = NoLease | OthersLease | OtherKind | LeaseClosed | LeaseEnded | LeaseUsedUp


# --- what of a voucher's own terms speaks against it ----------------------------------------------


class OtherDays(Reason, frozen=True, tag="other-days"):
    """It was not good on that day."""

    first: str
    last: str


class BelowMinimum(Reason, frozen=True, tag="below-minimum"):
    """The purchase was too small."""

    minimum: int


class OtherShop(Reason, frozen=True, tag="other-shop"):
    """Only one other shop takes it."""


class OtherTill(Reason, frozen=True, tag="other-till"):
    """Only one other till takes it."""


TermsFault: TypeAlias = OtherDays | BelowMinimum | OtherShop | OtherTill


# --- what of the signed policy a till did not keep to ---------------------------------------------


class TakenAs(Reason, frozen=True, tag="taken-as"):
    """It was not taken as a voucher that nobody was asked about."""

    mode: Mode


class OwnRisk(Reason, frozen=True, tag="own-risk"):
    """The shop's own voucher is the shop's own risk."""


class NoRules(Reason, frozen=True, tag="no-rules"):
    """The till had no rules."""


class AboveMost(Reason, frozen=True, tag="above-most"):
    """A voucher of this value is never taken offline."""

    most: int


class NoRiskLease(Reason, frozen=True, tag="no-risk-lease"):
    """No lease of kind risk covers it."""


class NoList(Reason, frozen=True, tag="no-list"):
    """The till had no status list."""


class ListUndated(Reason, frozen=True, tag="list-undated"):
    """The status list has no time that can be read."""


class ListOld(Reason, frozen=True, tag="list-old"):
    """The status list was too old."""

    minutes: int


PolicyFault: TypeAlias = (
    TakenAs | OwnRisk | NoRules | AboveMost | NoRiskLease | NoList | ListUndated | ListOld
)


# --- what happened --------------------------------------------------------------------------------


class ClaimTaken(Reason, frozen=True, tag="claim-taken"):
    """This claim stands for another sale."""


class OverRules(Reason, frozen=True, tag="over-rules"):
    """More was promised than the rules give."""

    promised: int
    given: int


class PartlyPaid(Reason, frozen=True, tag="partly-paid"):
    """Less could be paid than was promised."""

    promised: int
    paid: int


class SpentAlready(Reason, frozen=True, tag="spent-already"):
    """What should have come back was spent."""

    ticket: int
    cents: int


class MoreBack(Reason, frozen=True, tag="more-back"):
    """More came back than rewards had paid of a ticket; `before` came back earlier."""

    ticket: int
    paid: int
    before: int


class UnknownRules(Reason, frozen=True, tag="unknown-rules"):
    """No such rules were published."""

    pack: int
    digest: str


class ReceiptDiffers(Reason, frozen=True, tag="receipt-differs"):
    """A receipt and its entry say two amounts."""

    receipt: int
    entry: int


class CarnetMissing(Reason, frozen=True, tag="carnet-missing"):
    """A carnet's voucher was not there to be handed out."""

    voucher: str


class CarnetShort(Reason, frozen=True, tag="carnet-short"):
    """A carnet's voucher was handed out for less than its value."""

    voucher: str
    value: int
    covered: int


class BadDraw(Reason, frozen=True, tag="bad-draw"):
    """A till drew cents on a lease that did not allow it."""

    lease: int
    cents: int
    why: LeaseFault


class NotToClose(Reason, frozen=True, tag="not-to-close"):
    """A lease was not this till's to close."""

    lease: int


class LeaseDiffers(Reason, frozen=True, tag="lease-differs"):
    """A till closes a lease of which it says that it drew more than was booked."""

    lease: int
    drawn: int
    booked: int


class NeverIssued(Reason, frozen=True, tag="never-issued"):
    """No such voucher was issued."""


class TakenLate(Reason, frozen=True, tag="taken-late"):
    """A voucher was taken, or its entry came, too late."""

    voucher: str
    at: str


class AgainstTerms(Reason, frozen=True, tag="against-terms"):
    """A voucher was taken against its own terms."""

    voucher: str
    why: TermsFault


class NotFree(Reason, frozen=True, tag="not-free"):
    """A voucher was worth nothing any more; `why` is what the till did against the policy."""

    voucher: str
    state: VoucherWasIn
    why: PolicyFault | None = None


class NoPhone(Reason, frozen=True, tag="no-phone"):
    """No phone paid this for that challenge."""

    cents: int
    challenge: str


class NotBooked(Reason, frozen=True, tag="not-booked"):
    """It came too late for the campaign."""

    reward: RewardName


class Overdrawn(Reason, frozen=True, tag="overdrawn"):
    """A place of the ledger held less than should leave it."""

    account: Account
    owner: str
    held: int
    wanted: int


class TooLittle(Reason, frozen=True, tag="too-little"):
    """The funds together held less."""

    held: int
    wanted: int


Happened: TypeAlias = (
    ClaimTaken
    | OverRules
    | PartlyPaid
    | SpentAlready
    | MoreBack
    | UnknownRules
    | ReceiptDiffers
    | CarnetMissing
    | CarnetShort
    | BadDraw
    | NotToClose
    | LeaseDiffers
    | NeverIssued
    | TakenLate
    | AgainstTerms
    | NotFree
    | NoPhone
    | NotBooked
    | Overdrawn
    | TooLittle
)
# Rows of earlier versions hold an English sentence instead.
Detail: TypeAlias = Happened | str

_DECODER: Final[msgspec.json.Decoder[Happened]] = msgspec.json.Decoder(Happened)


def write(reason: Happened) -> str:
    """A reason as it is kept."""
    return msgspec.json.encode(reason).decode("utf-8")


def read(text: str) -> Detail:
    """What was kept; a sentence of an earlier version as it is."""
    try:
        return _DECODER.decode(text)
    except msgspec.DecodeError:
        return text


def name_of(reason: Reason) -> str:
    """The name that a reason is kept under."""
    return str(reason.__struct_config__.tag)


def values_of(reason: Reason) -> dict[str, int | str]:
    """What a reason says, flat: `why` is the name of the reason within, whose values follow."""
    values: dict[str, int | str] = {}
    for name, value in msgspec.structs.asdict(reason).items():
        if isinstance(value, Reason):
            values |= {name: name_of(value), **values_of(value)}
        elif value is not None:
            values[name] = value
    return values


def of_error(error: errors.Overdrawn | NotEnough) -> Overdrawn | TooLittle:
    """Why money could not be moved."""
    held, wanted = error.held_cents, error.wanted_cents
    if isinstance(error, NotEnough):
        return TooLittle(held, wanted)
    return Overdrawn(error.place.account, error.place.owner, held, wanted)
