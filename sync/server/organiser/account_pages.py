"""Who may log in to a campaign: inviting, API tokens, shutting out; and choosing a password."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync.contract.messages import problem_name
from sync.server import accounts
from sync.server.accounts import Account, NewAccount, Role
from sync.server.errors import Refused, refuse
from sync.server.html import read_form
from sync.server.operation import FORM, Pages, page
from sync.server.organiser.overview import read_page
from sync.server.organiser.shell import Led, Shell
from sync.server.organiser.words import accounts as words
from sync.server.passwords import PASSWORD_CHARS_MIN, Passwords
from sync.server.refusals import say
from sync.server.services import Services, address_of
from sync.server.store.db import Db

SHOPS_LISTED_MAX: Final = 500
_LIST: Final = "/campaigns/{campaign}/accounts"


@dataclass(frozen=True, slots=True)
class ShopName:
    """A shop, as a form offers it."""

    id: str
    number: int
    name: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A secret that is shown this once: an invitation's address, or a token."""

    kind: str
    name: str
    secret: str


class AccountPages:
    """The accounts of a campaign, and what an invitation opens."""

    PAGES: ClassVar[Pages] = (
        (page("accounts", "GET", _LIST, "Who may log in", parameters=("page",)), "listing"),
        (page("invite", "POST", _LIST, "Invite somebody", body=FORM), "invite"),
        (
            page("changeAccount", "POST", f"{_LIST}/{{account}}", "Change an account", body=FORM),
            "change",
        ),
        (
            page("invitation", "GET", "/invitation/{secret}", "Choose a password", "anyone"),
            "invitation",
        ),
        (
            page(
                *("acceptInvitation", "POST", "/invitation/{secret}", "Keep it", "anyone"),
                body=FORM,
            ),
            "accept",
        ),
    )

    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store
        self._shell = Shell(services, words.TEXTS)
        self._passwords = Passwords()

    async def listing(self, request: Request) -> Response:
        """GET /campaigns/{campaign}/accounts."""
        return await self._listing(request, await self._shell.led(request))

    async def invite(self, request: Request) -> Response:
        """POST /campaigns/{campaign}/accounts. Its address is shown on this page only."""
        led = await self._shell.led(request)
        form = await read_form(request)
        role, typed = _role(form.get("role", "")), form.get("shop", "")
        secret, now = accounts.new_secret(), self._services.clock.now()
        name, made = form.get("name", ""), self._services.clock.new_uuid()

        def work(db: Db) -> Account:
            shop = _find_shop(db, led.id, typed) if role == "shop" else ""
            new = NewAccount(made, led.id, name, role, shop)
            return accounts.invite(db, new, secret, led.who.by, now)

        try:
            account = await self._store.write(work, led.id)
        except Refused as refused:
            wrong = _WRONG.get(problem_name(refused.problem))
            if wrong is None:
                raise
            status = refused.problem.status
            return await self._listing(request, led, status, wrong=wrong, typed=form)
        return await self._listing(request, led, shown=self._link(request, account, secret))

    async def change(self, request: Request) -> Response:
        """POST /campaigns/{campaign}/accounts/{account}: `act` says what to do."""
        led = await self._shell.led(request)
        act = (await read_form(request)).get("act", "")
        account, secret = str(request.path_params["account"]), accounts.new_secret()
        if act == "token" and account != led.who.account:
            raise refuse("not-found", "a token is made by the account that it speaks for")
        now, by = self._services.clock.now(), led.who.by
        does: dict[str, Callable[[Db], Account]] = {
            "invite": lambda db: accounts.invite_again(db, account, secret, by, now),
            "token": lambda db: accounts.new_token(db, account, secret, by, now),
            "disable": lambda db: accounts.disable(db, account, by, now),
            "enable": lambda db: accounts.enable(db, account, by, now),
        }
        if act not in does:
            raise refuse("malformed", f"act: expected one of {', '.join(does)}")

        def work(db: Db) -> Account:
            if accounts.require_account(db, led.id, account).disabled_at and act != "enable":
                raise refuse("exists", "this account is disabled", say=say("account-disabled"))
            return does[act](db)

        changed = await self._store.write(work, led.id)
        if act == "token":
            return await self._listing(request, led, shown=Shown(act, changed.name, secret))
        if act == "invite":
            return await self._listing(request, led, shown=self._link(request, changed, secret))
        return RedirectResponse(f"{led.path}/accounts", 303)

    async def invitation(self, request: Request) -> Response:
        """GET /invitation/{secret}. Opening it changes nothing."""
        return self._invitation(request, await self._invited(request))

    async def accept(self, request: Request) -> Response:
        """POST /invitation/{secret}."""
        account = await self._invited(request)
        form = await read_form(request)
        password = form.get("password", "")
        if password != form.get("again", ""):
            return self._invitation(request, account, 422, wrong="differ")
        try:
            kept = await self._passwords.keep(password)
        except Refused as refused:
            if problem_name(refused.problem) != "malformed":
                raise
            return self._invitation(request, account, 422, wrong="too_short")
        secret, now = str(request.path_params["secret"]), self._services.clock.now()
        await self._store.write(lambda db: accounts.accept(db, secret, kept, now), account.campaign)
        return RedirectResponse("/login?chosen=1", 303)

    async def _invited(self, request: Request) -> Account:
        """The account of an invitation. Wrong ones are counted as failed log-ins are."""
        failed, address = self._services.meters.failed_logins, address_of(request)
        failed.check(address)
        secret, now = str(request.path_params["secret"]), self._services.clock.now()
        try:
            return await self._store.read(lambda db: accounts.invited(db, secret, now))
        except Refused as refused:
            if problem_name(refused.problem) == "not-found":
                failed.take(address)
            raise

    def _invitation(
        self, request: Request, account: Account, status: int = 200, *, wrong: str = ""
    ) -> Response:
        values = {"account": account, "wrong": wrong, "chars_min": PASSWORD_CHARS_MIN}
        return self._shell.page(request, "invitation", None, status, **values)

    async def _listing(
        self, request: Request, led: Led, status: int = 200, /, **values: Any
    ) -> Response:
        number = read_page(request.query_params.get("page", "1"))

        def work(db: Db) -> tuple[tuple[list[Account], int], list[ShopName]]:
            return accounts.listed(db, led.id, number), _shops(db, led.id)

        (found, pages), shops = await self._store.read(work)
        shown: dict[str, Any] = {"shown": None, "wrong": "", "typed": {}, "accounts": found}
        shown |= {"page": number, "pages": pages}
        names = {one.id: one.name for one in shops}
        shown |= {"shops": shops, "names": names, "now": self._services.clock.now().isoformat()}
        return self._shell.render(request, "accounts", led, status, **(shown | values))

    def _link(self, request: Request, account: Account, secret: str) -> Shown:
        """An invitation's address, at the origin that this server is reached by."""
        origin = self._services.origin_for(request)
        return Shown("invite", account.name, f"{origin}/invitation/{secret}")


_WRONG: Final = {"exists": "taken", "malformed": "bad_name", "not-found": "no_such_shop"}


def _role(typed: str) -> Role:
    if typed == "organiser":
        return "organiser"
    if typed == "shop":
        return "shop"
    raise refuse("malformed", "role: expected organiser or shop")


def _shops(db: Db, campaign: str) -> list[ShopName]:
    rows = db.execute(
        "SELECT id, number, name FROM shop WHERE campaign = ? ORDER BY sort_key, id LIMIT ?",
        (campaign, SHOPS_LISTED_MAX),
    )
    return [ShopName(*row) for row in rows.fetchall()]


def _find_shop(db: Db, campaign: str, typed: str) -> str:
    """The shop that a person means by its number, or an address by its id; Refused for none."""
    number = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) <= 9 else -1
    row = db.execute(
        "SELECT id FROM shop WHERE campaign = ? AND (number = ? OR id = ?)",
        (campaign, number, typed.strip()),
    ).fetchone()
    if row is None:
        raise refuse("not-found", "expected the number of a shop of this campaign")
    return str(row[0])
