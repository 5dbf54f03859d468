"""What a person at the till can be told.

Each leaf has a `key`: the fronts turn key and parameters into a sentence in the person's language.

PosError
├── BadInput            something typed or scanned that cannot be understood
│   ├── BadAmount       not an amount of money
│   ├── BadQuantity     not a quantity, or none for this product's unit
│   ├── BadPercent      not a percentage from 0 to 100
│   ├── BadCode         a code whose check digit or in-store layout is wrong
│   ├── BadVoucher      a voucher that cannot be read
│   └── BadCommand      a line or key that means nothing here
├── NotFound            nothing by this name
│   ├── NoCampaign      no campaign that this till takes part in
│   ├── UnknownProduct, UnknownLine, UnknownTender, UnknownTicket, UnknownParked,
│   └── UnknownAttempt, UnknownTerminal, UnknownStaff
├── NotNow              understood, but against a rule at this moment
│   ├── SignOnFirst, WrongPin, PinDelayed, NeedsManager
│   ├── NothingToPay, SaleIsEmpty, SaleIsOpen, SaleHasTenders, SaleIsPaidInPart,
│   ├── SaleChanged     what is stored of the sale is not what was shown
│   ├── TenderTooMuch, TenderWrongWay, DiscountTooMuch, RefundTooMuch
│   ├── CardBusy, CardUnresolved, CardMissing
│   ├── CardStillBusy   its terminal is with a customer: nobody knows yet
│   ├── CardStopsThere  only the terminal's own key stops what runs
│   ├── TerminalCannot  this terminal does not do that
│   ├── CardsUnresolved the day may be closed, once what is unresolved was seen
│   ├── VoucherRefused  why a voucher cannot be taken here and now
│   ├── PhoneFirst      no phone was asked to pay this sale
│   ├── WrongPhoneCode  not what the shopper's phone shows
│   ├── PhoneUnheard    a phone may have paid: its digits, or the same tender again
│   ├── NothingEarned   the ticket has nothing to claim
│   ├── FloatDeclared, NoSession, DrawerTooLow, LimitReached
│   └── IllegalStep     a step that the state table of a card payment does not have
├── NotRecorded         it could not be written: it has not happened
│   ├── DiskFull        there is no room left
│   ├── DiskFailed      the disk refused
│   └── StoreBusy       the till's files are in use by another till
├── DiskSlow            nothing is known yet: it may still be written
└── NoAnswer            nobody could say anything of a voucher in time
"""

from __future__ import annotations

from typing import ClassVar


class PosError(Exception):
    """Base of everything that is reported to the person at the till."""

    key: ClassVar[str] = "error"

    def __init__(self, **params: object) -> None:
        self.params = params
        details = ", ".join(f"{name}={value}" for name, value in params.items())
        super().__init__(f"{self.key}: {details}" if details else self.key)


class BadInput(PosError):
    """Something typed or scanned that cannot be understood."""

    key = "bad_input"


class BadAmount(BadInput):
    """Not an amount of money. Parameters: text."""

    key = "bad_amount"


class BadQuantity(BadInput):
    """Not a quantity, or not one for this unit. Parameters: text."""

    key = "bad_quantity"


class BadPercent(BadInput):
    """Not a percentage from 0 to 100. Parameters: text."""

    key = "bad_percent"


class BadCode(BadInput):
    """A code with a wrong check digit or in-store layout. Parameters: code, reason."""

    key = "bad_code"


class BadVoucher(BadInput):
    """A voucher that cannot be read. Parameters: signs, of its code."""

    key = "bad_voucher"


class BadCommand(BadInput):
    """Nothing that the till knows. Parameters: text."""

    key = "bad_command"


class NotFound(PosError):
    """Nothing by this name."""

    key = "not_found"


class NoCampaign(NotFound):
    """No campaign that this till takes part in, or whose rules are here."""

    key = "no_campaign"


class UnknownProduct(NotFound):
    """No product has this code. Parameters: code."""

    key = "unknown_product"


class UnknownLine(NotFound):
    """The sale or ticket has no such line. Parameters: line."""

    key = "unknown_line"


class UnknownTender(NotFound):
    """No tender of this name is set up. Parameters: name, known."""

    key = "unknown_tender"


class UnknownTicket(NotFound):
    """No ticket has this number. Parameters: ticket."""

    key = "unknown_ticket"


class UnknownParked(NotFound):
    """No sale is parked under this name. Parameters: name, known."""

    key = "unknown_parked"


class UnknownAttempt(NotFound):
    """No card attempt has this reference, or it is settled. Parameters: attempt."""

    key = "unknown_attempt"


class UnknownTerminal(NotFound):
    """No card terminal has this name. Parameters: name, known."""

    key = "unknown_terminal"


class UnknownStaff(NotFound):
    """Nobody signs on with this code. Parameters: code."""

    key = "unknown_staff"


class NotNow(PosError):
    """Understood, but against a rule at this moment."""

    key = "not_now"


class SignOnFirst(NotNow):
    """Nobody has signed on."""

    key = "sign_on_first"


class WrongPin(NotNow):
    """The PIN is not this person's."""

    key = "wrong_pin"


class PinDelayed(NotNow):
    """Too many wrong PINs: wait. Parameters: seconds."""

    key = "pin_delayed"


class NeedsManager(NotNow):
    """Only a manager may do this. Parameters: act."""

    key = "needs_manager"


class NothingToPay(NotNow):
    """The sale is settled or has nothing due."""

    key = "nothing_to_pay"


class SaleIsEmpty(NotNow):
    """There is no line to do this with."""

    key = "sale_is_empty"


class SaleIsOpen(NotNow):
    """A sale is under way: finish, park or cancel it first."""

    key = "sale_is_open"


class SaleHasTenders(NotNow):
    """Money was already taken: the lines cannot change any more."""

    key = "sale_has_tenders"


class SaleIsPaidInPart(NotNow):
    """A card already paid a part: take the rest, then refund."""

    key = "sale_is_paid_in_part"


class SaleChanged(NotNow):
    """What is stored of the sale is not what was shown: it may be paid already. Look first."""

    key = "sale_changed"


class TenderTooMuch(NotNow):
    """This tender may not exceed what is due. Parameters: due."""

    key = "tender_too_much"


class TenderWrongWay(NotNow):
    """Money back asked of a tender that gives none, or the reverse. Parameters: name."""

    key = "tender_wrong_way"


class DiscountTooMuch(NotNow):
    """A discount above what it applies to. Parameters: most."""

    key = "discount_too_much"


class RefundTooMuch(NotNow):
    """More than what was sold and not yet given back. Parameters: line, left."""

    key = "refund_too_much"


class CardBusy(NotNow):
    """A card payment is running on this terminal."""

    key = "card_busy"


class CardUnresolved(NotNow):
    """A card attempt is unknown: the terminal's paper tells. Parameters: attempt, amount."""

    key = "card_unresolved"


class CardMissing(NotNow):
    """No card terminal is set up or connected."""

    key = "card_missing"


class CardStopsThere(NotNow):
    """Only the red key of the terminal stops a payment that runs. Parameters: terminal."""

    key = "card_stops_there"


class CardStillBusy(NotNow):
    """The terminal is with a customer: nobody knows yet. Parameters: terminal."""

    key = "card_still_busy"


class TerminalCannot(NotNow):
    """This card terminal does not do that. Parameters: terminal."""

    key = "terminal_cannot"


class CardsUnresolved(NotNow):
    """Card payments are unresolved: see them, then close. Parameters: count, references."""

    key = "cards_unresolved"


class VoucherRefused(NotNow):
    """Why a voucher cannot be taken here and now. Parameters: cause, the key of its sentence."""

    key = "voucher_refused"


class PhoneFirst(NotNow):
    """No phone was asked to pay this sale."""

    key = "phone_first"


class WrongPhoneCode(NotNow):
    """Not the digits that the shopper's phone shows. Parameters: left, further attempts."""

    key = "wrong_phone_code"


class PhoneUnheard(NotNow):
    """A phone was asked to pay and may have; asked once. Parameters: amount, in cents."""

    key = "phone_unheard"


class NothingEarned(NotNow):
    """The ticket has nothing to claim. Parameters: ticket."""

    key = "nothing_earned"


class FloatDeclared(NotNow):
    """The float of this session is already declared. Parameters: amount."""

    key = "float_declared"


class NoSession(NotNow):
    """No till session is open."""

    key = "no_session"


class DrawerTooLow(NotNow):
    """More cash asked out of the drawer than it should hold. Parameters: amount."""

    key = "drawer_too_low"


class LimitReached(NotNow):
    """A limit of the till. Parameters: what, limit."""

    key = "limit_reached"


class IllegalStep(NotNow):
    """A card payment has no such step from its state. Parameters: state, step."""

    key = "illegal_step"


class NotRecorded(PosError):
    """It could not be written, so it has not happened. Parameters: reason."""

    key = "not_recorded"


class DiskFull(NotRecorded):
    """There is no room left on the disk. Parameters: reason."""

    key = "disk_full"


class DiskFailed(NotRecorded):
    """The disk refused to write. Parameters: reason."""

    key = "disk_failed"


class StoreBusy(NotRecorded):
    """Another till works in this folder. Parameters: folder."""

    key = "store_busy"


class DiskSlow(PosError):
    """The disk has not answered for so long: it may still be written. Parameters: seconds."""

    key = "disk_slow"


class NoAnswer(PosError):
    """Nobody could say anything of a voucher in time: the rules without network apply.

    Parameter, if that is so: perhaps, the server may hold it all the same.
    """

    key = "no_answer"
