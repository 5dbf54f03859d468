"""The pages: HTML that a phone, a screen reader and a browser without JavaScript can all use."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sync.contract.messages import SMALL_BODY_BYTES_MAX, problem_name
from sync.server import texts
from sync.server.errors import Refused, refuse
from sync.server.limits import read_body
from sync.server.organiser.overview import read_page, status
from sync.server.services import Services, address_of
from sync.server.sessions import (
    ADMIN,
    SESSION_COOKIE,
    SESSION_LIFETIME,
    end_session,
    open_session,
)

_TEMPLATES: Final = Path(__file__).parent.parent / "templates"
_FIELDS_MAX: Final = 4


class Pages:
    """The overview at /, and logging in to see it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._style = (_TEMPLATES / "style.css").read_bytes()
        self._environment = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

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
        self._require_same_site(request)
        form = await _read_form(request)
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
        self._require_same_site(request)
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
            secure=any(origin.startswith("https:") for origin in self._services.origins),
        )
        return entered

    def _require_same_site(self, request: Request) -> None:
        """Refuse a form that another site's page sends; the cookie is SameSite=Strict besides."""
        origin = request.headers.get("origin")
        if origin in (None, *self._services.origins):
            return
        if str(origin).partition("://")[2] != request.headers.get("host", ""):
            raise refuse("cross-site", "the Origin header names another site")

    def _render(self, request: Request, name: str, code: int = 200, **values: Any) -> Response:
        language = texts.choose(request.headers.get("accept-language", ""))
        html = self._environment.get_template(name).render(
            t=texts.TEXTS[language],
            language=language,
            euros=lambda cents: texts.euros(cents, language),
            day=lambda text: texts.day(text, language),
            moment=lambda text: texts.moment(text, language),
            is_silent=texts.is_silent,
            may_log_out=not self._services.open_pages,
            **values,
        )
        return HTMLResponse(html, code, {"Vary": "Accept-Language", "Content-Language": language})


async def _read_form(request: Request) -> dict[str, str]:
    body = await read_body(request, SMALL_BODY_BYTES_MAX)
    try:
        fields = parse_qs(body.decode("utf-8"), max_num_fields=_FIELDS_MAX)
    except ValueError as error:
        raise refuse("bad-request", f"expected a form of {_FIELDS_MAX} fields at most") from error
    return {name: values[-1] for name, values in fields.items()}
