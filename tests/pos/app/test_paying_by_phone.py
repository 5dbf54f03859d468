"""The shopper's phone pays a till that has no network: a challenge, and eight digits for it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pos.app import pay_by_card, pay_by_phone
from pos.app.unheard_phone import ask_once, unheard
from pos.app.views import show
from pos.domain.document import Qr
from pos.domain.errors import (
    NoCampaign,
    NothingToPay,
    PhoneFirst,
    PhoneUnheard,
    TenderTooMuch,
    VoucherRefused,
    WrongPhoneCode,
)
from pos.domain.rewards import Refusal
from sync.contract import courier
from tests.pos.fakes import BREAD, WINE, Counter
from tests.pos.rewards import ORIGIN, SERVER, granted, join, lease, pay, said


@pytest.fixture
def joined(counter: Counter) -> Counter:
    """A till in a campaign."""
    join(counter, granted(lease()))
    return counter


def phone(counter: Counter, address: str) -> str:
    """What the shopper's phone shows, once the server has paid out of the wallet."""
    text = address.removeprefix(f"{ORIGIN.upper()}/P/")
    signed = courier.read(text)
    signed.check(counter.store.identity.public)
    secret = courier.shared_secret(SERVER, counter.store.identity.public)
    return courier.answer(secret, signed.challenge)


def test_the_digits_pay_and_the_entry_names_the_challenge(joined: Counter) -> None:
    joined.ring(WINE, BREAD)
    asked = pay_by_phone.ask(joined.desk, 500).wait()
    assert Qr(asked.address) in asked.document
    digits = phone(joined, asked.address)
    assert pay_by_phone.answer(joined.desk, f"{digits[:4]} {digits[4:]}").wait() is None
    assert show(joined.desk).sale.due == 744
    pay(joined)
    redeem, earn = said(joined)[0]
    assert redeem == {
        "type": "redeem",
        "value": 500,
        "amount": 500,
        "mode": "courier",
        "funding": "tender",
        "challenge": asked.request.nonce,
        "pack": 3,
    }
    assert earn["base"] == 744


def test_all_that_is_due_is_asked_for_unless_something_is_typed(joined: Counter) -> None:
    joined.ring(WINE)
    asked = pay_by_phone.ask(joined.desk).wait()
    assert asked.request.amount == 899
    settled = pay_by_phone.answer(joined.desk, phone(joined, asked.address)).wait()
    assert settled is not None
    assert settled.ticket.tenders[0].amount == 899


def test_it_is_on_disk_before_it_is_shown_and_outlives_a_restart(joined: Counter) -> None:
    joined.ring(WINE)
    asked = pay_by_phone.ask(joined.desk).wait()
    digits = phone(joined, asked.address)
    joined.restart()
    joined.sign_on()
    assert pay_by_phone.again(joined.desk).address == asked.address
    assert pay_by_phone.answer(joined.desk, digits).wait() is not None


def test_other_digits_do_not_pay_and_after_five_nothing_does(joined: Counter) -> None:
    joined.ring(WINE)
    asked = pay_by_phone.ask(joined.desk).wait()
    digits = phone(joined, asked.address)
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(WrongPhoneCode) as wrong:
            pay_by_phone.answer(joined.desk, "00000000")
        assert wrong.value.params == {"left": left}
    with pytest.raises(WrongPhoneCode):
        pay_by_phone.answer(joined.desk, digits)
    again = pay_by_phone.ask(joined.desk).wait()
    assert again.address != asked.address
    with pytest.raises(WrongPhoneCode):
        pay_by_phone.answer(joined.desk, digits)
    assert pay_by_phone.answer(joined.desk, phone(joined, again.address)).wait() is not None


def test_digits_for_another_amount_do_not_pay(joined: Counter) -> None:
    joined.ring(WINE)
    small = pay_by_phone.ask(joined.desk, 100).wait()
    digits = phone(joined, small.address)
    pay_by_phone.ask(joined.desk, 899).wait()
    with pytest.raises(WrongPhoneCode):
        pay_by_phone.answer(joined.desk, digits)


def test_what_was_paid_in_the_meantime_cannot_be_paid_again(joined: Counter) -> None:
    joined.ring(WINE)
    asked = pay_by_phone.ask(joined.desk).wait()
    pay(joined, "cash", 100)
    with pytest.raises(VoucherRefused) as found:
        pay_by_phone.answer(joined.desk, phone(joined, asked.address))
    assert found.value.params["cause"] == Refusal.PHONE_PAID_MORE


def test_a_sale_that_would_end_without_the_phone_asks_once_for_its_digits(
    joined: Counter,
) -> None:
    joined.ring(WINE)
    assert unheard(joined.desk, None) is None
    request = pay_by_phone.ask(joined.desk, 500).wait().request
    assert unheard(joined.desk, 898) is None  # the phone may still pay the rest
    assert unheard(joined.desk, 899) == unheard(joined.desk, None) == request
    with pytest.raises(PhoneUnheard) as found:
        ask_once(joined.desk, 1000)
    assert found.value.params == {"amount": 500}
    ask_once(joined.desk, 1000)
    other = pay_by_phone.ask(joined.desk, 400).wait().request
    assert unheard(joined.desk, 899) == other
    pay(joined, "cash", 1000)
    assert unheard(joined.desk, None) is None


def test_while_a_card_runs_nothing_ends_and_nobody_asks_for_digits(joined: Counter) -> None:
    joined.ring(WINE)
    pay_by_phone.ask(joined.desk, 500).wait()
    pay_by_card.begin(joined.desk).wait()
    assert unheard(joined.desk, None) is None


@pytest.mark.parametrize("heard", [False, True])
def test_asking_about_a_phone_leaves_no_trace_in_the_journal(joined: Counter, heard: bool) -> None:
    joined.ring(WINE)
    pay_by_phone.ask(joined.desk, 500).wait()
    before = len(joined.entries)
    if heard:
        with pytest.raises(PhoneUnheard):
            ask_once(joined.desk, None)
    assert len(joined.entries) == before
    pay(joined)
    chains = [entry.payload.chain for entry in joined.entries[before:]]
    assert chains == ["cash", "ticket", "campaign:noel"]
    assert said(joined)[0][0]["type"] == "earn"


def test_digits_are_checked_before_they_are_taken(joined: Counter) -> None:
    joined.ring(WINE)
    with pytest.raises(PhoneFirst):
        pay_by_phone.check(joined.desk, "00000000")
    asked = pay_by_phone.ask(joined.desk).wait()
    with pytest.raises(WrongPhoneCode) as wrong:
        pay_by_phone.check(joined.desk, "00000000")
    assert wrong.value.params == {"left": 4}
    pay_by_phone.check(joined.desk, phone(joined, asked.address))
    assert show(joined.desk).sale.due == 899


def test_what_cannot_be_asked_of_a_phone(joined: Counter) -> None:
    joined.ring(WINE)
    with pytest.raises(PhoneFirst):
        pay_by_phone.answer(joined.desk, "12345678")
    with pytest.raises(PhoneFirst):
        pay_by_phone.again(joined.desk)
    with pytest.raises(TenderTooMuch):
        pay_by_phone.ask(joined.desk, 900)
    with pytest.raises(NothingToPay):
        pay_by_phone.ask(joined.desk, 0)
    for state, cause in (("closed", Refusal.CAMPAIGN_OVER), ("paused", Refusal.PAUSED)):
        join(joined, granted(state=state))
        with pytest.raises(VoucherRefused) as found:
            pay_by_phone.ask(joined.desk)
        assert found.value.params["cause"] == cause
    join(joined)
    with pytest.raises(NoCampaign):
        pay_by_phone.ask(joined.desk)


def test_asked_again_for_the_same_it_is_the_same(joined: Counter) -> None:
    joined.ring(WINE)
    asked = pay_by_phone.ask(joined.desk).wait()
    digits = phone(joined, asked.address)
    assert pay_by_phone.ask(joined.desk).wait().address == asked.address
    assert pay_by_phone.answer(joined.desk, digits).wait() is not None


def test_after_the_last_day_to_spend_no_phone_is_asked(joined: Counter) -> None:
    joined.now += timedelta(days=80)
    joined.ring(WINE)
    with pytest.raises(VoucherRefused):
        pay_by_phone.ask(joined.desk)
