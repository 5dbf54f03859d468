"""Coming in and out: what strangers meet, and a name and its password, or the admin token."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync.contract.messages import problem_name
from sync.server.accounts import Account, by_name
from sync.server.errors import Refused
from sync.server.html import Html, read_form, require_same_site
from sync.server.organiser.shell import joined
from sync.server.organiser.words import welcome as words
from sync.server.passwords import Passwords
from sync.server.services import Services, address_of
from sync.server.sessions import (
    ACCOUNT_PREFIX,
    ADMIN,
    SESSION_COOKIE,
    SESSION_LIFETIME,
    end_session,
    open_session,
)


class Doors:
    """What strangers are told, the log-in form, and what it leads to."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._html = Html(joined(words.TEXTS))
        self._passwords = Passwords()

    async def welcome(self, request: Request) -> Response:
        """GET /bienvenue: where a letter's QR leads a phone. Its code stays in that phone."""
        return self._html.render(request, "welcome.html")

    async def login(self, request: Request) -> Response:
        """GET /login; with `chosen` it says that the password of an invitation is kept."""
        return self._form(request, chosen=bool(request.query_params.get("chosen")))

    async def log_in(self, request: Request) -> Response:
        """POST /login. Failures are counted by address, and by account."""
        require_same_site(request, self._services.origins)
        form = await read_form(request)
        try:
            if "token" in form:
                who = self._by_token(request, form["token"])
            else:
                who = await self._by_password(request, form)
        except Refused as refused:
            if problem_name(refused.problem) != "too-many-requests":
                raise
            shown = self._form(request, 429, wrong="too_many")
            shown.headers["Retry-After"] = str(refused.retry_after_seconds)
            return shown
        if who is None:
            wrong = "wrong_token" if "token" in form else "wrong_password"
            return self._form(request, 401, wrong=wrong)
        return await self._enter(who)

    async def log_out(self, request: Request) -> Response:
        """POST /logout."""
        require_same_site(request, self._services.origins)
        secret = request.cookies.get(SESSION_COOKIE, "")
        await self._services.store.write(lambda db: end_session(db, secret))
        gone = RedirectResponse("/login", 303)
        gone.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict")
        return gone

    def _by_token(self, request: Request, token: str) -> str | None:
        failed, address = self._services.meters.failed_logins, address_of(request)
        failed.check(address)
        if self._services.organiser.knows(token):
            return ADMIN
        failed.take(address)
        return None

    async def _by_password(self, request: Request, form: dict[str, str]) -> str | None:
        """Who a name and a password belong to. A try is counted before it is made."""
        typed = form.get("name", "")
        failed = self._services.meters.failed_logins
        keys = address_of(request), f"account {typed.strip().casefold()[:100]}"
        for key in keys:
            failed.take(key)
        account = await self._account(typed)
        kept = account.password if account else ""
        if not await self._passwords.match(form.get("password", ""), kept) or account is None:
            return None
        for key in keys:
            failed.give_back(key)
        return ACCOUNT_PREFIX + account.id

    async def _account(self, typed: str) -> Account | None:
        try:
            return await self._services.store.read(lambda db: by_name(db, typed))
        except Refused as refused:
            if problem_name(refused.problem) != "malformed":
                raise
            return None

    async def _enter(self, who: str) -> Response:
        now = self._services.clock.now()
        secret = await self._services.store.write(lambda db: open_session(db, who, now))
        entered = RedirectResponse("/", 303)
        entered.set_cookie(
            SESSION_COOKIE,
            secret,
            max_age=int(SESSION_LIFETIME.total_seconds()),
            httponly=True,
            samesite="strict",
            secure=self._services.is_https,
        )
        return entered

    def _form(self, request: Request, code: int = 200, /, **values: Any) -> Response:
        values = {"wrong": "", "chosen": False, **values}
        return self._html.render(request, "login.html", code, **values)
