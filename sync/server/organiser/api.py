"""The endpoints of an organiser: campaigns, shops, pairing codes, notices, and the status."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from sync.contract.messages import (
    SMALL_BODY_BYTES_MAX,
    Named,
    NewCampaign,
    NewNotice,
    NewPairingCode,
    NewShop,
    Notice,
    PairingCode,
    Shop,
)
from sync.server.access import Access, no_shop
from sync.server.auth import stamp
from sync.server.errors import refuse
from sync.server.organiser.creating import create_campaign
from sync.server.organiser.overview import read_page, status
from sync.server.services import Services, answer, read_json
from sync.server.shops.pairing import make_code_for
from sync.server.shops.register import add_shop
from sync.server.store.db import Db
from sync.server.tills.enrolment import campaign_of_shop, random_code
from sync.server.tills.feed import News, publish


class AdminApi:
    """Endpoints under /v1/admin, and /v1/status."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store
        self._access = Access(services)

    async def campaigns(self, request: Request) -> Response:
        """POST /v1/admin/campaigns."""
        await self._access.admin(request)
        new = await read_json(request, NewCampaign, SMALL_BODY_BYTES_MAX)
        await create_campaign(self._services, new.id, new.name)
        return answer(Named(id=new.id, name=new.name), 201)

    async def shops(self, request: Request) -> Response:
        """POST /v1/admin/shops."""
        who = await self._access.known(request)
        new = await read_json(request, NewShop, SMALL_BODY_BYTES_MAX)
        await self._access.allow(who, new.campaign)
        shop = Shop(id=self._services.clock.new_uuid(), campaign=new.campaign, name=new.name)
        now = self._services.clock.now()
        await self._store.write(
            lambda db: add_shop(db, shop.campaign, shop.id, shop.name, now), new.campaign
        )
        return answer(shop, 201)

    async def pairing_codes(self, request: Request) -> Response:
        """POST /v1/admin/pairing-codes."""
        who = await self._access.known(request)
        new = await read_json(request, NewPairingCode, SMALL_BODY_BYTES_MAX)
        code, now = random_code(), self._services.clock.now()
        campaign = await self._store.read(lambda db: campaign_of_shop(db, new.shop))
        if not who.may_organise(campaign):
            raise no_shop(new.shop)

        def work(db: Db) -> PairingCode:
            return make_code_for(db, campaign, new.shop, code, new.days, who.by, now)

        return answer(await self._store.write(work, campaign), 201)

    async def notices(self, request: Request) -> Response:
        """POST /v1/admin/notices."""
        who = await self._access.known(request)
        new = await read_json(request, NewNotice, SMALL_BODY_BYTES_MAX)
        await self._access.allow(who, new.campaign)
        now = stamp(self._services.clock.now())
        key = self._services.secrets.key

        def work(db: Db) -> int:
            return publish(db, News(new.campaign, "notice", {"text": new.text}), key, now)

        number = await self._store.write(work, new.campaign)
        self._services.hub.ring(new.campaign)
        return answer(Notice(id=number, campaign=new.campaign), 201)

    async def status(self, request: Request) -> Response:
        """GET /v1/status: the campaigns that one may see."""
        who = await self._access.known(request)
        if who.kind == "shop":
            raise refuse("not-found", "not for this account")
        page, now = read_page(request.query_params.get("page", "1")), self._services.clock.now()
        return answer(await self._store.read(lambda db: status(db, page, now, who.campaign)))
