"""The accounts of a campaign's ledger: where each cent of a sponsor can be.

A place is an account and its owner: a sponsor, a lease, a member, a voucher, a shop. Money moves
from place to place and is never made: the sponsors' accounts are as far below zero as all others
are above.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


class Account(StrEnum):
    """What a cent is at the moment."""

    SPONSOR = "sponsor"  # owner: a sponsor; below zero by what it pledged
    BUDGET = "budget"  # free to be promised
    LEASED = "leased"  # owner: a lease of kind earn; a till may promise it
    RISK = "risk"  # owner: a lease of kind risk; a till may take vouchers unseen for it
    RESERVE = "reserve"  # kept back for what a lost or cloned till may have promised
    UNCLAIMED = "unclaimed"  # owner: a claim's hash; earned, nobody has come for it yet
    PENDING = "pending"  # owner: a member; earned, not spendable yet
    AVAILABLE = "available"  # owner: a member; spendable
    OWED = "owed"  # owner: a member; what a wallet below zero owes: no money before it is repaid
    VOUCHER = "voucher"  # owner: batch:index; a voucher in somebody's hands
    COURIER = "courier"  # owner: a challenge; paid by phone, the till's entry is awaited
    PAYABLE = "payable"  # owner: a shop; owed to it
    PAID = "paid"  # owner: a shop; transferred to it
    EXPIRED = "expired"  # nobody spent it in time
    RETURNED = "returned"  # owner: a sponsor; given back at the end
    FEE = "fee"  # the operator's fee, apart from the reward money

    # Places are looked up some ten times for each sale, and an enum's own hash is slow.
    __hash__ = str.__hash__


# Places that may be below zero: a pledge; a wallet whose reward was taken back after it was spent
# (Settings.wallet_floor); a shop that was paid for what came back afterwards.
MAY_OWE: Final = frozenset((Account.SPONSOR, Account.AVAILABLE, Account.PAYABLE))


class Place(NamedTuple):
    """Where money is."""

    account: Account
    owner: str = ""


BUDGET: Final = Place(Account.BUDGET)
RESERVE: Final = Place(Account.RESERVE)
EXPIRED: Final = Place(Account.EXPIRED)
