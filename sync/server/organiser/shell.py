"""What all pages of organisers share: who asks for which campaign, the frame, and refusals."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync.contract.feed import CampaignState
from sync.contract.messages import problem_name
from sync.server import texts
from sync.server.access import Access, Who
from sync.server.errors import Refused
from sync.server.html import Html
from sync.server.money.campaigns import standing
from sync.server.organiser.words import shell as words
from sync.server.services import Services
from sync.server.store.db import Db
from sync.server.texts import Language

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]
Words: TypeAlias = Mapping[Language, Mapping[str, str]]
# The navigation of a campaign: the last part of each address; its word is `nav_` and that part.
SECTIONS: Final = (
    *("", "dashboard", "campaign", "rules", "shops", "sticks"),
    *("findings", "settlements", "audit", "accounts"),
)


@dataclass(frozen=True, slots=True)
class Led:
    """A campaign, and who of those that lead it asks."""

    who: Who
    id: str
    name: str
    state: CampaignState

    @property
    def path(self) -> str:
        """The address of its home."""
        return f"/campaigns/{self.id}"


class Shell:
    """Renders pages in the organisers' frame; `words` are those of its area."""

    def __init__(self, services: Services, *areas: Words) -> None:
        self.access = Access(services)
        self._store = services.store
        self._html = Html(joined(*areas))

    async def led(self, request: Request) -> Led:
        """The campaign of an address, for whoever leads it; Refused for anybody else."""
        campaign = str(request.path_params["campaign"])
        who = await self.access.organiser(request, campaign)
        return await self._store.read(lambda db: read_led(db, who, campaign))

    def render(
        self, request: Request, template: str, led: Led, status: int = 200, /, **values: Any
    ) -> Response:
        """A page of a campaign: templates/organiser/NAME.html, which says where it is (`here`)."""
        return self.page(request, template, led.who, status, led=led, **values)

    def page(
        self, request: Request, template: str, who: Who | None, status: int = 200, /, **values: Any
    ) -> Response:
        """A page of no campaign."""
        known = {"led": None, "who": who, "sections": SECTIONS, "is_silent": texts.is_silent}
        return self._html.render(request, f"organiser/{template}.html", status, **known | values)


def read_led(db: Db, who: Who, campaign: str) -> Led:
    """A campaign that exists, and may be seen."""
    (name,) = db.execute("SELECT name FROM campaign WHERE id = ?", (campaign,)).fetchone()
    return Led(who, campaign, name, standing(db, campaign).state)


def guarded(endpoint: Endpoint) -> Endpoint:
    """An endpoint whose refusals are pages; those that it does not know are sent to log in."""
    html = Html(joined())

    async def page(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refused as refused:
            name = problem_name(refused.problem)
            if name == "unauthorised":
                return RedirectResponse("/login", 303)
            values = {"led": None, "who": None, "name": name, "said": refused.say}
            values |= {"detail": refused.problem.detail}
            shown = html.render(request, "organiser/problem.html", refused.problem.status, **values)
            if refused.retry_after_seconds is not None:
                shown.headers["Retry-After"] = str(refused.retry_after_seconds)
            return shown

    return page


def joined(*areas: Words) -> Words:
    """The words of the frame and of areas, together."""
    every = (texts.TEXTS, words.TEXTS, *areas)
    return {
        "fr": {key: word for area in every for key, word in area["fr"].items()},
        "en": {key: word for area in every for key, word in area["en"].items()},
    }
