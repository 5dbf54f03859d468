"""Goods that come back: what their sale still earns, and what rewards had paid of it."""

from __future__ import annotations

import pytest

from pos.app import claim_reward, pay_by_card, refund, take_payment, take_voucher
from pos.app.refund import Wanted
from pos.app.views import show
from pos.domain.document import Columns
from pos.domain.errors import NothingEarned
from pos.domain.payment import State
from pos.domain.sale import price
from sync.contract import claims
from sync.contract.calls import Reservation
from sync.contract.operations import VoucherRef
from tests.pos.fakes import BREAD, WINE, Counter
from tests.pos.rewards import CAMPAIGN, granted, join, lease, pay, said, voucher


@pytest.fixture
def joined(counter: Counter) -> Counter:
    """A till with a lot to promise, and a manager at it."""
    join(counter, granted(lease(amount=50_000)))
    counter.sign_on("2")
    return counter


def sell(counter: Counter, *codes: str, reward: int = 0) -> None:
    """A sale in cash, paid in part by a voucher of so many cents."""
    counter.ring(*codes)
    if reward:
        index = len(counter.campaigns.asked)
        counter.campaigns.answer = Reservation(
            f"hold-{index}", VoucherRef(7, index), reward, "tender", "2026-11-22T19:00:00+01:00"
        )
        wish = take_voucher.read(counter.desk, voucher(index, reward))
        take_voucher.take(counter.desk, wish, take_voucher.ask(counter.desk, wish)).wait()
    if counter.desk.sale is not None:
        pay(counter)


def bring_back(counter: Counter, ticket: int, *lines: Wanted, tender: str = "cash") -> None:
    """Give lines of a ticket back for money."""
    refund.refund(counter.desk, ticket, lines).wait()
    pay(counter, tender)


def test_a_return_above_the_cap_takes_nothing_back(joined: Counter) -> None:
    sell(joined, *(WINE,) * 9)  # 80,91: ten euros are earned of the first fifty
    bring_back(joined, 1, Wanted(1), Wanted(2))
    assert said(joined)[1] == []
    assert joined.store.ledger.rewards.ticket(CAMPAIGN, 1).earned == 1_000  # type: ignore[union-attr]


def test_what_the_rest_no_longer_earns_is_taken_back(joined: Counter) -> None:
    sell(joined, *(WINE,) * 6)  # 53,94
    bring_back(joined, 1, Wanted(1))  # 44,95 remain
    bring_back(joined, 1, Wanted(2))  # 35,96
    bring_back(joined, 1)
    assert [one[0] for one in said(joined)[1:]] == [
        {"type": "adjust", "ticket": 1, "before": 1000, "after": 899},
        {"type": "adjust", "ticket": 1, "before": 899, "after": 719},
        {"type": "adjust", "ticket": 1, "before": 719, "after": 0},
    ]


def test_line_by_line_ends_where_all_at_once_does(joined: Counter) -> None:
    for _ in range(2):
        sell(joined, WINE, BREAD, WINE, reward=500)
    bring_back(joined, 1)
    for line in (2, 1, 3):
        bring_back(joined, 2, Wanted(line))
    book = joined.store.ledger.rewards
    first, second = book.ticket(CAMPAIGN, 1), book.ticket(CAMPAIGN, 2)
    assert first is not None
    assert second is not None
    assert (first.earned, first.reissued) == (second.earned, second.reissued) == (0, 500)


def test_the_part_that_rewards_had_paid_comes_back_as_a_reward(joined: Counter) -> None:
    sell(joined, WINE, WINE, reward=500)  # 17,98
    refund.refund(joined.desk, 1, (Wanted(1),)).wait()
    shown = show(joined.desk).sale
    assert (shown.total, shown.due) == (-899, -649)
    assert [(x.name, x.amount) for x in shown.tenders] == [("campaign", -250)]
    pay(joined)
    ((adjust, reissue),) = said(joined)[1:]
    assert adjust["after"] < adjust["before"]
    (kept,) = joined.store.ledger.rewards.claims(2)
    assert reissue == {
        "type": "reissue",
        "ticket": 1,
        "amount": 250,
        "claim": claims.claim_hash(bytes.fromhex(kept.secret)),
    }
    entry = joined.chain(f"campaign:{CAMPAIGN}")[1]
    assert entry["tenders"] == [
        {"kind": "campaign", "amount": -250},
        {"kind": "cash", "amount": -649},
    ]
    (shown_claim,) = claim_reward.claimable(joined.desk)
    assert shown_claim.amount == 250


def test_the_receipt_of_a_refund_says_what_came_back_as_a_reward(joined: Counter) -> None:
    from pos.app.print_receipt import print_receipt

    sell(joined, WINE, reward=500)
    bring_back(joined, 1)
    paper = print_receipt(joined.desk).wait().document
    assert Columns("Rendu en gain Noël", "5,00") in paper


def test_a_sale_paid_by_rewards_alone_gives_no_cash_back(joined: Counter) -> None:
    sell(joined, WINE, reward=899)
    refund.refund(joined.desk, 1).wait()
    assert show(joined.desk).sale.due == 0
    take_payment.settle_even(joined.desk).wait()
    assert joined.chain("ticket")[1]["tenders"][0]["amount"] == -899
    assert [one["type"] for one in said(joined)[1]] == ["reissue"]


def test_an_exchange_does_not_turn_a_reward_into_cash(joined: Counter) -> None:
    sell(joined, WINE, reward=899)
    refund.refund(joined.desk, 1).wait()
    joined.ring(WINE)
    assert show(joined.desk).sale.due == 899
    pay(joined)
    assert joined.chain("ticket")[1]["type"] == "exchange"
    refund.refund(joined.desk, 2).wait()
    assert price(take_payment.whole(joined.desk, joined.desk.require_sale())).due == -899
    assert joined.store.ledger.rewards.claims(2)[0].amount == 899


def test_a_card_gives_back_what_is_left_after_the_reward(joined: Counter) -> None:
    sell(joined, WINE, WINE, reward=500)
    refund.refund(joined.desk, 1).wait()
    pay_by_card.begin(joined.desk).wait()
    assert joined.terminal.begun[-1].amount == 1298
    joined.answers(State.APPROVED)
    assert [one["type"] for one in said(joined)[1]] == ["adjust", "reissue"]


def test_of_a_sale_without_rewards_all_is_money(joined: Counter) -> None:
    joined.campaigns.ids, granted_now = (), joined.campaigns.granted
    sell(joined, WINE)
    joined.campaigns.ids, joined.campaigns.granted = (CAMPAIGN,), granted_now
    bring_back(joined, 1)
    assert said(joined) == [[]]


def test_after_the_rules_are_lost_a_return_still_takes_back_its_share(joined: Counter) -> None:
    sell(joined, WINE, WINE)
    join(joined, granted(lease(amount=50_000), versions={}))
    bring_back(joined, 1, Wanted(1))
    assert said(joined)[1][0]["after"] == 179


def test_a_claim_is_shown_for_what_it_is_worth_after_goods_came_back(joined: Counter) -> None:
    sell(joined, WINE, WINE)  # 3,59 are earned of 17,98
    bring_back(joined, 1, Wanted(1))
    (shown,) = claim_reward.claimable(joined.desk, 1)
    assert shown.amount == 179
    signed = claims.read(shown.address.rpartition("/")[2])
    assert signed.claim.amount == 359  # as the entry said: the server takes the rest off
    bring_back(joined, 1)
    with pytest.raises(NothingEarned):
        claim_reward.claimable(joined.desk, 1)
