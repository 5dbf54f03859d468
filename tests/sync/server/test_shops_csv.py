from __future__ import annotations

import csv
import io
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.contract.organising import ShopFacts
from sync.server.organiser.shops import check_facts, read_facts
from sync.server.services import Services
from sync.server.shops import errors
from sync.server.shops.csv_cells import COLUMN_OF, READERS
from sync.server.shops.csv_import import LINES_MAX, PROBLEMS_MAX, Problem, Reading, read_shops
from sync.server.shops.errors import BadList
from sync.server.shops.register import Plan, carry_out, known_by_siret, plan
from sync.server.store.db import Db
from tests.sync.server.kit import START, Api

HEAD = ["Enseigne", "N° SIRET", "Code APE", "Adresse", "Code postal", "Ville", "IBAN", "Horaires"]
ROW = [
    *("Épicerie du Port", "732 829 320 00074", "47.11B", "1, quai de l'Été", "35400"),
    *("Saint-Malo", "FR14 2004 1010 0505 0001 3M02 606", "Mo-Sa 09:00-19:00"),
]


def sirets(count: int) -> list[str]:
    """Numbers with a right check digit, made up."""
    return [siret(number) for number in range(count)]


def siret(number: int) -> str:
    siren = f"{800_000_00 + number:08}"
    siren += luhn(siren)
    body = f"{siren}0001"
    return body + luhn(body)


def luhn(body: str) -> str:
    doubled = [int(digit) * (2 if at % 2 == 0 else 1) for at, digit in enumerate(reversed(body))]
    return str(-sum(one // 10 + one % 10 for one in doubled) % 10)


def written(*rows: list[str], delimiter: str = ";", encoding: str = "utf-8") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return out.getvalue().encode(encoding)


def reasons(reading: Reading) -> list[tuple[int, str, str]]:
    return [(one.line, one.column, one.expected) for one in reading.problems]


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_what_a_town_hall_sends_is_read(delimiter: str, encoding: str) -> None:
    reading = read_shops(written(HEAD, ROW, delimiter=delimiter, encoding=encoding))
    assert reading.problems == ()
    (shop,) = reading.shops
    assert (shop.line, shop.name, shop.siret) == (2, "Épicerie du Port", "73282932000074")
    assert shop.given == {
        "siret": "73282932000074",
        "naf": "4711B",
        "address": "1, quai de l'Été",
        "postcode": "35400",
        "town": "Saint-Malo",
        "iban": "FR1420041010050500013M02606",
        "hours": "Mo-Sa 09:00-19:00",
    }


@pytest.mark.parametrize(
    ("title", "column"),
    [
        *(("Code NAF (rév. 2)", "naf"), ("NAF 2025", "naf_2025"), ("Quartier", "district")),
        *(("Heures d’ouverture", "hours"), ("Opening hours", "hours"), ("CP", "postcode")),
        *(("Chaîne", "chain"), ("Lat.", "latitude"), ("Votre référence", "reference")),
        *(("ADRESSE", "address"), ("Commune", "town"), ("longitude", "longitude")),
    ],
)
def test_titles_are_known_in_both_languages_whatever_their_accents(title: str, column: str) -> None:
    reading = read_shops(written(["nom", title, "n° siret"], ["x", "", siret(1)]))
    assert reading.columns == ("name", column, "siret")
    assert len(reading.shops) == 1


def test_columns_that_no_shop_has_are_named_and_left_out() -> None:
    reading = read_shops(written(["Nom", "Téléphone", "SIRET", ""], ["x", "02", siret(1), ""]))
    assert reading.ignored == ("Téléphone",)
    assert reading.shops[0].given == {"siret": siret(1)}


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        *(("chain", "Oui", True), ("chain", "0", False), ("listed", "x", True)),
        *(("latitude", "48,6493", "48.6493"), ("longitude", "-2.0257000000001", "-2.0257")),
        *(("latitude", "-0", "0"), ("longitude", "1e1", "10"), ("naf", "56.10a", "5610A")),
        *(("naf_2025", "47.24y", "4724Y"), ("hours", "24/7", "24/7")),
        *(("postcode", '="01000"', "01000"), ("siret", f'="{siret(1)}"', siret(1))),
        *(("reference", "'=A1", "=A1"), ("address", " 1\n rue  Haute ", "1 rue Haute")),
    ],
)
def test_a_cell_becomes_what_the_record_keeps(column: str, cell: str, value: Any) -> None:
    extra = {"latitude": ["longitude", "1"], "longitude": ["latitude", "1"]}.get(column, [])
    cells = {"name": "x", "siret": siret(1), column: cell} | dict([extra] if extra else [])
    (shop,) = read_shops(written(list(cells), list(cells.values()))).shops
    assert shop.given[column] == value


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        *(("siret", "7328293200007"), ("siret", "7,3283E+13"), ("siret", "73282932000075")),
        *(("naf", "47.11"), ("naf", "4724Y"), ("naf_2025", "4724Z"), ("postcode", "1000")),
        *(("postcode", "²²²²²"), ("iban", "FR1420041010050500013M02607"), ("iban", "1234")),
        *(("hours", "de 9 h à 19 h"), ("latitude", "91"), ("longitude", "NaN")),
        *(("longitude", "1e999999"), ("latitude", "48° N"), ("chain", "peut-être")),
        *(("name", "x" * 121), ("district", "x" * 41), ("address", "a\x01b")),
    ],
)
def test_a_cell_that_cannot_be_right_is_named_with_line_and_column(column: str, cell: str) -> None:
    values = {"name": "x", "siret": siret(1), column: cell}
    reading = read_shops(written(list(values), list(values.values())))
    assert reading.shops == ()
    assert (reading.bad_lines, len(reading.problems)) == (1, 1)
    assert reading.problems[0] == Problem(2, column, column, " ".join(cell.split())[:40])


def test_lines_are_counted_as_the_file_has_them() -> None:
    raw = b'nom;siret;adresse\n\n"A";1;"1\nrue"\n;;\nB;2;\n'
    assert [line for line, *_ in reasons(read_shops(raw))] == [3, 6]


def test_a_line_says_all_that_is_wrong_with_it() -> None:
    reading = read_shops(written(["nom", "siret", "lat", "lon"], ["", "", "48", ""]))
    assert reasons(reading) == [
        *((2, "name", "missing"), (2, "siret", "missing"), (2, "longitude", "pair")),
    ]


def test_a_siret_comes_once() -> None:
    reading = read_shops(written(["nom", "siret"], ["A", siret(1)], ["B", siret(1)]))
    assert [shop.name for shop in reading.shops] == ["A"]
    assert reading.problems == (Problem(3, "siret", "twice", "2"),)


def test_a_shop_outside_of_the_territory_is_named() -> None:
    titles, near = ["nom", "siret", "cp"], ["A", siret(1), "34000"]
    raw = written(titles, near, ["B", siret(2), "35400"], ["C", siret(3), ""])
    reading = read_shops(raw, ("34", "30000"))
    assert [shop.name for shop in reading.shops] == ["A", "C"]
    assert reading.problems == (Problem(3, "postcode", "territory", "35400"),)
    assert len(read_shops(raw).shops) == 3


def test_a_line_that_is_longer_than_the_titles_is_refused() -> None:
    reading = read_shops(written(["nom", "siret"], ["A", siret(1), ""], ["B", siret(2), "x"]))
    assert [shop.name for shop in reading.shops] == ["A"]
    assert reasons(reading) == [(3, "line", "line")]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        *((b"", errors.EMPTY), (b"\n;;\n", errors.EMPTY), (b"nom;siret\n", errors.EMPTY)),
        *((b"nom\nA\n", errors.NO_SIRET_COLUMN), (b"siret\n1\n", errors.NO_NAME_COLUMN)),
        *((b"nom;enseigne;siret\n", errors.COLUMN_TWICE), (b"a\0b", errors.NOT_TEXT)),
        *((b"\xff\xfe\x00", errors.NOT_TEXT), (b"PK\x03\x04\x81", errors.NOT_TEXT)),
        *((b'nom;siret\nA;"1', errors.BROKEN_QUOTES), (b"x" * 5_242_881, errors.TOO_LARGE)),
        (b"nom;siret\n" + b"A;1\n" * (LINES_MAX + 1), errors.TOO_MANY_LINES),
    ],
)
def test_what_is_no_list_is_refused_with_a_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(BadList) as caught:
        read_shops(raw)
    assert caught.value.reason == reason


def test_the_largest_list_is_read_and_the_problems_are_bounded() -> None:
    good = read_shops(written(["nom", "siret"], *(["A", one] for one in sirets(LINES_MAX))))
    assert len(good.shops) == LINES_MAX
    bad = read_shops(b"nom;siret\n" + b"A;1\n" * LINES_MAX)
    assert (bad.bad_lines, len(bad.problems)) == (LINES_MAX, PROBLEMS_MAX)


def test_a_code_of_2025_is_filled_in_where_it_is_certain_and_only_there() -> None:
    head = ["nom", "siret", "naf", "naf 2025"]
    rows = [["A", siret(1), "5610A", ""], ["B", siret(2), "9602A", ""]]
    certain, open_ = read_shops(written(head, *rows, ["C", siret(3), "5610A", "4724Y"])).shops[:2]
    assert certain.given["naf_2025"] == "5611G"
    assert "naf_2025" not in open_.given


FUZZ = settings(max_examples=300, deadline=None)
cells = st.one_of(
    st.text(max_size=30),
    st.sampled_from([*sirets(3), "5610A", "48,6", "oui", "Mo-Fr 09:00-12:00", "'=1", '"', ";"]),
)


def check_reading(raw: bytes) -> None:
    """What is read is something the record takes, or it is said what is wrong with it."""
    try:
        reading = read_shops(raw)
    except BadList:
        return
    assert len(reading.shops) + reading.bad_lines > 0
    for shop in reading.shops:
        facts: dict[str, Any] = dict(shop.given)
        check_facts(msgspec.convert(facts, ShopFacts))
        assert 0 < len(shop.name) <= 120
    for problem in reading.problems:
        assert problem.expected in {*READERS, "line", "pair", "twice", "missing"}


@FUZZ
@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    check_reading(raw)


@FUZZ
@given(
    st.lists(st.lists(cells, max_size=6), max_size=6),
    st.sampled_from([";", ",", "\t"]),
    st.lists(st.sampled_from(sorted(COLUMN_OF)), max_size=4, unique_by=COLUMN_OF.get),
)
def test_no_cells_break_the_reader(
    rows: list[list[str]], delimiter: str, titles: list[str]
) -> None:
    head = dict.fromkeys(["nom", "siret", *titles])
    raw = written(list(head), *rows, delimiter=delimiter, encoding="utf-16")
    check_reading(raw)


def test_a_list_adds_changes_and_leaves_alone(api: Api, services: Services) -> None:
    api.order("campaigns", id="noel", name="Noël")

    def send(raw: bytes) -> Plan:
        lines = read_shops(raw).shops

        def work(db: Db) -> Plan:
            wanted = plan(known_by_siret(db, "noel"), lines)
            carry_out(db, "noel", wanted, services.clock.new_uuid, "admin", START)
            return wanted

        return services.store.write_now(work, "noel")

    head = ["nom", "siret", "iban", "ville", "chaine", "référence"]
    first_iban, other_iban = "FR1420041010050500013M02606", "FR7630006000011234567890189"
    first = [["A", siret(1), first_iban, "Dinan", "oui", "7"], ["B", siret(2), "", "", "", ""]]
    made = send(written(head, *first))
    assert (len(made.new), len(made.changed), made.same) == (2, 0, 0)
    again = send(written(head, *first))
    assert (len(again.new), len(again.changed), again.same) == (0, 0, 2)

    second = [["A2", siret(1), other_iban, "", "", ""], ["B", siret(2), first_iban, "", "", ""]]
    moved = send(written(head, *second))
    assert [change.line.name for change in moved.changed] == ["A2", "B"]
    assert [change.line.name for change in moved.other_accounts] == ["A2"]

    def look(db: Db) -> Any:
        known = known_by_siret(db, "noel")
        shop, name, facts = known[siret(1)]
        assert read_facts(db, "noel", shop) == facts
        details = db.execute("SELECT detail FROM act WHERE kind = 'shops' ORDER BY id").fetchall()
        return name, facts, msgspec.json.decode(details[-1][0]), shop

    name, facts, said, shop = services.store.write_now(look)
    assert (name, facts.iban, facts.town) == ("A2", other_iban, "Dinan")
    assert (facts.chain, facts.reference) == (True, "7")
    assert said == {"added": 0, "changed": 2, "other_accounts": [shop]}
    numbers = services.store.write_now(
        lambda db: db.execute("SELECT number FROM shop ORDER BY 1").fetchall()
    )
    assert [row[0] for row in numbers] == [1, 2]
