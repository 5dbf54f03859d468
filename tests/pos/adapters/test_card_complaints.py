"""Complaints of shops about other tills, as they were reported; here none of them happens.

Each test is named after the report. The till is the real one in front of a simulated terminal, in
virtual time (prove.virtual); the terminal's own ledger is the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeAlias

import pytest

from pos.app import park, pay_by_card, resolve_card, take_payment
from pos.app.views import attempts_view
from pos.domain.errors import CardBusy, CardUnresolved
from pos.domain.payment import Attempt, State
from pos.domain.sale import price
from prove.virtual.disk import Fate
from prove.virtual.judge import attempts_of, judge, moved_by
from prove.virtual.line import Fault
from prove.virtual.setups import ABLE, LINKS, Setup
from prove.virtual.till import VirtualTill
from prove.virtual.world import Killed

BY_NAME = {link.name: link for link in LINKS}
OLD, NEW = 4210, 990


def known(name: str) -> Setup:
    return Setup(BY_NAME[name], ABLE, ABLE)


def plain(name: str) -> Setup:
    return Setup(BY_NAME[name])


class Shop(VirtualTill):
    """A counter whose till is open."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.start()
        self.run_until_quiet()

    def begins(self, cents: int, scenario: str | None = None) -> Attempt:
        if scenario is not None:
            self.next_is(scenario)
        self.ring(cents)
        return self.begin()

    def pays(self, cents: int, scenario: str | None = None) -> Attempt:
        attempt = self.begins(cents, scenario)
        self.run_until_ended()
        return self.now(attempt)

    def now(self, attempt: Attempt) -> Attempt:
        return attempts_of(self.disk)[attempt.reference]

    @property
    def orphans(self) -> list[Attempt]:
        return [a for a in attempts_of(self.disk).values() if a.state is State.ORPHAN]

    @property
    def tickets(self) -> list[int]:
        """What the tickets came to, in cents."""
        entries = [x for x in self.disk.kept.entries if x.payload.chain == "ticket"]
        return [sum(t["amount"] for t in x.data["tenders"]) for x in entries]

    @property
    def named(self) -> set[str]:
        """What the screen names as open."""
        return {view.reference for view in attempts_view(self.desk)}

    def ends_honestly(self) -> None:
        """Nothing is left that the terminal's ledger contradicts."""
        assert not list(judge(self.desk, self.paper))


OpenShop: TypeAlias = Callable[[Setup], Shop]


@pytest.fixture(name="open_shop")
def _open_shop() -> Iterator[OpenShop]:
    """Open a shop in front of a terminal; its till is gone at the end."""
    opened: list[Shop] = []

    def open_it(setup: Setup) -> Shop:
        opened.append(Shop(setup))
        return opened[-1]

    yield open_it
    for shop in opened:
        shop.kill()


def test_oca_pos_550_the_next_customer_never_pays_the_amount_before(open_shop: OpenShop) -> None:
    # She changed to cash; the terminal, nobody having pressed the red key, still asks for OLD.
    shop = open_shop(known("concert E+"))
    first = shop.begins(OLD, "late_answer")
    shop.run(60.0)
    with pytest.raises(CardUnresolved):
        take_payment.take_tender(shop.desk, "cash")
    resolve_card.resolve(shop.desk, first.reference, charged=False).wait()
    take_payment.take_tender(shop.desk, "cash").wait()
    second = shop.pays(NEW)
    assert shop.now(second).state in {State.NOT_SENT, State.APPROVED}
    shop.run_until_quiet()
    assert moved_by(shop.paper, second) in {0, NEW}
    assert [orphan.amount for orphan in shop.orphans] == [OLD]
    assert shop.named == {shop.orphans[0].reference}, (
        "the old amount was paid after all: it is said"
    )


def test_odoo_75246_the_answer_to_one_order_never_lands_on_the_next(open_shop: OpenShop) -> None:
    shop = open_shop(plain("concert E+"))
    first = shop.begins(OLD, "late_answer")
    shop.run(60.0)
    park.park(shop.desk, "first").wait()
    resolve_card.resolve(shop.desk, first.reference, charged=False).wait()
    shop.run(140.0)  # its answer is due any moment
    second = shop.pays(NEW, "approve")
    shop.run_until_quiet()
    assert shop.now(second).charged == NEW
    assert shop.now(second).state in {State.NOT_SENT, State.APPROVED}
    assert moved_by(shop.paper, second) == (NEW if shop.tickets else 0)
    assert [orphan.amount for orphan in shop.orphans] == [OLD]


def test_odoo_228406_a_card_that_was_charged_never_leaves_the_till_waiting(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(plain("concert E+"))
    attempt = shop.pays(OLD, "unplug")
    assert shop.named == {attempt.reference}
    assert attempts_view(shop.desk)[0].state is State.UNKNOWN
    resolve_card.resolve(shop.desk, attempt.reference, charged=True, authorisation="A1").wait()
    assert shop.tickets == [OLD]
    assert shop.desk.sale is None
    shop.ends_honestly()


def test_odoo_202428_changing_to_cash_is_answered_at_once_and_works_after_the_red_key(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(plain("concert E+"))
    attempt = shop.begins(OLD, "timeout")
    shop.run(5.0)
    before_s = shop.world.now_s
    with pytest.raises(CardBusy):
        take_payment.take_tender(shop.desk, "cash")
    assert shop.world.now_s == before_s, "nobody waited for the terminal"
    shop.run_until_ended()
    assert shop.now(attempt).state is State.DECLINED
    take_payment.take_tender(shop.desk, "cash").wait()
    assert shop.tickets == [OLD]
    shop.ends_honestly()


def test_odoo_122539_a_ticket_never_closes_before_the_terminal_has_answered(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(plain("concert E+"))
    shop.begins(OLD)
    shop.run(1.0)
    with pytest.raises(CardBusy):
        take_payment.settle_even(shop.desk)
    assert shop.tickets == []
    shop.run_until_ended()
    assert shop.tickets == [OLD]
    shop.ends_honestly()


def test_oca_l10n_france_797_an_answer_in_pieces_is_read_whole(open_shop: OpenShop) -> None:
    shop = open_shop(plain("caisse-ap tcp"))
    assert shop.pays(OLD, "answer_split").state is State.APPROVED
    shop.ends_honestly()


def test_oca_l10n_france_669_a_refusal_without_an_amount_is_a_refusal(open_shop: OpenShop) -> None:
    shop = open_shop(plain("caisse-ap tcp"))
    assert shop.pays(OLD, "no_amount").state is State.CANCELLED
    assert shop.desk.sale is not None
    assert price(shop.desk.sale).due == OLD
    shop.ends_honestly()


def test_portalum_59_what_the_terminal_took_without_a_word_is_found_by_asking(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(known("zvt tcp"))
    first = shop.pays(NEW, "approve")
    attempt = shop.pays(OLD, "unplug_taken")
    shop.run_until_quiet()
    assert shop.now(first).state is State.APPROVED
    assert moved_by(shop.paper, attempt) == OLD
    assert shop.now(attempt).state is State.APPROVED
    assert shop.tickets == [NEW, OLD]
    shop.ends_honestly()


def test_portalum_26_an_empty_repeat_receipt_proves_nothing(open_shop: OpenShop) -> None:
    shop = open_shop(plain("zvt tcp"))  # repeats with a bare 06 0F
    attempt = shop.pays(OLD, "unplug_taken")
    shop.run_until_quiet()
    assert shop.now(attempt).state is State.UNKNOWN
    assert shop.now(attempt).proposal is None
    assert shop.named == {attempt.reference}


def test_portalum_24_a_reversal_of_another_amount_is_never_taken_for_ours(
    open_shop: OpenShop,
) -> None:
    # Some take back their last payment, whatever number they are told: only the amount shows it.
    shop = open_shop(known("zvt tcp"))
    shop.ring(OLD + NEW)
    first = shop.begin(OLD)
    shop.run_until_ended()
    shop.next_is("amount_differs")
    back = pay_by_card.take_back(shop.desk, first.reference).wait().attempt
    shop.run_until_ended()
    assert shop.now(back).state is State.UNKNOWN
    assert shop.now(first).state is State.APPROVED
    assert shop.desk.sale is not None
    assert [t.amount for t in shop.desk.sale.tenders] == [OLD], "nothing is taken back of the sale"
    assert shop.named == {back.reference}


def test_portalum_44_a_terminal_that_says_wait_is_asked_again_after_a_while(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(plain("zvt tcp"))
    began_s = shop.world.now_s
    assert shop.pays(OLD, "wait_twice").state is State.APPROVED
    assert shop.world.now_s - began_s >= 2 * 2.0, "two seconds each time, as the protocol asks"
    shop.ends_honestly()


def test_adyen_magento_719_what_was_cancelled_here_and_authorised_there_is_paid(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(plain("zvt tcp"))
    attempt = shop.begins(OLD, "cannot_stop")
    shop.run(1.0)
    pay_by_card.stop(shop.desk, attempt.reference)
    assert shop.now(attempt).state not in {State.CANCELLED, State.NOT_CHARGED}
    shop.run_until_ended()
    assert shop.now(attempt).state is State.APPROVED
    assert shop.tickets == [OLD]
    shop.ends_honestly()


def test_clover_180_not_found_after_a_power_cut_does_not_mean_not_paid(open_shop: OpenShop) -> None:
    shop = open_shop(plain("caisse-ap tcp"))  # knows of no duplicate
    attempt = shop.begins(OLD, "late_answer")
    shop.run(10.0)
    assert moved_by(shop.paper, attempt) == OLD
    shop.cable.strike(Fault.TERMINAL)
    shop.run_until_quiet()
    assert shop.now(attempt).state is State.UNKNOWN
    assert shop.named == {attempt.reference}


def test_stripe_terminal_android_747_nothing_is_delivered_twice(open_shop: OpenShop) -> None:
    # The till dies before its acknowledgement is heard, again and again: the terminal repeats.
    shop = open_shop(known("concert E+"))
    attempt = shop.begins(OLD)
    for at in (44, 7, 6, 5):
        shop.cable.arm(at, Fault.TILL)
        with suppress(Killed):
            shop.run_until_quiet(60.0)
        shop.come_back()
    shop.run_until_quiet()
    resolve = [a for a in shop.desk.attempts if a.state is State.UNKNOWN]
    for one in resolve:
        resolve_card.resolve(shop.desk, one.reference, charged=True).wait()
    assert moved_by(shop.paper, attempt) == OLD
    assert shop.tickets == [OLD]
    shop.ends_honestly()


@pytest.mark.parametrize("fate", [Fate.KILLED_BEFORE, Fate.KILLED_AFTER])
@pytest.mark.parametrize("commit", range(1, 6))
def test_fablabkasse_35_a_crash_loses_neither_the_sale_nor_the_payment(
    open_shop: OpenShop, commit: int, fate: Fate
) -> None:
    shop = open_shop(plain("concert E+"))
    shop.disk.fates = {shop.disk.commits + commit: fate}
    with suppress(Killed):
        shop.pays(OLD)
    shop.come_back()
    shop.run_until_quiet()
    shop.ends_honestly()
    for attempt in shop.desk.attempts:
        charged = moved_by(shop.paper, attempt) != 0
        resolve_card.resolve(shop.desk, attempt.reference, charged=charged).wait()
    paid = sum(entry.charged_cents for entry in shop.paper.entries)
    assert paid == sum(shop.tickets)
    if shop.desk.sale is not None:
        assert price(shop.desk.sale).due == OLD
