"""What an organiser must decide, in plain words, and deciding it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync.server.auth import stamp
from sync.server.errors import refuse
from sync.server.html import read_form
from sync.server.money import findings
from sync.server.money.findings import LISTED_MAX, Finding
from sync.server.operation import FORM, Pages, page
from sync.server.organiser.asking import SURE, YES, ask
from sync.server.organiser.numbers import number_of
from sync.server.organiser.reason_words import say
from sync.server.organiser.shell import Shell
from sync.server.organiser.words import findings as words
from sync.server.services import Services
from sync.server.store.db import Db

_LIST: Final = "/campaigns/{campaign}/findings"
_DECISIONS: Final = ("pay", "refuse", "noted")
_ASKED: Final = ("pay", "refuse")


@dataclass(frozen=True, slots=True)
class Shown:
    """A finding, and the name of the shop that it is about; empty for none."""

    finding: Finding
    shop: str


class FindingPages:
    """The findings of a campaign."""

    PAGES: ClassVar[Pages] = (
        (page("findings", "GET", _LIST, "What is to decide", parameters=("all",)), "listing"),
        (
            page("decideOnPage", "POST", f"{_LIST}/{{finding}}", "Decide a finding", body=FORM),
            "decide",
        ),
    )

    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store
        self._shell = Shell(services, words.TEXTS)

    async def listing(self, request: Request) -> Response:
        """GET /campaigns/{campaign}/findings; with `all` those that were decided too."""
        led = await self._shell.led(request)
        every = bool(request.query_params.get("all"))

        def work(db: Db) -> list[Shown]:
            return _shown(db, led.id, findings.listed(db, led.id, only_open=not every))

        shown = await self._store.read(work)
        values = {"findings": shown, "every": every, "most": LISTED_MAX, "say": say}
        return self._shell.render(request, "findings", led, **values)

    async def decide(self, request: Request) -> Response:
        """POST /campaigns/{campaign}/findings/{finding}. What concerns a shop's money is asked."""
        led = await self._shell.led(request)
        number, form = number_of(request, "finding"), await read_form(request)
        decision = form.get("decision", "")
        if decision not in _DECISIONS:
            raise refuse("malformed", f"decision: expected one of {', '.join(_DECISIONS)}")
        if decision in _ASKED and form.get(SURE) != YES:
            (shown,) = await self._store.read(
                lambda db: _shown(db, led.id, [findings.undecided(db, led.id, number)])
            )
            if shown.finding.may_be_paid:
                values = {"shown": shown, "decision": decision, "say": say}
                return ask(self._shell, request, led, "ask_finding", form.items(), **values)
        now = stamp(self._services.clock.now())
        await self._store.write(
            lambda db: findings.decide(db, led.id, number, decision, led.who.by, now), led.id
        )
        return RedirectResponse(f"{led.path}/findings", 303)


def _shown(db: Db, campaign: str, found: Sequence[Finding]) -> list[Shown]:
    names = _names(db, campaign, {one.shop for one in found if one.shop})
    return [Shown(one, names.get(one.shop, one.shop)) for one in found]


def _names(db: Db, campaign: str, shops: set[str]) -> dict[str, str]:
    """The names of shops; as many as findings are listed."""
    marks = ", ".join("?" * len(shops))
    if not shops:
        return {}
    rows = db.execute(
        f"SELECT id, name FROM shop WHERE campaign = ? AND id IN ({marks})",  # noqa: S608 - question marks only
        (campaign, *sorted(shops)),
    )
    return dict(rows.fetchall())
