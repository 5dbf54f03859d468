"""The shop that comes with the program: what the demo and the replay rely on."""

from __future__ import annotations

import re
from pathlib import Path

from pos.domain.catalogue import Unit
from pos.domain.gtin import is_gtin
from pos.store.catalogue_rows import Row, parse

DEMO = Path(__file__).parents[3] / "pos" / "demo"


def products() -> tuple[Row, ...]:
    return parse((DEMO / "catalogue.csv").read_bytes()).rows


def baskets() -> list[list[str]]:
    lines = (DEMO / "baskets.csv").read_text(encoding="utf-8").splitlines()
    return [line.split(",") for line in lines]


def test_the_catalogue_is_a_small_grocers() -> None:
    file = parse((DEMO / "catalogue.csv").read_bytes())
    assert 110 <= len(file.rows) <= 140
    assert file.warnings == ()
    assert {row.rate for row in file.rows} == {210, 550, 1000, 2000}
    assert {row.rate for row in file.rows if row.family == "Vins et alcools"} == {2000}
    assert len({row.label for row in file.rows}) == len(file.rows)


def test_pieces_have_in_store_eans_and_weighed_goods_the_item_code_of_a_scale() -> None:
    for row in products():
        if row.unit is Unit.KILOGRAM:
            assert re.fullmatch(r"\d{5}", row.code)
        else:
            assert is_gtin(row.code)
            assert row.code.startswith("20")
    assert sum(row.unit is Unit.KILOGRAM for row in products()) >= 10


def test_twenty_pieces_have_a_key() -> None:
    keyed = [row for row in products() if row.key]
    assert sorted(row.key or 0 for row in keyed) == list(range(1, 21))
    assert {row.unit for row in keyed} == {Unit.PIECE}


def test_two_hundred_baskets_name_products_of_the_catalogue() -> None:
    known = {row.label for row in products()}
    assert len(baskets()) == 200
    assert {item for basket in baskets() for item in basket} <= known
    assert 3 <= sum(map(len, baskets())) / 200 <= 8
