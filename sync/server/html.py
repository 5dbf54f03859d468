"""Pages of HTML: templates, a browser's language, forms, and who may send them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from sync.contract.messages import SMALL_BODY_BYTES_MAX
from sync.server import texts
from sync.server.errors import refuse
from sync.server.limits import read_body
from sync.server.refusal_words import read_out
from sync.server.texts import Language

TEMPLATES: Final = Path(__file__).parent / "templates"
FIELDS_MAX: Final = 4


class Html:
    """Renders the templates of one area in the language of whoever asks."""

    def __init__(self, words: Mapping[Language, Mapping[str, str]]) -> None:
        self._words = texts.typeset(words)
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(
        self, request: Request, template: str, status: int = 200, /, **values: Any
    ) -> HTMLResponse:
        """A page. Templates find `t`, `language`, `euros`, `day`, `moment`, `read_out` besides."""
        language = texts.choose(request.headers.get("accept-language", ""))
        html = self._environment.get_template(template).render(
            t=self._words[language],
            language=language,
            euros=lambda cents: texts.euros(cents, language),
            day=lambda text: texts.day(text, language),
            moment=lambda text: texts.moment(text, language),
            read_out=lambda said: read_out(said, language),
            **values,
        )
        return HTMLResponse(html, status, {"Vary": "Accept-Language", "Content-Language": language})


def require_same_site(request: Request, origins: frozenset[str]) -> None:
    """Refuse a form that another site's page sends; the cookies are SameSite besides."""
    origin = request.headers.get("origin")
    if origin in (None, *origins):
        return
    if str(origin).partition("://")[2] != request.headers.get("host", ""):
        raise refuse("cross-site", "the Origin header names another site")


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form, the last of each name; Refused for more than a page sends."""
    fields = await read_fields(request, FIELDS_MAX, SMALL_BODY_BYTES_MAX)
    return {name: values[-1] for name, values in fields.items()}


async def read_fields(request: Request, most: int, bytes_max: int) -> dict[str, list[str]]:
    """All that a form says, by name; Refused for more than a page sends."""
    body = await read_body(request, bytes_max)
    try:
        fields = parse_qs(body.decode("utf-8"), max_num_fields=most)
    except ValueError as error:
        raise refuse("bad-request", f"expected a form of {most} fields at most") from error
    return {name: [one.replace("\0", "") for one in said] for name, said in fields.items()}
