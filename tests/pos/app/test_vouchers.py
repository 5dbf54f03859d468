"""Vouchers as money or as a discount: asked for online, else by the signed policy, never twice."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace as changed

from pos.app import cancel_sale, change_sale, park, print_receipt, take_voucher
from pos.app.campaign_ports import ListedAt
from pos.app.scanned_token import is_token
from pos.app.views import show
from pos.domain.document import Columns, Text
from pos.domain.errors import (
    BadVoucher,
    NoCampaign,
    NothingToPay,
    PosError,
    VoucherRefused,
)
from pos.domain.rewards import Refusal
from sync.contract.feed import Carnet
from sync.contract.jws import SigningKey
from sync.contract.rewards.rules import OfflinePolicy
from sync.contract.status_list import SUSPENDED, StatusList, pack
from sync.contract.voucher import USUAL, Audience, Flag
from tests.pos import rewards
from tests.pos.fakes import BAG, BREAD, WINE, Counter
from tests.pos.rewards import (
    AT,
    CAMPAIGN,
    RULES,
    SHOP,
    granted,
    held,
    join,
    lease,
    list_vouchers,
    pay,
    said,
    scan,
    voucher,
)


@pytest.fixture
def joined(counter: Counter) -> Counter:
    """A till that may earn twenty euros and risk ten, with a fresh status list."""
    join(counter, granted(lease(), lease(2, 1_000, "risk")))
    list_vouchers(counter)
    return counter


def refusal(counter: Counter, text: str) -> Refusal:
    """Why it is not taken; nothing has changed."""
    before = counter.on_disk
    with pytest.raises(VoucherRefused) as found:
        scan(counter, text)
    assert counter.on_disk == before
    return Refusal(str(found.value.params["cause"]))


def policy(**changes: Any) -> Any:
    """The campaign's rules with another offline policy."""
    return changed(RULES, policy=changed(RULES.policy, **changes))


# --- online ---------------------------------------------------------------------------------------


def test_a_voucher_that_the_server_holds_pays_and_is_said_so(joined: Counter) -> None:
    joined.campaigns.answer = held()
    joined.ring(WINE, BREAD)
    assert scan(joined, voucher()) is None
    assert show(joined.desk).sale.due == 744
    assert show(joined.desk).offers[0].amount == 148
    pay(joined)
    redeem, earn = said(joined)[0]
    assert redeem == {
        "type": "redeem",
        "value": 500,
        "amount": 500,
        "mode": "online",
        "funding": "tender",
        "voucher": {"batch": 7, "index": 0},
        "reservation": "hold-0",
        "pack": 3,
    }
    assert earn["base"] == 744  # nothing is earned on a reward
    (asked,) = joined.campaigns.asked
    assert (asked.campaign, asked.due, asked.sale) == (CAMPAIGN, 1244, said_sale(joined))


def said_sale(counter: Counter) -> str:
    """The id of the sale that was settled last."""
    return str(counter.chain("ticket")[-1]["sale"])


def test_it_settles_the_sale_and_what_it_is_worth_beyond_is_lost(joined: Counter) -> None:
    joined.campaigns.answer = held()
    joined.ring(BREAD)
    settled = scan(joined, voucher())
    assert settled is not None
    assert said(joined)[0][0]["amount"] == 345
    assert settled.ticket.change == 0
    paper = print_receipt.print_receipt(joined.desk).wait().document
    assert Columns("Bon Noël", "5,00") in paper
    assert Text("  Un bon ne rend pas la monnaie : 1,55 € perdus") in paper


def test_an_online_code_is_typed_instead(joined: Counter) -> None:
    joined.campaigns.answer = held()
    joined.ring(WINE)
    scan(joined, "abcde-fgh23")
    assert joined.campaigns.asked[0].voucher == "ABCDEFGH23"
    pay(joined)
    assert said(joined)[0][0]["mode"] == "online"


def test_what_the_server_refuses_is_refused(joined: Counter) -> None:
    joined.campaigns.answer = VoucherRefused(cause="voucher-spent")
    joined.ring(WINE)
    assert refusal(joined, voucher()) is Refusal.SPENT


def test_a_sale_given_up_lets_its_voucher_go(joined: Counter) -> None:
    joined.campaigns.answer = held()
    joined.ring(WINE)
    scan(joined, voucher())
    assert cancel_sale.cancel_sale(joined.desk).wait() == 0
    assert joined.campaigns.released == [(CAMPAIGN, "hold-0")]
    assert joined.chain(f"campaign:{CAMPAIGN}") == [
        {"type": "released", "day": "2026-11-22", "reservations": ["hold-0"]}
    ]


def test_cash_taken_beside_it_is_handed_back(joined: Counter) -> None:
    joined.campaigns.answer = held()
    joined.ring(WINE)
    scan(joined, voucher())
    pay(joined, "cash", 100)
    assert cancel_sale.cancel_sale(joined.desk).wait() == 100


def test_a_voucher_in_another_sale_of_this_till_is_not_taken_again(joined: Counter) -> None:
    joined.campaigns.answer = held()
    joined.ring(WINE)
    scan(joined, voucher())
    park.park(joined.desk).wait()
    joined.ring(WINE)
    assert refusal(joined, voucher()) is Refusal.HERE
    pay(joined)
    park.recall(joined.desk).wait()
    pay(joined)
    joined.ring(WINE)
    assert refusal(joined, voucher()) is Refusal.HERE


def test_two_scans_of_one_voucher_pay_once(joined: Counter) -> None:
    joined.campaigns.answer = held()
    joined.ring(WINE, WINE)
    first = take_voucher.read(joined.desk, voucher())
    second = take_voucher.read(joined.desk, voucher())
    answer = take_voucher.ask(joined.desk, first)
    take_voucher.take(joined.desk, first, answer).wait()
    with pytest.raises(VoucherRefused):
        take_voucher.take(joined.desk, second, answer).wait()
    assert show(joined.desk).sale.due == 1298


# --- what needs no server -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"flags": USUAL | Flag.TEST}, Refusal.TEST),
        ({"first_day": date(2026, 11, 23)}, Refusal.EARLY),
        ({"last_day": date(2026, 11, 21)}, Refusal.EXPIRED),
        ({"audience": Audience.SHOP, "audience_id": SHOP + 1}, Refusal.ELSEWHERE),
        ({"audience": Audience.TILL, "audience_id": 6}, Refusal.ELSEWHERE),
        ({"audience": Audience.GROUP, "audience_id": 3}, Refusal.ELSEWHERE),
        ({"min_spend": 2_000}, Refusal.MINIMUM),
    ],
)
def test_what_the_voucher_itself_says_is_checked_first(
    joined: Counter, changes: dict[str, Any], cause: Refusal
) -> None:
    joined.ring(WINE)
    assert refusal(joined, voucher(**changes)) is cause
    assert joined.campaigns.asked == []


def test_a_clock_that_is_behind_does_not_extend_a_voucher(joined: Counter) -> None:
    join(joined, granted(lease(2, 1_000, "risk"), at="2026-12-30T10:00:00.000+00:00"))
    joined.ring(WINE)
    assert refusal(joined, voucher(last_day=date(2026, 12, 29))) is Refusal.EXPIRED


@pytest.mark.parametrize(
    ("state", "cause"),
    [
        ("paused", Refusal.PAUSED),
        ("closed", Refusal.CAMPAIGN_OVER),
        ("draft", Refusal.CAMPAIGN_OVER),
    ],
)
def test_a_campaign_that_takes_none_says_so(counter: Counter, state: str, cause: Refusal) -> None:
    join(counter, granted(state=state))
    counter.ring(WINE)
    assert refusal(counter, voucher()) is cause


def test_after_the_last_day_to_spend_none_is_taken(joined: Counter) -> None:
    joined.now += timedelta(days=80)
    joined.ring(WINE)
    assert refusal(joined, voucher(last_day=date(2027, 12, 31))) is Refusal.CAMPAIGN_OVER


def test_an_ended_campaign_still_takes_what_it_gave(joined: Counter) -> None:
    join(joined, granted(state="ended"))
    joined.campaigns.answer = held()
    joined.ring(BREAD)
    assert scan(joined, voucher()) is not None


def test_a_stranger_cannot_sign_vouchers(joined: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    joined.ring(WINE)
    with monkeypatch.context() as stranger:
        stranger.setattr(rewards, "SERVER", SigningKey.from_secret(78))
        foreign = voucher()
    assert refusal(joined, foreign) is Refusal.FOREIGN


def test_a_changed_voucher_is_refused_whatever_was_changed(joined: Counter) -> None:
    joined.ring(WINE)
    good = voucher()
    for place in range(2, len(good), 5):
        bad = good[:place] + ("A" if good[place] != "A" else "B") + good[place + 1 :]
        with pytest.raises((BadVoucher, VoucherRefused)):
            scan(joined, bad)
    assert joined.campaigns.asked == []


def test_a_till_without_campaigns_says_so(counter: Counter) -> None:
    counter.ring(WINE)
    with pytest.raises(NoCampaign):
        scan(counter, voucher())


def test_nothing_due_nothing_taken(joined: Counter) -> None:
    joined.ring(BAG)
    pay(joined)
    with pytest.raises(PosError):
        scan(joined, voucher())


def test_garbled_by_a_french_keyboard_it_is_still_read(joined: Counter) -> None:
    joined.campaigns.answer = held()
    joined.ring(BREAD)
    digits = str.maketrans("0123456789", "à&é\"'(-è_ç")
    swaps = str.maketrans("QAWZMqawzm", "AQZW?aqzw,")
    garbled = voucher().translate(digits).translate(swaps)
    assert is_token(garbled)
    assert scan(joined, garbled) is not None


# --- nobody answers -------------------------------------------------------------------------------


def test_a_voucher_of_this_shop_alone_is_taken_unseen(joined: Counter) -> None:
    joined.ring(BREAD)
    scan(joined, voucher(audience=Audience.SHOP, audience_id=SHOP))
    redeem = said(joined)[0][0]
    assert redeem["mode"] == "locked"
    assert "leases" not in redeem


def test_a_bearer_voucher_draws_on_the_risk_lease(joined: Counter) -> None:
    joined.ring(BREAD)
    scan(joined, voucher())
    redeem = said(joined)[0][0]
    assert redeem["mode"] == "bearer"
    assert redeem["leases"] == [{"lease": 2, "amount": 345}]
    assert redeem["list_at"] == AT


def test_the_lease_bounds_what_is_taken_unseen(joined: Counter) -> None:
    for index in range(2):
        joined.ring(WINE)
        scan(joined, voucher(index))
        pay(joined)
    joined.ring(WINE)
    assert refusal(joined, voucher(2)) is Refusal.OFFLINE_LIMIT


def test_a_parked_sale_counts_before_it_is_settled(joined: Counter) -> None:
    for index in range(2):
        joined.ring(WINE)
        scan(joined, voucher(index))
        park.park(joined.desk).wait()
    joined.ring(WINE)
    assert refusal(joined, voucher(2)) is Refusal.OFFLINE_LIMIT


def test_so_many_in_a_row_and_the_server_has_to_be_heard(counter: Counter) -> None:
    rules = policy(in_a_row_max=2)
    join(counter, granted(lease(2, 9_000, "risk"), rules=rules))
    list_vouchers(counter)
    for index in range(2):
        counter.ring(WINE)
        scan(counter, voucher(index))
        pay(counter)
    counter.ring(WINE)
    assert refusal(counter, voucher(2)) is Refusal.OFFLINE_LIMIT
    join(counter, granted(lease(2, 9_000, "risk"), rules=rules, acknowledged=2))
    scan(counter, voucher(2))


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"voucher_max": 499}, Refusal.OFFLINE_VALUE),
        ({"courier_above": 499}, Refusal.OFFLINE_VALUE),
        ({"till_max": 499}, Refusal.OFFLINE_LIMIT),
        ({"online_one_in": 1}, Refusal.OFFLINE_CHANCE),
    ],
)
def test_the_policy_decides(counter: Counter, changes: dict[str, Any], cause: Refusal) -> None:
    join(counter, granted(lease(2, 1_000, "risk"), rules=policy(**changes)))
    list_vouchers(counter)
    counter.ring(WINE)
    assert refusal(counter, voucher()) is cause


def test_a_list_that_is_old_or_missing_is_none(joined: Counter) -> None:
    joined.ring(WINE)
    list_vouchers(joined, at=(joined.now - timedelta(hours=25)).isoformat())
    assert refusal(joined, voucher()) is Refusal.OFFLINE_LIST
    joined.campaigns.lists.clear()
    assert refusal(joined, voucher()) is Refusal.OFFLINE_LIST


def test_what_the_list_says_is_spent_is_spent(joined: Counter) -> None:
    list_vouchers(joined, 4)
    joined.ring(WINE)
    assert refusal(joined, voucher(4)) is Refusal.SPENT
    shop_only = voucher(4, audience=Audience.SHOP, audience_id=SHOP)
    assert refusal(joined, shop_only) is Refusal.SPENT


def test_a_voucher_that_wants_to_be_asked_for_is_not_taken_unseen(joined: Counter) -> None:
    joined.ring(WINE)
    assert refusal(joined, voucher(flags=Flag.SINGLE_USE)) is Refusal.OFFLINE_NEVER


def test_a_code_needs_the_network(joined: Counter) -> None:
    joined.ring(WINE)
    assert refusal(joined, "ABCDEFGH23") is Refusal.OFFLINE_CODE


def test_the_default_policy_is_the_one_that_was_signed() -> None:
    assert RULES.policy == OfflinePolicy()


# --- a discount of the shop's ---------------------------------------------------------------------


def test_a_voucher_that_the_shop_bears_lowers_what_is_sold(joined: Counter) -> None:
    own = voucher(flags=USUAL | Flag.SHOP_FUNDED, audience=Audience.SHOP, audience_id=SHOP)
    joined.ring(WINE, BREAD)
    assert scan(joined, own) is None
    shown = show(joined.desk)
    assert (shown.sale.total, shown.sale.due, shown.sale.reduction) == (744, 744, 500)
    assert shown.offers[0].amount == 148
    pay(joined)
    ticket = joined.chain("ticket")[0]
    assert ticket["total"]["ttc"] == 744
    assert sum(rate["ttc"] for rate in ticket["rates"]) == 744
    redeem = said(joined)[0][0]
    assert (redeem["funding"], redeem["amount"], redeem["mode"]) == ("discount", 500, "locked")
    (entry,) = joined.chain(f"campaign:{CAMPAIGN}")
    assert entry["tenders"] == [{"kind": "cash", "amount": 744}]
    paper = print_receipt.print_receipt(joined.desk).wait().document
    assert Columns("dont bon Noël", "-5,00") in paper


def test_it_takes_no_more_off_than_there_is_and_can_end_the_sale(joined: Counter) -> None:
    joined.campaigns.answer = held(value=500, funding="discount")
    joined.ring(BREAD)
    settled = scan(joined, voucher(flags=USUAL | Flag.SHOP_FUNDED))
    assert settled is not None
    assert settled.ticket.total.ttc == 0
    assert said(joined)[0][0]["amount"] == 345


def test_a_discount_comes_before_any_money(joined: Counter) -> None:
    joined.campaigns.answer = held(value=500, funding="discount")
    joined.ring(WINE)
    pay(joined, "cash", 100)
    own = voucher(flags=USUAL | Flag.SHOP_FUNDED)
    assert refusal(joined, own) is Refusal.DISCOUNT_FIRST
    assert joined.campaigns.asked == []
    assert refusal(joined, "ABCDEFGH23") is Refusal.DISCOUNT_FIRST


def test_it_survives_parking_and_a_restart(joined: Counter) -> None:
    joined.campaigns.answer = held(value=500, funding="discount")
    joined.ring(WINE)
    scan(joined, voucher(flags=USUAL | Flag.SHOP_FUNDED))
    joined.restart()
    joined.sign_on()
    assert show(joined.desk).sale.due == 399
    pay(joined)
    assert said(joined)[0][0]["reservation"] == "hold-0"


def test_an_answer_for_a_sale_that_is_gone_changes_nothing(joined: Counter) -> None:
    joined.campaigns.answer = held()
    joined.ring(WINE, WINE)
    scan(joined, voucher())
    wish = take_voucher.read(joined.desk, voucher(1))
    cancel_sale.cancel_sale(joined.desk).wait()
    joined.ring(WINE)
    with pytest.raises(NothingToPay):
        take_voucher.take(joined.desk, wish, take_voucher.Answer(wish.candidates[0]))


# --- handed out here ------------------------------------------------------------------------------


def hand_out(counter: Counter) -> str:
    """A sale whose reward is handed out as the shop's own voucher: its text."""
    own = voucher(0, 200, audience=Audience.SHOP, audience_id=SHOP)
    carnet = Carnet(id=1, value=200, vouchers=(own,))
    join(counter, granted(lease(), carnets=(carnet,)))
    counter.ring(WINE, BREAD)
    change_sale.wish_paper(counter.desk, on_paper=True).wait()
    pay(counter)
    counter.campaigns.lists[(CAMPAIGN, 7)] = ListedAt(StatusList(2, pack([SUSPENDED])), AT)
    return own


@pytest.mark.parametrize("answer", [None, VoucherRefused(cause="voucher-suspended")])
def test_what_was_handed_out_here_is_taken_before_the_server_has_heard(
    counter: Counter, answer: VoucherRefused | None
) -> None:
    own = hand_out(counter)
    counter.campaigns.answer = answer
    counter.ring(WINE)
    scan(counter, own)
    pay(counter)
    assert said(counter)[1][0]["mode"] == "locked"
    counter.ring(WINE)
    assert refusal(counter, own) is Refusal.HERE


def test_what_was_not_handed_out_is_no_money(counter: Counter) -> None:
    own = voucher(0, 200, audience=Audience.SHOP, audience_id=SHOP)
    join(counter, granted(lease()))
    counter.campaigns.lists[(CAMPAIGN, 7)] = ListedAt(StatusList(2, pack([SUSPENDED])), AT)
    counter.ring(WINE)
    assert refusal(counter, own) is Refusal.SPENT
    counter.campaigns.answer = VoucherRefused(cause="voucher-suspended")
    assert refusal(counter, own) is Refusal.SUSPENDED
