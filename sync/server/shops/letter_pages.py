"""Letters with pairing codes for one shop or many, and stickers for windows: forms and PDFs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Final

from starlette.requests import Request
from starlette.responses import Response

from sync.contract.messages import PAIRING_CODE_DAYS_MAX, SMALL_BODY_BYTES_MAX
from sync.server.errors import refuse
from sync.server.html import read_fields
from sync.server.money.campaigns import standing
from sync.server.operation import FORM, Pages, page
from sync.server.organiser.campaign_zone import local
from sync.server.organiser.shell import Led, Shell
from sync.server.organiser.words import shops as words
from sync.server.refusals import say
from sync.server.services import Services
from sync.server.shops import pairing
from sync.server.shops.letters import LETTERS_MAX, Letter, Occasion, make_letters
from sync.server.shops.pairing import Which
from sync.server.shops.stickers import SHEETS_MAX, make_stickers
from sync.server.store.db import Db
from sync.server.texts import Language
from sync.server.tills.enrolment import random_code

PDF: Final = "application/pdf"
FIELDS_MAX: Final = LETTERS_MAX + 8
SPONSORS_MAX: Final = 6
_LETTERS: Final = "/campaigns/{campaign}/letters"
_STICKERS: Final = "/campaigns/{campaign}/stickers"


class LetterPages:
    """What an organiser prints for shops."""

    PAGES: ClassVar[Pages] = (
        (page("letterForm", "GET", _LETTERS, "Prepare letters", parameters=("n",)), "form"),
        (
            page("makeLetters", "POST", _LETTERS, "Make codes and letters", body=FORM, answer=PDF),
            "letters",
        ),
        (
            page(
                *("stickers", "GET", _STICKERS, "Stickers for windows"),
                answer=PDF,
                parameters=("sheets",),
            ),
            "stickers",
        ),
    )

    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store
        self._now = services.clock.now
        self._shell = Shell(services, words.TEXTS)

    async def form(self, request: Request) -> Response:
        """GET /campaigns/{campaign}/letters; `n` are the numbers of chosen shops."""
        led = await self._shell.led(request)
        return await self._form(request, led, _numbers(request.query_params.getlist("n")))

    async def letters(self, request: Request) -> Response:
        """POST /campaigns/{campaign}/letters. The codes are in this answer, and nowhere else."""
        led = await self._shell.led(request)
        fields = await read_fields(request, FIELDS_MAX, SMALL_BODY_BYTES_MAX)
        said = {name: values[-1] for name, values in fields.items()}
        numbers, which = _numbers(fields.get("n", [])), _which(said.get("which", ""))
        days, language = pairing.read_days(said.get("days", "")), _language(said.get("language"))
        sender = said.get("sender", "")
        lines = pairing.sender_lines(sender)
        if lines is None:
            how = {"wrong": "letters_sender_wrong", "sender": sender}
            return await self._form(request, led, numbers, 422, **how)
        now, by = self._now(), led.who.by

        def work(db: Db) -> tuple[list[Letter], list[str], datetime]:
            to = pairing.shops_for_letters(db, led.id, which, numbers, now)
            pairing.keep_sender(db, led.id, lines)
            done = pairing.issue_letters(db, led.id, to, random_code, days, by, now)
            return done, _sponsors(db, led.id), _local(db, led, now)

        written, sponsors, there = await self._store.write(work, led.id)
        if not written:
            return await self._form(request, led, numbers, 422, wrong="letters_none")
        origin = self._services.origin_for(request)
        occasion = Occasion(led.name, sponsors, origin, lines, language)
        made = await asyncio.to_thread(make_letters, written, occasion, now)
        return _pdf(made, f"lettres-{led.id}", there)

    async def stickers(self, request: Request) -> Response:
        """GET /campaigns/{campaign}/stickers."""
        led = await self._shell.led(request)
        typed = request.query_params.get("sheets", "1")
        if not _is_number(typed) or not 1 <= int(typed) <= SHEETS_MAX:
            wanted = say("sticker-sheets", most=SHEETS_MAX)
            raise refuse("malformed", f"sheets: expected 1 to {SHEETS_MAX}", say=wanted)
        address = f"{self._services.origin_for(request)}/commerces/{led.id}"
        now = self._now()
        made = await asyncio.to_thread(make_stickers, led.name, address, int(typed), now)
        there = await self._store.read(lambda db: _local(db, led, now))
        return _pdf(made, f"vignettes-{led.id}", there)

    async def _form(
        self, request: Request, led: Led, numbers: list[int], status: int = 200, /, **how: str
    ) -> Response:
        def work(db: Db) -> tuple[int, str]:
            waiting = pairing.count_waiting(db, led.id, self._now())
            return waiting, pairing.kept_sender(db, led.id)

        waiting, sender = await self._store.read(work)
        values = {"numbers": numbers, "waiting": waiting, "sender": sender, "wrong": ""} | how
        values |= {"days": pairing.DAYS_DEFAULT, "days_max": PAIRING_CODE_DAYS_MAX}
        values |= {"most": LETTERS_MAX, "sheets_max": SHEETS_MAX}
        return self._shell.render(request, "letters", led, status, **values)


def _local(db: Db, led: Led, now: datetime) -> datetime:
    return local(now, standing(db, led.id).pack)


def _pdf(content: bytes, name: str, there: datetime) -> Response:
    """A file that is named by the campaign's own time, as whoever looks for it remembers it."""
    named = f'attachment; filename="{name}-{there:%Y%m%d-%H%M}.pdf"'
    return Response(content, media_type=PDF, headers={"Content-Disposition": named})


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 9


def _numbers(typed: Sequence[str]) -> list[int]:
    return [int(text) for text in typed[:LETTERS_MAX] if _is_number(text)]


def _which(typed: str) -> Which:
    if typed == "named":
        return "named"
    if typed == "tillless":
        return "tillless"
    if typed == "waiting":
        return "waiting"
    raise refuse("malformed", "which: expected named, waiting or tillless")


def _language(typed: str | None) -> Language:
    return "en" if typed == "en" else "fr"


def _sponsors(db: Db, campaign: str) -> list[str]:
    rows = db.execute(
        "SELECT name FROM sponsor WHERE campaign = ? ORDER BY id LIMIT ?", (campaign, SPONSORS_MAX)
    )
    return [str(row[0]) for row in rows.fetchall()]
