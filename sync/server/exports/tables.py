"""The tables that organisers take with them: days, shops, what may be published, definitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sync.server.exports.listed import Listed
from sync.server.exports.tabular import Kind, Row
from sync.server.organiser.words.figures import TEXTS
from sync.server.watch.day_sums import DaySums
from sync.server.watch.shop_sums import ShopSums


@dataclass(frozen=True, slots=True)
class Column:
    """A column: what it is called in data, what it holds, and the figure whose words it has."""

    word: str
    kind: Kind = Kind.TEXT

    @property
    def name(self) -> str:
        """Its name in open data; amounts name their unit."""
        return f"{self.word}_eur" if self.kind is Kind.CENTS else self.word


@dataclass(frozen=True, slots=True)
class Table:
    """A table to be written: rows as their columns want them."""

    columns: tuple[Column, ...]
    rows: Sequence[Row]

    @property
    def kinds(self) -> list[Kind]:
        """What its columns hold."""
        return [one.kind for one in self.columns]

    def header(self, *, is_excel: bool) -> list[str]:
        """The names of its columns: for data, or in French for a spreadsheet."""
        if is_excel:
            return [TEXTS["fr"].get(f"f_{one.word}", one.name) for one in self.columns]
        return [one.name for one in self.columns]


def _counts(*words: str) -> tuple[Column, ...]:
    return tuple(Column(word, Kind.COUNT) for word in words)


def _amounts(*words: str) -> tuple[Column, ...]:
    return tuple(Column(word, Kind.CENTS) for word in words)


def _codes(*words: str) -> tuple[Column, ...]:
    return tuple(Column(word, Kind.CODE) for word in words)


_SUMS: Final = (
    *_counts("sales", "refunds"),
    *_amounts("turnover"),
    *_counts("rewarded"),
    *_amounts("eligible", "earned"),
    *_counts("redemptions"),
    *_amounts("redeemed"),
)
DAYS: Final = (Column("day"), *_SUMS, *_amounts("spent"))
SHOPS: Final = (
    *_counts("number"),
    Column("name"),
    *_codes("siret", "naf", "naf_2025", "postcode"),
    *(Column("town"), Column("district")),
    *_counts("chain"),
    *_SUMS,
    Column("last_day"),
)
CELLS: Final = (
    *(Column("week"), Column("district"), *_codes("division"), Column("trade"), Column("state")),
    *_counts("businesses", "sales"),
    *_amounts("turnover", "eligible", "earned", "redeemed"),
)
LISTED: Final = (
    Column("name"),
    *_codes("siret", "naf", "naf_2025"),
    Column("address"),
    *_codes("postcode"),
    *(Column("town"), Column("district"), Column("hours")),
    *(Column("latitude", Kind.DEGREES), Column("longitude", Kind.DEGREES)),
)
_FILES: Final = (("days", DAYS), ("shops", SHOPS), ("cells", CELLS), ("listed", LISTED))


def days(found: Sequence[DaySums]) -> Table:
    """The campaign by business day."""
    return Table(DAYS, _rows(DAYS, found))


def shops(found: Sequence[ShopSums]) -> Table:
    """Each shop with its figures: the organiser's own, never to be published."""
    return Table(SHOPS, _rows(SHOPS, found))


def cells(rows: Sequence[Row]) -> Table:
    """What may be published, week by week; a secret cell shows that it is one, and nothing else."""
    return Table(CELLS, rows)


def listed(found: Sequence[Listed]) -> Table:
    """The shops that shoppers may find."""
    return Table(LISTED, _rows(LISTED, found))


def _rows(columns: Sequence[Column], found: Sequence[object]) -> list[Row]:
    """Each column is the attribute that it is named after."""
    names = [one.word for one in columns]
    return [[getattr(one, name) for name in names] for one in found]


_UNITS: Final = {Kind.CENTS: "EUR", Kind.DEGREES: "degree"}
DEFINITIONS: Final = tuple(
    Column(word)
    for word in ("file", "column", "unit", "label_fr", "definition_fr", "label_en", "definition_en")
)


def definitions(campaign: str, as_of: str) -> Table:
    """What each column of each file means, in French and English; the first row says of what."""
    about = f"{campaign}, {as_of}"
    rows: list[Row] = [("", "", "", about, "", about, "")]
    rows += [_definition(file, column) for file, columns in _FILES for column in columns]
    return Table(DEFINITIONS, rows)


def _definition(file: str, column: Column) -> Row:
    words = (TEXTS[language][f"{kind}_{column.word}"] for language in TEXTS for kind in "fd")
    return (f"{file}.csv", column.name, _UNITS.get(column.kind, ""), *words)
