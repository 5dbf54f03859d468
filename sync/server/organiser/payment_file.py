"""The bank's file of a settlement, as the API and the page of a settlement both hand it out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from starlette.responses import Response

from sync.server.errors import refuse
from sync.server.money.campaigns import standing
from sync.server.refusals import say
from sync.server.services import Services
from sync.server.settlement import pain001, runs
from sync.server.settlement.runs import Run
from sync.server.store.db import Db


@dataclass(frozen=True, slots=True)
class Wish:
    """When the bank should pay, and which part of a settlement."""

    day: date
    part: int


def read_wish(said: Mapping[str, str]) -> Wish:
    """A wish as somebody typed it; Refused for what cannot be read."""
    part = said.get("part", "1")
    if not part.isascii() or not part.isdecimal() or not 0 < len(part) <= 6 or int(part) < 1:
        raise refuse("bad-request", "expected `part` as a number from 1 on")
    try:
        return Wish(date.fromisoformat(said.get("day", "")), int(part))
    except ValueError as error:
        raise refuse("bad-request", "expected `day` as YYYY-MM-DD") from error


async def payment_file(services: Services, campaign: str, number: int, wish: Wish) -> Response:
    """The file; Refused when nothing waits for the bank, or the payer is not known yet.

    It is written off the database's path.
    """

    def look(db: Db) -> tuple[str, pain001.Debtor, Run]:
        (title,) = db.execute("SELECT name FROM campaign WHERE id = ?", (campaign,)).fetchone()
        kept = standing(db, campaign).settings
        return (
            title,
            pain001.Debtor(kept.debtor_name, kept.debtor_iban),
            runs.find_run(db, campaign, number),
        )

    title, debtor, run = await services.store.read(look)
    if not debtor.name or not debtor.iban:
        missing = "expected `debtor_name` and `debtor_iban` in the settings"
        raise refuse("malformed", missing, say=say("payer-missing"))
    now = services.clock.now()
    order = pain001.order_run(run, wish.part, title, debtor, wish.day, now)
    try:
        xml = await asyncio.to_thread(pain001.write, order)
    except pain001.NothingToPay as error:
        nothing = f"no line in part {wish.part} waits for the bank"
        raise refuse("not-found", nothing, say=say("part-empty")) from error
    except pain001.BadDay as error:
        between = say("payment-day", first=error.first.isoformat(), last=error.last.isoformat())
        raise refuse("malformed", str(error), say=between) from error
    except pain001.TransferProblem as error:
        raise refuse("malformed", str(error)) from error
    name = f"pain001-{campaign}-{number}-{wish.part}.xml"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(xml, 200, headers, "application/xml")
