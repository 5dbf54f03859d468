"""Numbered SQL files, each applied once, in order, in one transaction with its number.

A file is never changed once it has shipped: what comes later is a new file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from pos.store.errors import NewerSchema, NotOurs

if TYPE_CHECKING:
    from sqlite_utils import Database

Schema: TypeAlias = Literal["till", "books"]

# PRAGMA application_id of each kind of file: "CmpT" and "CmpB" in ASCII.
APPLICATION_IDS: Final[dict[Schema, int]] = {"till": 0x436D7054, "books": 0x436D7042}


def migrate(connection: sqlite3.Connection, schema: Schema) -> None:
    """Bring a database up to date. NewerSchema or NotOurs when it is not ours to touch."""
    applied = check(connection, schema)
    pending = list(enumerate(scripts(schema), start=1))[applied:]
    if pending:
        _apply(connection, schema, pending)


def check(connection: sqlite3.Connection, schema: Schema) -> int:
    """The version that a database is at, 0 for an empty one; NewerSchema or NotOurs."""
    application, version = _pragma(connection, "application_id"), _version(connection)
    if application != APPLICATION_IDS[schema] and (application or version or _tables(connection)):
        raise NotOurs(f"{_path(connection)}: not a {schema} database of this program")
    newest = len(scripts(schema))
    if version > newest:
        raise NewerSchema(
            f"{_path(connection)}: format {version}, this program knows {newest}: update it"
        )
    return version


@cache
def scripts(schema: Schema) -> tuple[str, ...]:
    """The SQL of each version, from 1."""
    folder = resources.files(__package__) / schema
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda x: x.name
    )
    for version, file in enumerate(files, start=1):
        if not file.name.startswith(f"v{version:04}_"):
            raise NotOurs(f"{file.name}: expected version {version} of the {schema} schema here")
    return tuple(file.read_text(encoding="utf-8") for file in files)


def statements(script: str) -> list[str]:
    """The statements of a script; a trigger's body stays in one piece."""
    found, pending = [], ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            found.append(pending.strip())
            pending = ""
    if pending.strip():
        raise NotOurs(f"a schema ends in the middle of: {pending.strip()[:60]}")
    return found


def _apply(connection: sqlite3.Connection, schema: Schema, pending: list[tuple[int, str]]) -> None:
    """Run what is pending, each step in one transaction with its record."""
    # Only for a new file or a new version of the program: its import would double a till's start.
    from sqlite_utils import Database, Migrations

    # By itself and first: a file in which a failing disk stopped the rest must be known as ours.
    connection.execute(f"PRAGMA application_id = {APPLICATION_IDS[schema]}")
    steps = Migrations(f"comptoir-{schema}")
    for version, script in pending:
        steps(name=f"v{version:04}")(_step(version, script))
    steps.apply(Database(connection, recursive_triggers=False))


def _step(version: int, script: str) -> Callable[[Database], None]:
    def step(database: Database) -> None:
        for statement in statements(script):
            database.execute(statement)
        database.execute(f"PRAGMA user_version = {version}")

    return step


def _version(connection: sqlite3.Connection) -> int:
    return _pragma(connection, "user_version")


def _tables(connection: sqlite3.Connection) -> int:
    count: int = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    return count


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value


def _path(connection: sqlite3.Connection) -> str:
    path: str = connection.execute("PRAGMA database_list").fetchone()[2]
    return path
