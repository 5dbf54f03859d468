"""The pages of a campaign's shops: the list, adding one, and one shop with its tills and codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync.contract.messages import SMALL_BODY_BYTES_MAX, PairingCode, is_uuid
from sync.server.auth import stamp
from sync.server.errors import refuse
from sync.server.html import read_fields, read_form
from sync.server.money.acts import record
from sync.server.operation import FORM, Pages, page
from sync.server.organiser.overview import read_page
from sync.server.organiser.shell import Led, Shell
from sync.server.organiser.shops import write_facts
from sync.server.organiser.words import shops as words
from sync.server.reference import naf
from sync.server.reference.territory import Territory
from sync.server.refusals import say
from sync.server.services import Services
from sync.server.shops import form as forms
from sync.server.shops.finding import ShopDetail, ShopPage, find_shops, read_shop
from sync.server.shops.letters import grouped
from sync.server.shops.pairing import make_code_for, read_days, withdraw_codes
from sync.server.shops.register import add_shop, rename_shop
from sync.server.shops.territory import territory_of
from sync.server.store.db import Db
from sync.server.tills.enrolment import random_code

FIND_CHARS_MAX: Final = 100
_SHOPS: Final = "/campaigns/{campaign}/shops"
_NOTES: Final = ("added", "saved", "withdrawn", "given")


class ShopPages:
    """The list of shops, and each of them."""

    PAGES: ClassVar[Pages] = (
        (
            page("shops", "GET", _SHOPS, "The shops", parameters=("find", "page")),
            "listing",
        ),
        (page("newShop", "GET", "/campaigns/{campaign}/new-shop", "Add a shop"), "new"),
        (page("addShop", "POST", _SHOPS, "Keep a new shop", body=FORM), "add"),
        (page("shop", "GET", f"{_SHOPS}/{{shop}}", "A shop", parameters=("note",)), "one"),
        (page("changeShop", "POST", f"{_SHOPS}/{{shop}}", "Change a shop", body=FORM), "change"),
        (
            page("shopCodes", "POST", f"{_SHOPS}/{{shop}}/codes", "Pairing codes", body=FORM),
            "codes",
        ),
    )

    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store
        self._now = services.clock.now
        self._shell = Shell(services, words.TEXTS)

    async def listing(self, request: Request) -> Response:
        """GET /campaigns/{campaign}/shops."""
        led = await self._shell.led(request)
        asked = request.query_params
        text, number = asked.get("find", "")[:FIND_CHARS_MAX], read_page(asked.get("page", "1"))

        def work(db: Db) -> ShopPage:
            return find_shops(db, led.id, text, number, self._now())

        found = await self._store.read(work)
        return self._shell.render(request, "shops", led, found=found, find=text)

    async def new(self, request: Request) -> Response:
        """GET /campaigns/{campaign}/new-shop."""
        led = await self._shell.led(request)
        return self._new(request, led, {"listed": "1"}, [])

    async def add(self, request: Request) -> Response:
        """POST /campaigns/{campaign}/shops."""
        led = await self._shell.led(request)
        form = await self._form(request)
        typed = forms.read_typed(form, await self._territory(led))
        if typed.wrong:
            return self._new(request, led, form, typed.wrong, 422)
        shop, now = self._services.clock.new_uuid(), self._now()

        def work(db: Db) -> None:
            add_shop(db, led.id, shop, typed.name, now)
            write_facts(db, led.id, shop, typed.facts)
            record(db, led.id, "shop", led.who.by, stamp(now), {"shop": shop, "added": True})

        await self._store.write(work, led.id)
        return RedirectResponse(f"{led.path}/shops/{shop}?note=added", 303)

    async def one(self, request: Request) -> Response:
        """GET /campaigns/{campaign}/shops/{shop}."""
        led = await self._shell.led(request)
        shop = await self._shop(request, led)
        note = request.query_params.get("note", "")
        return self._one(request, led, shop, note=note if note in _NOTES else "")

    async def change(self, request: Request) -> Response:
        """POST /campaigns/{campaign}/shops/{shop}. An act says when the account was changed."""
        led = await self._shell.led(request)
        shop = await self._shop(request, led)
        form = await self._form(request)
        typed = forms.read_typed(form, await self._territory(led))
        if typed.wrong:
            return self._one(request, led, shop, 422, typed=form, wrong=typed.wrong)
        now = self._now()
        said = {"shop": shop.id, "other_account": typed.facts.iban != shop.facts.iban}

        def work(db: Db) -> None:
            rename_shop(db, led.id, shop.id, typed.name)
            write_facts(db, led.id, shop.id, typed.facts)
            record(db, led.id, "shop", led.who.by, stamp(now), said)

        await self._store.write(work, led.id)
        return RedirectResponse(f"{led.path}/shops/{shop.id}?note=saved", 303)

    async def codes(self, request: Request) -> Response:
        """POST /campaigns/{campaign}/shops/{shop}/codes: `act` is make or withdraw."""
        led = await self._shell.led(request)
        shop = await self._shop(request, led)
        form = await read_form(request)
        act, code, now = form.get("act", ""), random_code(), self._now()
        if act == "withdraw":
            return await self._withdraw(led, shop)
        if act != "make":
            raise refuse("malformed", "act: expected make or withdraw")
        days = read_days(form.get("days", "1"))

        def work(db: Db) -> PairingCode:
            return make_code_for(db, led.id, shop.id, code, days, led.who.by, now)

        made = await self._store.write(work, led.id)
        return self._one(request, led, await self._shop(request, led), made=made)

    async def _withdraw(self, led: Led, shop: ShopDetail) -> Response:
        now = self._now()

        def work(db: Db) -> None:
            said = {"shop": shop.id, "codes": withdraw_codes(db, led.id, shop.id, now)}
            record(db, led.id, "codes-withdrawn", led.who.by, stamp(now), said)

        await self._store.write(work, led.id)
        return RedirectResponse(f"{led.path}/shops/{shop.id}?note=withdrawn", 303)

    async def _shop(self, request: Request, led: Led) -> ShopDetail:
        shop = str(request.path_params["shop"])
        if not is_uuid(shop):
            raise refuse(
                "not-found", "expected the UUID of a shop in the address", say=say("no-shop")
            )
        return await self._store.read(lambda db: read_shop(db, led.id, shop, self._now()))

    async def _territory(self, led: Led) -> Territory:
        return await self._store.read(lambda db: territory_of(db, led.id))

    async def _form(self, request: Request) -> dict[str, str]:
        fields = await read_fields(request, forms.FIELDS_MAX, SMALL_BODY_BYTES_MAX)
        return {name: said[-1] for name, said in fields.items()}

    def _new(
        self,
        request: Request,
        led: Led,
        typed: Mapping[str, str],
        wrong: list[forms.Wrong],
        status: int = 200,
    ) -> Response:
        values = {"typed": typed, "wrong": wrong, "choices": ()}
        return self._shell.render(request, "new_shop", led, status, **values)

    def _one(
        self, request: Request, led: Led, shop: ShopDetail, status: int = 200, /, **values: Any
    ) -> Response:
        choices = () if shop.facts.naf_2025 else naf.successors(shop.facts.naf)
        known: dict[str, Any] = {"note": "", "made": None, "wrong": [], "choices": choices}
        known |= {"typed": forms.shown(shop.name, shop.facts), "shop": shop, "grouped": grouped}
        known |= {"origin": self._services.origin_for(request), "now": stamp(self._now())}
        return self._shell.render(request, "shop", led, status, **(known | values))
