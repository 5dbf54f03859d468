"""Bring the catalogue up to a file, inside one transaction.

What the file names is added or updated, and what it does not name stays. Prices that change leave
their trace in the history. Where a code belongs to another product than before, the file is right:
a further code moves, and a product that lost its own code this way is withdrawn.
"""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, dataclass
from typing import Final

from pos.domain.events import EventCode, event
from pos.store.catalogue import index_words
from pos.store.catalogue_rows import CatalogueFile

_STAGE: Final = (
    """CREATE TEMP TABLE incoming (
        place INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, label TEXT, folded TEXT,
        price INTEGER, rate INTEGER, unit TEXT, family TEXT, touch INTEGER
    )""",
    "CREATE TEMP TABLE further (code TEXT PRIMARY KEY, owner TEXT NOT NULL) WITHOUT ROWID",
)
_CHANGED: Final = """(
    p.label, p.rate, p.unit, p.family, p.active) IS NOT (
    i.label, i.rate, coalesce(i.unit, p.unit), coalesce(i.family, p.family), 1)"""
_COUNT: Final = f"""
    SELECT count(*) - count(p.id), count(p.price <> i.price OR NULL),
           count((p.id IS NOT NULL AND p.price = i.price AND {_CHANGED}) OR NULL)
    FROM incoming AS i LEFT JOIN product AS p ON p.code = i.code
"""  # noqa: S608 - put together from constants
_HISTORY: Final = """
    INSERT INTO price_history (code, old, new, at, who)
    SELECT i.code, p.price, i.price, ?, ?
    FROM incoming AS i LEFT JOIN product AS p ON p.code = i.code
    WHERE p.price IS NOT i.price ORDER BY i.place
"""
_WITHDRAW: Final = """
    UPDATE product SET active = 0
    WHERE active AND code IN (SELECT code FROM further)
"""
# Apart from the update below: the search index follows each write of `folded`.
_RELABEL: Final = """
    UPDATE product AS p SET folded = i.folded FROM incoming AS i
    WHERE p.code = i.code AND p.folded <> i.folded
"""
_UPDATE: Final = f"""
    UPDATE product AS p SET label = i.label, price = i.price, rate = i.rate,
        unit = coalesce(i.unit, p.unit), family = coalesce(i.family, p.family), active = 1
    FROM incoming AS i
    WHERE p.code = i.code AND (p.price <> i.price OR {_CHANGED})
"""  # noqa: S608 - put together from constants
_ADD: Final = """
    INSERT INTO product (code, label, folded, price, rate, unit, family)
    SELECT code, label, folded, price, rate, coalesce(unit, 'piece'), coalesce(family, '')
    FROM incoming AS i WHERE NOT EXISTS (SELECT 1 FROM product AS p WHERE p.code = i.code)
    ORDER BY place
"""
_FREE_CODES: Final = """
    DELETE FROM barcode
    WHERE code IN (SELECT code FROM incoming) OR code IN (SELECT code FROM further)
"""
_OLD_CODES: Final = """
    DELETE FROM barcode
    WHERE product IN (SELECT p.id FROM incoming AS i JOIN product AS p ON p.code = i.code)
"""
_CODES: Final = """
    INSERT INTO barcode (code, product)
    SELECT f.code, p.id FROM further AS f JOIN product AS p ON p.code = f.owner
"""
_KEYS: Final = """
    INSERT INTO quick_key (position, product)
    SELECT i.touch, p.id FROM incoming AS i JOIN product AS p ON p.code = i.code
    WHERE i.touch IS NOT NULL
"""
_OPTIMIZE: Final = "INSERT INTO product_fts (product_fts) VALUES ('optimize')"


@dataclass(frozen=True, slots=True)
class Applied:
    """What an import did, in products; `withdrawn` lost their own code to another product."""

    file: str
    products: int
    added: int
    repriced: int
    changed: int
    withdrawn: int
    keys: int

    def event(self) -> dict[str, object]:
        """The `data` of the journal's event entry; `file` is the SHA-256 of the file."""
        return event(EventCode.CATALOGUE_CHANGED, **asdict(self))


def apply(connection: sqlite3.Connection, file: CatalogueFile, at: str, who: str) -> Applied:
    """Apply a file inside the caller's transaction; `at` in the journal's format, `who` a code."""
    _stage(connection, file)
    added, repriced, changed = connection.execute(_COUNT).fetchone()
    connection.execute(_HISTORY, (at, who))
    connection.execute(_FREE_CODES)
    withdrawn = connection.execute(_WITHDRAW).rowcount
    relabelled = connection.execute(_RELABEL).rowcount
    connection.execute(_UPDATE)
    connection.execute(_ADD)
    if file.has_codes:
        connection.execute(_OLD_CODES)
        connection.execute(_CODES)
    keys = _set_keys(connection) if file.has_keys else 0
    if added or relabelled:
        connection.execute(_OPTIMIZE)
    connection.execute("DROP TABLE incoming")
    connection.execute("DROP TABLE further")
    return Applied(file.sha256, len(file.rows), added, repriced, changed, withdrawn, keys)


def _stage(connection: sqlite3.Connection, file: CatalogueFile) -> None:
    for statement in _STAGE:
        connection.execute(statement)
    connection.executemany(
        "INSERT INTO incoming VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                place,
                row.code,
                row.label,
                index_words(row.label),
                row.price,
                row.rate,
                row.unit and str(row.unit),
                row.family,
                row.key,
            )
            for place, row in enumerate(file.rows)
        ),
    )
    connection.executemany(
        "INSERT INTO further VALUES (?, ?)",
        ((code, row.code) for row in file.rows for code in row.codes),
    )


def _set_keys(connection: sqlite3.Connection) -> int:
    """The keys of the file take the place of all keys there were."""
    connection.execute("DELETE FROM quick_key")
    return connection.execute(_KEYS).rowcount
