from __future__ import annotations

import asyncio
import hashlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from sync.contract.jws import SigningKey
from sync.contract.messages import problem_name
from sync.server.config import ServerConfig, open_secrets
from sync.server.errors import BadConfig, Closed, Refused
from sync.server.money.earns import EarnRow
from sync.server.money.earns import insert as insert_earns
from sync.server.services import Services
from sync.server.store.db import PENDING_MAX, READS_PENDING_MAX, Db
from sync.server.store.growth import ROWS_MIN, Growth
from sync.server.store.postgres import PostgresStore
from sync.server.store.schema import VERSION
from sync.server.store.sqlite import SqliteStore
from sync.server.store.steps import first
from tests.postgres import Cluster, binaries, cluster
from tests.sync.server.kit import Api, Till, name_of


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path)
    yield store
    store.close()


REFUSED = (sqlite3.IntegrityError, psycopg.errors.IntegrityConstraintViolation)


def test_the_database_is_durable_strict_and_private(store: SqliteStore, tmp_path: Path) -> None:
    assert store.write_now(lambda db: db.execute("PRAGMA synchronous").fetchone()) == (2,)
    assert store.write_now(lambda db: db.execute("PRAGMA journal_mode").fetchone()) == ("wal",)
    tables = store.write_now(lambda db: db.execute("PRAGMA table_list").fetchall())
    ours = [row for row in tables if not row[1].startswith("sqlite_")]
    assert all(row[5] == 1 for row in ours), "STRICT"
    assert (tmp_path / "server.db").stat().st_mode & 0o077 == 0


def test_an_entry_can_be_neither_changed_nor_deleted(
    api: Api, services: Services, till: Till
) -> None:
    till.sell()
    api.send(till)
    for change in ("UPDATE entry SET number = 9", "DELETE FROM entry"):
        with pytest.raises(REFUSED, match=r"never (changed|deleted)"):
            services.store.write_now(rows_of(change))


def test_a_failed_write_leaves_nothing(store: SqliteStore) -> None:
    def work(db: Db) -> None:
        db.execute("INSERT INTO campaign VALUES ('a', 'A', '')")
        raise RuntimeError("after the first row")

    with pytest.raises(RuntimeError):
        store.write_now(work)
    assert store.write_now(lambda db: db.execute("SELECT * FROM campaign").fetchall()) == []


def test_one_data_folder_has_one_server(store: SqliteStore, tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="another server"):
        SqliteStore(tmp_path)


def test_a_database_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    SqliteStore(tmp_path).close()
    with sqlite3.connect(tmp_path / "server.db") as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    with pytest.raises(BadConfig, match=f"schema {VERSION + 1}"):
        SqliteStore(tmp_path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "server.db").write_bytes(b"not a database, whatever it is" * 40)
    with pytest.raises(BadConfig, match="no database"):
        SqliteStore(tmp_path)


def test_a_closed_store_takes_no_work(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    store.close()
    store.close()
    with pytest.raises(Closed):
        store.write_now(lambda _: None)


@pytest.mark.parametrize(("ask", "most"), [("write", PENDING_MAX), ("read", READS_PENDING_MAX)])
def test_work_that_waits_is_bounded(store: SqliteStore, ask: str, most: int) -> None:
    gate = threading.Event()
    do = getattr(store, ask)

    async def scene() -> Refused:
        slow = [asyncio.create_task(do(lambda _: gate.wait(20))) for _ in range(most)]
        await asyncio.sleep(0)
        try:
            with pytest.raises(Refused) as caught:
                await do(lambda _: None)
        finally:
            gate.set()
            await asyncio.gather(*slow)
        return caught.value

    refused = asyncio.run(scene())
    assert problem_name(refused.problem) == "busy"
    assert refused.retry_after_seconds == 2


def test_a_long_read_and_a_write_do_not_wait_for_each_other(services: Services) -> None:
    gate, store = threading.Event(), services.store

    def insert(db: Db) -> None:
        db.execute("INSERT INTO campaign VALUES ('noel', 'Noël', '2026-11-22')")

    def count(db: Db) -> int:
        return int(db.execute("SELECT count(*) FROM campaign").fetchone()[0])

    def look_twice(db: Db) -> tuple[int, int]:
        before = count(db)
        assert gate.wait(20)
        return before, count(db)

    async def scene() -> tuple[tuple[int, int], int]:
        looking = asyncio.create_task(store.read(look_twice))
        await asyncio.sleep(0.1)  # its moment has begun
        await store.write(insert, "noel")
        seen = await store.read(count)
        gate.set()
        return await looking, seen

    assert asyncio.run(scene()) == ((0, 0), 1)


def test_what_reads_cannot_write(services: Services) -> None:
    with pytest.raises((Refused, sqlite3.Error, psycopg.Error)):
        asyncio.run(
            services.store.read(
                lambda db: db.execute("INSERT INTO campaign VALUES ('noel', 'Noël', '2026')")
            )
        )


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_disk_that_cannot_be_written_is_answered_with_a_later(
    api: Api, services: Services, till: Till
) -> None:
    pages = services.store.write_now(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    till.add(till.ticket("sale", 100, "2026-11-22") | {"note": "x" * 100_000})
    services.store.write_now(lambda db: db.execute(f"PRAGMA max_page_count = {pages}"))
    full = api.send(till)
    assert (full.status_code, full.headers["retry-after"]) == (503, "2")
    services.store.write_now(lambda db: db.execute("PRAGMA max_page_count = 100000"))
    assert api.send(till).json()["verdicts"] == [{"number": 1, "verdict": "accepted"}]


def test_secrets_are_made_once_and_for_their_owner_only(tmp_path: Path) -> None:
    first = open_secrets(tmp_path / "data")
    again = open_secrets(tmp_path / "data")
    assert first.admin_token == again.admin_token
    assert first.key.kid == again.key.kid
    for name in ("admin-token", "server-key.pem"):
        assert (tmp_path / "data" / name).stat().st_mode & 0o777 == 0o600


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    open_secrets(tmp_path)
    (tmp_path / "admin-token").chmod(0o644)
    with pytest.raises(BadConfig, match="chmod 600"):
        open_secrets(tmp_path)


def test_a_damaged_secret_is_named(tmp_path: Path) -> None:
    open_secrets(tmp_path)
    (tmp_path / "server-key.pem").write_bytes(b"x")
    with pytest.raises(BadConfig, match="expected an unencrypted PEM"):
        open_secrets(tmp_path)
    (tmp_path / "server-key.pem").write_bytes(SigningKey.from_secret(1).pem())
    (tmp_path / "admin-token").write_bytes(b"short\n")
    with pytest.raises(BadConfig, match="32 characters"):
        open_secrets(tmp_path)


def test_open_pages_are_for_this_machine_only(tmp_path: Path) -> None:
    ServerConfig(tmp_path, "127.0.0.1", open_pages=True).check()
    ServerConfig(tmp_path, "::1", open_pages=True).check()
    with pytest.raises(BadConfig, match="loopback"):
        ServerConfig(tmp_path, "0.0.0.0", origin="https://a.example", open_pages=True).check()


def test_a_public_server_knows_its_origin(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="origin"):
        ServerConfig(tmp_path, "0.0.0.0").check()
    config = ServerConfig(tmp_path, "0.0.0.0", origin="https://a.example/")
    config.check()
    assert config.origins(8080) == {"https://a.example"}
    assert "http://127.0.0.1:8080" in ServerConfig(tmp_path).origins(8080)


class TestAFileOfTheFirstVersion:
    """What was stored before tables were keyed by campaign is carried over, and goes on."""

    def test_it_becomes_what_a_new_file_would_be(self, tmp_path: Path) -> None:
        for name in ("old", "new"):
            (tmp_path / name).mkdir()
        _first_version(tmp_path / "old" / "server.db")
        for name in ("old", "new"):
            SqliteStore(tmp_path / name).close()
        assert _schema(tmp_path / "old" / "server.db") == _schema(tmp_path / "new" / "server.db")

    def test_nothing_of_it_is_lost(self, tmp_path: Path) -> None:
        _first_version(tmp_path / "server.db")
        store = SqliteStore(tmp_path)
        rows = {
            table: store.write_now(rows_of(f"SELECT * FROM {table}"))
            for table in ("shop", "enrolment", "entry", "turnover", "feed", "pairing_code")
        }
        store.close()
        assert [row[:4] for row in rows["shop"]] == [
            ("noel", "s1", 1, "Port"),
            ("noel", "s2", 2, "Quai"),
        ]
        assert rows["enrolment"][0][:6] == ("noel", 7, "t", 1, "s2", "01")
        assert rows["entry"] == [("noel", 7, 1, 1, bytes(32), "now", None, b"jws")]
        assert rows["turnover"] == [("noel", 7, "2026-11-22", 1, 0, 500)]
        assert rows["feed"] == [("noel", 3, "", 0, b"item")]
        assert rows["pairing_code"][0][:3] == ("noel", bytes(32), "s2")


def _first_version(path: Path) -> None:
    db = sqlite3.connect(path)
    db.executescript(first.TABLES)
    db.executescript(
        """
        INSERT INTO campaign VALUES ('noel', 'Noël', 'then');
        INSERT INTO shop VALUES ('s2', 'noel', 'Quai', '2'), ('s1', 'noel', 'Port', '1');
        INSERT INTO identity VALUES ('t', 1, 'kid', x'00', 'then', NULL, NULL);
        INSERT INTO enrolment VALUES (7, 't', 1, 'noel', 's2', '01', '0.1', '123456', 'then', 1,
            zeroblob(32), 0, NULL, NULL);
        INSERT INTO pairing_code VALUES (zeroblob(32), 's2', 'then', 'later', 7);
        INSERT INTO entry VALUES (7, 1, 1, zeroblob(32), 'now', NULL, CAST('jws' AS BLOB));
        INSERT INTO turnover VALUES (7, '2026-11-22', 1, 0, 500);
        INSERT INTO feed VALUES (3, 'noel', CAST('item' AS BLOB));
        PRAGMA user_version = 1;
        """
    )
    db.close()


def _schema(path: Path) -> list[tuple[str, ...]]:
    db = sqlite3.connect(path)
    found = db.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_schema"
        " WHERE name NOT LIKE 'sqlite_%' ORDER BY 1, 2"
    )
    rows = found.fetchall()
    db.close()
    return rows


class TestPostgresItself:
    """What only PostgreSQL has: other processes, and an end of its own."""

    def test_a_server_that_comes_back_is_used_again(self, tmp_path: Path) -> None:
        found = binaries()
        if found is None:
            pytest.skip("PostgreSQL is not installed")
        with cluster(found) as running:
            store = PostgresStore(running.new_database())
            for name in ("a", "b"):
                store.write_now(insert(name))
            running.stop()
            with pytest.raises(Refused) as refused:
                store.write_now(insert("c"))
            assert problem_name(refused.value.problem) == "busy"
            running.start()
            store.write_now(insert("d"))
            rows = store.write_now(lambda db: db.execute("SELECT id FROM campaign").fetchall())
            store.close()
        assert sorted(rows) == [("a",), ("b",), ("d",)]

    def test_a_campaign_has_one_writer_at_a_time_in_all_processes(self, postgres: Cluster) -> None:
        url = postgres.new_database()
        stores = [PostgresStore(url), PostgresStore(url)]
        stores[0].write_now(insert("0"))

        def count(db: Db) -> None:
            ((last,),) = db.execute("SELECT name FROM campaign").fetchall()
            db.execute("UPDATE campaign SET name = ?", (str(int(last) + 1),))

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: stores[n % 2].write_now(count, "noel"), range(40)))
        rows = stores[1].write_now(lambda db: db.execute("SELECT name FROM campaign").fetchall())
        for store in stores:
            store.close()
        postgres.drop(url)
        assert rows == [("40",)]

    def test_sums_and_bytes_come_as_they_do_from_sqlite(self, postgres: Cluster) -> None:
        url = postgres.new_database()
        store = PostgresStore(url, 1)
        found = store.write_now(
            lambda db: db.execute(
                "SELECT sum(n), ? FROM (SELECT 1 AS n UNION ALL SELECT 2) AS two", (b"raw",)
            ).fetchone()
        )
        store.close()
        postgres.drop(url)
        assert found == (3, b"raw")
        assert type(found[0]) is int

    def test_a_table_that_fills_up_is_soon_read_by_its_best_index(self, postgres: Cluster) -> None:
        url = postgres.new_database()
        store = PostgresStore(url, 1)
        asked = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(180)]
        plan = (
            "EXPLAIN SELECT claim FROM earn WHERE campaign = ?"
            f" AND claim IN ({','.join('?' * len(asked))})"
        )
        for enrolment in range(40):
            store.write_now(partial(_fill_earns, enrolment=enrolment))
        told = store.write_now(lambda db: db.execute(plan, ("noel", *asked)).fetchall())
        store.close()
        postgres.drop(url)
        assert "earn_by_claim" in str(told)

    def test_an_address_that_is_no_database_is_named(self, postgres: Cluster) -> None:
        with pytest.raises(BadConfig, match="PostgreSQL"):
            PostgresStore(postgres.url("nowhere"))


def _fill_earns(db: Db, enrolment: int) -> None:
    earns = [_earn(enrolment, number) for number in range(ROWS_MIN)]
    insert_earns(db, "noel", earns)


def _earn(enrolment: int, number: int) -> EarnRow:
    claim = hashlib.sha256(f"{enrolment} {number}".encode()).hexdigest()
    where = ("till", number, "shop", "2026-11-22", "2026-11-22T10:00:00+01:00")
    return EarnRow(
        *(enrolment, number, 0, "earn", *where, 1, 900, 90, 90, claim, "", "unclaimed", "", "")
    )


def test_growth_asks_for_a_look_each_time_that_a_table_has_doubled() -> None:
    growth = Growth(rows_min=100)
    looked = []
    for _ in range(20):
        growth.add("earn", 50)
        growth.add("fund", 1)
        looked.append(growth.take_due())
    assert [50 * (n + 1) for n, due in enumerate(looked) if due] == [100, 200, 400, 800]
    assert {table for due in looked for table in due} == {"earn"}


def insert(name: str) -> Callable[[Db], object]:
    return lambda db: db.execute("INSERT INTO campaign VALUES (?, ?, '')", (name, name))


def rows_of(sql: str) -> Callable[[Db], list[Any]]:
    return lambda db: db.execute(sql).fetchall()


def test_a_nul_in_a_text_is_refused_before_it_reaches_the_database(api: Api) -> None:
    wrong = {"id": "noel", "name": "No\x00el"}
    response = api.ask("POST", "/v1/admin/campaigns", json=wrong, headers=api.admin)
    assert (response.status_code, name_of(response)) == (422, "malformed")
