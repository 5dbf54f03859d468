"""What happens to an attempt in the journal: recorded, settled, recovered at start.

Everything here runs inside a transaction of its caller; an approval and what it pays for are one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from pos.app.desk import CardNews, Desk
from pos.app.ports import Ledger, Transaction
from pos.app.settle import advance
from pos.domain import payment
from pos.domain.errors import BadAmount, RefundTooMuch, UnknownAttempt
from pos.domain.events import EventCode, event
from pos.domain.money import AMOUNT_MAX, Cents
from pos.domain.payment import AT_START, OPEN, Attempt, Direction, State, step
from pos.domain.sale import Sale, add_tender
from pos.domain.tender import CARD, Tendered, TenderKind

LOOK_BACK_ENTRIES_MAX: Final = 200
KEPT_DETAILS: Final = frozenset({"authorisation", "last4", "brand", "contactless", "receipt"})
SAID_BY_A_PERSON: Final = frozenset({"resolved_by", "answered_by"})


def record_attempt(tx: Transaction, attempt: Attempt) -> None:
    """Journal the state of an attempt."""
    tx.append("payment", payment.to_data(attempt))


def find_open(journal: Transaction | Ledger, reference: str) -> Attempt:
    """The open attempt of this reference, whatever its case; UnknownAttempt."""
    for attempt in journal.open_attempts():
        if attempt.reference.casefold() == reference.strip().casefold():
            return attempt
    raise UnknownAttempt(attempt=reference)


def as_unknown(desk: Desk, tx: Transaction, attempt: Attempt) -> Attempt:
    """An attempt whose end the disk refused, brought to the state it is in in truth."""
    if attempt.reference not in desk.lost or attempt.state not in AT_START:
        return attempt
    attempt = step(attempt, AT_START[attempt.state], reason="not_recorded")
    record_attempt(tx, attempt)
    return attempt


def charged_instead(attempt: Attempt, amount: Cents | None) -> dict[str, object]:
    """What was charged where that is not what was asked.

    `amount` is what a person read on the terminal's paper; without it, what its answer said before
    the dialogue broke off. Raises BadAmount for what no terminal moves, or for another amount
    than that of the payment that a cancellation takes back.
    """
    amount = attempt.told if amount is None else amount
    if amount is None:
        return {}
    part = attempt.direction is Direction.CANCELLATION and amount != attempt.amount
    if not 0 < amount <= AMOUNT_MAX or part:
        raise BadAmount(text=str(amount))
    return {"charged": amount}  # said again where it is what was asked: it overrules the terminal


def kept(details: Mapping[str, Any]) -> dict[str, Any]:
    """Of what is told of an attempt, what its tender keeps."""
    return {name: details[name] for name in KEPT_DETAILS & details.keys()}


def conclude(desk: Desk, tx: Transaction, attempt: Attempt) -> CardNews:
    """Journal an attempt's final state; an approved one pays its sale, open or parked."""
    record_attempt(tx, attempt)
    if attempt.state is not State.APPROVED:
        return CardNews(attempt)
    sale = tx.draft(attempt.sale)
    if sale is None:
        tx.append("event", event(EventCode.CARD_TROUBLE, orphan=attempt.reference))
        return CardNews(attempt)
    if attempt.direction is Direction.CANCELLATION:
        return _take_back(tx, attempt, sale)
    return _pay(desk, tx, attempt, sale)


def _pay(desk: Desk, tx: Transaction, attempt: Attempt, sale: Sale) -> CardNews:
    paid = add_tender(sale, tendered(attempt))
    try:
        return CardNews(attempt, advance(desk, tx, paid))
    except RefundTooMuch:
        # Another sale gave these goods back meanwhile, and the money went back a second time.
        tx.append("event", event(EventCode.CARD_TROUBLE, refunded_twice=attempt.reference))
        return CardNews(attempt, advance(desk, tx, paid, checked=True))


def tendered(attempt: Attempt) -> Tendered:
    """What an approved attempt brings its sale.

    What a terminal added to the amount is a tip; what a person read on its paper was too much.
    """
    # Never from the configuration: the tender may be gone from it since.
    kind = TenderKind.CARD if attempt.tender == CARD.name else TenderKind.CHEQUE
    details = {
        "attempt": attempt.reference,
        "terminal": attempt.terminal,
        **kept(attempt.details),
    }
    over = attempt.charged - attempt.amount
    if over <= 0 or attempt.direction is not Direction.PAYMENT:
        brought = attempt.towards_shop
        return Tendered(attempt.tender, kind, brought, brought, details=details)
    if not attempt.details.keys() & SAID_BY_A_PERSON:
        details["tip"] = over
    asked = attempt.amount
    return Tendered(attempt.tender, kind, asked, asked + over, kept=over, details=details)


def _take_back(tx: Transaction, attempt: Attempt, sale: Sale) -> CardNews:
    """A cancellation that was approved: the payment is reversed, its tender leaves the sale."""
    others = tuple(t for t in sale.tenders if t.details.get("attempt") != attempt.of)
    gone = next((t for t in sale.tenders if t not in others), None)
    paid = Attempt(
        attempt.of,
        attempt.terminal,
        Direction.PAYMENT,
        attempt.amount,
        attempt.sale,
        State.APPROVED,
        kept(gone.details) if gone else {},
        attempt.tender,
    )
    record_attempt(tx, step(paid, State.REVERSED, by=attempt.reference))
    tx.put_draft(replace(sale, tenders=others))
    return CardNews(attempt)


def recover(tx: Transaction) -> None:
    """At start: what was being sent is unknown, what was only prepared never left."""
    for attempt in tx.open_attempts():
        if attempt.state in AT_START:
            record_attempt(tx, step(attempt, AT_START[attempt.state], reason="restart"))


def newest_states(
    ledger: Ledger, most: int = LOOK_BACK_ENTRIES_MAX
) -> Iterator[tuple[str, Attempt]]:
    """The latest entries of attempts, newest first, each with its time."""
    last = ledger.last("payment")
    newest = last.payload.number if last else 0
    for number in range(newest, max(newest - most, 0), -1):
        entry = ledger.entry("payment", number)
        if entry and "reference" in entry.data:
            yield entry.payload.at, payment.from_data(entry.data)


def prepared_at(desk: Desk, reference: str) -> str | None:
    """When an attempt began, to find it on the terminal's paper; None if that is long ago."""
    for at, attempt in newest_states(desk.ports.ledger):
        if attempt.reference == reference and attempt.state in payment.FIRST:
            return at
    return None


def settled_lately(ledger: Ledger, reference: str) -> Attempt | None:
    """The last state of an attempt that is settled, if that was not long ago."""
    if not reference:
        return None
    for _, attempt in newest_states(ledger):
        if attempt.reference == reference:
            return None if attempt.state in OPEN else attempt
    return None
