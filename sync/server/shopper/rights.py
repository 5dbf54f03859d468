"""A shopper's rights over a wallet: to take away what is known of it, and to have it forgotten."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from sync.contract.wallet import KnownWallet, WalletExport
from sync.server.auth import digest, stamp
from sync.server.errors import refuse
from sync.server.html import Html, read_form
from sync.server.money import members, vouchers, wallets
from sync.server.money.known import known_of
from sync.server.money.ledger import Ledger
from sync.server.money.members import Member
from sync.server.refusals import say
from sync.server.services import Services
from sync.server.shopper.browser import drop_secret, member_of, secret_of
from sync.server.shopper.texts import TEXTS
from sync.server.store.db import Db

WALLETS_MAX = 20


class WalletRights:
    """The pages on which a wallet is taken away or forgotten."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._store = services.store
        self._html = Html(TEXTS)

    async def export(self, request: Request) -> Response:
        """GET /porte-monnaie/donnees. A file to keep; without a wallet, one that says so."""
        secret, now = secret_of(request), stamp(self._services.clock.now())
        found = await self._store.read(lambda db: _known(db, secret))
        body = msgspec.json.format(msgspec.json.encode(WalletExport(at=now, wallets=found)))
        name = {"Content-Disposition": 'attachment; filename="porte-monnaie.json"'}
        return Response(body, headers=name, media_type="application/json")

    async def ask(self, request: Request) -> Response:
        """GET /porte-monnaie/oublier/{campaign}. What would be lost."""
        campaign = request.path_params["campaign"]

        def work(db: Db) -> tuple[str, wallets.Wallet, int]:
            member = member_of(db, campaign, request)
            held = [one.value for one in vouchers.of_member(db, member) if one.state == "valid"]
            (name,) = db.execute("SELECT name FROM campaign WHERE id = ?", (campaign,)).fetchone()
            return str(name), wallets.read(db, member), sum(held)

        name, wallet, held = await self._store.read(work)
        return self._html.render(
            *(request, "shopper/forget.html"),
            campaign=campaign,
            name=name,
            lost=wallet.available + wallet.pending,
            held=held,
        )

    async def forget(self, request: Request) -> Response:
        """POST /porte-monnaie/oublier. Only with the box ticked."""
        form = await read_form(request)
        if form.get("sure") != "yes":
            raise refuse("malformed", "expected `sure` as yes", say=say("not-sure"))
        secret, now = secret_of(request), stamp(self._services.clock.now())
        campaign = form.get("campaign", "")

        def work(db: Db) -> bool:
            member = member_of(db, campaign, request)
            members.forget(Ledger(db, campaign, now), member)
            return bool(_members(db, secret))

        has_others = await self._store.write(work, campaign)
        gone = self._html.render(request, "shopper/forgotten.html", 200)
        if not has_others:
            drop_secret(gone, is_https=self._services.is_https)
        return gone


def _known(db: Db, secret: str) -> list[KnownWallet]:
    return [known_of(db, member) for member in _members(db, secret)]


def _members(db: Db, secret: str) -> list[Member]:
    """The wallets of a secret, by campaign."""
    if not secret:
        return []
    rows = db.execute(
        "SELECT campaign, id FROM member WHERE secret = ? AND gone_at IS NULL"
        " ORDER BY campaign LIMIT ?",
        (digest(secret), WALLETS_MAX),
    )
    return [Member(*row) for row in rows.fetchall()]
