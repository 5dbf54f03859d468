"""Files of baskets: one basket a line, items separated by commas, as names or as codes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pos.domain.catalogue import fold
from pos.store.catalogue_rows import CatalogueFile

LINE_LENGTH_MAX: Final = 20_000
ITEMS_MAX: Final = 400


class BadBasket(Exception):
    """A basket that cannot be rung up; the message has its line and what was expected."""


class Names:
    """Codes by the names and codes of a catalogue, accents and case ignored."""

    def __init__(self, catalogue: CatalogueFile) -> None:
        self._codes = {fold(row.label.strip()): row.code for row in catalogue.rows}
        self._codes.update({fold(row.code): row.code for row in catalogue.rows})

    def code(self, item: str) -> str | None:
        """The code of an item, if the catalogue has it."""
        return self._codes.get(fold(item.strip()))


def read_baskets(path: Path, names: Names) -> Iterator[tuple[str, ...]]:
    """The codes of each basket, in order; BadBasket for an unknown item or an endless line."""
    with path.open(encoding="utf-8") as lines:
        number = 0
        while line := lines.readline(LINE_LENGTH_MAX + 1):
            number += 1
            if len(line) > LINE_LENGTH_MAX:
                raise BadBasket(f"{path}:{number}: longer than {LINE_LENGTH_MAX} characters")
            if line.strip():
                yield _codes(path, number, line, names)


def _codes(path: Path, number: int, line: str, names: Names) -> tuple[str, ...]:
    codes: list[str] = []
    for item in line.split(","):
        code = names.code(item)
        if code is None:
            raise BadBasket(
                f"{path}:{number}: {item.strip()!r}: expected a name or code of the catalogue"
            )
        codes.append(code)
    if len(codes) > ITEMS_MAX:
        raise BadBasket(f"{path}:{number}: {len(codes)} items, expected at most {ITEMS_MAX}")
    return tuple(codes)
