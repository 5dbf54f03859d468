"""No order of events breaks the round: the machine in short, and what its long runs found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings

from pos.app import (
    change_sale,
    claim_reward,
    park,
    pay_by_phone,
    take_payment,
    take_voucher,
)
from pos.domain.errors import VoucherRefused
from sync.server.money import courier
from tests.pos.fakes import BREAD
from tests.pos.round_machine import RoundMachine
from tests.pos.round_till import RoundTill, fetch_lists, listen
from tests.pos.round_town import Town
from tests.sync.server.market import RULES

TestTheRound = RoundMachine.TestCase
TestTheRound.settings = settings(
    max_examples=8, stateful_step_count=30, derandomize=True, database=None, deadline=None
)
BASKET = (BREAD,) * 20  # earns ten euros


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def town(stack: ExitStack, tmp_path: Path) -> Town:
    return Town(stack, tmp_path, None, RULES, 300_000)


@pytest.fixture
def poor_town(stack: ExitStack, tmp_path: Path) -> Town:
    """Leases take all that there is, and are soon used up."""
    return Town(stack, tmp_path, None, RULES, 6_000)


def sell(till: RoundTill, *codes: str) -> None:
    till.ring(*codes)
    assert take_payment.take_tender(till.desk, "cash").wait()


def claim(town: Town, till: RoundTill, who: str = "anna") -> str:
    """The last ticket's receipt, claimed by its QR."""
    (shown,) = claim_reward.claimable(till.desk)
    return town.market.claim(shown.address.rpartition("/")[2], who).outcome


def voucher(town: Town, till: RoundTill) -> str:
    """A voucher of five euros out of a wallet that this till filled."""
    sell(till, *BASKET)
    town.deliver(till)
    assert claim(town, till) == "claimed"
    return town.market.voucher("anna").token


def scan(till: RoundTill, text: str) -> None:
    wish = take_voucher.read(till.desk, text)
    take_voucher.take(till.desk, wish, take_voucher.ask(till.desk, wish)).wait()


def is_whole(town: Town, *findings: str) -> bool:
    town.market.whole()
    assert town.market.findings() == list(findings)
    return True


def test_what_is_left_to_claim_beside_a_carnets_vouchers_is_booked(town: Town) -> None:
    till = town.tills[0]
    town.market.ask("carnets", shop=town.shops["Port"], value=500, count=1)
    listen(till)
    till.ring(*BASKET)
    change_sale.wish_paper(till.desk, on_paper=True).wait()
    take_payment.take_tender(till.desk, "cash").wait()
    assert town.deliver(till) == 1
    assert town.market.figures()["earned"] == 1_000
    assert is_whole(town)


def test_a_voucher_on_a_sale_that_is_parked_overnight_keeps_the_policy_of_its_moment(
    town: Town,
) -> None:
    first, _, other = town.tills
    text = voucher(town, first)
    for till in (first, other):
        fetch_lists(till)
        till.line = "down"
        till.ring(*BASKET)
        scan(till, text)
    take_payment.take_tender(first.desk, "cash").wait()
    park.park(other.desk).wait()
    town.clock.advance(hours=30)
    park.recall(other.desk).wait()
    take_payment.take_tender(other.desk, "cash").wait()
    for till in (first, other):
        town.deliver(till)
    assert town.market.figures()["doubled"] == 500
    assert is_whole(town, "doubled")


def test_an_unsure_receipt_that_is_claimed_early_takes_nothing_that_was_promised(
    poor_town: Town,
) -> None:
    till = poor_town.tills[0]
    sell(till, *(BREAD,) * 8)
    sure = claim_reward.claimable(till.desk)[0]
    sell(till, *BASKET)
    unsure = claim_reward.claimable(till.desk)[0]
    assert till.desk.last is not None
    (line,) = till.desk.last.ticket.rewards
    assert 0 < line.covered < line.earned
    token = unsure.address.rpartition("/")[2]
    found = poor_town.market.claim(token, "bert")
    assert (found.outcome, found.amount) == ("checking", line.covered)
    poor_town.deliver(till, 1, batches=1)
    assert poor_town.market.claim(sure.address.rpartition("/")[2], "anna").amount == 552
    poor_town.market.whole()


def test_a_receipt_that_was_paid_early_draws_on_its_lease_once(poor_town: Town) -> None:
    till = poor_town.tills[0]
    sell(till, *BASKET)
    assert claim(poor_town, till) == "checking"
    poor_town.deliver(till)
    assert set(poor_town.market.findings()) <= {"not-covered"}
    poor_town.market.whole()


def test_leases_that_early_claims_mixed_up_are_closed_as_the_till_says(town: Town) -> None:
    till = town.tills[0]
    sell(till, *BASKET)
    sell(till, *BASKET)  # the first lease is used up, the second is heard now
    town.deliver(till)
    listen(till)
    town.clock.advance(hours=13)
    sell(till, BREAD)
    town.deliver(till)
    listen(till)
    town.clock.advance(hours=12)  # the leases of the evening are over, those of the morning not
    sell(till, *BASKET)
    claim(town, till)
    till.close_day()
    town.clock.advance(hours=30)
    sell(till, BREAD)
    till.close_day()
    town.deliver(till)
    assert is_whole(town)
    over = town.market.ledger(
        lambda one: one.db.execute(
            "SELECT count(*) FROM lease WHERE till = ? AND state = 'open' AND until_at <= ?",
            (till.name, one.at),
        ).fetchone()
    )
    assert over == (0,)


def test_a_voucher_that_a_parked_sale_holds_is_not_given_to_another_till(town: Town) -> None:
    first, _, other = town.tills
    text = voucher(town, first)
    first.ring(*BASKET)
    scan(first, text)
    park.park(first.desk).wait()
    town.clock.advance(minutes=20)
    sell(first, BREAD)
    first.close_day()
    town.deliver(first)
    other.ring(*BASKET)
    with pytest.raises(VoucherRefused, match="reserved"):
        scan(other, text)
    park.recall(first.desk).wait()
    take_payment.take_tender(first.desk, "cash").wait()
    town.deliver(first)
    assert town.market.figures()["payable"] == 500
    assert is_whole(town)


def test_what_a_phone_paid_for_a_parked_sale_does_not_go_back(town: Town) -> None:
    first, _, other = town.tills
    voucher(town, first)
    other.ring(*BASKET)
    asked = pay_by_phone.ask(other.desk, 400).wait()
    text, key = asked.address.rpartition("/")[2], town.market.services.secrets.key
    member = town.market.member("anna")
    digits = town.market.ledger(
        lambda one: courier.pay(one, courier.look(one.db, text), member, key)
    )
    pay_by_phone.answer(other.desk, digits).wait()
    park.park(other.desk).wait()
    town.clock.advance(hours=2)
    sell(other, BREAD)
    town.deliver(other)
    park.recall(other.desk).wait()
    take_payment.take_tender(other.desk, "cash").wait()
    town.deliver(other)
    assert town.market.figures()["payable"] == 400
    assert is_whole(town)


def test_a_till_put_back_twice_and_let_in_once_delivers_what_it_sold_in_between(
    town: Town,
) -> None:
    till = town.tills[0]
    sell(till, *BASKET)
    for _ in range(2):
        backup = town.new_folder()
        notes = till.back_up(backup)
        sell(till, BREAD)  # a sale that the backup does not know
        till.put_back(backup, notes)
        sell(till, *BASKET)
    assert till.epoch == 3
    town.let_in(till)
    assert town.deliver(till) == 3
    assert not till.written(till.notes.acknowledged, 1)
    assert is_whole(town)


def test_two_copies_that_both_went_on_under_one_epoch_deliver_what_they_sold(town: Town) -> None:
    till = town.tills[0]
    town.copy(till)
    twin = town.tills[-1]
    for one in (till, twin):
        one.renew()
        sell(one, *BASKET)
    assert till.epoch == twin.epoch == 2
    town.let_in(till)
    assert town.deliver(till) == 1
    town.let_in(twin)
    assert twin.epoch == 3
    assert town.deliver(twin) == 1
    assert is_whole(town)
