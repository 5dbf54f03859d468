"""The pages: HTML that a phone, a screen reader and a browser without JavaScript can all use."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync.contract.messages import problem_name
from sync.server import texts
from sync.server.errors import Refused
from sync.server.html import TEMPLATES, Html, read_form, require_same_site
from sync.server.organiser.overview import read_page, status
from sync.server.services import Services, address_of
from sync.server.sessions import (
    ADMIN,
    SESSION_COOKIE,
    SESSION_LIFETIME,
    end_session,
    open_session,
)


class Pages:
    """The overview at /, and logging in to see it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._style = (TEMPLATES / "style.css").read_bytes()
        self._html = Html(texts.TEXTS)

    async def overview(self, request: Request) -> Response:
        """GET /."""
        if not await self._services.may_look(request):
            return RedirectResponse("/login", 303)
        page, now = read_page(request.query_params.get("page", "1")), self._services.clock.now()
        shown = await self._services.store.read(lambda db: status(db, page, now))
        return self._render(request, "overview.html", status=shown)

    async def login(self, request: Request) -> Response:
        """GET /login."""
        return self._render(request, "login.html", wrong="")

    async def log_in(self, request: Request) -> Response:
        """POST /login. A browser that knows the token gets a session."""
        require_same_site(request, self._services.origins)
        form = await read_form(request)
        failed, address = self._services.meters.failed_logins, address_of(request)
        try:
            failed.check(address)
            if not self._services.organiser.knows(form.get("token", "")):
                failed.take(address)
                return self._render(request, "login.html", 401, wrong="wrong_token")
        except Refused as refused:
            if problem_name(refused.problem) != "too-many-requests":
                raise
            shown = self._render(request, "login.html", 429, wrong="too_many")
            shown.headers["Retry-After"] = str(refused.retry_after_seconds)
            return shown
        return await self._open_session()

    async def log_out(self, request: Request) -> Response:
        """POST /logout."""
        require_same_site(request, self._services.origins)
        secret = request.cookies.get(SESSION_COOKIE, "")
        await self._services.store.write(lambda db: end_session(db, secret))
        gone = RedirectResponse("/login", 303)
        gone.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict")
        return gone

    async def style(self, _: Request) -> Response:
        """GET /style.css."""
        return Response(self._style, media_type="text/css")

    async def _open_session(self) -> Response:
        now = self._services.clock.now()
        secret = await self._services.store.write(lambda db: open_session(db, ADMIN, now))
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

    def _render(self, request: Request, name: str, code: int = 200, /, **values: Any) -> Response:
        return self._html.render(
            *(request, name, code),
            is_silent=texts.is_silent,
            may_log_out=not self._services.open_pages,
            **values,
        )
