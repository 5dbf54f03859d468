"""The proof that a campaign's money is whole, in plain words; and closing it for good."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync.contract.jws import parse
from sync.server.auth import stamp
from sync.server.html import read_form
from sync.server.money.audit import Check, audit
from sync.server.money.closing import CLOSING_TYP, Hindrances, close, closing_of, hindrances
from sync.server.money.ledger import Ledger
from sync.server.operation import FORM, Pages, page
from sync.server.organiser.shell import Shell
from sync.server.organiser.words import audit as words
from sync.server.services import Services
from sync.server.store.db import Db

_CLOSE: Final = "/campaigns/{campaign}/closing"
# Figures that count rows; the others are cents.
_COUNTS: Final = frozenset(
    (
        *("places that differ", "flows that differ", "places below zero"),
        *("transfers without a cause", "transfers after the closing"),
    )
)


class AuditPages:
    """The audit of a campaign, and its closing."""

    PAGES: ClassVar[Pages] = (
        (page("audit", "GET", "/campaigns/{campaign}/audit", "The proof, worked out anew"), "show"),
        (page("askClosing", "GET", _CLOSE, "Ask whether to close for good"), "ask"),
        (page("closeOnPage", "POST", _CLOSE, "Close for good", body=FORM), "close"),
    )

    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store
        self._shell = Shell(services, words.TEXTS)

    async def show(self, request: Request) -> Response:
        """GET /campaigns/{campaign}/audit."""
        led = await self._shell.led(request)
        now = self._now()

        def work(db: Db) -> tuple[list[Check], Hindrances, bytes | None]:
            return audit(db, led.id), hindrances(db, led.id, now), closing_of(db, led.id)

        checks, found, compact = await self._store.read(work)
        values = {
            "checks": checks,
            "holds": all(one.holds for one in checks),
            "hindrances": found,
            "closing": _said(compact),
            "counts": _COUNTS,
            "now": now,
        }
        return self._shell.render(request, "audit", led, **values)

    async def ask(self, request: Request) -> Response:
        """GET /campaigns/{campaign}/closing. Opening it changes nothing."""
        led = await self._shell.led(request)
        now = self._now()
        found = await self._store.read(lambda db: hindrances(db, led.id, now))
        return self._shell.render(request, "closing", led, hindrances=found, wrong=False)

    async def close(self, request: Request) -> Response:
        """POST /campaigns/{campaign}/closing, with the campaign's id typed once more."""
        led = await self._shell.led(request)
        now, key = self._now(), self._services.secrets.key
        if (await read_form(request)).get("id", "").strip() != led.id:
            found = await self._store.read(lambda db: hindrances(db, led.id, now))
            return self._shell.render(request, "closing", led, 422, hindrances=found, wrong=True)
        await self._store.write(lambda db: close(Ledger(db, led.id, now), key, led.who.by), led.id)
        self._services.hub.ring(led.id)
        return RedirectResponse(f"{led.path}/audit", 303)

    def _now(self) -> str:
        return stamp(self._services.clock.now())


def _said(compact: bytes | None) -> dict[str, Any] | None:
    """What a closing says, as this server signed it."""
    if compact is None:
        return None
    said: dict[str, Any] = msgspec.json.decode(parse(compact, CLOSING_TYP).payload)
    return said
