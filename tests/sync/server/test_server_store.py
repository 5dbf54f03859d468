from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.contract.jws import SigningKey
from sync.contract.messages import problem_name
from sync.server.config import ServerConfig, open_secrets
from sync.server.errors import BadConfig, Closed, Refused
from sync.server.services import Services
from sync.server.store.schema import STEPS
from sync.server.store.sqlite import PENDING_MAX, Store
from tests.sync.server.kit import Api, Till


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    yield store
    store.close()


def test_the_database_is_durable_strict_and_private(store: Store, tmp_path: Path) -> None:
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
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        services.store.write_now(lambda db: db.execute("UPDATE entry SET number = 9"))
    with pytest.raises(sqlite3.IntegrityError, match="never deleted"):
        services.store.write_now(lambda db: db.execute("DELETE FROM entry"))


def test_a_failed_write_leaves_nothing(store: Store) -> None:
    def work(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO campaign VALUES ('a', 'A', '')")
        raise RuntimeError("after the first row")

    with pytest.raises(RuntimeError):
        store.write_now(work)
    assert store.write_now(lambda db: db.execute("SELECT * FROM campaign").fetchall()) == []


def test_one_data_folder_has_one_server(store: Store, tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="another server"):
        Store(tmp_path)


def test_a_database_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    Store(tmp_path).close()
    with sqlite3.connect(tmp_path / "server.db") as db:
        db.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    db.close()
    with pytest.raises(BadConfig, match=f"schema {len(STEPS) + 1}"):
        Store(tmp_path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "server.db").write_bytes(b"not a database, whatever it is" * 40)
    with pytest.raises(BadConfig, match="no database"):
        Store(tmp_path)


def test_a_closed_store_takes_no_work(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.close()
    store.close()
    with pytest.raises(Closed):
        store.write_now(lambda _: None)


def test_work_that_waits_is_bounded(store: Store) -> None:
    gate = threading.Event()

    async def scene() -> Refused:
        slow = [
            asyncio.create_task(store.read(lambda _: gate.wait(20))) for _ in range(PENDING_MAX)
        ]
        await asyncio.sleep(0)
        try:
            with pytest.raises(Refused) as caught:
                await store.read(lambda _: None)
        finally:
            gate.set()
            await asyncio.gather(*slow)
        return caught.value

    refused = asyncio.run(scene())
    assert problem_name(refused.problem) == "busy"
    assert refused.retry_after_seconds == 2


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
