"""The few words in which PostgreSQL differs from SQLite, in table definitions and parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_TYPES = {"INTEGER": "BIGINT", "BLOB": "BYTEA", "STRICT, WITHOUT ROWID": "", "STRICT": ""}
_WORDS = re.compile(r"STRICT, WITHOUT ROWID|\b(?:INTEGER|BLOB|STRICT)\b")


def for_postgres(tables: str) -> str:
    """Table definitions as PostgreSQL wants them."""
    return _WORDS.sub(lambda word: _TYPES[word.group()], tables)


@lru_cache(maxsize=1024)
def numbered(sql: str) -> str:
    """A statement with psycopg's marks for parameters."""
    return sql.replace("%", "%%").replace("?", "%s")


def frozen_in_sqlite(tables: Iterable[str]) -> str:
    """Triggers that keep the rows of tables as they were written."""
    return "".join(
        f"CREATE TRIGGER {table}_is_never_{done} BEFORE {act} ON {table}\n"
        f"BEGIN SELECT RAISE(ABORT, '{table} rows are never {done}'); END;\n"
        for table in tables
        for act, done in (("UPDATE", "changed"), ("DELETE", "deleted"))
    )


def frozen_in_postgres(tables: Iterable[str]) -> str:
    """The same for PostgreSQL; `refuse_change` is made on the way."""
    function = (
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN RAISE EXCEPTION '% rows are never changed nor deleted', TG_TABLE_NAME"
        " USING ERRCODE = 'integrity_constraint_violation'; END $$;\n"
    )
    return function + "".join(
        f"CREATE TRIGGER {table}_is_never_changed BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change();\n"
        for table in tables
    )
