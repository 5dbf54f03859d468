from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from pos.domain.errors import NotRecorded
from pos.store import folder as folders
from pos.store import schema
from pos.store.database import Database
from tests.pos.store.place import Place


def test_a_file_whose_making_was_broken_off_is_made_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: str) -> list[str]:
        raise sqlite3.OperationalError("disk I/O error")

    path = tmp_path / "till.db"
    with monkeypatch.context() as broken:
        broken.setattr(schema, "statements", fail)
        with pytest.raises(NotRecorded):
            Database(path, "till")
    database = Database(path, "till")
    assert schema.check(database.connection, "till") == len(schema.scripts("till"))
    database.close()


def test_a_new_key_has_all_folders_on_disk_that_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(folders, "sync_folder", synced.append)
    place = Place(tmp_path / "shop")
    place.open()
    place.close()
    assert {place.machine.folder, place.folder.path, place.path, tmp_path} <= set(synced)
