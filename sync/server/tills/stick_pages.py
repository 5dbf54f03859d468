"""USB sticks at the organiser's: a till's file goes in, and the answer for the till comes out."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from starlette.requests import Request
from starlette.responses import Response

from sync.contract.messages import problem_name
from sync.contract.stick import STICK_BYTES_MAX, StickHead
from sync.server.access import no_campaign
from sync.server.errors import Refused, refuse
from sync.server.html import read_form
from sync.server.limits import discard_body
from sync.server.operation import FORM, Pages, page
from sync.server.organiser.shell import Led, Shell
from sync.server.organiser.words import sticks as words
from sync.server.services import Services
from sync.server.shops.upload import MULTIPART, Spooled, spooled_upload
from sync.server.store.db import Db
from sync.server.tills.api import TillApi
from sync.server.tills.errors import BadFile
from sync.server.tills.stick_book import answer_file, book, read_whole
from sync.server.tills.sticks import Brought, read_head
from sync.server.tills.uplink import target_of
from sync.stick import EXPORT_SUFFIX, answer_name

# The largest file at a megabit in a second, as a town hall's line may send.
UPLOAD_SECONDS_MAX: Final = 600
ANSWER: Final = "application/octet-stream"
_STICKS: Final = "/campaigns/{campaign}/sticks"
# What the server may say of a file, and which sentence says it to an organiser.
_REASONS: Final = {
    "unauthorised": "unknown_till",
    "epoch-closed": "earlier_epoch",
    "not-found": "not_enrolled",
    **dict.fromkeys(("malformed", "wrong-place", "broken-link", "bad-signature"), "changed"),
    **dict.fromkeys(("busy", "too-many-requests"), "later"),
}


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose file it was: the shop, and the number of its till there."""

    shop: str
    shop_till: str


class StickPages:
    """The page for a till's file, and the answer to it."""

    PAGES: ClassVar[Pages] = (
        (page("sticks", "GET", _STICKS, "Send a till's file from a USB stick"), "form"),
        (page("takeStick", "POST", _STICKS, "Book a till's file", body=MULTIPART), "take"),
        (
            page(
                *("stickAnswer", "POST", f"{_STICKS}/answer", "The file that goes back"),
                body=FORM,
                answer=ANSWER,
            ),
            "answer",
        ),
    )

    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store
        self._shell = Shell(services, words.TEXTS)
        self._tills = TillApi(services)

    async def form(self, request: Request) -> Response:
        """GET /campaigns/{campaign}/sticks."""
        return self._form(request, await self._shell.led(request))

    async def take(self, request: Request) -> Response:
        """POST /campaigns/{campaign}/sticks. A file that was sent before counts once."""
        led = await self._shell.led(request)
        try:
            async with spooled_upload(request, STICK_BYTES_MAX, UPLOAD_SECONDS_MAX) as spooled:
                shown = await self._book(led, spooled)
        except BadFile as error:
            return self._form(request, led, 422, wrong=error)
        except Refused as refused:
            if problem_name(refused.problem) != "too-large":
                raise
            await discard_body(request, 4 * STICK_BYTES_MAX)
            return self._form(request, led, 413, wrong=BadFile("too_large"))
        return self._shell.render(request, "stick_taken", led, **shown)

    async def answer(self, request: Request) -> Response:
        """POST /campaigns/{campaign}/sticks/answer: `stick` is the head of a file that was sent."""
        led = await self._shell.led(request)
        stick = (await read_form(request)).get("stick", "")
        key, now = self._services.secrets.key, self._services.clock.now()
        origin = self._services.origin_for(request)

        def work(db: Db) -> tuple[StickHead, bytes]:
            brought = read_head(db, stick)
            if brought.head.campaign != led.id:
                raise no_campaign(brought.head.campaign)
            return brought.head, answer_file(db, brought, key, now, origin)

        try:
            head, made = await self._store.read(work)
        except Refused as refused:
            if problem_name(refused.problem) == "unauthorised":  # which is said of the till here
                raise refuse("malformed", refused.problem.detail) from refused
            raise
        named = f'attachment; filename="{answer_name(head)}"'
        return Response(made, media_type=ANSWER, headers={"Content-Disposition": named})

    async def _book(self, led: Led, spooled: Spooled) -> dict[str, Any]:
        """What the page says of a file that was booked; BadFile when it cannot be."""
        compact, head = await asyncio.to_thread(read_whole, spooled)
        if head.campaign != led.id:
            raise BadFile("elsewhere", head.campaign)
        try:
            brought, sender = await self._store.read(lambda db: _verified(db, compact))
            booked = await book(self._tills, brought, spooled)
        except Refused as refused:
            raise _bad_file(refused) from refused
        return {"booked": booked, "head": head, "stick": compact, "sender": sender}

    def _form(
        self, request: Request, led: Led, status: int = 200, /, wrong: BadFile | None = None
    ) -> Response:
        values = {"wrong": wrong, "suffix": EXPORT_SUFFIX}
        return self._shell.render(request, "sticks", led, status, **values)


def _verified(db: Db, compact: str) -> tuple[Brought, Sender]:
    brought = read_head(db, compact)
    head = brought.head
    target = target_of(db, head.till, head.epoch, head.campaign)
    shop, shop_till = db.execute(
        "SELECT name, shop_till FROM enrolment JOIN shop ON shop.id = shop"
        " AND shop.campaign = enrolment.campaign WHERE enrolment.campaign = ?"
        " AND enrolment.id = ?",
        (target.campaign, target.enrolment),
    ).fetchone()
    return brought, Sender(shop, shop_till)


def _bad_file(refused: Refused) -> Exception:
    name = problem_name(refused.problem)
    if name not in _REASONS:
        return refused
    number = refused.problem.number
    return BadFile(_REASONS[name], str(number) if number else "")
