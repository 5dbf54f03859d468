"""Where rewards meet the rest of the counter: cards, training, a lost campaign.db, many goods."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest
from msgspec.structs import replace as changed

from pos.app import (
    cancel_sale,
    change_sale,
    claim_reward,
    pay_by_card,
    pay_by_phone,
    refund,
    take_voucher,
)
from pos.app.campaign_ports import ListedAt
from pos.app.ring_up import return_item
from pos.app.scanned_token import is_token
from pos.app.views import show
from pos.domain.errors import (
    CardBusy,
    LimitReached,
    NoAnswer,
    NothingToPay,
    VoucherRefused,
)
from pos.domain.payment import State
from pos.domain.rewards import Refusal
from sync.contract import member_card
from sync.contract.calls import NewReservation, Reservation
from sync.contract.feed import Carnet
from sync.contract.member_card import MemberCard
from sync.contract.operations import Earn, Refund, Sale, read_operation
from sync.contract.status_list import VALID, StatusList, pack
from sync.contract.voucher import USUAL, Audience, Flag
from tests.pos.fakes import BREAD, WINE, Counter
from tests.pos.rewards import (
    AT,
    CAMPAIGN,
    RULES,
    SERVER,
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
    """A till that may earn and risk, with a fresh status list."""
    join(counter, granted(lease(), lease(2, 1_000, "risk")))
    list_vouchers(counter)
    return counter


def booked(counter: Counter) -> list[Sale | Refund]:
    """What the campaign's server reads of each ticket: Malformed entries are lost money."""
    found = [
        read_operation(msgspec.json.encode(one)) for one in counter.chain(f"campaign:{CAMPAIGN}")
    ]
    return [one for one in found if isinstance(one, Sale | Refund)]


# --- training -------------------------------------------------------------------------------------


def test_a_trainee_spends_nobodys_rewards(joined: Counter) -> None:
    joined.campaigns.answer = held()
    joined.sign_on("3")
    joined.ring(WINE)
    with pytest.raises(VoucherRefused):
        scan(joined, voucher())
    with pytest.raises(VoucherRefused):
        pay_by_phone.ask(joined.desk)
    assert joined.campaigns.asked == []


# --- cards ----------------------------------------------------------------------------------------


def test_a_wish_for_paper_forgets_no_card_that_has_just_paid(joined: Counter) -> None:
    joined.ring(WINE, BREAD)
    pay_by_card.begin(joined.desk, 500).wait()
    reference = joined.terminal.begun[-1].reference
    joined.recorder.sending(reference)
    joined.recorder.answered(reference, {})
    joined.recorder.concluded(reference, State.APPROVED, {})
    with pytest.raises(CardBusy):  # the desk has not heard yet
        change_sale.wish_paper(joined.desk, on_paper=True).wait()
    joined.hear()
    (stored,) = joined.store.ledger.drafts()
    assert stored.paid == 500


# --- campaign.db is lost in mid-sale --------------------------------------------------------------


def lose_campaign(counter: Counter) -> None:
    """campaign.db cannot be read any more; the journal knows that there is a campaign."""
    counter.campaigns.granted = ()
    counter.campaigns.lists.clear()


def test_a_voucher_that_was_taken_is_said_whatever_became_of_campaign_db(joined: Counter) -> None:
    joined.campaigns.answer = held()
    joined.ring(WINE)
    scan(joined, voucher())
    lose_campaign(joined)
    pay(joined)
    (redeem,) = said(joined)[0]
    assert (redeem["type"], redeem["amount"], redeem["reservation"]) == ("redeem", 500, "hold-0")
    assert joined.store.ledger.rewards.was("taken", (CAMPAIGN, 7, 0))


def test_without_campaign_db_a_reward_is_not_turned_into_cash(joined: Counter) -> None:
    joined.campaigns.answer = held(value=400)
    joined.sign_on("2")
    joined.ring(WINE)
    scan(joined, voucher(value=400))
    pay(joined)
    lose_campaign(joined)
    refund.refund(joined.desk, 1).wait()
    assert show(joined.desk).sale.due == -499
    pay(joined)
    kinds = [one["type"] for one in said(joined)[1]]
    assert kinds == ["adjust", "reissue"]
    assert said(joined)[1][0]["after"] == 0
    (kept,) = joined.store.ledger.rewards.claims(2)
    assert kept.amount == 400


def bring_back_all(counter: Counter, count: int) -> int:
    """Goods of so many tickets come back with one sale; how many the till lets in."""
    for number in range(1, count + 1):
        try:
            refund.refund(counter.desk, number).wait()
        except LimitReached:
            return number - 1
    return count


# --- what an entry may hold -----------------------------------------------------------------------


def test_no_more_paper_vouchers_than_an_entry_may_name(counter: Counter) -> None:
    own = [voucher(i, 5, audience=Audience.SHOP, audience_id=SHOP) for i in range(40)]
    join(counter, granted(lease(), carnets=(Carnet(id=1, value=5, vouchers=tuple(own)),)))
    counter.ring(WINE)
    change_sale.wish_paper(counter.desk, on_paper=True).wait()
    pay(counter)
    (sale,) = booked(counter)
    assert sum(one.amount for one in sale.rewards if isinstance(one, Earn)) == 179
    assert len(counter.store.ledger.rewards.claims(1)) == 21


def test_no_more_leases_than_an_entry_may_name(counter: Counter) -> None:
    join(counter, granted(*(lease(number, 5) for number in range(1, 31))))
    counter.ring(WINE)
    pay(counter)
    (sale,) = booked(counter)
    assert [one.amount for one in sale.rewards if isinstance(one, Earn)] == [179]


def test_goods_of_many_tickets_come_back_in_an_entry_that_can_be_read(counter: Counter) -> None:
    join(counter, granted(lease(amount=50_000)))
    counter.sign_on("2")
    for _ in range(60):
        counter.ring(WINE)
        pay(counter)
    assert bring_back_all(counter, 60) == 15
    pay(counter)
    assert len(booked(counter)) == 61
    assert len(said(counter)[-1]) == 15


def test_goods_of_many_tickets_that_rewards_had_paid_can_still_be_paid_back(
    counter: Counter,
) -> None:
    join(counter, granted(lease(amount=50_000)))
    counter.sign_on("2")
    for number in range(25):
        counter.campaigns.answer = held(number, 100)
        counter.ring(WINE)
        scan(counter, voucher(number, 100))
        pay(counter)
    assert bring_back_all(counter, 25) == 15
    assert show(counter.desk).sale.due == -799 * 15
    for _ in range(4):
        pay(counter, "cash", 1)
    pay(counter)
    assert len(booked(counter)) == 26


def test_vouchers_leave_room_for_the_money_that_pays_the_rest(joined: Counter) -> None:
    joined.ring(*(WINE,) * 3)
    for index in range(18):
        joined.campaigns.answer = held(index, 100)
        scan(joined, voucher(index, 100))
    with pytest.raises(LimitReached):
        scan(joined, voucher(18, 100))
    with pytest.raises(LimitReached):
        pay_by_phone.ask(joined.desk)
    pay(joined, "cash", 100)
    assert pay(joined) is not None
    assert len(booked(joined)[0].rewards) == 19


# --- a discount of the shop's ---------------------------------------------------------------------


def test_the_shops_own_discount_draws_on_no_sponsors_lease(joined: Counter) -> None:
    joined.ring(WINE)
    scan(joined, voucher(flags=USUAL | Flag.SHOP_FUNDED))
    pay(joined)
    redeem = said(joined)[0][0]
    assert (redeem["funding"], redeem.get("leases")) == ("discount", None)


def test_a_voucher_needs_its_least_purchase_until_the_end(joined: Counter) -> None:
    joined.campaigns.answer = held(funding="discount")
    joined.ring(WINE, WINE)
    scan(joined, voucher(flags=USUAL | Flag.SHOP_FUNDED, min_spend=1_500))
    change_sale.void_line(joined.desk, 1).wait()
    assert show(joined.desk).sale.due == 899


def test_no_change_is_given_on_a_discount_when_goods_come_back(joined: Counter) -> None:
    joined.campaigns.answer = held(funding="discount")
    joined.sign_on("2")
    joined.ring(WINE)
    return_item(joined.desk, BREAD).wait()
    scan(joined, voucher(flags=USUAL | Flag.SHOP_FUNDED))
    assert show(joined.desk).sale.due == 899 - 345 - 500
    joined.ring(BREAD)
    assert show(joined.desk).sale.due == 899 - 500
    for _ in range(2):
        return_item(joined.desk, BREAD).wait()
    assert show(joined.desk).sale.due == 0


# --- around midnight ------------------------------------------------------------------------------


def test_what_a_lease_covered_when_it_was_taken_it_covers_at_the_end(joined: Counter) -> None:
    joined.ring(WINE)
    scan(joined, voucher())
    joined.now += timedelta(hours=14)  # the lease is over since five minutes
    pay(joined)
    redeem = said(joined)[0][0]
    assert redeem["leases"] == [{"lease": 2, "amount": 500}]


def test_it_covers_it_though_the_till_hears_of_the_next_days_leases_alone(joined: Counter) -> None:
    joined.ring(WINE)
    scan(joined, voucher())
    joined.now += timedelta(hours=14)
    day = {"from_at": "2026-11-23T08:00:00+01:00", "until_at": "2026-11-24T08:00:00+01:00"}
    join(joined, granted(lease(3, 800, "risk", **day)))
    pay(joined)
    redeem = said(joined)[0][0]
    assert redeem["leases"] == [{"lease": 2, "amount": 500}]
    assert redeem["taken_at"] < lease(2).until_at  # by which its server judges


# --- what is held for a sale that does not use it -------------------------------------------------


def test_what_the_server_held_in_vain_is_let_go_with_the_sale(joined: Counter) -> None:
    joined.campaigns.answer = held()
    joined.ring(WINE)
    wish = take_voucher.read(joined.desk, voucher())
    answer = take_voucher.ask(joined.desk, wish)
    pay_by_card.begin(joined.desk).wait()
    with pytest.raises(CardBusy):
        take_voucher.take(joined.desk, wish, answer)
    joined.answers(State.APPROVED)
    assert joined.campaigns.released == [(CAMPAIGN, "hold-0")]


def test_a_discount_that_came_too_late_is_let_go(joined: Counter) -> None:
    joined.campaigns.answer = held(funding="discount")
    joined.ring(WINE)
    pay(joined, "cash", 100)
    with pytest.raises(VoucherRefused):
        scan(joined, "ABCDEFGH23")
    cancel_sale.cancel_sale(joined.desk).wait()
    assert joined.campaigns.released == [(CAMPAIGN, "hold-0")]


def test_a_discount_that_left_with_its_last_line_is_let_go(joined: Counter) -> None:
    joined.campaigns.answer = held(funding="discount")
    joined.ring(WINE)
    scan(joined, voucher(flags=USUAL | Flag.SHOP_FUNDED))
    change_sale.void_line(joined.desk, 1).wait()
    joined.ring(BREAD)
    pay(joined)
    assert joined.campaigns.released == [(CAMPAIGN, "hold-0")]


def test_what_paid_is_not_let_go(joined: Counter) -> None:
    joined.campaigns.answer = held()
    joined.ring(WINE)
    scan(joined, "ABCDEFGH23")
    with pytest.raises(VoucherRefused):
        scan(joined, "ABCDEFGH23")
    pay(joined)
    assert joined.campaigns.released == []


def test_what_is_held_for_a_sale_that_ended_meanwhile_is_let_go(joined: Counter) -> None:
    joined.campaigns.answer = held()
    joined.ring(WINE)
    wish = take_voucher.read(joined.desk, voucher())
    pay(joined)
    joined.ring(BREAD)
    with pytest.raises(NothingToPay):
        take_voucher.take(joined.desk, wish, take_voucher.ask(joined.desk, wish))
    assert joined.campaigns.released == [(CAMPAIGN, "hold-0")]


def test_a_question_that_may_have_been_heard_is_taken_back_with_the_sale(joined: Counter) -> None:
    joined.campaigns.answer = NoAnswer(perhaps=True)
    joined.ring(WINE)
    with pytest.raises(VoucherRefused):
        scan(joined, voucher(flags=Flag.SINGLE_USE))
    pay(joined)
    ((question, _),) = joined.campaigns.forgotten
    assert (question.voucher, question.campaign) == (voucher(flags=Flag.SINGLE_USE), CAMPAIGN)


def test_what_was_asked_again_and_paid_is_not_taken_back(joined: Counter) -> None:
    joined.campaigns.answer = NoAnswer(perhaps=True)
    joined.ring(WINE)
    with pytest.raises(VoucherRefused):
        scan(joined, "ABCDEFGH23")
    joined.campaigns.answer = held()
    scan(joined, "ABCDEFGH23")
    pay(joined)
    assert (joined.campaigns.forgotten, joined.campaigns.released) == ([], [])


# --- several campaigns of one server, which signs for all of them ---------------------------------


def two(counter: Counter) -> None:
    """The till takes part in two campaigns, and only the second one knows the vouchers."""
    second = changed(RULES, campaign="ville", name="Ville")
    join(counter, granted(lease(2, 900, "risk")), granted(lease(2, 900, "risk"), rules=second))
    list_vouchers(counter)

    def reserve(wish: NewReservation, key: str) -> Reservation:
        if wish.campaign != "ville":
            raise VoucherRefused(cause="voucher-unknown")
        return held()

    counter.campaigns.reserve = reserve  # type: ignore[method-assign]


@pytest.mark.parametrize("text", [voucher(), "ABCDEFGH23"])
def test_each_campaign_of_a_server_is_asked_for_a_voucher(counter: Counter, text: str) -> None:
    two(counter)
    counter.ring(WINE)
    scan(counter, text)
    pay(counter)
    assert [one["type"] for one in said(counter, "ville")[0]] == ["redeem"]
    assert "redeem" not in [one["type"] for one in said(counter)[0]]


def test_without_network_nobody_knows_which_campaign_it_is_of(counter: Counter) -> None:
    two(counter)
    del counter.campaigns.reserve  # nobody answers
    counter.ring(WINE)
    with pytest.raises(VoucherRefused) as found:
        scan(counter, voucher())
    assert found.value.params["cause"] == Refusal.OFFLINE_NEVER


def test_a_voucher_of_a_carnet_is_its_campaigns(counter: Counter) -> None:
    own = voucher(0, 200, audience=Audience.SHOP, audience_id=SHOP)
    second = changed(RULES, campaign="ville", name="Ville")
    carnet = Carnet(id=1, value=200, vouchers=(own,))
    join(counter, granted(), granted(rules=second, carnets=(carnet,)))
    counter.ring(WINE)
    scan(counter, own)
    pay(counter)
    assert [one["type"] for one in said(counter, "ville")[0]] == ["redeem"]


# --- lists ----------------------------------------------------------------------------------------


def test_a_voucher_that_is_younger_than_the_list_is_not_called_spent(joined: Counter) -> None:
    joined.campaigns.lists[(CAMPAIGN, 7)] = ListedAt(StatusList(2, pack([VALID] * 8)), AT)
    joined.ring(WINE)
    with pytest.raises(VoucherRefused) as found:
        scan(joined, voucher(50))
    assert found.value.params["cause"] == Refusal.OFFLINE_LIST


# --- what is no voucher ---------------------------------------------------------------------------


def other_tokens(counter: Counter) -> dict[str, Refusal]:
    """What else campaigns print and show, as a scanner reads it."""
    counter.ring(WINE)
    asked = pay_by_phone.ask(counter.desk).wait()
    pay(counter)
    (claim,) = claim_reward.claimable(counter.desk)
    card = member_card.write(MemberCard("00112233445566ff", date(2026, 12, 31)), SERVER)
    return {
        asked.address: Refusal.CHALLENGE,
        claim.address: Refusal.CLAIM,
        claim.address.rpartition("/")[2]: Refusal.CLAIM,
        card: Refusal.CARD,
    }


def test_what_belongs_before_a_phone_is_no_unknown_article(joined: Counter) -> None:
    for text, cause in other_tokens(joined).items():
        assert is_token(text)
        with pytest.raises(VoucherRefused) as found:
            take_voucher.read(joined.desk, text)
        assert found.value.params["cause"] == cause


@pytest.mark.parametrize(
    "text", ["]C1010300000000001417261231103912345678", "https://example.org/C/" + "x" * 40, "C1"]
)
def test_codes_of_goods_are_left_alone(text: str) -> None:
    assert not is_token(text)
