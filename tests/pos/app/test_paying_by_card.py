from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from pos.app import card_attempts, pay_by_card, resolve_card, take_payment
from pos.app.views import show
from pos.domain.errors import (
    CardBusy,
    CardMissing,
    CardUnresolved,
    IllegalStep,
    LimitReached,
    NeedsManager,
    NothingToPay,
    PosError,
    SaleIsEmpty,
    TenderTooMuch,
    UnknownAttempt,
)
from pos.domain.events import EventCode
from pos.domain.payment import Attempt, Direction, State
from pos.domain.sale import TENDERS_MAX
from tests.pos.fakes import BREAD, WINE, Counter


def states(counter: Counter) -> list[str]:
    """The states that the journal has of all attempts, in order."""
    return [data["state"] for data in counter.chain("payment")]


def begin(counter: Counter, amount: int | None = None) -> Attempt:
    """Ask the card."""
    return pay_by_card.begin(counter.desk, amount).wait().attempt


def unknown(counter: Counter, amount: int | None = None) -> Attempt:
    """An attempt that ends in doubt."""
    counter.ring(WINE)
    begin(counter, amount)
    return counter.answers(State.UNKNOWN).attempt


def test_an_approved_card_ends_the_sale_in_the_transaction_of_its_approval(
    counter: Counter,
) -> None:
    counter.ring(BREAD)
    attempt = begin(counter)
    assert (attempt.amount, attempt.direction, attempt.reference) == (
        345,
        Direction.PAYMENT,
        "REF0000001",
    )
    news = counter.answers(State.APPROVED, authorisation="123456", last4="4242", status="0")
    assert news.settled is not None
    assert news.settled.number == 1
    assert states(counter) == ["prepared", "sending", "answered", "approved"]
    chains = [(entry.payload.seq, entry.payload.chain) for entry in counter.entries[-3:]]
    seq = news.settled.entry.payload.seq
    assert chains == [(seq - 2, "payment"), (seq - 1, "cash"), (seq, "ticket")]
    (tender,) = news.settled.ticket.tenders
    assert tender.details == {
        "attempt": "REF0000001",
        "terminal": "tpe",
        "authorisation": "123456",
        "last4": "4242",
    }
    assert counter.desk.sale is None
    assert counter.desk.attempts == ()
    assert counter.desk.last == news.settled


def test_the_ticket_names_the_cashier_and_not_the_device(counter: Counter) -> None:
    counter.ring(BREAD)
    begin(counter)
    news = counter.answers(State.APPROVED)
    assert news.settled is not None
    assert news.settled.entry.payload.operator == "1"


def test_each_state_is_on_disk_before_the_step_that_it_announces(counter: Counter) -> None:
    """Read by another connection, as after a power cut at that very moment."""
    seen: list[list[str]] = []

    def look() -> None:
        with closing(sqlite3.connect(counter.folder.till_db)) as other:
            rows = other.execute("SELECT payload FROM journal WHERE chain = 'payment'").fetchall()
        seen.append([bytes(row[0]).split(b'"state":"')[1].split(b'"')[0].decode() for row in rows])

    counter.terminal.on_begin = lambda _: look()
    counter.ring(BREAD)
    attempt = begin(counter)
    counter.recorder.sending(attempt.reference)
    look()  # the first byte leaves now
    counter.recorder.answered(attempt.reference, {})
    look()  # the answer is acknowledged now
    counter.concludes(State.APPROVED)
    look()  # the customer sees "paid" now
    assert seen == [
        ["prepared"],
        ["prepared", "sending"],
        ["prepared", "sending", "answered"],
        ["prepared", "sending", "answered", "approved"],
    ]


@pytest.mark.parametrize("state", [State.DECLINED, State.CANCELLED])
def test_a_refused_card_leaves_the_sale_as_it_was(counter: Counter, state: State) -> None:
    counter.ring(BREAD)
    sale = counter.desk.sale
    begin(counter)
    news = counter.answers(state)
    assert (news.attempt.state, news.settled) == (state, None)
    assert counter.desk.sale == sale
    assert counter.desk.attempts == ()
    assert take_payment.take_tender(counter.desk, "cash").wait() is not None


def test_what_never_left_was_not_sent(counter: Counter) -> None:
    counter.ring(BREAD)
    begin(counter)
    counter.concludes(State.NOT_SENT, reason="card.offline")
    assert states(counter) == ["prepared", "not_sent"]
    begin(counter)
    counter.answers(State.NOT_SENT)
    assert states(counter)[2:] == ["prepared", "sending", "not_sent"]
    assert counter.desk.attempts == ()


def test_a_part_by_card_and_the_rest_in_cash(counter: Counter) -> None:
    counter.ring(WINE)
    begin(counter, 500)
    assert counter.answers(State.APPROVED).settled is None
    assert show(counter.desk).sale.due == 399
    settled = take_payment.take_tender(counter.desk, "cash").wait()
    assert settled is not None
    assert [(t.name, t.amount) for t in settled.ticket.tenders] == [("card", 500), ("cash", 399)]


def test_cash_first_and_the_card_for_the_rest(counter: Counter) -> None:
    counter.ring(WINE)
    take_payment.take_tender(counter.desk, "cash", 500).wait()
    assert begin(counter).amount == 399
    assert counter.answers(State.APPROVED).settled is not None


def test_two_cards_pay_one_sale(counter: Counter) -> None:
    counter.ring(WINE)
    begin(counter, 400)
    counter.answers(State.APPROVED)
    begin(counter)
    news = counter.answers(State.APPROVED)
    assert news.settled is not None
    assert [t.details["attempt"] for t in news.settled.ticket.tenders] == [
        "REF0000001",
        "REF0000002",
    ]


@pytest.mark.parametrize(
    ("amount", "refusal"), [(900, TenderTooMuch), (0, NothingToPay), (100_000, TenderTooMuch)]
)
def test_an_amount_that_cannot_be_asked_is_not(
    counter: Counter, amount: int, refusal: type[PosError]
) -> None:
    counter.ring(WINE)
    before = counter.on_disk
    with pytest.raises(refusal):
        pay_by_card.begin(counter.desk, amount)
    assert counter.on_disk == before
    assert counter.terminal.begun == []


def test_without_lines_or_terminal_no_card_is_asked(counter: Counter) -> None:
    with pytest.raises(SaleIsEmpty):
        pay_by_card.begin(counter.desk)
    counter.ring(BREAD)
    ports = counter.desk.ports
    counter.desk.ports = type(ports)(
        **{name: getattr(ports, name) for name in ports.__slots__} | {"terminals": {}}
    )
    before = counter.on_disk
    with pytest.raises(CardMissing):
        pay_by_card.begin(counter.desk)
    assert counter.on_disk == before
    assert show(counter.desk).status.terminals == {}


def test_a_card_is_not_asked_when_its_approval_could_not_be_recorded(counter: Counter) -> None:
    counter.ring(WINE)
    for _ in range(TENDERS_MAX):
        take_payment.take_tender(counter.desk, "cash", 1).wait()
    with pytest.raises(LimitReached):
        pay_by_card.begin(counter.desk)
    assert counter.terminal.begun == []


@pytest.mark.parametrize("refusal", [CardBusy(), CardMissing()])
def test_a_terminal_that_refuses_to_begin_leaves_no_open_attempt(
    counter: Counter, refusal: PosError
) -> None:
    counter.ring(BREAD)
    counter.terminal.refusal = refusal
    with pytest.raises(type(refusal)):
        begin(counter)
    assert states(counter) == ["prepared", "not_sent"]
    assert counter.chain("payment")[-1]["details"] == {"reason": refusal.key}
    assert counter.desk.attempts == ()
    assert take_payment.take_tender(counter.desk, "cash").wait() is not None


def test_while_a_card_is_asked_nothing_else_pays(counter: Counter) -> None:
    counter.ring(BREAD)
    begin(counter)
    before = counter.on_disk
    for act in (
        lambda: pay_by_card.begin(counter.desk),
        lambda: take_payment.take_tender(counter.desk, "cash"),
    ):
        with pytest.raises(CardBusy):
            act()
    assert counter.on_disk == before


def test_one_terminal_serves_one_sale_at_a_time(counter: Counter) -> None:
    from pos.app import park

    counter.ring(BREAD)
    begin(counter)
    park.park(counter.desk, "a").wait()
    counter.ring(WINE)
    before = counter.on_disk
    with pytest.raises(CardBusy):
        begin(counter)
    assert counter.on_disk == before
    assert take_payment.take_tender(counter.desk, "cash").wait() is not None


def test_doubt_is_never_a_refusal_and_blocks_its_sale_and_its_terminal_only(
    counter: Counter,
) -> None:
    from pos.app import park

    attempt = unknown(counter)
    assert attempt.state is State.UNKNOWN
    assert [(x.reference, x.state) for x in counter.desk.attempts] == [
        (attempt.reference, State.UNKNOWN)
    ]
    for act in (
        lambda: pay_by_card.begin(counter.desk),
        lambda: take_payment.take_tender(counter.desk, "cash"),
    ):
        with pytest.raises(CardUnresolved) as refusal:
            act()
        assert refusal.value.params == {"attempt": attempt.reference, "amount": 899}
    park.park(counter.desk, "a").wait()
    counter.ring(BREAD)
    with pytest.raises(CardUnresolved):
        begin(counter)
    assert take_payment.take_tender(counter.desk, "cash").wait() is not None


def test_the_terminals_paper_says_charged(counter: Counter) -> None:
    attempt = unknown(counter)
    news = resolve_card.resolve(
        counter.desk, attempt.reference.lower(), charged=True, authorisation="987654"
    ).wait()
    assert news.settled is not None
    assert news.settled.ticket.tenders[0].details["authorisation"] == "987654"
    said = counter.chain("payment")[-1]
    assert (said["state"], said["details"]) == (
        "approved",
        {"resolved_by": "1", "authorisation": "987654"},
    )
    assert counter.desk.sale is None


def test_the_terminals_paper_says_not_charged(counter: Counter) -> None:
    attempt = unknown(counter)
    news = resolve_card.resolve(counter.desk, attempt.reference, charged=False).wait()
    assert (news.attempt.state, news.settled) == (State.NOT_CHARGED, None)
    assert counter.desk.sale is not None
    assert take_payment.take_tender(counter.desk, "cash").wait() is not None


def test_a_part_resolved_as_charged_counts(counter: Counter) -> None:
    attempt = unknown(counter, 500)
    assert (
        resolve_card.resolve(counter.desk, attempt.reference, charged=True).wait().settled is None
    )
    assert show(counter.desk).sale.due == 399


def test_only_an_unknown_attempt_is_resolved_and_only_once(counter: Counter) -> None:
    counter.ring(BREAD)
    attempt = begin(counter)
    with pytest.raises(CardBusy):
        resolve_card.resolve(counter.desk, attempt.reference, charged=True).wait()
    counter.answers(State.UNKNOWN)
    resolve_card.resolve(counter.desk, attempt.reference, charged=True).wait()
    before = counter.on_disk
    for reference in (attempt.reference, "NOTHING", ""):
        with pytest.raises(UnknownAttempt):
            resolve_card.resolve(counter.desk, reference, charged=True).wait()
    assert counter.on_disk == before


def test_a_trainee_resolves_nothing(counter: Counter) -> None:
    attempt = unknown(counter)
    counter.sign_on("3")
    with pytest.raises(NeedsManager):
        resolve_card.resolve(counter.desk, attempt.reference, charged=False)


@pytest.mark.parametrize(
    ("reached", "found"),
    [
        (State.PREPARED, State.NOT_SENT),
        (State.SENDING, State.UNKNOWN),
        (State.ANSWERED, State.UNKNOWN),
        (State.UNKNOWN, State.UNKNOWN),
    ],
)
def test_a_restart_calls_what_was_under_way_by_its_name(
    counter: Counter, reached: State, found: State
) -> None:
    counter.ring(WINE)
    reference = begin(counter).reference
    if reached is not State.PREPARED:
        counter.recorder.sending(reference)
    if reached is State.ANSWERED:
        counter.recorder.answered(reference, {"authorisation": "123456"})
    if reached is State.UNKNOWN:
        counter.concludes(State.UNKNOWN)
    counter.restart()
    counter.sign_on()
    assert states(counter)[-1] == found
    assert counter.desk.sale is not None
    if found is State.NOT_SENT:
        assert counter.desk.attempts == ()
        return
    with pytest.raises(CardUnresolved):
        begin(counter)
    news = resolve_card.resolve(counter.desk, reference, charged=True).wait()
    assert news.settled is not None
    if reached is State.ANSWERED:
        assert news.settled.ticket.tenders[0].details["authorisation"] == "123456"


def test_a_second_restart_finds_nothing_new_to_say(counter: Counter) -> None:
    unknown(counter)
    counter.restart()
    before = counter.chain("payment")
    counter.restart()
    assert counter.chain("payment") == before


def test_a_settled_card_sale_is_not_sold_again_by_a_restart(counter: Counter) -> None:
    counter.ring(WINE)
    begin(counter)
    counter.answers(State.APPROVED)
    counter.restart()
    assert counter.desk.sale is None
    assert len(counter.chain("ticket")) == 1


def test_a_charge_whose_sale_is_gone_is_kept_and_raised(counter: Counter) -> None:
    attempt = unknown(counter)
    counter.store.ledger.run(lambda tx: tx.drop_draft(attempt.sale), "till").result(10)
    news = resolve_card.resolve(counter.desk, attempt.reference, charged=True).wait()
    assert (news.attempt.state, news.settled) == (State.APPROVED, None)
    assert counter.events(EventCode.CARD_TROUBLE) == [{"orphan": attempt.reference}]


def test_a_step_that_the_table_does_not_have_is_not_written(counter: Counter) -> None:
    counter.ring(BREAD)
    reference = begin(counter).reference
    before = counter.on_disk
    with pytest.raises(IllegalStep):
        counter.recorder.answered(reference, {})
    with pytest.raises(IllegalStep):
        counter.recorder.concluded(reference, State.APPROVED, {})
    with pytest.raises(UnknownAttempt):
        counter.recorder.sending("NOTHING")
    assert counter.on_disk == before
    assert [news.attempt.state for news in counter.news] == [State.UNKNOWN]


def test_when_an_attempt_began_is_found_for_the_terminals_paper(counter: Counter) -> None:
    attempt = unknown(counter)
    assert card_attempts.prepared_at(counter.desk, attempt.reference) == (
        "2026-11-22T18:04:05.123+01:00"
    )
    assert card_attempts.prepared_at(counter.desk, "NOTHING") is None


def test_a_locked_till_still_hears_its_terminal(counter: Counter) -> None:
    counter.ring(BREAD)
    begin(counter)
    counter.desk.operator = None
    news = counter.answers(State.APPROVED)
    assert news.settled is not None
    assert news.settled.entry.payload.operator == "1"


def test_no_card_number_is_ever_kept(counter: Counter) -> None:
    """Whatever a driver tells, the ticket takes four digits and an authorisation."""
    counter.ring(BREAD)
    begin(counter)
    counter.answers(State.APPROVED, last4="4242", authorisation="1", track="4970101234567890")
    (ticket,) = counter.chain("ticket")
    assert "4970101234567890" not in str(ticket)
