"""What a till asks while the shopper waits: to hold a voucher; and the lists of vouchers."""

from __future__ import annotations

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from sync.contract.calls import NewReservation, Released
from sync.contract.messages import SMALL_BODY_BYTES_MAX
from sync.contract.status_list import STATUS_LIST_TYP
from sync.server.auth import stamp
from sync.server.errors import refuse
from sync.server.money import reservations, status_lists
from sync.server.money.context import Sender
from sync.server.money.ledger import Ledger
from sync.server.money.reservations import Asked
from sync.server.services import Services, answer, read_json
from sync.server.store.db import Db
from sync.server.tills.api import TillApi
from sync.server.tills.uplink import target_of

_KEY = re.compile(r'"?([A-Za-z0-9_.:-]{8,64})"?\Z')
_NUMBER = re.compile(r"[1-9][0-9]{0,9}\Z")
LIST_TYPE: Final = f"application/{STATUS_LIST_TYP}"


class SpendingApi:
    """Endpoints of reservations and status lists."""

    def __init__(self, services: Services, tills: TillApi) -> None:
        self._services = services
        self._store = services.store
        self._tills = tills

    async def reserve(self, request: Request) -> Response:
        """POST /v1/tills/{till}/reservations."""
        caller = await self._tills.caller(request)
        self._services.meters.reads.take(caller.till)
        caller.require_free()
        key = _read_key(request.headers.get("idempotency-key", ""))
        new = await read_json(request, NewReservation, SMALL_BODY_BYTES_MAX)
        now, new_id = stamp(self._services.clock.now()), self._services.clock.new_uuid()
        own = self._services.secrets.key.public

        def work(db: Db) -> Response:
            target = target_of(db, caller.till, caller.epoch, new.campaign)
            sender = Sender(target.enrolment, target.till, target.epoch, target.shop)
            ledger = Ledger(db, new.campaign, now)
            return answer(reservations.reserve(ledger, sender, Asked(new, key), new_id, own), 201)

        return await self._store.write(work, new.campaign)

    async def release(self, request: Request) -> Response:
        """DELETE /v1/tills/{till}/reservations/{campaign}/{reservation}."""
        caller = await self._tills.caller(request)
        self._services.meters.reads.take(caller.till)
        campaign = request.path_params["campaign"]
        number = request.path_params["reservation"]
        now = stamp(self._services.clock.now())

        def work(db: Db) -> None:
            reservations.release(Ledger(db, campaign, now), caller.till, number)

        await self._store.write(work, campaign)
        return answer(Released(id=number))

    async def lists(self, request: Request) -> Response:
        """GET /v1/tills/{till}/lists/{campaign}."""
        caller = await self._tills.caller(request)
        self._services.meters.reads.take(caller.till)
        campaign = request.path_params["campaign"]
        today = self._services.clock.now().date().isoformat()

        def work(db: Db) -> Response:
            target = target_of(db, caller.till, caller.epoch, campaign)
            sender = Sender(target.enrolment, target.till, target.epoch, target.shop)
            return answer(status_lists.current(db, campaign, sender, today))

        return await self._store.read(work)

    async def status_list(self, request: Request) -> Response:
        """GET /v1/campaigns/{campaign}/lists/{batch}. Public: it says nothing of anybody."""
        campaign = request.path_params["campaign"]
        batch = request.path_params["batch"]
        if not _NUMBER.match(batch):
            raise refuse("not-found", "expected a batch's number")
        now = self._services.clock.now()
        uri = str(request.url.replace(query=""))
        key = self._services.secrets.key

        def work(db: Db) -> Response:
            etag = status_lists.etag(status_lists.version(db, campaign, int(batch)))
            headers = {"ETag": etag, "Cache-Control": f"max-age={status_lists.TTL_SECONDS}"}
            if request.headers.get("if-none-match") == etag:
                return Response(status_code=304, headers=headers)
            compact = status_lists.build(db, campaign, int(batch), key, uri, now)
            return Response(compact, media_type=LIST_TYPE, headers=headers)

        return await self._store.read(work)


def _read_key(header: str) -> str:
    """The key of an Idempotency-Key header (draft-ietf-httpapi-idempotency-key-header)."""
    found = _KEY.match(header)
    if found is None:
        raise refuse("bad-request", "expected Idempotency-Key: 8 to 64 letters and digits")
    return found[1]
