"""Opening a store: its folder, its identity, and what happened to it since."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pos.domain.errors import NotRecorded, StoreBusy
from pos.store import keys, schema
from pos.store.audit import audit
from pos.store.audit_report import Beginning
from pos.store.database import Database, Reader, configure, sqlite_is_safe
from pos.store.errors import (
    FolderUnusable,
    KeyUnusable,
    NewerSchema,
    NotEmpty,
    NotOurs,
    UnfitDatabase,
)
from pos.store.folder import DataFolder
from pos.store.head import Head, HeadFile, HeadState
from pos.store.machine import Machine, default_machine_folder
from sync.contract.jws import SigningKey
from tests.pos.store.place import Place, sell
from tests.sampling import examples


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_till_gets_an_identity_that_stays(place: Place) -> None:
    first = place.open()
    assert first.head is HeadState.NONE
    place.close()
    again = place.open()
    assert again.head is HeadState.SAME
    assert (again.identity.till, again.identity.epoch) == (first.identity.till, 1)
    assert again.identity.public.kid == first.identity.public.kid
    (installed,) = again.ledger.since(0)
    assert installed.data["name"] == "installed"
    assert installed.data["details"] == {"epoch": 1, "kid": first.identity.public.kid}


def test_only_the_owner_can_look_into_the_folders(place: Place) -> None:
    place.open()
    key_file = next(place.folder.keys.iterdir())
    for path in (place.folder.path, place.folder.keys, place.machine.folder):
        assert mode(path) == 0o700
    for path in (key_file, place.machine.secret_file):
        assert mode(path) == 0o600


def test_the_private_key_is_nowhere_in_clear(place: Place) -> None:
    store = place.open()
    secret = store.identity.key.key.private_numbers().private_value.to_bytes(32, "big")
    for path in place.path.rglob("*"):
        if path.is_file():
            raw = path.read_bytes()
            assert secret not in raw
            assert b"PRIVATE KEY" not in raw


def test_one_till_at_a_time_works_in_a_folder(place: Place) -> None:
    place.open()
    with pytest.raises(StoreBusy):
        place.open()
    place.close()
    place.open()


def test_a_failed_opening_lets_the_folder_go(place: Place) -> None:
    place.open()
    place.close()
    place.folder.till_db.rename(place.path / "aside")
    place.folder.till_db.write_bytes(b"something else entirely" * 500)
    with pytest.raises(NotOurs):
        place.open()
    (place.path / "aside").replace(place.folder.till_db)
    place.open()


def test_a_key_of_another_machine_is_renewed_only_on_demand(place: Place) -> None:
    store = place.open()
    sold = sell(store)
    place.close()
    shutil.rmtree(place.machine.folder)
    with pytest.raises(KeyUnusable, match="another machine"):
        place.open()
    store = place.open(renew_key=True)
    assert store.identity.epoch == 2
    renewed = store.ledger.last("event")
    assert renewed is not None
    assert renewed.data["name"] == "key_renewed"
    assert renewed.data["details"]["replaces"] == sold.signed.kid
    assert sell(store).payload.epoch == 2
    assert [path.name for path in place.folder.keys.iterdir()] == ["epoch-0000000002.key"]
    report = audit(store.reader)
    assert report.ok
    assert report.beginnings == (Beginning(epoch=2, seq=3),)


def test_an_identity_knows_the_keys_of_its_past_but_not_what_is_no_key(place: Place) -> None:
    for _ in range(2):
        place.open(renew_key=True)
        place.close()
        place.machine.secret_file.unlink()
    store = place.open(renew_key=True)
    with store.reader.snapshot() as connection:
        stored = keys.public_keys(connection)
    assert [epoch for epoch, _ in store.identity.earlier] == [1, 2]
    assert [key.kid for _, key in store.identity.earlier] == [one.kid for one in stored[:-1]]
    damaged = replace(stored[0], spki=b"no key")
    scarred = replace(store.identity, past=(damaged, *stored[1:-1]))
    assert [epoch for epoch, _ in scarred.earlier] == [2]


@pytest.mark.parametrize("damage", ["gone", "torn", "of another till", "of another system"])
def test_a_key_that_cannot_be_used_is_told(place: Place, damage: str) -> None:
    place.open()
    place.close()
    path = next(place.folder.keys.iterdir())
    if damage == "gone":
        path.unlink()
    elif damage == "torn":
        path.write_bytes(path.read_bytes()[:40])
    elif damage == "of another till":
        path.write_bytes(path.read_bytes().replace(b'"till":"', b'"till":"0'))
    else:
        place.machine.id_file.write_text("f" * 32)
    with pytest.raises(KeyUnusable):
        place.open()


def test_a_secret_that_is_none_is_told(place: Place) -> None:
    place.open()
    place.close()
    place.machine.secret_file.write_text("abcd")
    with pytest.raises(KeyUnusable, match="expected 32 bytes"):
        place.open()


def test_a_system_without_an_id_still_wraps_its_key(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.machine.id_file.unlink()
    till = place.open().identity.till
    place.close()
    assert place.open().identity.till == till
    place.close()


def test_a_journal_put_back_goes_on_under_a_new_key_and_says_so(place: Place) -> None:
    store = place.open()
    sell(store)
    place.close()
    shutil.copytree(place.folder.path, place.path / "yesterday")
    store = place.open()
    lost = sell(store)
    place.close()
    shutil.rmtree(place.folder.path)
    shutil.copytree(place.path / "yesterday", place.folder.path)
    store = place.open()
    assert store.head is HeadState.AHEAD
    assert store.identity.epoch == 2
    defect, renewed = store.ledger.since(2)
    assert defect.data["name"] == "integrity_defect"
    assert defect.data["details"]["witness_seq"] == lost.payload.seq
    assert defect.data["details"]["witness_digest"] == lost.digest
    assert renewed.data["name"] == "key_renewed"
    assert sell(store).payload.number == lost.payload.number
    report = audit(store.reader)
    assert report.ok
    assert report.beginnings[0].seen == 3
    place.close()
    assert place.open().head is HeadState.SAME


def test_two_copies_of_a_till_never_meet_in_one_epoch(place: Place) -> None:
    place.open()
    place.close()
    twin = Place(place.path)
    twin.folder = DataFolder(place.path / "twin")
    shutil.copytree(place.folder.path, twin.folder.path)
    epochs = []
    for till in (place, twin, place, twin, place):
        store = till.open()
        sell(store)
        epochs.append(store.identity.epoch)
        till.close()
    assert epochs == [1, 2, 3, 4, 5]


def test_a_witness_that_is_behind_is_normal(place: Place) -> None:
    store = place.open()
    entry = sell(store)
    witness = place.machine.head_file(store.identity.till)
    early = witness.read_bytes()
    sell(store)
    sell(store)
    place.close()
    witness.write_bytes(early)
    store = place.open()
    assert (store.head, store.identity.epoch) == (HeadState.BEHIND, 1)
    assert store.ledger.entry("ticket", 1) == entry


def test_a_torn_head_leaves_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "head"
    head_file = HeadFile(path)
    for seq in (7, 8, 9):
        assert head_file.write(Head(1, seq, f"{seq:064x}"))
    assert head_file.read() == Head(1, 9, f"{9:064x}")
    raw = bytearray(path.read_bytes())
    raw[raw.index(b"9")] ^= 1
    path.write_bytes(raw)
    assert head_file.read() == Head(1, 8, f"{8:064x}")
    path.write_bytes(b"")
    assert head_file.read() is None
    head_file.close()
    path.unlink()
    assert head_file.read() is None


@given(st.binary(max_size=300))
def test_a_head_file_of_any_bytes_is_read_without_trouble(raw: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(raw)
        assert HeadFile(Path(file.name)).read() is None


@given(st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
@settings(max_examples=examples(30))
def test_a_key_file_of_any_bytes_is_refused_and_told(raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder))
        place.open()
        place.close()
        next(place.folder.keys.iterdir()).write_bytes(raw)
        with pytest.raises(KeyUnusable):
            place.open()


def test_an_interrupted_first_start_is_started_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def power_cut(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("pos.store.start.Journal", power_cut)
        with pytest.raises(KeyboardInterrupt):
            place.open()
    store = place.open()
    assert len(list(place.folder.keys.iterdir())) == 1
    assert audit(store.reader).ok


def test_only_an_empty_folder_becomes_a_demo(tmp_path: Path, place: Place) -> None:
    demo = DataFolder(tmp_path / "demo")
    seen = [demo.is_demo]
    for _ in range(2):
        demo.mark_demo()
        seen.append(demo.is_demo)
    assert seen == [False, True, True]
    place.open()
    place.close()
    with pytest.raises(NotEmpty):
        place.folder.mark_demo()
    assert not place.folder.is_demo


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderUnusable):
        DataFolder(tmp_path / "file" / "data").make()
    with pytest.raises(FolderUnusable):
        Machine(tmp_path / "file" / "machine").make()


def test_the_machine_folder_follows_the_habits_of_the_desktop(tmp_path: Path) -> None:
    assert default_machine_folder({}, tmp_path) == tmp_path / ".local/state/comptoir"
    environment = {"XDG_STATE_HOME": "/var/state"}
    assert default_machine_folder(environment, tmp_path) == Path("/var/state/comptoir")
    environment = {"XDG_STATE_HOME": "relative/is/ignored"}
    assert default_machine_folder(environment, tmp_path) == tmp_path / ".local/state/comptoir"


def test_a_newer_file_is_not_touched(place: Place) -> None:
    place.open()
    place.close()
    connection = sqlite3.connect(place.folder.till_db)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = place.folder.till_db.read_bytes()
    with pytest.raises(NewerSchema, match="format 99"):
        place.open()
    with pytest.raises(NewerSchema):
        Reader(place.folder.till_db, "till").rows("SELECT 1")
    assert place.folder.till_db.read_bytes() == before


@pytest.mark.parametrize("which", ["of another program", "of another kind"])
def test_a_database_that_is_not_ours_is_refused(tmp_path: Path, which: str) -> None:
    path = tmp_path / "till.db"
    if which == "of another kind":
        Database(path, "books").close()
    else:
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE fridge (milk)")
        connection.close()
    with pytest.raises(NotOurs):
        Database(path, "till")


def test_a_missing_database_is_not_made_by_a_reader(tmp_path: Path) -> None:
    reader = Reader(tmp_path / "till.db", "till")
    with pytest.raises(NotOurs, match="no till database"):
        reader.rows("SELECT 1")
    assert not (tmp_path / "till.db").exists()


@pytest.mark.parametrize("which", ["till", "books"])
def test_a_migration_is_whole_or_not_at_all(
    tmp_path: Path, which: schema.Schema, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = schema.scripts(which)
    Database(tmp_path / "file.db", which).close()
    with monkeypatch.context() as patch:
        later = "CREATE TABLE later (x TEXT) STRICT;\nCREATE TABLE cursor;\n"
        patch.setattr(schema, "scripts", lambda _: (*good, later))
        with pytest.raises(NotRecorded, match="syntax error"):
            Database(tmp_path / "file.db", which)
    database = Database(tmp_path / "file.db", which)
    assert database.connection.execute("PRAGMA user_version").fetchone() == (len(good),)
    assert not database.connection.execute("PRAGMA table_list(later)").fetchall()
    database.close()


def test_all_tables_are_strict(place: Place) -> None:
    store = place.open()
    for reader in (store.reader, store.books.reader):
        loose = reader.rows(
            "SELECT name FROM pragma_table_list WHERE type = 'table' AND NOT strict"
            " AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '%_fts'"
            " AND name <> '_sqlite_migrations'"  # sqlite-utils' own record of what was applied
        )
        assert loose == []


def test_a_database_that_cannot_keep_its_promises_is_refused() -> None:
    connection = sqlite3.connect(":memory:")  # which has no WAL
    with pytest.raises(UnfitDatabase, match="got memory"):
        configure(connection)
    connection.close()


def test_the_version_check_knows_the_fixed_releases() -> None:
    assert not sqlite_is_safe((3, 40, 1))
    assert not sqlite_is_safe((3, 51, 2))
    assert sqlite_is_safe((3, 51, 3))
    assert sqlite_is_safe((3, 54, 1))
    assert sqlite_is_safe((3, 50, 7))
    assert not sqlite_is_safe((3, 50, 6))


def test_keys_have_the_names_of_what_they_are(place: Place) -> None:
    store = place.open()
    with store.reader.snapshot() as connection:
        (public,) = keys.public_keys(connection)
    assert public.verify_key().kid == public.kid == store.identity.public.kid
    signed = store.identity.sign(b"{}", "comptoir-enrolment+jws")
    signed.check(public.verify_key())
    assert SigningKey.generate().kid != public.kid
