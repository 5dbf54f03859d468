"""A catalogue file as lines of named columns: encoding, delimiter, quotes (RFC 4180), header.

Spreadsheets write `;`, `,` or tabs, in UTF-8 or Windows-1252, and name columns in French or in
English: the header decides the delimiter, and the bytes the encoding.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pos.domain.catalogue import fold
from pos.store.catalogue_problems import CatalogueRefused, Problem, Problems, Reason, problem

FILE_BYTES_MAX: Final = 64 * 1024 * 1024
COLUMNS_MAX: Final = 64
HEADER_EXAMPLE: Final = "ean13;libelle;prix_ttc;tva"


class Column(StrEnum):
    """What a column holds."""

    EAN = "ean13"
    CODE = "code"
    LABEL = "libelle"
    PRICE = "prix_ttc"
    RATE = "tva"
    UNIT = "unite"
    FAMILY = "famille"
    CODES = "codes"
    KEY = "touche"


_NAMES: Final[Mapping[Column, str]] = {
    Column.EAN: "ean13 ean gtin code_barres barcode",
    Column.CODE: "code reference ref sku",
    Column.LABEL: "libelle designation nom produit label name description",
    Column.PRICE: "prix_ttc prix prix_vente price price_incl_vat",
    Column.RATE: "tva taux_tva taux vat vat_rate",
    Column.UNIT: "unite unit",
    Column.FAMILY: "famille rayon categorie family category",
    Column.CODES: "codes autres_codes codes_barres other_codes barcodes",
    Column.KEY: "touche quick_key key",
}
_COLUMNS: Final = {
    name.replace("_", ""): column for column, names in _NAMES.items() for name in names.split()
}
_REQUIRED: Final = (Column.LABEL, Column.PRICE, Column.RATE)
_DELIMITERS: Final = ";\t,"


@dataclass(frozen=True, slots=True)
class Table:
    """A file that could be read as a table; `titles` are the columns as the file names them."""

    text: str
    encoding: str
    delimiter: str
    columns: Mapping[Column, int]
    titles: tuple[str, ...]
    warnings: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the table; a quoted line break makes it span several of the file."""

    line: int
    fields: tuple[str, ...]


def open_table(raw: bytes) -> Table:
    """Decode a file and read its header; CatalogueRefused when it is no table of products."""
    if len(raw) > FILE_BYTES_MAX:
        raise _refused(0, "", Reason.TOO_BIG, f"at most {FILE_BYTES_MAX} bytes")
    text, encoding = _decode(raw)
    first = re.split(r"[\r\n]", text, maxsplit=1)[0]
    delimiter = max(_DELIMITERS, key=lambda sign: len(_known(_split(first, sign))))
    titles = tuple(title.strip() for title in _split(first, delimiter))
    columns, warnings = _read_header(titles)
    return Table(text, encoding, delimiter, columns, titles, warnings)


def records(table: Table, problems: Problems) -> Iterator[Record]:
    """The lines after the header; those that cannot be split go to the problems."""
    reader = csv.reader(io.StringIO(table.text, newline=""), delimiter=table.delimiter, strict=True)
    width = len(table.titles)
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.add(line, "", str(error), Reason.QUOTES, 'quotes doubled as in "12"" pan"')
            if reader.line_num > line:  # a quote that never closes: what follows means nothing
                return
            continue
        if line == 1 or not any(field.strip() for field in fields):
            continue
        if len(fields) < width or any(field.strip() for field in fields[width:]):
            found = table.delimiter.join(fields)
            expected = f"{width} fields, not {len(fields)}"
            problems.add(line, "", found, Reason.FIELDS, expected, width)
            continue
        yield Record(line, tuple(fields[:width]))


def _decode(raw: bytes) -> tuple[str, str]:
    """The text of a file, and its encoding.

    What is not UTF-8 is read as Windows-1252, unless most of its accents are UTF-8: then the file
    is damaged, and reading it otherwise would garble every name.
    """
    try:
        return raw.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError as error:
        place = error.start
    tolerant = raw.decode("utf-8", "surrogateescape")
    broken = len(re.findall("[\udc80-\udcff]", tolerant))
    accents = sum(not sign.isascii() for sign in tolerant) - broken
    if accents <= broken and b"\0" not in raw:
        try:
            return raw.decode("cp1252"), "windows-1252"
        except UnicodeDecodeError as error:
            place = error.start
    line = raw.count(b"\n", 0, place) + 1
    byte = f"byte 0x{raw[place]:02x}"
    raise _refused(line, byte, Reason.ENCODING, "text in UTF-8 or Windows-1252")


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def _column(title: str) -> Column | None:
    """The column of a title, whatever accents, case, spaces and points it is written with."""
    return _COLUMNS.get(re.sub(r"[\W_]+", "", fold(title)))


def _known(titles: list[str]) -> set[Column]:
    return {column for column in map(_column, titles) if column}


def _read_header(titles: tuple[str, ...]) -> tuple[dict[Column, int], tuple[Problem, ...]]:
    """Where each column stands, and a notice for each that means nothing here."""
    columns: dict[Column, int] = {}
    problems, warnings = Problems(), Problems()
    for place, title in enumerate(titles[:COLUMNS_MAX]):
        column = _column(title)
        if column in columns:
            problems.add(1, title, title, Reason.COLUMN_TWICE, f"{column} only once")
        elif column:
            columns[column] = place
        elif title:
            warnings.add(1, title, title, Reason.COLUMN_IGNORED, "a name that is known here")
    if not columns:
        raise _refused(1, ";".join(titles), Reason.NO_HEADER, f"column names: {HEADER_EXAMPLE}")
    missing = [str(column) for column in _REQUIRED if column not in columns]
    if Column.EAN not in columns and Column.CODE not in columns:
        missing.append("ean13 or code")
    for name in missing:
        problems.add(1, name, "", Reason.COLUMN_MISSING, f"columns such as {HEADER_EXAMPLE}")
    problems.refuse_if_any()
    return columns, warnings.found


def _refused(line: int, value: str, reason: Reason, expected: str) -> CatalogueRefused:
    return CatalogueRefused([problem(line, "", value, reason, expected)])
