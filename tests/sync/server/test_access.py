"""Who may do what, over every operation that the server has: a new one must be classified here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from sync.contract.jws import SigningKey
from sync.server.app import make_app
from sync.server.config import ServerConfig
from sync.server.operation import Operation
from sync.server.operations import OPERATIONS
from sync.server.run import open_services
from sync.server.services import Services
from tests.sync.server.kit import ORIGIN, OTHER_TILL, TILL, Api, Till, VirtualClock
from tests.sync.server.people import join, session
from tests.sync.server.test_server_sticks import head

# What anybody at all may ask: shoppers' pages, doors, tills that come in, what is public.
ANYONE = frozenset(
    (
        *("enrol", "health", "openapi", "style", "login", "logIn", "logOut", "readStatusList"),
        *("receipt", "claimReceipt", "codeForm", "lookUpCode", "claimCode", "wallet"),
        *("makeVoucher", "showVoucher", "giveBackVoucher", "makeTransferCode", "moveWallet"),
        *("challenge", "payChallenge", "invitation", "acceptInvitation"),
        *("replaceVoucher", "exportWallet", "askToForget", "forgetWallet"),
        *("findCampaign", "findShops", "showShop", "welcome"),
    )
)
# Who passes, by the class that an operation declares. Everybody else must not.
PASSES: Mapping[str, frozenset[str]] = {
    "till": frozenset(("till",)),
    "admin": frozenset(("admin",)),
    "organiser": frozenset(("admin", "organiser")),
    "keeper": frozenset(("admin", "organiser", "shop")),
    "leader": frozenset(("admin", "organiser", "organiser of another")),
    "account": frozenset(
        ("admin", "organiser", "organiser of another", "shop", "another shop", "shop of another")
    ),
}
CALLERS = (
    *("nobody", "till", "another till", "shop", "another shop", "shop of another"),
    *("organiser", "organiser by token", "organiser of another", "organiser of another by token"),
    *("admin", "admin by token"),
)
NAME, SHOP_NAME = "Noël à Saint-Malo", "Épicerie du Port"


@dataclass
class World:
    """Two campaigns, and everybody who could ask: what each sends along."""

    api: Api
    shop: str
    account: str
    stick: str
    headers: dict[str, dict[str, str]] = field(default_factory=dict)

    def path(self, operation: Operation) -> str:
        known = {"till": TILL, "chain": "campaign:noel", "campaign": "noel", "shop": self.shop}
        known["account"] = self.account
        return re.sub(r"{(\w+)}", lambda name: known.get(name[1], "1"), operation.path)

    def body(self, operation: Operation) -> dict[str, Any]:
        """Something that names the campaign where the address does not, and changes nothing."""
        bodies: dict[str, Any] = {
            "createShop": {"campaign": "noel", "name": "x"},
            "createPairingCode": {"shop": self.shop},
            "createNotice": {"campaign": "noel", "text": "x"},
            "bringEntries": {"stick": self.stick, "entries": ["no entry"]},
            "answerStick": {"stick": self.stick},
        }
        if operation.name in bodies:
            return {"json": bodies[operation.name]}
        return {"json": {}} if operation.body is not None else {}

    def ask(self, operation: Operation, caller: str) -> Any:
        self.api.clock.advance(minutes=2)  # or the rate limits would answer
        how = self.body(operation) | {"headers": self.headers[caller]}
        return self.api.ask(operation.method, self.path(operation), **how)


@pytest.fixture
def world(api: Api, services: Services, shop: str, till: Till) -> World:
    admin = session(api, token=services.secrets.admin_token)
    second = api.order("shops", campaign="noel", name="Autre")["id"]
    other = Till(SigningKey.from_secret(7), till=OTHER_TILL)
    api.enrol(other, str(second))
    api.campaign("ete")
    lead, stranger = join(api, admin, "noel", "lead"), join(api, admin, "ete", "stranger")
    keeper, neighbour = (
        join(api, admin, "noel", f"keeper {number}", number) for number in ("1", "2")
    )
    headers = {
        "nobody": {},
        "shop": keeper.cookie,
        "another shop": neighbour.cookie,
        "shop of another": join(api, admin, "ete", "keeper of another", "1").cookie,
        "organiser": lead.cookie,
        "organiser by token": lead.token,
        "organiser of another": stranger.cookie,
        "organiser of another by token": stranger.token,
        "admin": admin,
        "admin by token": api.admin,
    }
    return Tokens(api, shop, lead.id, head(till), headers, {"till": till, "another till": other})


@dataclass
class Tokens(World):
    """Tills' tokens live for a minute: they are made when they are used."""

    tills: dict[str, Till] = field(default_factory=dict)

    def ask(self, operation: Operation, caller: str) -> Any:
        if caller in self.tills:
            self.api.clock.advance(minutes=2)
            self.headers[caller] = self.api.bearer(self.tills[caller])
            self.api.clock.advance(minutes=-2)
        return super().ask(operation, caller)


def passes(answer: Any) -> bool:
    """Whether an answer is that to somebody who may ask; the body may still be refused."""
    if answer.status_code == 303:
        return answer.headers["location"] not in ("/login", "/bienvenue")
    if answer.status_code == 404:
        return not re.search(
            r"no campaign \w|no shop [0-9a-f-]{36}|not for this account"
            r"|Ce(tte campagne| commerce) n&#39;existe pas",
            answer.text,
        )
    return answer.status_code not in (401, 403)


def test_every_operation_is_classified() -> None:
    assert {one.name for one in OPERATIONS if one.who == "anyone"} == ANYONE
    assert {one.who for one in OPERATIONS} <= {"anyone", *PASSES}


@pytest.mark.parametrize("caller", CALLERS)
def test_each_operation_is_for_those_that_it_is_for(world: World, caller: str) -> None:
    kind = caller.removesuffix(" by token")
    for operation in OPERATIONS:
        if operation.name in ANYONE:
            continue
        answer = world.ask(operation, caller)
        expected = kind in PASSES[operation.who]
        assert passes(answer) == expected, (operation.name, caller, answer.status_code, answer.text)
        if not expected:
            assert NAME not in answer.text
            assert SHOP_NAME not in answer.text


@pytest.mark.parametrize("caller", ["organiser of another", "shop of another", "another shop"])
def test_what_is_anothers_looks_like_what_does_not_exist(world: World, caller: str) -> None:
    def ask(method: str, path: str, campaign: str) -> tuple[int, str]:
        body: dict[str, Any] = {} if method == "GET" else {"json": {}}
        how = body | {"headers": world.headers[caller]}
        found = world.api.ask(method, path.replace("{campaign}", campaign), **how)
        return found.status_code, found.text.replace(campaign, "")

    for operation in OPERATIONS:
        if operation.who == "organiser" and "{campaign}" in operation.path:
            path = re.sub(r"{(?!campaign)\w+}", "1", operation.path)
            there, nowhere = (ask(operation.method, path, one) for one in ("noel", "nowhere"))
            assert there == nowhere
            assert there[0] == 404


def test_no_organiser_sees_another_campaign_in_what_all_may_ask(world: World) -> None:
    for path in ("/", "/v1/status"):
        seen = world.api.ask("GET", path, headers=world.headers["organiser of another"]).text
        assert "ete" in seen
        assert "noel" not in seen
        both = world.api.ask("GET", path, headers=world.headers["admin"]).text
        assert "ete" in both
        assert "noel" in both


def test_no_shop_of_another_campaign_can_be_given_a_pairing_code(world: World) -> None:
    def code(shop: str) -> Any:
        how = {"json": {"shop": shop}, "headers": world.headers["organiser of another by token"]}
        return world.api.ask("POST", "/v1/admin/pairing-codes", **how).json()

    nowhere = "00000000-0000-0000-0000-000000000000"
    assert code(world.shop)["detail"] == f"no shop {world.shop}"
    assert code(nowhere)["detail"] == f"no shop {nowhere}"


@pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)
def test_a_name_that_no_database_could_hold_is_not_found(api: Api, services: Services) -> None:
    admin = session(api, token=services.secrets.admin_token)
    api.campaign()
    for operation in OPERATIONS:
        if operation.who in ("organiser", "keeper") and "{" in operation.path:
            path = re.sub(r"{\w+}", "%00", operation.path)
            body: dict[str, Any] = {} if operation.method == "GET" else {"json": {}}
            found = api.ask(operation.method, path, headers=admin, **body)
            assert found.status_code == 404, (operation.name, found.text)
            path = re.sub(r"{(?!campaign)\w+}", "%00", operation.path).replace("{campaign}", "noel")
            if "%00" in path:
                assert api.ask(operation.method, path, headers=admin, **body).status_code == 404


def test_open_pages_are_for_looking_only(tmp_path: Any, clock: VirtualClock) -> None:
    config = ServerConfig(tmp_path, open_pages=True)
    with (
        open_services(config, frozenset((ORIGIN,))) as services,
        Api(make_app(services), clock, services.secrets.admin_token) as api,
    ):
        api.campaign()
        assert NAME in api.ask("GET", "/campaigns/noel").text
        form = {"name": "x", "role": "organiser"}
        sent = api.ask("POST", "/campaigns/noel/accounts", data=form)
        assert (sent.status_code, sent.headers["location"]) == (303, "/login")
        assert api.ask("GET", "/v1/admin/campaigns/noel/figures").status_code == 401
