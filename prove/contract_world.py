"""A server with something behind every address, and everybody who may ask it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import httpx

from sync.server.app import make_app
from sync.server.config import Rates, ServerConfig
from sync.server.limits import Rate
from sync.server.run import open_services
from sync.server.services import Clock
from tests.sync.server.kit import ORIGIN, Api, VirtualClock
from tests.sync.server.market import CAMPAIGN, Market, secret
from tests.sync.server.people import Person, join, session
from tests.sync.server.phone import Phone, sell

# No example is refused because of those before it: what the limits do has its own tests.
_OFTEN: Final = Rate(burst=10_000_000, per_minute=10_000_000)
RATES: Final = Rates(**{one.name: _OFTEN for one in fields(Rates)})
LIST: Final = b"nom;siret\nBoulangerie;\n"
_NAMED: Final = re.compile(r'<(?:input|select|textarea|button)[^>]* name="([\w-]+)"')


@dataclass
class World:
    """What is known: values that parameters may have, fields that forms have, who asks."""

    api: Api
    market: Market
    organiser: Person
    keeper: Person
    phone: Phone
    known: dict[str, list[Any]]
    fields: list[str]

    def callers(self) -> dict[str, dict[str, str]]:
        """The headers of everybody, by name. Browsers say where their form came from."""
        api, browser = self.api, {"Origin": ORIGIN}
        return {
            "nobody": {},
            "a till": api.bearer(self.market.tills["Port"]),
            "an organiser's program": self.organiser.token,
            "an organiser's browser": self.organiser.cookie | browser,
            "a shop's browser": self.keeper.cookie | browser,
            "the admin": api.admin,
            "a shopper": {"Cookie": f"comptoir-wallet={self.phone.cookie}"} | browser,
        }

    def send(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
        """What the server answers; each question comes from a browser without cookies."""
        response = self.api.ask(method, path, content=body, headers=headers)
        self.api.client.cookies.clear()
        return response

    def log_in_again(self) -> None:
        """New sessions, after an example that ended them."""
        for one in (self.organiser, self.keeper):
            one.cookie = session(self.api, name=one.name, password="quatre mots au hasard")  # noqa: S106


@contextmanager
def world(folder: Path, database: str | None = None) -> Iterator[World]:
    """A server in this process, on a clock that stands still."""
    clock = VirtualClock()
    config = ServerConfig(folder, database=database, rates=RATES)
    ours = Clock(clock.now, clock.monotonic)
    with (
        open_services(config, frozenset((ORIGIN,)), ours) as services,
        Api(make_app(services), clock, services.secrets.admin_token) as api,
    ):
        market = Market(api, services)
        market.open("Port", "Gare")
        yield _fill(api, market)


def _fill(api: Api, market: Market) -> World:
    organiser = join(api, api.admin, CAMPAIGN, "odile")
    keeper = join(api, api.admin, CAMPAIGN, "paul", market.shops["Port"])
    phone = Phone(api)
    receipt = sell(market)
    phone.send(receipt)
    market.sell("Port", 900, market.earn("Port", 900, secret(2), 500))  # more than the rules give
    market.send("Port")
    phone.send("/porte-monnaie/bon", campaign=CAMPAIGN, value=500)
    market.claim(sell(market, 3)[3:], "somebody")
    market.sell("Gare", 3000, market.redeem(market.voucher("somebody", 500).token))
    market.send("Gare")
    market.ask("settlements")
    till = market.tills["Port"]
    api.ask("POST", f"/campaigns/{CAMPAIGN}/shop-list", files={"file": LIST}, headers=api.admin)
    known: dict[str, list[Any]] = {
        "campaign": [CAMPAIGN],
        "shop": [*market.shops.values()],
        "till": [till.till],
        "chain": [f"campaign:{CAMPAIGN}"],
        "account": [organiser.id, keeper.id],
        "token": [receipt[3:], f"{receipt[3:-4]}AAAA"],
        "batch": [1],
        "index": [0, 1],
        "finding": [1],
        "settlement": [1],
        "list": [sha256(LIST).hexdigest()],
        "day": ["2026-11-24"],
    }
    return World(api, market, organiser, keeper, phone, known, _fields(api, market))


def _fields(api: Api, market: Market) -> list[str]:
    """The names of the fields of the pages' forms."""
    base = f"/campaigns/{CAMPAIGN}"
    pages = (
        *("shops", "new-shop", f"shops/{market.shops['Port']}", "letters", "campaign", "rules"),
        *("findings", "settlements/1", "accounts", "closing", "shop-list", "state?to=paused"),
    )
    texts = [api.ask("GET", f"{base}/{page}", headers=api.admin).text for page in pages]
    texts += [api.ask("GET", path).text for path in ("/login", "/c", "/porte-monnaie")]
    found = {name for text in texts for name in _NAMED.findall(text)}
    return sorted(found | {"campaign", "batch", "index", "code", "value", "secret", "act", "sure"})
