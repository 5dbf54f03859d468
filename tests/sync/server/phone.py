"""A shopper's phone, and the receipts that it is given."""

from __future__ import annotations

import html
import re

import httpx

from tests.sync.server.kit import Api
from tests.sync.server.market import Market, secret


class Phone:
    """A browser without scripts: it keeps its cookie and sends the forms that it is shown."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self.cookie = ""
        self.last: httpx.Response | None = None

    def get(self, path: str, **headers: str) -> str:
        return self._keep(self._api.ask("GET", path, headers=self._headers(headers)))

    def send(self, path: str, **fields: object) -> str:
        response = self._api.ask("POST", path, data=fields or None, headers=self._headers({}))
        return self._keep(response)

    @property
    def status(self) -> int:
        return self.last.status_code if self.last else 0

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        cookie = {"Cookie": f"comptoir-wallet={self.cookie}"} if self.cookie else {}
        return {"Accept-Language": "fr", "Origin": "http://testserver"} | cookie | more

    def _keep(self, response: httpx.Response) -> str:
        self.last = response
        self._api.client.cookies.clear()  # each phone has its own
        found = re.search(r"comptoir-wallet=([^;]+)", response.headers.get("set-cookie", ""))
        if found:
            self.cookie = found[1]
            assert "HttpOnly" in response.headers["set-cookie"]
        return html.unescape(response.text).replace("\N{NO-BREAK SPACE}", " ")


def sell(market: Market, number: int = 1) -> str:
    """A sale that earns ten euros; the address on its receipt."""
    market.sell("Port", 6000, market.earn("Port", 6000, secret(number)))
    market.send("Port")
    return f"/C/{market.receipt('Port', 1000, secret(number))}"
