"""Who may do what: the admin everything, an organiser its campaign, a shop's account its shop.

Whoever asks brings a bearer token (the admin's, or an account's own), or a browser's session. What
somebody may not see is answered as if it did not exist. This is the only place that decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from starlette.requests import Request

from sync.contract.messages import problem_name
from sync.server.accounts import Account, by_id, by_token
from sync.server.auth import bearer
from sync.server.errors import Refused, refuse
from sync.server.html import require_same_site
from sync.server.refusals import say
from sync.server.services import Services, address_of
from sync.server.sessions import ACCOUNT_PREFIX, ADMIN, SESSION_COOKIE, find_session
from sync.server.store.db import Db

Kind: TypeAlias = Literal["admin", "organiser", "shop", "onlooker"]
ONLOOKER: Final = "onlooker"
_SAFE: Final = frozenset(("GET", "HEAD"))


@dataclass(frozen=True, slots=True)
class Who:
    """Somebody who was recognised. `onlooker`: the pages are open, and only looking is asked."""

    kind: Kind
    account: str = ""
    name: str = ""
    campaign: str = ""
    shop: str = ""

    @property
    def by(self) -> str:
        """Who acts, as acts and sessions name it."""
        return ACCOUNT_PREFIX + self.account if self.account else self.kind

    @property
    def sees_all(self) -> bool:
        """Whether every campaign is open to them."""
        return self.kind in ("admin", "onlooker")

    def may_organise(self, campaign: str) -> bool:
        """Whether a campaign is theirs to lead."""
        return self.sees_all or (self.kind == "organiser" and self.campaign == campaign)

    def may_keep(self, campaign: str, shop: str) -> bool:
        """Whether a shop is theirs, or one of their campaign."""
        own = self.kind == "shop" and (self.campaign, self.shop) == (campaign, shop)
        return own or self.may_organise(campaign)


class Access:
    """Recognises whoever sends a request, and refuses what is not theirs."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def find(self, request: Request) -> Who | None:
        """Who asks; None for nobody that is known. Refused for a token that is wrong."""
        if "authorization" in request.headers:
            return await self._by_token(request)
        who = await self._by_session(request)
        if who is not None:
            if request.method not in _SAFE:
                require_same_site(request, self._services.origins)
            return who
        return Who(ONLOOKER) if self._is_open(request) else None

    async def known(self, request: Request) -> Who:
        """Who asks; Refused (unauthorised) for nobody that is known."""
        if "\0" in request.url.path:  # no name has one, and PostgreSQL could not be asked for it
            raise refuse("not-found")
        who = await self.find(request)
        if who is None:
            raise refuse("unauthorised", "expected Authorization: Bearer TOKEN, or a session")
        return who

    async def admin(self, request: Request) -> Who:
        """The server's operator; to anybody else there is nothing here."""
        who = await self.known(request)
        if not who.sees_all:
            raise refuse("not-found", "not for this account")
        return who

    async def organiser(self, request: Request, campaign: str) -> Who:
        """Whoever leads a campaign. Refused: unauthorised, or not-found for one of others."""
        who = await self.known(request)
        await self.allow(who, campaign)
        return who

    async def allow(self, who: Who, campaign: str) -> None:
        """Refused (not-found) unless a campaign exists and is theirs to lead."""
        if not who.may_organise(campaign):
            raise no_campaign(campaign)
        await self._services.store.read(lambda db: require_campaign(db, campaign))

    async def shop(self, request: Request, campaign: str, shop: str) -> Who:
        """A shop's account, or whoever leads its campaign; Refused like `organiser`."""
        who = await self.known(request)
        if not who.may_keep(campaign, shop):
            raise no_shop(shop)
        await self._services.store.read(lambda db: require_shop(db, campaign, shop))
        return who

    async def _by_token(self, request: Request) -> Who:
        failed, address = self._services.meters.failed_logins, address_of(request)
        failed.check(address)
        try:
            token = bearer(request.headers["authorization"])
            return await self._of_token(token)
        except Refused as refused:
            if problem_name(refused.problem) == "unauthorised":
                failed.take(address)
            raise

    async def _of_token(self, token: str) -> Who:
        if self._services.organiser.knows(token):
            return Who("admin")
        account = await self._services.store.read(lambda db: by_token(db, token))
        if account is None:
            raise refuse("unauthorised", "this token is not known")
        return of_account(account)

    async def _by_session(self, request: Request) -> Who | None:
        secret, now = request.cookies.get(SESSION_COOKIE, ""), self._services.clock.now()
        if not secret:
            return None

        def work(db: Db) -> Who | None:
            who = find_session(db, secret, now)
            if who == ADMIN:
                return Who("admin")
            account = by_id(db, who.removeprefix(ACCOUNT_PREFIX)) if who else None
            return of_account(account) if account else None

        return await self._services.store.read(work)

    def _is_open(self, request: Request) -> bool:
        """Open pages are for looking; the organisers' API is never open."""
        looks = request.method in _SAFE and not request.url.path.startswith("/v1/admin")
        return self._services.open_pages and looks


def of_account(account: Account) -> Who:
    """An account as somebody who asks."""
    return Who(account.role, account.id, account.name, account.campaign, account.shop)


def require_campaign(db: Db, campaign: str) -> None:
    """Refused for a campaign that does not exist."""
    found = db.execute("SELECT 1 FROM campaign WHERE id = ?", (campaign,))
    if found.fetchone() is None:
        raise no_campaign(campaign)


def require_shop(db: Db, campaign: str, shop: str) -> None:
    """Refused for a shop that does not exist in a campaign."""
    key = campaign, shop
    found = db.execute("SELECT 1 FROM shop WHERE campaign = ? AND id = ?", key)
    if found.fetchone() is None:
        raise no_shop(shop)


def no_campaign(campaign: str) -> Refused:
    """The refusal for a campaign that does not exist, or not for whoever asks."""
    return refuse("not-found", f"no campaign {campaign}", say=say("no-campaign"))


def no_shop(shop: str) -> Refused:
    """The refusal for a shop that does not exist, or not for whoever asks."""
    return refuse("not-found", f"no shop {shop}", say=say("no-shop"))
