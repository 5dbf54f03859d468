from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.server.exports import tables
from sync.server.exports.cells import rows_of
from sync.server.exports.errors import TooManyRows
from sync.server.exports.listed import Listed, write_map
from sync.server.exports.tabular import (
    EXCEL_FR,
    FORMULA_STARTS,
    OPEN_DATA,
    ROWS_MAX,
    ROWS_PER_PIECE,
    Kind,
    write,
)
from sync.server.organiser.words.figures import TEXTS
from sync.server.reference.naf_tables import DIVISIONS
from sync.server.services import Services
from tests.sync.server.kit import Api
from tests.sync.server.market import CAMPAIGN, Market, secret
from tests.sync.server.people import join

EXPORTS = f"/campaigns/{CAMPAIGN}/exports"
TEXT, CODE, COUNT, CENTS = Kind.TEXT, Kind.CODE, Kind.COUNT, Kind.CENTS


@pytest.fixture
def market(api: Api, services: Services) -> Market:
    made = Market(api, services)
    made.open("Quai", "Port", "Môle", "Gare")
    return made


def written(kinds: list[Kind], *rows: Any, flavour: Any = OPEN_DATA) -> str:
    names = [f"c{number}" for number in range(len(kinds))]
    return b"".join(write(names, kinds, rows, flavour)).decode("utf-8")


def download(market: Market, name: str) -> str:
    found = market.api.ask("GET", f"{EXPORTS}/{name}", headers=market.api.admin)
    assert found.status_code == 200, found.text
    assert f'filename="{CAMPAIGN}-{name}"' in found.headers["content-disposition"]
    return found.content.decode("utf-8")


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


class TestTables:
    def test_open_data_is_rfc_4180(self) -> None:
        row = ('a "quay", left', "0123", -5, 123456, None)
        assert written([TEXT, CODE, COUNT, CENTS, TEXT], row) == (
            'c0,c1,c2,c3,c4\r\n"a ""quay"", left",0123,-5,1234.56,\r\n'
        )

    def test_a_french_excel_has_its_own_signs(self) -> None:
        row = ("a; b", "01000", 5, -1, "48.65")
        kinds = [TEXT, CODE, COUNT, CENTS, Kind.DEGREES]
        assert written(kinds, row, flavour=EXCEL_FR) == (
            '\ufeffc0;c1;c2;c3;c4\r\n"a; b";"=""01000""";5;-0,01;48,65\r\n'
        )

    @pytest.mark.parametrize("flavour", [OPEN_DATA, EXCEL_FR])
    @pytest.mark.parametrize("text", [*(f"{sign}1+1" for sign in FORMULA_STARTS), "  =1", "\xa0@x"])
    @pytest.mark.parametrize("kind", [TEXT, CODE, Kind.DEGREES])
    def test_a_text_is_never_a_formula(self, flavour: Any, text: str, kind: Kind) -> None:
        if kind is Kind.DEGREES and text == "-1+1":
            text = "-1-1"
        (_, (cell,)) = csv.reader(
            io.StringIO(written([kind], (text,), flavour=flavour), newline=""),
            delimiter=flavour.separator,
        )
        assert cell == f"'{text}"

    @given(st.lists(st.tuples(st.text(), st.integers(-(10**12), 10**12)), max_size=5))
    def test_what_was_written_is_read_again_to_the_cent(self, rows: list[tuple[str, int]]) -> None:
        text = written([TEXT, CENTS], *rows)
        found = list(csv.reader(io.StringIO(text, newline=""), strict=True))[1:]
        assert [Decimal(cents) * 100 for _, cents in found] == [cents for _, cents in rows]
        assert [name.removeprefix("'") for name, _ in found] == [
            name.removeprefix("'") for name, _ in rows
        ]

    def test_large_tables_come_in_pieces_and_too_large_ones_not_at_all(self) -> None:
        rows = [(number,) for number in range(3 * ROWS_PER_PIECE)]
        pieces = list(write(["n"], [COUNT], rows, OPEN_DATA))
        assert len(pieces) == 4
        assert b"".join(pieces).count(b"\r\n") == len(rows) + 1
        with pytest.raises(TooManyRows, match=str(ROWS_MAX)):
            write(["n"], [COUNT], [(1,)] * (ROWS_MAX + 1), OPEN_DATA)


class TestMap:
    SHOP = Listed(
        *("Quai <&>", "73282932000074", "1071C", "1071D", "1 quai", "35400", "Saint-Malo"),
        *("port", "Mo-Sa 09:00-19:00", "48.6490", "-2.02"),
    )

    def features(self, *shops: Listed) -> list[Any]:
        found = json.loads(b"".join(write_map("noel", "2026-11-22T17:00:00Z", shops)))
        assert found["type"] == "FeatureCollection"
        assert found["about"]["licence"] == "Licence Ouverte 2.0"
        features: list[Any] = found["features"]
        return features

    def test_a_shop_is_a_point_with_openstreetmaps_keys(self) -> None:
        (shop,) = self.features(self.SHOP)
        assert shop["type"] == "Feature"
        # RFC 7946: longitude comes first.
        assert shop["geometry"] == {"type": "Point", "coordinates": [-2.02, 48.649]}
        assert shop["properties"] == {
            "name": "Quai <&>",
            "ref:FR:SIRET": "73282932000074",
            "ref:FR:NAF": "1071C",
            "addr:full": "1 quai",
            "addr:postcode": "35400",
            "addr:city": "Saint-Malo",
            "addr:suburb": "port",
            "opening_hours": "Mo-Sa 09:00-19:00",
            "payment:noel": "yes",
        }
        assert b'"coordinates":[-2.02,48.6490]' in b"".join(write_map("noel", "", [self.SHOP]))

    @pytest.mark.parametrize(
        ("latitude", "longitude"), [("", ""), ("48.6", ""), ("91", "2"), ("48", "181")]
    )
    def test_a_shop_that_is_nowhere_has_no_geometry(self, latitude: str, longitude: str) -> None:
        nowhere = Listed("Quai", *("",) * 8, latitude, longitude)
        (shop,) = self.features(nowhere)
        assert shop["geometry"] is None
        assert shop["properties"] == {"name": "Quai", "payment:noel": "yes"}

    def test_digits_that_json_does_not_know_are_mended(self) -> None:
        (shop,) = self.features(Listed("Quai", *("",) * 8, "08.5", "-002"))
        assert shop["geometry"]["coordinates"] == [-2, 8.5]

    def test_no_shop_is_a_map_too(self) -> None:
        assert self.features() == []


class TestCells:
    def firms(self, *turnovers: int) -> dict[str, tuple[int, ...]]:
        return {f"f{n}": (cents, 1, cents, cents // 5, 0) for n, cents in enumerate(turnovers)}

    def test_a_week_has_its_totals_and_hides_what_it_must(self) -> None:
        week = {("port", "10"): self.firms(100, 100, 100), ("port", "56"): self.firms(50, 60, 70)}
        rows = {row[1:3]: row[4:] for row in rows_of("2026-W47", week)}
        assert rows["port", "10"] == ("published", 3, 3, 300, 300, 60, 0)
        # The same three businesses in both trades count once in the district.
        assert rows["port", "*"] == ("published", 3, 6, 480, 480, 96, 0)
        assert rows["*", "*"] == rows["port", "*"]
        assert rows_of("2026-W47", week)[-1][:4] == (
            *("2026-W47", "port", "56", DIVISIONS["56"][0]),
        )
        alone = dict(week) | {("port", "56"): self.firms(50)}
        hidden = {row[1:3]: row[4:] for row in rows_of("2026-W47", alone)}
        assert hidden["port", "56"] == ("secret", *(None,) * 6)
        assert hidden["port", "10"] == ("secret", *(None,) * 6)
        assert hidden["*", "*"][0] == "published"


class TestDownloads:
    def sold(self, market: Market) -> None:
        facts = {
            "town": "Saint-Malo",
            "naf": "1071C",
            "district": "port",
            "hours": "Mo-Sa 09:00-19:00",
        }
        for name in ("Quai", "Port", "Môle"):
            market.ask(f"shops/{market.shops[name]}", "PUT", status=200, **facts)
        for number, name in enumerate(("Quai", "Port", "Môle", "Gare")):
            market.sell(name, 5000, market.earn(name, 5000, secret(number)))
            market.send(name)

    def test_days_and_shops_have_the_figures_of_the_dashboard(self, market: Market) -> None:
        self.sold(market)
        (day,) = read(download(market, "days.csv"))
        assert (day["day"], day["sales"], day["turnover_eur"]) == ("2026-11-22", "4", "200.00")
        assert (day["eligible_eur"], day["earned_eur"], day["spent_eur"]) == (
            *("200.00", "40.00", "40.00"),
        )
        shops = read(download(market, "shops.csv"))
        assert [(one["number"], one["name"], one["turnover_eur"]) for one in shops] == [
            (str(n), name, "50.00") for n, name in enumerate(("Quai", "Port", "Môle", "Gare"), 1)
        ]
        assert (shops[0]["naf"], shops[0]["chain"], shops[0]["rewarded"]) == ("1071C", "0", "1")

    def test_the_excel_variant_speaks_french(self, market: Market) -> None:
        self.sold(market)
        text = download(market, "days-excel.csv")
        assert text.startswith("\ufeffJour;Ventes;Retours;Chiffre d'affaires;")
        assert "\r\n2026-11-22;4;0;200,00;" in text

    def test_published_cells_tell_no_single_shop(self, market: Market) -> None:
        """Three bakers on the harbour may be shown; the one shop elsewhere may not."""
        self.sold(market)
        rows = read(download(market, "cells.csv"))
        assert {row["week"] for row in rows} == {"2026-W47"}
        shown = {
            (row["district"], row["division"]): row["turnover_eur"]
            for row in rows
            if row["state"] == "published"
        }
        secret_ones = [row for row in rows if row["state"] == "secret"]
        # All four shops are in the district, as the market puts them there; one has no trade.
        assert shown == {("port", "*"): "200.00", ("*", "*"): "200.00"}
        assert {(row["district"], row["division"]) for row in secret_ones} == {
            *(("port", ""), ("port", "10"), ("*", ""), ("*", "10")),
        }
        assert {row["turnover_eur"] for row in secret_ones} == {""}

    def test_shops_of_one_business_are_one(self, market: Market) -> None:
        facts = {"district": "port", "naf": "1071C"}
        for name, siret in (
            *(("Quai", "73282932000074"), ("Port", "73282932000074"), ("Môle", "73282932000074")),
            ("Gare", "55208131766522"),
        ):
            path = f"shops/{market.shops[name]}"
            market.ask(path, "PUT", status=200, siret=siret, **facts)
            market.tills[name].sell(1000)
            market.send(name)
        assert {row["state"] for row in read(download(market, "cells.csv"))} == {"secret"}

    def test_listed_shops_and_their_map(self, market: Market) -> None:
        self.sold(market)
        path = f"shops/{market.shops['Gare']}"
        market.ask(path, "PUT", status=200, listed=False)
        listed = read(download(market, "listed.csv"))
        assert [one["name"] for one in listed] == ["Quai", "Port", "Môle"]
        assert listed[0]["hours"] == "Mo-Sa 09:00-19:00"
        found = json.loads(download(market, "map.geojson"))
        assert [one["properties"]["name"] for one in found["features"]] == ["Quai", "Port", "Môle"]
        assert "FR76" not in download(market, "listed.csv") + download(market, "shops.csv")

    def test_every_column_of_every_file_is_defined(self, market: Market) -> None:
        self.sold(market)
        defined = {
            (row["file"], row["column"]) for row in read(download(market, "definitions.csv"))
        }
        for name in ("days.csv", "shops.csv", "cells.csv", "listed.csv"):
            header = download(market, name).split("\r\n")[0].split(",")
            assert {(name, column) for column in header} <= defined, name
        about = read(download(market, "definitions.csv"))[0]
        assert about["label_fr"].startswith("noel, 2026-11-22T17:00")
        assert download(market, "definitions-excel.csv").startswith("\ufefffile;column;unit;")

    def test_an_unknown_file_is_refused(self, market: Market) -> None:
        for name in ("x.csv", "days.xlsx", "days-excel-excel.csv", "days.csv.csv"):
            found = market.api.ask("GET", f"{EXPORTS}/{name}", headers=market.api.admin)
            assert found.status_code == 404, name

    def test_only_whoever_leads_the_campaign_gets_files(self, market: Market, api: Api) -> None:
        api.campaign("autre")
        theirs = join(api, api.admin, "autre", "organisateur voisin")
        shop = join(api, api.admin, CAMPAIGN, "commerce du quai", market.shops["Quai"])
        for name in ("days.csv", "cells.csv", "map.geojson"):
            for who, status in ((theirs.cookie, 404), (shop.cookie, 404), ({}, 303)):
                found = api.ask("GET", f"{EXPORTS}/{name}", headers=who)
                assert found.status_code == status, (name, found.text)

    def test_an_empty_campaign_has_empty_files(self, api: Api, market: Market) -> None:
        for name in ("days.csv", "cells.csv", "listed.csv"):
            assert download(market, name).count("\r\n") == (5 if name == "listed.csv" else 1)


def test_every_column_has_words_in_both_languages() -> None:
    for columns in (tables.DAYS, tables.SHOPS, tables.CELLS, tables.LISTED):
        for column in columns:
            for language in ("fr", "en"):
                assert TEXTS[language][f"f_{column.word}"]
                assert TEXTS[language][f"d_{column.word}"]
