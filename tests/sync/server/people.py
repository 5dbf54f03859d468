"""People who log in, as tests of several areas need them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tests.sync.server.kit import Api

PASSWORD = "quatre mots au hasard"


@dataclass
class Person:
    """Somebody with an account: what a browser sends, and what a program sends."""

    name: str
    id: str
    cookie: dict[str, str]
    token: dict[str, str]


def session(api: Api, **form: str) -> dict[str, str]:
    """What a browser sends after logging in with these fields."""
    entered = api.ask("POST", "/login", data=form)
    assert (entered.status_code, entered.headers["location"]) == (303, "/"), entered.text
    api.client.cookies.clear()
    return {"Cookie": entered.headers["set-cookie"].split(";")[0]}


def invite(api: Api, admin: dict[str, str], campaign: str, name: str, shop: str = "") -> str:
    """Invite somebody; the path of the invitation."""
    form = {"name": name, "role": "shop" if shop else "organiser", "shop": shop}
    made = api.ask("POST", f"/campaigns/{campaign}/accounts", data=form, headers=admin)
    assert made.status_code == 200, made.text
    found = re.search(r"http://testserver(/invitation/[\w-]+)", made.text)
    assert found, made.text
    return found[1]


def accept(api: Api, invitation: str, password: str = PASSWORD) -> None:
    """Choose a password."""
    form = {"password": password, "again": password}
    done = api.ask("POST", invitation, data=form)
    assert (done.status_code, done.headers["location"]) == (303, "/login?chosen=1"), done.text


def join(api: Api, admin: dict[str, str], campaign: str, name: str, shop: str = "") -> Person:
    """Somebody who was invited, chose a password, and logged in; organisers have a token too."""
    accept(api, invite(api, admin, campaign, name, shop))
    cookie = session(api, name=name, password=PASSWORD)
    listing = api.ask("GET", f"/campaigns/{campaign}/accounts", headers=admin).text
    row = rf"accounts/([0-9a-f-]{{36}})(?:(?!</li>).)*hidden\"> {name}<"
    ids = re.findall(row, listing, re.DOTALL)
    person = Person(name, ids[0], cookie, {})
    if not shop:
        person.token = {"Authorization": f"Bearer {token_of(api, campaign, person)}"}
    return person


def token_of(api: Api, campaign: str, person: Person) -> str:
    """A new API token, made by the account itself."""
    made = change(api, campaign, person.id, "token", person.cookie)
    found = re.search(r'class="code">([\w-]{43})<', made.text)
    assert found, made.text
    return found[1]


def change(api: Api, campaign: str, account: str, act: str, who: dict[str, str]) -> Any:
    """What the page of accounts answers to one of its buttons."""
    path = f"/campaigns/{campaign}/accounts/{account}"
    return api.ask("POST", path, data={"act": act}, headers=who)
