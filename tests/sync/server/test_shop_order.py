"""Shops in the order that a French reader expects, the same on both databases."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from sync.server.config import ServerConfig
from sync.server.run import open_services
from sync.server.services import Clock, Services
from sync.server.shops.order import fill_sort_keys
from sync.server.store.db import Db
from sync.server.store.schema import VERSION
from tests.sync.server.kit import ORIGIN, Api, VirtualClock
from tests.sync.server.market import Market
from tests.sync.server.people import session

UNSORTED = (
    *("Zinc", "Épicerie du Port", "épinard", "Eau de Mer", "Œuf et Cie", "Olive", "St Malo Voile"),
    *("Saint-Servan", "Santé", "À la Bonne Heure", "2 Rives", "L'Étoile", "Là-bas", "Ça va"),
)
SORTED = [
    *("2 Rives", "À la Bonne Heure", "Ça va", "Eau de Mer", "Épicerie du Port", "épinard"),
    *("L'Étoile", "Là-bas", "Œuf et Cie", "Olive", "St Malo Voile", "Saint-Servan", "Santé"),
    "Zinc",
]


@pytest.fixture
def admin(api: Api, services: Services) -> dict[str, str]:
    api.order("campaigns", id="noel", name="Noël")
    for name in UNSORTED:
        api.order("shops", campaign="noel", name=name)
    return session(api, token=services.secrets.admin_token)


def listed(api: Api, admin: dict[str, str], **query: Any) -> list[str]:
    found = api.ask("GET", "/campaigns/noel/shops", params=query, headers=admin).text
    names = re.findall(r'<th scope="row" class="wrap"><a [^>]+>([^<]+)</a>', found)
    return [name.replace("&#39;", "'") for name in names]


@pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)
class TestOnBothDatabases:
    def test_the_list_and_the_search_are_in_order(self, api: Api, admin: dict[str, str]) -> None:
        assert listed(api, admin) == SORTED
        assert listed(api, admin, find="e") == [one for one in SORTED if re.search("[eéÉŒ]", one)]
        home = api.ask("GET", "/campaigns/noel", headers=admin).text
        found = [one.replace("&#39;", "'") for one in re.findall(r'<h3 id="[^"]+">([^<]+)', home)]
        assert found == SORTED

    def test_pages_go_on_where_the_one_before_ended(
        self, api: Api, admin: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sync.server.shops.finding.SHOPS_PER_PAGE", 4)
        pages = [listed(api, admin, page=number) for number in (1, 2, 3, 4)]
        assert [len(one) for one in pages] == [4, 4, 4, 2]
        assert [name for one in pages for name in one] == SORTED

    def test_another_name_is_another_place(self, api: Api, admin: dict[str, str]) -> None:
        found = api.ask("GET", "/campaigns/noel/shops", headers=admin).text
        (zinc,) = re.findall(r'/campaigns/noel/shops/([0-9a-f-]{36})">Zinc<', found)
        form = {"name": "Écume", "listed": "1"}
        done = api.ask("POST", f"/campaigns/noel/shops/{zinc}", data=form, headers=admin)
        assert done.status_code == 303
        assert listed(api, admin)[3:5] == ["Eau de Mer", "Écume"]

    def test_a_run_pays_in_that_order(self, api: Api, services: Services) -> None:
        market = Market(api, services)
        market.open("Zinc", "Étal", "Fournil")
        shops = market.shops.values()

        def owe(db: Any) -> None:
            for shop in shops:
                db.execute(
                    "INSERT INTO balance (campaign, account, owner, fund, cents)"
                    " VALUES ('noel', 'payable', ?, 1, 100)",
                    (shop,),
                )

        services.store.write_now(owe, "noel")
        run = market.ask("settlements")
        assert [one["name"] for one in run["lines"]] == ["Étal", "Fournil", "Zinc"]


@pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)
def test_shops_of_an_earlier_version_get_their_place_when_the_server_starts(
    api: Api,
    admin: dict[str, str],
    services: Services,
    database: str | None,
    tmp_path: Path,
    clock: VirtualClock,
) -> None:
    def go_back(db: Db) -> None:
        db.execute("DROP INDEX shop_in_order")
        db.execute("ALTER TABLE shop DROP COLUMN sort_key")
        db.execute("CREATE INDEX shop_in_order ON shop (campaign, name, id)")
        if database is None:
            db.execute(f"PRAGMA user_version = {VERSION - 1}")
        else:
            db.execute("DELETE FROM schema_version WHERE number = ?", (VERSION,))

    services.store.write_now(go_back)
    services.store.close()
    config = ServerConfig(tmp_path / "data", database=database)
    with open_services(config, frozenset((ORIGIN,)), Clock(clock.now, clock.monotonic)) as again:
        sql = "SELECT name FROM shop ORDER BY campaign, sort_key, id"
        for _ in range(2):
            rows = again.store.write_now(lambda db: db.execute(sql).fetchall())
            assert [name for (name,) in rows] == SORTED
            fill_sort_keys(again.store)
