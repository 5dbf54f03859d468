"""Means of payment and what each allows."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pos.domain.errors import NothingToPay, TenderTooMuch, TenderWrongWay
from pos.domain.money import Cents


class TenderKind(StrEnum):
    """How a tender is settled; reports and campaigns group by it."""

    CASH = "cash"
    CARD = "card"
    CHEQUE = "cheque"
    VOUCHER = "voucher"
    CAMPAIGN = "campaign"  # a reward of a campaign, which pays the shop for it
    OTHER = "other"


class Overpay(StrEnum):
    """What happens when more is handed over than is due."""

    CHANGE = "change"  # given back in cash
    KEEP = "keep"  # the shop keeps it: a meal voucher gives no change
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class TenderType:
    """A means of payment of this shop, by the name under which it is typed and journaled.

    `by_terminal`: a card terminal reads and approves it (cheques).
    """

    name: str
    kind: TenderKind
    overpay: Overpay = Overpay.REFUSE
    refundable: bool = False
    opens_drawer: bool = False
    by_terminal: bool = False


CASH = TenderType("cash", TenderKind.CASH, Overpay.CHANGE, refundable=True, opens_drawer=True)
CARD = TenderType("card", TenderKind.CARD, refundable=True)
# Not among what a cashier chooses: it is taken by scanning, and given back by itself.
REWARD = TenderType("campaign", TenderKind.CAMPAIGN, Overpay.KEEP)


@dataclass(frozen=True, slots=True)
class Tendered:
    """A tender taken: `amount` counts towards the ticket, negative when money goes back.

    given = amount + change + kept. `details` holds what belongs to the kind (a card's attempt,
    authorisation and last four digits) as canonical JSON values.
    """

    name: str
    kind: TenderKind
    amount: Cents
    given: Cents
    change: Cents = 0
    kept: Cents = 0
    details: dict[str, Any] = field(default_factory=dict)


def take(tender: TenderType, due: Cents, given: Cents | None = None) -> Tendered:
    """What handing over an amount (in cents, positive; nothing means exactly what is due) does.

    With a negative due, money goes back to the customer, never more than what is due to him.
    Raises NothingToPay, TenderTooMuch or TenderWrongWay.
    """
    if due == 0 or (given is not None and given <= 0):
        raise NothingToPay
    if due < 0:
        return _give_back(tender, due, given)
    handed = due if given is None else given
    excess = max(handed - due, 0)
    if excess and tender.overpay is Overpay.REFUSE:
        raise TenderTooMuch(due=due)
    change = excess if tender.overpay is Overpay.CHANGE else 0
    kept = excess if tender.overpay is Overpay.KEEP else 0
    return Tendered(tender.name, tender.kind, handed - excess, handed, change, kept)


def _give_back(tender: TenderType, due: Cents, given: Cents | None) -> Tendered:
    if not tender.refundable:
        raise TenderWrongWay(name=tender.name)
    amount = due if given is None else -given
    if amount < due:
        raise TenderTooMuch(due=-due)
    return Tendered(tender.name, tender.kind, amount, amount)
