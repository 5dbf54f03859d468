"""Pay by card: the cashier's side of an attempt.

The order is the promise: `prepared` is on disk before the terminal hears of it, `sending` before
its first byte, `answered` before our acknowledgement, and the sale's end with the approval. On a
stand-alone terminal the first byte is the cashier's own finger: both states are on disk before the
till asks for it.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from typing import Final

from pos.app.card_attempts import charged_instead, conclude, find_open, record_attempt
from pos.app.desk import SYSTEM, CardNews, Desk, Pending
from pos.app.ports import CardTerminal, DeviceState, Transaction
from pos.app.settle import advance, check_refunds, require_stored
from pos.app.take_payment import payable, whole
from pos.domain.errors import (
    CardBusy,
    CardMissing,
    CardStopsThere,
    LimitReached,
    NothingToPay,
    PosError,
    TenderTooMuch,
    TenderWrongWay,
    TerminalCannot,
    UnknownAttempt,
    UnknownTender,
    UnknownTerminal,
)
from pos.domain.money import Cents
from pos.domain.payment import RUNNING, Attempt, Direction, State, step
from pos.domain.sale import TENDERS_MAX, Sale, add_tender, price
from pos.domain.scrub import last_four, scrub
from pos.domain.tender import CARD, Tendered, TenderKind

AUTHORISATION_LENGTH_MAX: Final = 32
ANSWERS_BY_HAND: Final = frozenset({State.APPROVED, State.DECLINED, State.CANCELLED, State.UNKNOWN})


def begin(
    desk: Desk, amount: Cents | None = None, *, terminal: str = "", tender: str = CARD.name
) -> Pending[CardNews]:
    """Ask the terminal for what is due, or for a part; with a negative due, give it back.

    `terminal` names one of several; the first that can is asked otherwise. `tender` is the card, or
    a cheque that the terminal reads. Raises CardMissing, UnknownTerminal, TerminalCannot, CardBusy,
    CardUnresolved, NothingToPay, TenderTooMuch, LimitReached, SaleChanged or RefundTooMuch:
    whatever would keep an approval from being recorded is found before the card is asked.
    """
    stored = payable(desk)
    sale = whole(desk, stored)
    due = price(sale).due
    means = desk.tender(tender)
    asked_of = pick(desk, terminal, refund=due < 0, cheque=means.kind is TenderKind.CHEQUE)
    asked = abs(due) if amount is None else amount
    if means.kind not in {TenderKind.CARD, TenderKind.CHEQUE}:
        raise UnknownTender(name=tender, known=CARD.name)
    if due == 0 or asked <= 0:
        raise NothingToPay
    if due < 0 and not means.refundable:
        raise TenderWrongWay(name=means.name)
    if asked > abs(due):
        raise TenderTooMuch(due=abs(due))
    if len(sale.tenders) >= TENDERS_MAX:
        raise LimitReached(what="tenders", limit=TENDERS_MAX)
    attempt = Attempt(
        desk.ports.new_reference(),
        asked_of.name,
        Direction.PAYMENT if due > 0 else Direction.REFUND,
        asked,
        sale.id,
        tender=means.name,
    )
    if sale.training:
        return _pretend(desk, sale, attempt)
    return _prepare(desk, asked_of, stored, sale, attempt)


def take_back(desk: Desk, reference: str) -> Pending[CardNews]:
    """Cancel on its terminal a payment that the open sale has already: an attempt of its own.

    Raises UnknownAttempt, TerminalCannot (give it back as a refund after the sale), CardBusy,
    CardUnresolved or SaleChanged.
    """
    sale = payable(desk)
    paid = next((t for t in sale.tenders if t.details.get("attempt") == reference), None)
    if paid is None or paid.amount <= 0:
        raise UnknownAttempt(attempt=reference)
    terminal = pick(desk, paid.details["terminal"])
    if sale.training or not terminal.abilities.cancellations:
        raise TerminalCannot(terminal=terminal.name)
    desk.require_right("cancel")
    attempt = Attempt(
        desk.ports.new_reference(),
        terminal.name,
        Direction.CANCELLATION,
        paid.given,
        sale.id,
        details={"of_receipt": paid.details.get("receipt", "")},
        tender=paid.name,
        of=reference,
    )
    return _prepare(desk, terminal, sale, sale, attempt)


def pick(desk: Desk, name: str = "", *, refund: bool = False, cheque: bool = False) -> CardTerminal:
    """The terminal of a name, or the first that can do this and is free and well.

    Raises CardMissing, UnknownTerminal or TerminalCannot.
    """
    terminals = desk.ports.terminals
    if not terminals:
        raise CardMissing
    if name and name not in terminals:
        raise UnknownTerminal(name=name, known=", ".join(terminals))
    wanted = [terminals[name]] if name else list(terminals.values())
    able = [terminal for terminal in wanted if _can(terminal, refund=refund, cheque=cheque)]
    if not able:
        raise TerminalCannot(terminal=name or ", ".join(terminals))
    taken = _taken(desk)
    return min(able, key=lambda terminal: (terminal.name in taken, _is_ill(terminal)))


def usable_terminals(desk: Desk, *, refund: bool = False, cheque: bool = False) -> tuple[str, ...]:
    """The names of the terminals that could be asked now: able, free and well."""
    taken = _taken(desk)
    return tuple(
        name
        for name, terminal in desk.ports.terminals.items()
        if name not in taken
        and _can(terminal, refund=refund, cheque=cheque)
        and not _is_ill(terminal)
    )


def _can(terminal: CardTerminal, *, refund: bool, cheque: bool) -> bool:
    can = terminal.abilities
    return (can.refunds or not refund) and (can.cheques or not cheque)


def _taken(desk: Desk) -> set[str]:
    return {attempt.terminal for attempt in desk.attempts if attempt.state is not State.ORPHAN}


def _is_ill(terminal: CardTerminal) -> bool:
    return terminal.health().state in {DeviceState.OFFLINE, DeviceState.FAULT}


def _prepare(
    desk: Desk, terminal: CardTerminal, stored: Sale, sale: Sale, attempt: Attempt
) -> Pending[CardNews]:
    """Journal an attempt, with the sale that it pays in the place of the one that is stored."""
    by_hand = terminal.abilities.by_hand

    def work(tx: Transaction) -> CardNews:
        _require_free(desk, tx, terminal.name)
        require_stored(tx, stored)
        check_refunds(tx, sale)
        tx.put_draft(sale)
        before = tx.last_receipt(terminal.name)
        details = {**attempt.details, **({"receipt_before": before} if before else {})}
        begun = replace(attempt, details=details)
        record_attempt(tx, begun)
        if by_hand:
            begun = step(begun, State.SENDING)
            record_attempt(tx, begun)
        return CardNews(begun)

    def then(news: CardNews) -> None:
        desk.sale = sale
        desk.attempts = (*desk.attempts, news.attempt)
        if not by_hand:
            _hand_over(desk, terminal, news.attempt)

    pending = desk.record(work, then)

    def never_asked(late: Future[CardNews]) -> None:
        if late.exception() is None:
            begun = late.result().attempt
            desk.lost.add(begun.reference)  # should the disk refuse this too, it is not running
            state = State.UNKNOWN if begun.state is State.SENDING else State.NOT_SENT
            lost = step(begun, state, reason="disk_slow")
            desk.ports.ledger.run(lambda tx: record_attempt(tx, lost), SYSTEM)

    def undo() -> None:
        # On disk too late, it was never handed to the terminal: it must not stay open.
        pending.future.add_done_callback(never_asked)
        desk.reload()

    return replace(pending, undo=undo)


def _require_free(desk: Desk, tx: Transaction, terminal: str) -> None:
    """An open attempt blocks its terminal, and no other; an orphan blocks nothing."""
    for other in tx.open_attempts():
        if other.terminal == terminal and other.state is not State.ORPHAN:
            desk.refuse_open(other)


def _hand_over(desk: Desk, terminal: CardTerminal, attempt: Attempt) -> None:
    try:
        terminal.begin(attempt)
    except Exception as error:
        desk.lost.add(attempt.reference)  # should the disk refuse this too, it is not running
        reason = error.key if isinstance(error, PosError) else "card.driver_fault"
        lost = step(attempt, State.NOT_SENT, reason=reason)
        desk.record(lambda tx: record_attempt(tx, lost), lambda _: desk.reload()).wait()
        raise


def _pretend(desk: Desk, sale: Sale, attempt: Attempt) -> Pending[CardNews]:
    """In training no terminal is asked and nothing is journaled of a card: it simply pays."""
    amount = attempt.towards_shop
    means = desk.tender(attempt.tender)
    paid = add_tender(sale, Tendered(means.name, means.kind, amount, amount))

    def work(tx: Transaction) -> CardNews:
        require_stored(tx, sale)
        return CardNews(attempt, advance(desk, tx, paid))

    return desk.record(work, desk.catch_up)


def stop(desk: Desk, reference: str) -> None:
    """Ask the terminal to give up a running attempt; its end comes as every other.

    Raises UnknownAttempt, or CardStopsThere where only the terminal's red key can.
    """
    desk.require_operator()
    for attempt in desk.attempts:
        if attempt.reference == reference and attempt.state in RUNNING:
            terminal = desk.ports.terminals.get(attempt.terminal)
            if terminal is None or not terminal.abilities.cancels:
                raise CardStopsThere(terminal=attempt.terminal)
            terminal.cancel()
            return
    desk.reload()  # it has ended, and the desk had not heard
    raise UnknownAttempt(attempt=reference)


def answer_by_hand(
    desk: Desk,
    reference: str,
    state: State,
    *,
    authorisation: str = "",
    last4: str = "",
    amount: Cents | None = None,
) -> Pending[CardNews]:
    """Say what a stand-alone terminal shows: approved, declined, cancelled, or nobody knows.

    `amount` is what it approved where that is not what was asked. Raises UnknownAttempt, BadAmount,
    or CardBusy for a terminal that answers by itself.
    """
    operator = desk.require_operator()
    if state not in ANSWERS_BY_HAND:
        raise ValueError(f"a terminal cannot answer {state}")

    def work(tx: Transaction) -> CardNews:
        attempt = find_open(tx, reference)
        terminal = desk.ports.terminals.get(attempt.terminal)
        if attempt.state is not State.SENDING or terminal is None or not terminal.abilities.by_hand:
            raise CardBusy
        told = {
            "authorisation": scrub(authorisation.strip()[:AUTHORISATION_LENGTH_MAX]),
            "last4": last_four(last4),
        }
        details = {name: text for name, text in told.items() if text}
        approved = charged_instead(attempt, amount) if state is State.APPROVED else {}
        if state is not State.UNKNOWN:
            attempt = step(attempt, State.ANSWERED, answered_by=operator.code, **details)
            record_attempt(tx, attempt)
        return conclude(desk, tx, step(attempt, state, **approved))

    return desk.record(work, desk.catch_up)
