"""A campaign in lines: what is earned, vouchers, the shopper's phone, what is claimed."""

from __future__ import annotations

import pytest

from sync.contract import claims
from sync.contract.calls import Reservation
from sync.contract.feed import Carnet
from sync.contract.operations import VoucherRef
from sync.contract.voucher import Audience
from tests.pos.app.test_paying_by_phone import phone
from tests.pos.fakes import BREAD, WINE
from tests.pos.plain.talk import Talk
from tests.pos.rewards import SHOP, granted, join, lease, said, voucher


@pytest.fixture
def joined(talk: Talk) -> Talk:
    """A till in a campaign, with a cashier at it."""
    own = voucher(9, 200, audience=Audience.SHOP, audience_id=SHOP)
    carnet = Carnet(id=1, value=200, vouchers=(own,))
    join(talk.counter, granted(lease(amount=600), carnets=(carnet,)))
    talk.all("login 1 1111")
    return talk


def test_each_line_shows_what_the_sale_earns(joined: Talk) -> None:
    reply = joined.all(WINE, BREAD)
    assert reply.text.splitlines()[-1] == "Gain Noël : 2,48 €"
    assert reply.data["offers"] == [
        {"campaign": "Noël", "amount": 248, "is_sure": True, "reason": "", "missing": None}
    ]
    assert "Gain Noël : 2,48 €" in joined.all("show").text
    done = joined.all("cash")
    assert done.text.splitlines()[-2:] == [
        "Gain Noël : 2,48 €",
        "Le client le veut ? « gain » le montre, « gain papier » l'imprime.",
    ]
    assert done.data["ticket"]["rewards"][0]["earned"] == 248


def test_what_is_not_sure_and_what_is_missing_are_said(joined: Talk) -> None:
    joined.all(*(WINE,) * 4, "cash", WINE)
    assert "sous réserve du budget" in joined.all("show").text


def test_why_nothing_is_earned_is_said(joined: Talk) -> None:
    join(joined.counter, granted(state="paused"))
    reply = joined.all(BREAD)
    assert reply.text.splitlines()[-1] == "Noël : pas de gain, la campagne est suspendue"


def test_a_claim_is_shown_and_printed_only_on_request(joined: Talk) -> None:
    joined.all(BREAD, "cash")
    assert joined.counter.store.ledger.jobs() == ()
    shown = joined.all("gain")
    (claim,) = shown.data["claims"]
    assert claim["code"] in shown.text
    assert claim["address"] in shown.text
    assert claims.read(claim["address"].rpartition("/")[2]).claim.amount == 69
    assert joined.counter.store.ledger.jobs() == ()
    joined.all("gain 1 papier")
    assert len(joined.counter.store.ledger.jobs()) == 1
    assert not joined("gain papier 1 2").ok


def test_a_scanned_voucher_is_a_line(joined: Talk) -> None:
    ref = VoucherRef(7, 0)
    joined.counter.campaigns.answer = Reservation("hold", ref, 500, "tender", "2026-11-22T19:00")
    reply = joined.all(WINE, voucher())
    assert reply.data["sale"]["due"] == 399
    assert "Bon" in joined.all("show").text
    joined.all("cash")
    assert said(joined.counter)[0][0]["mode"] == "online"


@pytest.mark.parametrize("again", ["cash", "cash 10", "card", "tender cash 20"])
def test_a_phone_that_may_have_paid_is_asked_about_once(joined: Talk, again: str) -> None:
    joined.all(WINE, "phone 5")
    assert joined("cash 1").ok  # the sale goes on
    refused = joined(again)
    assert not refused.ok
    assert refused.data["error"] == "phone_unheard"
    assert "Le téléphone du client a-t-il payé 5,00 €" in refused.text
    assert "« code-telephone CHIFFRES »" in refused.text
    assert joined.all(again).data["ticket"]["number"] == 1


def test_the_digits_count_instead_of_the_tender(joined: Talk) -> None:
    digits = phone(joined.counter, joined.all(WINE, "phone 5").data["phone"]["address"])
    assert not joined("cash").ok
    assert joined.all(f"code-telephone {digits}").data["sale"]["due"] == 399
    assert joined.all("cash").data["ticket"]["total"] == 899


def test_a_voucher_that_pays_the_rest_asks_about_the_phone_first(joined: Talk) -> None:
    ref = VoucherRef(7, 0)
    joined.counter.campaigns.answer = Reservation("hold", ref, 1000, "tender", "2026-11-22T19:00")
    joined.all(WINE, "phone 5")
    assert joined(voucher(0, 1000)).data["error"] == "phone_unheard"
    assert joined.counter.campaigns.asked == []  # no server holds it meanwhile
    assert joined.all(voucher(0, 1000)).data["ticket"]["number"] == 1


def test_a_code_is_typed_in_groups(joined: Talk) -> None:
    ref = VoucherRef(7, 0)
    joined.counter.campaigns.answer = Reservation("hold", ref, 500, "tender", "2026-11-22T19:00")
    assert joined.all(BREAD, "bon ABCDE FGH23").data["ticket"]["total"] == 345


def test_without_network_the_reason_is_said_and_nothing_changes(joined: Talk) -> None:
    joined.all(WINE)
    reply = joined(voucher())
    assert not reply.ok
    assert "payer par téléphone" in reply.text
    assert joined.all("show").data["sale"]["due"] == 899


def test_the_phone_pays(joined: Talk) -> None:
    reply = joined.all(WINE, "téléphone 5")
    assert reply.data["phone"]["address"] in reply.text
    assert "Téléphone sollicité pour 5,00 €" in joined.all("show").text
    digits = phone(joined.counter, reply.data["phone"]["address"])
    assert not joined("code-telephone 00000000").ok
    after = joined.all(f"code-telephone {digits[:4]} {digits[4:]}")
    assert after.data["sale"]["due"] == 399


def test_the_reward_is_handed_out_on_paper(joined: Talk) -> None:
    joined.all(WINE, BREAD, "gain-papier oui", "cash")
    on_paper, rest = joined.all("claim paper").data["claims"]
    assert (on_paper["amount"], rest["amount"]) == (200, 48)
    assert on_paper["voucher"].startswith("B1")
    joined.all(WINE, "gain-papier oui", "gain-papier non")
    assert joined.counter.desk.require_sale().on_paper is False
