from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pos.domain.catalogue import LABEL_LENGTH_MAX, Unit
from pos.domain.gtin import check_digit
from pos.store import catalogue_problems, catalogue_rows, catalogue_table
from pos.store.catalogue_fields import FRENCH_RATES, clean
from pos.store.catalogue_problems import CatalogueRefused, Problem, Reason
from pos.store.catalogue_rows import CatalogueFile, Row, parse

HEADER = "ean13;libelle;prix_ttc;tva"
BREAD = "3000000000014;Baguette;1,10;5,5"


def file_of(*lines: str, header: str = HEADER) -> bytes:
    return "\r\n".join((header, *lines, "")).encode()


def refused(raw: bytes) -> tuple[Problem, ...]:
    with pytest.raises(CatalogueRefused) as refusal:
        parse(raw)
    assert refusal.value.problems
    return refusal.value.problems


def test_a_plain_file_names_products() -> None:
    file = parse(file_of(BREAD, "2000000000008;Sac;0.10;20"))
    assert file.rows == (
        Row(2, "3000000000014", (), "Baguette", 110, 550),
        Row(3, "2000000000008", (), "Sac", 10, 2000),
    )
    assert (file.encoding, file.delimiter, file.warnings) == ("utf-8", ";", ())
    assert not file.has_codes
    assert not file.has_keys


def test_all_columns_in_english_with_commas() -> None:
    header = "code,barcode,name,price,vat,unit,family,barcodes,quick key"
    line = '00107,,"Comté, 12 mois","19,90",5.5,kg,Crèmerie,3000000000014|200 B-1,7'
    (row,) = parse(file_of(line, header=header)).rows
    assert row == Row(
        2,
        "00107",
        ("3000000000014", "200", "B-1"),
        "Comté, 12 mois",
        1990,
        550,
        Unit.KILOGRAM,
        "Crèmerie",
        7,
    )


def test_a_products_own_code_comes_before_its_ean() -> None:
    file = parse(file_of(f"BAG;{BREAD}", header=f"code;{HEADER}"))
    assert (file.rows[0].code, file.rows[0].codes) == ("BAG", ("3000000000014",))
    assert file.has_codes


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("newline", ["\r\n", "\n", "\r"])
def test_spreadsheets_of_all_kinds_read_alike(delimiter: str, encoding: str, newline: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=newline)
    writer.writerow(["EAN 13", "Désignation", "Prix TTC", "TVA"])
    writer.writerow(["3000000000014", 'Crème "fraîche", épaisse', "1,99 €", "5,5 %"])
    file = parse(out.getvalue().encode(encoding))
    assert file.rows == (Row(2, "3000000000014", (), 'Crème "fraîche", épaisse', 199, 550),)
    assert file.delimiter == delimiter


def test_html_and_odd_quotes_stay_as_they_were_typed() -> None:
    labels = ["Étoiles (&quot;al dente&quot;)", 'Écran 7" noir', "L’été «bio» d'ici"]
    quoted = [f'"{labels[0]}"', *labels[1:]]  # a quote within an unquoted field is itself
    lines = [f"{ean(n)};{label};1;20" for n, label in enumerate(quoted)]
    assert [row.label for row in parse(file_of(*lines)).rows] == labels


def test_control_characters_are_left_out_and_reported() -> None:
    file = parse(file_of("3000000000014;Lait \x90Écrémé\u202e;1;5,5"))
    assert file.rows[0].label == "Lait Écrémé"
    (notice,) = file.warnings
    assert (notice.line, notice.column) == (2, "libelle")
    assert notice.reason is Reason.CONTROL_CHARACTERS
    assert notice.value == "Lait \x90Écrémé\u202e"


def test_a_quoted_line_break_becomes_a_space_and_lines_are_counted_as_an_editor_does() -> None:
    file = parse(file_of('3000000000014;"Pain\r\nde mie";1;5,5', f"{ean(1)};Sel;1;5,5"))
    assert [(row.line, row.label) for row in file.rows] == [(2, "Pain  de mie"), (4, "Sel")]
    assert len(file.warnings) == 1


def test_blank_lines_and_spare_delimiters_are_nothing() -> None:
    assert len(parse(file_of("", BREAD, ";;;", BREAD.replace("014", "021") + ";;")).rows) == 2


def test_a_column_that_means_nothing_is_reported() -> None:
    file = parse(file_of(f"{BREAD};12", header=f"{HEADER};stock"))
    assert [(x.column, x.reason) for x in file.warnings] == [("stock", Reason.COLUMN_IGNORED)]


def ean(number: int) -> str:
    body = f"31{number:010}"
    return body + str(check_digit(body))


@pytest.mark.parametrize(
    ("line", "column", "value", "reason"),
    [
        (";Pain;1;5,5", "ean13", "", Reason.CODE_MISSING),
        ("3000000000015;Pain;1;5,5", "ean13", "3000000000015", Reason.CHECK_DIGIT),
        ("30000;Pain;1;5,5", "ean13", "30000", Reason.CODE_FORM),
        ("٣٠٠٠٠٠٠٠٠٠٠١٤;Pain;1;5,5", "ean13", "٣٠٠٠٠٠٠٠٠٠٠١٤", Reason.CODE_FORM),
        ("3000000000014;;1;5,5", "libelle", "", Reason.LABEL_MISSING),
        ("3000000000014;\x01;1;5,5", "libelle", "\x01", Reason.LABEL_MISSING),
        ("3000000000014;Pain;;5,5", "prix_ttc", "", Reason.PRICE),
        ("3000000000014;Pain;1,999;5,5", "prix_ttc", "1,999", Reason.PRICE),
        ("3000000000014;Pain;-1;5,5", "prix_ttc", "-1", Reason.PRICE),
        ("3000000000014;Pain;1 234,50;5,5", "prix_ttc", "1 234,50", Reason.PRICE),
        ("3000000000014;Pain;1;55", "tva", "55", Reason.RATE),
        ("3000000000014;Pain;1;0,055", "tva", "0,055", Reason.RATE),
        ("3000000000014;Pain;1;", "tva", "", Reason.RATE),
        ("3000000000014;Pain;1", "", "3000000000014;Pain;1", Reason.FIELDS),
        ("3000000000014;Pain;1;5,5;x", "", "3000000000014;Pain;1;5,5;x", Reason.FIELDS),
        ('3000000000014;"Pain"x;1;5,5', "", "';' expected after '\"'", Reason.QUOTES),
    ],
)
def test_a_bad_value_is_named_with_its_place(
    line: str, column: str, value: str, reason: Reason
) -> None:
    (problem,) = refused(file_of(f"{ean(7)};Sel;1;5,5", line))
    assert (problem.line, problem.column, problem.value) == (3, column, value)
    assert problem.reason is reason
    assert problem.expected


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("code", "3*code", Reason.CODE_FORM),
        ("code", "a@b", Reason.CODE_FORM),
        ("code", "é", Reason.CODE_FORM),
        ("code", "7" * 41, Reason.CODE_FORM),
        ("code", "12345678", Reason.CHECK_DIGIT),
        ("unite", "botte", Reason.UNIT),
        ("famille", "f" * 81, Reason.TOO_LONG),
        ("codes", "ok;no", Reason.CODE_FORM),
        ("codes", "1 3000000000015", Reason.CHECK_DIGIT),
        ("touche", "0", Reason.KEY),
        ("touche", "1000", Reason.KEY),
        ("touche", "F1", Reason.KEY),
    ],
)
def test_optional_columns_are_checked_too(column: str, value: str, reason: Reason) -> None:
    (problem,) = refused(file_of(f'{BREAD};"{value}"', header=f"{HEADER};{column}"))
    assert (problem.line, problem.column, problem.reason) == (2, column, reason)


def test_every_mistake_is_told_at_once_in_order() -> None:
    raw = file_of("1;;x;y", BREAD, "3000000000014;Pain;1;5,5", "2;Sel;z;5,5")
    assert [(x.line, x.reason) for x in refused(raw)] == [
        (2, Reason.CODE_FORM),
        (2, Reason.LABEL_MISSING),
        (2, Reason.PRICE),
        (2, Reason.RATE),
        (4, Reason.CODE_TWICE),
        (5, Reason.CODE_FORM),
        (5, Reason.PRICE),
    ]


def test_a_code_and_a_key_stand_only_once_in_a_file() -> None:
    header = f"{HEADER};codes;touche"
    raw = file_of(f"{BREAD};X Y;1", f"{ean(1)};Sel;1;5,5;Y;1", header=header)
    twice = {(x.reason, x.value, x.expected) for x in refused(raw)}
    assert twice == {
        (Reason.CODE_TWICE, "Y", "a code that is not already on line 2"),
        (Reason.KEY_TWICE, "1", "a key that is not already on line 2"),
    }
    same = parse(file_of(f"{BREAD};3000000000014 X X;1", header=header)).rows[0]
    assert same.codes == ("X",)


@pytest.mark.parametrize("spelling", ["212345012994", "0212345012994", "00212345012994"])
def test_two_spellings_of_a_code_are_one(spelling: str) -> None:
    raw = file_of("0212345012994;A;1;5,5", f"{spelling};B;1;5,5")
    assert [x.reason for x in refused(raw)] == [Reason.CODE_TWICE]


@pytest.mark.parametrize(
    ("header", "reasons"),
    [
        ("", {Reason.NO_HEADER}),
        ("3000000000014;Baguette;1,10;5,5", {Reason.NO_HEADER}),
        ("ean13;libelle", {Reason.COLUMN_MISSING}),
        ("libelle;prix;tva", {Reason.COLUMN_MISSING}),
        ("ean13;ean;libelle;prix;tva", {Reason.COLUMN_TWICE}),
        (HEADER, {Reason.NO_PRODUCT}),
    ],
)
def test_a_file_without_its_columns_or_products_is_refused(
    header: str, reasons: set[Reason]
) -> None:
    assert {x.reason for x in refused(header.encode())} == reasons


def test_a_file_in_another_encoding_or_damaged_is_refused_at_its_line() -> None:
    wide = file_of(BREAD).decode().encode("utf-16")
    assert refused(wide)[0].reason is Reason.ENCODING
    damaged = file_of("3000000000014;Crème brûlée;1;5,5", f"{ean(1)};P\u00e2t\u00e9 X;1;5,5")
    (problem,) = refused(damaged.replace(b"X", b"\xe9"))
    assert (problem.line, problem.value, problem.reason) == (3, "byte 0xe9", Reason.ENCODING)
    assert refused(b"\x81" + file_of(BREAD))[0].reason is Reason.ENCODING


def test_an_open_quote_is_told_once() -> None:
    raw = file_of('3000000000014;"Pain;1;5,5', *(f"{ean(n)};Sel;1;5,5" for n in range(50)))
    assert [(x.line, x.reason) for x in refused(raw)] == [(2, Reason.QUOTES)]


def test_files_products_and_problems_have_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue_problems, "PROBLEMS_MAX", 3)
    with pytest.raises(CatalogueRefused) as refusal:
        parse(file_of(*("x;y;z;w" for _ in range(4))))
    assert (len(refusal.value.problems), refusal.value.omitted) == (3, 9)
    assert "and 11 more" in str(refusal.value)
    monkeypatch.setattr(catalogue_rows, "PRODUCTS_MAX", 1)
    assert refused(file_of(BREAD, f"{ean(1)};Sel;1;5,5"))[0].reason is Reason.TOO_BIG
    monkeypatch.setattr(catalogue_table, "FILE_BYTES_MAX", 10)
    assert refused(file_of(BREAD))[0].reason is Reason.TOO_BIG
    assert refused(b"")[0].reason is Reason.NO_HEADER


def test_a_long_value_is_shown_short_and_a_problem_reads_as_a_sentence() -> None:
    (problem,) = refused(file_of(f"3000000000014;{'a' * (LABEL_LENGTH_MAX + 1)};1;5,5"))
    assert problem.value == "a" * 79 + "…"
    assert str(problem).startswith("line 2, column libelle: 'aaa")
    assert problem.to_data()["reason"] == "too_long"


prices = st.integers(0, 99_999_999)
names = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=30)
rows = st.lists(
    st.tuples(names, prices, st.sampled_from(sorted(FRENCH_RATES))), min_size=1, max_size=20
)


@given(rows, st.sampled_from(";,\t"), st.sampled_from(",."))
def test_what_a_spreadsheet_writes_is_read_back(
    products: list[tuple[str, int, int]], delimiter: str, point: str
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(["ean13", "libelle", "prix_ttc", "tva"])
    for number, (label, price, rate) in enumerate(products):
        euros = f"{price // 100}{point}{price % 100:02}"
        writer.writerow([ean(number), label, euros, f"{rate / 100:g}"])
    read = parse(out.getvalue().encode()).rows
    assert [(row.code, row.label, row.price, row.rate) for row in read] == [
        (ean(number), label, price, rate) for number, (label, price, rate) in enumerate(products)
    ]


pieces = st.sampled_from([b";", b",", b"\t", b'"', b"\r", b"\n", b"\xe9", b"\0", b"5,5", b"1"])
noise = st.lists(pieces | st.binary(max_size=4), max_size=60).map(b"".join)


@given(noise | noise.map(lambda raw: HEADER.encode() + b"\n" + raw))
def test_any_bytes_are_read_or_refused_with_a_reason(raw: bytes) -> None:
    try:
        file = parse(raw)
    except CatalogueRefused as refusal:
        problems = refusal.problems
    else:
        assert isinstance(file, CatalogueFile)
        assert file.rows
        return
    assert all(str(problem) and problem.expected for problem in problems)


@given(st.text())
def test_a_clean_text_is_clean(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    assert not any(ord(sign) < 32 or 127 <= ord(sign) < 160 for sign in clean(text))
