"""A phone was asked to pay, and another tender is about to end the sale without its digits.

It may have paid all the same: its money comes back by itself, but only once the server has heard
the till's chain go on without it (about an hour). Whoever is at the till hears of it before, once
for each request, and the sale is never held up: nothing of this is recorded.
"""

from __future__ import annotations

from pos.app.desk import Desk
from pos.app.take_payment import due_of
from pos.domain.errors import PhoneUnheard
from pos.domain.money import Cents
from pos.domain.rewards import PhoneRequest


def unheard(desk: Desk, amount: Cents | None) -> PhoneRequest | None:
    """The request that a tender of this amount would end the sale without; None for none.

    `amount` is in cents, None for all that is due, or when nobody knows yet. While a card of the
    sale is open nothing can be ended, and after `go_on` nothing is asked.
    """
    sale = desk.sale
    if sale is None or sale.asked is None or sale.asked.nonce == desk.passed_phone:
        return None
    if any(attempt.sale == sale.id for attempt in desk.attempts):
        return None
    ends = amount is None or amount >= abs(due_of(desk, sale))
    return sale.asked if ends else None


def go_on(desk: Desk, request: PhoneRequest) -> None:
    """The cashier was asked about a request: the sale may end without it."""
    desk.passed_phone = request.nonce


def ask_once(desk: Desk, amount: Cents | None) -> None:
    """Ask by refusing a tender, once for each request: PhoneUnheard. Said again, it is taken."""
    request = unheard(desk, amount)
    if request is not None:
        go_on(desk, request)
        raise PhoneUnheard(amount=request.amount)
