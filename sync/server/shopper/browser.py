"""What a shopper's browser brings: the secret of its wallet, in a cookie, and fields of forms."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from sync.server.errors import refuse
from sync.server.money.members import Member, find_member
from sync.server.refusals import say
from sync.server.store.db import Db

WALLET_COOKIE: Final = "comptoir-wallet"
COOKIE_SECONDS: Final = 400 * 86_400  # the longest that browsers keep one
NUMBER_DIGITS_MAX: Final = 9


def secret_of(request: Request) -> str:
    """The wallet's secret that a browser holds; empty for none."""
    return request.cookies.get(WALLET_COOKIE, "")


def member_of(db: Db, campaign: str, request: Request) -> Member:
    """The wallet of a browser in a campaign; Refused when it has none there."""
    found = find_member(db, campaign, secret_of(request))
    if found is None:
        raise refuse("not-found", "this phone has no wallet in that campaign", say=say("no-wallet"))
    return found


def keep_secret(response: Response, secret: str, *, is_https: bool) -> None:
    """Have the browser keep a wallet's secret."""
    response.set_cookie(
        WALLET_COOKIE,
        secret,
        max_age=COOKIE_SECONDS,
        httponly=True,
        samesite="lax",  # a receipt's QR opens the page from another application
        secure=is_https,
    )


def drop_secret(response: Response, *, is_https: bool) -> None:
    """Have the browser forget the secret."""
    response.delete_cookie(WALLET_COOKIE, httponly=True, samesite="lax", secure=is_https)


def whole(text: str) -> int:
    """A whole number of a form; Refused when it is none."""
    if not text.isascii() or not text.isdecimal() or len(text) > NUMBER_DIGITS_MAX:
        raise refuse("malformed", "expected a whole number")
    return int(text)
