"""A hundred thousand products as people typed them, where the folder of real data is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from pos.store.catalogue import SqliteCatalogue
from pos.store.catalogue_import import apply
from pos.store.catalogue_problems import Reason
from pos.store.catalogue_rows import parse
from pos.store.database import Database, Reader

DATA = Path(__file__).parents[4] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real data in {DATA}")


def test_a_hundred_thousand_real_products_are_imported_and_found(tmp_path: Path) -> None:
    raw = (DATA / "catalogue-fr.csv").read_bytes()
    file = parse(raw)
    assert len(file.rows) == 100_000
    assert {notice.reason for notice in file.warnings} == {Reason.CONTROL_CHARACTERS}
    assert all(row.label.strip() == row.label for row in file.rows)
    database, reader = Database(tmp_path / "till.db", "till"), Reader(tmp_path / "till.db", "till")
    with database.transaction() as connection:
        first = apply(connection, file, "2026-11-22T18:04:05.123+01:00", "ma")
    with database.transaction() as connection:
        again = apply(connection, file, "2026-11-22T18:04:05.123+01:00", "ma")
    assert (first.added, again.added, again.repriced, again.changed) == (100_000, 0, 0, 0)
    catalogue = SqliteCatalogue(reader)
    for row in file.rows[::997]:
        product = catalogue.find(row.code)
        assert product
        assert (product.label, product.price, product.rate) == (row.label, row.price, row.rate)
    assert len(catalogue.search("creme frai", 50)) == 50
    reader.close()
    database.close()


@pytest.mark.parametrize("name", ["groceries-catalogue.csv"])
def test_the_catalogue_of_the_real_baskets_has_every_item(name: str) -> None:
    items = {row.label for row in parse((DATA / name).read_bytes()).rows}
    baskets = (DATA / "groceries.csv").read_text(encoding="utf-8").splitlines()
    sold = {item.strip() for basket in baskets for item in basket.split(",")}
    assert sold <= items
    assert len(baskets) == 9835
