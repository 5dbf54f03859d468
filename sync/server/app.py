"""The application: every address, the headers of every answer, every error as a problem."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from email.utils import format_datetime
from typing import Final

import msgspec
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sync.contract.overview import Health
from sync.server.areas import AREAS
from sync.server.errors import Refused, refuse
from sync.server.html import TEMPLATES
from sync.server.openapi import document
from sync.server.operations import OPERATIONS
from sync.server.organiser.api import AdminApi
from sync.server.organiser.doors import Doors
from sync.server.organiser.money_api import MoneyApi
from sync.server.organiser.shell import guarded
from sync.server.services import Services, answer, answer_problem
from sync.server.shopper.find_pages import FindPages
from sync.server.shopper.pages import ShopperPages
from sync.server.shopper.rights import WalletRights
from sync.server.tills.api import TillApi
from sync.server.tills.spending_api import SpendingApi
from sync.server.tills.sticks import StickApi

Endpoint = Callable[[Request], Awaitable[Response]]
API_VERSION: Final = "1.0.0"

# "same-origin" and not "no-referrer": under that one browsers blank the Origin of our own forms.
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_HSTS: Final = {"Strict-Transport-Security": "max-age=31536000"}


def make_app(services: Services) -> Starlette:
    """The ASGI application over one server's services. It owns none of them: close them after."""
    endpoints = _endpoints(services)
    app = Starlette(
        routes=[
            Route(one.path, endpoints[one.name], methods=[one.method], name=one.name)
            for one in OPERATIONS
        ],
        middleware=[Middleware(_Headers, services=services)],
        exception_handlers={
            Refused: _on_refused,
            HTTPException: _on_http_error,
            Exception: _on_failure,
        },
    )
    app.router.redirect_slashes = False
    return app


def _endpoints(services: Services) -> Mapping[str, Endpoint]:
    till, admin, doors = TillApi(services), AdminApi(services), Doors(services)
    spending, money = SpendingApi(services, till), MoneyApi(services)
    sticks, shopper = StickApi(services, till), ShopperPages(services)
    find, rights = FindPages(services), WalletRights(services)
    sheet = (TEMPLATES / "style.css").read_bytes()
    contract = msgspec.json.encode(document(API_VERSION))

    async def health(_: Request) -> Response:
        return answer(Health())

    async def openapi(_: Request) -> Response:
        return Response(contract, media_type="application/json")

    async def style(_: Request) -> Response:
        return Response(sheet, media_type="text/css")

    return {
        "enrol": till.enrol,
        "sendEntries": till.entries,
        "readChain": till.chain,
        "readFeed": till.feed,
        "reserveVoucher": spending.reserve,
        "releaseVoucher": spending.release,
        "readLists": spending.lists,
        "readStatusList": spending.status_list,
        "bringEntries": sticks.entries,
        "answerStick": sticks.answer,
        "publishRules": money.publish_rules,
        "setState": money.set_state,
        "pledgeFund": money.pledge,
        "issueCarnets": money.carnets,
        "writeShop": money.shop_facts,
        "readFigures": money.figures,
        "readAudit": money.audit,
        "readFindings": money.findings,
        "decideFinding": money.decide,
        "settle": money.settle,
        "readSettlement": money.settlement,
        "readPaymentFile": money.payment_file,
        "confirmPayment": money.bank,
        "closeCampaign": money.close,
        "readClosing": money.closing,
        "readSettings": money.settings,
        "writeSettings": money.write_settings,
        "createCampaign": admin.campaigns,
        "createShop": admin.shops,
        "createPairingCode": admin.pairing_codes,
        "createNotice": admin.notices,
        "readStatus": admin.status,
        "health": health,
        "openapi": openapi,
        "welcome": doors.welcome,
        "login": doors.login,
        "logIn": doors.log_in,
        "logOut": doors.log_out,
        "receipt": shopper.page(shopper.receipt),
        "claimReceipt": shopper.page(shopper.claim),
        "codeForm": shopper.page(shopper.code_form),
        "lookUpCode": shopper.page(shopper.code),
        "claimCode": shopper.page(shopper.claim_code),
        "wallet": shopper.page(shopper.wallet),
        "makeVoucher": shopper.page(shopper.make_voucher),
        "showVoucher": shopper.page(shopper.voucher),
        "giveBackVoucher": shopper.page(shopper.give_back),
        "replaceVoucher": shopper.page(shopper.replace),
        "exportWallet": shopper.page(rights.export),
        "askToForget": shopper.page(rights.ask),
        "forgetWallet": shopper.page(rights.forget),
        "makeTransferCode": shopper.page(shopper.recovery),
        "moveWallet": shopper.page(shopper.move_here),
        "challenge": shopper.page(shopper.challenge),
        "payChallenge": shopper.page(shopper.pay),
        "findCampaign": shopper.page(find.campaigns),
        "findShops": shopper.page(find.shops),
        "showShop": shopper.page(find.shop),
        "style": style,
        **_areas(services),
    }


def _areas(services: Services) -> dict[str, Endpoint]:
    """The pages of every area, under the names of their operations."""
    found: dict[str, Endpoint] = {}
    for area in AREAS:
        pages = area(services)
        for operation, method in area.PAGES:
            endpoint = getattr(pages, method)
            found[operation.name] = guarded(endpoint) if operation.is_page else endpoint
    return found


class _Headers:
    """Adds what every answer carries. Tills measure their clock's offset from `Date`."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._now = services.clock.now
        self._fixed = _HEADERS | (_HSTS if services.is_https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._fixed)
                headers["Date"] = format_datetime(self._now(), usegmt=True)
            await send(message)

        await self._app(scope, receive, send_with_headers)


async def _on_refused(_: Request, error: Exception) -> Response:
    if not isinstance(error, Refused):
        raise error
    return answer_problem(error)


async def _on_http_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    name = {404: "not-found", 405: "method-not-allowed"}.get(error.status_code, "bad-request")
    found = answer_problem(refuse(name))
    if error.headers:
        found.headers.update(error.headers)
    return found


async def _on_failure(_: Request, error: Exception) -> Response:
    return answer_problem(refuse("internal", type(error).__name__))
