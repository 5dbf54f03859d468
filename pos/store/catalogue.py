"""The catalogue on disk: exact by code, by the first letters of words, and the quick keys.

A search answers within a fraction of a millisecond because it never ranks: products are numbered in
the order in which the shop wants to see them, and the index hands its rows out in that order.
"""

from __future__ import annotations

import re
from typing import Final

from pos.domain.catalogue import Product, QuickKey, Unit, fold
from pos.store.database import Reader, Row

FOUND_MAX: Final = 50
WORDS_MAX: Final = 8
WORD_LENGTH_MAX: Final = 40
_WORD = re.compile(r"[^\W_]+")

_FIND: Final = """
    SELECT code, label, price, rate, unit, family FROM product
    WHERE code = ? AND active
    UNION ALL
    SELECT p.code, p.label, p.price, p.rate, p.unit, p.family
    FROM barcode AS b JOIN product AS p ON p.id = b.product
    WHERE b.code = ? AND p.active
    LIMIT 1
"""
_SEARCH: Final = """
    SELECT p.code, p.label, p.price, p.rate, p.unit, p.family
    FROM product_fts AS f JOIN product AS p ON p.id = f.rowid
    WHERE product_fts MATCH ? AND p.active
    ORDER BY f.rowid LIMIT ?
"""
_KEYS: Final = """
    SELECT k.position, p.code, CASE k.label WHEN '' THEN p.label ELSE k.label END
    FROM quick_key AS k JOIN product AS p ON p.id = k.product
    WHERE p.active ORDER BY k.position
"""


class SqliteCatalogue:
    """What can be sold, read from `till.db` by any thread."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def find(self, code: str) -> Product | None:
        """The product of a normalised code, any of its barcodes."""
        row = self._reader.row(_FIND, (code, code))
        return _product(row) if row else None

    def search(self, text: str, limit: int) -> tuple[Product, ...]:
        """At most FOUND_MAX products whose label has a word beginning with each word of the text.

        Accents, case and punctuation are ignored. A text without a letter or digit finds nothing.
        """
        query = _query(text)
        if not query:
            return ()
        rows = self._reader.rows(_SEARCH, (query, max(0, min(limit, FOUND_MAX))))
        return tuple(map(_product, rows))

    def quick_keys(self) -> tuple[QuickKey, ...]:
        """The products on keys, by position."""
        return tuple(QuickKey(*row) for row in self._reader.rows(_KEYS))


def index_words(label: str) -> str:
    """The words of a label as they are indexed: folded, one space between them."""
    return " ".join(_WORD.findall(fold(label)))


def _query(text: str) -> str:
    """All words as prefixes, in FTS5's language; a quoted word cannot be taken for an operator."""
    words = _WORD.findall(fold(text))[:WORDS_MAX]
    return " ".join(f'"{word[:WORD_LENGTH_MAX]}"*' for word in words)


def _product(row: Row) -> Product:
    code, label, price, rate, unit, family = row
    return Product(code, label, price, rate, Unit(unit), family)
