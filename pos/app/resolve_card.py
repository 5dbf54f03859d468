"""Lead what is unknown to the truth: ask the terminal again, read its paper, explain an orphan."""

from __future__ import annotations

from typing import Final

from pos.app.card_attempts import (
    as_unknown,
    charged_instead,
    conclude,
    find_open,
    kept,
    record_attempt,
    tendered,
)
from pos.app.desk import CardNews, Desk, Pending
from pos.app.pay_by_card import AUTHORISATION_LENGTH_MAX
from pos.app.ports import Transaction
from pos.app.settle import advance, require_stored
from pos.app.take_payment import payable, whole
from pos.domain.errors import (
    CardBusy,
    CardStillBusy,
    TenderTooMuch,
    TerminalCannot,
    UnknownAttempt,
)
from pos.domain.money import Cents
from pos.domain.payment import Attempt, State, step
from pos.domain.sale import add_tender, price
from pos.domain.scrub import scrub

BUSY: Final = "card.busy"  # why a terminal is not ready: it is with a customer
EXPLANATION_LENGTH_MAX: Final = 200


def resolve(
    desk: Desk,
    reference: str,
    *,
    charged: bool,
    authorisation: str = "",
    amount: Cents | None = None,
    sure: bool = False,
) -> Pending[CardNews]:
    """Say what the terminal's paper says of an unknown attempt.

    `amount` is what it says was charged where that is not what was asked. Above the shop's limit
    only a manager may, or approve it. While the terminal is with a customer, nobody knows yet that
    a card is not charged: CardStillBusy, unless whoever says so is `sure`. Raises UnknownAttempt
    too, CardBusy for an attempt that still runs, BadAmount or NeedsManager.
    """
    if not charged and not sure:
        _require_done(desk, _shown(desk, reference))
    _require_right(desk, reference, amount or 0)
    operator = desk.require_operator()

    def work(tx: Transaction) -> CardNews:
        attempt = as_unknown(desk, tx, find_open(tx, reference))
        if attempt.is_settled:  # it never left, whatever the paper of another one says
            return CardNews(attempt)
        if attempt.state is not State.UNKNOWN:
            raise CardBusy
        told: dict[str, object] = {"resolved_by": operator.code}
        if sure:
            told["while_busy"] = True
        if charged:
            told |= _found(attempt) | charged_instead(attempt, amount)
            if authorisation:
                told["authorisation"] = scrub(authorisation[:AUTHORISATION_LENGTH_MAX])
        state = State.APPROVED if charged else State.NOT_CHARGED
        return conclude(desk, tx, step(attempt, state, **told))

    return desk.record(work, desk.catch_up)


def _found(attempt: Attempt) -> dict[str, object]:
    """What the terminal told of it, now that a person says that it was this one."""
    if attempt.proposal is not State.APPROVED:
        return {}
    found = attempt.details.get("found", {})
    told = kept(found)
    amount = found.get("amount")
    return {**told, "charged": amount} if amount and amount != attempt.amount else told


def adopt(desk: Desk, reference: str) -> Pending[CardNews]:
    """Let an answer that belonged to no attempt pay the sale under way: a person says it is its.

    Raises UnknownAttempt for one that is no approval, TenderTooMuch or NeedsManager.
    """
    stored = payable(desk)
    sale = whole(desk, stored)
    orphan = _shown(desk, reference)
    if orphan.state is not State.ORPHAN or orphan.details.get("says") != State.APPROVED:
        raise UnknownAttempt(attempt=reference)
    if not 0 < orphan.towards_shop <= price(sale).due:
        raise TenderTooMuch(due=price(sale).due)
    _require_right(desk, reference)
    operator = desk.require_operator()

    def work(tx: Transaction) -> CardNews:
        require_stored(tx, stored)
        attempt = find_open(tx, reference)
        done = step(attempt, State.EXPLAINED, explained_by=operator.code, paid=sale.id)
        record_attempt(tx, done)
        return CardNews(done, advance(desk, tx, add_tender(sale, tendered(done))))

    return desk.record(work, desk.catch_up)


def explain(desk: Desk, reference: str, explanation: str) -> Pending[CardNews]:
    """Put aside an answer that belonged to no attempt, with what a person says of it.

    Raises UnknownAttempt or NeedsManager.
    """
    _require_right(desk, reference)
    operator = desk.require_operator()
    words = scrub(explanation.strip()[:EXPLANATION_LENGTH_MAX])

    def work(tx: Transaction) -> CardNews:
        attempt = find_open(tx, reference)
        if attempt.state is not State.ORPHAN:
            raise UnknownAttempt(attempt=reference)
        done = step(attempt, State.EXPLAINED, explained_by=operator.code, explanation=words)
        record_attempt(tx, done)
        return CardNews(done)

    return desk.record(work, desk.catch_up)


def ask_terminal(desk: Desk, reference: str) -> None:
    """Let the terminal be asked again what became of an unknown attempt; news follow if it knows.

    Raises UnknownAttempt, or TerminalCannot for one that cannot be asked.
    """
    desk.require_operator()
    attempt = _shown(desk, reference)
    terminal = desk.ports.terminals.get(attempt.terminal)
    if terminal is None or not terminal.abilities.asks:
        raise TerminalCannot(terminal=attempt.terminal)
    terminal.ask()


def needs_manager(desk: Desk, attempt: Attempt, amount: Cents = 0) -> bool:
    """Whether an amount asked, told or read of it is above what a cashier settles alone."""
    limit = desk.settings.resolve_alone_max
    return limit is not None and max(attempt.amount, attempt.told or 0, amount) > limit


def _require_right(desk: Desk, reference: str, amount: Cents = 0) -> None:
    """Check who may settle this; a manager's approval is used up once."""
    attempt = _shown(desk, reference)
    desk.require_real_till("resolve", always=needs_manager(desk, attempt, amount))


def _require_done(desk: Desk, attempt: Attempt) -> None:
    terminal = desk.ports.terminals.get(attempt.terminal)
    if terminal is not None and terminal.health().reason == BUSY:
        raise CardStillBusy(terminal=attempt.terminal)


def _shown(desk: Desk, reference: str) -> Attempt:
    try:
        return find_open(desk.ports.ledger, reference)
    except UnknownAttempt:
        desk.approved = None  # what it was given for is settled
        desk.reload()  # and the desk had not heard
        raise
