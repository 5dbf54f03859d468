"""What docs/growing.md says of the schema: everything of a campaign can live with its campaign."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from sync.server.app import make_app
from sync.server.config import ServerConfig
from sync.server.run import open_services
from sync.server.services import Clock
from sync.server.store.dialect import for_postgres, frozen_in_postgres
from sync.server.store.schema import SHARED_STEPS, VERSION
from sync.server.store.sqlite import SqliteStore
from tests.postgres import Cluster
from tests.sync.server.kit import ORIGIN, Api, VirtualClock
from tests.sync.server.market import CAMPAIGN, Market, secret

# Who asks before a campaign is known, and the campaigns themselves: small, on every machine.
OF_NO_CAMPAIGN = {"campaign", "identity", "earlier_key", "session", "account", "idempotency"}
PARTITIONS = 4
TABLE = re.compile(r"CREATE TABLE (\w+) \((.*?)\n\)\s*;", re.DOTALL)


def keys(tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
    """Each key that makes rows unique, with its table."""
    store = SqliteStore(tmp_path)

    def look(db: Any) -> list[tuple[str, list[str]]]:
        tables = db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        return [
            (table, [row[2] for row in db.execute(f"PRAGMA index_info({index})")])
            for (table,) in tables
            for _, index, unique, *_ in db.execute(f"PRAGMA index_list({table})").fetchall()
            if unique
        ]

    yield from store.write_now(look)
    store.close()


def test_what_is_unique_is_unique_within_its_campaign(tmp_path: Path) -> None:
    found = list(keys(tmp_path))
    assert {table for table, columns in found if columns[0] != "campaign"} == OF_NO_CAMPAIGN
    assert len({table for table, _ in found}) > 30


def partitioned(tables: str) -> str:
    """Table definitions, those of campaigns spread by campaign."""

    def spread(found: re.Match[str]) -> str:
        name, columns = found.groups()
        if name in OF_NO_CAMPAIGN:
            return found[0]
        parts = "".join(
            f"CREATE TABLE {name}_{part} PARTITION OF {name}"
            f" FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {part});"
            for part in range(PARTITIONS)
        )
        return f"CREATE TABLE {name} ({columns}\n) PARTITION BY HASH (campaign);{parts}"

    return TABLE.sub(spread, for_postgres(tables))


@pytest.fixture
def spread_out(postgres: Cluster) -> Iterator[str]:
    url = postgres.new_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        connection.execute("CREATE TABLE schema_version (number BIGINT NOT NULL)")
        for tables, frozen in SHARED_STEPS:
            connection.execute((partitioned(tables) + frozen_in_postgres(frozen)).encode())
        connection.execute("INSERT INTO schema_version VALUES (%s)", (VERSION,))
    yield url
    postgres.drop(url)


def test_the_server_works_on_tables_that_are_partitioned_by_campaign(
    spread_out: str, tmp_path: Path
) -> None:
    clock = VirtualClock()
    config = ServerConfig(tmp_path, database=spread_out)
    origins, ours = frozenset((ORIGIN,)), Clock(clock.now, clock.monotonic)
    with (
        open_services(config, origins, ours) as services,
        Api(make_app(services), clock, services.secrets.admin_token) as api,
    ):
        market = Market(api, services)
        market.open("Port", "Gare")
        market.sell("Port", 4000, market.earn("Port", 4000, secret(1)))
        assert market.send("Port") == [{"number": 1, "verdict": "accepted"}]
        market.claim(market.receipt("Port", 800, secret(1)), "somebody")
        market.sell("Gare", 3000, market.redeem(market.voucher("somebody", 500).token))
        market.send("Gare")
        market.ask("settlements")
        assert market.findings() == []
        market.whole()
    with psycopg.connect(spread_out) as connection:
        rows = connection.execute(
            "SELECT tableoid::regclass::text, count(*) FROM entry WHERE campaign = %s GROUP BY 1",
            (CAMPAIGN,),
        ).fetchall()
    assert [(re.sub(r"\d", "N", name), count) for name, count in rows] == [("entry_N", 2)]
