"""Lists of shops as town halls send them: any spreadsheet's CSV, in French or in English.

Each line becomes a shop or problems that name the line, the column and the cell. Nothing here
writes: a person looks at what was read, and confirms it (`shops.register`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sync.server.reference import naf
from sync.server.reference.territory import Territory, lies_in
from sync.server.shops import errors
from sync.server.shops.csv_cells import COLUMN_OF, READERS, Value, folded, plain
from sync.server.shops.errors import BadList

BYTES_MAX: Final = 5 * 1024 * 1024
LINES_MAX: Final = 20_000
PROBLEMS_MAX: Final = 500  # of which a page shows the first ones
CELL_SHOWN_CHARS: Final = 40
DELIMITERS: Final = (";", ",", "\t")
LINE: Final = "line"  # a problem of the whole line, not of one column
PAIR: Final = "pair"  # of coordinates of which one is missing
TWICE: Final = "twice"
MISSING: Final = "missing"
ELSEWHERE: Final = "territory"


@dataclass(frozen=True, slots=True)
class ShopLine:
    """What a line says of a shop. `given` has the cells that are not empty, but for the name."""

    line: int
    name: str
    given: Mapping[str, Value]

    @property
    def siret(self) -> str:
        """By which a shop is known in its campaign."""
        return str(self.given["siret"])


@dataclass(frozen=True, slots=True)
class Problem:
    """A cell that cannot be right; `expected` names the sentence that says what would be."""

    line: int
    column: str
    expected: str
    cell: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read. `ignored` are titles of columns that no shop's record has."""

    columns: tuple[str, ...]
    ignored: tuple[str, ...]
    shops: tuple[ShopLine, ...]
    problems: tuple[Problem, ...]
    bad_lines: int


@dataclass(frozen=True, slots=True)
class _Head:
    delimiter: str
    titles: tuple[str, ...]

    @property
    def columns(self) -> tuple[str | None, ...]:
        return tuple(COLUMN_OF.get(folded(title)) for title in self.titles)


def read_shops(raw: bytes, territory: Territory = ()) -> Reading:
    """The shops of a list, up to 5 MB and 20,000 lines. BadList when it is none."""
    if len(raw) > BYTES_MAX:
        raise BadList(errors.TOO_LARGE, str(BYTES_MAX // 1024 // 1024))
    text = _decoded(raw)
    head = _head(text)
    columns = _known_columns(head)
    shops: list[ShopLine] = []
    problems: list[Problem] = []
    bad_lines, seen = 0, dict[str, int]()
    for number, cells in _rows(text, head.delimiter):
        found = _shop(number, head.columns, cells, seen, territory)
        if isinstance(found, ShopLine):
            shops.append(found)
            continue
        bad_lines += 1
        problems += found[: max(0, PROBLEMS_MAX - len(problems))]
    if not shops and not bad_lines:
        raise BadList(errors.EMPTY)
    ignored = tuple(
        title.strip()[:CELL_SHOWN_CHARS]
        for title, column in zip(head.titles, head.columns, strict=True)
        if column is None and title.strip()
    )
    return Reading(columns, ignored, tuple(shops), tuple(problems), bad_lines)


def _decoded(raw: bytes) -> str:
    """The text: UTF-8, UTF-16 with its mark, or what Windows writes in France."""
    wide = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "cp1252"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text
    raise BadList(errors.NOT_TEXT)


def _head(text: str) -> _Head:
    """The titles, cut at whichever sign finds most columns that we know."""
    heads = [_Head(sign, _titles(text, sign)) for sign in DELIMITERS]
    best = max(heads, key=lambda head: sum(column is not None for column in head.columns))
    if not best.titles:
        raise BadList(errors.EMPTY)
    return best


def _titles(text: str, delimiter: str) -> tuple[str, ...]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return tuple(next((cells for cells in reader if _holds_anything(cells)), ()))
    except csv.Error:
        return ()


def _holds_anything(cells: Sequence[str]) -> bool:
    return any(cell.strip() for cell in cells)


def _known_columns(head: _Head) -> tuple[str, ...]:
    known = [column for column in head.columns if column is not None]
    twice = next((column for column in known if known.count(column) > 1), None)
    if twice is not None:
        raise BadList(errors.COLUMN_TWICE, twice)
    if "name" not in known:
        raise BadList(errors.NO_NAME_COLUMN, ", ".join(head.titles)[:200])
    if "siret" not in known:
        raise BadList(errors.NO_SIRET_COLUMN, ", ".join(head.titles)[:200])
    return tuple(known)


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, Sequence[str]]]:
    """The lines below the titles that hold anything, each with the number it starts at."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start, count, in_head = 1, 0, True
    try:
        for cells in reader:
            number, start = start, reader.line_num + 1
            if not _holds_anything(cells):
                continue
            if in_head:
                in_head = False
                continue
            count += 1
            if count > LINES_MAX:
                raise BadList(errors.TOO_MANY_LINES, str(LINES_MAX))
            yield number, cells
    except csv.Error:
        raise BadList(errors.BROKEN_QUOTES, str(start)) from None


def _shop(
    number: int,
    columns: Sequence[str | None],
    cells: Sequence[str],
    seen: dict[str, int],
    territory: Territory,
) -> ShopLine | list[Problem]:
    """The shop of a line, or all that is wrong with it. `seen`: which line had which SIRET."""
    if _holds_anything(cells[len(columns) :]):
        return [Problem(number, LINE, LINE, str(len(columns)))]
    given: dict[str, Value] = {}
    problems: list[Problem] = []
    for column, cell in zip(columns, cells, strict=False):
        if column is None:
            continue
        try:
            text = plain(cell)
            if text:
                given[column] = READERS[column](text)
        except ValueError:
            shown = " ".join(cell.split())[:CELL_SHOWN_CHARS]
            problems.append(Problem(number, column, column, shown))
    problems += _whole(number, given, seen, {one.column for one in problems})
    postcode = str(given.get("postcode", ""))
    if not lies_in(postcode, territory):
        problems.append(Problem(number, "postcode", ELSEWHERE, postcode))
    if problems:
        return problems
    _carry_over(given)
    return ShopLine(number, str(given.pop("name")), given)


def _whole(
    number: int, given: Mapping[str, Value], seen: dict[str, int], wrong: set[str]
) -> Iterator[Problem]:
    """What is wrong with cells that can each be right."""
    for column in ("name", "siret"):
        if column not in given and column not in wrong:
            yield Problem(number, column, MISSING)
    for column, other in (("latitude", "longitude"), ("longitude", "latitude")):
        if column in given and other not in given and other not in wrong:
            yield Problem(number, other, PAIR)
    if "siret" in given:
        first = seen.setdefault(str(given["siret"]), number)
        if first != number:
            yield Problem(number, "siret", TWICE, str(first))


def _carry_over(given: dict[str, Value]) -> None:
    """Fill in the code of NAF 2025 where that of rév. 2 leaves no choice."""
    certain = naf.successor(str(given.get("naf", "")))
    if certain and "naf_2025" not in given:
        given["naf_2025"] = certain
