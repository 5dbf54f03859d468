from __future__ import annotations

from datetime import date

import msgspec
import pytest

from sync.contract import claims, courier, status_list
from sync.contract.feed import FEED_TYP, Carnet, FeedItem
from sync.contract.jws import SigningKey
from sync.contract.messages import open_signed
from sync.contract.rewards.rules import Limit, ReturnVisit
from sync.contract.token import campaign_tag
from sync.contract.voucher import Audience
from sync.contract.voucher import read as read_voucher
from sync.server.errors import Refused
from sync.server.money import claiming, members, vouchers
from sync.server.money import courier as payments
from sync.server.money.ledger import Ledger
from sync.server.money.settings import Settings
from sync.server.services import Services
from tests.sync.server.kit import Api, name_of, verdicts
from tests.sync.server.market import CAMPAIGN, RULES, Market, secret


@pytest.fixture
def market(api: Api, services: Services) -> Market:
    made = Market(api, services)
    made.open("Port", "Quai")
    return made


def give(market: Market, who: str, shop: str = "Port", number: int = 1) -> None:
    """Ten euros, earned and claimed."""
    market.sell(shop, 6000, market.earn(shop, 6000, secret(number)))
    market.send(shop)
    assert market.claim(market.receipt(shop, 1000, secret(number)), who).outcome == "claimed"


def test_earned_in_one_shop_spent_in_the_next_and_the_shop_is_paid(market: Market) -> None:
    give(market, "anna")
    assert market.wallet("anna") == (1000, 0)
    issued = market.voucher("anna", 1000)
    assert market.wallet("anna") == (0, 0)
    market.sell("Quai", 3000, market.redeem(issued.token))
    assert verdicts(market.api.send(market.tills["Quai"])) == ["accepted"]
    figures = market.figures()
    assert (figures["earned"], figures["redeemed"], figures["payable"]) == (1000, 1000, 1000)
    assert (figures["eligible"], figures["leverage"], figures["floor"]) == (6000, 600, 500)
    run = market.ask("settlements")
    assert [(line["name"], line["cents"]) for line in run["lines"]] == [("Quai", 1000)]
    shop = market.shops["Quai"]
    for _ in range(2):  # told twice, it counts once
        market.ask(f"settlements/{run['id']}/lines", shop=shop, state="paid")
    market.ask(f"settlements/{run['id']}/lines", status=409, shop=shop, state="refused")
    market.ask("settlements", status=404)
    assert market.findings() == []
    market.whole()


def test_a_bank_that_refuses_leaves_the_shop_with_its_claim(market: Market) -> None:
    give(market, "anna")
    market.sell("Quai", 3000, market.redeem(market.voucher("anna", 1000).token))
    market.send("Quai")
    run = market.ask("settlements")
    market.ask(f"settlements/{run['id']}/lines", shop=market.shops["Quai"], state="refused")
    assert market.figures()["payable"] == 1000
    assert market.ask("settlements")["cents"] == 1000
    market.whole()


def test_sponsors_share_each_reward_by_what_they_promised(market: Market) -> None:
    give(market, "anna")

    def parts(ledger: Ledger) -> list[tuple[int, int]]:
        rows = ledger.db.execute(
            "SELECT fund, sum(cents) FROM transfer WHERE campaign = ? AND kind = 'earn'"
            " GROUP BY fund ORDER BY fund",
            (CAMPAIGN,),
        )
        return [(int(fund), int(cents)) for fund, cents in rows.fetchall()]

    assert market.ledger(parts) == [(1, 667), (2, 333)]


def test_a_sale_is_one_reward_however_many_parts_its_till_says(market: Market) -> None:
    whole, again = market.earn("Port", 6000, secret(1)), market.earn("Port", 6000, secret(2))
    market.sell("Port", 6000, whole, again)
    market.send("Port")
    assert market.figures()["earned"] == 1000
    assert market.figures()["eligible"] == 6000
    assert market.findings() == ["earn-differs"]
    market.whole()


def test_what_comes_back_of_two_parts_is_taken_from_the_last(market: Market) -> None:
    first = market.earn("Port", 6000, secret(1), 600)
    market.sell("Port", 6000, first, market.earn("Port", 6000, secret(2), 400))
    adjust = {"type": "adjust", "ticket": 1, "before": 1000, "after": 700}
    till = market.tills["Port"]
    till.add(till.ticket("refund", -2500, "2026-11-22") | {"rewards": [adjust]})
    market.send("Port")
    assert market.figures()["clawed_back"] == 300
    assert market.claim(market.receipt("Port", 400, secret(2), 1), "anna").amount == 100
    assert market.claim(market.receipt("Port", 600, secret(1), 1), "bert").amount == 600
    market.whole()


class TestClaims:
    def test_a_receipt_is_claimed_once_for_ever(self, market: Market) -> None:
        give(market, "anna")
        token = market.receipt("Port", 1000, secret(1))
        assert market.claim(token, "anna").outcome == "mine"
        assert market.claim(token, "bert").outcome == "taken"
        assert market.wallet("anna") == (1000, 0)

    def test_a_phone_may_bring_the_receipt_before_the_till_does(self, market: Market) -> None:
        market.sell("Port", 6000, market.earn("Port", 6000, secret(1)))
        token = market.receipt("Port", 1000, secret(1))
        early = market.claim(token, "anna")
        assert (early.outcome, early.amount) == ("claimed", 1000)
        market.whole()
        market.send("Port")
        market.send("Port")  # delivered twice
        assert market.wallet("anna") == (1000, 0)
        assert market.claim(token, "anna").outcome == "mine"
        assert market.figures()["earned"] == 1000
        assert market.findings() == []
        market.whole()

    def test_a_till_in_two_campaigns_says_which_one_pays(self, market: Market) -> None:
        for campaign in ("avent", "paques"):  # before and after "noel", however they are sorted
            market.api.order("campaigns", id=campaign, name=campaign)
            shop = market.api.order("shops", campaign=campaign, name="Port")["id"]
            market.api.enrol(market.tills["Port"], str(shop))
        market.sell("Port", 6000, market.earn("Port", 6000, secret(1)))
        token = market.receipt("Port", 1000, secret(1))
        asked = market.ledger(lambda ledger: claiming.look(ledger.db, token))
        assert (asked.campaign, asked.state) == ("noel", "unclaimed")
        assert market.claim(token, "anna").amount == 1000
        text = market.challenge("Port", 750, bytes(8))
        assert market.ledger(lambda ledger: payments.look(ledger.db, text)).campaign == "noel"

    def test_a_receipt_of_a_campaign_that_its_till_is_not_in_is_refused(
        self, market: Market
    ) -> None:
        till = market.tills["Port"]
        elsewhere = campaign_tag("paques")
        claim = claims.Claim(till.till, 1, elsewhere, 1, 500, date(2026, 11, 22), secret(9))
        with pytest.raises(Refused, match="campaign"):
            market.claim(claims.write(claim, till.key), "anna")
        challenge = courier.Challenge(till.till, 1, elsewhere, 500, bytes(8))
        with pytest.raises(Refused, match="campaign"):
            market.ledger(lambda x: payments.look(x.db, courier.write(challenge, till.key)))

    def test_a_receipt_that_says_another_amount_than_its_entry_is_seen(
        self, market: Market
    ) -> None:
        market.sell("Port", 6000, market.earn("Port", 6000, secret(1)))
        market.claim(market.receipt("Port", 900, secret(1)), "anna")
        market.send("Port")
        assert market.findings() == ["claim-differs"]
        assert market.wallet("anna") == (1000, 0)
        market.whole()

    def test_only_a_till_of_ours_makes_receipts(self, market: Market) -> None:
        stranger = market.tills["Port"].clone()
        stranger.key = SigningKey.from_secret(4711)
        market.tills["Fair"] = stranger
        with pytest.raises(Refused, match="bad-signature"):
            market.claim(market.receipt("Fair", 1000, secret(1), 1), "anna")

    def test_a_persons_limit_lapses_what_is_above_it(self, api: Api, services: Services) -> None:
        daily = Limit(action="earn", scope="person", period="day", most=1500)
        rules = msgspec.structs.replace(RULES, limits=(daily,))
        market = Market(api, services, rules)
        market.open("Port")
        give(market, "anna", number=1)
        market.sell("Port", 6000, market.earn("Port", 6000, secret(2)))
        market.send("Port")
        claimed = market.claim(market.receipt("Port", 1000, secret(2)), "anna")
        assert (claimed.amount, claimed.lapsed) == (500, 500)
        assert market.wallet("anna") == (1500, 0)
        market.whole()

    def test_coming_back_gives_a_voucher_of_the_same_shop(
        self, api: Api, services: Services
    ) -> None:
        bonus = ReturnVisit(id="bonus", reward=500, within_days=60)
        rules = msgspec.structs.replace(RULES, rules=(*RULES.rules, bonus))
        market = Market(api, services, rules)
        market.open("Port", "Quai")
        give(market, "anna")
        market.sell("Port", 6000, market.earn("Port", 6000, secret(2)), day="2026-11-23")
        market.send("Port")
        claimed = market.claim(market.receipt("Port", 1000, secret(2)), "anna")
        (given,) = claimed.vouchers
        assert read_voucher(given.token).voucher.audience is Audience.SHOP
        market.whole()


class TestRefunds:
    def test_a_reward_is_taken_back_where_it_still_is(self, market: Market) -> None:
        market.sell("Port", 6000, market.earn("Port", 6000, secret(1)))
        till = market.tills["Port"]
        adjust = {"type": "adjust", "ticket": till.tickets, "before": 1000, "after": 400}
        till.add(till.ticket("refund", -4000, "2026-11-22") | {"rewards": [adjust]})
        market.send("Port")
        claimed = market.claim(market.receipt("Port", 1000, secret(1)), "anna")
        assert claimed.amount == 400
        assert market.figures()["clawed_back"] == 600
        market.whole()

    def test_a_reward_that_was_spent_leaves_a_debt_down_to_the_floor(self, market: Market) -> None:
        give(market, "anna")
        market.voucher("anna", 1000)
        till = market.tills["Port"]
        adjust = {"type": "adjust", "ticket": till.tickets, "before": 1000, "after": 0}
        till.add(till.ticket("refund", -6000, "2026-11-22") | {"rewards": [adjust]})
        market.send("Port")
        assert market.wallet("anna") == (-1000, 0)
        market.whole()

    def test_what_a_voucher_paid_comes_back_as_a_reward(self, market: Market) -> None:
        give(market, "anna")
        market.sell("Quai", 3000, market.redeem(market.voucher("anna", 1000).token))
        till = market.tills["Quai"]
        reissue = {
            "type": "reissue",
            "ticket": till.tickets,
            "amount": 1000,
            "claim": market.earn("Quai", 0, secret(7), 1)["claim"],
        }
        for _ in range(2):  # the second is more than rewards had paid
            till.add(till.ticket("refund", -3000, "2026-11-22") | {"rewards": [reissue]})
            reissue = reissue | {"claim": market.earn("Quai", 0, secret(8), 1)["claim"]}
        market.send("Quai")
        assert market.findings() == ["reissue"]
        assert market.claim(market.receipt("Quai", 1000, secret(7)), "anna").amount == 1000
        assert market.figures()["payable"] == 0
        market.whole()


class TestBudget:
    def test_a_till_is_leased_money_when_it_enrols_and_more_as_it_draws(
        self, market: Market
    ) -> None:
        (first,) = market.leases("Port")
        assert first.amount == 2000
        (risk,) = market.leases("Port", "risk")
        assert risk.amount == RULES.policy.till_max
        give(market, "anna")
        assert [lease.amount for lease in market.leases("Port")] == [2000, 1000]
        market.whole()

    def test_a_till_is_leased_what_its_shop_gives_on_a_good_day(self, market: Market) -> None:
        (first,) = market.leases("Port")
        for number in range(6):
            market.sell("Port", 6000, market.earn("Port", 6000, secret(number)) | {"leases": []})
        market.send("Port")
        assert market.figures()["earned"] == 6_000
        assert [lease.amount for lease in market.leases("Port")] == [first.amount, 4_000]
        market.whole()

    def test_leases_never_exceed_their_share_of_what_is_left(
        self, api: Api, services: Services
    ) -> None:
        market = Market(api, services, pledged=40_000)
        market.open(*(f"Shop {number}" for number in range(8)))
        leased = market.figures()["leased"]
        assert 0 < leased <= 40_000 * 15 // 100
        market.whole()

    def test_what_no_lease_covers_is_paid_while_the_budget_has_it(self, market: Market) -> None:
        market.sell("Port", 6000, market.earn("Port", 6000, secret(1)) | {"leases": []})
        market.send("Port")
        assert market.figures()["unclaimed"] == 1000
        assert market.findings() == []

    def test_an_exhausted_budget_pays_no_more_than_it_has(
        self, api: Api, services: Services
    ) -> None:
        market = Market(api, services, pledged=1500)
        market.open("Port")
        for number in range(3):
            market.sell("Port", 6000, market.earn("Port", 6000, secret(number)) | {"leases": []})
        market.send("Port")
        assert market.figures()["unclaimed"] <= 1500
        assert set(market.findings()) == {"not-covered"}
        market.whole()

    def test_a_till_that_promises_more_than_the_rules_is_reported_and_not_paid(
        self, market: Market
    ) -> None:
        market.sell("Port", 1000, market.earn("Port", 1000, secret(1), 900))
        market.send("Port")
        assert market.findings() == ["earn-differs"]
        assert market.figures()["unclaimed"] == 200

    def test_another_tills_lease_moves_nothing(self, market: Market) -> None:
        stolen = market.earn("Quai", 6000, secret(1))
        market.sell("Port", 6000, stolen)
        market.send("Port")
        assert market.findings() == ["lease"]
        assert market.figures()["unclaimed"] == 1000  # the budget had it

    def test_a_lease_returns_only_when_its_till_closes_it(self, market: Market) -> None:
        before = market.figures()
        market.api.clock.advance(days=3)
        assert market.figures()["leased"] == before["leased"]
        (lease,) = market.leases("Port")
        said = {"lease": lease.id, "drawn": 0}
        market.tills["Port"].add({"type": "lease-closed", "day": "2026-11-25", "leases": [said]})
        market.send("Port")
        assert market.findings() == []
        market.whole()

    def test_a_restored_till_leaves_what_its_lost_branch_had_to_the_reserve(
        self, market: Market
    ) -> None:
        held = market.figures()
        till = market.tills["Port"]
        lost_receipt = market.receipt("Port", 1000, secret(9), 5)
        till.go_on(77)
        market.api.enrol(till, market.shops["Port"])
        after = market.figures()
        assert after["reserved"] >= held["reserved"] + 2000
        # A shopper of the lost branch comes with a receipt that no entry will ever explain.
        assert market.claim(lost_receipt, "anna").amount == 1000
        market.whole()


class TestVouchers:
    def test_a_voucher_that_two_tills_took_is_borne_by_who_the_policy_says(
        self, market: Market
    ) -> None:
        give(market, "anna")
        token = market.voucher("anna", 1000).token
        risk = {shop: market.leases(shop, "risk")[0].id for shop in market.tills}
        for shop in market.tills:
            draws = [{"lease": risk[shop], "amount": 1000}]
            market.sell(shop, 3000, market.redeem(token, leases=draws))
        for shop in market.tills:
            market.send(shop)
        figures = market.figures()
        assert (figures["payable"], figures["doubled"]) == (2000, 1000)
        assert market.findings() == ["doubled"]
        market.whole()

    @pytest.mark.parametrize(
        "change",
        [
            {"leases": []},
            {"mode": "locked"},
            {"pack": None},
            {"list_at": None},
            {"list_at": "2026-11-20T17:00:00.000+01:00"},
        ],
    )
    def test_against_the_policy_the_shop_bears_it_until_somebody_decides(
        self, market: Market, change: dict[str, object]
    ) -> None:
        give(market, "anna")
        token = market.voucher("anna", 1000).token
        market.sell("Port", 3000, market.redeem(token))
        draws = [{"lease": market.leases("Quai", "risk")[0].id, "amount": 1000}]
        market.sell("Quai", 3000, market.redeem(token, leases=draws) | change)
        market.send("Port")
        market.send("Quai")
        assert market.findings() == ["policy"]
        assert market.figures()["payable"] == 1000
        (finding,) = market.ask("findings", "GET")["findings"]
        assert market.ask(f"findings/{finding['id']}", decision="pay")["findings"] == []
        market.ask(f"findings/{finding['id']}", status=409, decision="refuse")
        assert market.figures()["payable"] == 2000
        market.whole()

    @pytest.mark.parametrize("database", ["sqlite"], indirect=True)
    def test_one_voucher_copied_to_sixty_offline_tills_loses_no_more_than_was_signed(
        self, market: Market
    ) -> None:
        for number in range(60):
            market.api.clock.advance(seconds=30)  # enrolments are limited to so many a minute
            market.add_shop(f"Shop {number}")
        give(market, "anna")
        token, reserved = market.voucher("anna", 1000).token, market.figures()["reserved"]
        assert reserved <= market.pledged * 10 // 100
        for shop in market.tills:
            leases = market.leases(shop, "risk")
            draws = [{"lease": leases[0].id, "amount": 1000}] if leases else []
            market.sell(shop, 3000, market.redeem(token, leases=draws))
            market.send(shop)
        figures, found = market.figures(), market.findings()
        signed = [shop for shop in market.tills if market.leases(shop, "risk")]
        assert 0 < figures["doubled"] <= 1000 * len(signed) <= reserved
        assert figures["payable"] == 1000 + figures["doubled"]
        # Whoever had no lease for it bears it: 62 tills took it, one of them was the first.
        assert len(found) == 61
        assert found.count("doubled") == figures["doubled"] // 1000
        market.whole()

    def test_what_its_face_exceeds_the_ticket_by_is_forfeited(self, market: Market) -> None:
        give(market, "anna")
        redeem = market.redeem(market.voucher("anna", 1000).token, amount=750)
        market.sell("Quai", 750, redeem)
        market.send("Quai")
        figures = market.figures()
        assert (figures["payable"], figures["expired"]) == (750, 250)
        market.whole()

    def test_an_unused_voucher_goes_back_into_its_wallet(self, market: Market) -> None:
        give(market, "anna")
        issued, member = market.voucher("anna", 1000), market.member("anna")
        market.ledger(lambda ledger: vouchers.give_back(ledger, member, issued.batch, issued.index))
        assert market.wallet("anna") == (1000, 0)
        market.whole()

    def test_the_status_list_says_what_was_spent(self, market: Market) -> None:
        give(market, "anna")
        issued = [market.voucher("anna", 500) for _ in range(2)]
        market.sell("Quai", 3000, market.redeem(issued[1].token))
        market.send("Quai")
        path = f"/v1/campaigns/{CAMPAIGN}/lists/{issued[0].batch}"
        found = market.api.ask("GET", path)
        listed, claims, signed = status_list.read(found.content)
        signed.check(market.services.secrets.key.public)
        assert claims.sub.endswith(path)
        assert [listed.get(one.index) for one in issued] == [0, 1]
        again = market.api.ask("GET", path, headers={"if-none-match": found.headers["etag"]})
        assert again.status_code == 304


class TestReservations:
    def reserve(self, market: Market, shop: str, text: str, key: str, sale: str = "") -> object:
        till = market.tills[shop]
        body = {
            "campaign": CAMPAIGN,
            "voucher": text,
            "sale": sale or "7d1f6d2e-5a0e-4a57-9d0c-0b6f5e1c2a3b",
            "due": 3000,
        }
        headers = market.api.bearer(till) | {"Idempotency-Key": key}
        path = f"/v1/tills/{till.till}/reservations"
        found = market.api.ask("POST", path, json=body, headers=headers)
        return found.json() if found.status_code == 201 else name_of(found)

    def test_a_voucher_is_held_for_one_sale_and_captured_by_its_entry(self, market: Market) -> None:
        give(market, "anna")
        issued = market.voucher("anna", 1000)
        held = self.reserve(market, "Quai", issued.token, "question-1")
        assert isinstance(held, dict)
        assert held["value"] == 1000
        # The answer was lost: the same question again, also by the short code.
        assert self.reserve(market, "Quai", issued.token, "question-1") == held
        assert self.reserve(market, "Quai", issued.code, "question-2") == held
        assert self.reserve(market, "Quai", issued.code, "question-1") == "key-reused"
        assert self.reserve(market, "Port", issued.token, "question-3") == "voucher-reserved"
        redeem = market.redeem(issued.token, "online", reservation=held["id"])
        market.sell("Quai", 3000, redeem)
        market.send("Quai")
        assert self.reserve(market, "Port", issued.token, "question-4") == "voucher-spent"
        assert market.figures()["payable"] == 1000
        market.whole()

    def test_who_asked_online_is_paid_even_when_another_took_it_offline(
        self, market: Market
    ) -> None:
        give(market, "anna")
        issued = market.voucher("anna", 1000)
        held = self.reserve(market, "Quai", issued.token, "question-1")
        assert isinstance(held, dict)
        draws = [{"lease": market.leases("Port", "risk")[0].id, "amount": 1000}]
        market.sell("Port", 3000, market.redeem(issued.token, leases=draws))
        market.send("Port")
        market.sell("Quai", 3000, market.redeem(issued.token, "online", reservation=held["id"]))
        market.send("Quai")
        assert market.findings() == ["doubled"]
        assert market.figures()["payable"] == 2000
        market.whole()

    def test_time_alone_frees_nothing_but_the_tills_chain_does(self, market: Market) -> None:
        give(market, "anna")
        issued = market.voucher("anna", 1000)
        self.reserve(market, "Quai", issued.token, "question-1")
        market.api.clock.advance(hours=2)
        assert self.reserve(market, "Port", issued.token, "question-2") == "voucher-reserved"
        market.tills["Quai"].add(
            market.tills["Quai"].ticket("sale", 100, "2026-11-22"),
            at="2026-11-22T20:00:00.000+01:00",
        )
        market.send("Quai")
        assert isinstance(self.reserve(market, "Port", issued.token, "question-3"), dict)

    def test_a_cancelled_sale_lets_the_voucher_go(self, market: Market) -> None:
        give(market, "anna")
        issued = market.voucher("anna", 1000)
        held = self.reserve(market, "Quai", issued.token, "question-1")
        assert isinstance(held, dict)
        till = market.tills["Quai"]
        path = f"/v1/tills/{till.till}/reservations/{CAMPAIGN}/{held['id']}"
        for _ in range(2):
            found = market.api.ask("DELETE", path, headers=market.api.bearer(till))
            assert found.status_code == 200
        assert isinstance(self.reserve(market, "Port", issued.token, "question-2"), dict)
        other = market.api.bearer(market.tills["Port"])
        stolen = path.replace(till.till, market.tills["Port"].till)
        assert market.api.ask("DELETE", stolen, headers=other).status_code == 404

    @pytest.mark.parametrize("text", ["NOSUCHCODE", "B1" + "A" * 160])
    def test_what_was_never_issued_is_unknown(self, market: Market, text: str) -> None:
        assert self.reserve(market, "Port", text, "question-1") == "voucher-unknown"


class TestCourier:
    NONCE = bytes(range(8))

    def test_a_phone_pays_a_till_that_has_no_network(self, market: Market) -> None:
        give(market, "anna")
        member, key = market.member("anna"), market.services.secrets.key
        market.wallet("anna")
        text = market.challenge("Quai", 750, self.NONCE)

        def pay(ledger: Ledger) -> str:
            return payments.pay(ledger, payments.look(ledger.db, text), member, key)

        digits = market.ledger(pay)
        assert market.ledger(pay) == digits
        till = market.tills["Quai"]
        secret_of_till = courier.shared_secret(till.key, key.public)
        assert courier.matches(secret_of_till, courier.read(text).challenge, digits)
        redeem = {
            "type": "redeem",
            "value": 750,
            "amount": 750,
            "mode": "courier",
            "challenge": self.NONCE.hex(),
        }
        market.sell("Quai", 2000, redeem)
        market.sell("Quai", 2000, redeem)  # the same digits cannot pay twice
        market.send("Quai")
        assert market.findings() == ["unknown-voucher"]
        assert (market.wallet("anna"), market.figures()["payable"]) == ((250, 0), 750)
        market.whole()

    def test_what_the_till_did_not_use_goes_back(self, market: Market) -> None:
        give(market, "anna")
        member, key = market.member("anna"), market.services.secrets.key
        market.wallet("anna")
        text = market.challenge("Quai", 750, self.NONCE)
        market.ledger(
            lambda ledger: payments.pay(ledger, payments.look(ledger.db, text), member, key)
        )
        assert market.wallet("anna") == (250, 0)
        till = market.tills["Quai"]
        till.add(till.ticket("sale", 100, "2026-11-22"), at="2026-11-22T21:00:00.000+01:00")
        market.send("Quai")
        assert market.wallet("anna") == (250, 0)  # a clock that is ahead proves nothing
        market.api.clock.advance(hours=3)
        till.add(till.ticket("sale", 100, "2026-11-22"), at="2026-11-22T21:00:00.000+01:00")
        market.send("Quai")
        assert market.wallet("anna") == (1000, 0)
        market.whole()


def test_a_wallet_moves_to_another_phone_and_can_be_forgotten(market: Market) -> None:
    give(market, "anna")
    member = market.member("anna")
    code = market.ledger(
        lambda ledger: members.new_recovery_code(ledger.db, member, market.chance.random)
    )
    market.ledger(lambda ledger: members.recover(ledger.db, code.lower(), "new phone"))
    assert market.wallet("new phone") == (1000, 0)
    with pytest.raises(Refused, match="not-found"):
        market.ledger(lambda ledger: members.recover(ledger.db, code, "third phone"))
    market.ledger(lambda ledger: members.forget(ledger, member))
    assert market.wallet("new phone") == (0, 0)  # a new and empty one
    assert market.figures()["expired"] == 1000
    market.whole()


def test_a_closed_campaign_is_frozen_and_its_sponsors_have_the_rest_back(market: Market) -> None:
    give(market, "anna")
    market.ask("close", status=409)
    market.ask("state", state="ended")
    market.ask("close", status=409)  # something may still arrive
    market.api.clock.advance(days=100)
    market.ask("close")
    figures = market.figures()
    assert (figures["free"], figures["available"], figures["leased"]) == (0, 0, 0)
    market.sell("Port", 6000, market.earn("Port", 6000, secret(5)))
    market.send("Port")
    assert market.findings() == ["closed"]
    market.ask("state", status=409, state="open")
    market.whole()


class TestRealFailures:
    """What went wrong elsewhere, by name."""

    def test_a_retried_delivery_earns_once(self, market: Market) -> None:
        """OCA/pos#185: a retried sync doubled the points."""
        market.sell("Port", 6000, market.earn("Port", 6000, secret(1)))
        for _ in range(3):
            market.send("Port")
        assert market.figures()["earned"] == 1000

    def test_a_claim_confirmed_twice_counts_once(self, market: Market) -> None:
        """odoo#222372: confirm was called twice."""
        give(market, "anna")
        market.claim(market.receipt("Port", 1000, secret(1)), "anna")
        assert market.wallet("anna") == (1000, 0)

    def test_a_rejected_ticket_takes_its_rewards_with_it(self, market: Market) -> None:
        """odoo#270532: loyalty travelled outside the order's payload."""
        market.sell("Port", 6000, market.earn("Port", 6000, secret(1)), total=5999)
        assert [one["verdict"] for one in market.send("Port")] == ["rejected"]
        assert market.figures()["earned"] == 0

    def test_a_redemption_that_is_retried_much_later_counts_once(self, market: Market) -> None:
        """VINE: a redemption retried after 60 seconds was taken twice."""
        give(market, "anna")
        market.sell("Quai", 3000, market.redeem(market.voucher("anna", 1000).token))
        market.send("Quai")
        market.api.clock.advance(seconds=90)
        market.send("Quai")
        assert market.figures()["redeemed"] == 1000

    def test_a_spent_voucher_is_not_issued_again(self, market: Market) -> None:
        """Vienna: of 19,000 vouchers that were issued again 4,000 had been redeemed."""
        give(market, "anna")
        issued = market.voucher("anna", 1000)
        market.sell("Quai", 3000, market.redeem(issued.token))
        market.send("Quai")
        with pytest.raises(Refused, match="redeemed"):
            market.ledger(
                lambda ledger: vouchers.reissue(
                    ledger, issued.batch, issued.index, "admin", market.chance
                )
            )

    def test_an_old_voucher_is_worth_nothing_once_it_was_issued_again(self, market: Market) -> None:
        give(market, "anna")
        old = market.voucher("anna", 1000)
        new = market.ledger(
            lambda ledger: vouchers.reissue(ledger, old.batch, old.index, "admin", market.chance)
        )
        market.sell("Quai", 3000, market.redeem(old.token))
        market.sell("Quai", 3000, market.redeem(new.token))
        market.send("Quai")
        assert market.figures()["payable"] == 1000
        market.whole()

    def test_nothing_is_paid_without_a_record(self, market: Market) -> None:
        """Malta: 3,381 vouchers were paid without a record of their redemption."""
        give(market, "anna")
        market.ledger(
            lambda ledger: ledger.db.execute(
                "UPDATE balance SET cents = cents + 100 WHERE account = 'leased' AND fund = 1"
            )
        )
        audit = market.ask("audit", "GET")
        broken = {one["name"] for one in audit["checks"] if not one["holds"]}
        assert {"sums-to-zero", "balances-agree"} <= broken


class TestCarnets:
    """Vouchers of one shop alone, in the hands of its tills."""

    def given(self, market: Market) -> Carnet:
        shop = market.shops["Port"]
        assert market.ask("carnets", shop=shop, value=200, count=3) == {"vouchers": 3}
        till = market.tills["Port"]
        found = market.api.ask(
            "GET", f"/v1/tills/{till.till}/feed?wait=0", headers=market.api.bearer(till)
        )
        items = [open_signed(item, FEED_TYP, FeedItem)[0] for item in found.json()["items"]]
        (carnet,) = [item.carnet for item in items if item.carnet]
        return carnet

    def test_they_are_worth_nothing_before_they_are_handed_out(self, market: Market) -> None:
        first = self.given(market).vouchers[0]
        market.sell("Port", 3000, market.redeem(first, "locked"))
        market.send("Port")
        assert market.figures()["redeemed"] == 0
        assert "policy" in market.findings()
        market.whole()

    def test_handed_out_as_a_reward_they_are_taken_in_their_shop(self, market: Market) -> None:
        first = self.given(market).vouchers[0]
        said = read_voucher(first).voucher
        assert said.audience is Audience.SHOP
        earn = market.earn("Port", 1000, secret(1)) | {
            "claim": None,
            "handed": [{"batch": said.batch, "index": said.index}],
        }
        market.sell("Port", 1000, earn)
        market.sell("Port", 3000, market.redeem(first, "locked"))
        market.send("Port")
        assert (market.figures()["earned"], market.figures()["redeemed"]) == (200, 200)
        assert market.findings() == []
        market.whole()

    def test_a_shop_without_tills_gets_none(self, market: Market) -> None:
        shop = str(market.api.order("shops", campaign=CAMPAIGN, name="Neuf")["id"])
        market.ask("carnets", status=422, shop=shop, value=200, count=3)
        market.ask("carnets", status=404, shop=market.tills["Port"].till, value=200, count=3)


class TestCaps:
    """What may be set aside: of each sponsor's money, and of the budget in one day."""

    def parts(self, market: Market) -> dict[int, int]:
        """What each fund has set aside for rewards."""

        def work(ledger: Ledger) -> dict[int, int]:
            rows = ledger.db.execute(
                "SELECT fund, sum(cents) FROM transfer WHERE campaign = ? AND credit <> 'budget'"
                " AND debit = 'budget' AND credit <> 'risk' GROUP BY fund",
                (CAMPAIGN,),
            )
            return {int(fund): int(cents) for fund, cents in rows.fetchall()}

        found: dict[int, int] = market.ledger(work)
        return found

    def test_a_sponsors_limit_leaves_the_rest_to_the_others(
        self, api: Api, services: Services
    ) -> None:
        limit = Limit(action="earn", scope="sponsor", period="day", most=1_000, key="1")
        market = Market(api, services, msgspec.structs.replace(RULES, limits=(limit,)))
        market.open("Port")
        for number in range(4):
            sale = market.earn("Port", 6000, secret(number)) | {"leases": []}
            market.sell("Port", 6000, sale)
        market.send("Port")
        parts = self.parts(market)
        assert parts[1] == 1_000
        assert sum(parts.values()) >= 4_000
        assert market.findings() == []
        market.whole()

    def test_what_a_lease_gives_back_is_free_again(self, api: Api, services: Services) -> None:
        limit = Limit(action="earn", scope="sponsor", period="campaign", most=1_000, key="1")
        market = Market(api, services, msgspec.structs.replace(RULES, limits=(limit,)))
        market.open("Port")
        (lease,) = market.leases("Port")
        before = self.parts(market)[1]
        closed = {"lease": lease.id, "drawn": 0}
        market.tills["Port"].add({"type": "lease-closed", "day": "2026-11-22", "leases": [closed]})
        market.send("Port")  # and it is leased money anew
        assert self.parts(market)[1] == 2 * before
        market.whole()

    def test_a_paced_campaign_sets_aside_its_days_share(self, api: Api, services: Services) -> None:
        market = Market(api, services, pledged=340_000)  # 34 days are left with today
        market.open()
        settings = msgspec.to_builtins(Settings(pacing=150, lease_min=50_000, lease_max=50_000))
        market.ask("settings", "PUT", **settings)
        market.add_shop("Port")
        assert sum(self.parts(market).values()) == 15_000
        market.add_shop("Quai")
        assert sum(self.parts(market).values()) == 15_000
        market.sell("Quai", 6000, market.earn("Quai", 6000, secret(1)))
        market.send("Quai")
        assert market.findings() == ["not-covered"]
        market.api.clock.advance(days=1)
        market.sell("Quai", 100)
        market.send("Quai")
        assert sum(self.parts(market).values()) > 15_000
        market.whole()


class TestEarlyClaims:
    """A receipt that a phone brings before its till does."""

    def test_the_persons_limit_and_the_bonus_come_with_the_entry(
        self, api: Api, services: Services
    ) -> None:
        rules = msgspec.structs.replace(
            RULES,
            limits=(Limit(action="earn", scope="person", period="day", most=1_500),),
            rules=(*RULES.rules, ReturnVisit(id="again", reward=500, within_days=30)),
        )
        market = Market(api, services, rules)
        market.open("Port")
        for number, day in ((1, "2026-11-21"), (2, "2026-11-22"), (3, "2026-11-22")):
            sale = market.earn("Port", 6000, secret(number))
            market.sell("Port", 6000, sale, day=day)
            early = market.claim(market.receipt("Port", 1000, secret(number)), "anna")
            assert early.outcome in ("claimed", "checking")
            market.send("Port")
        assert market.wallet("anna") == (2500, 0)  # a thousand of the day before, 1,500 of this
        bonuses = market.ledger(
            lambda ledger: ledger.db.execute(
                "SELECT count(*) FROM voucher JOIN batch ON batch.campaign = voucher.campaign"
                " AND batch.id = voucher.batch WHERE purpose = 'bonus'"
            ).fetchone()
        )
        assert tuple(bonuses) == (2,)
        market.whole()

    def test_a_till_that_is_never_heard_again_keeps_its_word(self, market: Market) -> None:
        market.sell("Port", 6000, market.earn("Port", 6000, secret(1)))
        market.claim(market.receipt("Port", 1000, secret(1)), "anna")
        market.api.clock.advance(days=13)
        assert market.wallet("anna") == (0, 1000)
        market.api.clock.advance(days=2)
        assert market.wallet("anna") == (1000, 0)
        market.send("Port")  # it is heard after all
        assert market.wallet("anna") == (1000, 0)
        assert market.findings() == ["broken"]
        market.whole()


class TestVouchersTakenUnseen:
    """The voucher's own terms, when nobody had asked the server."""

    def test_what_its_terms_forbid_is_not_paid(self, market: Market) -> None:
        give(market, "anna")
        token = market.voucher("anna", 500).token
        late = "2027-01-30T10:00:00.000+01:00"
        market.api.clock.advance(days=69)
        till = market.tills["Quai"]
        data = till.ticket("sale", 3000, "2027-01-30") | {
            "tenders": [{"kind": "card", "amount": 2500}, {"kind": "campaign", "amount": 500}],
            "rewards": [market.redeem(token, "locked")],
        }
        till.add(data, at=late)
        market.send("Quai")
        assert market.figures()["redeemed"] == 0
        assert market.findings() == ["policy"]
        market.whole()
