"""The shopper's pages: no app, no account, no script. A cookie holds the wallet's secret.

Opening an address changes nothing, as phones fetch previews; what changes something is a form.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import segno
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sync.contract.messages import problem_name
from sync.server.auth import stamp
from sync.server.errors import Refused, refuse
from sync.server.html import Html, read_form, require_same_site
from sync.server.means import RealMeans
from sync.server.money import claiming, courier, members, vouchers, wallets
from sync.server.money.campaigns import standing
from sync.server.money.ledger import Ledger
from sync.server.money.members import Member
from sync.server.money.online_code import shown
from sync.server.refusals import say
from sync.server.services import Services, address_of
from sync.server.shopper.browser import keep_secret, member_of, secret_of, whole
from sync.server.shopper.texts import TEXTS
from sync.server.store.db import Db

SECRET_BYTES: Final = 32
CAMPAIGNS_MAX: Final = 20
NO_VOUCHER: Final = "none"  # a form's empty field would be lost
Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Shown:
    """A wallet as its page shows it; `values` are the vouchers that it could become."""

    member: Member
    name: str
    is_due: bool
    wallet: wallets.Wallet
    vouchers: tuple[vouchers.VoucherRow, ...]
    values: tuple[int, ...]

    @property
    def campaign(self) -> str:
        """The campaign that it belongs to."""
        return self.member.campaign

    @property
    def newest(self) -> str:
        """The voucher that was made last, as a form says it."""
        return _place(self.vouchers[0]) if self.vouchers else NO_VOUCHER


class ShopperPages:
    """Every page that a shopper meets."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store
        self._html = Html(TEXTS)
        self._means = RealMeans(services.secrets.key)

    def page(self, handler: Handler) -> Handler:
        """A handler whose refusals are pages too; a form must come from this very site."""

        async def guarded(request: Request) -> Response:
            try:
                if request.method == "POST":
                    require_same_site(request, self._services.origins)
                return await handler(request)
            except Refused as refused:
                values = {"name": problem_name(refused.problem), "said": refused.say}
                shown = self._html.render(
                    request, "shopper/problem.html", refused.problem.status, **values
                )
                if refused.retry_after_seconds is not None:
                    shown.headers["Retry-After"] = str(refused.retry_after_seconds)
                return shown

        return guarded

    # --- receipts ---

    async def receipt(self, request: Request) -> Response:
        """GET /C/{token}."""
        token = request.path_params["token"]
        found = await self._store.read(lambda db: claiming.look(db, token))
        return self._receipt(request, found, f"/C/{token}", "")

    async def claim(self, request: Request) -> Response:
        """POST /C/{token}."""
        token = request.path_params["token"]
        found = await self._store.read(lambda db: claiming.look(db, token))
        return await self._take(request, found)

    async def code_form(self, request: Request) -> Response:
        """GET /c."""
        return self._html.render(request, "shopper/code.html", wrong="")

    async def code(self, request: Request) -> Response:
        """POST /c. Looks the code up first; the form on the page that follows claims it."""
        typed = (await read_form(request)).get("code", "")
        meter, address = self._services.meters.codes, address_of(request)
        try:
            meter.check(address)
            found = await self._store.read(lambda db: claiming.look_up_code(db, typed))
        except Refused as refused:
            if problem_name(refused.problem) not in ("not-found", "malformed"):
                raise
            meter.take(address)
            return self._html.render(request, "shopper/code.html", 404, wrong="wrong_code")
        return self._receipt(request, found, "/c/claim", typed)

    async def claim_code(self, request: Request) -> Response:
        """POST /c/claim."""
        typed = (await read_form(request)).get("code", "")
        self._services.meters.codes.check(address_of(request))
        try:
            found = await self._store.read(lambda db: claiming.look_up_code(db, typed))
        except Refused:
            self._services.meters.codes.take(address_of(request))
            raise
        return await self._take(request, found)

    def _receipt(
        self, request: Request, found: claiming.Receipt, action: str, code: str
    ) -> Response:
        page = "shopper/receipt.html"
        return self._html.render(request, page, receipt=found, action=action, code=code)

    async def _take(self, request: Request, found: claiming.Receipt) -> Response:
        secret = secret_of(request) or secrets.token_urlsafe(SECRET_BYTES)

        def work(ledger: Ledger) -> claiming.Claimed:
            member = members.ensure_member(
                ledger.db, ledger.campaign, secret, self._means.random, ledger.at
            )
            return claiming.take(ledger, found, member, self._means)

        claimed = await self._write(found.campaign, work)
        self._services.hub.ring(found.campaign)
        at_once = "" < claimed.ready_at <= stamp(self._services.clock.now())
        page = self._html.render(request, "shopper/claimed.html", claimed=claimed, at_once=at_once)
        return self._keep(page, secret)

    # --- the wallet ---

    async def wallet(self, request: Request) -> Response:
        """GET /porte-monnaie."""
        return await self._wallet(request)

    async def make_voucher(self, request: Request) -> Response:
        """POST /porte-monnaie/bon. The short code is shown on this page only.

        `after` is the newest voucher of the page that the form was on: the same form sent again,
        as a phone does that loads the page anew, leads to the voucher that it made.
        """
        form = await read_form(request)
        value = whole(form.get("value", ""))

        def work(ledger: Ledger) -> vouchers.Issued | vouchers.VoucherRow:
            member = member_of(ledger.db, ledger.campaign, request)
            newest = next(iter(vouchers.of_member(ledger.db, member)), None)
            made = newest is not None and newest.value == value
            if newest and made and form.get("after", _place(newest)) != _place(newest):
                return newest
            wallets.mature(ledger, member)
            pack = standing(ledger.db, ledger.campaign).pack
            if pack is None:
                raise refuse("not-found", "this campaign has no rules")
            return vouchers.issue_from_wallet(ledger, member, value, pack, self._means)

        campaign = form.get("campaign", "")
        issued = await self._write(campaign, work)
        if isinstance(issued, vouchers.VoucherRow):
            place = f"/bon/{campaign}/{_place(issued)}" if issued.state == "valid" else ""
            return RedirectResponse(f"/porte-monnaie{place}", 303)
        return self._voucher(request, campaign, issued, issued.token, shown(issued.code))

    async def voucher(self, request: Request) -> Response:
        """GET /porte-monnaie/bon/{campaign}/{batch}/{index}."""
        campaign = request.path_params["campaign"]
        place = whole(request.path_params["batch"]), whole(request.path_params["index"])

        def work(db: Db) -> vouchers.VoucherRow:
            member = member_of(db, campaign, request)
            row = vouchers.require_voucher(db, campaign, *place)
            if row.member != member.id or row.state != "valid":
                raise refuse(
                    "not-found", "this voucher is not in this wallet", say=say("voucher-gone")
                )
            return row

        row = await self._store.read(work)
        return self._voucher(request, campaign, row, row.token, "")

    async def give_back(self, request: Request) -> Response:
        """POST /porte-monnaie/rendre."""
        form = await read_form(request)
        place = whole(form.get("batch", "")), whole(form.get("index", ""))

        def work(ledger: Ledger) -> None:
            member = member_of(ledger.db, ledger.campaign, request)
            vouchers.give_back(ledger, member, *place)

        await self._write(form.get("campaign", ""), work)
        return RedirectResponse("/porte-monnaie", 303)

    async def replace(self, request: Request) -> Response:
        """POST /porte-monnaie/perdu. The lost voucher is worth nothing from this moment on."""
        form = await read_form(request)
        place = whole(form.get("batch", "")), whole(form.get("index", ""))

        def work(ledger: Ledger) -> vouchers.Issued:
            member = member_of(ledger.db, ledger.campaign, request)
            row = vouchers.require_voucher(ledger.db, ledger.campaign, *place)
            if row.member != member.id:
                raise refuse(
                    "not-found", "this voucher is not in this wallet", say=say("voucher-gone")
                )
            if row.state == "redeemed":
                raise refuse("voucher-spent", f"on {row.used_at}")
            return vouchers.reissue(ledger, *place, member.id, self._means)

        campaign = form.get("campaign", "")
        issued = await self._write(campaign, work)
        return self._voucher(request, campaign, issued, issued.token, shown(issued.code))

    async def recovery(self, request: Request) -> Response:
        """POST /porte-monnaie/code."""
        form = await read_form(request)

        def work(ledger: Ledger) -> str:
            member = member_of(ledger.db, ledger.campaign, request)
            return members.new_recovery_code(ledger.db, member, self._means.random)

        code = await self._write(form.get("campaign", ""), work)
        return await self._wallet(request, recovery=code)

    async def move_here(self, request: Request) -> Response:
        """POST /porte-monnaie/reprendre."""
        typed = (await read_form(request)).get("code", "")
        secret = secret_of(request) or secrets.token_urlsafe(SECRET_BYTES)
        meter, address = self._services.meters.codes, address_of(request)
        meter.check(address)
        try:
            await self._store.write(lambda db: members.recover(db, typed, secret))
        except Refused as refused:
            if problem_name(refused.problem) == "busy":
                raise
            meter.take(address)
            return await self._wallet(request, 404, wrong="wrong_recovery")
        return self._keep(RedirectResponse("/porte-monnaie", 303), secret)

    async def _wallet(
        self, request: Request, code: int = 200, *, recovery: str = "", wrong: str = ""
    ) -> Response:
        secret, now = secret_of(request), stamp(self._services.clock.now())
        found = await self._store.read(lambda db: _shown(db, secret, now))
        ripe = [one for one in found if one.is_due]
        for one in ripe:
            await self._write(one.campaign, partial(wallets.mature, member=one.member))
        if ripe:
            found = await self._store.read(lambda db: _shown(db, secret, now))
        page = "shopper/wallet.html"
        return self._html.render(request, page, code, wallets=found, recovery=recovery, wrong=wrong)

    def _voucher(
        self, request: Request, campaign: str, voucher: Any, token: str, code: str
    ) -> Response:
        qr = Markup(segno.make(token, error="m").svg_inline(omitsize=True))  # noqa: S704 - ours
        last = voucher.last_day
        values = {
            "value": voucher.value,
            "batch": voucher.batch,
            "index": voucher.index,
            "last_day": last if isinstance(last, str) else last.isoformat(),
        }
        return self._html.render(
            *(request, "shopper/voucher.html"),
            voucher=values,
            campaign=campaign,
            code=code,
            qr=qr,
        )

    # --- paying a till without network ---

    async def challenge(self, request: Request) -> Response:
        """GET /P/{token}."""
        return await self._pay(request, pay=False)

    async def pay(self, request: Request) -> Response:
        """POST /P/{token}."""
        return await self._pay(request, pay=True)

    async def _pay(self, request: Request, *, pay: bool) -> Response:
        token = request.path_params["token"]
        asked = await self._store.read(lambda db: courier.look(db, token))
        key = self._means.key

        def work(ledger: Ledger) -> tuple[str, int]:
            member = members.find_member(ledger.db, ledger.campaign, secret_of(request))
            if member is None:
                return "", 0
            wallets.mature(ledger, member)
            digits = courier.pay(ledger, asked, member, key) if pay else ""
            return digits, wallets.read(ledger.db, member).available

        digits, available = await self._write(asked.campaign, work)
        return self._html.render(
            *(request, "shopper/pay.html"),
            amount=asked.challenge.amount,
            shop=asked.shop,
            digits=digits,
            available=available,
            action=f"/P/{token}",
        )

    async def _write(self, campaign: str, work: Callable[[Ledger], Any]) -> Any:
        now = stamp(self._services.clock.now())
        return await self._store.write(lambda db: work(Ledger(db, campaign, now)), campaign)

    def _keep(self, response: Response, secret: str) -> Response:
        keep_secret(response, secret, is_https=self._services.is_https)
        return response


def _place(voucher: vouchers.VoucherRow) -> str:
    """Where a voucher is, as its page's address says it."""
    return f"{voucher.batch}/{voucher.index}"


def _shown(db: Db, secret: str, now: str) -> list[Shown]:
    """The wallets of a secret, by campaign."""
    if not secret:
        return []
    rows = db.execute("SELECT id, name FROM campaign ORDER BY id LIMIT ?", (CAMPAIGNS_MAX,))
    found: list[Shown] = []
    for campaign, name in rows.fetchall():
        member = members.find_member(db, campaign, secret)
        if member is not None:
            wallet, pack = wallets.read(db, member), standing(db, campaign).pack
            values = pack.vouchers.values if pack else ()
            able = tuple(value for value in values if value <= wallet.available)
            held = tuple(vouchers.of_member(db, member))
            ripe = wallets.is_due(db, member, now)
            found.append(Shown(member, name, ripe, wallet, held, able))
    return found
