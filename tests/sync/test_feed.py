from __future__ import annotations

import msgspec
import pytest

from sync.contract.feed import FEED_ITEMS_MAX, FEED_TYP, FEED_WAIT_SECONDS_MAX, FeedItem, FeedPage
from sync.contract.jws import SigningKey
from sync.contract.messages import to_payload
from sync.errors import Unreachable
from sync.feed import Feed
from sync.pace import HALTED, NOW
from tests.sync.rig import CAMPAIGN, ORIGIN, Bench, Fault, Journal, answers, drain, request_lost

AT = "2026-11-22T18:00:00.000+00:00"
JSON = "application/json"


def feed_of(bench: Bench) -> Feed:
    return Feed(bench.state, bench.client(), bench.tools)


def texts(bench: Bench) -> list[str]:
    return [notice.text for notice in bench.reader().notices(CAMPAIGN)]


def pages(key: SigningKey, *items: FeedItem, cursor: str = "9") -> Fault:
    """A server that answers with these items, signed by a key."""
    compacts = [key.sign(to_payload(item), FEED_TYP).compact.decode() for item in items]
    page = FeedPage(cursor=cursor, items=compacts)
    return answers(200, msgspec.json.encode(page), content_type=JSON)


def notice(number: int, text: str) -> FeedItem:
    return FeedItem(at=AT, campaign=CAMPAIGN, id=number, kind="notice", text=text)


def server_key(bench: Bench) -> SigningKey:
    return bench.server.services.secrets.key


def test_notices_arrive_once_and_in_order(enrolled: Bench) -> None:
    feed = feed_of(enrolled)
    enrolled.server.notice("Ouverture dimanche")
    enrolled.server.notice("Fin le 24")
    assert feed.step() == NOW
    assert texts(enrolled) == ["Fin le 24", "Ouverture dimanche"]
    again = feed_of(enrolled)
    enrolled.server.notice("Merci")
    again.step()
    assert texts(enrolled) == ["Merci", "Fin le 24", "Ouverture dimanche"]


def test_a_full_page_is_followed_by_the_next(enrolled: Bench) -> None:
    for number in range(FEED_ITEMS_MAX + 5):
        enrolled.server.notice(f"n° {number}")
    feed = feed_of(enrolled)
    assert [feed.step(), feed.step()] == [NOW, NOW]
    assert texts(enrolled)[0] == f"n° {FEED_ITEMS_MAX + 4}"


def test_an_item_of_another_key_is_not_believed_and_not_passed_over(enrolled: Bench) -> None:
    thief = SigningKey.from_secret(666)
    enrolled.line.faults = [pages(thief, notice(1, "Versez tout à..."))]
    feed = feed_of(enrolled)
    assert feed.step().seconds > 0
    assert texts(enrolled) == []
    server = enrolled.state.server(ORIGIN)
    assert (server.cursor, server.trouble) == ("", "untrusted")
    enrolled.server.notice("Bonjour")
    feed.step()
    assert texts(enrolled) == ["Bonjour"]
    assert enrolled.state.server(ORIGIN).trouble == ""


def test_the_next_key_is_vouched_for_by_the_present_one(enrolled: Bench) -> None:
    following = SigningKey.from_secret(7)
    announced = FeedItem(
        at=AT, campaign=CAMPAIGN, id=1, kind="server-key", server_key=following.public.pem
    )
    enrolled.line.faults = [
        pages(server_key(enrolled), announced, cursor="1"),
        pages(following, notice(2, "Nouvelle clé"), cursor="2"),
    ]
    feed_of(enrolled).step()
    feed_of(enrolled).step()
    assert texts(enrolled) == ["Nouvelle clé"]


def test_a_kind_of_a_later_version_is_passed_over(enrolled: Bench) -> None:
    key = server_key(enrolled)
    later = b'{"at":"x","campaign":"noel","id":1,"kind":"lease","v":1}'
    compacts = [key.sign(later, FEED_TYP).compact.decode()]
    compacts.append(key.sign(to_payload(notice(2, "Bonjour")), FEED_TYP).compact.decode())
    page = msgspec.json.encode(FeedPage(cursor="2", items=compacts))
    enrolled.line.faults = [answers(200, page, content_type=JSON)]
    assert feed_of(enrolled).step() == NOW
    assert texts(enrolled) == ["Bonjour"]
    assert enrolled.state.server(ORIGIN).cursor == "2"


@pytest.mark.parametrize(
    "page",
    [
        {"cursor": "1", "items": ["not a jws"]},
        {"cursor": "1", "items": ["a.b.c"]},
        {"cursor": "1" * 1000, "items": []},
        {"cursor": "1", "items": ["x"] * (FEED_ITEMS_MAX + 1)},
        {"cursor": 1, "items": []},
        {},
    ],
)
def test_a_page_that_cannot_be_changes_nothing(enrolled: Bench, page: object) -> None:
    enrolled.line.faults = [answers(200, msgspec.json.encode(page), content_type=JSON)]
    assert feed_of(enrolled).step().seconds > 0
    assert enrolled.state.server(ORIGIN).cursor == ""


def test_items_without_a_new_cursor_do_not_turn_in_circles(enrolled: Bench) -> None:
    enrolled.line.faults = [pages(server_key(enrolled), notice(1, "x"), cursor="")]
    assert feed_of(enrolled).step().seconds > 0


def test_a_server_that_does_not_let_wait_is_not_asked_without_end(enrolled: Bench) -> None:
    enrolled.line.faults = [answers(200, b'{"cursor":"","items":[]}', content_type=JSON)]
    assert feed_of(enrolled).step().seconds == FEED_WAIT_SECONDS_MAX


def test_a_clock_that_jumps_does_not_stop_the_feed(enrolled: Bench) -> None:
    empty = answers(200, b'{"cursor":"","items":[]}', content_type=JSON)
    enrolled.line.faults = [empty]
    moments = iter([2030, 2026, 2026, 2026, 2026])
    tools = enrolled.tools
    bent = type(tools)(lambda: enrolled.clock.now().replace(year=next(moments)), tools.uniform)
    pause = Feed(enrolled.state, enrolled.client(), bent).step()
    assert 1.0 <= pause.seconds <= FEED_WAIT_SECONDS_MAX


def test_a_broken_line_is_told_once_and_backed_off(enrolled: Bench) -> None:
    enrolled.line.faults = [request_lost(Unreachable("cut"))] * 3
    feed = feed_of(enrolled)
    assert [feed.step().seconds for _ in range(3)] == [1.0, 2.0, 4.0]
    enrolled.server.notice("Bonjour")
    feed.step()
    assert enrolled.told == [(ORIGIN, "unreachable"), (ORIGIN, "")]


def test_retry_after_is_obeyed(enrolled: Bench) -> None:
    enrolled.line.faults = [answers(429, retry_after="40")]
    assert feed_of(enrolled).step().seconds >= 40.0


def test_the_feed_of_a_closed_epoch_ends(enrolled: Bench) -> None:
    old = feed_of(enrolled)
    enrolled.journal.till.go_on(secret=2)
    enrolled.enrol()
    assert [old.step(), old.step()] == [HALTED, HALTED]


def test_a_quarantined_till_still_hears_from_its_campaign(enrolled: Bench) -> None:
    enrolled.journal.sell(10)
    clone = Journal(enrolled.journal.till.clone())
    enrolled.journal.sell(5)
    drain(enrolled.uplink())
    enrolled.journal = clone
    clone.sell(7)
    stopped = enrolled.restart()
    assert [stopped.step() for _ in range(2)][-1] == HALTED
    enrolled.server.notice("Appelez-nous")
    feed_of(enrolled).step()
    assert texts(enrolled) == ["Appelez-nous"]
