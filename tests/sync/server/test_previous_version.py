"""Tills of the versions before this one are served, and this one's client understands theirs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sync.contract.feed import FEED_TYP, FeedItem
from sync.contract.messages import open_signed
from sync.enrolment import enrol
from sync.feed import Feed
from sync.ports import Answer, Request
from sync.server.tills.enrolment import make_code
from tests.sync.rig import CAMPAIGN, CHAIN, ORIGIN, Bench, Server, answers, open_bench
from tests.sync.server.kit import VirtualClock

RECORDED = sorted((Path(__file__).parent / "previous").glob("*.json"))
TEXT = "Bonjour"
ENROL, SOME, ALL, CHAIN_READ, *FEEDS = range(7)
JSON = "application/json"

pytestmark = pytest.mark.parametrize("recorded", RECORDED, ids=lambda path: path.stem)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path, VirtualClock())
    yield running
    running.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with open_bench(tmp_path) as found:
        yield found


def exchanges(recorded: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(recorded.read_text(encoding="utf-8"))["exchanges"]
    return found


def code_of(recorded: Path) -> str:
    return str(json.loads(recorded.read_text(encoding="utf-8"))["code"])


def ask(server: Server, said: dict[str, Any]) -> Answer:
    body = said["body"].encode("ascii")
    return server.ask(Request(said["method"], said["target"], 30, said["headers"], body))


def replay(server: Server, recorded: Path) -> list[tuple[dict[str, Any], Answer]]:
    """What the till asked then, and what the server answers to the same bytes today."""
    shop, at = server.new_shop(), datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
    code = code_of(recorded)
    server.services.store.write_now(lambda db: make_code(db, shop, code, at))
    found = []
    for number, said in enumerate(exchanges(recorded)):
        if number == FEEDS[1]:
            server.notice(TEXT)
        found.append((said, ask(server, said)))
    return found


def shape(value: Any) -> Any:
    """The members and kinds of a JSON value; a list has those of its first."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value[:1]]
    return type(value).__name__


def holds(new: Any, old: Any) -> bool:
    """Whether everything that an earlier reader knows is there; more may be."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(n in new and holds(new[n], old[n]) for n in old)
    if isinstance(old, list):
        return isinstance(new, list) and (not old or not new or holds(new[0], old[0]))
    return bool(new == old)


def test_every_answer_has_what_the_till_reads(server: Server, recorded: Path) -> None:
    for said, answer in replay(server, recorded):
        assert answer.status == said["status"], answer.body
        assert answer.headers["content-type"] == said["type"]
        assert holds(shape(json.loads(answer.body)), shape(json.loads(said["answer"])))


def test_its_entries_are_booked_once(server: Server, recorded: Path) -> None:
    told = replay(server, recorded)
    for number in (SOME, ALL, CHAIN_READ):
        said, answer = told[number]
        assert json.loads(answer.body) == json.loads(said["answer"])
    assert server.numbers() == [1, 2, 3, 4]
    assert server.turnover_cents() == 1234 + 2500 - 500
    assert server.quarantines() == []
    again = ask(server, exchanges(recorded)[ALL])
    assert {one["verdict"] for one in json.loads(again.body)["verdicts"]} == {"duplicate"}
    assert server.turnover_cents() == 1234 + 2500 - 500


def test_its_cursor_leads_to_the_news(server: Server, recorded: Path) -> None:
    told = replay(server, recorded)
    pages = [json.loads(told[number][1].body)["items"] for number in FEEDS]
    items = [open_signed(one, FEED_TYP, FeedItem)[0] for page in pages for one in page]
    assert {one.text for one in items if one.kind == "notice"} == {TEXT}
    assert "server-key" in {one.kind for one in items}
    assert all(one.at and one.id and one.campaign == CAMPAIGN for one in items)


def test_this_client_understands_that_server(bench: Bench, recorded: Path) -> None:
    said = exchanges(recorded)
    bench.line.faults = [
        answers(one["status"], one["answer"].encode(), content_type=JSON, date=one["date"])
        for one in said
    ]
    client = bench.client()
    made = enrol(bench.state, client, code_of(recorded), shop_till="01", software="0.2.0")
    assert (made.campaign, made.shop_name) == (CAMPAIGN, "Épicerie du Port")
    bench.journal.sell(4)
    compacts = [one.compact for one in bench.journal.till.entries]
    assert client.upload(CHAIN, compacts[:2]).acknowledged == 2
    assert client.upload(CHAIN, compacts).acknowledged == 4
    assert client.chain(CHAIN).acknowledged == 4
    feed = Feed(bench.state, client, bench.tools)
    for _ in FEEDS:
        feed.step()
    assert [one.text for one in bench.reader().notices(CAMPAIGN)] == [TEXT]
    assert bench.state.server(ORIGIN).cursor == json.loads(said[-1]["answer"])["cursor"]
    assert not any(trouble for _, trouble in bench.told)
