"""The organiser's addresses for USB sticks, and the address of status lists, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from sync.contract.feed import FEED_TYP, FeedItem
from sync.contract.jws import SigningKey
from sync.contract.messages import open_signed, to_payload
from sync.contract.stick import RECEIPT_TYP, STICK_TYP, StickHead, StickReceipt
from sync.server.services import Services
from tests.sync.server.kit import Api, Till, name_of, verdicts
from tests.sync.server.market import Market, secret

ENTRIES = "/v1/admin/sticks/entries"
ANSWER = "/v1/admin/sticks/answer"


@pytest.fixture
def market(api: Api, services: Services) -> Market:
    made = Market(api, services)
    made.open("Port", "Quai")
    return made


def head(till: Till, **changes: Any) -> str:
    said: dict[str, Any] = {
        "at": "2026-11-22T18:00:00.000+01:00",
        "campaign": till.campaign,
        "till": till.till,
        "epoch": till.epoch,
        "first": 1,
        "last": len(till.entries),
        "after": 0,
    }
    payload = to_payload(StickHead(**(said | changes)))
    return till.key.sign(payload, STICK_TYP).compact.decode()


def bring(api: Api, till: Till, **changes: Any) -> Any:
    body = {"stick": head(till, **changes), "entries": till.batch().entries}
    return api.ask("POST", ENTRIES, json=body, headers=api.admin)


def answered(api: Api, till: Till, **changes: Any) -> Any:
    body = {"stick": head(till, **changes)}
    return api.ask("POST", ANSWER, json=body, headers=api.admin)


def test_what_a_stick_brings_is_booked_as_over_a_line_and_counts_once(market: Market) -> None:
    api, till = market.api, market.tills["Port"]
    market.sell("Port", 6000, market.earn("Port", 6000, secret(1)))
    market.sell("Port", 1000)
    assert verdicts(bring(api, till)) == ["accepted", "accepted"]
    assert verdicts(bring(api, till)) == ["duplicate", "duplicate"]
    assert verdicts(api.send(till)) == ["duplicate", "duplicate"]
    assert market.figures()["earned"] == 1000
    market.whole()


def test_the_answer_is_signed_and_goes_on_where_the_till_is(
    market: Market, services: Services
) -> None:
    api, till = market.api, market.tills["Port"]
    market.sell("Port", 1000)
    till.add({"type": "dance"})
    bring(api, till)
    found = answered(api, till).json()
    receipt, signed = open_signed(found["receipt"], RECEIPT_TYP, StickReceipt)
    signed.check(services.secrets.key.public)
    assert (receipt.acknowledged, receipt.head) == (2, till.entries[1].digest)
    assert [one.number for one in receipt.rejected] == [2]
    items = [open_signed(one, FEED_TYP, FeedItem)[0] for one in found["items"]]
    assert [one.id for one in items] == sorted(one.id for one in items)
    assert {one.till for one in items} == {None, till.till}  # and none of the other shop's
    rest = answered(api, till, after=items[-2].id).json()
    assert rest["items"] == found["items"][-1:]
    assert answered(api, till, after=receipt.through).json()["items"] == []


def test_a_head_that_is_not_the_tills_is_refused(market: Market) -> None:
    api, till = market.api, market.tills["Port"]
    market.sell("Port", 1000)
    thief = till.clone()
    thief.key = SigningKey.from_secret(666)
    assert name_of(bring(api, thief)) == "unauthorised"
    assert name_of(bring(api, till, epoch=2)) == "unauthorised"
    assert name_of(bring(api, till, campaign="ete")) == "not-found"
    assert name_of(answered(api, till, campaign="ete")) == "not-found"
    body = {"stick": till.token(api.clock.now()), "entries": till.batch().entries}
    assert name_of(api.ask("POST", ENTRIES, json=body, headers=api.admin)) == "malformed"
    body = {"stick": head(till)}
    assert name_of(api.ask("POST", ANSWER, json=body, headers=api.bearer(till))) == "unauthorised"
    assert name_of(api.ask("POST", ENTRIES, json={}, headers=api.admin)) == "malformed"


def test_a_head_of_an_earlier_epoch_is_refused(market: Market) -> None:
    api, till = market.api, market.tills["Port"]
    market.sell("Port", 1000)
    before = head(till)
    till.go_on(0xBEEF)
    api.enrol(till, market.shops["Port"])
    refused = api.ask("POST", ANSWER, json={"stick": before}, headers=api.admin)
    assert name_of(refused) == "epoch-closed"


def test_a_fork_that_a_stick_shows_stops_the_till(market: Market) -> None:
    api, till = market.api, market.tills["Port"]
    clone = till.clone()
    market.sell("Port", 1000)
    api.send(till)
    clone.sell(999)
    assert name_of(bring(api, clone)) == "fork"
    assert name_of(bring(api, till)) == "quarantined"
    receipt, _ = open_signed(answered(api, till).json()["receipt"], RECEIPT_TYP, StickReceipt)
    assert receipt.trouble == "quarantined"


def test_a_till_is_told_which_lists_to_have(market: Market) -> None:
    api = market.api

    def lists(shop: str) -> Any:
        till = market.tills[shop]
        path = f"/v1/tills/{till.till}/lists/noel"
        return api.ask("GET", path, headers=api.bearer(till)).json()["lists"]

    assert lists("Port") == []
    market.sell("Port", 6000, market.earn("Port", 6000, secret(1)))
    market.send("Port")
    market.claim(market.receipt("Port", 1000, secret(1)), "anna")
    market.voucher("anna", 500)
    assert lists("Port") == lists("Quai") == [{"batch": 1, "etag": '"1"'}]
    market.voucher("anna", 500)
    (one,) = lists("Port")
    found = api.ask("GET", "/v1/campaigns/noel/lists/1")
    assert found.headers["etag"] == one["etag"] == '"2"'
    api.clock.advance(days=31)
    assert lists("Port") == []


def test_a_new_batch_is_in_the_feed(market: Market) -> None:
    api, till = market.api, market.tills["Port"]
    market.sell("Port", 6000, market.earn("Port", 6000, secret(1)))
    market.send("Port")
    market.claim(market.receipt("Port", 1000, secret(1)), "anna")
    for _ in range(2):
        market.voucher("anna", 500)
    found = api.ask("GET", f"/v1/tills/{till.till}/feed?wait=0", headers=api.bearer(till)).json()
    items = [open_signed(one, FEED_TYP, FeedItem)[0] for one in found["items"]]
    assert [one.lists for one in items if one.kind == "lists"] == [(1,)]
