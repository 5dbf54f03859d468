"""The pages on which shoppers find shops: no log-in, no script, no position is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync.contract.rewards.rules import RulePack
from sync.server import texts
from sync.server.directory import search
from sync.server.directory.hours_words import say_day, say_state
from sync.server.directory.search import Found, Listed, Wish
from sync.server.errors import refuse
from sync.server.html import Html
from sync.server.money.campaigns import Standing, standing
from sync.server.organiser.overview import read_page
from sync.server.reference import hours
from sync.server.reference.hours import PARIS
from sync.server.reference.naf import TRADE_NAMES
from sync.server.reference.naf_tables import Trade
from sync.server.refusals import say
from sync.server.services import Services
from sync.server.shopper.find_texts import TEXTS
from sync.server.shopper.rules_words import say_limits, say_rules
from sync.server.store.db import Db
from sync.server.texts import Language

TEXT_CHARS_MAX: Final = 100
CAMPAIGNS_MAX: Final = 20
SHOWN_STATES: Final = ("open", "paused", "ended")
_WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class Given:
    """What a campaign gives at a moment: `state` says whether it does, `day`s when it ends."""

    state: str
    day: str = ""
    spend_day: str = ""
    rules: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()


class FindPages:
    """Every page on which a shopper looks for a shop."""

    def __init__(self, services: Services) -> None:
        self._store = services.store
        self._now = services.clock.now
        self._html = Html(TEXTS)

    async def campaigns(self, request: Request) -> Response:
        """GET /commerces. With one campaign there is nothing to choose."""
        found = await self._store.read(shown_campaigns)
        if len(found) == 1:
            return RedirectResponse(f"/commerces/{next(iter(found))}", 303)
        return self._html.render(request, "shopper/campaigns.html", campaigns=found)

    async def shops(self, request: Request) -> Response:
        """GET /commerces/{campaign}."""
        wish, at = _wish(request), self._now()

        def work(db: Db) -> tuple[str, list[Trade], Found]:
            name = _require_shown(db, wish.campaign)
            return name, search.trades_of(db, wish.campaign), search.search(db, wish, at)

        name, trades, found = await self._store.read(work)
        language = _language(request)
        return self._html.render(
            *(request, "shopper/shops.html"),
            name=name,
            wish=wish,
            found=found,
            trades={trade: TRADE_NAMES[language][trade] for trade in trades},
            trade_names=TRADE_NAMES[language],
            state=lambda shop: say_state(shop.openness(at), at, language),
            is_open=lambda shop: shop.openness(at).is_open,
            address_of_page=lambda page: _address(wish, page),
        )

    async def shop(self, request: Request) -> Response:
        """GET /commerces/{campaign}/{shop}."""
        campaign, number, at = *_path(request), self._now()

        def work(db: Db) -> tuple[str, Listed, Standing]:
            name = _require_shown(db, campaign)
            found = search.find_listed(db, campaign, number)
            if found is None:
                raise refuse("not-found", "no such shop is listed", say=say("shop-unlisted"))
            return name, found, standing(db, campaign)

        name, found, now_is = await self._store.read(work)
        language = _language(request)
        return self._html.render(
            *(request, "shopper/shop.html"),
            name=name,
            campaign=campaign,
            shop=found,
            trade=TRADE_NAMES[language][found.trade],
            state=say_state(openness := found.openness(at), at, language),
            is_open=openness.is_open,
            week=_week(found, at, language),
            given=_given(now_is, at, language),
            map_address=_map(found),
        )


def shown_campaigns(db: Db) -> Mapping[str, str]:
    """The campaigns whose shops shoppers may see, their names by id."""
    marks = ", ".join("?" * len(SHOWN_STATES))
    rows = db.execute(
        "SELECT id, name FROM campaign JOIN standing ON standing.campaign = campaign.id"  # noqa: S608 - marks
        f" WHERE state IN ({marks}) ORDER BY name, id LIMIT ?",
        (*SHOWN_STATES, CAMPAIGNS_MAX),
    )
    return dict(rows.fetchall())


def _require_shown(db: Db, campaign: str) -> str:
    row = db.execute("SELECT name FROM campaign WHERE id = ?", (campaign,)).fetchone()
    if row is None or standing(db, campaign).state not in SHOWN_STATES:
        raise refuse("not-found", "no such campaign is open", say=say("campaign-unlisted"))
    return str(row[0])


def _wish(request: Request) -> Wish:
    asked = request.query_params
    return Wish(
        campaign=request.path_params["campaign"],
        text=asked.get("q", "").replace("\0", "")[:TEXT_CHARS_MAX],
        trade=trade if (trade := asked.get("trade", "")) in TRADE_NAMES["fr"] else "",
        only_open=asked.get("open", "") == "1",
        page=read_page(asked.get("page", "1")),
    )


def _path(request: Request) -> tuple[str, str]:
    return request.path_params["campaign"], request.path_params["shop"]


def _address(wish: Wish, page: int) -> str:
    """The address of another page of the same search."""
    asked = {"q": wish.text, "trade": wish.trade, "open": "1" if wish.only_open else ""}
    kept = {name: value for name, value in asked.items() if value}
    return f"/commerces/{wish.campaign}?{urlencode(kept | {'page': str(page)})}"


def _language(request: Request) -> Language:
    return texts.choose(request.headers.get("accept-language", ""))


def _week(shop: Listed, at: datetime, language: Language) -> list[tuple[str, list[str]]]:
    if not shop.hours:
        return []
    today = at.astimezone(PARIS).date()
    return [say_day(one, language) for one in hours.days(shop.hours, today, _WEEK)]


def _given(now_is: Standing, at: datetime, language: Language) -> Given:
    pack = now_is.pack
    if pack is None:
        return Given("nothing")
    days = _last_day(pack.ends_at), _last_day(pack.spend_until_at)
    if now_is.state == "ended" or at >= datetime.fromisoformat(pack.ends_at):
        return Given("over", days[1])
    if now_is.state == "paused":
        return Given("paused")
    if at < datetime.fromisoformat(pack.starts_at):
        starts = datetime.fromisoformat(pack.starts_at).astimezone(PARIS).date().isoformat()
        return _rules("not_started", starts, days[1], pack, language)
    return _rules("until", *days, pack, language)


def _rules(state: str, day: str, spend_day: str, pack: RulePack, language: Language) -> Given:
    said = tuple(say_rules(pack, language)), tuple(say_limits(pack, language))
    return Given(state, day, spend_day, *said)


def _last_day(moment: str) -> str:
    """The last day before a moment, by the clock of Paris: a midnight ends the day before."""
    before = datetime.fromisoformat(moment) - timedelta(seconds=1)
    return before.astimezone(PARIS).date().isoformat()


def _map(shop: Listed) -> str:
    """Where OpenStreetMap shows it: its place when it is known, else its address."""
    if shop.latitude and shop.longitude:
        place = {"mlat": shop.latitude, "mlon": shop.longitude}
        where = f"#map=18/{shop.latitude}/{shop.longitude}"
        return f"https://www.openstreetmap.org/?{urlencode(place)}{where}"
    text = " ".join(part for part in (shop.address, shop.postcode, shop.town) if part)
    return f"https://www.openstreetmap.org/search?{urlencode({'query': text})}" if text else ""
