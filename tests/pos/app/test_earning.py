"""What a sale earns: shown before, promised in its transaction, claimed on request."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec.structs import replace as changed

from pos.app import change_sale, claim_reward, park, print_receipt, ring_up
from pos.app.desk import Desk
from pos.app.views import OfferView, show
from pos.domain.document import Columns, Qr, Text
from pos.domain.errors import NothingEarned, PosError
from pos.domain.sale import Discount
from sync.contract import claims
from sync.contract import voucher as tokens
from sync.contract.entry import Entry
from sync.contract.feed import Carnet
from sync.contract.rewards.rules import Percent, Window
from sync.contract.voucher import Audience
from tests.pos.fakes import BREAD, WINE, Counter
from tests.pos.rewards import (
    CAMPAIGN,
    DIGEST,
    ORIGIN,
    RULES,
    SHOP,
    granted,
    join,
    lease,
    pay,
    said,
    voucher,
)


@pytest.fixture
def joined(counter: Counter) -> Counter:
    """A till with twenty euros to promise."""
    join(counter, granted(lease()))
    return counter


def offered(desk: Desk) -> OfferView:
    (offer,) = show(desk).offers
    return offer


def test_what_it_earns_is_shown_before_it_is_paid(joined: Counter) -> None:
    joined.ring(WINE, BREAD)  # 12,44
    assert offered(joined.desk) == OfferView("Noël", 248)


def test_nothing_is_shown_by_a_till_without_campaigns(counter: Counter) -> None:
    counter.ring(BREAD)
    assert show(counter.desk).offers == ()


@pytest.mark.parametrize(
    ("state", "reason"),
    [("paused", "paused"), ("ended", "ended"), ("closed", "ended"), ("draft", "not-started")],
)
def test_a_campaign_that_gives_nothing_says_why(counter: Counter, state: str, reason: str) -> None:
    join(counter, granted(lease(), state=state))
    counter.ring(BREAD)
    assert offered(counter.desk) == OfferView("Noël", 0, reason=reason)
    pay(counter)
    assert said(counter) == [[]]


def test_a_floor_says_what_is_missing(counter: Counter) -> None:
    rules = (Percent(id="back", rate=1000, floor=1000),)
    join(counter, granted(lease(), rules=changed(RULES, rules=rules)))
    counter.ring(BREAD)
    assert offered(counter.desk) == OfferView("Noël", 0, reason="floor", missing=655)


def test_the_entry_says_what_was_earned_out_of_which_lease(joined: Counter) -> None:
    joined.ring(WINE, BREAD)
    settled = pay(joined)
    assert settled is not None
    ((earn,),) = said(joined)
    assert earn == {
        "type": "earn",
        "pack": 3,
        "pack_hash": DIGEST,
        "base": 1244,
        "amount": 248,
        "parts": [{"rule": "back", "amount": 248}],
        "leases": [{"lease": 1, "amount": 248}],
        "claim": claims.claim_hash(bytes.fromhex(joined.store.ledger.rewards.claims(1)[0].secret)),
    }
    assert settled.ticket.rewards[0].earned == settled.ticket.rewards[0].covered == 248
    assert joined.store.ledger.rewards.drawn(CAMPAIGN)[1].cents == 248
    (entry,) = joined.chain(f"campaign:{CAMPAIGN}")
    assert entry["clock"] == "synced"


def test_what_no_lease_covers_is_subject_to_the_budget_and_says_so(counter: Counter) -> None:
    join(counter, granted(lease(amount=300)))
    for _ in range(2):
        counter.ring(WINE, BREAD)
        pay(counter)
    first, second = said(counter)
    assert first[0]["leases"] == [{"lease": 1, "amount": 248}]
    assert second[0]["leases"] == [{"lease": 1, "amount": 52}]
    assert second[0]["amount"] == 248
    paper = print_receipt.print_receipt(counter.desk, 2).wait().document
    assert Text("  sous réserve du budget de la campagne") in paper
    assert Text("  sous réserve du budget de la campagne") not in (
        print_receipt.print_receipt(counter.desk, 1).wait().document
    )


def test_leases_are_drawn_on_in_the_order_in_which_they_end(counter: Counter) -> None:
    late = lease(1, until_at="2026-11-24T08:00:00+01:00")
    join(counter, granted(late, lease(2, 100)))
    counter.ring(WINE, BREAD)
    pay(counter)
    assert said(counter)[0][0]["leases"] == [
        {"lease": 2, "amount": 100},
        {"lease": 1, "amount": 148},
    ]


def test_a_clock_that_is_behind_draws_on_nothing_that_is_over(counter: Counter) -> None:
    join(counter, granted(lease(), at="2026-11-24T17:00:00.000+00:00"))
    counter.ring(BREAD)
    assert offered(counter.desk) == OfferView("Noël", 69, is_sure=False)
    pay(counter)
    assert "leases" not in said(counter)[0][0]
    (entry,) = counter.chain(f"campaign:{CAMPAIGN}")
    assert entry["clock"] == "unsynced"


def test_a_clock_that_was_never_compared_is_unknown(counter: Counter) -> None:
    join(counter, granted(lease(), contact_at=None))
    counter.ring(BREAD)
    pay(counter)
    assert counter.chain(f"campaign:{CAMPAIGN}")[0]["clock"] == "unknown"


def test_a_campaign_that_the_server_knows_is_over_gives_nothing(counter: Counter) -> None:
    join(counter, granted(lease(), at="2026-12-26T17:00:00.000+00:00"))
    counter.ring(BREAD)
    assert offered(counter.desk).reason == "ended"


def test_money_that_does_not_count_earns_nothing(joined: Counter) -> None:
    joined.ring(BREAD)
    pay(joined, "Titre-restaurant", 345)
    assert said(joined) == [[]]


def test_excluded_families_earn_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    counter = Counter(tmp_path_factory.mktemp("till"), reward_families={"vins": "alcohol"})
    try:
        counter.sell_families({WINE: "Vins"})
        counter.sign_on()
        join(counter, granted(lease()))
        counter.ring(WINE, BREAD)
        assert offered(counter.desk).amount == 69
        pay(counter)
        (entry,) = counter.chain(f"campaign:{CAMPAIGN}")
        assert entry["families"] == [{"family": "alcohol", "ttc": 899}]
        assert entry["eligible"] == 345
        assert entry["rewards"][0]["base"] == 345
    finally:
        counter.close()


def test_an_hour_outside_the_window_says_so(counter: Counter) -> None:
    rules = (Percent(id="noon", rate=1000, windows=(Window(until_time="12:00"),)),)
    join(counter, granted(lease(), rules=changed(RULES, rules=rules)))
    counter.ring(BREAD)
    assert offered(counter.desk).reason == "window"


def test_a_discount_lowers_what_counts(joined: Counter) -> None:
    joined.ring(WINE, BREAD)
    change_sale.give_discount(joined.desk, Discount(amount=244)).wait()
    assert offered(joined.desk).amount == 200


def test_one_campaign_rewards_a_sale_the_one_that_gives_most(counter: Counter) -> None:
    more = changed(RULES, campaign="ete", name="Été", rules=(Percent(id="x", rate=3000),))
    join(counter, granted(lease()), granted(lease(9), rules=more))
    counter.ring(BREAD)
    best, other = show(counter.desk).offers
    assert (best.campaign, best.amount) == ("Été", 103)
    assert (other.campaign, other.amount, other.reason) == ("Noël", 0, "other-campaign")
    pay(counter)
    assert said(counter, "noel") == [[]]
    assert said(counter, "ete")[0][0]["leases"] == [{"lease": 9, "amount": 103}]


def test_training_earns_nothing(joined: Counter) -> None:
    joined.sign_on("3")
    joined.ring(BREAD)
    assert offered(joined.desk).reason == "training"
    pay(joined)
    assert joined.chain(f"campaign:{CAMPAIGN}") == []


def test_a_parked_sale_earns_when_it_is_paid(joined: Counter) -> None:
    joined.ring(BREAD)
    park.park(joined.desk).wait()
    park.recall(joined.desk).wait()
    pay(joined)
    assert said(joined)[0][0]["amount"] == 69


def test_a_sale_is_told_even_while_what_was_granted_cannot_be_read(joined: Counter) -> None:
    joined.campaigns.granted = ()
    joined.ring(BREAD)
    assert show(joined.desk).offers == ()
    pay(joined)
    assert said(joined) == [[]]
    assert joined.chain(f"campaign:{CAMPAIGN}")[0]["clock"] == "unknown"


# --- claiming -------------------------------------------------------------------------------------


def test_the_receipt_says_what_was_earned_and_shows_no_way_to_claim_it(joined: Counter) -> None:
    joined.ring(WINE, BREAD)
    pay(joined)
    paper = print_receipt.print_receipt(joined.desk).wait().document
    assert Columns("Gain Noël", "2,48", bold=True) in paper
    assert not [block for block in paper if isinstance(block, Qr)]


def test_who_asks_gets_a_qr_and_a_code_that_the_server_can_check(joined: Counter) -> None:
    joined.ring(WINE, BREAD)
    pay(joined)
    (shown,) = claim_reward.claimable(joined.desk)
    kept = joined.store.ledger.rewards.claims(1)[0]
    prefix = f"{ORIGIN.upper()}/C/"
    assert shown.address.startswith(prefix)
    signed = claims.read(shown.address.removeprefix(prefix))
    signed.check(joined.store.identity.public)
    entry = joined.entries[-1]
    assert (signed.claim.number, signed.claim.amount) == (entry.payload.number, 248)
    assert signed.claim.secret == claims.read_code(shown.code) == bytes.fromhex(kept.secret)
    paper = claim_reward.print_claims(joined.desk).wait()
    assert Qr(shown.address) in paper
    assert Text(shown.code, "center", bold=True) in paper
    assert joined.store.ledger.jobs()[-1].title == "Gain à réclamer"


def test_what_can_be_claimed_reads_its_entry_once(
    joined: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined.ring(BREAD)
    pay(joined)
    ledger, asked = joined.store.ledger, []
    read = ledger.entry

    def entry(chain: str, number: int) -> Entry | None:
        asked.append(chain)
        return read(chain, number)

    monkeypatch.setattr(ledger, "entry", entry)
    (shown,) = claim_reward.claimable(joined.desk)
    assert claims.read(shown.address.rpartition("/")[2]).claim.sure == 69
    assert asked.count("campaign:noel") == 1


def test_a_ticket_that_earned_nothing_has_nothing_to_claim(counter: Counter) -> None:
    counter.ring(BREAD)
    pay(counter)
    with pytest.raises(NothingEarned):
        claim_reward.claimable(counter.desk)


def test_under_a_later_epoch_the_code_still_claims(joined: Counter) -> None:
    joined.ring(BREAD)
    pay(joined)
    code = claim_reward.claimable(joined.desk)[0].code
    joined.desk.ports = replace(joined.desk.ports, identity=Later(joined.store.identity))
    (shown,) = claim_reward.claimable(joined.desk)
    assert (shown.code, shown.address) == (code, "")


class Later:
    """The till after its key was renewed."""

    def __init__(self, before: object) -> None:
        self.till, self.key = before.till, before.key  # type: ignore[attr-defined]
        self.epoch = before.epoch + 1  # type: ignore[attr-defined]


# --- on paper -------------------------------------------------------------------------------------


def carnet(*values: int) -> Carnet:
    """Vouchers of this shop alone."""
    texts = [
        voucher(index, value, audience=Audience.SHOP, audience_id=SHOP)
        for index, value in enumerate(values)
    ]
    return Carnet(id=1, value=values[0], vouchers=tuple(texts))


def test_the_shops_own_vouchers_are_handed_out_on_request(counter: Counter) -> None:
    join(counter, granted(lease(), carnets=(carnet(200, 200, 200),)))
    for _ in range(2):
        counter.ring(WINE, BREAD)
        change_sale.wish_paper(counter.desk, on_paper=True).wait()
        pay(counter)
    first, second = said(counter)
    assert [(one["amount"], one.get("handed")) for one in first] == [
        (200, [{"batch": 7, "index": 0}]),
        (48, None),
    ]
    assert [one["leases"] for one in first] == [
        [{"lease": 1, "amount": 200}],
        [{"lease": 1, "amount": 48}],
    ]
    assert second[0]["handed"] == [{"batch": 7, "index": 1}]
    on_paper, to_claim = claim_reward.claimable(counter.desk, 1)
    assert tokens.read(on_paper.voucher).voucher.index == 0
    assert (on_paper.amount, to_claim.amount) == (200, 48)
    paper = claim_reward.print_claims(counter.desk, 1).wait()
    assert Qr(on_paper.voucher) in paper


def test_without_a_carnet_it_is_claimed_as_usual(joined: Counter) -> None:
    joined.ring(WINE)
    change_sale.wish_paper(joined.desk, on_paper=True).wait()
    pay(joined)
    assert len(said(joined)[0]) == 1


# --- leases that are over -------------------------------------------------------------------------


def test_a_z_gives_leases_back_that_are_over(joined: Counter) -> None:
    joined.ring(BREAD)
    pay(joined)
    joined.sign_on("2")
    joined.close_day()
    assert joined.chain(f"campaign:{CAMPAIGN}")[-1]["type"] == "closing"
    joined.now += timedelta(days=1)
    joined.ring(BREAD)
    pay(joined)
    joined.close_day()
    assert joined.chain(f"campaign:{CAMPAIGN}")[-1] == {
        "type": "lease-closed",
        "day": "2026-11-23",
        "leases": [{"lease": 1, "drawn": 69}],
    }
    joined.now -= timedelta(days=1)  # nothing more is drawn, whatever the clock says
    joined.ring(BREAD)
    pay(joined)
    assert "leases" not in said(joined)[-1][0]
    with pytest.raises(PosError):
        ring_up.by_code(joined.desk, "0").wait()
