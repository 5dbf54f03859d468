from __future__ import annotations

from typing import get_args

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sync.contract.errors import Malformed
from sync.contract.rewards.check import check
from sync.contract.rewards.evaluate import evaluate
from sync.contract.rewards.facts import Facts
from sync.contract.rewards.limits import Counter, counter
from sync.contract.rewards.refund import net, reevaluate, reward_share
from sync.contract.rewards.rules import Limit, Percent, RulePack, Tier, Tiers, Window
from sync.contract.rewards.split import Mode, NotEnough, Share, capacity, proportional, split
from tests.sync.contract.campaign_packs import BACK, FOLIZ_2019, GRAZ, MALTA, NARBONNE, OPEN, pack

cents = st.integers(0, 100_000)
shares = st.lists(st.tuples(cents, st.integers(0, 1000)), min_size=1, max_size=5).map(
    lambda pairs: [Share(fund, free, weight) for fund, (free, weight) in enumerate(pairs, 1)]
)
modes = st.sampled_from(get_args(Mode))


def sale(total: int) -> Facts:
    return Facts(OPEN, OPEN[:10], total, {}, {"card": total})


def test_eighty_euros_that_become_sixty_earn_what_they_earned() -> None:
    assert reevaluate(FOLIZ_2019, sale(8000), sale(2000), 1000) == 1000
    assert reevaluate(FOLIZ_2019, sale(8000), sale(4000), 1000) == 800
    assert reevaluate(GRAZ, sale(10_000), sale(1), 2000) == 1000


def test_a_refund_in_other_money_counts_as_goods_that_came_back() -> None:
    back = Facts(OPEN, OPEN[:10], 4000, {}, {"voucher": 4000})
    assert reevaluate(FOLIZ_2019, sale(8000), back, 1000) == 800


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=6), st.integers(0, 2000))
def test_refunding_line_by_line_ends_with_nothing(lines: list[int], bound: int) -> None:
    for rules in (FOLIZ_2019, GRAZ, MALTA):
        total = sum(lines)
        earned = before = min(evaluate(rules, sale(total)).amount, bound)
        returned = 0
        for line in lines:
            returned += line
            after = reevaluate(rules, sale(total), sale(returned), earned)
            assert 0 <= after <= before
            assert after == reevaluate(rules, sale(total), sale(returned), before)
            before = after
        assert before == 0


@given(cents, cents, st.lists(st.integers(1, 9000), max_size=8))
def test_what_rewards_paid_comes_back_as_rewards_to_the_cent(
    own: int, vouchers: int, lines: list[int]
) -> None:
    total = own + vouchers
    given_back = refunded = 0
    for line in [*lines, total]:
        refunded = min(total, refunded + line)
        given_back += reward_share(total, vouchers, refunded, given_back)
        assert given_back <= vouchers
        assert refunded - given_back <= own
    assert given_back == (vouchers if total else 0)


def test_what_remains_of_a_sale() -> None:
    sold = Facts(OPEN, OPEN[:10], 5000, {"alcohol": 1000}, {"card": 4000}, 1000)
    back = Facts(OPEN, OPEN[:10], 2000, {"alcohol": 1000}, {"cash": 1600}, 400)
    assert net(sold, back) == Facts(
        OPEN, OPEN[:10], 3000, {"alcohol": 0}, {"card": 4000, "cash": -1600}, 600
    )


class TestSplits:
    @given(modes, shares, cents)
    def test_the_parts_are_the_amount_and_no_fund_pays_more_than_it_has(
        self, mode: Mode, funds: list[Share], amount: int
    ) -> None:
        assume(amount <= capacity(mode, funds))
        parts = split(amount, mode, funds)
        assert sum(parts.values()) == amount
        assert all(0 < part <= funds[fund - 1].free for fund, part in parts.items())

    @given(modes, shares)
    def test_all_there_is_can_be_split_and_not_a_cent_more(
        self, mode: Mode, funds: list[Share]
    ) -> None:
        most = capacity(mode, funds)
        assert sum(split(most, mode, funds).values()) == most
        with pytest.raises(NotEnough):
            split(most + 1, mode, funds)

    def test_pro_rata_by_what_was_promised(self) -> None:
        thirds = [Share(1, 9000, 2), Share(2, 9000, 1)]
        assert split(1000, "pro_rata", thirds) == {1: 667, 2: 333}
        assert split(1000, "pro_rata", [Share(1, 100, 2), Share(2, 9000, 1)]) == {1: 100, 2: 900}

    def test_one_after_the_other(self) -> None:
        assert split(1000, "waterfall", [Share(1, 300, 1), Share(2, 900, 1)]) == {1: 300, 2: 700}

    def test_each_euro_is_matched_while_the_other_lasts(self) -> None:
        town, region = Share(1, 9000, 1), Share(2, 9000, 1)
        assert split(1001, "match", [town, region]) == {1: 501, 2: 500}
        assert split(1000, "match", [town, Share(2, 200, 1)]) == {1: 800, 2: 200}
        with pytest.raises(NotEnough):
            split(1000, "match", [Share(1, 400, 1), region])

    @given(st.dictionaries(st.integers(1, 9), cents, max_size=5), cents)
    def test_a_proportional_part_is_within_what_is_held(
        self, held: dict[int, int], amount: int
    ) -> None:
        assume(amount <= sum(held.values()))
        parts = proportional(amount, held)
        assert sum(parts.values()) == amount
        assert all(part <= held[fund] for fund, part in parts.items())


class TestLimits:
    DAILY = Limit(action="earn", scope="person", period="day", most=1500)

    def test_a_limit_counts_for_its_owner_in_its_period(self) -> None:
        assert counter(self.DAILY, {"person": "ab"}, "2026-11-28") == Counter(
            "earn", "person", "ab", "2026-11-28"
        )
        weekly = Limit(action="count", scope="campaign", period="week", most=9)
        assert counter(weekly, {}, "2027-01-01") == Counter("count", "campaign", "", "2026-W53")
        assert counter(NARBONNE.limits[0], {"shop": "4"}, "2026-11-28") is None

    def test_a_limit_may_be_narrowed_to_one_shop(self) -> None:
        one = Limit(action="earn", scope="shop", period="campaign", most=9, key="4")
        assert counter(one, {"shop": "4"}, "2026-11-28") == Counter("earn", "shop", "4", "")
        assert counter(one, {"shop": "5"}, "2026-11-28") is None


def changed(**members: object) -> RulePack:
    made: RulePack = msgspec.structs.replace(FOLIZ_2019, **members)
    return made


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (changed(ends_at=FOLIZ_2019.starts_at), "ends_at"),
        (changed(spend_until_at=FOLIZ_2019.starts_at), "spend_until_at"),
        (changed(starts_at="2026-11-25T00:00:00"), "offset"),
        (changed(starts_at="tomorrow at about ten o'clock"), "starts_at"),
        (pack(BACK, BACK), "an id stands twice"),
        (pack(Tiers(id="t", tiers=(Tier(floor=2, reward=1), Tier(floor=1, reward=2)))), "rise"),
        (
            pack(Percent(id="p", rate=1, windows=(Window(from_time="12:00", until_time="09:00"),))),
            "is not before",
        ),
        (
            pack(BACK, limits=(Limit(action="earn", scope="sale", period="day", most=1),)),
            "period of the sale",
        ),
        (
            pack(BACK, limits=(Limit(action="earn", scope="shop", period="sale", most=1),)),
            "scope of a sale",
        ),
        (
            pack(
                BACK,
                limits=(Limit(action="earn", scope="campaign", period="day", most=1, key="x"),),
            ),
            "no name to narrow",
        ),
        (pack(BACK, limits=(TestLimits.DAILY, TestLimits.DAILY)), "one stands twice"),
        (changed(tenders=()), "tenders"),
    ],
)
def test_a_pack_that_can_only_be_a_mistake_is_refused(wrong: RulePack, says: str) -> None:
    with pytest.raises(Malformed, match=says):
        check(wrong)


def test_the_packs_of_campaigns_that_took_place_make_sense() -> None:
    for rules in (FOLIZ_2019, GRAZ, MALTA, NARBONNE):
        check(rules)
        again = msgspec.json.decode(msgspec.json.encode(rules), type=RulePack)
        assert again == rules
