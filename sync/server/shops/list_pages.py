"""Sending a list of shops: the file, what would come of it, and the yes."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync.server.errors import refuse
from sync.server.html import read_form
from sync.server.operation import FORM, Pages, page
from sync.server.organiser.shell import Led, Shell
from sync.server.organiser.words import shops as words
from sync.server.services import Services
from sync.server.shops import register
from sync.server.shops.csv_cells import READERS
from sync.server.shops.csv_import import BYTES_MAX, Reading, read_shops
from sync.server.shops.errors import BadList
from sync.server.shops.register import Counts, Plan
from sync.server.shops.territory import territory_of
from sync.server.shops.upload import MULTIPART, read_upload
from sync.server.store.db import Db

PROBLEMS_SHOWN: Final = 100
CHANGES_SHOWN: Final = 50
SAMPLE: Final = 10
_LIST: Final = "/campaigns/{campaign}/shop-list"


class ListPages:
    """A list on its way into the register."""

    PAGES: ClassVar[Pages] = (
        (
            page("shopListForm", "GET", _LIST, "Send a list", parameters=("added", "changed")),
            "form",
        ),
        (page("sendShopList", "POST", _LIST, "Read a list", body=MULTIPART), "send"),
        (
            page("confirmShopList", "POST", f"{_LIST}/{{list}}", "Keep a list", body=FORM),
            "confirm",
        ),
    )

    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store
        self._now = services.clock.now
        self._shell = Shell(services, words.TEXTS)

    async def form(self, request: Request) -> Response:
        """GET /campaigns/{campaign}/shop-list; after a yes it says what was done."""
        led = await self._shell.led(request)
        done = [request.query_params.get(name, "") for name in ("added", "changed")]
        counts = Counts(*map(int, done)) if all(map(_is_count, done)) else None
        return self._form(request, led, done=counts)

    async def send(self, request: Request) -> Response:
        """POST /campaigns/{campaign}/shop-list. Nothing is changed; the list is kept for a day."""
        led = await self._shell.led(request)
        form = await read_upload(request, BYTES_MAX)
        content = form.get("file") or form.get("pasted", b"")
        territory = await self._store.read(lambda db: territory_of(db, led.id))
        try:
            reading = await asyncio.to_thread(read_shops, content, territory)
        except BadList as error:
            return self._form(request, led, 422, wrong=error)
        by, now = led.who.by, self._now()

        def work(db: Db) -> str:
            return register.keep_list(db, led.id, by, content, now)

        name = await self._store.write(work, led.id)
        known = await self._store.read(lambda db: register.known_by_siret(db, led.id))
        wanted = await asyncio.to_thread(register.plan, known, reading.shops)
        return self._preview(request, led, name, reading, wanted)

    async def confirm(self, request: Request) -> Response:
        """POST /campaigns/{campaign}/shop-list/{list}. What was seen is what is kept."""
        led = await self._shell.led(request)
        await read_form(request)
        by, now, name = led.who.by, self._now(), str(request.path_params["list"])
        content = await self._store.read(lambda db: register.kept_list(db, led.id, by, name, now))
        territory = await self._store.read(lambda db: territory_of(db, led.id))
        try:
            reading = await asyncio.to_thread(read_shops, content, territory)
        except BadList as error:
            raise refuse("malformed", str(error)) from error
        new_uuid = self._services.clock.new_uuid

        def work(db: Db) -> Counts:
            register.kept_list(db, led.id, by, name, now)
            wanted = register.plan(register.known_by_siret(db, led.id), reading.shops)
            register.drop_list(db, led.id, by)
            return register.carry_out(db, led.id, wanted, new_uuid, by, now)

        done = await self._store.write(work, led.id)
        query = f"added={done.added}&changed={done.changed}"
        return RedirectResponse(f"{led.path}/shop-list?{query}", 303)

    def _form(self, request: Request, led: Led, status: int = 200, /, **values: Any) -> Response:
        known: dict[str, Any] = {"done": None, "wrong": None, "columns": tuple(READERS)}
        return self._shell.render(request, "shop_list", led, status, **(known | values))

    def _preview(
        self, request: Request, led: Led, name: str, reading: Reading, wanted: Plan
    ) -> Response:
        return self._shell.render(
            *(request, "shop_list_preview", led),
            name=name,
            reading=reading,
            plan=wanted,
            problems=reading.problems[:PROBLEMS_SHOWN],
            accounts=wanted.other_accounts[:CHANGES_SHOWN],
            sample=reading.shops[:SAMPLE],
            shown=(PROBLEMS_SHOWN, CHANGES_SHOWN),
        )


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 6
