"""A campaign's own page: creating it, its state, its sponsors and funds, its settings."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Final, get_args

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync.contract.feed import CampaignState
from sync.contract.funds import NewFund, Purpose, SponsorKind
from sync.contract.messages import SMALL_BODY_BYTES_MAX, problem_name
from sync.contract.rewards.split import Mode
from sync.server.auth import stamp
from sync.server.errors import Refused, refuse
from sync.server.html import read_fields
from sync.server.money import campaigns
from sync.server.money.accounts import Account
from sync.server.money.campaigns import STEPS, Standing, change_settings, standing
from sync.server.money.funding import Fund, funds, pledge, pledged
from sync.server.money.ledger import total
from sync.server.operation import FORM, Pages, page
from sync.server.organiser.asking import BACK, SURE, YES, ask
from sync.server.organiser.campaign_form import read_fund, read_settings, settings_fields
from sync.server.organiser.creating import create_campaign
from sync.server.organiser.fields import BadField, Form, whole
from sync.server.organiser.shell import Led, Shell
from sync.server.organiser.words import campaign as words
from sync.server.organiser.words import fields as field_words
from sync.server.refusals import say
from sync.server.services import Services
from sync.server.store.db import Db

FIELDS_MAX: Final = 20
_NOTES: Final = ("saved", "booked", "moved")
_ORDER: Final = ("open", "paused", "ended")
_ONE: Final = "/campaigns/{campaign}/campaign"
_STATE: Final = "/campaigns/{campaign}/state"
_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\Z")
_CHOICES: Final = {
    "kinds": get_args(SponsorKind),
    "purposes": get_args(Purpose),
    "modes": get_args(Mode),
}


class CampaignPages:
    """What an organiser decides of a campaign beside its rules."""

    PAGES: ClassVar[Pages] = (
        (page("newCampaign", "GET", "/campaigns", "The form for a campaign", "admin"), "new"),
        (
            page("makeCampaign", "POST", "/campaigns", "Create a campaign", "admin", body=FORM),
            "make",
        ),
        (
            page("campaign", "GET", _ONE, "State, funds and settings", parameters=("note",)),
            "show",
        ),
        (
            page(
                *("addFund", "POST", "/campaigns/{campaign}/funds", "Book what a sponsor gives"),
                body=FORM,
            ),
            "fund",
        ),
        (
            page(
                *("changeSettings", "POST", "/campaigns/{campaign}/settings", "Keep settings"),
                body=FORM,
            ),
            "settings",
        ),
        (
            page("askState", "GET", _STATE, "Ask whether to go on", parameters=("to",)),
            "ask_state",
        ),
        (page("moveState", "POST", _STATE, "Open, pause or end", body=FORM), "move"),
    )

    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store
        self._key = services.secrets.key
        self._shell = Shell(services, field_words.TEXTS, words.TEXTS)

    async def new(self, request: Request) -> Response:
        """GET /campaigns."""
        who = await self._shell.access.admin(request)
        return self._shell.page(request, "new_campaign", who, form=Form({}), problems={})

    async def make(self, request: Request) -> Response:
        """POST /campaigns."""
        who = await self._shell.access.admin(request)
        form = await self._form(request)
        campaign, name = form.need("id", _id, ""), form.name("campaign_name")
        if not form.problems:
            try:
                await create_campaign(self._services, campaign, name)
                return RedirectResponse(f"/campaigns/{campaign}/rules", 303)
            except Refused as refused:
                if problem_name(refused.problem) != "exists":
                    raise
                form.problems["id"] = "id_taken"
        values = {"form": form, "problems": form.problems}
        return self._shell.page(request, "new_campaign", who, 422, **values)

    async def show(self, request: Request) -> Response:
        """GET /campaigns/{campaign}/campaign; `note` is what was just done."""
        led = await self._shell.led(request)
        note = request.query_params.get("note", "")
        return await self._show(request, led, note=note if note in _NOTES else "")

    async def fund(self, request: Request) -> Response:
        """POST /campaigns/{campaign}/funds. Without a yes it asks: nothing takes a fund back."""
        led = await self._shell.led(request)
        form = await self._form(request)
        after = form.need("after", whole, 0)
        new, now, sure = read_fund(form), self._now(), form.text(SURE)
        if new is None:
            return await self._show(request, led, 422, fund=form, problems=form.problems)
        booked: NewFund = new
        if sure == BACK:
            return await self._show(request, led, fund=form)

        def work(db: Db) -> None:
            _require_funds(db, led, after)
            pledge(db, led.id, booked, led.who.by, now)

        if sure != YES:
            return await self._ask_fund(request, led, form, booked, after)
        await self._write(led, work)
        return RedirectResponse(f"{led.path}/campaign?note=booked", 303)

    async def _ask_fund(
        self, request: Request, led: Led, form: Form, new: NewFund, after: int
    ) -> Response:
        def work(db: Db) -> tuple[int, bool]:
            _require_funds(db, led, after)
            _require_unclosed(led)
            known = {one.sponsor_name for one in funds(db, led.id)}
            return pledged(db, led.id), new.sponsor in known

        so_far, is_known = await self._store.read(work)
        values = {"new": new, "pledged": so_far, "is_known": is_known}
        return ask(self._shell, request, led, "ask_fund", form.said(), **values)

    async def settings(self, request: Request) -> Response:
        """POST /campaigns/{campaign}/settings."""
        led = await self._shell.led(request)
        form = await self._form(request)
        wanted, now = read_settings(form), self._now()
        if wanted is None:
            return await self._show(request, led, 422, settings=form, problems=form.problems)
        kept = wanted
        await self._write(led, lambda db: change_settings(db, led.id, kept, led.who.by, now))
        return RedirectResponse(f"{led.path}/campaign?note=saved", 303)

    async def ask_state(self, request: Request) -> Response:
        """GET /campaigns/{campaign}/state. Opening it changes nothing."""
        led = await self._shell.led(request)
        wanted = _state(request.query_params.get("to", ""))
        now_is = await self._store.read(lambda db: standing(db, led.id))
        return self._shell.render(request, "state", led, wanted=wanted, has_rules=now_is.pack)

    async def move(self, request: Request) -> Response:
        """POST /campaigns/{campaign}/state."""
        led = await self._shell.led(request)
        wanted, now = _state((await self._form(request)).text("to")), self._now()
        await self._write(
            led, lambda db: campaigns.move(db, led.id, wanted, self._key, led.who.by, now)
        )
        return RedirectResponse(f"{led.path}/campaign?note=moved", 303)

    async def _show(
        self, request: Request, led: Led, status: int = 200, /, **values: Any
    ) -> Response:
        def work(db: Db) -> tuple[Standing, list[Fund], int]:
            free = total(db, led.id, Account.BUDGET)
            return standing(db, led.id), funds(db, led.id), free

        now_is, found, free = await self._store.read(work)
        shown: dict[str, Any] = {"fund": Form({}), "problems": {}, "note": "", **_CHOICES}
        shown |= {"settings": Form(settings_fields(now_is.settings)), "standing": now_is}
        shown |= {"funds": found, "free": free, "steps": sorted(STEPS[led.state], key=_ORDER.index)}
        return self._shell.render(request, "campaign", led, status, **(shown | values))

    async def _form(self, request: Request) -> Form:
        return Form(await read_fields(request, FIELDS_MAX, SMALL_BODY_BYTES_MAX))

    async def _write(self, led: Led, work: Any) -> None:
        await self._store.write(work, led.id)
        self._services.hub.ring(led.id)

    def _now(self) -> str:
        return stamp(self._services.clock.now())


def _require_funds(db: Db, led: Led, after: int) -> None:
    if len(funds(db, led.id)) != after:  # the form was sent twice, or somebody was faster
        raise refuse(
            "exists",
            "the funds have changed since this form was opened",
            say=say("funds-changed"),
        )


def _require_unclosed(led: Led) -> None:
    if led.state == "closed":
        raise refuse("closed", f"campaign {led.id}")


def _id(typed: str) -> str:
    if not _ID.match(typed):
        raise BadField("expected_id")
    return typed


def _state(typed: str) -> CampaignState:
    for state in ("open", "paused", "ended"):
        if typed == state:
            return state
    raise refuse("not-found", "expected open, paused or ended")
