"""The endpoints of tills: enrol, send entries, compare heads, wait for news."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from sync.contract.entry import CAMPAIGN_PREFIX, is_chain
from sync.contract.feed import FEED_WAIT_SECONDS_MAX
from sync.contract.messages import (
    SMALL_BODY_BYTES_MAX,
    UPLINK_BODY_BYTES_MAX,
    ChainStatus,
    Problem,
    Uplink,
    UplinkAnswer,
    is_uuid,
)
from sync.server.auth import Identity, bearer, check_till_token, identities, signers, stamp
from sync.server.errors import Refused, refuse
from sync.server.limits import read_body
from sync.server.services import Services, address_of, answer, decode_json
from sync.server.tills.enrolment import campaign_of_code, enrol, read_request
from sync.server.tills.feed import campaigns_of, read_cursor, read_feed, read_wait
from sync.server.tills.ingest import Sender
from sync.server.tills.room import Room
from sync.server.tills.uplink import receive, target_of


class TillApi:
    """Endpoints under /v1/enrolments and /v1/tills."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store
        self._room = Room()

    async def enrol(self, request: Request) -> Response:
        """POST /v1/enrolments."""
        self._services.meters.enrolments.take(address_of(request))
        applicant = read_request(await read_body(request, SMALL_BODY_BYTES_MAX))
        key = self._services.secrets.key
        now = self._services.clock.now()
        code = applicant.request.code
        campaign = await self._store.read(lambda db: campaign_of_code(db, code))
        done = await self._store.write(lambda db: enrol(db, applicant, key, now), campaign)
        return answer(done, 201)

    async def entries(self, request: Request) -> Response:
        """POST /v1/tills/{till}/entries."""
        caller = await self.caller(request)
        self._services.meters.uplinks.take(caller.till)
        caller.require_free()
        async with self._room.enter(request, UPLINK_BODY_BYTES_MAX) as body:
            return answer(await self._store_uplink(caller, decode_json(body, Uplink)))

    async def take(self, caller: Identity, uplink: Uplink) -> UplinkAnswer:
        """What `entries` does, for entries that somebody brought for a till."""
        self._services.meters.uplinks.take(caller.till)
        caller.require_free()
        return await self._store_uplink(caller, uplink)

    async def _store_uplink(self, caller: Identity, uplink: Uplink) -> UplinkAnswer:
        campaign = _campaign_of(uplink.chain)
        keys = await self._store.read(lambda db: signers(db, caller.till))
        sender = Sender(caller.till, caller.epoch, keys, uplink.chain)
        batch = await self._services.reading.read(uplink.entries, sender, alone=self._room.has_one)
        now = stamp(self._services.clock.now())
        key = self._services.secrets.key
        done = await self._store.write(
            lambda db: receive(db, sender, campaign, batch, key, now), campaign
        )
        if isinstance(done.answer, Problem):
            raise Refused(done.answer)
        if done.news:
            self._services.hub.ring(sender.till)
        return done.answer

    async def chain(self, request: Request) -> Response:
        """GET /v1/tills/{till}/chains/{chain}."""
        caller = await self.caller(request)
        self._services.meters.reads.take(caller.till)
        campaign = _campaign_of(request.path_params["chain"])
        till, epoch = caller.till, caller.epoch
        target = await self._store.read(lambda db: target_of(db, till, epoch, campaign))
        return answer(ChainStatus(acknowledged=target.number, head=target.digest.hex()))

    async def feed(self, request: Request) -> Response:
        """GET /v1/tills/{till}/feed."""
        caller = await self.caller(request)
        self._services.meters.reads.take(caller.till)
        after = read_cursor(request.query_params.get("cursor", ""))
        wait = read_wait(request.query_params.get("wait", str(FEED_WAIT_SECONDS_MAX)))
        till, epoch, hub = caller.till, caller.epoch, self._services.hub
        keys = await self._store.read(lambda db: campaigns_of(db, till, epoch))
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait
        with hub.listen([*keys, till]) as bell:
            while True:
                bell.clear()
                page = await self._store.read(lambda db: read_feed(db, till, epoch, after))
                if page.items or not await hub.wait(bell, deadline - loop.time()):
                    return answer(page)

    async def caller(self, request: Request) -> Identity:
        """The till that a request comes from, by its token; Refused for anybody else."""
        till = request.path_params["till"]
        try:
            token = bearer(request.headers.get("authorization", ""))
            if not is_uuid(till):
                raise refuse("unauthorised", "expected the UUID of a till in the address")
            known = await self._store.read(lambda db: identities(db, till))
            now = self._services.clock.now()
            return check_till_token(token, till, known, self._services.origins, now)
        except Refused as refused:
            if refused.problem.status == 401:
                self._services.meters.failed_tokens.take(address_of(request))
            raise


def _campaign_of(chain: str) -> str:
    if not chain.startswith(CAMPAIGN_PREFIX) or not is_chain(chain):
        raise refuse("not-found", f"expected a chain named {CAMPAIGN_PREFIX}ID")
    return chain.removeprefix(CAMPAIGN_PREFIX)
