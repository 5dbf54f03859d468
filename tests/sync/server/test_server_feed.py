from __future__ import annotations

import asyncio
from functools import partial

import pytest

from sync.contract.feed import FEED_ITEMS_MAX, FEED_TYP, FeedItem, Place
from sync.contract.jws import SigningKey, VerifyKey
from sync.contract.messages import open_signed
from sync.server.services import Services
from sync.server.tills import feed as feed_module
from sync.server.tills.feed import Hub, News, publish
from tests.sync.server.kit import OTHER_TILL, Api, Till, name_of


def feed(api: Api, till: Till, query: str = "wait=0") -> tuple[str, list[FeedItem]]:
    response = api.ask("GET", f"/v1/tills/{till.till}/feed?{query}", headers=api.bearer(till))
    assert response.status_code == 200, response.text
    page = response.json()
    return page["cursor"], [open_signed(item, FEED_TYP, FeedItem)[0] for item in page["items"]]


def test_the_feed_starts_with_the_servers_key_and_goes_on_with_notices(
    api: Api, till: Till, services: Services
) -> None:
    api.order("notices", campaign="noel", text="Fermé le 25")
    cursor, items = feed(api, till)
    assert [item.kind for item in items] == ["server-key", "shop", "notice"]
    assert VerifyKey.from_pem((items[0].server_key or "").encode()) == services.secrets.key.public
    assert items[1].place == Place(till=1, shop=1)
    assert items[2].text == "Fermé le 25"
    assert feed(api, till, f"cursor={cursor}&wait=0") == (cursor, [])


def test_each_item_is_signed_by_the_server(api: Api, till: Till, services: Services) -> None:
    response = api.ask("GET", f"/v1/tills/{till.till}/feed?wait=0", headers=api.bearer(till))
    _, signed = open_signed(response.json()["items"][0], FEED_TYP, FeedItem)
    signed.check(services.secrets.key.public)


def test_a_till_sees_the_news_of_its_own_campaigns(api: Api, till: Till) -> None:
    api.campaign("ete")
    api.order("notices", campaign="ete", text="not for you")
    assert {item.campaign for item in feed(api, till)[1]} == {"noel"}


def test_a_long_feed_comes_in_pages(api: Api, till: Till) -> None:
    for number in range(FEED_ITEMS_MAX + 5):
        api.order("notices", campaign="noel", text=str(number))
    cursor, first = feed(api, till)
    _, rest = feed(api, till, f"cursor={cursor}&wait=0")
    assert len(first) == FEED_ITEMS_MAX
    assert [item.text for item in first[2:] + rest] == [str(n) for n in range(FEED_ITEMS_MAX + 5)]


def test_a_waiting_till_hears_a_notice_at_once(api: Api, till: Till) -> None:
    cursor, _ = feed(api, till)
    path = f"/v1/tills/{till.till}/feed?cursor={cursor}"
    notice = {"campaign": "noel", "text": "now"}
    waited, _ = api.gather(
        [
            ("GET", path, {"headers": api.bearer(till), "timeout": 20}),
            ("POST", "/v1/admin/notices", {"json": notice, "headers": api.admin}),
        ]
    )
    assert len(waited.json()["items"]) == 1


@pytest.mark.parametrize(
    "query",
    [
        "cursor=x",
        "cursor=noel:1,",
        "cursor=-1",
        "cursor=9999999999999999999",
        "wait=-1",
        "wait=1.5",
        "wait=",
    ],
)
def test_a_cursor_or_wait_that_makes_no_sense_is_refused(api: Api, till: Till, query: str) -> None:
    path = f"/v1/tills/{till.till}/feed?{query}"
    response = api.ask("GET", path, headers=api.bearer(till))
    assert name_of(response) == "bad-request"


def test_a_closing_hub_lets_everybody_go() -> None:
    async def scene() -> tuple[bool, bool]:
        hub = Hub()
        with hub.listen(["noel"]) as bell:
            waiting = asyncio.create_task(hub.wait(bell, 60))
            await asyncio.sleep(0)
            hub.close()
            return await waiting, await hub.wait(bell, 60)

    assert asyncio.run(scene()) == (False, False)


def test_waiting_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.server.tills.feed.WAITING_MAX", 1)

    async def scene() -> tuple[bool, bool]:
        hub = Hub()
        with hub.listen(["noel", "ete"]) as bell, hub.listen(["ete"]) as other:
            first = asyncio.create_task(hub.wait(bell, 60))
            await asyncio.sleep(0)
            second = await hub.wait(other, 60)
            hub.ring("noel")
            return await first, second

    assert asyncio.run(scene()) == (True, False)


def test_a_bell_rings_for_its_own_campaign_and_till_only() -> None:
    async def scene() -> tuple[bool, bool]:
        hub = Hub()
        with hub.listen(["noel", "a till"]) as bell, hub.listen(["noel", "another"]) as other:
            hub.ring("a till")
            return bell.is_set(), other.is_set()

    assert asyncio.run(scene()) == (True, False)


def test_an_item_for_one_till_reaches_that_till_in_that_epoch_only(
    api: Api, till: Till, shop: str, services: Services
) -> None:
    other = Till(SigningKey.from_secret(0xBEEF), OTHER_TILL)
    api.enrol(other, shop)
    for who, epoch in ((till.till, 1), (till.till, 2), (other.till, 1)):
        news = News("noel", "notice", {"text": f"{who} {epoch}"}, who, epoch)
        services.store.write_now(partial(publish, news=news, key=services.secrets.key, now=""))
    (mine,) = [item for item in feed(api, till)[1] if item.till and item.kind == "notice"]
    assert (mine.till, mine.epoch) == (till.till, 1)


def test_each_campaign_counts_its_own_items(api: Api, till: Till, services: Services) -> None:
    summer = Till(till.key, till.till, campaign="ete")
    api.enrol(summer, api.campaign("ete"))
    for campaign in ("noel", "ete", "noel"):
        api.order("notices", campaign=campaign, text="now")
    cursor, items = feed(api, till)
    assert cursor == "ete:3,noel:4"
    assert sorted((item.campaign, item.id) for item in items) == [
        *(("ete", 1), ("ete", 2), ("ete", 3)),
        *(("noel", 1), ("noel", 2), ("noel", 3), ("noel", 4)),
    ]
    # What a till remembers from the time when one numbering went over all.
    assert feed(api, till, "cursor=2&wait=0")[0] == "ete:3,noel:4"


def test_a_page_is_cut_by_its_size_and_loses_no_item(
    api: Api, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        api.order("notices", campaign="noel", text=f"{number}" * 500)
    monkeypatch.setattr(feed_module, "PAGE_BYTES_MAX", 2000)
    seen: list[str] = []
    cursor = ""
    for _ in range(10):
        path = f"/v1/tills/{till.till}/feed?wait=0&cursor={cursor}"
        page = api.ask("GET", path, headers=api.bearer(till)).json()
        assert len(page["items"]) <= 3
        cursor = page["cursor"]
        seen += page["items"]
    items = [open_signed(one, FEED_TYP, FeedItem)[0] for one in seen]
    assert [one.text[0] for one in items if one.text] == ["0", "1", "2", "3", "4"]
