"""Whatever is changed behind the till's back, the audit finds it and names it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing as closes
from pathlib import Path

import pytest

from pos.store.audit import audit
from pos.store.audit_report import Findings, Reason, Report
from pos.store.database import Reader
from pos.store.head import HeadFile
from pos.store.journal import digest_of
from sync.contract import entry as entries
from sync.contract.jws import SigningKey
from tests.pos.store.place import Place, append, note, sell

SALES = 6
COLUMNS = ("epoch", "chain", "number", "at", "kid", "payload", "signature")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A closed till whose journal mixes two chains: event 1, then sale and event in turns."""
    place = Place(tmp_path_factory.mktemp("till"))
    store = place.open()
    for number in range(SALES):
        sell(store)
        append(store, "event", note(number))
    place.close()
    return place


@pytest.fixture
def till(template: Place, tmp_path: Path) -> Place:
    shutil.copytree(template.path, tmp_path / "copy")
    return Place(tmp_path / "copy")


def tampered(till: Place, *statements: str) -> sqlite3.Connection:
    """The till's file with its triggers gone and these statements done."""
    connection = sqlite3.connect(till.folder.till_db, isolation_level=None)
    triggers = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
    for (name,) in triggers.fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("PRAGMA ignore_check_constraints = ON")
    for statement in statements:
        connection.execute(statement)
    return connection


def audited(till: Place, *, full: bool = False) -> Report:
    reader = Reader(till.folder.till_db, "till")
    try:
        witness = HeadFile(next((till.path / "machine" / "heads").iterdir())).read()
        return audit(reader, witness, full=full)
    finally:
        reader.close()


def both(till: Place) -> Iterator[Report]:
    yield audited(till)
    yield audited(till, full=True)


def named(report: Report) -> list[tuple[int, Reason]]:
    return [(finding.seq, finding.reason) for finding in report.findings]


def test_an_untouched_journal_is_clean(till: Place) -> None:
    for report in both(till):
        assert report.ok
        assert report.entries == report.last_seq == 1 + 2 * SALES
        assert [use.entries for use in report.keys] == [1 + 2 * SALES]
    assert report.signatures == report.entries


@pytest.mark.parametrize("seq", [1, 6, 1 + 2 * SALES], ids=["first", "middle", "last"])
@pytest.mark.parametrize("column", COLUMNS)
def test_a_change_of_any_byte_of_any_column_is_found_and_named(
    till: Place, seq: int, column: str
) -> None:
    with closes(tampered(till)) as connection:
        is_text = column in {"chain", "at", "kid"}
        (value,) = connection.execute(
            f"SELECT CAST({column} AS BLOB) FROM journal WHERE seq = ?", (seq,)
        ).fetchone()
        step = 7 if column == "payload" else 1
        for place in range(0, len(value), step):
            changed = bytearray(value)
            changed[place] ^= 1
            if column in {"epoch", "number"}:
                put: object = int(value) + 1000 + place
            else:
                put = bytes(changed)
            cast = (
                f"CAST(? AS {'TEXT' if is_text else 'BLOB'})" if not isinstance(put, int) else "?"
            )
            connection.execute(f"UPDATE journal SET {column} = {cast} WHERE seq = ?", (put, seq))
            report = audited(till)
            found = {finding.seq for finding in report.findings}
            assert found == {seq}, (place, report.findings)
        restore = "CAST(? AS TEXT)" if is_text else "?"
        if column in {"epoch", "number"}:
            restore, value = "?", int(value)
        connection.execute(f"UPDATE journal SET {column} = {restore} WHERE seq = ?", (value, seq))
    assert audited(till).ok


@pytest.mark.parametrize("seq", range(1, 1 + 2 * SALES))
def test_a_deleted_entry_is_missed_in_the_whole_and_in_its_chain(till: Place, seq: int) -> None:
    tampered(till, f"DELETE FROM journal WHERE seq = {seq}").close()
    for report in both(till):
        assert (seq, Reason.GAP) in named(report)
        assert {finding.reason for finding in report.findings} == {Reason.GAP}


def test_several_deleted_entries_are_all_named(till: Place) -> None:
    tampered(till, "DELETE FROM journal WHERE seq BETWEEN 4 AND 7").close()
    for report in both(till):
        assert (4, Reason.GAP) in named(report)
        assert {"ticket", "event"} <= {finding.chain for finding in report.findings}


def test_swapped_entries_are_named(till: Place) -> None:
    tampered(
        till,
        "UPDATE journal SET seq = 1000 WHERE seq = 4",
        "UPDATE journal SET seq = 4 WHERE seq = 6",
        "UPDATE journal SET seq = 6 WHERE seq = 1000",
    ).close()
    for report in both(till):
        assert named(report) == [(4, Reason.ORDER), (6, Reason.ORDER)]


def test_an_entry_moved_to_the_end_is_named(till: Place) -> None:
    tampered(till, "UPDATE journal SET seq = 50 WHERE seq = 4").close()
    for report in both(till):
        assert (4, Reason.GAP) in named(report)
        assert (50, Reason.ORDER) in named(report)


def test_contents_swapped_between_two_places_are_named(till: Place) -> None:
    content = "payload, signature, number, at"
    tampered(
        till,
        f"CREATE TEMP TABLE kept AS SELECT seq, {content} FROM journal WHERE seq IN (4, 8)",
        "UPDATE journal SET number = 1000 WHERE seq = 4",
        f"UPDATE journal SET ({content}) = (SELECT {content} FROM kept WHERE kept.seq = 4)"
        " WHERE seq = 8",
        f"UPDATE journal SET ({content}) = (SELECT {content} FROM kept WHERE kept.seq = 8)"
        " WHERE seq = 4",
    ).close()
    for report in both(till):
        assert named(report) == [(4, Reason.ORDER), (8, Reason.ORDER)]


def test_a_cut_end_is_known_from_the_witness(till: Place) -> None:
    tampered(till, "DELETE FROM journal WHERE seq > 9").close()
    for report in both(till):
        assert named(report) == [(10, Reason.HEAD)]


def test_an_empty_journal_is_known_from_the_witness(till: Place) -> None:
    tampered(till, "DELETE FROM journal").close()
    for report in both(till):
        assert named(report) == [(1, Reason.HEAD)]


def test_yesterdays_copy_is_known_from_the_witness(place: Place) -> None:
    store = place.open()
    sell(store)
    place.close()
    shutil.copy(place.folder.till_db, place.path / "yesterday.db")
    store = place.open()
    sell(store)
    place.close()
    shutil.copy(place.path / "yesterday.db", place.folder.till_db)
    for report in both(place):
        assert named(report) == [(3, Reason.HEAD)]


def test_an_entry_signed_by_a_stranger_is_named(till: Place) -> None:
    with closes(tampered(till)) as connection:
        forge(connection, 7, SigningKey.generate())
    for report in both(till):
        assert (7, Reason.SIGNATURE) in named(report)


def test_a_forged_run_to_the_end_is_named_from_its_first_entry(till: Place) -> None:
    with closes(tampered(till)) as connection:
        kid = connection.execute("SELECT kid FROM signing_key").fetchone()[0]
        stranger = SigningKey.generate()
        for seq in range(8, 2 + 2 * SALES):
            forge(connection, seq, stranger, relink=True, kid=kid)
    for report in both(till):
        found = {finding.seq for finding in report.findings}
        assert set(range(8, 2 + 2 * SALES)) <= found
        assert min(found) == 8


def test_a_well_signed_entry_that_does_not_fit_its_neighbours_is_named(place: Place) -> None:
    store = place.open()
    for _ in range(5):
        sell(store)
    key = store.identity.key
    place.close()
    with closes(tampered(place)) as connection:
        forge(connection, 4, key, operator="xx")
    for report in both(place):
        assert (5, Reason.HASH) in named(report)


def test_another_key_under_an_old_name_is_refused(till: Place) -> None:
    spki = SigningKey.generate().public.spki.hex()
    tampered(till, f"UPDATE signing_key SET spki = x'{spki}'").close()
    for report in both(till):
        assert (0, Reason.FORM) in named(report)
        assert (1 + 2 * SALES, Reason.SIGNATURE) in named(report)


def test_another_till_is_refused(till: Place) -> None:
    tampered(till, "UPDATE identity SET till = '00000000-0000-4000-8000-000000000000'").close()
    assert (0, Reason.FORM) in named(audited(till))


def test_rows_with_a_place_below_the_first_are_named(till: Place) -> None:
    tampered(till, "UPDATE journal SET seq = -3 WHERE seq = 5").close()
    for report in both(till):
        assert (-3, Reason.ORDER) in named(report)


def test_text_that_is_no_utf8_is_named(till: Place) -> None:
    tampered(till, "UPDATE journal SET chain = CAST(x'ff' AS TEXT) WHERE seq = 5").close()
    for report in both(till):
        assert named(report) == [(5, Reason.FORM)]


def test_a_damaged_file_is_told_and_raises_nothing(till: Place) -> None:
    raw = bytearray(till.folder.till_db.read_bytes())
    raw[4096 * 2 :] = bytes(len(raw) - 4096 * 2)
    till.folder.till_db.write_bytes(raw)
    assert not audited(till).ok


def test_findings_are_counted_beyond_their_limit(
    till: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pos.store.audit.Findings", lambda: Findings(3))
    tampered(till, "UPDATE journal SET at = at || 'x'").close()
    report = audited(till)
    assert (len(report.findings), report.findings_left_out) == (3, 2 * SALES - 2)


def test_progress_ends_at_the_total(till: Place) -> None:
    seen: list[tuple[int, int]] = []
    reader = Reader(till.folder.till_db, "till")
    audit(reader, progress=lambda done, total: seen.append((done, total)))
    reader.close()
    assert seen[-1] == (1 + 2 * SALES, 1 + 2 * SALES)


def forge(
    connection: sqlite3.Connection,
    seq: int,
    key: SigningKey,
    *,
    relink: bool = False,
    kid: str | None = None,
    operator: str = "zz",
) -> None:
    """Put another entry in a place; with `relink` it names the stored entry before it."""
    row = connection.execute("SELECT payload FROM journal WHERE seq = ?", (seq,)).fetchone()
    old = entries._decode(row[0])
    prev, chain_prev = old.prev, old.chain_prev
    if relink:
        prev = _digest(connection, "seq = ?", seq - 1)
        chain_prev = _digest(connection, f"chain = '{old.chain}' AND number = ?", old.number - 1)
    place = entries.Place(old.till, old.epoch, old.seq, prev, old.chain, old.number, chain_prev)
    made = entries.seal(place, old.at, operator, old.data, key)
    connection.execute(
        "UPDATE journal SET payload = ?, signature = ?, kid = ? WHERE seq = ?",
        (made.signed.payload, made.signed.signature, kid or made.signed.kid, seq),
    )


def _digest(connection: sqlite3.Connection, where: str, place: int) -> str:
    row = connection.execute(
        f"SELECT kid, payload, signature FROM journal WHERE {where}", (place,)
    ).fetchone()
    return digest_of(row) if row else entries.GENESIS
