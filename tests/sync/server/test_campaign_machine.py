"""No order of events breaks the money: the machine in short, and what its long runs found."""

from __future__ import annotations

import pytest
from hypothesis import settings

from sync.server.errors import Refused
from sync.server.money import courier
from sync.server.money.ledger import Ledger
from sync.server.services import Services
from tests.sync.server.campaign_machine import CampaignMachine
from tests.sync.server.kit import Api
from tests.sync.server.market import Market, secret

TestACampaign = CampaignMachine.TestCase
TestACampaign.settings = settings(
    max_examples=12, stateful_step_count=25, derandomize=True, database=None
)


@pytest.fixture
def database() -> None:
    """SQLite alone: what is tested here is above the store."""


@pytest.fixture
def market(api: Api, services: Services) -> Market:
    made = Market(api, services)
    made.open("Port", "Quai")
    return made


def spend(market: Market) -> None:
    """Ten euros earned in one shop and spent in the other."""
    market.sell("Port", 6000, market.earn("Port", 6000, secret(1)))
    market.send("Port")
    market.claim(market.receipt("Port", 1000, secret(1)), "anna")
    market.sell("Quai", 3000, market.redeem(market.voucher("anna", 1000).token))
    market.send("Quai")


def test_who_claimed_when_the_leases_were_empty_is_paid_with_the_entry(market: Market) -> None:
    for number in range(1, 4):  # the lease covers two of them
        market.sell("Port", 6000, market.earn("Port", 6000, secret(number)))
        token = market.receipt("Port", 1000, secret(number))
        outcome = market.claim(token, "anna").outcome
        assert outcome == ("checking" if number == 3 else "claimed")
    market.send("Port")
    assert market.wallet("anna") == (3000, 0)
    market.whole()


def test_what_the_till_promised_too_much_is_seen_though_it_was_claimed_early(
    market: Market,
) -> None:
    market.sell("Port", 1000, market.earn("Port", 1000, secret(1), 900))
    market.claim(market.receipt("Port", 900, secret(1)), "anna")
    market.send("Port")
    assert market.findings() == ["earn-differs"]


def test_goods_that_come_back_take_an_early_claims_reward_with_them(market: Market) -> None:
    market.sell("Port", 6000, market.earn("Port", 6000, secret(1)))
    market.claim(market.receipt("Port", 1000, secret(1)), "anna")
    market.send("Port")
    market.voucher("anna", 1000)
    till = market.tills["Port"]
    adjust = {"type": "adjust", "ticket": till.tickets, "before": 1000, "after": 0}
    till.add(till.ticket("refund", -6000, "2026-11-22") | {"rewards": [adjust]})
    market.send("Port")
    assert (market.findings(), market.wallet("anna")) == ([], (-1000, 0))


def test_a_refunds_receipt_that_is_claimed_before_its_entry_is_worth_its_amount_once(
    market: Market,
) -> None:
    spend(market)
    till = market.tills["Quai"]
    claim = market.earn("Quai", 0, secret(7), 1)["claim"]
    reissue = {"type": "reissue", "ticket": till.tickets, "amount": 1000, "claim": claim}
    till.add(till.ticket("refund", -3000, "2026-11-22") | {"rewards": [reissue]})
    before = market.figures()["free"]
    market.claim(market.receipt("Quai", 1000, secret(7)), "bert")
    market.send("Quai")
    assert market.wallet("bert") == (1000, 0)
    figures = market.figures()
    assert (figures["payable"], figures["unclaimed"]) == (0, 0)
    assert figures["free"] + figures["leased"] >= before
    market.whole()


def test_digits_are_not_given_again_for_money_that_went_back(market: Market) -> None:
    market.sell("Port", 6000, market.earn("Port", 6000, secret(1)))
    market.send("Port")
    market.claim(market.receipt("Port", 1000, secret(1)), "anna")
    market.wallet("anna")
    member, key = market.member("anna"), market.services.secrets.key
    text = market.challenge("Quai", 700, bytes(8))

    def pay(ledger: Ledger) -> str:
        return courier.pay(ledger, courier.look(ledger.db, text), member, key)

    market.ledger(pay)
    market.api.clock.advance(hours=3)
    till = market.tills["Quai"]
    till.add(till.ticket("sale", 100, "2026-11-22"), at="2026-11-22T21:00:00.000+01:00")
    market.send("Quai")
    with pytest.raises(Refused, match="exists"):
        market.ledger(pay)


def test_a_campaign_is_not_closed_while_a_shop_is_owed_or_a_bank_silent(market: Market) -> None:
    spend(market)
    market.ask("state", state="ended")
    market.api.clock.advance(days=100)
    market.ask("close", status=409)
    run = market.ask("settlements")
    market.ask("close", status=409)
    market.ask(f"settlements/{run['id']}/lines", shop=market.shops["Quai"], state="paid")
    market.ask("close")
    market.whole()


def test_what_a_wallet_owes_is_not_promised_again(market: Market) -> None:
    spend(market)
    free = market.figures()["free"]
    till = market.tills["Port"]
    adjust = {"type": "adjust", "ticket": till.tickets, "before": 1000, "after": 0}
    till.add(till.ticket("refund", -6000, "2026-11-22") | {"rewards": [adjust]})
    market.send("Port")
    assert (market.wallet("anna"), market.figures()["free"]) == ((-1000, 0), free)
    market.whole()
