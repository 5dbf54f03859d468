"""Tills that come together wait their turn, and no more of them than there is room for."""

from __future__ import annotations

import asyncio

import pytest
from starlette.requests import Request
from starlette.types import Message

from sync.contract.jws import SigningKey
from sync.server.errors import Refused
from sync.server.tills.room import RETRY_AFTER_SECONDS, Room
from tests.sync.server.kit import Api, Till, verdicts

BYTES_MAX = 1000


class Sent:
    """A request whose body comes in two pieces; `heard` counts those that were read."""

    def __init__(self, body: bytes) -> None:
        self.heard = 0
        self._pieces = [body[:1], body[1:]]

    async def receive(self) -> Message:
        await asyncio.sleep(0)
        piece = self._pieces[self.heard]
        self.heard += 1
        return {"type": "http.request", "body": piece, "more_body": self.heard < 2}

    @property
    def request(self) -> Request:
        return Request({"type": "http", "method": "POST", "headers": []}, self.receive)


def test_who_waits_comes_in_turn_and_who_finds_it_full_is_told_when_to_come() -> None:
    room, order = Room(in_room_max=3, at_once=1), list[bytes]()
    served = asyncio.Event()

    async def bring(sent: Sent) -> None:
        async with room.enter(sent.request, BYTES_MAX) as body:
            order.append(body)
            await served.wait()

    async def scene() -> Sent:
        inside = [asyncio.create_task(bring(Sent(b"%d." % number))) for number in range(3)]
        await asyncio.sleep(0.05)
        assert order == [b"0."]
        late = Sent(b"3.")
        with pytest.raises(Refused) as caught:
            await bring(late)
        assert caught.value.problem.status == 503
        assert caught.value.retry_after_seconds == RETRY_AFTER_SECONDS
        served.set()
        await asyncio.gather(*inside)
        await bring(Sent(b"4."))  # there is room again
        return late

    # It was heard to its end: else its line would break before it has read the answer.
    assert asyncio.run(scene()).heard == 2
    assert order == [b"0.", b"1.", b"2.", b"4."]


def test_uploads_at_the_same_time_are_all_served(api: Api, shop: str) -> None:
    tills = [Till(SigningKey.from_secret(n), f"{n:08}-0000-4000-8000-000000000000") for n in (1, 2)]
    for till in tills:
        api.enrol(till, shop)
        till.sell()
    asked = [
        (
            "POST",
            f"/v1/tills/{till.till}/entries",
            {"json": {"chain": till.batch().chain, "entries": till.batch().entries},
             "headers": api.bearer(till)},
        )
        for till in tills
        for _ in range(20)
    ]  # fmt: skip
    told = [verdicts(answer) for answer in api.gather(asked)]
    assert sorted(told) == sorted([["accepted"]] * 2 + [["duplicate"]] * 38)
