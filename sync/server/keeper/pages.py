"""The shop's own page, for its keeper and for whoever leads its campaign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync.contract.organising import ShopFacts
from sync.server import texts
from sync.server.access import Who
from sync.server.auth import stamp
from sync.server.directory.hours_words import say_day
from sync.server.errors import refuse
from sync.server.html import read_form
from sync.server.keeper import words
from sync.server.keeper.books import AVERAGE_DAYS, Average, Day, read_average, read_days
from sync.server.keeper.owed import Concern, Owed, read_account, read_concerns
from sync.server.keeper.tills import Till, read_tills
from sync.server.money.acts import record
from sync.server.operation import FORM, Pages, page
from sync.server.organiser.shell import Led, Shell, read_led
from sync.server.organiser.shops import read_facts, write_facts
from sync.server.reference import hours
from sync.server.reference.errors import BadHours
from sync.server.reference.hours import PARIS
from sync.server.services import Services
from sync.server.settlement.statement import read_statement, write_statement
from sync.server.store.db import Db

_SHOP: Final = "/shops/{campaign}/{shop}"
_WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class Shown:
    """All that a shop's page shows."""

    led: Led
    name: str
    facts: ShopFacts
    account: Owed
    days: list[Day]
    average: Average | None
    concerns: list[Concern]
    tills: list[Till]


class KeeperPages:
    """A shop's page, its statements, and what its keeper may change."""

    PAGES: ClassVar[Pages] = (
        (page("ownShop", "GET", "/shop", "The shop of whoever asks", "account"), "own"),
        (page("keptShop", "GET", _SHOP, "A shop's figures, money and tills", "keeper"), "shop"),
        (page("changeListing", "POST", _SHOP, "What shoppers see", "keeper", body=FORM), "change"),
        (
            page(
                *("shopStatement", "GET", f"{_SHOP}/statements/{{settlement}}"),
                *("What a settlement pays to a shop, line by line", "keeper"),
                answer="text/plain",
            ),
            "statement",
        ),
    )

    def __init__(self, services: Services) -> None:
        self._store = services.store
        self._now = services.clock.now
        self._shell = Shell(services, words.TEXTS)

    async def own(self, request: Request) -> Response:
        """GET /shop. Leads a shop's account to its page, anybody else to the campaigns."""
        who = await self._shell.access.known(request)
        where = f"/shops/{who.campaign}/{who.shop}" if who.kind == "shop" else "/"
        return RedirectResponse(where, 303)

    async def shop(self, request: Request) -> Response:
        """GET /shops/{campaign}/{shop}."""
        return await self._shop(request, await self._who(request))

    async def change(self, request: Request) -> Response:
        """POST /shops/{campaign}/{shop}: its hours, and whether shoppers see it."""
        who = await self._who(request)
        campaign, shop = _path(request)
        form, now = await read_form(request), stamp(self._now())
        spec, listed = form.get("hours", "").strip(), form.get("listed") == "yes"
        try:
            if spec:
                hours.check(spec)
        except BadHours:
            return await self._shop(request, who, 422, typed=spec, wrong="hours_wrong")

        def work(db: Db) -> None:
            facts = msgspec.structs.replace(
                read_facts(db, campaign, shop), hours=spec, listed=listed
            )
            write_facts(db, campaign, shop, facts)
            detail = {"shop": shop, "hours": spec, "listed": listed}
            record(db, campaign, "listing", who.by, now, detail)

        await self._store.write(work, campaign)
        return await self._shop(request, who, saved=True)

    async def statement(self, request: Request) -> Response:
        """GET /shops/{campaign}/{shop}/statements/{settlement}."""
        await self._who(request)
        campaign, shop = _path(request)
        number = _number(request.path_params["settlement"])
        found = await self._store.read(lambda db: read_statement(db, campaign, number, shop))
        language = texts.choose(request.headers.get("accept-language", ""))
        lines = "\n".join(write_statement(found, language)) + "\n"
        headers = {"Vary": "Accept-Language", "Content-Language": language}
        return Response(lines, headers=headers, media_type="text/plain")

    async def _who(self, request: Request) -> Who:
        return await self._shell.access.shop(request, *_path(request))

    async def _shop(
        self, request: Request, who: Who, status: int = 200, /, **values: Any
    ) -> Response:
        campaign, shop = _path(request)
        now = self._now()
        found = await self._store.read(lambda db: self._read(db, who, campaign, shop))
        language = texts.choose(request.headers.get("accept-language", ""))
        today = now.astimezone(PARIS).date()
        week = hours.days(found.facts.hours, today, _WEEK) if found.facts.hours else ()
        shown: dict[str, Any] = {"shown": found, "shop": shop, "path": f"/shops/{campaign}/{shop}"}
        shown |= {"typed": found.facts.hours, "wrong": "", "saved": False, "now": stamp(now)}
        shown |= {"week": [say_day(one, language) for one in week], "average_days": AVERAGE_DAYS}
        shown |= {"campaign": campaign, "led": found.led if who.kind != "shop" else None}
        return self._shell.page(request, "own_shop", who, status, **(shown | values))

    def _read(self, db: Db, who: Who, campaign: str, shop: str) -> Shown:
        now = self._now()
        (name,) = db.execute(
            "SELECT name FROM shop WHERE campaign = ? AND id = ?", (campaign, shop)
        ).fetchone()
        return Shown(
            read_led(db, who, campaign),
            name,
            read_facts(db, campaign, shop),
            read_account(db, campaign, shop),
            read_days(db, campaign, shop),
            read_average(db, campaign, shop, now.astimezone(PARIS).date()),
            read_concerns(db, campaign, shop),
            read_tills(db, campaign, shop, stamp(now)),
        )


def _path(request: Request) -> tuple[str, str]:
    return str(request.path_params["campaign"]), str(request.path_params["shop"])


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise refuse("not-found", "no such settlement")
    return int(text)
