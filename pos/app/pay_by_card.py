"""Pay by card: the cashier's side of an attempt, and the recorder that the device thread writes to.

The order is the promise: `prepared` is on disk before the terminal hears of it, `sending` before
its first byte, `answered` before our acknowledgement, and the sale's end with the approval.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, TypeVar

from pos.app.desk import COMMIT_TIMEOUT_S, SYSTEM, CardNews, Desk, Pending
from pos.app.ports import CardTerminal, Transaction
from pos.app.settle import advance, check_refunds, require_stored
from pos.app.take_payment import payable
from pos.domain.errors import (
    CardBusy,
    CardMissing,
    CardUnresolved,
    LimitReached,
    NothingToPay,
    NotRecorded,
    PosError,
    RefundTooMuch,
    TenderTooMuch,
    UnknownAttempt,
)
from pos.domain.events import EventCode, event
from pos.domain.money import Cents
from pos.domain.payment import AT_START, RUNNING, Attempt, Direction, State, step
from pos.domain.sale import TENDERS_MAX, Sale, add_tender, price
from pos.domain.tender import CARD, Tendered

T = TypeVar("T")
LOOK_BACK_ENTRIES_MAX: Final = 200
KEPT_DETAILS: Final = frozenset({"authorisation", "last4", "brand", "contactless"})


def begin(desk: Desk, amount: Cents | None = None) -> Pending[CardNews]:
    """Ask the terminal for what is due, or for a part; with a negative due, give it back.

    Raises CardMissing, CardBusy, CardUnresolved, NothingToPay, TenderTooMuch, LimitReached,
    SaleChanged or RefundTooMuch: whatever would keep an approval from being recorded is found
    before the card is asked.
    """
    terminal = desk.ports.terminal
    if terminal is None:
        raise CardMissing
    sale = payable(desk)
    due = price(sale).due
    asked = abs(due) if amount is None else amount
    if due == 0 or asked == 0:
        raise NothingToPay
    if asked > abs(due):
        raise TenderTooMuch(due=abs(due))
    if len(sale.tenders) >= TENDERS_MAX:
        raise LimitReached(what="tenders", limit=TENDERS_MAX)
    attempt = Attempt(
        desk.ports.new_reference(),
        terminal.name,
        Direction.PAYMENT if due > 0 else Direction.REFUND,
        asked,
        sale.id,
    )
    if sale.training:
        return _pretend(desk, sale, attempt)
    return _prepare(desk, terminal, sale, attempt)


def _prepare(desk: Desk, terminal: CardTerminal, sale: Sale, attempt: Attempt) -> Pending[CardNews]:
    def work(tx: Transaction) -> CardNews:
        for other in tx.open_attempts():
            if other.terminal != terminal.name:
                continue
            if other.state in RUNNING and other.reference not in desk.lost:
                raise CardBusy
            raise CardUnresolved(attempt=other.reference, amount=other.amount)
        require_stored(tx, sale)
        check_refunds(tx, sale)
        tx.put_draft(sale)
        record_attempt(tx, attempt)
        return CardNews(attempt)

    def then(_: CardNews) -> None:
        desk.attempts = (*desk.attempts, attempt)
        try:
            terminal.begin(attempt)
        except PosError as error:
            reason = error.key
            give_up = desk.record(
                lambda tx: record_attempt(tx, step(attempt, State.NOT_SENT, reason=reason)),
                lambda _: desk.reload(),
            )
            give_up.wait()
            raise

    pending = desk.record(work, then)

    def never_asked(late: Future[CardNews]) -> None:
        if late.exception() is None:
            lost = step(attempt, State.NOT_SENT, reason="disk_slow")
            desk.ports.ledger.run(lambda tx: record_attempt(tx, lost), SYSTEM)

    def undo() -> None:
        # On disk too late, it was never handed to the terminal: it must not stay open.
        pending.future.add_done_callback(never_asked)
        desk.reload()

    return replace(pending, undo=undo)


def _pretend(desk: Desk, sale: Sale, attempt: Attempt) -> Pending[CardNews]:
    """In training no terminal is asked and nothing is journaled of a card: it simply pays."""
    amount = attempt.towards_shop
    paid = add_tender(sale, Tendered(CARD.name, CARD.kind, amount, amount))

    def work(tx: Transaction) -> CardNews:
        require_stored(tx, sale)
        return CardNews(attempt, advance(desk, tx, paid))

    return desk.record(work, desk.catch_up)


def record_attempt(tx: Transaction, attempt: Attempt) -> None:
    """Journal the state of an attempt."""
    tx.append(
        "payment",
        {
            "reference": attempt.reference,
            "terminal": attempt.terminal,
            "direction": str(attempt.direction),
            "amount": attempt.amount,
            "sale": attempt.sale,
            "state": str(attempt.state),
            "details": dict(attempt.details),
        },
    )


def resolve(
    desk: Desk, reference: str, *, charged: bool, authorisation: str = ""
) -> Pending[CardNews]:
    """Say what the terminal's paper says of an unknown attempt; UnknownAttempt."""
    operator = desk.require_real_till("resolve")

    def work(tx: Transaction) -> CardNews:
        attempt = _open(tx, reference)
        if attempt.state is not State.UNKNOWN and attempt.reference in desk.lost:
            attempt = step(attempt, AT_START[attempt.state], reason="not_recorded")
            record_attempt(tx, attempt)
            if attempt.is_settled:  # it never left, whatever the paper of another one says
                return CardNews(attempt)
        if attempt.state is not State.UNKNOWN:
            raise CardBusy
        told: dict[str, object] = {"resolved_by": operator.code}
        if authorisation:
            told["authorisation"] = authorisation
        state = State.APPROVED if charged else State.NOT_CHARGED
        return conclude(desk, tx, step(attempt, state, **told))

    return desk.record(work, desk.catch_up)


def conclude(desk: Desk, tx: Transaction, attempt: Attempt) -> CardNews:
    """Journal an attempt's final state; an approved one pays its sale, open or parked."""
    record_attempt(tx, attempt)
    if attempt.state is not State.APPROVED:
        return CardNews(attempt)
    sale = tx.draft(attempt.sale)
    if sale is None:
        tx.append("event", event(EventCode.CARD_TROUBLE, orphan=attempt.reference))
        return CardNews(attempt)
    amount = attempt.towards_shop
    told = {name: attempt.details[name] for name in KEPT_DETAILS & attempt.details.keys()}
    details = {"attempt": attempt.reference, "terminal": attempt.terminal, **told}
    paid = add_tender(sale, Tendered(CARD.name, CARD.kind, amount, amount, details=details))
    try:
        return CardNews(attempt, advance(desk, tx, paid))
    except RefundTooMuch:
        # Another sale gave these goods back meanwhile, and the money went back a second time.
        tx.append("event", event(EventCode.CARD_TROUBLE, refunded_twice=attempt.reference))
        return CardNews(attempt, advance(desk, tx, paid, checked=True))


def prepared_at(desk: Desk, reference: str) -> str | None:
    """When an attempt began, to find it on the terminal's paper; None if that is long ago."""
    ledger = desk.ports.ledger
    last = ledger.last("payment")
    newest = last.payload.number if last else 0
    for number in range(newest, max(newest - LOOK_BACK_ENTRIES_MAX, 0), -1):
        entry = ledger.entry("payment", number)
        if entry and entry.data["reference"] == reference and entry.data["state"] == State.PREPARED:
            return entry.payload.at
    return None


def recover(tx: Transaction) -> None:
    """At start: what was being sent is unknown, what was only prepared never left."""
    for attempt in tx.open_attempts():
        if attempt.state in AT_START:
            record_attempt(tx, step(attempt, AT_START[attempt.state], reason="restart"))


def _open(tx: Transaction, reference: str) -> Attempt:
    for attempt in tx.open_attempts():
        if attempt.reference.casefold() == reference.strip().casefold():
            return attempt
    raise UnknownAttempt(attempt=reference)


class PaymentRecorder:
    """What the device thread tells: each call returns only once it is on disk, or raises.

    `on_news` is called from the device thread after the attempt's end is on disk.
    """

    def __init__(self, desk: Desk, on_news: Callable[[CardNews], None]) -> None:
        self._desk = desk
        self._on_news = on_news

    def sending(self, reference: str) -> None:
        """The dialogue is about to begin: after this nothing may be forgotten."""
        self._run(
            reference, lambda tx: record_attempt(tx, step(_open(tx, reference), State.SENDING))
        )

    def answered(self, reference: str, details: Mapping[str, Any]) -> None:
        """The terminal told its result and waits for our acknowledgement."""
        self._run(
            reference,
            lambda tx: record_attempt(tx, step(_open(tx, reference), State.ANSWERED, **details)),
        )

    def concluded(self, reference: str, state: State, details: Mapping[str, Any]) -> None:
        """The dialogue is over, in this state."""
        try:
            news = self._run(
                reference,
                lambda tx: conclude(self._desk, tx, step(_open(tx, reference), state, **details)),
            )
        except (NotRecorded, TimeoutError):
            self._lose(reference)
            raise
        self._on_news(news)

    def _lose(self, reference: str) -> None:
        """Its end is on no disk: the cashier is led to it as to every unknown attempt."""
        self._desk.lost.add(reference)
        with suppress(PosError):
            for attempt in self._desk.ports.ledger.open_attempts():
                if attempt.reference == reference:
                    self._on_news(CardNews(replace(attempt, state=State.UNKNOWN)))

    def late(self, reference: str, amount: Cents, state: State, details: Mapping[str, Any]) -> None:
        """An answer that nobody was waiting for, and what it says.

        It settles an unknown attempt only when reference and amount are the attempt's own;
        otherwise it is kept in the journal and raised, never given to another sale.
        """

        def work(tx: Transaction) -> CardNews:
            for attempt in tx.open_attempts():
                ours = attempt.reference == reference and attempt.amount == amount
                if ours and attempt.state is State.UNKNOWN and state in _LATE:
                    told = {**details, "late": True}
                    return conclude(self._desk, tx, step(attempt, _LATE[state], **told))
            orphan = {"reference": reference, "amount": amount, "says": str(state)}
            tx.append("event", event(EventCode.CARD_TROUBLE, orphan_answer=orphan))
            stranger = Attempt(reference, "", Direction.PAYMENT, amount, "", state, details)
            return CardNews(stranger, orphan=True)

        self._on_news(self._run(reference, work))

    def _run(self, reference: str, work: Callable[[Transaction], T]) -> T:
        ledger = self._desk.ports.ledger
        return ledger.run(work, self._operator(reference)).result(COMMIT_TIMEOUT_S)

    def _operator(self, reference: str) -> str:
        """Whose sale an attempt pays: the name under which its ticket will stand."""
        ledger = self._desk.ports.ledger
        sales = {attempt.reference: attempt.sale for attempt in ledger.open_attempts()}
        wanted = sales.get(reference)
        return next((sale.operator for sale in ledger.drafts() if sale.id == wanted), SYSTEM)


_LATE: Final = {State.APPROVED: State.APPROVED, State.DECLINED: State.NOT_CHARGED}
