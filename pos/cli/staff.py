"""`comptoir staff`: who may sign on."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from typing import Final, TypeVar

import click

from pos.app.desk import COMMIT_TIMEOUT_S
from pos.app.ports import Role, Staff
from pos.bootstrap import now, open_for_writing
from pos.cli.common import Context, refuse, report, say, use_utf8, with_folder
from pos.domain.events import EventCode, event
from pos.store.database import Reader
from pos.store.errors import StaffRefused
from pos.store.folder import DataFolder
from pos.store.journal import stamp
from pos.store.ledger import SqliteTransaction
from pos.store.opening import OPERATOR
from pos.store.staff import SALT_BYTES, Listed, PinHash, add, hash_pin, listed, set_active, set_pin

T = TypeVar("T")
PIN_LINE_MAX: Final = 64


@click.group(help=say("cli.help.staff"))
def staff() -> None:
    """Who may sign on."""


@staff.command("add", help=say("cli.help.staff_add"))
@click.argument("code")
@click.option("--name", required=True, help=say("cli.option.name"))
@click.option(
    "--role",
    type=click.Choice([str(role) for role in Role]),
    default=str(Role.CASHIER),
    show_default=True,
    help=say("cli.option.role"),
)
@click.option("--pin-stdin", is_flag=True, help=say("cli.option.pin_stdin"))
@with_folder
def add_person(context: Context, code: str, name: str, role: str, pin_stdin: bool) -> None:
    """Add a person."""
    pin = _read_pin(from_stdin=pin_stdin)
    person = Staff(code, name, Role(role))
    added = _change(
        context.folder, code, "added", lambda db: add(db, person, pin, stamp(now())), role=role
    )
    click.echo(say("cli.staff.added", code=added.code, name=added.name))


@staff.command("list", help=say("cli.help.staff_list"))
@click.option("--json", "as_json", is_flag=True, help=say("cli.option.json"))
@with_folder
def list_people(context: Context, as_json: bool) -> None:
    """Show everybody."""
    people = _everybody(context.folder)
    data = [
        {
            "code": person.staff.code,
            "name": person.staff.name,
            "role": str(person.staff.role),
            "active": person.active,
        }
        for person in people
    ]
    lines = [
        f"{p['code']:<16} {p['name']}  {p['role']}"
        + ("" if p["active"] else f"  ({say('cli.staff.inactive')})")
        for p in data
    ]
    report({"staff": data}, "\n".join(lines), as_json=as_json)


@staff.command("pin", help=say("cli.help.staff_pin"))
@click.argument("code")
@click.option("--pin-stdin", is_flag=True, help=say("cli.option.pin_stdin"))
@with_folder
def change_pin(context: Context, code: str, pin_stdin: bool) -> None:
    """Give a person another PIN."""
    pin = _read_pin(from_stdin=pin_stdin)
    _change(context.folder, code, "pin", lambda db: set_pin(db, code, pin))


@staff.command("disable", help=say("cli.help.staff_disable"))
@click.argument("code")
@with_folder
def disable(context: Context, code: str) -> None:
    """Let a code sign on no more."""
    _change(context.folder, code, "disabled", lambda db: set_active(db, code, active=False))


def _change(
    folder: DataFolder,
    code: str,
    change: str,
    work: Callable[[sqlite3.Connection], T],
    **details: object,
) -> T:
    """Change somebody, and leave the trace of it: the code only, never a name."""
    trace = event(EventCode.STAFF_CHANGED, staff=code.strip().lower(), change=change, **details)

    def transaction(tx: SqliteTransaction) -> T:
        result = work(tx.connection)
        tx.append("event", trace)
        return result

    with open_for_writing(folder) as store:
        return store.ledger.run(transaction, OPERATOR).result(COMMIT_TIMEOUT_S)


def _everybody(folder: DataFolder) -> tuple[Listed, ...]:
    """Everybody who was ever added; nobody in a folder that no till has used."""
    if not folder.exists:
        return ()
    with closing(Reader(folder.till_db, "till")) as reader:
        return listed(reader)


def _read_pin(*, from_stdin: bool) -> PinHash:
    if from_stdin:
        use_utf8()
        line = sys.stdin.readline(PIN_LINE_MAX)
        if not line.strip():
            refuse(say("cli.staff.no_pin"))
        pin = line.strip()
    else:
        if not sys.stdin.isatty():
            refuse(say("cli.staff.no_terminal"))
        pin = click.prompt("PIN", hide_input=True, confirmation_prompt=True)
    try:
        return hash_pin(pin, os.urandom(SALT_BYTES))
    except StaffRefused:
        refuse(say("cli.staff.no_pin"))
