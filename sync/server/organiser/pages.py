"""The campaigns that one may see, and the home of each: what is next, turnover, shops, tills."""

from __future__ import annotations

from typing import ClassVar

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync.contract.overview import Status
from sync.server.operation import Pages, page
from sync.server.organiser.next_steps import Step, next_steps
from sync.server.organiser.overview import campaigns, read_page, status
from sync.server.organiser.shell import Shell
from sync.server.organiser.words import home as words
from sync.server.services import Services
from sync.server.store.db import Db


class HomePages:
    """The pages that logging in leads to."""

    PAGES: ClassVar[Pages] = (
        (page("overview", "GET", "/", "The campaigns that one may see", "account"), "overview"),
        (
            page(
                *("home", "GET", "/campaigns/{campaign}", "Turnover, shops and tills"),
                parameters=("page",),
            ),
            "home",
        ),
    )

    def __init__(self, services: Services) -> None:
        self._store = services.store
        self._clock = services.clock
        self._shell = Shell(services, words.TEXTS)

    async def overview(self, request: Request) -> Response:
        """GET /. A shop's account is led to its shop, and nobody known to what strangers are told.

        A letter's QR holds this address: its code, behind "#", goes along and is never sent.
        """
        who = await self._shell.access.find(request)
        if who is None:
            return RedirectResponse("/bienvenue", 303)
        if who.kind == "shop":
            return RedirectResponse("/shop", 303)
        found = await self._store.read(lambda db: campaigns(db, who.campaign))
        return self._shell.page(request, "campaigns", who, campaigns=found)

    async def home(self, request: Request) -> Response:
        """GET /campaigns/{campaign}."""
        led = await self._shell.led(request)
        number, now = read_page(request.query_params.get("page", "1")), self._clock.now()

        def work(db: Db) -> tuple[Status, tuple[Step, ...]]:
            steps = next_steps(db, led.id, led.state, now) if number == 1 else ()
            return status(db, number, now, led.id), steps

        shown, steps = await self._store.read(work)
        return self._shell.render(request, "home", led, status=shown, steps=steps)
