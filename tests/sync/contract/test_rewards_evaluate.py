from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sync.contract.rewards.at_claim import bonus, draw
from sync.contract.rewards.evaluate import as_if_paid, evaluate
from sync.contract.rewards.facts import Cut, Facts, Part, Person, Reason, Room
from sync.contract.rewards.rules import Limit, Percent, RulePack, Tier, Tiers, Window
from tests.sync.contract.campaign_packs import (
    BACK,
    BISTROT,
    FOLIZ_2019,
    FOLIZ_2020,
    GRAZ,
    LOTTERY,
    MALTA,
    OPEN,
    pack,
)

cents = st.integers(0, 100_000)


def sale(total: int, at: str = OPEN, vouchers: int = 0, **families: int) -> Facts:
    own = {"card": total - vouchers}
    return Facts(at, at[:10], total, families, own, vouchers)


@pytest.mark.parametrize(
    ("rules", "total", "earned"),
    [
        (FOLIZ_2019, 5000, 1000),
        (FOLIZ_2019, 8000, 1000),
        (FOLIZ_2019, 1234, 246),  # 246.8, rounded down
        (FOLIZ_2019, 4, 0),
        (GRAZ, 4999, 0),
        (GRAZ, 5000, 1000),
        (GRAZ, 19_999, 2000),
        (GRAZ, 25_000, 3000),
        (BISTROT, 3000, 1500),
        (BISTROT, 9000, 2500),
        (MALTA, 1999, 0),
        (MALTA, 2000, 200),
    ],
)
def test_what_the_campaigns_that_took_place_gave(rules: RulePack, total: int, earned: int) -> None:
    assert evaluate(rules, sale(total)).amount == earned


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (sale(5000, "2026-11-24T23:59:59.999+01:00"), Reason.NOT_STARTED),
        (sale(5000, "2026-12-20T23:00:00.000+00:00"), Reason.ENDED),
        (sale(0), Reason.NOTHING_SOLD),
        (sale(5000, alcohol=3000, tobacco=2000), Reason.FAMILIES),
        (replace(sale(5000), tenders={"voucher": 5000}), Reason.TENDERS),
        (sale(5000, vouchers=5000), Reason.VOUCHERS),
    ],
)
def test_why_a_sale_earns_nothing(facts: Facts, reason: Reason) -> None:
    earned = evaluate(FOLIZ_2019, facts)
    assert (earned.amount, earned.reason) == (0, reason)


def test_the_campaign_begins_and_ends_at_an_instant_whatever_the_offset() -> None:
    assert evaluate(FOLIZ_2019, sale(5000, "2026-11-24T23:00:00.000+00:00")).amount == 1000
    assert evaluate(FOLIZ_2019, sale(5000, "2026-12-20T22:59:59.999+00:00")).amount == 1000


def test_rewards_and_excluded_goods_earn_nothing() -> None:
    assert evaluate(FOLIZ_2019, sale(3000, vouchers=1000)).base == 2000
    assert evaluate(FOLIZ_2019, sale(3000, alcohol=500)).base == 2500
    # Rewards pay for what is excluded first: the shopper's own money bought what counts.
    assert evaluate(FOLIZ_2019, sale(3000, vouchers=500, alcohol=500)).base == 2500


def test_the_reward_is_known_before_payment() -> None:
    unpaid = Facts(OPEN, OPEN[:10], 6000, {}, {"voucher": 2000})
    assert evaluate(FOLIZ_2019, unpaid).reason is Reason.TENDERS
    assert evaluate(FOLIZ_2019, as_if_paid(FOLIZ_2019, unpaid)).amount == 800


def test_what_is_missing_to_the_next_tier() -> None:
    assert evaluate(GRAZ, sale(4680)).missing == 320
    assert evaluate(GRAZ, sale(9000)).missing == 1000
    assert evaluate(GRAZ, sale(20_000)).missing is None
    assert evaluate(MALTA, sale(1500)).missing == 500
    assert evaluate(MALTA, sale(1500)).reason is Reason.FLOOR


def test_a_rule_counts_in_its_windows_by_the_tills_local_time() -> None:
    weekday_mornings = Window(weekdays=(1, 2, 3, 4, 5), from_time="09:00", until_time="12:00")
    rules = pack(Percent(id="early", rate=1000, windows=(weekday_mornings,)))
    assert evaluate(rules, sale(1000, "2026-11-27T09:00:00.000+01:00")).amount == 100
    assert evaluate(rules, sale(1000, "2026-11-27T12:00:00.000+01:00")).reason is Reason.WINDOW
    assert evaluate(rules, sale(1000, OPEN)).reason is Reason.WINDOW


def test_rules_add_up_unless_the_pack_takes_the_best() -> None:
    tiers = Tiers(id="tiers", tiers=(Tier(floor=1000, reward=50),))
    assert evaluate(pack(BACK, tiers), sale(5000)).parts == (Part("back", 1000), Part("tiers", 50))
    assert evaluate(pack(BACK, tiers, sole=True), sale(5000)).parts == (Part("back", 1000),)


def test_the_first_so_many_only() -> None:
    assert evaluate(BISTROT, sale(3000), Room(uses={"half": 19_999})).amount == 1500
    assert evaluate(BISTROT, sale(3000), Room(uses={"half": 20_000})).reason is Reason.FIRST


def test_limits_and_the_budget_cut_and_say_so() -> None:
    shop = BISTROT.limits[1]
    earned = evaluate(BISTROT, sale(3000), Room(left={shop: 1000}, money=600))
    assert earned.amount == 600
    assert earned.cuts == (Cut(Reason.LIMIT, 500, shop), Cut(Reason.BUDGET, 400))
    assert earned.reason is None
    assert evaluate(BISTROT, sale(3000), Room(money=0)).reason is Reason.BUDGET


def test_a_limit_by_sale_needs_no_count() -> None:
    limited = pack(BACK, limits=(Limit(action="earn", scope="sale", period="sale", most=300),))
    assert evaluate(limited, sale(5000)).amount == 300


def test_so_many_rewards_a_day() -> None:
    thrice = Limit(action="count", scope="shop", period="day", most=3)
    rules = pack(BACK, limits=(thrice,))
    assert evaluate(rules, sale(5000), Room(left={thrice: 1})).amount == 1000
    assert evaluate(rules, sale(5000), Room(left={thrice: 0})).reason is Reason.LIMIT


class TestAtTheClaim:
    def test_coming_back_on_another_day_gives_the_bonus(self) -> None:
        for visits, amount in (
            (("2026-11-27",), 500),
            (("2026-11-28",), 0),  # the same day
            (("2026-09-01",), 0),  # too long ago
            ((), 0),
        ):
            given = bonus(FOLIZ_2020, Person(visits), "2026-11-28", 5000)
            assert sum(part.amount for part in given) == amount

    def test_a_draw_wins_by_its_chance_and_only_so_often(self) -> None:
        assert draw(LOTTERY, 5000, lambda _: 99, {}) == [Part("win", 2000)]
        assert draw(LOTTERY, 5000, lambda _: 100, {}) == []
        assert draw(LOTTERY, 5000, lambda _: 0, {"win": 3}) == []

    def test_the_till_promises_neither(self) -> None:
        assert evaluate(FOLIZ_2020, sale(5000)).parts == (Part("back", 1000),)
        assert evaluate(LOTTERY, sale(5000)).amount == 0


@given(cents, cents, cents, st.one_of(st.none(), st.integers(0, 2000)))
def test_a_reward_is_the_sum_of_its_parts_and_never_above_its_bounds(
    total: int, vouchers: int, alcohol: int, money: int | None
) -> None:
    facts = sale(total, vouchers=min(vouchers, total), alcohol=alcohol)
    for rules in (FOLIZ_2019, GRAZ, BISTROT, MALTA):
        earned = evaluate(rules, facts, Room(money=money))
        assert earned.amount == sum(part.amount for part in earned.parts) >= 0
        assert all(part.amount > 0 for part in earned.parts)
        assert (earned.amount == 0) == (earned.reason is not None or not earned.parts)
        assert money is None or earned.amount <= money
        without = evaluate(rules, sale(total, vouchers=min(vouchers, total)), Room(money=money))
        assert earned.amount <= without.amount


@given(cents, cents)
def test_a_larger_base_never_earns_less(one: int, other: int) -> None:
    for rules in (FOLIZ_2019, GRAZ, BISTROT, MALTA):
        less, more = sorted((one, other))
        assert evaluate(rules, sale(less)).amount <= evaluate(rules, sale(more)).amount
