"""A catalogue file, read whole: the products it names, or everything that is wrong with it.

Pure: bytes in, rows or problems out. A column that the file does not have says nothing about its
products; an empty cell says that there is nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, TypeVar

from pos.domain.catalogue import Unit
from pos.domain.money import BasisPoints, Cents
from pos.store import catalogue_fields as fields
from pos.store.catalogue_fields import FRENCH_RATES, BadValue
from pos.store.catalogue_problems import CatalogueRefused, Problem, Problems, Reason, problem
from pos.store.catalogue_table import Column, Record, Table, open_table, records

T = TypeVar("T")
PRODUCTS_MAX: Final = 500_000


@dataclass(frozen=True, slots=True)
class Row:
    """A product as a file names it; None where the file has no such column.

    `codes` are its further codes; `key` is the position of its quick key.
    """

    line: int
    code: str
    codes: tuple[str, ...]
    label: str
    price: Cents
    rate: BasisPoints
    unit: Unit | None = None
    family: str | None = None
    key: int | None = None


@dataclass(frozen=True, slots=True)
class CatalogueFile:
    """A file without mistakes. `has_codes`, `has_keys`: whether it speaks of them at all."""

    rows: tuple[Row, ...]
    sha256: str
    encoding: str
    delimiter: str
    has_codes: bool
    has_keys: bool
    warnings: tuple[Problem, ...] = ()


def parse(raw: bytes, rates: Collection[BasisPoints] = FRENCH_RATES) -> CatalogueFile:
    """The products of a file; CatalogueRefused with every mistake in it."""
    table = open_table(raw)
    read = _Rows(table, rates)
    rows: list[Row] = []
    for record in records(table, read.problems):
        if len(rows) == PRODUCTS_MAX:
            expected = f"at most {PRODUCTS_MAX} products"
            raise CatalogueRefused([problem(record.line, "", "", Reason.TOO_BIG, expected)])
        row = read.row(record)
        if row:
            rows.append(row)
    read.problems.refuse_if_any()
    if not rows:
        raise CatalogueRefused([problem(0, "", "", Reason.NO_PRODUCT, "a line for each product")])
    own_codes = {Column.CODE, Column.EAN} <= set(table.columns)
    return CatalogueFile(
        tuple(rows),
        hashlib.sha256(raw).hexdigest(),
        table.encoding,
        table.delimiter,
        has_codes=own_codes or Column.CODES in table.columns,
        has_keys=Column.KEY in table.columns,
        warnings=(*table.warnings, *read.warnings.found),
    )


class _Rows:
    """Reads records one after the other and remembers what may stand in a file only once."""

    def __init__(self, table: Table, rates: Collection[BasisPoints]) -> None:
        self.problems = Problems()
        self.warnings = Problems()
        self._columns = table.columns
        self._titles = table.titles
        self._rates = rates
        self._codes: dict[str, int] = {}
        self._keys: dict[int, int] = {}

    def row(self, record: Record) -> Row | None:
        """The product of a record; None when something in it is wrong."""
        codes = self._all_codes(record)
        label = self._need(record, Column.LABEL, fields.read_label)
        price = self._need(record, Column.PRICE, fields.read_price)
        rate = self._need(record, Column.RATE, lambda text: fields.read_rate(text, self._rates))
        unit = self._need(record, Column.UNIT, fields.read_unit)
        family = self._need(record, Column.FAMILY, fields.read_family)
        key = self._key(record)
        self._note_controls(record)
        if not codes or label is None or price is None or rate is None:
            return None
        return Row(record.line, codes[0], codes[1:], label, price, rate, unit, family, key)

    def _all_codes(self, record: Record) -> tuple[str, ...]:
        """The product's own code first; each of them used only once in the file."""
        found: list[str] = []
        for column, read in (
            (Column.CODE, lambda text: (fields.read_code(text),)),
            (Column.EAN, lambda text: (fields.read_ean(text),)),
            (Column.CODES, fields.read_codes),
        ):
            if self._text(record, column).strip():
                found += self._need(record, column, read) or ()
                continue
            if column is Column.EAN and not self._text(record, Column.CODE).strip():
                self._add(record, column, Reason.CODE_MISSING, "a code")
        codes = tuple(dict.fromkeys(found))
        for code in codes:
            first = self._codes.setdefault(code, record.line)
            if first != record.line:
                expected = f"a code that is not already on line {first}"
                self.problems.add(
                    record.line, self._code_title(), code, Reason.CODE_TWICE, expected, first
                )
        return codes

    def _key(self, record: Record) -> int | None:
        if not self._text(record, Column.KEY).strip():
            return None
        key = self._need(record, Column.KEY, fields.read_key)
        if key is not None and self._keys.setdefault(key, record.line) != record.line:
            first = self._keys[key]
            expected = f"a key that is not already on line {first}"
            self._add(record, Column.KEY, Reason.KEY_TWICE, expected, first)
        return key

    def _need(self, record: Record, column: Column, read: Callable[[str], T]) -> T | None:
        """The value of a column; None when the file has no such column or the value is wrong."""
        if column not in self._columns:
            return None
        try:
            return read(self._text(record, column))
        except BadValue as error:
            self._add(record, column, error.reason, error.expected, error.number)
            return None

    def _note_controls(self, record: Record) -> None:
        for column in (Column.LABEL, Column.FAMILY):
            text = self._text(record, column)
            if not text.isprintable() and fields.has_controls(text):
                title = self._titles[self._columns[column]]
                expected = "printable characters: the others were left out"
                self.warnings.add(record.line, title, text, Reason.CONTROL_CHARACTERS, expected)

    def _add(
        self, record: Record, column: Column, reason: Reason, expected: str, number: int = 0
    ) -> None:
        place = self._columns.get(column)
        title = str(column) if place is None else self._titles[place]
        self.problems.add(record.line, title, self._text(record, column), reason, expected, number)

    def _text(self, record: Record, column: Column) -> str:
        place = self._columns.get(column)
        return "" if place is None else record.fields[place]

    def _code_title(self) -> str:
        column = Column.EAN if Column.EAN in self._columns else Column.CODE
        return self._titles[self._columns[column]]
