"""Giving a shop's tills vouchers of that shop alone, which they hand out on request."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync.contract.feed import CARNET_VOUCHERS_MAX
from sync.contract.organising import NewCarnets
from sync.contract.rewards.rules import REWARD_CENTS_MAX
from sync.server.access import require_shop
from sync.server.auth import stamp
from sync.server.errors import refuse
from sync.server.html import read_form
from sync.server.means import RealMeans
from sync.server.money.campaigns import standing
from sync.server.money.ledger import Ledger
from sync.server.money.vouchers import issue_carnets, tills_with_carnets
from sync.server.operation import FORM, Pages, page
from sync.server.organiser import fields
from sync.server.organiser.asking import SURE, YES, ask
from sync.server.organiser.shell import Led, Shell
from sync.server.organiser.words import shops as words
from sync.server.refusals import say
from sync.server.services import Services
from sync.server.store.db import Db


class CarnetPages:
    """The form on a shop's page."""

    PAGES: ClassVar[Pages] = (
        (
            page(
                "giveCarnets",
                "POST",
                "/campaigns/{campaign}/shops/{shop}/carnets",
                "Give a shop's tills vouchers to hand out",
                body=FORM,
            ),
            "give",
        ),
    )

    def __init__(self, services: Services) -> None:
        self._services = services
        self._means = RealMeans(services.secrets.key)
        self._shell = Shell(services, words.TEXTS)

    async def give(self, request: Request) -> Response:
        """POST /campaigns/{campaign}/shops/{shop}/carnets. Without a yes it asks."""
        led = await self._shell.led(request)
        form = await read_form(request)
        wish = _wish(str(request.path_params["shop"]), form)
        now = stamp(self._services.clock.now())
        if form.get(SURE) != YES:
            return await self._ask(request, led, wish, form)

        def work(db: Db) -> None:
            require_shop(db, led.id, wish.shop)
            pack = standing(db, led.id).pack
            if pack is None:
                raise refuse("malformed", "publish the campaign's rules first", say=say("no-rules"))
            ledger = Ledger(db, led.id, now)
            given = (wish.shop, wish.value, wish.count)
            issue_carnets(ledger, *given, pack, led.who.by, self._means)

        await self._services.store.write(work, led.id)
        self._services.hub.ring(led.id)
        return RedirectResponse(f"{led.path}/shops/{wish.shop}?note=given", 303)

    async def _ask(
        self, request: Request, led: Led, wish: NewCarnets, form: dict[str, str]
    ) -> Response:
        def work(db: Db) -> tuple[str, int]:
            require_shop(db, led.id, wish.shop)
            key = led.id, wish.shop
            (name,) = db.execute(
                "SELECT name FROM shop WHERE campaign = ? AND id = ?", key
            ).fetchone()
            return str(name), len(tills_with_carnets(db, *key))

        shop, tills = await self._services.store.read(work)
        if not tills:
            raise refuse("malformed", "this shop has no till yet")
        values = {"wish": wish, "shop": shop, "tills": tills}
        return ask(self._shell, request, led, "ask_carnets", form.items(), **values)


def _wish(shop: str, form: dict[str, str]) -> NewCarnets:
    try:
        typed = {
            "shop": shop,
            "value": fields.cents(form.get("value", "")),
            "count": fields.whole(form.get("count", "")),
        }
        return msgspec.convert(typed, NewCarnets)
    except ValueError as error:
        most = say("carnet-wish", value=REWARD_CENTS_MAX, count=CARNET_VOUCHERS_MAX)
        raise refuse("malformed", str(error), say=most) from error
