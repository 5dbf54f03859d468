from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pos.domain.catalogue import Product, QuickKey, Unit, fold
from pos.store.catalogue import FOUND_MAX, SqliteCatalogue
from pos.store.catalogue_import import Applied, apply
from pos.store.catalogue_rows import CatalogueFile, Row, parse
from pos.store.database import Database, Reader
from pos.store.loading import load_catalogue
from pos.store.opening import Store
from sync.contract import canonical

AT = "2026-11-22T18:04:05.123+01:00"
HEADER = "code;ean13;libelle;prix_ttc;tva;unite;famille;codes;touche"
SHOP = (
    "BAG;;Sac en toile;2,50;20;;;;1",
    ";3000000000014;Baguette;1,10;5,5;;Boulangerie;;2",
    "00107;;Comté 12 mois;19,90;5,5;kg;Crèmerie;107 C-12;",
    ";3000000000021;Crème brûlée à l’œuf;3,00;5,5;;Crèmerie;;",
)


class Shelf:
    """A catalogue with its database, and the imports into it."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path, "till")
        self.reader = Reader(path, "till")
        self.catalogue = SqliteCatalogue(self.reader)

    def load(self, *lines: str, header: str = HEADER) -> Applied:
        return self.apply(parse("\n".join((header, *lines)).encode()))

    def apply(self, file: CatalogueFile) -> Applied:
        with self.database.transaction() as connection:
            return apply(connection, file, AT, "ma")

    def history(self) -> list[tuple[str, int | None, int]]:
        rows = self.reader.rows("SELECT code, old, new, at, who FROM price_history ORDER BY id")
        assert {row[3:] for row in rows} <= {(AT, "ma")}
        return [row[:3] for row in rows]

    def labels(self, text: str, limit: int = FOUND_MAX) -> list[str]:
        return [product.label for product in self.catalogue.search(text, limit)]

    def close(self) -> None:
        self.reader.close()
        self.database.close()


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path / "till.db")
    yield shelf
    shelf.close()


def test_products_are_found_by_any_of_their_codes(shelf: Shelf) -> None:
    applied = shelf.load(*SHOP)
    assert (applied.products, applied.added, applied.keys) == (4, 4, 2)
    cheese = Product("00107", "Comté 12 mois", 1990, 550, Unit.KILOGRAM, "Crèmerie")
    assert [shelf.catalogue.find(code) for code in ("00107", "107", "C-12")] == [cheese] * 3
    assert shelf.catalogue.find("3000000000014") == Product(
        "3000000000014", "Baguette", 110, 550, Unit.PIECE, "Boulangerie"
    )
    assert shelf.catalogue.find("999") is None


def test_quick_keys_come_by_position_and_are_replaced_whole(shelf: Shelf) -> None:
    shelf.load(*SHOP)
    bread = QuickKey(2, "3000000000014", "Baguette")
    assert shelf.catalogue.quick_keys() == (QuickKey(1, "BAG", "Sac en toile"), bread)
    shelf.load("00107;;Comté;20;5,5;kg;;;2")
    assert shelf.catalogue.quick_keys() == (QuickKey(2, "00107", "Comté"),)
    shelf.load("BAG;Sac;3;20", header="code;libelle;prix;tva")
    assert len(shelf.catalogue.quick_keys()) == 1


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("creme", ["Crème brûlée à l’œuf"]),
        ("BRÛL cré", ["Crème brûlée à l’œuf"]),
        ("oeuf", ["Crème brûlée à l’œuf"]),
        ("l'œ", ["Crème brûlée à l’œuf"]),
        ("c", ["Comté 12 mois", "Crème brûlée à l’œuf"]),
        ("12 moi", ["Comté 12 mois"]),
        ("s", ["Sac en toile"]),
        ("mois brulee", []),
        ("oile", []),
        ("", []),
        ("  -'\" * ", []),
    ],
)
def test_a_search_takes_the_beginnings_of_words(shelf: Shelf, text: str, labels: list[str]) -> None:
    shelf.load(*SHOP)
    assert shelf.labels(text) == labels


def test_a_search_gives_products_in_their_order_and_never_more_than_fifty(shelf: Shelf) -> None:
    shelf.load(*(f"P{n};;Pomme {n};1;5,5;;;;" for n in range(80)))
    assert shelf.labels("pom", 3) == ["Pomme 0", "Pomme 1", "Pomme 2"]
    assert len(shelf.labels("p", 1000)) == FOUND_MAX
    assert shelf.labels("p", 0) == shelf.labels("p", -1) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.text(max_size=100) | st.text('"*()^-+:{} ANDORNOTEAR', max_size=30))
def test_whatever_is_typed_searches_or_finds_nothing(shelf: Shelf, text: str) -> None:
    assert len(shelf.labels(text, 5)) <= 5


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=4))
def test_a_product_is_found_by_each_beginning_of_each_of_its_words(
    shelf: Shelf, labels: list[str]
) -> None:
    labels = [label.strip() for label in labels if label.isprintable() and label.strip()]
    rows = tuple(Row(n, f"X{n}", (), label, 1, 550) for n, label in enumerate(labels))
    shelf.apply(CatalogueFile(rows, "0" * 64, "utf-8", ";", has_codes=False, has_keys=False))
    for label in labels:
        words = "".join(x if x.isalnum() else " " for x in fold(label)).split()
        for word in words[:8]:
            for size in range(1, len(word) + 1):
                assert label in shelf.labels(word[:size])
        if words:
            assert label in shelf.labels(label)


def test_a_new_price_is_taken_over_and_leaves_its_trace(shelf: Shelf) -> None:
    shelf.load(*SHOP)
    first = shelf.history()
    assert first == [
        ("BAG", None, 250),
        ("3000000000014", None, 110),
        ("00107", None, 1990),
        ("3000000000021", None, 300),
    ]
    applied = shelf.load("3000000000014;Baguette;1,20;5,5", header="ean13;libelle;prix;tva")
    assert (applied.added, applied.repriced, applied.changed) == (0, 1, 0)
    assert shelf.history() == [*first, ("3000000000014", 110, 120)]
    bread = shelf.catalogue.find("3000000000014")
    assert bread == Product("3000000000014", "Baguette", 120, 550, Unit.PIECE, "Boulangerie")


def test_the_same_file_again_changes_nothing(shelf: Shelf) -> None:
    shelf.load(*SHOP)
    before = dump(shelf)
    again = shelf.load(*SHOP)
    assert (again.added, again.repriced, again.changed, again.withdrawn) == (0, 0, 0, 0)
    assert dump(shelf) == before


def dump(shelf: Shelf) -> list[list[tuple[object, ...]]]:
    tables = ("product", "barcode", "price_history", "quick_key")
    return [shelf.reader.rows(f"SELECT * FROM {table} ORDER BY 1") for table in tables]


def test_a_new_label_is_searched_and_the_old_one_is_not(shelf: Shelf) -> None:
    shelf.load(*SHOP)
    applied = shelf.load("BAG;Cabas;2,50;20", header="code;libelle;prix;tva")
    assert (applied.repriced, applied.changed) == (0, 1)
    assert shelf.labels("sac") == []
    assert shelf.labels("cabas") == ["Cabas"]


def test_what_a_file_does_not_speak_of_stays(shelf: Shelf) -> None:
    shelf.load(*SHOP)
    shelf.load("00107;Comté;21;5,5", header="code;libelle;prix;tva")
    cheese = shelf.catalogue.find("107")
    assert cheese == Product("00107", "Comté", 2100, 550, Unit.KILOGRAM, "Crèmerie")
    assert shelf.catalogue.find("BAG")


def test_an_empty_cell_takes_away_what_there_was(shelf: Shelf) -> None:
    shelf.load(*SHOP)
    shelf.load("00107;;Comté;21;5,5;;;;")
    assert shelf.catalogue.find("00107") == Product("00107", "Comté", 2100, 550)
    assert shelf.catalogue.find("107") is None


def test_a_further_code_moves_to_the_product_that_a_file_gives_it(shelf: Shelf) -> None:
    shelf.load(*SHOP)
    shelf.load("BAG;;Sac en toile;2,50;20;;;C-12;")
    found = shelf.catalogue.find("C-12")
    assert found
    assert found.code == "BAG"
    cheese = shelf.catalogue.find("107")
    assert cheese
    assert cheese.code == "00107"
    shelf.load("C-12;;Pain;1;5,5;;;;")
    assert shelf.catalogue.find("C-12") == Product("C-12", "Pain", 100, 550)


def test_a_product_whose_own_code_goes_to_another_is_withdrawn_until_it_comes_back(
    shelf: Shelf,
) -> None:
    shelf.load(*SHOP)
    applied = shelf.load("PAIN;3000000000014;Baguette tradition;1,30;5,5;;;;")
    assert (applied.added, applied.withdrawn) == (1, 1)
    assert shelf.catalogue.find("3000000000014") == Product("PAIN", "Baguette tradition", 130, 550)
    assert shelf.labels("baguette") == ["Baguette tradition"]
    applied = shelf.load(";3000000000014;Baguette;1,10;5,5;;;;")
    assert (applied.added, applied.changed) == (0, 1)
    found = shelf.catalogue.find("3000000000014")
    assert found
    assert found.code == "3000000000014"
    assert len(shelf.labels("baguette")) == 2


def test_an_import_that_fails_half_way_leaves_everything_as_it_was(shelf: Shelf) -> None:
    shelf.load(*SHOP)
    before = dump(shelf)
    file = parse(f"{HEADER}\nNEW;;Nouveau;1;5,5;;;;1\nBAG;;Sac;9;20;;;;".encode())
    with pytest.raises(KeyboardInterrupt):
        fail_after_applying(shelf, file)
    assert dump(shelf) == before
    assert shelf.labels("nouveau") == []
    assert shelf.apply(file).added == 1  # and the connection can still import


def fail_after_applying(shelf: Shelf, file: CatalogueFile) -> None:
    with shelf.database.transaction() as connection:
        apply(connection, file, AT, "ma")
        raise KeyboardInterrupt


def test_an_import_and_its_journal_entry_are_one(store: Store) -> None:
    raw = "\n".join((HEADER, *SHOP)).encode()
    _, applied = load_catalogue(store, raw, store.clock)
    entry = store.ledger.last("event")
    assert entry
    assert entry.data == applied.event()
    assert SqliteCatalogue(store.reader).find("BAG")


def test_the_search_index_agrees_with_the_products(shelf: Shelf) -> None:
    shelf.load(*SHOP)
    shelf.load("BAG;;Cabas;2,50;20;;;;", "NEW;;Miel;6;5,5;;;;")
    with shelf.database.transaction() as connection:
        connection.execute("INSERT INTO product_fts (product_fts) VALUES ('integrity-check')")


def test_a_read_cannot_write(shelf: Shelf) -> None:
    with shelf.reader.snapshot() as connection, pytest.raises(sqlite3.OperationalError):
        apply(connection, parse(f"{HEADER}\n{SHOP[0]}".encode()), AT, "ma")


def test_an_import_is_told_to_the_journal(shelf: Shelf) -> None:
    applied = shelf.load(*SHOP)
    told = applied.event()
    assert told["code"] == 930
    assert told["details"] == {
        "file": applied.file,
        "products": 4,
        "added": 4,
        "repriced": 0,
        "changed": 0,
        "withdrawn": 0,
        "keys": 2,
    }
    assert len(applied.file) == 64
    assert canonical.encode(told)  # type: ignore[arg-type] # an event's details are JSON values
